"""Marking the words found in a result: as parts (text, is it one of the words), which
the page escapes and marks."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from core.db.any_of import AnyOf
from core.db.prepared import Prepared
from registry.content import rendering
from registry.content.prose import prose_of
from registry.models import Blob, Rendering
from registry.search.text import COMPOUND, fold, stem

EXCERPT_CHARACTERS = 180

_WORD = re.compile(r"[^\W_]+")
_BETWEEN = re.compile(r"[\W_]+")
_PROSE = Prepared(
    lambda readmes: Rendering.objects.filter(
        blob__in=AnyOf(readmes, "text"),
        kind=rendering.README,
        renderer=rendering.RENDERER,
        prose__isnull=False,
    ).values_list("blob_id", "prose")
)
# Of READMEs that were not rendered yet, or before their prose was kept.
_TEXTS = Prepared(
    lambda readmes: Blob.objects.filter(sha256__in=AnyOf(readmes, "text")).values_list(
        "sha256", "text"
    )
)


def marked(text: str, stems: frozenset[str]) -> list[tuple[str, bool]]:
    """``text`` in parts: (text, is it one of the words).

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
    wanted = set(readmes)
    if not wanted:
        return {}
    known = dict(_PROSE(AnyOf.pack(wanted)))
    if missing := wanted - known.keys():
        texts = _TEXTS(AnyOf.pack(missing))
        known |= {sha256: prose_of(text) for sha256, text in texts}
    return {sha256: excerpt(known[sha256], stems) for sha256 in known}


def excerpt(prose: str, stems: frozenset[str]) -> list[tuple[str, bool]]:
    """The first passage of a README's prose that has one of the words, marked. Empty
    when none has."""
    # Most texts are searched at once; others by lines, of which most have no letter
    # that takes time.
    for text in [prose] if prose.isascii() else prose.split("\n"):
        if span := next(_spans(text, stems), None):
            return marked(_passage(text, *span), stems)
    return []


def _passage(text: str, at: int, end: int) -> str:
    """What stands around a word, of its line."""
    first = text.rfind("\n", 0, at) + 1
    last = text.find("\n", end)
    last = len(text) if last < 0 else last
    start = max(first, at - EXCERPT_CHARACTERS // 2)
    if start > first:
        start = text.find(" ", start, at) + 1 or start
    stop = min(last, start + EXCERPT_CHARACTERS)
    before, after = "…" if start > first else "", "…" if stop < last else ""
    return f"{before}{text[start:stop]}{after}"


def _spans(text: str, stems: frozenset[str]):
    """(start, end) of each of the words in ``text``."""
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
    """What COMPOUND matches, without most of what has none of the words."""
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
    """Matches where one of the words may begin in a text of ASCII. A word begins with
    its stem; a joined word may have a mark between any two letters."""
    usable = sorted(stem for stem in stems if stem.isascii() and stem.isalnum())
    either = "|".join("[-_.'/]?".join(stem) for stem in usable) or "(?!)"
    return re.compile(rf"(?<![^\W_])(?:{either})", re.ASCII | re.IGNORECASE)


def _chunk_start(text: str, at: int) -> int:
    """Where the chunk begins that has a word at ``at``."""
    while at > 1 and text[at - 1] in "-_.'/" and text[at - 2].isalnum():
        at -= 2
        while at and text[at - 1].isalnum():
            at -= 1
    return at


def _may_have(text: str, stems: frozenset[str]) -> bool:
    """A quick test without what separates words; False for most texts."""
    folded = fold(_BETWEEN.sub("", text))
    return any(each in folded for each in stems)


@lru_cache(16_384)
def _stem(word: str) -> str:
    return stem(fold(word))
