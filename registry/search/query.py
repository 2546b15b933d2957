"""Reading what was typed into the search box. No text is an error."""

import re
import unicodedata
from dataclasses import dataclass

from registry.search.text import COMPOUND, MAX_WORD_CHARACTERS, token, words_of

MAX_CHARACTERS = 400
MAX_WORDS = 8
FILTERS = ("author", "tag", "category", "language", "runtime", "license")
FLAGS = ("no_dependencies", "no_network", "has_tables")
FLAG_WORDS = {
    "no:dependencies": "no_dependencies",
    "no:network": "no_network",
    "has:tables": "has_tables",
}
# Left out where other words remain: they say nothing of what is searched.
FILLER_WORDS = frozenset(
    "a an and are as at be by can do does for from how i in into is it me my of on or "
    "that the their them there this to want what when where which with you your".split()
)

_QUALIFIER = re.compile(
    rf"(?<!\S)({'|'.join((*FILTERS, 'code'))}):(\"[^\"]*\"|\S+)", re.IGNORECASE
)


@dataclass(frozen=True)
class Query:
    """A query that was read.

    words: folded, at most MAX_WORDS. is_open: the last word may be unfinished. filters:
    (name, value) as typed. code: text that the source must contain. had_text: whether
    more than filters was typed, with words in it or not.
    """

    words: tuple[str, ...] = ()
    is_open: bool = False
    filters: tuple[tuple[str, str], ...] = ()
    code: str = ""
    had_text: bool = False

    @property
    def tokens(self) -> tuple[str, ...]:
        """The words of the index that stand for the filters."""
        return tuple(token(name, value) for name, value in self.filters)


def parse(text: str, **filters) -> Query:
    """Read ``text``; ``filters`` (of FILTERS and FLAGS) are added when not empty."""
    unknown = filters.keys() - {*FILTERS, *FLAGS}
    if unknown:
        raise TypeError(f"no such filter: {', '.join(sorted(unknown))}")
    text = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS]).replace("\0", " ")
    given = [(name, str(value)) for name, value in filters.items() if value]
    given = [(n, "yes" if n in FLAGS else v) for n, v in given]
    code = ""
    for match in _QUALIFIER.finditer(text):
        name, value = match[1].lower(), match[2].strip('"').strip()
        if name == "code":
            code = value
        elif value:
            given.append((name, value.removeprefix("@") if name == "author" else value))
    rest = _QUALIFIER.sub(" ", text)
    for written, flag in FLAG_WORDS.items():
        if re.search(rf"(?<!\S){written}(?!\S)", rest, re.IGNORECASE):
            rest = re.sub(rf"(?i)(?<!\S){written}(?!\S)", " ", rest)
            given.append((flag, "yes"))
    words = _words(rest)
    return Query(
        words=words,
        is_open=bool(words) and not rest.endswith((" ", '"')),
        filters=tuple(dict.fromkeys(given)),
        code=code,
        had_text=bool(rest.strip() or code),
    )


def _words(text: str) -> tuple[str, ...]:
    found: list[str] = []
    for compound in COMPOUND.findall(text):
        parts = words_of(compound)
        if len(parts) > 1 and any(len(part) == 1 for part in parts):
            parts = ["".join(parts)[:MAX_WORD_CHARACTERS]]  # e-mail, don't
        found += parts
    telling = [word for word in found if word not in FILLER_WORDS] or found
    return tuple(dict.fromkeys(telling))[:MAX_WORDS]
