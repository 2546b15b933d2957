"""Results shown with what was found in them: as (text, is it found) parts, so that
the page itself escapes and marks."""

import re
from functools import lru_cache

from registry.search.text import COMPOUND, fold, stem

EXCERPT_CHARACTERS = 180
MAX_LINE_CHARACTERS = 2_000

_WORD = re.compile(r"[^\W_]+")
_BETWEEN = re.compile(r"[\W_]+")
_NOISE = re.compile(
    r"!?\[([^\]\n]{0,200})\]\([^)\n]{0,400}\)|[`*_~#>|]+|<[^>\n]{0,200}>"
)


def marked(text: str, stems: frozenset[str]) -> list[tuple[str, bool]]:
    """``text`` cut into parts, with whether each is one of the words found.

    stems: ``text.stem`` of the words.
    """
    parts, end = [], 0
    for start, stop in _spans(text, stems):
        parts += [(text[end:start], False), (text[start:stop], True)]
        end = stop
    parts.append((text[end:], False))
    return [part for part in parts if part[0]]


def excerpt(readme: str, stems: frozenset[str]) -> list[tuple[str, bool]]:
    """The first passage of a README that has one of the words, marked and without
    its Markdown; rows of tables come last. Empty when none has."""
    for line in sorted(_prose(readme), key=lambda line: line.startswith("|")):
        line = _NOISE.sub(r"\1", line).strip()
        span = next(_spans(line, stems), None)
        if span:
            start = max(0, span[0] - EXCERPT_CHARACTERS // 2)
            if start:
                start = line.find(" ", start, span[0]) + 1 or start
            shown = line[start : start + EXCERPT_CHARACTERS]
            cut = "…" if start + EXCERPT_CHARACTERS < len(line) else ""
            return marked(("…" if start else "") + shown + cut, stems)
    return []


def _prose(readme: str):
    """The lines of a README, each cut short, without its blocks of code."""
    in_code = False
    for line in readme.splitlines():
        if line.lstrip().startswith("```"):
            in_code = not in_code
        elif not in_code:
            yield line[:MAX_LINE_CHARACTERS].strip()


def _spans(text: str, stems: frozenset[str]):
    """(start, end) of each word found."""
    if not _may_have(text, stems):
        return
    for chunk in COMPOUND.finditer(text):
        words = list(_WORD.finditer(chunk[0]))
        joined = "".join(word[0] for word in words)
        if _stem(joined) in stems:
            yield chunk.span()
            continue
        for word in words:
            if _stem(word[0]) in stems:
                yield chunk.start() + word.start(), chunk.start() + word.end()


def _may_have(text: str, stems: frozenset[str]) -> bool:
    """False for most texts, at once: a stem is how its word begins, and what stands
    between words is in none of them."""
    if not stems:  # a list that nobody searched
        return False
    folded = fold(_BETWEEN.sub("", text))
    return any(each in folded for each in stems)


@lru_cache(4_096)
def _stem(word: str) -> str:
    return stem(fold(word))
