"""Functions as lists show them: one narrow row each, read past the ORM.

Making the query of a list, and objects of its rows, takes the ORM ten times as long as
the database takes to answer it. What is read here is what pages and the API show of a
function among others, and nothing more; ``Where`` says which functions.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import connections, router

from registry import fingerprints
from registry.models import Function

Where = tuple[str, Sequence]  # a condition on the tables below, and its values

LISTED: Where = ("f.is_listed", ())
# Its pages answer, also when every version is yanked.
PUBLISHED: Where = (
    "f.published_at IS NOT NULL AND NOT EXISTS "
    "(SELECT 1 FROM registry_functionquarantine q WHERE q.function_id = f.id)",
    (),
)
_COLUMNS = """f.id, CAST(f.uid AS text), f.slug, f.name, f.description, f.license,
    f.latest_number, CAST(f.tags AS text), f.updated_at, f.install_count,
    f.star_count, f.is_listed, f.readme_id, u.username, COALESCE(c.slug, ''),
    COALESCE(c.label, ''), d.function_id IS NOT NULL"""
# Without what pages show of no function in a list; a quarter less to read and compare.
_SHOWN = """f.id, f.slug, f.description, f.license, f.latest_number, f.updated_at,
    f.install_count, f.star_count, f.is_listed, u.username, COALESCE(c.slug, ''),
    COALESCE(c.label, ''), d.function_id IS NOT NULL"""
# Every function has an owner; joined to the left, SQLite can't begin with those.
_ROWS = """
SELECT {columns}
FROM registry_function f
LEFT JOIN accounts_account u ON u.id = f.owner_id
LEFT JOIN registry_category c ON c.id = f.category_id
LEFT JOIN registry_deprecation d ON d.function_id = f.id
WHERE """
_CATEGORIES = """
SELECT slug, label, description, function_count, retired_at IS NULL
FROM registry_category ORDER BY position, slug"""


# One value for the rows of a list, and one for the categories; of PostgreSQL.
_SAID = """
SELECT (SELECT md5(string_agg(record_send(page), '')) FROM {rows} AS page),
    (SELECT md5(string_agg(record_send(others), '')) FROM {categories} AS others)"""
# And both lists, by the same exchange: the categories stand in the first row.
_OVERVIEW = f"""
WITH listed AS MATERIALIZED ({{rows}}), known AS MATERIALIZED ({_CATEGORIES})
{_SAID.format(rows="listed", categories="known")},
    CASE WHEN row_number() OVER () = 1
        THEN (SELECT CAST(json_agg(known) AS text) FROM known) END,
    listed.* FROM listed"""


class FunctionRow(NamedTuple):
    """A function among others. uid, tags and updated_at are as the database gives
    them; ``id``, ``tag_list`` and ``updated`` are of one type on both."""

    pk: int
    uid: str
    slug: str
    name: str
    description: str
    license: str
    latest_number: str
    tags: str
    updated_at: datetime
    install_count: int
    star_count: int
    is_listed: bool
    readme_id: str | None
    username: str
    category: str  # its slug, or ""
    category_label: str
    is_deprecated: bool

    @property
    def id(self) -> str:
        """The id that clients know it by."""
        digits = self.uid
        if len(digits) != 32:  # without hyphens only as Django stores it in SQLite
            return digits
        parts = digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]
        return "-".join(parts)

    @property
    def tag_list(self) -> list[str]:
        return json.loads(self.tags)

    @property
    def updated(self) -> datetime:
        """When it was last published or its listing edited, in UTC."""
        return self.updated_at.replace(tzinfo=UTC)

    @property
    def path(self) -> str:
        """``username/slug``, as clients and pages write it."""
        return f"{self.username}/{self.slug}"

    @property
    def url(self) -> str:
        return f"/functions/{self.username}/{self.slug}"


class CategoryRow(NamedTuple):
    """A category among others. function_count: of listed functions."""

    slug: str
    label: str
    description: str
    function_count: int
    is_active: bool


class Overview(NamedTuple):
    """Functions, and all categories. ``said``: one value for both, as
    ``overview_said``. The rows have no uid, name, tags or readme_id: no page of a list
    shows them."""

    rows: list[FunctionRow]
    categories: list[CategoryRow]
    said: tuple | None


def overview(where: Iterable[Where], *, order: str, limit: int) -> Overview:
    """``rows`` and ``categories``, read at once."""
    sql, values = _selected(where, order, limit, _SHOWN)
    if _connection().vendor == "sqlite":
        return Overview(list(map(_shown, fetched(sql, values))), categories(), None)
    found = fetched(_OVERVIEW.format(rows=sql), values)
    if not found:
        return Overview([], categories(), None)
    others = [CategoryRow(*each.values()) for each in json.loads(found[0][2] or "[]")]
    said = tuple(each.encode() for each in found[0][:2]) if found[0][1] else None
    return Overview([_shown(row[3:]) for row in found], others, said)


def _shown(row: tuple) -> FunctionRow:
    """A row of the columns _SHOWN."""
    return FunctionRow(
        row[0], "", row[1], "", *row[2:5], "[]", *row[5:9], None, *row[9:]
    )


def overview_said(where: Iterable[Where], *, order: str, limit: int) -> tuple | None:
    """What ``overview`` would say now: equal values, equal rows. None where nothing
    shorter than the rows says it."""
    if _connection().vendor == "sqlite":
        return None
    sql, values = _selected(where, order, limit, _SHOWN)
    said = _SAID.format(rows=f"({sql})", categories=f"({_CATEGORIES})")
    return fingerprints.row(said, *map(str, values))


def rows(where: Iterable[Where], *, order: str = "", limit: int = 0) -> list:
    """The FunctionRows that meet every condition.

    order: columns of ``f``, as SQL has them. limit: rows at most; 0 is all.
    """
    sql, values = _selected(where, order, limit)
    return [FunctionRow._make(row) for row in fetched(sql, values)]


def _selected(
    where: Iterable[Where], order: str, limit: int, columns: str = _COLUMNS
) -> tuple[str, list]:
    """The statement for ``rows``, and its values."""
    conditions, values = [], []
    for condition, given in where:
        conditions.append(f"({condition})")
        values += given
    sql = _ROWS.format(columns=columns) + " AND ".join(conditions)
    if order:
        sql += f" ORDER BY {order}"
    if limit:
        sql += f" LIMIT {limit:d}"  # no value: a prepared plan has to know it
    return sql, values


def in_order(ids: Sequence[int], *among: Where) -> list[FunctionRow]:
    """The functions of these ids that meet the conditions, in the order of the ids."""
    if not ids:
        return []
    found = {row.pk: row for row in rows([with_ids(ids), *among])}
    return [found[pk] for pk in ids if pk in found]


def with_ids(ids: Sequence[int]) -> Where:
    """One value, however many ids: quicker than a thousand values."""
    if _connection().vendor == "sqlite":
        return "f.id IN (SELECT value FROM json_each(%s))", [json.dumps(list(ids))]
    return "f.id = ANY(%s::bigint[])", [list(ids)]


def categories() -> list[CategoryRow]:
    """All of them in the order that staff gave them, retired ones too."""
    return [CategoryRow._make(row) for row in fetched(_CATEGORIES)]


def count() -> int:
    """How many functions are listed, by the counters that are kept of it."""
    return fetched("SELECT sum(function_count) FROM registry_category")[0][0] or 0


def stored(moment: datetime) -> Any:
    """A time as a value of a condition."""
    return _connection().ops.adapt_datetimefield_value(moment)


def fetched(sql: str, values: Sequence = ()) -> list[tuple]:
    """The rows of a query, from where public pages read.

    PostgreSQL keeps the statement prepared: planning one that joins four tables takes
    longer than answering it. (Django's own cursors bind values in the client, and so
    can't be prepared.)
    """
    connection = _connection()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            return cursor.fetchall()
    from core.db.preparing import reading_cursor

    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor = reading_cursor(connection.connection)
        if connection.queries_logged or connection.execute_wrappers:
            cursor = connection.make_debug_cursor(cursor)  # someone looks on
        cursor.execute(sql, values or None)
        return cursor.fetchall()


def _connection():
    return connections[router.db_for_read(Function)]
