"""Reading what registry/installs/counting.py counted."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Sum

from registry.models import Function, InstallCount

SHOWN_DAYS = 90


@dataclass(frozen=True)
class Day:
    day: date
    installs: int


@dataclass(frozen=True)
class OfVersion:
    """Installs of one version: ever, and in the last SHOWN_DAYS."""

    number: str
    installs: int
    recent: int
    automated: int


def by_day(function: Function, days: int = SHOWN_DAYS) -> list[Day]:
    """The last ``days`` days (UTC), oldest first, today included; zeros too."""
    today = datetime.now(UTC).date()
    first = today - timedelta(days=days - 1)
    counted = dict(
        _counts(function, first)
        .values_list("day")
        .annotate(sum=Sum("installs"))
        .order_by("day")
    )
    shown = (first + timedelta(days=n) for n in range(days))
    return [Day(day, counted.get(day, 0)) for day in shown]


def by_version(function: Function) -> list[OfVersion]:
    """Every version that was ever asked for, highest first."""
    first = datetime.now(UTC).date() - timedelta(days=SHOWN_DAYS - 1)
    recent = dict(_sums(_counts(function, first), Sum("installs")))
    return [
        OfVersion(number, installs, recent.get(number, 0), automated)
        for number, installs, automated in _sums(
            _counts(function), Sum("installs"), Sum("automated")
        )
    ]


def rows(function: Function) -> list[tuple[date, str, int, int]]:
    """(day, version, installs, automated) as counted, oldest first, for a CSV."""
    counts = _counts(function).order_by("day", "version__sort_key")
    return list(counts.values_list("day", "version__number", "installs", "automated"))


def _counts(function: Function, first: date | None = None):
    counts = InstallCount.objects.filter(version__function=function)
    return counts.filter(day__gte=first) if first else counts


def _sums(counts, *sums):
    named = {f"sum{n}": each for n, each in enumerate(sums)}
    return (
        counts.values("version__number", "version__sort_key")
        .annotate(**named)
        .order_by("-version__sort_key")
        .values_list("version__number", *named)
    )
