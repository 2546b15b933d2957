"""Asking PostgreSQL: generated tsvector columns under GIN; see schema.py.

A plan must never depend on statistics of words: each step leaves the planner nothing
but the index over the words. What every search asks is one function of the database
(look.sql), so that it costs one exchange and its plans are made once a connection.
"""

from collections import Counter
from contextlib import contextmanager
from datetime import datetime

from django.db import OperationalError, transaction

from core.db import replicas
from registry import errors
from registry.catalog.listed import FunctionRow
from registry.search import matching
from registry.search.matching import Answer, Match, Question, column

UPDATED_AT = FunctionRow._fields.index("updated_at")
QUERY_CANCELED = "57014"  # PostgreSQL's SQLSTATE
TIMEOUT_MS = 2_000  # of one statement of a search
FIND = (
    "SELECT places, completed, total, {sample}, functions, kinds, tags FROM "
    "registry_find(%s::text[], %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
FILTER = "SELECT total, sample, kinds, tags FROM registry_filter(%s, %s, %s, %s)"


class Postgresql:
    """Every question stops at a number of rows, and each statement at TIMEOUT_MS."""

    last_popular = "SELECT max(place) FROM registry_searchpopular"

    def rows(self, ids: list, kind: str = "bigint") -> tuple[str, list]:
        """A query for ``ids``, with its one value: quicker than a thousand values."""
        return f"SELECT unnest(%s::{kind}[])", ids

    @contextmanager
    def bounded(self):
        """Give each statement TIMEOUT_MS, and no way but through an index.

        Raises Unavailable when one takes longer.
        """
        with _in_time(), transaction.atomic(using=replicas.connection().alias):
            with replicas.connection().cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('statement_timeout', %s, true), "
                    "set_config('enable_seqscan', 'off', true), "
                    "set_config('plan_cache_mode', 'force_custom_plan', true), "
                    "set_config('jit', 'off', true), "
                    # Bitmaps that stay exact: of a lossy one each row is looked at.
                    "set_config('work_mem', '32MB', true), "
                    "set_config('max_parallel_workers_per_gather', '0', true)",
                    [str(TIMEOUT_MS)],
                )
            yield

    def look(self, question: Question) -> Answer:
        """The functions that are meant (docs/search.md, "What comes first").

        Raises Unavailable when it takes longer than TIMEOUT_MS.
        """
        wants_sample = question.with_sample or question.want_facets
        values = [
            list(question.words),
            _ts(Match(tokens=question.tokens)),
            question.is_open,
            question.limit,
            question.most,
            question.with_yanked,
            question.with_readme,
            matching.SAMPLED if wants_sample else 0,
            question.skip,
            question.shown,
            question.want_facets,
        ]
        sql = FIND.format(sample="sample" if question.with_sample else "NULL")
        places, completed, total, sample, rows, *facets = _timed(sql, values)
        return Answer(
            places,
            tuple(completed),
            total=max(total or 0, len(places)),
            rows=[_function(row) for row in rows or ()],
            sample=sample,
            **_facets(*facets),
        )

    def filter(self, tokens: tuple[str, ...], most: int, want_facets: bool) -> Answer:
        """What has all tokens: how many, counted to ``most`` at most, and a sample.

        Raises as ``look``.
        """
        filters = _ts(Match(tokens=tokens))
        total, sample, *facets = _timed(
            FILTER, [filters, most, matching.SAMPLED, want_facets]
        )
        return Answer(total=total, sample=sample, **_facets(*facets))

    def facets(self, places: list[int]) -> tuple[list, list]:
        """The kinds and tags of functions at these places (facets.py)."""
        with replicas.connection().cursor() as cursor:
            cursor.execute(
                "SELECT array_to_json(kinds), tags "
                "FROM registry_look_facets(%s::bigint[])",
                [places],
            )
            made = _facets(*cursor.fetchone())
        return made["kinds"], made["tags"]

    def ranked(self, match: Match, limit: int) -> list[int]:
        """Among the popular, by how well the text fits; of too many, any."""
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
        """Among all, the most popular first. text: narrow, wide or code."""
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
        """Any that match, README included; the popular first.

        hot_is_enough: others only where none of the popular match.
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


def _timed(sql: str, values: list) -> tuple:
    """The only row of a statement that takes TIMEOUT_MS at most."""
    connection = replicas.connection()
    with (
        _in_time(),
        transaction.atomic(using=connection.alias),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, true)", [str(TIMEOUT_MS)]
        )
        cursor.execute(sql, values)
        return cursor.fetchone()


@contextmanager
def _in_time():
    try:
        yield
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != QUERY_CANCELED:
            raise
        raise errors.Unavailable(
            "The search took too long and was stopped. Rarer words or one more "
            "filter make it quicker."
        ) from error


def _facets(lines: list[str] | None, tags: str | None) -> dict[str, list]:
    """An Answer's kinds and tags, of what look.sql says of each function: to count that
    in the database takes three times as long."""
    kinds = []
    for line, many in Counter(lines or ()).items():
        *named, no_dependencies, no_network, has_tables, license_ = line.split(",", 6)
        flags = [flag == "t" for flag in (no_dependencies, no_network, has_tables)]
        kinds.append((*named, license_, *flags, many))
    return {"kinds": kinds, "tags": matching.frequent(tags)}


def _function(row: list) -> FunctionRow:
    """A row of JSON; its times are texts."""
    row[UPDATED_AT] = datetime.fromisoformat(row[UPDATED_AT])
    return FunctionRow._make(row)


def _ts(match: Match, *, prefix: bool = False) -> str:
    """The match as a tsquery writes it."""
    star = ":*" if prefix else ""
    words = (" | " if match.any_group else " & ").join(
        "(" + " | ".join(f"'{word}'{star}" for word in group) + ")"
        for group in match.groups
    )
    parts = [f"({words})"] if words else []
    return " & ".join([*parts, *(f"'{token}'" for token in match.tokens)])
