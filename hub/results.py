"""Functions in a list, with what was found in them marked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from registry import search
from registry.catalog.lists import FunctionRow

Parts = Sequence[tuple[str, bool]]  # (text, is it what was looked for)


@dataclass(frozen=True, slots=True)
class Result:
    """A function of a list. Without words to look for, only ``function`` is there.

    name, description: with the words marked. excerpt: of its README, where nothing else
    shows the words. lines: of its code, with what was looked for.
    """

    function: FunctionRow
    name: Parts = ()
    description: Parts = ()
    excerpt: Parts = ()
    lines: Sequence[search.Line] = ()


def plain(functions: Iterable[FunctionRow]) -> list[Result]:
    """Functions that nobody searched for."""
    return [Result(function) for function in functions]


def results_of(found: search.Found) -> list[Result]:
    """The functions of a page of results. One more query, if some of them were found
    by their README alone."""
    stems = found.stems
    if not stems:
        return [
            Result(function, lines=found.lines.get(function.pk, ()))
            for function in found.rows
        ]
    marked = [
        (
            function,
            search.marked(function.slug, stems),
            search.marked(function.description, stems),
        )
        for function in found.rows
    ]
    hidden = [function for function, *parts in marked if not any(map(_has_hit, parts))]
    excerpts = search.excerpts(
        [function.readme_id for function in hidden if function.readme_id], stems
    )
    return [
        Result(
            function,
            name,
            description,
            ()
            if _has_hit(name + description)
            else excerpts.get(function.readme_id, ()),
            found.lines.get(function.pk, ()),
        )
        for function, name, description in marked
    ]


def _has_hit(parts: Parts) -> bool:
    return any(is_hit for _, is_hit in parts)
