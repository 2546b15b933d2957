"""The dictionary: completes unfinished words and corrects typos.

A query is corrected against the dictionary and never against names: however many
functions there are, it has some ten thousand words. A typo and the word that was meant
are equal once a letter is left out of each, so correcting is an exact look-up (after
Wolf Garbe's SymSpell).
"""

from collections.abc import Iterable
from difflib import SequenceMatcher
from itertools import combinations

from core.db.any_of import AnyOf
from core.db.prepared import Prepared
from registry.models import SearchSpelling, SearchWord
from registry.search.engines import insert
from registry.search.text import MAX_WORD_CHARACTERS

MIN_CHARACTERS = 3
TWO_TYPOS_FROM = 7  # characters; shorter words change their meaning with two
LIKE_ENOUGH = 0.7

_KNOWN = Prepared(
    lambda words: SearchWord.objects.filter(word__in=AnyOf(words, "text")).values_list(
        "word", flat=True
    )
)
_NEAR = Prepared(
    lambda spellings: SearchSpelling.objects.filter(
        spelling__in=AnyOf(spellings, "text")
    ).values_list("spelling", "word__word", "word__documents")
)


def learn(words: Iterable[str]) -> None:
    """Add those of ``words`` (folded) that are new to the dictionary."""
    wanted = sorted({word for word in words if _is_word(word)})
    known = _known(wanted)
    new = [word for word in wanted if word not in known]
    if not new:
        return
    insert(
        "INSERT INTO registry_searchword (word, documents)",
        [(word, 1) for word in new],
        " ON CONFLICT DO NOTHING",
    )
    insert(
        "INSERT INTO registry_searchspelling (spelling, word_id)",
        [(short, word) for word in new for short in sorted(_shortened(word, 1))],
        " ON CONFLICT DO NOTHING",
    )


def count(documents: dict[str, int]) -> None:
    """Store how many documents have each word of the dictionary."""
    rows = [(word, many) for word, many in documents.items() if _is_word(word)]
    if rows:
        insert(
            "INSERT INTO registry_searchword AS kept (word, documents)",
            rows,
            " ON CONFLICT (word) DO UPDATE SET documents = excluded.documents "
            "WHERE kept.documents <> excluded.documents",
        )


def _known(words: list[str]) -> set[str]:
    """Those of ``words`` that are in the dictionary."""
    if not words:
        return set()
    return set(_KNOWN(AnyOf.pack(words)))


def correct(words: tuple[str, ...]) -> tuple[str, ...]:
    """``words`` with the most similar word of the dictionary for each that isn't in it.
    A word to which none is similar stays."""
    wanted = {word for word in words if _is_word(word)}
    keys = {w: _shortened(w, 2 if len(w) >= TWO_TYPOS_FROM else 1) for w in wanted}
    near = _near(sorted(set().union(*keys.values())))
    found = {}
    for word, shortened in keys.items():
        like = {w: count for spelling, w, count in near if spelling in shortened}
        if word in like:  # each is a spelling of its own
            continue
        best = max(((_likeness(word, w), n, w) for w, n in like.items()), default=None)
        if best and best[0] >= LIKE_ENOUGH:
            found[word] = best[2]
    return tuple(found.get(word, word) for word in words)


def _near(spellings: list[str]) -> list[tuple[str, str, int]]:
    """(spelling, word, how many documents have it) of the dictionary."""
    if not spellings:
        return []
    return _NEAR(AnyOf.pack(spellings))


def _likeness(typed: str, word: str) -> float:
    """How similar, from 0 to 1. People rarely mistype the first letter, and often swap
    two."""
    ratio = SequenceMatcher(None, typed, word).ratio()
    swapped = len(typed) == len(word) and sorted(typed) == sorted(word)
    return ratio + 0.05 * (typed[0] == word[0]) + 0.1 * swapped


def _shortened(word: str, most: int) -> set[str]:
    """``word`` without up to ``most`` of its letters, in all ways."""
    return {
        "".join(kept)
        for length in range(len(word) - most, len(word) + 1)
        for kept in combinations(word, length)
    }


def _is_word(word: str) -> bool:
    fits = MIN_CHARACTERS <= len(word) < MAX_WORD_CHARACTERS
    return fits and not word.isdecimal()
