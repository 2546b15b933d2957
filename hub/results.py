"""Functions as rows of a page: what was found is marked, and shown where it stands.

A row is marked up in templates/hub/_result.html. Django's templates take longer to draw
twenty rows than everything else of a page takes together, so the template draws a
*frame*: once for each kind of row there is (of its author or not, deprecated, with
stars ...), with names in braces that each row's escaped values are then put into.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from html import escape

from django.template.loader import render_to_string
from django.utils.dateformat import format as formatted
from django.utils.safestring import SafeString

from registry import search
from registry.listed import FunctionRow
from registry.models import Blob
from registry.rendering import safe

Parts = list[tuple[str, bool]]  # (text, is it what was looked for)
LINE = (
    '<li><a href="{url}/source/{path}#L{number}">'
    '<span class="where">{path}:{number}</span> <code>{code}</code></a></li>'
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
        shown = self.function
        has = tuple(name for name, there in self._has if there)
        frame = _frame(self.level, self.of_author, self._badge, has)
        return safe(
            frame.format(
                url=escape(shown.url),
                name=_marked(self.name),
                number=escape(shown.latest_number),
                description=_marked(self.description),
                excerpt=_marked(self.excerpt),
                lines="".join(map(self._line, self.lines)),
                author=escape(shown.username),
                category=escape(shown.category),
                category_label=escape(shown.category_label),
                license=escape(shown.license),
                updated=shown.updated.isoformat(),
                day=_day(shown.updated_at.date()),
                installs=f"{shown.install_count:,}",
                stars=f"{shown.star_count:,}",
            )
        )

    @property
    def _has(self) -> tuple[tuple[str, object], ...]:
        return (
            ("excerpt", self.excerpt),
            ("lines", self.lines),
            ("category", self.function.category),
            ("license", self.function.license),
            ("installs", self.function.install_count),
            ("stars", self.function.star_count),
        )

    @property
    def _badge(self) -> str:
        if not self.function.is_listed:
            return "yanked"
        return "deprecated" if self.function.is_deprecated else ""

    def _line(self, line: search.Line) -> str:
        return LINE.format(
            url=escape(self.function.url),
            path=escape(line.path),
            number=line.number,
            code=_marked(line.parts),
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
    return "".join(
        f"<mark>{escape(text)}</mark>" if hit else escape(text) for text, hit in parts
    )


@lru_cache(1_000)
def _day(date) -> str:
    return formatted(date, "j M Y")
