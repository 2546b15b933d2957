"""What is asked of a database and what it answers, whichever database it is.

Functions are named by their places (places.py), which are their order too.
"""

from collections import Counter
from dataclasses import dataclass, field

from core.db import replicas
from registry.search.query import FLAGS

LOOKED_AT = 3_000  # matches outside the popular tier that are put in order
NAMED_AT_MOST = 200  # names that begin alike, outside the popular tier
NAMED_FIRST = 10  # names that begin with the query, before all other results
RANKED_AT_MOST = 400  # matches, the most popular ones, where very many match
COMPLETIONS = 8
SAMPLED = 200  # popular ones that stand for all of too many
FACET_COLUMNS = ("category", "language", "runtime", "license", *FLAGS)
TAGS_SHOWN = 12


@dataclass(frozen=True)
class Match:
    """What must stand in a document: of every group one word, and every token.

    groups: words that mean the same, such as a word and its completions. With
    ``any_group`` one group is enough. tokens: filters (text.token).
    """

    groups: tuple[tuple[str, ...], ...] = ()
    tokens: tuple[str, ...] = ()
    any_group: bool = False


@dataclass(frozen=True)
class Question:
    """words: at least one; the last may be the beginning of one (is_open). tokens:
    filters. limit: places at most. most: count no further than this; 0 is not at all.
    with_yanked: by their very names. with_readme: READMEs too, where little else is.
    want_facets: of the sample. with_sample: for other orders.
    """

    words: tuple[str, ...]
    tokens: tuple[str, ...] = ()
    is_open: bool = False
    limit: int = 20
    most: int = 0
    with_yanked: bool = False
    with_readme: bool = True
    want_facets: bool = False
    with_sample: bool = False

    @property
    def slug(self) -> str:
        """The words as the name of a function would have them."""
        return "-".join(self.words)

    def match(self, completed: tuple[str, ...] = ()) -> Match:
        """Every word, the last one also as ``completed``."""
        *others, last = self.words
        groups = (*((word,) for word in others), (last, *completed))
        return Match(groups, self.tokens)


@dataclass(frozen=True)
class Answer:
    """places: the best first. completed: what the last word was also read as, where
    that was asked. total: how many there are, where there are more than the limit
    and it was asked; else the length of places. The others are None where the database
    didn't say them in the same breath. sample: all places; of more than ``most``
    popular ones. kinds, tags: as facets.py reads them of the sample."""

    places: list[int] = field(default_factory=list)
    completed: tuple[str, ...] = ()
    total: int = 0
    sample: list[int] | None = None
    kinds: list | None = None
    tags: list | None = None


def frequent(tags: str | None) -> list[tuple[str, int]]:
    """The TAGS_SHOWN most frequent of tags with commas between them, with how many. To
    count them in a database takes two to three times as long."""
    counted = Counter(tags.split(",") if tags else ())
    del counted[""]
    most = sorted(counted.values(), reverse=True)[:TAGS_SHOWN]
    among = (item for item in counted.items() if item[1] >= most[-1])
    return sorted(among, key=lambda item: (-item[1], item[0]))[:TAGS_SHOWN]


def column(sql: str, values: list) -> list:
    """The first column of what a query finds, from where public pages read."""
    with replicas.connection().cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]
