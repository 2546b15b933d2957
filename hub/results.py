"""Functions as rows of a page: what was found is marked, and shown where it stands.

A row is marked up in templates/hub/_result.html, which is drawn once for each kind of
row there is and then filled (registry/drawing/frames.py).
"""

from collections.abc import Iterable
from functools import lru_cache
from html import escape

from django.utils.dateformat import format as formatted
from django.utils.safestring import SafeString

from registry import search
from registry.catalog.lists import FunctionRow
from registry.content.rendering import safe
from registry.drawing.frames import filled, joined

Parts = list[tuple[str, bool]]  # (text, is it what was looked for)
ROW = "hub/_result.html"
LINE = (
    '<li><a href="{url}/source/{path}#L{number}">'
    '<span class="where">{path}:{number}</span> <code>{code}</code></a></li>'
)


def rows_of(
    found: search.Found, level: str = "h2", of_author: bool = False
) -> list[SafeString]:
    """The functions of a page of results. One query more where words were found that
    neither name nor description shows.

    level: of their headings. of_author: their author is said elsewhere.
    """
    stems = found.stems
    if not stems and not found.lines:
        return [_plain(row, level, of_author) for row in found.rows]
    marked = [
        (search.marked(row.slug, stems), search.marked(row.description, stems))
        for row in found.rows
    ]
    excerpts = _excerpts(found, marked) if stems else {}
    return [
        _drawn(
            row,
            _html(name),
            _html(description),
            _html(excerpts.get(row.pk, ())),
            joined(_line(row, line) for line in found.lines.get(row.pk, ())),
            level=level,
            of_author=of_author,
        )
        for row, (name, description) in zip(found.rows, marked, strict=True)
    ]


def plain_rows(functions: Iterable[FunctionRow], level: str) -> list[SafeString]:
    """Functions that nobody searched for."""
    return rows_of(search.Found(rows=list(functions)), level=level)


def _plain(row: FunctionRow, level: str, of_author: bool) -> SafeString:
    """A row in which nothing is marked. The same ones stand in many lists."""
    return _drawn(
        row, row.slug, row.description, "", "", level=level, of_author=of_author
    )


def _drawn(row: FunctionRow, name, description, excerpt, lines, **fixed) -> SafeString:
    values = {
        "url": row.url,
        "name": name,
        "number": row.latest_number,
        "description": description,
        "excerpt": excerpt,
        "lines": lines,
        "author": row.username,
        "category": row.category,
        "category_label": row.category_label,
        "license": row.license,
        "updated": row.updated_at.isoformat(),
        "day": _day(row.updated_at.date()),
        "installs": f"{row.install_count:,}" if row.install_count else "",
        "stars": f"{row.star_count:,}" if row.star_count else "",
    }
    return filled(ROW, values, badge=_badge(row), **fixed)


def _badge(row: FunctionRow) -> str:
    if not row.is_listed:
        return "yanked"
    return "deprecated" if row.is_deprecated else ""


def _line(row: FunctionRow, line: search.Line) -> str:
    return LINE.format(
        url=escape(row.url),
        path=escape(line.path),
        number=line.number,
        code=_html(line.parts),
    )


def _excerpts(found: search.Found, marked: list[tuple[Parts, Parts]]) -> dict:
    """function id -> what of its README shows the words, where nothing else does."""
    hidden = {
        row.pk: row.readme_id
        for row, shown in zip(found.rows, marked, strict=True)
        if row.readme_id and not any(hit for parts in shown for _, hit in parts)
    }
    made = search.excerpts(hidden.values(), found.stems)
    return {pk: made.get(readme, ()) for pk, readme in hidden.items()}


def _html(parts: Parts) -> SafeString:
    shown = [f"<mark>{escape(t)}</mark>" if hit else escape(t) for t, hit in parts]
    return safe("".join(shown))


@lru_cache(1_000)
def _day(date) -> str:
    return formatted(date, "j M Y")
