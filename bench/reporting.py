"""Whole tables of a run as Markdown, to read now and to keep beside its JSON."""

import json
from pathlib import Path

from bench.databases import ROOT
from bench.operations import LABELS
from bench.targets import TARGETS, Result, ratio_text

RESULTS = ROOT / "bench" / "results"
DATABASES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
PARTS = {
    "anew": "Made anew, beside the constant view",
    "kept": "In memory, beside the constant view",
    "nginx": "Behind nginx, beside nginx with the same bytes as files",
    "writes": "Writes",
    "verdaccio": "Verdaccio",
}
HEAD = ["operation", "per second", "reference", "ratio", "CPU ms", "reference", "KB"]
HEAD += ["p50 ms", "p99 ms", "errors"]


def name(run: dict) -> str:
    return f"{DATABASES[run['database']]}, {run['functions']:,}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table of Markdown whose columns are padded, so that it reads well as text."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [
        "| " + " | ".join(map(str.ljust, cells, widths)) + " |"
        for cells in (head, *rows)
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def targets(runs: list[dict | None], names: list[str]) -> str:
    """Every target beside the results. What is missed is bold."""
    rows = [
        [target.what, target.wanted, *(_cell(run and target.of(run)) for run in runs)]
        for target in TARGETS
    ]
    return table(["target", "wanted", *names], rows)


def _cell(result: Result | None) -> str:
    if result is None:
        return ""
    return f"**{result.text}**" if result.is_missed else result.text


def page(run: dict) -> str:
    """Everything that the run found."""
    parts = [f"# {name(run)} functions", conditions(run)]
    parts += ["## Targets", targets([run], ["this run"])]
    for part, title in PARTS.items():
        if rows := run["measured"].get(part):
            parts += [f"## {title}", _operations(rows)]
    if run["searching"]:
        parts += ["## Searches in the database", _searching(run["searching"])]
    if run["memory_mb"]:
        used = [f"{who} {mb:,.0f} MB" for who, mb in run["memory_mb"].items()]
        parts += [
            "## Memory",
            f"Proportional, after the last answer: {', '.join(used)}.",
        ]
    for part, why in run["failed"].items():
        parts.append(f"Not measured: {part} ({why}).")
    return "\n\n".join(parts) + "\n"


def conditions(run: dict) -> str:
    machine, pace = run["machine"], run["pace"]
    return (
        f"{run['at'][:10]}, {run['seconds'] / 60:.0f} minutes; {pace['rounds']} x "
        f"{pace['seconds']} s for each load. {machine['cores']} cores "
        f"({machine['processor']}), {machine['memory_gb']} GB, Python "
        f"{machine['python']}, Django {machine['django']}, gunicorn "
        f"{machine['gunicorn']}."
    )


def _operations(rows: dict[str, dict]) -> str:
    """A table without the columns that hold nothing."""
    cells = [_row(key, found) for key, found in rows.items()]
    columns = [each for each in zip(HEAD, *cells, strict=True) if any(each[1:])]
    head, *cells = zip(*columns, strict=True)
    return table(head, cells)


def _row(key: str, found: dict) -> list[str]:
    def text(figure: str, form: str) -> str:
        return "" if found[figure] is None else format(found[figure], form)

    ratio = "" if found["ratio"] is None else ratio_text(found["ratio"])
    cells = [text("per_second", ",.0f"), text("reference", ",.0f"), ratio]
    cells += [text("cpu_ms", ".3f"), text("reference_cpu_ms", ".3f")]
    cells += [text("kilobytes", ".1f"), text("p50", ".2f"), text("p99", ".2f")]
    cells += [str(found["errors"] or "")]
    return [LABELS.get(key, key), *cells]


def _searching(kinds: dict[str, dict]) -> str:
    rows = [
        [kind, f"{each['p50']:.2f}", f"{each['p99']:.2f}", str(each["statements"])]
        for kind, each in kinds.items()
    ]
    return table(["kind", "p50 ms", "p99 ms", "statements at most"], rows)


def keep(run: dict) -> Path:
    """Write the run as JSON and as Markdown, over the last one of its size."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{run['database']}-{run['functions']}.json"
    run = _rounded(run)
    path.write_text(json.dumps(run, indent=1) + "\n")
    path.with_suffix(".md").write_text(page(run))
    return path


def kept() -> list[dict]:
    """All kept runs."""
    return [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))]


def _rounded(value):
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return round(value, 3) if isinstance(value, float) else value
