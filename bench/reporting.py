"""Results as a table to read now, as JSON to keep, and as docs/performance.md."""

import json
from pathlib import Path

from bench.databases import ROOT

RESULTS = ROOT / "bench" / "results"
HEAD = f"{'':44} {'req/s':>9} {'x const':>8} {'p50 ms':>8} {'p99 ms':>8} {'CPU ms':>8}"
HEAD += f" {'in turn':>8}"


def table(run: dict) -> str:
    """The run as text; ``x const`` is against the constant view of the same run,
    ``in turn`` against the reference that the load took turns with."""
    of_constant = constant(run)
    lines = [f"{run['functions']:,} functions, {run['database']}", HEAD]
    for part, rows in run["measured"].items():
        lines.append(f"-- {part}")
        for key, row in rows.items():
            ratio = f"{row['per_second'] / of_constant:8.2f}" if of_constant else ""
            cpu = "" if row["cpu_ms"] is None else f"{row['cpu_ms']:8.2f}"
            turn = f" {beside:8.2f}" if (beside := row.get("beside")) else ""
            wrong = f"  {row['errors']} errors" if row["errors"] else ""
            lines.append(
                f"{key:44} {row['per_second']:9,.0f} {ratio:>8} {row['p50']:8.2f} "
                f"{row['p99']:8.2f} {cpu:>8}{turn}{wrong}"
            )
    for name, used in run["memory_mb"].items():
        lines.append(
            f"{name + ', memory':44} {used['proportional']:9,.0f} MB proportional, "
            f"{used['resident']:,.0f} MB resident"
        )
    for name, took in run["seconds"].items():
        lines.append(f"{name.replace('_', ' '):44} {took:9,.1f} s")
    return "\n".join(lines)


def constant(run: dict) -> float | None:
    row = run["measured"].get("references", {}).get("constant")
    return row["per_second"] if row else None


def keep(run: dict) -> Path:
    """Write the run beside the others; one per database and size."""
    return keep_as(f"{run['database']}-{run['functions']}", run)


def keep_as(name: str, found: dict) -> Path:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(_rounded(found), indent=1) + "\n")
    return path


def kept() -> list[dict]:
    """All runs there are, by database and size."""
    runs = [json.loads(path.read_text()) for path in RESULTS.glob("*-*.json")]
    return sorted(runs, key=lambda run: (run["database"], run["functions"]))


def _rounded(value):
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    return round(value, 3) if isinstance(value, float) else value


def write_document() -> None:
    from bench import document

    document.write(kept())
