"""What a search engine is asked, and what it answers, whichever database it uses.

An answer is made of rank keys (rank_keys.py): they name the functions found, and they
order them by popularity.
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
    """What a document must have: one word of every group, and every token.

    groups: words that mean the same, such as a word and its completions. With
    ``any_group`` one group is enough. tokens: filters (text.token).
    """

    groups: tuple[tuple[str, ...], ...] = ()
    tokens: tuple[str, ...] = ()
    any_group: bool = False


@dataclass(frozen=True)
class Lookup:
    """What an engine is to find, and how much of it.

    words: at least one. is_open: the last word may be unfinished. tokens: filters.
    limit: most rank keys returned. most: the total is counted up to this; 0 is not at
    all. with_yanked: a yanked function is found by its exact name. with_readme: READMEs
    are searched where little else matches. want_facets: count facets of the sample.
    with_sample: return the sample.
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
        """Every word; instead of the last word also one of ``completed``."""
        *others, last = self.words
        groups = (*((word,) for word in others), (last, *completed))
        return Match(groups, self.tokens)


@dataclass(frozen=True)
class Answer:
    """What an engine found.

    rank_keys: the best first. completed: the completions of the last word that were
    searched too. total: how many match, where that was asked and there are more than
    the limit; else how many rank keys there are. sample: all matches, or popular ones
    where there are ``Lookup.most``. kinds, tags: of the sample, as facets.py reads
    them. These three are None where the engine has to be asked for them.
    """

    rank_keys: list[int] = field(default_factory=list)
    completed: tuple[str, ...] = ()
    total: int = 0
    sample: list[int] | None = None
    kinds: list | None = None
    tags: list | None = None


def frequent(tags: str | None) -> list[tuple[str, int]]:
    """The TAGS_SHOWN most frequent of tags with commas between them, with their counts.
    Counting them in a database takes two to three times as long."""
    counted = Counter(tags.split(",") if tags else ())
    del counted[""]
    most = sorted(counted.values(), reverse=True)[:TAGS_SHOWN]
    among = (item for item in counted.items() if item[1] >= most[-1])
    return sorted(among, key=lambda item: (-item[1], item[0]))[:TAGS_SHOWN]


def column(sql: str, values: list) -> list:
    """The first column of a query's rows, from where public pages read."""
    with replicas.connection().cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]
