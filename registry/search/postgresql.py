"""The engine on PostgreSQL: tsvector columns under GIN, which schema.py makes.

A plan must never depend on the statistics of words: each step leaves the planner only
the index over the words. All steps of a search are one function of the database
(look.sql), so that they take one exchange and are planned once a connection.
"""

from collections import Counter
from contextlib import contextmanager

from django.db import OperationalError, transaction

from core.db import replicas
from registry import errors
from registry.search import matching
from registry.search.matching import Answer, Lookup, Match, column

QUERY_CANCELED = "57014"  # PostgreSQL's SQLSTATE
TIMEOUT_MS = 2_000  # of one statement of a search
FIND = (
    "SELECT places, completed, total, {sample}, kinds, tags FROM registry_find("
    "%s::text[], %s::text, %s, %s, %s, %s, %s, %s, %s)"
)
FILTER = "SELECT total, sample, kinds, tags FROM registry_filter(%s::text, %s, %s, %s)"


class Postgresql:
    """Each query stops at a number of rows, and each statement after TIMEOUT_MS."""

    last_popular = "SELECT max(place) FROM registry_searchpopular"

    def rows(self, ids: list, kind: str = "bigint") -> tuple[str, list]:
        """SQL of a query that returns ``ids``, and its one parameter."""
        return f"SELECT unnest(%s::{kind}[])", ids

    @contextmanager
    def bounded(self):
        """Give each statement TIMEOUT_MS, and have it use an index.

        Raises Unavailable when one takes longer.
        """
        with _in_time() as cursor:
            cursor.execute(
                "SELECT set_config('enable_seqscan', 'off', true), "
                "set_config('plan_cache_mode', 'force_custom_plan', true), "
                "set_config('jit', 'off', true), "
                # Bitmaps that stay exact: of a lossy one each row is looked at.
                "set_config('work_mem', '32MB', true), "
                "set_config('max_parallel_workers_per_gather', '0', true)"
            )
            yield

    def find(self, lookup: Lookup) -> Answer:
        """What a lookup finds (docs/search.md, "What comes first").

        Raises Unavailable when it takes longer than TIMEOUT_MS.
        """
        wants_sample = lookup.with_sample or lookup.want_facets
        values = [
            list(lookup.words),
            _ts(Match(tokens=lookup.tokens)),
            lookup.is_open,
            lookup.limit,
            lookup.most,
            lookup.with_yanked,
            lookup.with_readme,
            matching.SAMPLED if wants_sample else 0,
            lookup.want_facets,
        ]
        sql = FIND.format(sample="sample" if lookup.with_sample else "NULL")
        rank_keys, completed, total, sample, *facets = _row(sql, values)
        return Answer(
            rank_keys,
            tuple(completed),
            total=max(total or 0, len(rank_keys)),
            sample=sample,
            **_facets(*facets),
        )

    def filter(self, tokens: tuple[str, ...], most: int, want_facets: bool) -> Answer:
        """What has all tokens: the total, counted to ``most`` at most, and a sample.

        Raises as ``find``.
        """
        filters = _ts(Match(tokens=tokens))
        total, sample, *facets = _row(
            FILTER, [filters, most, matching.SAMPLED, want_facets]
        )
        return Answer(total=total, sample=sample, **_facets(*facets))

    def facets(self, rank_keys: list[int]) -> tuple[list, list]:
        """The kinds and tags of the functions that have these rank keys (facets.py)."""
        with replicas.connection().cursor() as cursor:
            cursor.execute(
                "SELECT array_to_json(kinds), tags "
                "FROM registry_look_facets(%s::bigint[])",
                [rank_keys],
            )
            made = _facets(*cursor.fetchone())
        return made["kinds"], made["tags"]

    def ranked(self, match: Match, limit: int) -> list[int]:
        """Of the popular tier, by how well the text fits; of too many, any."""
        return column(
            "WITH found AS MATERIALIZED (SELECT place, "
            "ts_rank('{0.02, 0.2, 0.5, 1.0}', narrow, "
            "to_tsquery('registry_words', %s), 1) AS fit "
            "FROM registry_searchpopular "
            "WHERE narrow @@ to_tsquery('registry_words', %s) LIMIT %s) "
            "SELECT place FROM found ORDER BY fit DESC, place LIMIT %s",
            [
                _ts(Match(match.groups, any_group=match.any_group)),
                _ts(match),
                matching.LOOKED_AT,
                limit,
            ],
        )

    def popular(self, match: Match, text: str, limit: int) -> list[int]:
        """Among all documents, the most popular first. text: narrow, wide or code."""
        name, words = text, "registry_words"
        if text == "code":
            name, words = "code_words", "simple"
        return column(
            "WITH found AS MATERIALIZED (SELECT place FROM registry_searchdocument "
            f"WHERE {name} @@ to_tsquery('{words}', %s) LIMIT %s) "
            "SELECT place FROM found ORDER BY place LIMIT %s",
            [_ts(match, prefix=text == "code"), matching.LOOKED_AT, limit],
        )

    def some(self, match: Match, limit: int, *, hot_is_enough: bool = False):
        """Any documents that match, README included; the popular first.

        hot_is_enough: others are searched only where no popular one matches.
        """
        found: dict[int, None] = {}
        for hot in ("is_hot AND ", ""):
            found |= dict.fromkeys(
                column(
                    f"SELECT place FROM registry_searchdocument WHERE {hot}"
                    "wide @@ to_tsquery('registry_words', %s) LIMIT %s",
                    [_ts(match), limit],
                )
            )
            if len(found) >= limit or (found and hot_is_enough):
                break
        return list(found)[:limit]


def _row(sql: str, values: list) -> tuple:
    """The only row of a statement, which has TIMEOUT_MS."""
    with _in_time() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()


@contextmanager
def _in_time():
    """A cursor of a transaction in which each statement has TIMEOUT_MS."""
    connection = replicas.connection()
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {TIMEOUT_MS:d}")
            yield cursor
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != QUERY_CANCELED:
            raise
        raise errors.Unavailable(
            "The search took too long and was stopped. Rarer words or one more "
            "filter make it quicker."
        ) from error


def _facets(lines: list[str] | None, tags: str | None) -> dict[str, list]:
    """An Answer's kinds and tags, counted from what page.sql returns of each function:
    counting them in the database takes three times as long."""
    kinds = []
    for line, many in Counter(lines or ()).items():
        *named, no_dependencies, no_network, has_tables, license_ = line.split(",", 6)
        flags = [flag == "t" for flag in (no_dependencies, no_network, has_tables)]
        kinds.append((*named, license_, *flags, many))
    return {"kinds": kinds, "tags": matching.frequent(tags)}


def _ts(match: Match, *, prefix: bool = False) -> str:
    """A match as a tsquery."""
    star = ":*" if prefix else ""
    words = (" | " if match.any_group else " & ").join(
        "(" + " | ".join(f"'{word}'{star}" for word in group) + ")"
        for group in match.groups
    )
    parts = [f"({words})"] if words else []
    return " & ".join([*parts, *(f"'{token}'" for token in match.tokens)])
