"""Results shown with what was found in them: as (text, is it found) parts, so that
the page itself escapes and marks."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from django.db.models.functions import Substr

from registry.models import Blob
from registry.search.text import COMPOUND, MAX_README_CHARACTERS, fold, stem

EXCERPT_CHARACTERS = 180
MAX_LINE_CHARACTERS = 2_000

_WORD = re.compile(r"[^\W_]+")
_BETWEEN = re.compile(r"[\W_]+")
_NOISY = re.compile(r"[\[`*_~#>|<]")  # what _NOISE begins with
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


def excerpts(
    readmes: Iterable[str], stems: frozenset[str]
) -> dict[str, list[tuple[str, bool]]]:
    """sha256 of a README -> ``excerpt`` of it. readmes: hashes; those that are no
    longer stored are left out."""
    wanted = list(dict.fromkeys(readmes))
    if not wanted:
        return {}
    found = Blob.objects.filter(sha256__in=wanted).values_list(
        "sha256", Substr("text", 1, MAX_README_CHARACTERS)
    )
    return {sha256: excerpt(text, stems) for sha256, text in found}


def excerpt(readme: str, stems: frozenset[str]) -> list[tuple[str, bool]]:
    """The first passage of a README that has one of the words, marked and without
    its Markdown; rows of tables come last. Empty when none has."""
    for line in sorted(_prose(readme), key=lambda line: line.startswith("|")):
        if _NOISY.search(line):
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
    for chunk in _chunks(text, stems):
        if chunk[0].isalnum():  # most are one word
            if _stem(chunk[0]) in stems:
                yield chunk.span()
            continue
        words = list(_WORD.finditer(chunk[0]))
        joined = "".join(word[0] for word in words)
        if _stem(joined) in stems:
            yield chunk.span()
            continue
        for word in words:
            if _stem(word[0]) in stems:
                yield chunk.start() + word.start(), chunk.start() + word.end()


def _chunks(text: str, stems: frozenset[str]) -> Iterator[re.Match]:
    """What COMPOUND finds, but for most of what has none of the words."""
    if not stems:  # a list that nobody searched
        return
    if not text.isascii():
        if _may_have(text, stems):
            yield from COMPOUND.finditer(text)
        return
    end = 0
    for begun in _beginnings(stems).finditer(text):
        if begun.start() >= end:
            chunk = COMPOUND.match(text, _chunk_start(text, begun.start()))
            end = chunk.end()
            yield chunk


@lru_cache(1_000)
def _beginnings(stems: frozenset[str]) -> re.Pattern:
    """Where one of the words may begin in a text of ASCII: a stem is how its word
    begins, and in a joined word something may stand between any two letters."""
    usable = sorted(stem for stem in stems if stem.isascii() and stem.isalnum())
    either = "|".join("[-_.'/]?".join(stem) for stem in usable) or "(?!)"
    return re.compile(rf"(?<![^\W_])(?:{either})", re.ASCII | re.IGNORECASE)


def _chunk_start(text: str, at: int) -> int:
    """Where the chunk begins in which a word begins at ``at``."""
    while at > 1 and text[at - 1] in "-_.'/" and text[at - 2].isalnum():
        at -= 2
        while at and text[at - 1].isalnum():
            at -= 1
    return at


def _may_have(text: str, stems: frozenset[str]) -> bool:
    """False for most texts, at once: what stands between words is in none of them."""
    folded = fold(_BETWEEN.sub("", text))
    return any(each in folded for each in stems)


@lru_cache(16_384)
def _stem(word: str) -> str:
    return stem(fold(word))
