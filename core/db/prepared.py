"""Statements whose SQL is made once.

Making the SQL of a query set takes Django five to ten times as long as SQLite takes
to answer it, and PostgreSQL's planning takes longer than its answer. Where a verb asks
the same few questions each time, they are prepared: compiled when first asked on a
connection, and from then on asked with other values. Rows are written the same way.
"""

import inspect
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.sqlite3.base import FORMAT_QMARK_REGEX
from django.db.models import Model, QuerySet, UUIDField
from django.db.models.expressions import RawSQL
from django.db.models.query import (
    FlatValuesListIterable,
    ModelIterable,
    ValuesListIterable,
    get_related_populators,
)

_kept = threading.local()  # as connections are: each thread has its own


class Prepared:
    """``Prepared(lambda slug: Function.objects.filter(slug=slug))``: a query set of
    its parameters; called with their values it returns the list of what is found.

    A value is a text, a number, a time or a UUID, on the right side of a look-up
    such as ``exact`` or ``gt``; or a tuple of those, for ``in`` (of a foreign key:
    ``version__pk__in``). Everything else the query set says (``select_related``,
    ``values_list``, ``select_for_update``, a slice) holds.
    """

    def __init__(self, build: Callable[..., QuerySet]):
        self._build = build
        self._arity = len(inspect.signature(build).parameters)
        # By the lengths of the tuples among the values.
        self._queries: dict[tuple, QuerySet] = {}

    def __call__(self, *values) -> list:
        """The rows found. values: of the parameters, in their order."""
        ahead = getattr(_kept, "ahead", None)
        if ahead and (self, *values) in ahead:
            return ahead.pop((self, *values))
        return self._made_for(values).ask(values)()

    def _made_for(self, values: tuple) -> "_Compiled":
        shape = tuple(len(v) if type(v) is tuple else None for v in values)
        queries = self._queries.get(shape)
        if queries is None:
            queries = self._queries[shape] = self._built(shape)
        alias = queries.db  # the router's choice, each time
        known = vars(_kept).setdefault("queries", {})
        made = known.get((self, shape, alias))
        if made is None or made.connection is not connections[alias]:
            made = known[self, shape, alias] = _Compiled(queries.using(alias))
        return made

    def first(self, *values):
        """The first row, or None."""
        return next(iter(self(*values)), None)

    def _built(self, shape: tuple) -> QuerySet:
        if len(shape) != self._arity:
            raise TypeError(f"{self._arity} values are needed, not {len(shape)}")
        return self._build(
            *(
                _holder(at)
                if length is None
                else [_holder(at, n) for n in range(length)]
                for at, length in enumerate(shape)
            )
        )


class _Place(tuple):
    """Stands among a query's parameters for a value: (argument, item or None)."""


def _holder(at: int, item: int | None = None) -> RawSQL:
    return RawSQL("%s", (_Place((at, item)),))


class Statement:
    """SQL for one connection, with ``%s`` for each value.

    PostgreSQL keeps it prepared (Django's own cursors bind values in the client, and so
    can't be), and SQLite gets it as it is. Where someone looks on (a test that counts
    queries, a wrapper), Django's own cursor runs it.
    """

    def __init__(self, connection, sql: str, *, key: str = ""):
        """key: the column of an INSERT that the database numbers."""
        self.connection, self._sql, self._key = connection, sql, key
        self._is_sqlite = connection.vendor == "sqlite"
        if self._is_sqlite:
            self._asked = FORMAT_QMARK_REGEX.sub("?", sql).replace("%%", "%")
        elif key:
            self._sql += f" RETURNING {connection.ops.quote_name(key)}"

    def asked(self, values: Sequence) -> Callable[[], list]:
        """What gives the rows found. Together with others, they are yet to come."""
        if _is_pipelined(self.connection):
            return self._run(values, lambda cursor: cursor.fetchall)
        rows = self._run(values, lambda cursor: cursor.fetchall())
        return lambda: rows

    def changed(self, values: Sequence) -> int:
        """How many rows were."""
        return self._run(values, lambda cursor: cursor.rowcount)

    def repeated(self, values: Sequence[Sequence]) -> None:
        """Run once for each of ``values``."""
        if len(values) == 1:
            self.changed(values[0])
        else:
            self._run(values, lambda cursor: None, "executemany")

    def inserted(self, values: Sequence) -> int | None:
        """The key of the row, where the database numbers it; None: none was stored."""
        return self._run(values, self._key_of)

    def _key_of(self, cursor) -> int | None:
        if self._key and not self._is_sqlite:
            row = cursor.fetchone()
            return row and row[0]
        if cursor.rowcount == 0:  # -1 where the answer is yet to come: see together
            return None
        return cursor.lastrowid if self._key else 0

    def _run(self, values: Sequence, take: Callable, how: str = "execute"):
        connection = self.connection
        if connection.queries_logged or connection.execute_wrappers:
            with connection.cursor() as cursor:
                getattr(cursor, how)(self._sql, values)
                return take(cursor)
        connection.close_if_health_check_failed()
        connection.ensure_connection()
        connection.validate_no_broken_transaction()
        with connection.wrap_database_errors:
            if self._is_sqlite:
                run = getattr(connection.connection, how)
                return take(run(self._asked, values))
            cursor = _server_cursor(connection.connection)
            getattr(cursor, how)(self._sql, values)
            return take(cursor)


