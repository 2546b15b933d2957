"""Measures of the install plot, drawn as inline SVG (templates/hub/_install_plot.html).

All lengths are CSS pixels at natural size.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from registry.installs.statistics import Day

PITCH, BAR, LEFT, TOP, HEIGHT = 8, 6, 44, 12, 140
FOOT = 26  # room for the dates
LABEL_DAYS = 14


@dataclass(frozen=True)
class Bar:
    day: Day
    x: int
    y: float
    height: float


@dataclass(frozen=True)
class Plot:
    """One bar a day, left to right. ``lines``: (value, y); ``labels``: (day, x)."""

    bars: list[Bar]
    lines: list[tuple[int, float]]
    labels: list[tuple[Day, int]]
    width: int
    height: int
    left: int = LEFT


def plot_of(days: Sequence[Day]) -> Plot:
    """days: one after the other, oldest first, at least one."""
    top = _round_up(max(day.installs for day in days))
    bars = []
    for index, day in enumerate(days):
        height = round(HEIGHT * day.installs / top, 1)
        x, y = LEFT + PITCH * index, round(TOP + HEIGHT - height, 1)
        bars.append(Bar(day, x, y, height))
    # An odd top has no middle line: installs come in whole numbers.
    values = [0, top // 2, top] if top % 2 == 0 else [0, top]
    lines = [(value, round(TOP + HEIGHT * (1 - value / top), 1)) for value in values]
    # From today backwards, so that the last bar has its date.
    labels = [(bar.day, bar.x + BAR // 2) for bar in bars[::-1][::LABEL_DAYS]]
    return Plot(bars, lines, labels, LEFT + PITCH * len(days), TOP + HEIGHT + FOOT)


def _round_up(most: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50, ... that is at least ``most``."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if factor * step >= most:
                return factor * step
        step *= 10
