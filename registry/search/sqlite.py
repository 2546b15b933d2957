"""Asking SQLite's FTS5 tables; see schema.py for them."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import chain

from core.db import replicas
from registry.search import matching
from registry.search.matching import Answer, Match, Question, column
from registry.search.places import SUNK, function_at


class Sqlite:
    """Every question streams and stops at its limit."""

    last_popular = "SELECT max(place) FROM registry_searchdocument WHERE is_hot"

    def rows(self, ids: list, kind: str = "bigint") -> tuple[str, str]:
        """A query for ``ids``, with its one value: quicker than a thousand values."""
        return "SELECT value FROM json_each(%s)", json.dumps(ids)

    @contextmanager
    def bounded(self):
        """Nothing to set."""
        yield

    def look(self, question: Question) -> Answer:
        """The functions that are meant (docs/search.md, "What comes first"); the same
        steps as look.sql, each asked only while the page isn't full."""
        every: list[int] = []  # of the widest match, README included
        asked = _Asked(self, question)
        found: dict[int, None] = {}
        for places in self._steps(asked):
            found |= dict.fromkeys(places)
            if len(found) >= question.limit:
                break
        total = len(found)
        if question.most and total >= question.limit:
            every = asked.every()
            if len(every) < question.most and asked.completed:
                every = asked.every(wider=True)
        sample = every if len(every) < question.most else every[: matching.SAMPLED]
        return Answer(
            list(found)[: question.limit],
            asked.known,
            total=max(total, len(every)),
            sample=sample or None,
        )

    def _steps(self, asked: "_Asked") -> Iterator[list[int]]:
        question, exact = asked.question, asked.match()
        very, begun = self._named(question)
        asked.is_meant = bool(very) and len(question.words) > 1
        yield very + begun
        yield self.ranked(exact, question.limit)
        yield self.popular(exact, "narrow", question.limit)
        if asked.completed:
            wider = asked.match(wider=True)
            yield self.ranked(wider, question.limit)
            yield self.popular(wider, "narrow", question.limit)
        if question.with_readme:
            yield asked.every()
            if asked.completed:
                yield asked.every(wider=True)

    def meant(self, match: Match, most: int) -> list[int]:
        """What matches, but of the popular alone where only the README does."""
        table = "registry_search_wide"
        popular = column(
            f"SELECT rowid FROM {table} WHERE {table} MATCH %s AND rowid <= "
            "(SELECT max(place) FROM registry_searchdocument WHERE is_hot) "
            "ORDER BY rowid LIMIT %s",
            [_fts(match), most],
        )
        return sorted({*popular, *self.popular(match, "narrow", most)})[:most]

    def filter(self, tokens: tuple[str, ...], most: int, want_facets: bool) -> Answer:
        """What has all tokens: how many, counted to ``most`` at most, and a sample."""
        places = self.some(Match(tokens=tokens), most)
        sample = places if len(places) < most else places[: matching.SAMPLED]
        return Answer(total=len(places), sample=sample)

    def facets(self, places: list[int]) -> tuple[list, list]:
        """The kinds and tags of functions at these places (facets.py)."""
        columns = ", ".join(matching.FACET_COLUMNS)
        ids = json.dumps([function_at(place) for place in places])
        with replicas.connection().cursor() as cursor:
            kinds = cursor.execute(
                # By itself it would look into the rows, three times as long.
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
        """Among the popular, by how well the text fits; what is sunk comes last."""
        return column(
            "SELECT place FROM (SELECT rowid AS place, "
            "bm25(registry_search_hot, 8.0, 5.0, 2.0, 0.0) AS fit "
            "FROM registry_search_hot WHERE registry_search_hot MATCH %s "
            "ORDER BY rowid LIMIT %s) ORDER BY place >= %s, fit, place LIMIT %s",
            [_fts(match), matching.RANKED_AT_MOST, SUNK, limit],
        )

    def popular(self, match: Match, text: str, limit: int) -> list[int]:
        """Among all, the most popular first. text: narrow, wide or code."""
        table = f"registry_search_{text}"
        return column(
            f"SELECT rowid FROM {table} WHERE {table} MATCH %s ORDER BY rowid LIMIT %s",
            [_fts(match, prefix=text == "code"), limit],
        )

    def some(self, match: Match, limit: int, *, hot_is_enough: bool = False):
        """Any that match, README included; the popular first."""
        return self.popular(match, "wide", limit)

    def _named(self, question: Question) -> tuple[list[int], list[int]]:
        """Of the very name; and of those that begin so, the most popular first."""
        yanked = "" if question.with_yanked else " AND names <> ''"
        begins = "slug >= %s AND slug < %s"
        slug, end = question.slug, question.slug + "~"
        asked = [
            (f"slug = %s{yanked}", [slug], 1),
            (f"is_hot AND {begins}", [slug, end], 10**6),
            (begins, [slug, end], matching.NAMED_AT_MOST),
        ]
        found: list[list[int]] = [[] for _ in asked]
        for number, place in _places(asked, question.tokens):
            found[number].append(place)
        very, *begun = found
        first = list(dict.fromkeys(chain.from_iterable(begun)))[: matching.NAMED_FIRST]
        return very, [place for place in first if place < SUNK]


class _Asked:
    """A question while it is answered; what several steps need is asked once."""

    def __init__(self, engine: Sqlite, question: Question):
        self.engine = engine
        self.question = question
        self.is_meant = False  # several words are the very name of a function
        self._every: dict[bool, list[int]] = {}

    @property
    def known(self) -> tuple[str, ...]:
        """``completed``, as far as a step needed it."""
        return vars(self).get("completed", ())

    @cached_property
    def completed(self) -> tuple[str, ...]:
        """The most used words that begin as the last one, while it may go on; of
        several words that are a name each is complete."""
        word = self.question.words[-1]
        if not self.question.is_open or self.is_meant:
            return ()
        words = column(
            "SELECT word FROM registry_searchword WHERE word > %s AND word < %s "
            "ORDER BY documents DESC, length(word), word LIMIT %s",
            [word, word + "\U0010ffff", matching.COMPLETIONS],
        )
        return tuple(words)

    def match(self, *, wider: bool = False) -> Match:
        """The words; where ``wider``, the last one also as it may go on."""
        return self.question.match(self.completed if wider else ())

    def every(self, *, wider: bool = False) -> list[int]:
        """All places, README included, as far as they are counted; popular first."""
        if wider not in self._every:
            most = max(self.question.most, self.question.limit)
            match = self.match(wider=wider)
            engine = self.engine
            self._every[wider] = (
                engine.meant(match, most)
                if self.is_meant
                else engine.popular(match, "wide", most)
            )
        return self._every[wider]


def _places(asked: list[tuple[str, list, int]], tokens: Iterable[str]) -> list[tuple]:
    """(number of the condition, place), the most popular first. asked: conditions,
    their values and how many rows are looked at; all are asked in one statement."""
    filters = [f"%{token}%" for token in tokens]
    parts, values = [], []
    for number, (condition, given, looked_at) in enumerate(asked):
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
    """The match as FTS5 writes it."""
    star = " *" if prefix else ""
    words = (" OR " if match.any_group else " AND ").join(
        "(" + " OR ".join(f'"{word}"{star}' for word in group) + ")"
        for group in match.groups
    )
    parts = [f"({words})"] if words else []
    return " AND ".join([*parts, *(f'"{token}"' for token in match.tokens)])
