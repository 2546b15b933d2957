"""Functions as rows of a page: what was found is marked, and shown where it stands.

A row is marked up in templates/hub/_result.html. Django's templates take longer to draw
twenty rows than everything else of a page takes together, so the template draws a
*frame*: once for each kind of row there is (of its author or not, deprecated, with
stars ...), with names in braces that each row's escaped values are then put into.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache

from django.template.loader import render_to_string
from django.utils.dateformat import format as formatted
from django.utils.html import SafeString, format_html, format_html_join

from registry import search
from registry.listed import FunctionRow
from registry.models import Blob

Parts = list[tuple[str, bool]]  # (text, is it what was looked for)
OPTIONAL = ("excerpt", "lines", "category", "license", "installs", "stars")
LINE = (
    '<li><a href="{}/source/{}#L{}"><span class="where">{}:{}</span> '
    "<code>{}</code></a></li>"
)


@dataclass(frozen=True)
class Row:
    """One function of a list. ``excerpt``: of its README, where nothing else shows
    the words. ``lines``: of its source, for a search in code. ``level``: of its
    heading. ``of_author``: its author is said elsewhere."""

    function: FunctionRow
    name: Parts
    description: Parts
    excerpt: Parts = field(default_factory=list)
    lines: list[search.Line] = field(default_factory=list)
    level: str = "h2"
    of_author: bool = False

    @property
    def html(self) -> SafeString:
        function = self.function
        values = {
            "url": function.url,
            "name": _marked(self.name),
            "number": function.latest_number,
            "description": _marked(self.description),
            "excerpt": _marked(self.excerpt),
            "lines": self._lines(),
            "author": function.username,
            "category": function.category,
            "category_label": function.category_label,
            "license": function.license,
            "updated": function.updated.isoformat(),
            "day": _day(function.updated_at.date()),
            "installs": _grouped(function.install_count),
            "stars": _grouped(function.star_count),
        }
        has = tuple(name for name in OPTIONAL if values[name])
        frame = _frame(self.level, self.of_author, self._badge, has)
        return format_html(frame, **values)

    @property
    def _badge(self) -> str:
        if not self.function.is_listed:
            return "yanked"
        return "deprecated" if self.function.is_deprecated else ""

    def _lines(self) -> str:
        url = self.function.url
        return format_html_join(
            "",
            LINE,
            (
                (url, line.path, line.number, line.path, line.number, shown)
                for line in self.lines
                for shown in [_marked(line.parts)]
            ),
        )


def rows_of(found: search.Found, **shown) -> list[Row]:
    """The functions of a page of results. shown: level and of_author of a Row. One
    query more where words were found that neither name nor description shows."""
    rows = [
        Row(
            function,
            search.marked(function.slug, found.stems),
            search.marked(function.description, found.stems),
            lines=found.lines.get(function.pk, []),
            **shown,
        )
        for function in found.rows
    ]
    return _with_excerpts(rows, found.stems) if found.stems else rows


def plain_rows(functions: Iterable[FunctionRow], level: str) -> list[Row]:
    """Functions that nobody searched for."""
    return rows_of(search.Found(rows=list(functions)), level=level)


def _with_excerpts(rows: list[Row], stems: frozenset[str]) -> list[Row]:
    hidden = {
        row.function.pk: row.function.readme_id
        for row in rows
        if not any(hit for _, hit in row.name + row.description)
    }
    wanted = set(hidden.values()) - {None}
    if not wanted:
        return rows
    texts = dict(Blob.objects.filter(pk__in=wanted).values_list("sha256", "text"))
    readmes = {pk: texts.get(readme, "") for pk, readme in hidden.items()}
    return [
        replace(row, excerpt=search.excerpt(readmes[row.function.pk], stems))
        if row.function.pk in readmes
        else row
        for row in rows
    ]


@cache
def _frame(level: str, of_author: bool, badge: str, has: tuple[str, ...]) -> str:
    context = {"level": level, "of_author": of_author, "badge": badge}
    context["has"] = dict.fromkeys(has, True)
    return render_to_string("hub/_result.html", context)


def _marked(parts: Parts) -> str:
    if not any(hit for _, hit in parts):
        return "".join(text for text, _ in parts)  # escaped where it is put in
    frame = "".join("<mark>{}</mark>" if hit else "{}" for _, hit in parts)
    return format_html(frame, *(text for text, _ in parts))


def _grouped(count: int) -> str:
    return f"{count:,}" if count else ""


@lru_cache(1_000)
def _day(date) -> str:
    return formatted(date, "j M Y")
