"""What public pages depend on, each read by one narrow statement.

A *fingerprint* is a tuple of all that can change about a page: equal fingerprints,
equal pages. What never changes (a version, its files and their texts) stands in it by
its id. None: there is no such page, it moved, was taken down, or is not finished yet.

The statements go past the ORM, which costs more than they do. Each names every table
that its page reads; tests/test_kept_pages.py holds that, and that pages follow every
change.
"""

from functools import cache
from typing import NamedTuple
from weakref import WeakKeyDictionary

from django.db import Error, connections, router

from registry.content.rendering import README, RENDERER, language_of
from registry.models import Function

# Yanks are inserted and deleted, never changed; a deprecation is put in other words.
# `precedence`, the number without build metadata, is the one with an index.
_STATEMENT = """
SELECT f.id, f.uid, f.updated_at, f.description, CAST(f.tags AS text), f.star_count,
    f.install_count, f.latest_id, f.latest_number, u.username, u.display_name,
    c.slug, c.label, d.message, d.successor, v.id, y.id {more}
FROM registry_function f
JOIN accounts_account u ON u.id = f.owner_id
JOIN registry_category c ON c.id = f.category_id
JOIN registry_version v ON {version}
LEFT JOIN registry_deprecation d ON d.function_id = f.id
LEFT JOIN registry_yank y ON y.version_id = v.id
{joined}
WHERE f.slug = %s AND u.username = %s AND f.published_at IS NOT NULL {only}
    AND NOT EXISTS (
        SELECT 1 FROM registry_functionquarantine q WHERE q.function_id = f.id)
    AND NOT EXISTS (
        SELECT 1 FROM registry_versionquarantine q WHERE q.version_id = v.id)
"""
_LATEST = "v.id = f.latest_id"
_NUMBERED = "v.function_id = f.id AND v.precedence = %s AND v.number = %s"
_TABS = ", (SELECT count(*) FROM registry_version w WHERE w.function_id = f.id)"
_RENDERED = f"registry_rendering r ON r.renderer = {RENDERER} AND r.kind ="
# psycopg's connection -> statement -> the name under which it is prepared there
_names: WeakKeyDictionary = WeakKeyDictionary()


def function_page(username: str, slug: str, number: str = "") -> tuple | None:
    """Of a function's own page, or of one version's. A README is what is drawn of
    it."""
    return of_version(
        DETAIL, number, slug, username, more=tuple(BESIDE_README.values())
    )


def source_page(username: str, slug: str, path: str, number: str = "") -> tuple | None:
    """Of the page that shows the file ``path`` of a version."""
    return of_version(SOURCE, number, language_of(path), path, slug, username)


def uses_page(username: str, slug: str, number: str = "") -> tuple | None:
    """Of the page that says what a version uses; its checklist looks at the README."""
    return of_version(USES, number, slug, username)


def install_page(username: str, slug: str, number: str = "") -> tuple | None:
    """Of the page that says how to install a version: nothing but what all say."""
    return of_version(TAB, number, slug, username)


def versions_page(username: str, slug: str) -> tuple | None:
    """Of the list of a function's versions."""
    return of_version(TAB, "", slug, username, more=(_VERSIONS,))


def install_manifest(username: str, slug: str, number: str = "") -> tuple | None:
    """Of what a client copies; a version with a removed file is always quarantined."""
    return of_version(INSTALL, number, slug, username)


def raw_file(username: str, slug: str, number: str, path: str) -> tuple | None:
    """Of the bytes of one file."""
    return of_version(RAW, number, path, slug, username)


class Rows(NamedTuple):
    """Rows of another table, as JSON in one column: a list of lists."""

    columns: str
    tables: str
    where: str
    order: str

    def sql(self, vendor: str) -> str:
        rows = f"FROM {self.tables} WHERE {self.where}"
        if vendor == "sqlite":
            # Of a view in order: this function can't be told one before SQLite 3.44.
            listed = f"SELECT json_array({self.columns}) AS each {rows}"
            ordered = f"({listed} ORDER BY {self.order})"
            return f"(SELECT json_group_array(json(each)) FROM {ordered})"
        each = f"json_build_array({self.columns})"
        return f"(SELECT CAST(json_agg({each} ORDER BY {self.order}) AS text) {rows})"


class Statement(NamedTuple):
    """A kind of page: what it depends on beside what all do. more: columns. joined:
    tables. only: a condition."""

    more: str = ""
    joined: str = ""
    only: str = ""

    def sql(self, version: str, further: str = "") -> str:
        return _STATEMENT.format(
            more=self.more + further,
            joined=self.joined,
            only=self.only,
            version=version,
        )


Pair = tuple[Statement, Statement]  # for the latest version, and for one by its number


def _detail(readme: str) -> Statement:
    return Statement(
        more=f"{_TABS}, r.id, CAST(i.report AS text)",
        joined=f"""JOIN registry_inspection i ON i.version_id = v.id
LEFT JOIN {_RENDERED} '{README}' AND r.blob_id = {readme}""",
        only=f"AND ({readme} IS NULL OR r.id IS NOT NULL)",
    )


