"""Asking the full-text indexes: one class per database, the same five questions.

An answer is a list of places (places.py), which are both the order and the functions.
Every question is bounded, whatever is asked and however many functions there are.
"""

import json
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain

from django.db import OperationalError, connection, transaction

from accounts import replicas
from registry import errors
from registry.search.places import SUNK

QUERY_CANCELED = "57014"  # PostgreSQL's SQLSTATE
SET_FUZZY = "SELECT set_config('gin_fuzzy_search_limit', %s, true)"
TIMEOUT_MS = 2_000  # of one statement of a search
LOOKED_AT = 3_000  # matches outside the popular tier that are put in order
NAMED_AT_MOST = 200  # names that begin alike, outside the popular tier


@dataclass(frozen=True)
class Match:
    """What must stand in a document: of every group one word, and every token.

    groups: words that mean the same, such as a word and its completions. With
    ``any_group`` one group is enough. tokens: filters (text.token).
    """

    groups: tuple[tuple[str, ...], ...] = ()
    tokens: tuple[str, ...] = ()
    any_group: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.groups and not self.tokens


class Sqlite:
    """FTS5; see schema.py for the tables."""

    def rows(self, ids: list, kind: str = "bigint") -> tuple[str, str]:
        """A query for ``ids``, with its one value: quicker than a thousand values."""
        return "SELECT value FROM json_each(%s)", json.dumps(ids)

    def insert(self, into: str, rows: list[tuple], conflict: str) -> None:
        """``into`` VALUES ``rows`` ``conflict``, one after another: nothing is gained
        by sending them together."""
        marks = ", ".join(["%s"] * len(rows[0]))
        with connection.cursor() as cursor:
            cursor.executemany(f"{into} VALUES ({marks}){conflict}", rows)

    @contextmanager
    def bounded(self):
        """Nothing to set: every question streams and stops at its limit."""
        yield

    def ranked(self, match: Match, limit: int) -> list[int]:
        """Among the popular, by how well the text fits; what is sunk comes last."""
        return _places(
            "SELECT rowid FROM registry_search_hot WHERE registry_search_hot MATCH %s "
            "ORDER BY rowid >= %s, bm25(registry_search_hot, 8.0, 5.0, 2.0, 0.0), "
            "rowid LIMIT %s",
            [self._fts(match), SUNK, limit],
        )

    def popular(self, match: Match, text: str, limit: int) -> list[int]:
        """Among all, the most popular first. text: narrow, wide or code."""
        table = f"registry_search_{text}"
        return _places(
            f"SELECT rowid FROM {table} WHERE {table} MATCH %s ORDER BY rowid LIMIT %s",
            [self._fts(match, prefix=text == "code"), limit],
        )

    def some(self, match: Match, limit: int, *, hot_is_enough: bool = False):
        """Any that match, README included; the popular first."""
        return self.popular(match, "wide", limit)

    def count(self, match: Match, wider: Match, most: int) -> int:
        """How many match, or else match ``wider``; not counted past ``most``."""
        found = len(self.popular(match, "wide", most))
        return found if found >= most else len(self.popular(wider, "wide", most))

    def named(self, prefix: str, tokens: Iterable[str], limit: int) -> list[int]:
        """Those whose name begins with ``prefix``, the most popular first."""
        return _named("slug >= %s AND slug < %s", [prefix, prefix + "~"], tokens, limit)

    def completions(self, prefix: str, limit: int) -> list[str]:
        """The most used words that begin with ``prefix``."""
        return _words(
            "word >= %s AND word < %s", [prefix, prefix + "\U0010ffff"], prefix, limit
        )

    def _fts(self, match: Match, *, prefix: bool = False) -> str:
        star = " *" if prefix else ""
        words = (" OR " if match.any_group else " AND ").join(
            "(" + " OR ".join(f'"{word}"{star}' for word in group) + ")"
            for group in match.groups
        )
        parts = [f"({words})"] if words else []
        return " AND ".join([*parts, *(f'"{token}"' for token in match.tokens)])


