"""Draws the picture that social sites show of a function. Runs in the worker.

No database, no settings: authors' words and shipped fonts in, PNG bytes out.
"""

import base64
import io
import unicodedata
from functools import cache, lru_cache, partial
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, MARGIN = 1200, 630, 72  # pixels
MAX_LINES = 3  # of the description
GROUND, INK, SOFT, LINE = "#0d0f12", "#edeff2", "#bac1cc", "#242932"
ACCENT, BOX = "#a5b0ff", "#14171c"
FONTS = Path(__file__).resolve().parents[2] / "static/fonts"
# What each pair of files holds, as hub.css says of them; the rest can't be drawn.
LATIN = ((0x20, 0xFF), (0x2010, 0x2027), (0x2030, 0x205E), (0x20AC, 0x20AC))
EXTENDED = ((0x100, 0x17F), (0x1E00, 0x1E9F))


def as_png(card: dict[str, str]) -> str:
    """The card as PNG, 1200 by 630 pixels, in base64.

    card: author, slug, version, description, license, category, command; any text.
    """
    image = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
    canvas = ImageDraw.Draw(image)
    _mark(image)
    _text(canvas, MARGIN + 52, 66, "Aerostack Hub", 30, SOFT, weight=500)
    _text(canvas, MARGIN, 158, card["author"] + " /", 34, SOFT)
    size = _fitting(card["slug"], 84, 36)
    slug = _cut(card["slug"], size, weight=650)
    _text(canvas, MARGIN, 200 + (84 - size) // 2, slug, size, INK, weight=650)
    for number, line in enumerate(_wrapped(card["description"], 34)):
        _text(canvas, MARGIN, 318 + 46 * number, line, 34, SOFT)
    _command(canvas, card["command"])
    facts = [card["version"], card["license"], card["category"]]
    words = "  ·  ".join(fact for fact in facts if fact)
    _text(canvas, MARGIN, 566, _cut(words, 26, weight=500), 26, SOFT, weight=500)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return base64.b64encode(out.getvalue()).decode()


def _mark(image: Image.Image) -> None:
    """The balloon of templates/_mark.html, drawn large and shrunk: smooth edges."""
    mark = Image.new("RGB", (160, 160), GROUND)
    canvas = ImageDraw.Draw(mark)
    canvas.ellipse((16, 4, 144, 132), ACCENT)
    for top in (46, 92):
        canvas.rectangle((0, top, 160, top + 11), GROUND)
    canvas.rectangle((0, 124, 160, 160), GROUND)
    canvas.rounded_rectangle((62, 138, 98, 156), 5, ACCENT)
    image.paste(mark.resize((40, 40), Image.Resampling.LANCZOS), (MARGIN, 64))


def _command(canvas: ImageDraw.ImageDraw, command: str) -> None:
    right = WIDTH - MARGIN
    canvas.rounded_rectangle((MARGIN, 476, right, 542), 10, BOX, LINE, 2)
    shown = _cut("$ " + command, 25, mono=True, room=right - MARGIN - 48)
    _text(canvas, MARGIN + 24, 492, shown, 25, INK, mono=True)


def _text(canvas, x, y, text, size, colour, *, weight=400, mono=False) -> None:
    """``text`` in one line from ``x``, each run in the file that has its letters."""
    for extended, run in _runs(text):
        font = _font(size, weight, mono, extended)
        canvas.text((x, y), run, fill=colour, font=font)
        x += font.getlength(run)


def _length(text: str, size: int, *, weight=400, mono=False) -> float:
    return sum(_font(size, weight, mono, e).getlength(run) for e, run in _runs(text))


def _runs(text: str) -> list[tuple[bool, str]]:
    """``text`` cut where the font file changes, without what neither can draw:
    other scripts, and marks that only turn or hide what stands beside them."""
    runs: list[tuple[bool, str]] = []
    for character in unicodedata.normalize("NFC", text):
        extended = _within(character, EXTENDED)
        if not extended and not _within(character, LATIN):
            continue
        if runs and runs[-1][0] == extended:
            runs[-1] = (extended, runs[-1][1] + character)
        else:
            runs.append((extended, character))
    return runs


def _within(character: str, ranges) -> bool:
    visible = unicodedata.category(character) not in ("Cc", "Cf")
    return visible and any(first <= ord(character) <= last for first, last in ranges)


@lru_cache(maxsize=64)
def _font(size: int, weight: int, mono: bool, extended: bool):
    font = ImageFont.truetype(io.BytesIO(_font_file(mono, extended)), size)
    font.set_variation_by_axes([weight])
    return font


@cache
def _font_file(mono: bool, extended: bool) -> bytes:
    """A font file, read once for all sizes: a worker can open none."""
    family = "jetbrains-mono" if mono else "geist"
    part = "latin-ext" if extended else "latin"
    return (FONTS / f"{family}-{part}-wght-normal.woff2").read_bytes()


def _fitting(text: str, largest: int, smallest: int) -> int:
    """The font size at which ``text`` fills one line at most."""
    for size in range(largest, smallest, -4):
        if _length(text, size, weight=650) <= WIDTH - 2 * MARGIN:
            return size
    return smallest


def _wrapped(text: str, size: int) -> list[str]:
    lines = [""]
    for word in "".join(run for _, run in _runs(text)).split():
        longer = f"{lines[-1]} {word}".strip()
        if _length(longer, size) <= WIDTH - 2 * MARGIN:
            lines[-1] = longer
        else:
            lines.append(word)
    lines = [line for line in lines if line]
    if len(lines) > MAX_LINES:
        lines = [*lines[: MAX_LINES - 1], f"{lines[MAX_LINES - 1]} …"]
    return [_cut(line, size) for line in lines]


def _cut(text, size, *, weight=400, mono=False, room=WIDTH - 2 * MARGIN) -> str:
    """``text``, shortened to ``room`` pixels."""
    length = partial(_length, size=size, weight=weight, mono=mono)
    if length(text) <= room:
        return text
    while text and length(text + "…") > room:
        text = text[: -max(1, len(text) // 20)]
    return text + "…"
