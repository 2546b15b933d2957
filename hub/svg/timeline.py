"""The timeline of versions (templates/hub/_timeline.html). Lengths are CSS pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from registry import semver
from registry.models import Version

MAX_DOTS = 24  # the newest; more are only listed
STEP, LANE, LEFT, TOP = 68, 46, 44, 22


@dataclass(frozen=True)
class Dot:
    version: Version
    x: int
    y: int
    kind: str  # "", "pre" or "yanked": a class of the style sheet


@dataclass(frozen=True)
class Timeline:
    """Versions from left to right as published, one lane per major version."""

    dots: list[Dot]
    lanes: list[tuple[str, int]]  # label, y
    line: str  # SVG path through all dots
    width: int
    height: int


def timeline_of(versions: Sequence[Version]) -> Timeline | None:
    """None for fewer than two versions. versions: with ``yank`` loaded."""
    shown = sorted(versions, key=lambda each: (each.published_at, each.pk))[-MAX_DOTS:]
    if len(shown) < 2:
        return None
    majors = sorted({_major(each) for each in shown}, reverse=True)
    dots = [
        Dot(
            version=each,
            x=LEFT + STEP // 2 + STEP * index,
            y=TOP + LANE * majors.index(_major(each)),
            kind="yanked" if each.is_yanked else "pre" if each.is_prerelease else "",
        )
        for index, each in enumerate(shown)
    ]
    lanes = [(f"{major}.x", TOP + LANE * n) for n, major in enumerate(majors)]
    width = LEFT + STEP * len(shown)
    return Timeline(dots, lanes, _through(dots), width, lanes[-1][1] + 32)


def _through(dots: list[Dot]) -> str:
    """An SVG path through ``dots``, level where it leaves and where it arrives."""
    path = f"M{dots[0].x} {dots[0].y}"
    for one, two in pairwise(dots):
        middle = (one.x + two.x) // 2
        path += f" C{middle} {one.y} {middle} {two.y} {two.x} {two.y}"
    return path


def _major(version: Version) -> int:
    return semver.parse(version.number).parsed.major
