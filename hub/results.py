"""Search results as rows: what was found is marked, and shown where it stands."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from registry import search
from registry.models import Blob, Function

Parts = list[tuple[str, bool]]  # (text, is it what was looked for)


@dataclass(frozen=True)
class Row:
    """One function of a list. ``excerpt``: of its README, where nothing else shows
    the words. ``lines``: of its source, for a search in code."""

    function: Function
    name: Parts
    description: Parts
    excerpt: Parts = field(default_factory=list)
    lines: list[search.Line] = field(default_factory=list)


def rows_of(found: search.Found) -> list[Row]:
    """The functions of a page of results. One query more where words were searched."""
    readmes = _readmes(found.rows) if found.stems else {}
    return [
        _row(function, found, readmes.get(function.readme_id, ""))
        for function in found.rows
    ]


def _row(function: Function, found: search.Found, readme: str) -> Row:
    name = search.marked(function.slug, found.stems)
    description = search.marked(function.description, found.stems)
    is_shown = any(hit for _, hit in name + description)
    excerpt = [] if is_shown else search.excerpt(readme, found.stems)
    return Row(function, name, description, excerpt, found.lines.get(function.pk, []))


def _readmes(functions: Iterable[Function]) -> dict[str, str]:
    hashes = {function.readme_id for function in functions if function.readme_id}
    blobs = Blob.objects.filter(pk__in=hashes)
    return dict(blobs.values_list("sha256", "text"))
