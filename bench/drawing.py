"""A run as a picture: a bar for each ratio, with a stroke where its target is."""

from html import escape

from bench.targets import BESIDE_REFERENCES

BAR, GAP, LEFT, WIDTH = 18, 8, 250, 760  # pixels
MET, MISSED = "#2f7d4f", "#b4552d"


def drawn(run: dict, title: str) -> str:
    """SVG of what ``run`` measured beside its references."""
    bars = [
        (target, reached.ratio)
        for target in BESIDE_REFERENCES
        if (reached := target.of(run)) is not None
    ]
    most = max([1.0, *(max(ratio, target.least) for target, ratio in bars)])
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
    for index, (target, ratio) in enumerate(bars):
        lines += _bar(34 + index * (BAR + GAP), target, ratio, scale)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _bar(y: int, target, ratio: float, scale: float) -> list[str]:
    color = MET if ratio >= target.least else MISSED
    at = LEFT + target.least * scale
    return [
        f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end">'
        f"{escape(target.what)}</text>",
        f'<rect x="{LEFT}" y="{y}" width="{max(1, ratio * scale):.1f}" '
        f'height="{BAR}" fill="{color}"/>',
        f'<path d="M{at:.1f} {y - 2}v{BAR + 4}" stroke="#111" stroke-width="2"/>',
        f'<text x="{max(LEFT + ratio * scale, at) + 6:.1f}" y="{y + 14}">'
        f"{ratio:.2f}</text>",
    ]
