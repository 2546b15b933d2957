"""The engine on SQLite: FTS5 tables, which schema.py makes."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import chain

from core.db import replicas
from registry.search import matching
from registry.search.matching import Answer, Lookup, Match, column
from registry.search.rank_keys import DEMOTED, function_id_of


class Sqlite:
    """Each query streams its rows and stops at its limit."""

    last_popular = "SELECT max(place) FROM registry_searchdocument WHERE is_hot"

    def rows(self, ids: list, kind: str = "bigint") -> tuple[str, str]:
        """SQL of a query that returns ``ids``, and its one parameter."""
        return "SELECT value FROM json_each(%s)", json.dumps(ids)

    @contextmanager
    def bounded(self):
        """SQLite has no time limit to set."""
        yield

    def find(self, lookup: Lookup) -> Answer:
        """What a lookup finds (docs/search.md, "What comes first"). Its steps are those
        of look.sql; each is taken only while the page isn't full."""
        steps = _Steps(self, lookup)
        found: dict[int, None] = {}
        for rank_keys in steps:
            found |= dict.fromkeys(rank_keys)
            if len(found) >= lookup.limit:
                break
        total, every = len(found), []
        if lookup.most and total >= lookup.limit:
            every = steps.every()
            if len(every) < lookup.most and steps.completed:
                every = steps.every(wider=True)
        sample = every if len(every) < lookup.most else every[: matching.SAMPLED]
        return Answer(
            list(found)[: lookup.limit],
            steps.completed_so_far,
            total=max(total, len(every)),
            sample=sample or None,
        )

    def with_exact_name(self, match: Match, most: int) -> list[int]:
        """What matches words that are the exact name of a function. Of what matches by
        its README alone, only the popular."""
        table = "registry_search_wide"
        popular = column(
            f"SELECT rowid FROM {table} WHERE {table} MATCH %s AND rowid <= "
            "(SELECT max(place) FROM registry_searchdocument WHERE is_hot) "
            "ORDER BY rowid LIMIT %s",
            [_fts(match), most],
        )
        return sorted({*popular, *self.popular(match, "narrow", most)})[:most]

    def filter(self, tokens: tuple[str, ...], most: int, want_facets: bool) -> Answer:
        """What has all tokens: the total, counted to ``most`` at most, and a sample."""
        found = self.some(Match(tokens=tokens), most)
        sample = found if len(found) < most else found[: matching.SAMPLED]
        return Answer(total=len(found), sample=sample)

    def facets(self, rank_keys: list[int]) -> tuple[list, list]:
        """The kinds and tags of the functions that have these rank keys (facets.py)."""
        columns = ", ".join(matching.FACET_COLUMNS)
        ids = json.dumps([function_id_of(key) for key in rank_keys])
        with replicas.connection().cursor() as cursor:
            kinds = cursor.execute(
                # SQLite would read the rows instead, which takes three times as long.
                f"SELECT {columns}, count(*) FROM registry_searchdocument "
                "INDEXED BY registry_search_facets "
                "WHERE function_id IN (SELECT value FROM json_each(%s)) "
                f"GROUP BY {columns}",
                [ids],
            ).fetchall()
            tags = cursor.execute(
                "SELECT group_concat(tag, ',') FROM registry_functiontag "
                "WHERE function_id IN (SELECT value FROM json_each(%s))",
                [ids],
            ).fetchone()
        return kinds, matching.frequent(tags[0])

    def ranked(self, match: Match, limit: int) -> list[int]:
        """Of the popular tier, by how well the text fits; the demoted come last."""
        return column(
            "SELECT place FROM (SELECT rowid AS place, "
            "bm25(registry_search_hot, 8.0, 5.0, 2.0, 0.0) AS fit "
            "FROM registry_search_hot WHERE registry_search_hot MATCH %s "
            "ORDER BY rowid LIMIT %s) ORDER BY place >= %s, fit, place LIMIT %s",
            [_fts(match), matching.RANKED_AT_MOST, DEMOTED, limit],
        )

    def popular(self, match: Match, text: str, limit: int) -> list[int]:
        """Among all documents, the most popular first. text: narrow, wide or code."""
        table = f"registry_search_{text}"
        return column(
            f"SELECT rowid FROM {table} WHERE {table} MATCH %s ORDER BY rowid LIMIT %s",
            [_fts(match, prefix=text == "code"), limit],
        )

    def some(self, match: Match, limit: int, *, hot_is_enough: bool = False):
        """Any documents that match, README included; the popular first."""
        return self.popular(match, "wide", limit)

    def named(self, lookup: Lookup) -> tuple[list[int], list[int]]:
        """The function of that exact name; and those whose names begin with the words,
        the most popular first."""
        yanked = "" if lookup.with_yanked else " AND names <> ''"
        begins = "slug >= %s AND slug < %s"
        slug, end = lookup.slug, lookup.slug + "~"
        conditions = [
            (f"slug = %s{yanked}", [slug], 1),
            (f"is_hot AND {begins}", [slug, end], 10**6),
            (begins, [slug, end], matching.NAMED_AT_MOST),
        ]
        found: list[list[int]] = [[] for _ in conditions]
        for number, rank_key in _by_name(conditions, lookup.tokens):
            found[number].append(rank_key)
        exact, *begun = found
        first = list(dict.fromkeys(chain.from_iterable(begun)))[: matching.NAMED_FIRST]
        return exact, [key for key in first if key < DEMOTED]


