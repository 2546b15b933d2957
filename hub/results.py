"""Functions in a list, with what was found in them marked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from registry import search
from registry.catalog.lists import FunctionRow

Parts = Sequence[tuple[str, bool]]  # (text, is it what was looked for)


@dataclass(frozen=True, slots=True)
class Marks:
    """What was found in a function.

    name, description: with the words marked, where they have some. excerpt: of its
    README, where nothing else shows the words. lines: of its code, with what was looked
    for.
    """

    name: Parts = ()
    description: Parts = ()
    excerpt: Parts = ()
    lines: Sequence[search.Line] = ()


Result = tuple[FunctionRow, Marks | None]


def plain(functions: Iterable[FunctionRow]) -> list[Result]:
    """Functions that nobody searched for."""
    return [(function, None) for function in functions]


def results_of(found: search.Found) -> list[Result]:
    """The functions of a page of results. One more query, if some of them were found
    by their README alone."""
    stems = found.stems
    if not stems:
        return [
            (function, Marks(lines=found.lines[function.pk]) if found.lines else None)
            for function in found.rows
        ]
    marked = [
        (function, _marked(function.slug, stems), _marked(function.description, stems))
        for function in found.rows
    ]
    readmes = [
        function.readme_id
        for function, name, description in marked
        if function.readme_id and not name and not description
    ]
    excerpts = search.excerpts(readmes, stems)
    return [
        (
            function,
            Marks(
                name,
                description,
                () if name or description else excerpts.get(function.readme_id, ()),
                found.lines.get(function.pk, ()),
            ),
        )
        for function, name, description in marked
    ]


def _marked(text: str, stems: frozenset[str]) -> Parts:
    """``text`` in parts; none where it has none of the words."""
    parts = search.marked(text, stems)
    return parts if any(is_hit for _, is_hit in parts) else ()