class Postgresql:
    """Generated tsvector columns under GIN; see schema.py.

    A plan must never depend on statistics of words: the materialised step leaves the
    planner nothing but the index over the words.
    """

    def rows(self, ids: list, kind: str = "bigint") -> tuple[str, list]:
        """A query for ``ids``, with its one value: quicker than a thousand values."""
        return f"SELECT unnest(%s::{kind}[])", ids

    def insert(self, into: str, rows: list[tuple], conflict: str) -> None:
        """``into`` VALUES ``rows`` ``conflict``, a thousand in one statement."""
        marks = f"({', '.join(['%s'] * len(rows[0]))})"
        with connection.cursor() as cursor:
            for start in range(0, len(rows), 1_000):
                some = rows[start : start + 1_000]
                values = ", ".join([marks] * len(some))
                cursor.execute(
                    f"{into} VALUES {values}{conflict}", list(chain.from_iterable(some))
                )

    @contextmanager
    def bounded(self):
        """Give each statement TIMEOUT_MS, and no way but through an index.

        Raises Unavailable when one takes longer.
        """
        try:
            with transaction.atomic(using=replicas.connection().alias):
                self._settings()
                yield
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") != QUERY_CANCELED:
                raise
            raise errors.Unavailable(
                "The search took too long and was stopped. Rarer words or one more "
                "filter make it quicker."
            ) from error

    def _settings(self) -> None:
        with replicas.connection().cursor() as cursor:
            cursor.execute(
                "SELECT set_config('statement_timeout', %s, true), "
                "set_config('enable_seqscan', 'off', true), "
                "set_config('plan_cache_mode', 'force_custom_plan', true), "
                "set_config('jit', 'off', true), "
                # Bitmaps that stay exact: a lossy one has every row looked at again.
                "set_config('work_mem', '32MB', true), "
                "set_config('max_parallel_workers_per_gather', '0', true)",
                [str(TIMEOUT_MS)],
            )

    def ranked(self, match: Match, limit: int) -> list[int]:
        """Among the popular, by how well the text fits; what is sunk comes last."""
        words = Match(match.groups, any_group=match.any_group)
        return _places(
            "WITH found AS MATERIALIZED (SELECT place, "
            "ts_rank('{0.02, 0.2, 0.5, 1.0}', narrow, "
            "to_tsquery('registry_words', %s), 1) AS fit "
            "FROM registry_searchdocument "
            "WHERE is_hot AND narrow @@ to_tsquery('registry_words', %s)) "
            "SELECT place FROM found ORDER BY place >= %s, fit DESC, place LIMIT %s",
            [self._ts(words), self._ts(match), SUNK, limit],
        )

    def popular(self, match: Match, text: str, limit: int) -> list[int]:
        """Among all, the most popular first. text: narrow, wide or code."""
        column, words = text, "registry_words"
        if text == "code":
            column, words = "code_words", "simple"
        return _places(
            "WITH found AS MATERIALIZED (SELECT place FROM registry_searchdocument "
            f"WHERE {column} @@ to_tsquery('{words}', %s) LIMIT %s) "
            "SELECT place FROM found ORDER BY place LIMIT %s",
            [self._ts(match, prefix=text == "code"), LOOKED_AT, limit],
        )

    def some(self, match: Match, limit: int, *, hot_is_enough: bool = False):
        """Any that match, README included; the popular first.

        hot_is_enough: others only where none of the popular match.
        """
        found: dict[int, None] = {}
        for hot in ("is_hot AND ", ""):
            found |= dict.fromkeys(
                _places(
                    f"SELECT place FROM registry_searchdocument WHERE {hot}"
                    "wide @@ to_tsquery('registry_words', %s) LIMIT %s",
                    [self._ts(match), limit],
                )
            )
            if len(found) >= limit or (found and hot_is_enough):
                break
        return list(found)[:limit]

    def count(self, match: Match, wider: Match, most: int) -> int:
        """How many match, or else match ``wider``; not counted further than ``most``.

        First among the popular, then with GIN leaving rows of long lists out, at
        random: neither adds a row, so enough of them are enough.
        """
        found = self._counted("is_hot AND ", match, most)
        if found < most:
            _column(SET_FUZZY, [str(3 * most)])
            found = self._counted("", match, most)
            _column(SET_FUZZY, ["0"])
        is_one_list = len(match.groups) + len(match.tokens) == 1  # then none left out
        if found < most and not (is_one_list and wider == match):
            found = self._counted("", wider, most)
        return found

    def _counted(self, hot: str, match: Match, most: int) -> int:
        (found,) = _column(
            f"SELECT count(*) FROM (SELECT FROM registry_searchdocument WHERE {hot}"
            "wide @@ to_tsquery('registry_words', %s) LIMIT %s) AS found",
            [self._ts(match), most],
        )
        return found

    def named(self, prefix: str, tokens: Iterable[str], limit: int) -> list[int]:
        """Those whose name begins with ``prefix``, the most popular first."""
        return _named("slug LIKE %s", [prefix + "%"], tokens, limit)

    def completions(self, prefix: str, limit: int) -> list[str]:
        """The most used words that begin with ``prefix``."""
        return _words("word LIKE %s", [prefix + "%"], prefix, limit)

    def _ts(self, match: Match, *, prefix: bool = False) -> str:
        star = ":*" if prefix else ""
        words = (" | " if match.any_group else " & ").join(
            "(" + " | ".join(f"'{word}'{star}" for word in group) + ")"
            for group in match.groups
        )
        parts = [f"({words})"] if words else []
        return " & ".join([*parts, *(f"'{token}'" for token in match.tokens)])


def engine() -> Sqlite | Postgresql:
    """The one that fits the database in use."""
    return {"sqlite": Sqlite, "postgresql": Postgresql}[connection.vendor]()


def _named(condition: str, values: list, tokens: Iterable[str], limit: int):
    """The popular first; others only to fill up, and of those a bounded number."""
    for token in tokens:
        condition += " AND facets LIKE %s"
        values = [*values, f"%{token}%"]
    found: dict[int, None] = {}
    for hot in ("is_hot AND ", ""):
        found |= dict.fromkeys(
            _places(
                "SELECT place FROM (SELECT place FROM registry_searchdocument "
                f"WHERE {hot}{condition} LIMIT %s) AS named ORDER BY place LIMIT %s",
                [*values, NAMED_AT_MOST if not hot else 10**6, limit],
            )
        )
        if len(found) >= limit:
            break
    return list(found)[:limit]


def _words(condition: str, values: list, but: str, limit: int) -> list[str]:
    return _column(
        f"SELECT word FROM registry_searchword WHERE {condition} AND word <> %s "
        "ORDER BY documents DESC, length(word), word LIMIT %s",
        [*values, but, limit],
    )


def _places(sql: str, values: list) -> list[int]:
    return _column(sql, values)


def _column(sql: str, values: list) -> list:
    with replicas.connection().cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]
