"""Which names and paths are safe to write.

A path that passes means the same file on Linux, macOS and Windows. Source:
docs/manifest.md and Microsoft's "Naming Files, Paths, and Namespaces" for the reserved
device names.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from aerostack_cli.errors import CliError

MAX_PATH_CHARS = 155
MAX_PATH_LEVELS = 10
MAX_SEGMENT_CHARS = 95

_SEGMENT = re.compile(r"[A-Za-z0-9_@+-][A-Za-z0-9._@+-]*\Z")
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|\Z)", re.IGNORECASE)
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


def is_safe_path(path: object) -> bool:
    """Whether ``path`` is a safe path of a file in a function."""
    return (
        isinstance(path, str)
        and len(path) <= MAX_PATH_CHARS
        and path.count("/") < MAX_PATH_LEVELS
        and stays_inside(path)
    )


def stays_inside(path: str) -> bool:
    """Whether every segment of the relative ``path`` is harmless.

    For paths in a project, which may be longer and deeper than paths in a function.
    """
    return all(map(_is_safe_segment, path.split("/")))


def _is_safe_segment(segment: str) -> bool:
    return (
        bool(_SEGMENT.match(segment))
        and not segment.endswith(".")
        and not _DEVICE.match(segment)
        and len(segment) <= MAX_SEGMENT_CHARS
        and segment.lower() not in ("node_modules", "__proto__")
    )


def colliding_paths(paths: list[str]) -> list[str]:
    """The ``paths`` that clash with another one: they differ in case only, or one is a
    folder of the other."""
    seen: set[str] = set()
    folders: set[str] = set()
    collisions = []
    for path in paths:
        folded = path.lower()
        parents = {folded[:at] for at, letter in enumerate(folded) if letter == "/"}
        if folded in seen or folded in folders or parents & seen:
            collisions.append(path)
        seen.add(folded)
        folders |= parents
    return collisions


def is_slug(text: object) -> bool:
    """Whether ``text`` can be a slug, and so a folder below services/."""
    return (
        isinstance(text, str)
        and 1 < len(text) <= 58
        and bool(_SLUG.match(text))
        and not _DEVICE.match(text)
    )


def is_username(text: object) -> bool:
    return isinstance(text, str) and bool(_USERNAME.match(text))


def is_sha256(text: object) -> bool:
    return isinstance(text, str) and bool(_SHA256.match(text))


def refuse_symlinks(root: Path, path: str) -> None:
    """Raise CliError if a component of ``path`` below ``root`` is a symbolic link,
    which would lead elsewhere, or is of the wrong kind (file or folder)."""
    place = root
    *folders, name = path.split("/")
    for folder in folders:
        place = place / folder
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            raise _unsafe_target(place.relative_to(root))
    target = place / name
    if target.is_symlink() or (target.exists() and not target.is_file()):
        raise _unsafe_target(target.relative_to(root))


def _unsafe_target(place: Path) -> CliError:
    return CliError(
        f"{place.as_posix()} is a symbolic link or not a plain file or folder, so "
        "nothing was written.",
        code="UNSAFE_TARGET",
        fix="Move it out of the way, then run the command again.",
    )


def has_text(directory: Path, name: str) -> bool:
    """Whether ``name`` is a file in ``directory`` with exactly this spelling. A
    case-insensitive file system also finds ``Index.ts`` as ``index.ts``."""
    place = directory
    for part in name.split("/"):
        if not place.is_dir() or part not in os.listdir(place):
            return False
        place = place / part
    return place.is_file()
