"""docs/performance.md: the kept runs as tables and pictures below its mark."""

import json

from bench import storage
from bench.databases import ROOT
from bench.drawing import drawn
from bench.operations import READS, SEARCHES
from bench.reporting import RESULTS, constant
from bench.targets import MILLION, TARGETS, row

DOCUMENT = ROOT / "docs" / "performance.md"
PICTURES = ROOT / "docs" / "pictures"  # served from /static/docs/
BEGIN = "## The last runs"
NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
PARTS = {
    "references": "reference",
    "kept": "in memory",
    "checked": "on disk, checked",
    "anew": "from nothing",
    "nginx": "nginx in front",
    "writes": "durable",
    "verdaccio": "Verdaccio",
}
WRITES = {
    "push": "push",
    "push_publish": "push and publish",
    "ci_publish": "publish from CI",
    "publish": "publish",
}
LABELS = {key: name for key, (name, _) in READS.items()} | SEARCHES
LABELS |= {
    "manifest_304": "304 of the manifest",
    "page_304": "304 of the function page",
    "constant": "Django, a constant",
    "row": "Django, one row by its key",
    "search": "search",
}
# Made from nothing, a million functions cost at most so many times what a thousand do.
GROWTH, MOST_GROWTH = ("manifest", "page", "browse_deep", *SEARCHES), 1.5
SMALL = 1_000


def write(runs: list[dict]) -> None:
    """Put ``runs`` into the document; what stands before the mark stays."""
    text = DOCUMENT.read_text().partition(BEGIN)[0]
    parts = [BEGIN, "", *_machines(runs), *_targets(runs), *_growth(runs)]
    parts += [*_searching(runs), *_deriving(runs), *_storage(runs)]
    parts += [*_steps(), *_workers()]
    for run in runs:
        parts += _whole(run)
    DOCUMENT.write_text(text + "\n".join(parts).rstrip() + "\n")


def _name(run: dict) -> str:
    return f"{NAMES[run['database']]}, {run['functions']:,}"


def _machines(runs: list[dict]) -> list[str]:
    """What they ran on; one sentence where they agree."""
    lines = {}
    for run in runs:
        machine, pace = run["machine"], run["pace"]
        said = (
            f"{machine['cores']} cores ({machine['processor']}), "
            f"{machine['memory_gb']} GB, Python {machine['python']}, Django "
            f"{machine['django']}, gunicorn {machine['gunicorn']}; {pace['rounds']} "
            f"rounds of {pace['seconds']} s each."
        )
        took = f"{_name(run)} ({run['at'][:10]}, {_took(run['seconds'])}"
        took += f", load {machine['load_before']} before)"
        lines.setdefault(said, []).append(took)
    return [f"{said} {'; '.join(took)}." for said, took in lines.items()] + [""]


def _took(seconds: dict[str, float]) -> str:
    """The run in minutes, and what its seed took, where that is known."""
    said = f"{seconds['run'] / 60:.0f} min"
    parts = ("rows", "search", "check")
    known = [part for part in parts if f"seed_{part}" in seconds]
    if not known:
        return said
    each = [f"{part} {seconds[f'seed_{part}'] / 60:.1f} min" for part in known]
    return f"{said} with a seed made before ({', '.join(each)})"


def _table(head: list[str], rows: list[list[str]], title: str = "") -> list[str]:
    if not rows:
        return []
    said = [f"### {title}", ""] if title else []
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    lines.insert(1, "|" + "---|" * len(head))
    return [*said, *lines, ""]


def _targets(runs: list[dict]) -> list[str]:
    rows = []
    for target in TARGETS:
        cells = [target.of(run) for run in runs]
        if any(cells):
            rows.append([target.what, target.wanted, *map(_judged, cells)])
    return _table(["target", "wanted", *map(_name, runs)], rows, "Targets")


def _judged(reached) -> str:
    if reached is None:
        return ""
    return f"**{reached.shown}**: {reached.missed}" if reached.missed else reached.shown


def _growth(runs: list[dict]) -> list[str]:
    by_size = {run["functions"]: run for run in runs if run["database"] == "postgres"}
    if not {SMALL, MILLION} <= by_size.keys():
        return []
    small, large = by_size[SMALL], by_size[MILLION]
    rows = []
    for key in GROWTH:
        sizes = [_kilobytes(row(run, "anew", key)) for run in (small, large)]
        cells = [LABELS[key], *sizes]
        for name, figure in ((key, "cpu_ms"), (f"{key}_alone", "p50")):
            pair = [row(run, "anew", name) for run in (small, large)]
            if not all(pair):
                cells += ["", "", ""]
                continue
            before, after = (each[figure] for each in pair)
            times = after / max(before, 0.001)
            mark = f"**{times:.2f}**" if times > MOST_GROWTH else f"{times:.2f}"
            cells += [f"{before:.2f}", f"{after:.2f}", mark]
        rows.append(cells)
    head = ["PostgreSQL, from nothing", f"KB: {SMALL:,}", f"{MILLION:,}"]
    for figure in ("CPU ms", "p50 ms, one client"):
        head += [f"{figure}: {SMALL:,}", f"{MILLION:,}", "times"]
    said = (
        f"Wanted: at most {MOST_GROWTH} times. KB: the compressed page (the API's "
        "isn't). Where that grows the answers are others: a name that one function of "
        "a thousand has in it stands in many of a million, and the page shows twenty."
    )
    return [*_table(head, rows, "Growth"), said, ""]