def _server_cursor(raw):
    """A cursor of psycopg's connection ``raw`` whose statements stay prepared: always
    the same one, but where answers are yet to come."""
    from core.db.preparing import PreparingCursor

    if raw.pgconn.pipeline_status:
        return PreparingCursor(raw)
    kept = getattr(_kept, "cursor", None)
    if kept is None or kept.connection is not raw:
        kept = _kept.cursor = PreparingCursor(raw)
    return kept


def _is_pipelined(connection) -> bool:
    if connection.vendor == "sqlite" or connection.connection is None:
        return False
    return bool(connection.connection.pgconn.pipeline_status)


def _may_pipeline(connection) -> bool:
    """Not where there is nothing to gain, nor where someone looks on."""
    is_watched = connection.queries_logged or connection.execute_wrappers
    return connection.vendor != "sqlite" and not is_watched


@contextmanager
def asked_ahead(*questions: tuple):
    """Ask PostgreSQL several prepared questions at once, each ``(question, *values)``.
    Whoever asks one of them within this gets that answer, once; what is asked again
    is asked anew. On SQLite, where asking costs no way, nothing happens."""
    connection = connections[DEFAULT_DB_ALIAS]
    if not _may_pipeline(connection):
        yield
        return
    with together():
        asked = [(q, q[0]._made_for(q[1:]).ask(q[1:])) for q in questions]
        answers = {question: answer() for question, answer in asked}
    before, _kept.ahead = getattr(_kept, "ahead", None), answers
    try:
        yield
    finally:
        _kept.ahead = before


@contextmanager
def together():
    """Have PostgreSQL get what is written within this at once, not one by one: half of
    what a small write costs is its way there and back. What goes wrong may show at the
    end. Nothing but this module's statements may be asked within it, and whether an
    update found its row is not known."""
    connection = connections[DEFAULT_DB_ALIAS]
    if not _may_pipeline(connection):
        yield
        return
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


class _Compiled:
    """One query set with its SQL, for one connection."""

    def __init__(self, queries: QuerySet):
        self.connection = connections[queries.db]
        self._queries = queries
        self._compiler = queries.query.get_compiler(using=queries.db)
        try:
            sql, self._parameters = self._compiler.as_sql()
        except EmptyResultSet:  # "in" nothing
            self._statement = None
            return
        self._statement = Statement(self.connection, sql)
        self._converters = self._compiler.get_converters(
            [selected for selected, *_ in self._compiler.select]
        )
        self._as_rows = self._maker()

    def ask(self, values: tuple) -> Callable[[], list]:
        """What gives the rows found: see ``Statement.asked``."""
        if self._statement is None:
            return list
        answer = self._statement.asked(
            tuple(
                self._stored(values, *given) if type(given) is _Place else given
                for given in self._parameters
            )
        )
        return lambda: self._made(answer())

    def _made(self, rows: list) -> list:
        if self._converters and rows:
            rows = self._compiler.apply_converters(rows, self._converters)
        return self._as_rows(rows)

    def _maker(self) -> Callable[[Iterable], list]:
        """What makes of rows of the database what the query set says."""
        kind = self._queries._iterable_class
        if kind is ModelIterable:
            return self._models()
        if kind is FlatValuesListIterable:
            return lambda rows: [row[0] for row in rows]
        if kind is ValuesListIterable:
            return lambda rows: [tuple(row) for row in rows]
        raise TypeError("a prepared query finds models or values_list")

    def _models(self) -> Callable[[Iterable], list]:
        """As ModelIterable does, with what it finds out each time found out once."""
        db, compiler = self._queries.db, self._compiler
        info, select = compiler.klass_info, compiler.select
        start, end = info["select_fields"][0], info["select_fields"][-1] + 1
        names = [selected.target.attname for selected, *_ in select[start:end]]
        populators = get_related_populators(info, select, db)
        annotated = tuple((compiler.annotation_col_map or {}).items())

        def models(rows: Iterable) -> list:
            made = []
            for row in rows:
                found = info["model"].from_db(db, names, row[start:end])
                for populator in populators:
                    populator.populate(row, found)
                for name, place in annotated:
                    setattr(found, name, row[place])
                made.append(found)
            return made

        return models

    def _stored(self, values: tuple, at: int, item: int | None):
        value = values[at] if item is None else values[at][item]
        if isinstance(value, UUID):
            return UUIDField().get_db_prep_value(value, self.connection)
        if isinstance(value, datetime):
            return self.connection.ops.adapt_datetimefield_value(value)
        return value


