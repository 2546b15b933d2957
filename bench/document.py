"""docs/performance.md: the kept runs as tables and pictures between its two marks."""

from html import escape

from bench.databases import ROOT
from bench.operations import READS, SEARCHES
from bench.reporting import constant

DOCUMENT = ROOT / "docs" / "performance.md"
PICTURES = ROOT / "docs" / "pictures"  # served from /static/docs/
BEGIN = "## The last runs"
NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
# (what, part, operation, reference's operation, at least this many times it)
TARGETS = [
    ("Install manifest, latest", "gunicorn", "manifest", "constant", 1.0),
    (
        "Install manifest, by version",
        "gunicorn",
        "manifest_by_version",
        "constant",
        1.0,
    ),
    ("304 of the manifest", "gunicorn", "manifest_304", "constant", 1.0),
    ("304 of the function page", "gunicorn", "page_304", "constant", 1.0),
    ("Function page, warm", "gunicorn", "page", "constant", 0.9),
    ("Function page, first time", "uncached", "page", "constant", 0.5),
    ("Browse page, warm", "gunicorn", "browse", "constant", 0.9),
    ("Browse page, first time", "uncached", "browse", "constant", 0.55),
    ("Search (API), first time", "uncached", "api_search", "constant", 0.4),
    ("Manifest behind nginx", "nginx", "manifest", "static_manifest.json", 0.9),
    ("Function page behind nginx", "nginx", "page", "static_page.html", 0.9),
    ("Browse page behind nginx", "nginx", "browse", "static_browse.html", 0.9),
    ("304 behind nginx", "nginx", "manifest_304", "static_304", 0.9),
]
# (what, the Hub's part and operation, Verdaccio's operation, at least)
AGAINST_PEER = [
    ("Manifest", "gunicorn", "manifest", "manifest", 1.0),
    ("304", "gunicorn", "manifest_304", "manifest_304", 1.0),
    ("Manifest behind nginx", "nginx", "manifest", "manifest", 10.0),
    ("Push and publish, 1 client", "writes", "push_publish_1", "publish_1", 1.2),
    ("Push and publish, 8 clients", "writes", "push_publish_8", "publish_8", 1.2),
]
WRITES = {
    "push": "push",
    "push_publish": "push and publish",
    "ci_publish": "publish from CI",
}
BAR, GAP, LEFT, WIDTH = 18, 8, 220, 720  # pixels


def write(runs: list[dict]) -> None:
    """Put ``runs`` into the document; what stands before the mark stays."""
    text = DOCUMENT.read_text().partition(BEGIN)[0]
    parts = [BEGIN, ""]
    for run in runs:
        parts += _of(run)
    DOCUMENT.write_text(text + "\n".join(parts).rstrip() + "\n")


def _of(run: dict) -> list[str]:
    name = f"{NAMES[run['database']]}, {run['functions']:,} functions"
    picture = f"performance-{run['database']}-{run['functions']}.svg"
    PICTURES.mkdir(exist_ok=True)
    (PICTURES / picture).write_text(drawn(run, name))
    machine = run["machine"]
    pace = run["pace"]
    lines = [
        f"### {name}",
        "",
        f"{run['at'][:10]}; {machine['cores']} cores ({machine['processor']}), "
        f"{machine['memory_gb']} GB, Python {machine['python']}, Django "
        f"{machine['django']}, gunicorn {machine['gunicorn']}; {pace['rounds']} "
        f"rounds of {pace['seconds']} s each. Others used the machine meanwhile (load "
        f"{machine['load_before']} in the quarter of an hour before).",
        "",
        f"![Answers per second against the constant view](pictures/{picture})",
        "",
        *_targets(run),
        *_table("Every operation", _operations(run)),
        *_table("Writes", _writes(run)),
        *_rest(run),
    ]
    return lines


def _targets(run: dict) -> list[str]:
    rows = []
    for what, part, key, reference, least in TARGETS:
        ratio = _ratio(run, (part, key), ("references", reference))
        beside = "nginx" if reference.startswith("static") else "the constant view"
        cpu = _cheaper(run, (part, key), ("references", reference))
        rows += _judged(what, ratio, cpu, least, beside)
    for what, part, key, peer, least in AGAINST_PEER:
        ratio = _ratio(run, (part, key), ("verdaccio", peer))
        cpu = _cheaper(run, (part, key), ("verdaccio", peer))
        rows += _judged(what, ratio, cpu, least, "Verdaccio")
    if "verdaccio" in run["memory_mb"] and "hub" in run["memory_mb"]:
        hub, peer = (
            run["memory_mb"][name]["proportional"] for name in ("hub", "verdaccio")
        )
        said = "met" if hub < peer else f"missed by {hub - peer:,.0f} MB"
        rows.append(
            f"| Memory | {hub:,.0f} MB to Verdaccio's {peer:,.0f} | | less | {said} |"
        )
    start = run["seconds"].get("cold_start")
    if start:
        said = "met" if start < 2 else f"missed by {start - 2:.1f} s"
        rows.append(f"| Cold start | {start:.1f} s | | under 2 s | {said} |")
    head = [
        "| target | measured | by CPU time | wanted | |",
        "|---|---|---|---|---|",
    ]
    return [*head, *rows, ""]


