"""Asking SQLite's FTS5 tables; see schema.py for them."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from accounts import replicas
from registry.search import matching
from registry.search.matching import Answer, Match, Question, column
from registry.search.places import SUNK, function_at


class Sqlite:
    """Every question streams and stops at its limit."""

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
        completed: list[tuple[str, ...]] = []  # found out when first needed

        def completions() -> tuple[str, ...]:
            if not completed:
                completed.append(self._completions(question))
            return completed[0]

        found: dict[int, None] = {}
        for places in self._steps(question, completions):
            found |= dict.fromkeys(places)
            if len(found) >= question.limit:
                break
        total = len(found)
        if question.most and total >= question.limit:
            total = max(total, self._count(question, completions))
        known = completed[0] if completed else ()
        return Answer(list(found)[: question.limit], known, total)

    def _steps(self, question: Question, completions) -> Iterator[list[int]]:
        exact, limit = question.match(), question.limit
        yield self._named(question)
        yield self.ranked(exact, limit)
        yield self.popular(exact, "narrow", limit)
        wider = question.match(completions())
        if wider != exact:
            yield self.ranked(wider, limit)
            yield self.popular(wider, "narrow", limit)
        if question.with_readme:
            yield self.popular(exact, "wide", limit)
            if wider != exact:
                yield self.popular(wider, "wide", limit)

    def _count(self, question: Question, completions) -> int:
        exact = question.match()
        found = len(self.popular(exact, "wide", question.most))
        if found < question.most and completions():
            wider = question.match(completions())
            found = len(self.popular(wider, "wide", question.most))
        return found

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
                f"SELECT {columns}, count(*) FROM registry_searchdocument "
                "WHERE function_id IN (SELECT value FROM json_each(%s)) "
                f"GROUP BY {columns}",
                [ids],
            ).fetchall()
            tags = cursor.execute(
                "SELECT tag, count(*) FROM registry_functiontag "
                "WHERE function_id IN (SELECT value FROM json_each(%s)) "
                "GROUP BY tag ORDER BY count(*) DESC, tag LIMIT %s",
                [ids, matching.TAGS_SHOWN],
            ).fetchall()
        return kinds, tags

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

    def _named(self, question: Question) -> list[int]:
        """The very name, then those that begin so, the most popular first."""
        slug, tokens = question.slug, question.tokens
        yanked = "" if question.with_yanked else " AND names <> ''"
        exact = f"slug = %s{yanked}"
        begins = "slug >= %s AND slug < %s"
        found = _places(exact, [slug], tokens, 1)
        begun: dict[int, None] = {}
        for hot, looked_at in (("is_hot AND ", 10**6), ("", matching.NAMED_AT_MOST)):
            begun |= dict.fromkeys(
                _places(hot + begins, [slug, slug + "~"], tokens, looked_at)
            )
            if len(begun) >= matching.NAMED_FIRST:
                break
        first = list(begun)[: matching.NAMED_FIRST]
        return [*found, *(place for place in first if place < SUNK)]

    def _completions(self, question: Question) -> tuple[str, ...]:
        """The most used words that begin as the last one, while it may go on."""
        if not question.is_open:
            return ()
        word = question.words[-1]
        words = column(
            "SELECT word FROM registry_searchword WHERE word > %s AND word < %s "
            "ORDER BY documents DESC, length(word), word LIMIT %s",
            [word, word + "\U0010ffff", matching.COMPLETIONS],
        )
        return tuple(words)


def _places(condition: str, values: list, tokens: Iterable[str], looked_at: int):
    for token in tokens:
        condition += " AND facets LIKE %s"
        values = [*values, f"%{token}%"]
    return column(
        "SELECT place FROM (SELECT place FROM registry_searchdocument "
        f"WHERE {condition} LIMIT %s) ORDER BY place LIMIT %s",
        [*values, looked_at, matching.NAMED_FIRST],
    )


def _fts(match: Match, *, prefix: bool = False) -> str:
    """The match as FTS5 writes it."""
    star = " *" if prefix else ""
    words = (" OR " if match.any_group else " AND ").join(
        "(" + " OR ".join(f'"{word}"{star}' for word in group) + ")"
        for group in match.groups
    )
    parts = [f"({words})"] if words else []
    return " AND ".join([*parts, *(f'"{token}"' for token in match.tokens)])
