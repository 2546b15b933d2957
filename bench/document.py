"""Write the kept runs into docs/performance.md, between its markers."""

import re

from bench import reporting
from bench.databases import ROOT
from bench.operations import LABELS, SEARCHES
from bench.reporting import table
from bench.targets import MILLION, MOST_GROWTH, row

DOCUMENT = ROOT / "docs" / "performance.md"
THOUSAND = 1_000
# The runs that the page shows, each as one column of the table.
SHOWN = [
    ("sqlite", THOUSAND),
    ("sqlite", 100_000),
    ("postgres", THOUSAND),
    ("postgres", 100_000),
    ("postgres", MILLION),
]
GROWING = ("manifest", "page", "browse", "browse_deep", *SEARCHES)


def write(runs: list[dict]) -> None:
    """Put tables of ``runs`` between the markers. A run may be missing or partial."""
    by_size = {(run["database"], run["functions"]): run for run in runs}
    text = DOCUMENT.read_text()
    text = _between("targets", _targets(by_size), text)
    text = _between("growth", _growth(by_size), text)
    text = _between("runs", _runs(runs), text)
    DOCUMENT.write_text(text)


def _between(marker: str, made: str, text: str) -> str:
    begin, end = f"<!-- bench: {marker} -->", f"<!-- bench: end of {marker} -->"
    pattern = f"{re.escape(begin)}.*?{re.escape(end)}"
    text, count = re.subn(
        pattern, lambda _: f"{begin}\n\n{made}\n\n{end}", text, flags=re.DOTALL
    )
    assert count == 1, f"{DOCUMENT} has {count} places between {begin} and {end}"
    return text


def _targets(by_size: dict) -> str:
    names = [f"{reporting.DATABASES[database]}, {count:,}" for database, count in SHOWN]
    return reporting.targets([by_size.get(key) for key in SHOWN], names)


def _growth(by_size: dict) -> str:
    """What a page made anew costs on PostgreSQL among a thousand and a million."""
    small, large = (
        by_size.get(("postgres", THOUSAND)),
        by_size.get(("postgres", MILLION)),
    )
    rows = []
    for key in GROWING:
        found = [row(run, "anew", key) if run else None for run in (small, large)]
        sizes = [f"{each['kilobytes']:.1f}" if each else "" for each in found]
        costs = [f"{each['cpu_ms']:.2f}" if each else "" for each in found]
        rows.append([LABELS[key], *sizes, *costs, _times(*found)])
    head = ["made anew, PostgreSQL", "KB: 1,000", "1,000,000"]
    return table([*head, "CPU ms: 1,000", "1,000,000", "times"], rows)


def _times(small: dict | None, large: dict | None) -> str:
    if not small or not large or not small["cpu_ms"]:
        return ""
    times = large["cpu_ms"] / small["cpu_ms"]
    return f"**{times:.2f}**" if times > MOST_GROWTH else f"{times:.2f}"


def _runs(runs: list[dict]) -> str:
    lines = [
        f"- [{reporting.name(run)}](../bench/results/{run['database']}-"
        f"{run['functions']}.md): {reporting.conditions(run)}"
        for run in runs
    ]
    return "\n".join(lines) or "No run is kept."
