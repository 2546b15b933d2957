"""Searching published source: which lines of the latest versions hold a text.

The index says which functions have all words of the text, the most popular first. The
source of READ_FUNCTIONS of them is then searched for the text itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from registry.models import Function, VersionFile
from registry.search.engines import engine
from registry.search.matching import Match
from registry.search.rank_keys import function_id_of
from registry.search.text import code_words

READ_FUNCTIONS = 40
LINES_SHOWN = 3  # of one function
LINE_CHARACTERS = 200


@dataclass(frozen=True)
class Line:
    """A line of source. number: from 1. parts: (text, is it what was searched)."""

    path: str
    number: int
    parts: list[tuple[str, bool]]


def find(
    text: str, tokens: Iterable[str], within: set[int] | None, limit: int
) -> dict[int, list[Line]]:
    """function id -> the first LINES_SHOWN lines with ``text``, in upper or lower case;
    the most popular functions first, ``limit`` at most.

    within: rank keys of the functions to search; None is all.
    """
    words = tuple((word,) for word in code_words([text]).split())
    if not words:
        return {}
    found = engine().popular(Match(words, tuple(tokens)), "code", READ_FUNCTIONS)
    ids = [function_id_of(key) for key in found if within is None or key in within]
    lines = _lines(ids, text)
    return {pk: lines[pk] for pk in [pk for pk in ids if pk in lines][:limit]}


def _lines(ids: list[int], text: str) -> dict[int, list[Line]]:
    versions = dict(
        Function.objects.filter(pk__in=ids, is_listed=True).values_list("latest", "pk")
    )
    files = VersionFile.objects.filter(version__in=versions).order_by("path")
    found: dict[int, list[Line]] = {}
    for version, path, content in files.values_list("version", "path", "blob__text"):
        lines = found.setdefault(versions[version], [])
        lines += _in_file(path, content, text)[: LINES_SHOWN - len(lines)]
    return {pk: lines for pk, lines in found.items() if lines}


def _in_file(path: str, content: str, text: str) -> list[Line]:
    wanted, found = text.lower(), []
    if wanted not in content.lower():
        return []
    for number, line in enumerate(content.splitlines(), 1):
        start = line.lower().find(wanted)
        if start >= 0:
            found.append(Line(path, number, _parts(line, start, len(text))))
        if len(found) == LINES_SHOWN:
            break
    return found


def _parts(line: str, start: int, length: int) -> list[tuple[str, bool]]:
    before = line[:start].lstrip()[-LINE_CHARACTERS // 2 :]
    after = line[start + length :].rstrip()[: LINE_CHARACTERS // 2]
    parts = [(before, False), (line[start : start + length], True), (after, False)]
    return [part for part in parts if part[0]]
