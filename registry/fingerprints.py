"""What public pages depend on, each read by one narrow statement.

A *fingerprint* is a tuple of all that can change about a page: equal fingerprints,
equal pages. What never changes (a version, its files and their texts) stands in it by
its id. None: there is no such page, it moved, was taken down, or is not finished yet.

The statements go past the ORM, which costs more than they do. Each names every table
that its page reads; tests/test_kept_pages.py holds that, and that pages follow every
change.
"""

from weakref import WeakKeyDictionary

from django.db import Error, connections, router

from registry.models import Function
from registry.rendering import README, RENDERER, language_of

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
    """Of a function's own page, or of one version's. A README is what is drawn of it;
    every edit of a listing replaces the rows of its pictures and examples."""
    return _of_version(_DETAIL, username, slug, number)


def source_page(username: str, slug: str, path: str, number: str = "") -> tuple | None:
    """Of the page that shows the file ``path`` of a version."""
    return _of_version(_SOURCE, username, slug, number, language_of(path), path)


def install_manifest(username: str, slug: str, number: str = "") -> tuple | None:
    """Of what a client copies; a version with a removed file is always quarantined."""
    return _of_version(_INSTALL, username, slug, number)


def raw_file(username: str, slug: str, number: str, path: str) -> tuple | None:
    """Of the bytes of one file."""
    return _of_version(_RAW, username, slug, number, path)


def _pair(more: str = "", joined: str = "", only: str = "") -> tuple[str, str]:
    """The statement for the latest version, and for one by its number."""
    return tuple(
        _STATEMENT.format(more=more, joined=joined, only=only, version=version)
        for version in (_LATEST, _NUMBERED)
    )


def _detail(readme: str) -> tuple[str, str]:
    return _pair(
        more=f"""{_TABS}, r.id, CAST(i.report AS text),
    (SELECT max(s.id) FROM registry_screenshot s WHERE s.function_id = f.id),
    (SELECT max(e.id) FROM registry_usageexample e WHERE e.function_id = f.id)""",
        joined=f"""JOIN registry_inspection i ON i.version_id = v.id
LEFT JOIN registry_blob b ON b.sha256 = {readme}
LEFT JOIN {_RENDERED} '{README}' AND r.blob_id = b.sha256""",
        only=f"AND ({readme} IS NULL OR r.id IS NOT NULL)",
    )


# The listing's README is the live one; a version keeps the one it shipped with.
_DETAIL = _detail("f.readme_id")[0], _detail("v.readme_id")[1]
_SOURCE = _pair(
    more=f"{_TABS}, p.id, r.id",
    joined=f"""JOIN {_RENDERED} %s
JOIN registry_versionfile p ON p.version_id = v.id AND p.path = %s
JOIN registry_blob b ON b.sha256 = p.blob_id AND b.sha256 = r.blob_id""",
)
_INSTALL = _pair()
_RAW = _pair(
    more=", p.id, m.confirmed_at",
    joined="""JOIN registry_versionfile p ON p.version_id = v.id AND p.path = %s
LEFT JOIN registry_removal m ON m.blob_id = p.blob_id""",
)


def _of_version(
    statements: tuple[str, str], username: str, slug: str, number: str, *joined
) -> tuple | None:
    if not number:
        return row(statements[0], *joined, slug, username)
    precedence = number.partition("+")[0]
    return row(statements[1], precedence, number, *joined, slug, username)


def row(statement: str, *values: str) -> tuple | None:
    """The one row of ``statement``, with its values as the database sends them. None
    where there is none, or the database does not answer: then Django asks it and says
    so.

    statement: with ``%s`` for each value and no other percent sign; the same text each
        time, for it stays prepared on the connection.
    """
    connection = connections[router.db_for_read(Function)]
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
    """Rows of a statement that PostgreSQL plans once a connection, in bytes. Past the
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
    found = connection.pgconn.exec_prepared(name, given, None, pq.Format.BINARY)
    if found.status != pq.ExecStatus.TUPLES_OK:
        raise OperationalError(found.error_message.decode(errors="replace"))
    columns = range(found.nfields)
    value = found.get_value
    return [tuple(value(n, column) for column in columns) for n in range(found.ntuples)]
