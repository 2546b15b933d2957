"""What a run is to reach, and whether it did."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.operations import SEARCHES

MILLION = 1_000_000


@dataclass(frozen=True)
class Reached:
    """``shown``: the figure as text; ``ratio``: of it to what is wanted, if it is one;
    ``missed``: by how much, empty where it is met."""

    shown: str
    missed: str = ""
    ratio: float | None = None


@dataclass(frozen=True)
class Target:
    """``of`` gives None where a run did not measure it."""

    what: str
    wanted: str
    of: Callable[[dict], Reached | None]
    least: float = 0.0  # of a ratio


def row(run: dict, part: str, key: str) -> dict | None:
    return run["measured"].get(part, {}).get(key)


def times(mine: dict | None, other: dict | None) -> float | None:
    """How many times as many answers per second."""
    if not mine or not other or not other["per_second"]:
        return None
    return mine["per_second"] / other["per_second"]


def in_turn(mine: dict | None, other: dict | None) -> float | None:
    """As ``times``, of the same seconds where ``mine`` was measured in turn with its
    reference."""
    return (mine or {}).get("beside") or times(mine, other)


def _ratio(what, mine: tuple, other: tuple, least: float, beside: str, how) -> Target:
    def of(run: dict) -> Reached | None:
        ratio = how(row(run, *mine), row(run, *other))
        if ratio is None:
            return None
        missed = "" if ratio >= least else f"{ratio / least:.0%} of it"
        return Reached(shown(ratio), missed, ratio)

    return Target(what, f"{least:g} x {beside}", of, least)


def shown(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.3f}"


def _beside_constant(what: str, part: str, key: str, least: float) -> Target:
    other = ("references", "constant")
    return _ratio(what, (part, key), other, least, "constant", in_turn)


def _beside_nginx(what: str, key: str, file: str) -> Target:
    other = ("references", f"static_{file}")
    what = f"{what}, behind nginx"
    return _ratio(what, ("nginx", key), other, 0.9, "nginx", in_turn)


def _beside_verdaccio(what, part, key, peer, least) -> Target:
    other = ("verdaccio", peer)
    return _ratio(what, (part, key), other, least, "Verdaccio", times)


def _below(what: str, limit: float, unit: str, value: Callable) -> Target:
    """value: of a run, (the figure, which one it is) or None."""

    def of(run: dict) -> Reached | None:
        found = value(run)
        if found is None:
            return None
        figure, which = found
        missed = "" if figure < limit else f"{figure / limit:.1f} times as long"
        text = f"{figure:.1f} {unit}" + (f" ({which})" if which else "")
        return Reached(text, missed)

    return Target(what, f"under {limit:g} {unit}", of)


def _slowest_over_http(run: dict):
    rows = {
        name: found["p99"]
        for key, name in SEARCHES.items()
        if (found := row(run, "anew", f"{key}_alone"))
    }
    return _largest(rows)


def _slowest_in_database(figure: str):
    def value(run: dict):
        kinds = run.get("searching", {})
        return _largest({kind: each[figure] for kind, each in kinds.items()})

    return value


def _largest(named: dict[str, float]):
    if not named:
        return None
    which = max(named, key=named.__getitem__)
    return named[which], which.removeprefix("search, ")


def _derived(run: dict):
    found = run.get("deriving")
    return (found["p99"], "") if found else None


def _cold_start(run: dict):
    took = run["seconds"].get("cold_start")
    return (took, "") if took else None


def _memory(run: dict) -> Reached | None:
    used = {name: each["proportional"] for name, each in run["memory_mb"].items()}
    if not {"hub", "verdaccio"} <= used.keys():
        return None
    hub, peer = used["hub"], used["verdaccio"]
    missed = "" if hub < peer else f"{hub - peer:,.0f} MB more"
    return Reached(f"{hub:,.0f} MB to {peer:,.0f}", missed)


BESIDE_REFERENCES = [
    _beside_constant("Install manifest, latest", "kept", "manifest", 1.0),
    _beside_constant(
        "Install manifest, by version", "kept", "manifest_by_version", 1.0
    ),
    _beside_constant("304 of the manifest", "kept", "manifest_304", 1.0),
    _beside_constant("304 of the function page", "kept", "page_304", 1.0),
    _beside_constant("Function page, in memory", "kept", "page", 0.9),
    _beside_constant("Function page, first time (on disk)", "checked", "page", 0.5),
    _beside_constant("Function page, from nothing", "anew", "page", 0.5),
    _beside_constant("Browse page, in memory", "kept", "browse", 0.9),
    _beside_constant("Browse page, first time (on disk)", "checked", "browse", 0.55),
    _beside_constant("Browse page, from nothing", "anew", "browse", 0.55),
    _beside_constant("API search, from nothing", "anew", "api_search", 0.4),
    _beside_nginx("Install manifest", "manifest", "manifest.json"),
    _beside_nginx("Function page", "page", "page.html"),
    _beside_nginx("Browse page", "browse", "browse.html"),
    _beside_nginx("Search page, again", "search_common", "search.html"),
    _beside_nginx("304 of the manifest", "manifest_304", "304"),
]
OTHERS = [
    _beside_verdaccio("Install manifest", "kept", "manifest", "manifest", 1.0),
    _beside_verdaccio("304 of it", "kept", "manifest_304", "manifest_304", 1.0),
    _beside_verdaccio(
        "Install manifest, behind nginx", "nginx", "manifest", "manifest", 10.0
    ),
    _beside_verdaccio(
        "Push and publish, 1 client", "writes", "push_publish_1", "publish_1", 1.2
    ),
    _beside_verdaccio(
        "Push and publish, 8 clients", "writes", "push_publish_8", "publish_8", 1.2
    ),
    _below("Slowest search in the database, p50", 3, "ms", _slowest_in_database("p50")),
    _below(
        "Slowest search in the database, p99", 10, "ms", _slowest_in_database("p99")
    ),
    _below("Slowest search page, one client, p99", 20, "ms", _slowest_over_http),
    _below("HTML after a publish, p99", 2, "s", _derived),
    Target("Memory", "less than Verdaccio", _memory),
    _below("Cold start", 2, "s", _cold_start),
]
TARGETS = [*BESIDE_REFERENCES, *OTHERS]