_EXAMPLES = Rows(
    "x.title, x.code",
    "registry_usageexample x",
    "x.function_id = f.id",
    "x.position, x.id",
)
# What a function's own page depends on and shows beside its README.
BESIDE_README = {
    "examples": _EXAMPLES,
    "screenshots": _EXAMPLES._replace(
        columns="x.sha256, x.width, x.height, x.alt", tables="registry_screenshot x"
    ),
}
# The listing's README is the live one; a version keeps the one it shipped with.
DETAIL: Pair = _detail("f.readme_id"), _detail("v.readme_id")
SOURCE: Pair = (
    Statement(
        more=f"{_TABS}, p.id, r.id",
        joined=f"""JOIN {_RENDERED} %s
JOIN registry_versionfile p ON p.version_id = v.id AND p.path = %s
JOIN registry_blob b ON b.sha256 = p.blob_id AND b.sha256 = r.blob_id""",
    ),
) * 2
USES: Pair = (
    Statement(
        more=f"{_TABS}, CAST(i.report AS text), m.confirmed_at",
        joined="""JOIN registry_inspection i ON i.version_id = v.id
LEFT JOIN registry_removal m ON m.blob_id = v.readme_id""",
    ),
) * 2
TAB: Pair = (Statement(more=_TABS),) * 2
_VERSIONS = Rows(
    "w.id, n.id, q.id, q.reason",
    """registry_version w LEFT JOIN registry_yank n ON n.version_id = w.id
    LEFT JOIN registry_versionquarantine q ON q.version_id = w.id""",
    "w.function_id = f.id",
    "w.id",
)
INSTALL: Pair = (Statement(),) * 2
RAW: Pair = (
    Statement(
        more=", p.id, m.confirmed_at",
        joined="""JOIN registry_versionfile p ON p.version_id = v.id AND p.path = %s
JOIN registry_blob b ON b.sha256 = p.blob_id
LEFT JOIN registry_removal m ON m.blob_id = p.blob_id""",
    ),
) * 2


def of_version(
    pair: Pair, number: str, *values: str, more: tuple[str | Rows, ...] = ()
) -> tuple | None:
    """The one row of the latest version, or of the one of this number.

    values: of the parameters of ``joined``, the slug and the username. more: further
    columns, which a page shows and need not compare.
    """
    statement = _sql(pair[bool(number)], bool(number), more, _connection().vendor)
    if not number:
        return row(statement, *values)
    return row(statement, number.partition("+")[0], number, *values)


@cache
def _sql(
    statement: Statement, is_numbered: bool, more: tuple[str | Rows, ...], vendor: str
) -> str:
    columns = [each.sql(vendor) if isinstance(each, Rows) else each for each in more]
    further = "".join(f",\n    {column}" for column in columns)
    return statement.sql(_NUMBERED if is_numbered else _LATEST, further)


def row(statement: str, *values: str) -> tuple | None:
    """The one row of ``statement``, with its values as the database sends them. None
    where there is none, or the database does not answer: then Django asks it and says
    so.

    statement: with ``%s`` for each value and no other percent sign; the same text each
        time, for it stays prepared on the connection.
    """
    if any("\0" in value for value in values):
        return None  # PostgreSQL would read the text before it
    connection = _connection()
    try:
        connection.ensure_connection()
        if connection.vendor == "sqlite":
            asked = statement.replace("%s", "?")
            rows = connection.connection.execute(asked, values).fetchall()
        else:
            rows = _prepared(connection.connection, statement, values)
    except (Error, connection.Database.Error):
        return None
    return rows[0] if len(rows) == 1 else None


def _prepared(connection, statement: str, values: tuple[str, ...]) -> list[tuple]:
    """Rows of a statement that PostgreSQL plans once a connection, as text. Past the
    cursors of psycopg, which take twice as long as the exchange."""
    from psycopg import OperationalError, pq

    names = _names.setdefault(connection, {})
    name = names.get(statement)
    if name is None:
        name = b"hub_%d" % len(names)
        numbered = "".join(
            f"${n}{part}" if n else part for n, part in enumerate(statement.split("%s"))
        )
        made = connection.pgconn.prepare(name, numbered.encode())
        if made.status != pq.ExecStatus.COMMAND_OK:
            raise OperationalError(made.error_message.decode(errors="replace"))
        names[statement] = name
    given = [value.encode() for value in values]
    found = connection.pgconn.exec_prepared(name, given, None, pq.Format.TEXT)
    if found.status != pq.ExecStatus.TUPLES_OK:
        raise OperationalError(found.error_message.decode(errors="replace"))
    columns = range(found.nfields)
    value = found.get_value
    return [tuple(value(n, column) for column in columns) for n in range(found.ntuples)]


def _connection():
    return connections[router.db_for_read(Function)]
