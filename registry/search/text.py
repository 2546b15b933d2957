"""Text as search compares it: folded words, the same on every database."""

import hashlib
import re
import unicodedata
from functools import lru_cache
from itertools import islice

MAX_README_CHARACTERS = 50_000
MAX_WORD_CHARACTERS = 32
MAX_JOINED_PARTS = 4
MAX_CODE_WORDS = 4_000

_WORD = re.compile(r"[^\W_]+")
COMPOUND = re.compile(r"[^\W_]+(?:[-_.'’/][^\W_]+)*")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_IDENTIFIER = re.compile(r"[^\W\d][^\W_]*")


class _Kept(dict):
    """What ``str.translate`` makes of each character, found out once."""

    def __missing__(self, code: int) -> int | None:
        seen = unicodedata.category(chr(code))[0] not in "MC"
        self[code] = code if seen else None
        return self[code]


_KEPT = _Kept()


def fold(text: str) -> str:
    """``text`` without case, accents and characters nobody sees."""
    return unicodedata.normalize("NFKD", text).casefold().translate(_KEPT)


def words_of(text: str) -> list[str]:
    """The folded words of ``text``, in order."""
    return [w[:MAX_WORD_CHARACTERS] for w in _WORD.findall(fold(_spaced(text)))]


def indexed(text: str) -> str:
    """``text`` as the index takes it: folded words with a blank between them.

    What is written with hyphens, dots or humps also stands there as one word, so
    that ``email`` finds "e-mail" and ``ratelimiter`` finds "rate-limiter".
    """
    return " ".join(_pieces(text, joined=True))


def said(text: str) -> list[str]:
    """The words of ``indexed(text)`` that were written as words: as there are
    functions with names of two words, so there are joined ones."""
    return _pieces(text, joined=False)


def _pieces(text: str, *, joined: bool) -> list[str]:
    found = []
    for chunk in COMPOUND.findall(_spaced(text)):
        if chunk.islower() and chunk.isalnum():  # most words; no humps
            found.append(chunk)
            continue
        parts = [p for part in _WORD.findall(chunk) for p in _HUMP.split(part)]
        found += parts
        if joined and 1 < len(parts) <= MAX_JOINED_PARTS:
            found.append("".join(parts))
    return words_of(" ".join(found))


def code_words(texts) -> str:
    """The distinct identifiers and words of source files, folded, as one text."""
    found: dict[str, None] = {}
    for text in texts:
        words = dict.fromkeys(_IDENTIFIER.findall(fold(_spaced(text))))
        found |= dict.fromkeys(w for w in words if 1 < len(w) <= MAX_WORD_CHARACTERS)
        if len(found) >= MAX_CODE_WORDS:
            break
    return " ".join(islice(found, MAX_CODE_WORDS))


@lru_cache(4096)
def token(kind: str, value: str) -> str:
    """The made-up word that stands for ``kind`` being ``value`` in the index.

    A filter is then one more word that must be there, which a full-text index
    answers as fast as any other.
    """
    named = f"{kind}={fold(value)}".encode(errors="replace")
    return "q" + hashlib.blake2b(named, digest_size=7).hexdigest()


def licenses_in(expression: str) -> list[str]:
    """The identifiers an SPDX expression names, and the expression itself."""
    parts = re.findall(r"[A-Za-z0-9.+-]+", expression)
    return [expression, *(p for p in parts if p not in {"AND", "OR", "WITH"})]


def stem(word: str) -> str:
    """About what the databases make of ``word``; only for marking what was found."""
    for ending in ("ies", "ing", "ed", "es", "s", "e", "y"):
        if len(word) > len(ending) + 2 and word.endswith(ending):
            return word.removesuffix(ending)
    return word


def _spaced(text: str) -> str:
    """Letters in one piece with their accents; control characters separate words."""
    return re.sub(r"[\0-\x1f\x7f]", " ", unicodedata.normalize("NFKC", text))
