"""What a run has to reach, and whether it did."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.operations import LABELS, SEARCHES

MILLION = 1_000_000
MOST_GROWTH = 1.5  # of a page's CPU, from a thousand functions to a million


@dataclass(frozen=True)
class Result:
    text: str
    is_missed: bool = False


@dataclass(frozen=True)
class Target:
    """``of`` returns a run's Result, or None where the run did not measure it."""

    what: str
    wanted: str
    of: Callable[[dict], Result | None]


def row(run: dict, part: str, key: str) -> dict | None:
    """The figures of one operation, or None."""
    return run["measured"].get(part, {}).get(key)


def ratio_text(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.3f}"


def _at_least(what, least: float, part: str, key: str, stretch: float = 0) -> Target:
    """A load has to give ``least`` times as many answers as its reference."""

    def of(run: dict) -> Result | None:
        found = row(run, part, key)
        if not found or not found["ratio"]:
            return None
        return Result(ratio_text(found["ratio"]), found["ratio"] < least)

    reference = "nginx" if part == "nginx" else "constant"
    wanted = f"{least:g} x {reference}" + (f" (stretch {stretch:g})" if stretch else "")
    return Target(what, wanted, of)


def _slowest_search_page(least: float) -> Target:
    def of(run: dict) -> Result | None:
        found = {key: row(run, "anew", key) for key in SEARCHES}
        ratios = {key: each["ratio"] for key, each in found.items() if each}
        if not ratios:
            return None
        key = min(ratios, key=ratios.__getitem__)
        name = LABELS[key].removeprefix("search, ")
        return Result(f"{ratio_text(ratios[key])} ({name})", ratios[key] < least)

    return Target("Search page made anew, slowest kind", f"{least:g} x constant", of)


def _slowest_in_database(figure: str, limit_ms: float) -> Target:
    """The slowest kind of search. The limit holds at a million functions."""

    def of(run: dict) -> Result | None:
        times = {kind: found[figure] for kind, found in run["searching"].items()}
        if not times:
            return None
        kind = max(times, key=times.__getitem__)
        is_missed = run["functions"] >= MILLION and times[kind] >= limit_ms
        return Result(f"{times[kind]:.1f} ms ({kind})", is_missed)

    what = f"Slowest search in the database, {figure}"
    return Target(what, f"under {limit_ms:g} ms at 1,000,000", of)


def _push_and_publish(least: float) -> Target:
    """Beside Verdaccio. The limit holds on PostgreSQL."""

    def of(run: dict) -> Result | None:
        mine = row(run, "writes", "push_publish")
        other = row(run, "verdaccio", "publish")
        if not mine or not other:
            return None
        ratio = mine["per_second"] / other["per_second"]
        is_missed = run["database"] == "postgres" and ratio < least
        return Result(ratio_text(ratio), is_missed)

    wanted = f"{least:g} x Verdaccio on PostgreSQL"
    return Target("Push and publish, 1 client", wanted, of)


def _memory(run: dict) -> Result | None:
    used = run["memory_mb"]
    if not {"hub", "verdaccio"} <= used.keys():
        return None
    text = f"{used['hub']:,.0f} MB to {used['verdaccio']:,.0f}"
    return Result(text, used["hub"] > used["verdaccio"])


TARGETS = [
    _at_least("Install manifest in memory", 1.1, "kept", "manifest"),
    _at_least("Function page in memory", 1.1, "kept", "page"),
    _at_least("Browse page in memory", 1.1, "kept", "browse"),
    _at_least("304 of the install manifest", 1.1, "kept", "manifest_304"),
    _at_least("Install manifest behind nginx", 0.9, "nginx", "manifest"),
    _at_least("Function page behind nginx", 0.9, "nginx", "page"),
    _at_least("Browse page behind nginx", 0.9, "nginx", "browse"),
    _at_least("304 behind nginx", 0.9, "nginx", "manifest_304"),
    _at_least("Install manifest made anew", 0.25, "anew", "manifest"),
    _at_least("Function page made anew", 0.15, "anew", "page", stretch=0.25),
    _at_least("Browse page made anew", 0.12, "anew", "browse", stretch=0.2),
    _slowest_search_page(0.08),
    _push_and_publish(0.3),
    _slowest_in_database("p50", 3),
    _slowest_in_database("p99", 10),
    Target("Memory", "not above Verdaccio's", _memory),
]