# --- rows written


def insert(row: Model, *, unless_there: bool = False) -> bool:
    """Store a new ``row``, as its ``save`` would, by a statement that is made once.

    unless_there: where a unique value is taken nothing happens. The transaction goes
    on, and needs no savepoint for it. Returns whether the row was stored.
    """
    statement, fields = _insertion(type(row), True, unless_there)
    key = statement.inserted(_values(row, fields, statement.connection))
    if key is None:
        return False
    if row.pk is None:
        row.pk = key
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return True


def insert_all(rows: Sequence[Model], *, replacing: str = "") -> None:
    """Store new rows of one model, those whose unique values are taken left out. The
    database numbers them; the keys are not read.

    replacing: a unique field; a row that has its value already becomes the new one.
    """
    if not rows:
        return
    statement, fields = _insertion(type(rows[0]), False, replacing or True)
    connection = statement.connection
    statement.repeated([_values(row, fields, connection) for row in rows])


def update(row: Model, *names: str) -> bool:
    """Store these fields of ``row``, as ``save(update_fields=names)`` would. Returns
    whether the row is there."""
    statement, fields = _change(type(row), names)
    return statement.changed(_values(row, fields, statement.connection)) > 0


def execute(sql: str, *values) -> int:
    """Run ``sql``, the same text each time, with ``%s`` for each value. Returns how
    many rows it changed."""
    return _written(sql).changed(values)


def _written(sql: str) -> Statement:
    return _once(("sql", sql), lambda connection: Statement(connection, sql))


def _insertion(model: type[Model], gives_key: bool, unless_there: bool | str) -> tuple:
    """The statement that stores a row of ``model``, and the fields it takes.

    unless_there: what a taken value stops; or the field whose taken value doesn't.
    """

    def make(connection):
        name, meta = connection.ops.quote_name, model._meta
        fields = [field for field in meta.concrete_fields if field != meta.auto_field]
        columns = ", ".join(name(field.column) for field in fields)
        sql = (
            f"INSERT INTO {name(meta.db_table)} ({columns}) "
            f"VALUES ({', '.join(['%s'] * len(fields))})"
        )
        if isinstance(unless_there, str):
            unique = meta.get_field(unless_there)
            columns = [name(field.column) for field in fields if field is not unique]
            sql += f" ON CONFLICT ({name(unique.column)}) DO UPDATE SET "
            sql += ", ".join(f"{column} = excluded.{column}" for column in columns)
        elif unless_there:
            sql += " ON CONFLICT DO NOTHING"
        key = meta.auto_field.column if gives_key and meta.auto_field else ""
        return Statement(connection, sql, key=key), fields

    return _once((model, gives_key, unless_there), make)


def _change(model: type[Model], names: tuple[str, ...]) -> tuple:
    """The statement that stores these fields of a row, and the fields it takes."""

    def make(connection):
        name, meta = connection.ops.quote_name, model._meta
        fields = [meta.get_field(each) for each in names]
        sets = ", ".join(f"{name(field.column)} = %s" for field in fields)
        sql = f"UPDATE {name(meta.db_table)} SET {sets} "
        sql += f"WHERE {name(meta.pk.column)} = %s"
        return Statement(connection, sql), [*fields, meta.pk]

    return _once((model, names), make)


def _once(key: tuple, make: Callable):
    """What ``make`` made of this thread's connection, under ``key``."""
    connection = connections[DEFAULT_DB_ALIAS]
    known = vars(_kept).setdefault("statements", {})
    made_for, made = known.get(key, (None, None))
    if made_for is not connection:
        made = make(connection)
        known[key] = connection, made
    return made


def _values(row: Model, fields, connection) -> tuple:
    return tuple(
        field.get_db_prep_save(getattr(row, field.attname), connection)
        for field in fields
    )
