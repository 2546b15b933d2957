"""Results shown with what was found in them: as (text, is it found) parts, so that
the page itself escapes and marks."""

import re

from registry.search.text import COMPOUND, fold, stem

EXCERPT_CHARACTERS = 180
MAX_LINE_CHARACTERS = 2_000

_WORD = re.compile(r"[^\W_]+")
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
    if not stems:  # a list that nobody searched: most of them
        return
    for chunk in COMPOUND.finditer(text):
        words = list(_WORD.finditer(chunk[0]))
        joined = "".join(word[0] for word in words)
        if stem(fold(joined)) in stems:
            yield chunk.span()
            continue
        for word in words:
            if stem(fold(word[0])) in stems:
                yield chunk.start() + word.start(), chunk.start() + word.end()
