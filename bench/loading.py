"""Load rows into an empty registry as fast as each database takes them.

Unless a transaction is open already, indexes and foreign keys are dropped first and
made again afterwards. So the database itself proves that they hold.
"""

from contextlib import contextmanager, nullcontext

from django.apps import apps
from django.db import connection, transaction

from bench.rows import COLUMNS


class Loader:
    """Insert what bench.rows makes. Other columns get their defaults."""

    def __init__(self):
        self._targets = {name: _target(name, COLUMNS[name]) for name in COLUMNS}
        insert = {"postgresql": _copy, "sqlite": _execute_many}
        self._insert = insert[connection.vendor]

    def __call__(self, rows: dict[str, list[tuple]]) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for name, made in rows.items():
                table, columns, constants = self._targets[name]
                if constants:
                    made = [row + constants for row in made]
                self._insert(cursor, table, columns, made)


def _target(name: str, given: str) -> tuple[str, list[str], tuple]:
    """(table, its columns, the defaults of the columns that ``given`` leaves out)."""
    model = apps.get_model("registry", name)
    columns, constants = given.split(), []
    for field in model._meta.concrete_fields:
        if field.column not in columns and not field.get_internal_type().endswith(
            "AutoField"
        ):
            columns.append(field.column)
            constants.append(
                field.get_db_prep_save(field.get_default(), connection=connection)
            )
    return model._meta.db_table, columns, tuple(constants)


def _copy(cursor, table: str, columns: list[str], rows) -> None:
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _execute_many(cursor, table: str, columns: list[str], rows) -> None:
    marks = ", ".join(["%s"] * len(columns))
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
    cursor.executemany(statement, rows)


@contextmanager
def in_bulk():
    """Do without indexes, keys and durability while the block runs."""
    without = {"postgresql": _postgresql, "sqlite": _sqlite}[connection.vendor]
    with nullcontext() if connection.in_atomic_block else without():
        yield
    with connection.cursor() as cursor:
        # Autovacuum would do it later. Index-only scans depend on it.
        is_alone = connection.vendor == "postgresql" and not connection.in_atomic_block
        cursor.execute("VACUUM ANALYZE" if is_alone else "ANALYZE")


def _tables() -> list[str]:
    return [apps.get_model("registry", name)._meta.db_table for name in COLUMNS]


@contextmanager
def _postgresql():
    """Foreign keys go first and come back last."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        constraints = _constraints(cursor)
        for table, name, _ in constraints:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        listed = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s)"
        cursor.execute(listed, [_tables()])
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
    yield
    again = [f"ALTER TABLE {t} ADD CONSTRAINT {n} {d}" for t, n, d in constraints]
    statements = [*(statement for _, statement in indexes), *reversed(again)]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _constraints(cursor) -> list[tuple[str, str, str]]:
    """(table, name, definition) of foreign keys, unique and primary ones, in turn."""
    cursor.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) "
        "FROM pg_constraint WHERE conrelid = ANY(%s::text[]::regclass[]) "
        "AND contype IN ('p', 'u', 'f') "
        "OR confrelid = ANY(%s::text[]::regclass[]) AND contype = 'f' "
        "ORDER BY contype <> 'f', contype = 'p'",
        [_tables(), _tables()],
    )
    return cursor.fetchall()


@contextmanager
def _sqlite():
    """Unique constraints stay, because SQLite can't drop them."""
    with connection.cursor() as cursor:
        for pragma in (
            "foreign_keys = OFF",
            "synchronous = OFF",
            "journal_mode = OFF",
            "cache_size = -2000000",  # KB
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE sql <> ''")
        indexes = [
            (name, sql)
            for name, table, sql in cursor.fetchall()
            if table in _tables() and sql.startswith("CREATE INDEX")
        ]
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
    yield
    with connection.cursor() as cursor:
        for _, statement in indexes:
            cursor.execute(statement)
        cursor.execute("PRAGMA foreign_key_check")
        dangling = cursor.fetchall()
        cursor.execute("PRAGMA journal_mode = WAL")
    connection.close()
    if dangling:
        raise ValueError(f"foreign keys to missing rows: {dangling[:10]}")