def _judged(what, ratio: float | None, cpu, least: float, beside: str) -> list[str]:
    if ratio is None:
        return []
    said = "met" if ratio >= least else f"missed: {least / ratio:,.1f} times too slow"
    return [
        f"| {what} | {_shown(ratio)} x {beside} | {_shown(cpu)} x | {least:g} x | "
        f"{said} |"
    ]


def _shown(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.3f}"


def _ratio(run: dict, mine: tuple, other: tuple) -> float | None:
    """How many times as many answers per second; None where one was not measured."""
    rows = [run["measured"].get(part, {}).get(key) for part, key in (mine, other)]
    if not all(rows) or not rows[1]["per_second"]:
        return None
    return rows[0]["per_second"] / rows[1]["per_second"]


def _cheaper(run: dict, mine: tuple, other: tuple) -> float:
    """The other's CPU time to mine: neighbours on the machine disturb it less."""
    rows = [run["measured"].get(part, {}).get(key) for part, key in (mine, other)]
    if not all(rows):
        return 0.0
    return rows[1]["cpu_ms"] / max(rows[0]["cpu_ms"], 0.001)


def _operations(run: dict) -> list[str]:
    names = {key: name for key, (name, _) in READS.items()} | SEARCHES
    names |= {
        "manifest_304": "304 of the manifest",
        "page_304": "304 of the function page",
        "constant": "Django, a constant",
        "row": "Django, one row by its key",
    }
    where = {
        "references": "reference",
        "gunicorn": "pages kept",
        "uncached": "made anew",
        "nginx": "nginx in front",
        "verdaccio": "Verdaccio",
    }
    rows = []
    for part, label in where.items():
        for key, row in run["measured"].get(part, {}).items():
            alone = key.endswith("_alone")
            name = names.get(key.removesuffix("_alone"), _reference(key))
            name += ", one client" if alone else ""
            rows.append(_row(run, f"{name} ({label})", row))
    return rows


def _reference(key: str) -> str:
    return key.replace("static_", "nginx, file ").replace("_", " ")


def _writes(run: dict) -> list[str]:
    rows = []
    for key, row in run["measured"].get("writes", {}).items():
        verb, _, clients = key.rpartition("_")
        many = "1 client" if clients == "1" else f"{clients} clients"
        rows.append(_row(run, f"{WRITES[verb]}, {many}", row))
    return rows


def _row(run: dict, name: str, row: dict) -> str:
    ratio = row["per_second"] / (constant(run) or float("inf"))
    return (
        f"| {name} | {ratio:.2f} | {row['per_second']:,.0f} | {row['p50']:.1f} | "
        f"{row['p99']:.1f} | {row['cpu_ms']:.2f} |"
    )


def _table(title: str, rows: list[str]) -> list[str]:
    if not rows:
        return []
    head = "| operation | x constant | per second | p50 ms | p99 ms | CPU ms |"
    return [f"#### {title}", "", head, "|---|---|---|---|---|---|", *rows, ""]


def _rest(run: dict) -> list[str]:
    lines = [
        f"Memory of {name}: {used['proportional']:,.0f} MB proportional, "
        f"{used['resident']:,.0f} MB resident."
        for name, used in run["memory_mb"].items()
    ]
    return [" ".join(lines), ""]


def drawn(run: dict, title: str) -> str:
    """A bar for each target's operation, with a stroke where the target is."""
    bars = [
        (what, ratio, least)
        for what, part, key, reference, least in TARGETS
        if (ratio := _ratio(run, (part, key), ("references", reference))) is not None
    ]
    most = max([1.0, *(value for _, ratio, least in bars for value in (ratio, least))])
    scale = (WIDTH - LEFT - 70) / most
    height = 40 + len(bars) * (BAR + GAP)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" font-family="sans-serif" '
        'font-size="13">',
        f"<title>{escape(title)}: times the reference</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="8" y="20" font-weight="bold">{escape(title)}: times the reference; '
        "the stroke is the target</text>",
    ]
    for index, (what, ratio, least) in enumerate(bars):
        y = 34 + index * (BAR + GAP)
        color = "#2f7d4f" if ratio >= least else "#b4552d"
        at = LEFT + least * scale
        lines += [
            f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end">'
            f"{escape(what)}</text>",
            f'<rect x="{LEFT}" y="{y}" width="{max(1, ratio * scale):.1f}" '
            f'height="{BAR}" fill="{color}"/>',
            f'<path d="M{at:.1f} {y - 2}v{BAR + 4}" stroke="#111" stroke-width="2"/>',
            f'<text x="{max(LEFT + ratio * scale, at) + 6:.1f}" y="{y + 14}">'
            f"{ratio:.2f}</text>",
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"
