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


class _Visible(dict):
    """For ``str.translate``: a character, or None for one that nobody sees."""

    def __missing__(self, code: int) -> int | None:
        is_visible = unicodedata.category(chr(code))[0] not in "MC"
        self[code] = code if is_visible else None
        return self[code]


_VISIBLE = _Visible()


def fold(text: str) -> str:
    """``text`` without case, accents and characters nobody sees."""
    return unicodedata.normalize("NFKD", text).casefold().translate(_VISIBLE)


def words_of(text: str) -> list[str]:
    """The folded words of ``text``, in order."""
    return [w[:MAX_WORD_CHARACTERS] for w in _WORD.findall(fold(_spaced(text)))]


def indexed(text: str) -> str:
    """``text`` as it is indexed: folded words with a blank between them.

    A word written with hyphens, dots or humps is also indexed as one word, so that
    ``email`` finds "e-mail" and ``ratelimiter`` finds "rate-limiter".
    """
    return " ".join(_pieces(text, joined=True))


def written_words(text: str) -> list[str]:
    """The words of ``indexed(text)`` without the joined ones, which are as many as
    functions with names of two words."""
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
    """The made-up word that documents have in the index where ``kind`` is ``value``.

    So a filter is one more word of a query, as fast as any other.
    """
    named = f"{kind}={fold(value)}".encode(errors="replace")
    return "q" + hashlib.blake2b(named, digest_size=7).hexdigest()


def licenses_in(expression: str) -> list[str]:
    """The identifiers an SPDX expression names, and the expression itself."""
    parts = re.findall(r"[A-Za-z0-9.+-]+", expression)
    return [expression, *(p for p in parts if p not in {"AND", "OR", "WITH"})]


def stem(word: str) -> str:
    """``word`` without its ending, nearly as the databases do it; to mark results."""
    for ending in ("ies", "ing", "ed", "es", "s", "e", "y"):
        if len(word) > len(ending) + 2 and word.endswith(ending):
            return word.removesuffix(ending)
    return word


def _spaced(text: str) -> str:
    """``text`` with each accent joined to its letter, and with blanks for control
    characters, which separate words."""
    return re.sub(r"[\0-\x1f\x7f]", " ", unicodedata.normalize("NFKC", text))