class _Steps:
    """The steps of one lookup, taken one after the other by iterating. What several of
    them need is read once."""

    def __init__(self, engine: Sqlite, lookup: Lookup):
        self.engine = engine
        self.lookup = lookup
        self.is_exact_name = False  # several words are the exact name of a function
        self._every: dict[bool, list[int]] = {}

    def __iter__(self) -> Iterator[list[int]]:
        engine, lookup = self.engine, self.lookup
        exact, begun = engine.named(lookup)
        self.is_exact_name = bool(exact) and len(lookup.words) > 1
        yield exact + begun
        typed = self.match()
        yield engine.ranked(typed, lookup.limit)
        yield engine.popular(typed, "narrow", lookup.limit)
        if self.completed:
            wider = self.match(wider=True)
            yield engine.ranked(wider, lookup.limit)
            yield engine.popular(wider, "narrow", lookup.limit)
        if lookup.with_readme:
            yield self.every()
            if self.completed:
                yield self.every(wider=True)

    @property
    def completed_so_far(self) -> tuple[str, ...]:
        """``completed`` where a step needed it, else nothing."""
        return vars(self).get("completed", ())

    @cached_property
    def completed(self) -> tuple[str, ...]:
        """The most used words that begin with the last one, if it may be unfinished.
        The words of an exact name are all finished."""
        word = self.lookup.words[-1]
        if not self.lookup.is_open or self.is_exact_name:
            return ()
        words = column(
            "SELECT word FROM registry_searchword WHERE word > %s AND word < %s "
            "ORDER BY documents DESC, length(word), word LIMIT %s",
            [word, word + "\U0010ffff", matching.COMPLETIONS],
        )
        return tuple(words)

    def match(self, *, wider: bool = False) -> Match:
        """All words. wider: a completion instead of the last word will do."""
        return self.lookup.match(self.completed if wider else ())

    def every(self, *, wider: bool = False) -> list[int]:
        """All that matches, README included, as far as it is counted; the popular
        first."""
        if wider not in self._every:
            most = max(self.lookup.most, self.lookup.limit)
            match = self.match(wider=wider)
            self._every[wider] = (
                self.engine.with_exact_name(match, most)
                if self.is_exact_name
                else self.engine.popular(match, "wide", most)
            )
        return self._every[wider]


def _by_name(
    conditions: list[tuple[str, list, int]], tokens: Iterable[str]
) -> list[tuple[int, int]]:
    """(number of a condition, rank key) of what meets it, the most popular first.

    conditions: SQL, its values, and how many rows are looked at; all in one statement.
    """
    filters = [f"%{token}%" for token in tokens]
    parts, values = [], []
    for number, (condition, given, looked_at) in enumerate(conditions):
        condition += " AND facets LIKE %s" * len(filters)
        parts.append(
            f"SELECT {number:d}, place FROM (SELECT place FROM (SELECT place "
            f"FROM registry_searchdocument WHERE {condition} LIMIT %s) "
            "ORDER BY place LIMIT %s)"
        )
        values += [*given, *filters, looked_at, matching.NAMED_FIRST]
    with replicas.connection().cursor() as cursor:
        return cursor.execute(" UNION ALL ".join(parts), values).fetchall()


def _fts(match: Match, *, prefix: bool = False) -> str:
    """A match as a query of FTS5."""
    star = " *" if prefix else ""
    words = (" OR " if match.any_group else " AND ").join(
        "(" + " OR ".join(f'"{word}"{star}' for word in group) + ")"
        for group in match.groups
    )
    parts = [f"({words})"] if words else []
    return " AND ".join([*parts, *(f'"{token}"' for token in match.tokens)])