def _kilobytes(found: dict | None) -> str:
    size = found and found.get("kilobytes")
    return f"{size:.1f}" if size else ""


def _searching(runs: list[dict]) -> list[str]:
    runs = [run for run in runs if run.get("searching")]
    kinds = dict.fromkeys(kind for run in runs for kind in run["searching"])
    rows = [
        [
            kind,
            *(
                f"{found['p50']:.2f} / {found['p99']:.2f}"
                if (found := run["searching"].get(kind))
                else ""
                for run in runs
            ),
        ]
        for kind in kinds
    ]
    head = ["p50 / p99 ms", *map(_name, runs)]
    return _table(head, rows, "Searches in the database")


def _deriving(runs: list[dict]) -> list[str]:
    rows = [
        [_name(run), f"{f['versions']:,}", *(f"{f[x]:.2f}" for x in _WAITS)]
        for run in runs
        if (f := run.get("deriving"))
    ]
    head = ["publishes from CI, 8 clients at once", "versions", *_WAITS]
    return _table(head, rows, "Seconds from a publish to its HTML")


_WAITS = ("p50", "p99", "most")


def _storage(runs: list[dict]) -> list[str]:
    rows = []
    for run in runs:
        if found := run.get("storage"):
            each = storage.per_function(found)
            total = sum(each.values())
            versions = found["versions"] / max(1, found["functions"])
            source = found["source_bytes"] / max(1, found["versions"])
            rows.append(
                [
                    _name(run),
                    f"{source:,.0f}",
                    f"{versions:.2f}",
                    f"{each.get(storage.HTML, 0):,.0f}",
                    f"{total:,.0f}",
                    f"{total / versions:,.0f}",
                    f"{total * MILLION / 1e9:.1f}",
                ]
            )
    head = ["bytes", "source of a version", "versions of a function", "its HTML"]
    head += ["per function", "per version", "GB for a million"]
    said = "With the HTML of every function counted; see [scaling.md](scaling.md)."
    return [*_table(head, rows, "Storage"), said, ""] if rows else []


def _steps() -> list[str]:
    found = _kept("micro")
    rows = [[name, f"{ms:.3f}"] for name, ms in (found or {}).items()]
    return _table(["step", "ms, median"], rows, "Single steps")


def _workers() -> list[str]:
    found = _kept("workers")
    rows = [
        [
            name,
            *(
                f"{each['per_second']:,.0f} / {each['p99']:.1f} / {each['cpu_ms']:.2f}"
                for each in of_it
            ),
        ]
        for name, of_it in (
            (name, loads.values()) for name, loads in (found or {}).items()
        )
    ]
    loads = next(iter((found or {}).values()), {})
    head = ["answers per second / p99 ms / CPU ms", *loads]
    return _table(head, rows, "gunicorn's workers")


def _kept(name: str) -> dict | None:
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def _whole(run: dict) -> list[str]:
    name = f"{_name(run)} functions"
    picture = f"performance-{run['database']}-{run['functions']}.svg"
    PICTURES.mkdir(exist_ok=True)
    (PICTURES / picture).write_text(drawn(run, name))
    head = ["operation", "x constant", "per second", "p50 ms", "p99 ms", "CPU ms"]
    rows = [
        _operation(run, part, key, found)
        for part in PARTS
        for key, found in run["measured"].get(part, {}).items()
    ]
    memory = [
        f"Memory of {name}: {used['proportional']:,.0f} MB proportional, "
        f"{used['resident']:,.0f} MB resident."
        for name, used in run["memory_mb"].items()
    ]
    return [
        f"### {name}",
        "",
        f"![Answers per second against the reference](pictures/{picture})",
        "",
        *_table(head, rows),
        " ".join(memory),
        "",
        *(f"Not measured: {what}." for what in run.get("failed", {})),
        "",
    ]


def _operation(run: dict, part: str, key: str, found: dict) -> list[str]:
    times = found["per_second"] / (constant(run) or float("inf"))
    return [
        f"{_label(key)} ({PARTS[part]})",
        f"{times:.2f}",
        f"{found['per_second']:,.0f}",
        f"{found['p50']:.1f}",
        f"{found['p99']:.1f}",
        f"{found['cpu_ms']:.2f}",
    ]


def _label(key: str) -> str:
    if key.startswith("static_"):
        return f"nginx, file {key.removeprefix('static_')}"
    base, alone, _ = key.partition("_alone")
    if base in LABELS:
        return LABELS[base] + (", one client" if alone else "")
    verb, _, clients = key.rpartition("_")
    return f"{WRITES[verb]}, {'1 client' if clients == '1' else clients + ' clients'}"
