"""Questions whose SQL is made once.

Django takes longer to make the SQL of a query set than the database takes to answer a
small question. A question that each page or each push asks can be prepared: its SQL is
made when it is first asked, and kept. Everything else is left to Django: its cursor
runs the SQL, so queries are logged, wrapped and counted, and errors are Django's.

For reads alone. When to use it: docs/architecture.md, "Asking the database".
"""

import inspect
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from django.db import connections
from django.db.models import QuerySet, UUIDField
from django.db.models.expressions import RawSQL
from django.db.models.query import (
    FlatValuesListIterable,
    ModelIterable,
    ValuesListIterable,
    get_related_populators,
)


class Prepared:
    """``Prepared(lambda slug: Function.objects.filter(slug=slug))``: a query set with
    parameters. Called with their values, it returns the list of rows found.

    A value is a text, a number, a time or a UUID, compared with ``exact``, ``gt`` or
    another simple look-up; or many, in AnyOf (any_of.py). ``select_related``, ``only``,
    ``values_list``, ``select_for_update`` and slices work as in any query set.
    """

    def __init__(self, build: Callable[..., QuerySet]):
        self._build = build
        self._arity = len(inspect.signature(build).parameters)
        self._queries: QuerySet | None = None
        # By the database; each thread has its own connections.
        self._compiled = threading.local()

    def __call__(self, *values) -> list:
        """The rows found. values: of the parameters, in their order."""
        if len(values) != self._arity:
            raise TypeError(f"{self._arity} values are needed, not {len(values)}")
        return self._for_database().ask(values)

    def first(self, *values):
        """The first row found, or None."""
        return next(iter(self(*values)), None)

    def _for_database(self) -> "_Compiled":
        if self._queries is None:
            places = (RawSQL("%s", (_Place(at),)) for at in range(self._arity))
            self._queries = self._build(*places)
        alias = self._queries.db  # the router chooses each time
        known = vars(self._compiled)
        made = known.get(alias)
        if made is None or made.connection is not connections[alias]:
            made = known[alias] = _Compiled(self._queries.using(alias))
        return made


class _Place(int):
    """Stands among the parameters of the SQL for the value of that number."""


class _Compiled:
    """A query set with its SQL, for one connection."""

    def __init__(self, queries: QuerySet):
        self.connection = connections[queries.db]
        self._queries = queries
        self._compiler = queries.query.get_compiler(using=queries.db)
        self._sql, self._parameters = self._compiler.as_sql()
        self._converters = self._compiler.get_converters(
            [selected for selected, *_ in self._compiler.select]
        )
        self._made_of = self._maker()

    def ask(self, values: tuple) -> list:
        parameters = [
            self._stored(values[given]) if type(given) is _Place else given
            for given in self._parameters
        ]
        with self.connection.cursor() as cursor:
            cursor.execute(self._sql, parameters)
            rows = cursor.fetchall()
        if self._converters:
            rows = self._compiler.apply_converters(rows, self._converters)
        return self._made_of(rows)

    def _stored(self, value):
        """``value`` as the database takes it."""
        if isinstance(value, UUID):
            return UUIDField().get_db_prep_value(value, self.connection)
        if isinstance(value, datetime):
            return self.connection.ops.adapt_datetimefield_value(value)
        return value

    def _maker(self) -> Callable[[Iterable], list]:
        """The function that turns rows of the database into models or tuples."""
        kind = self._queries._iterable_class
        if kind is ModelIterable:
            return self._models()
        if kind is FlatValuesListIterable:
            return lambda rows: [row[0] for row in rows]
        if kind is ValuesListIterable:
            return lambda rows: [tuple(row) for row in rows]
        raise TypeError("a prepared query finds models or values_list")

    def _models(self) -> Callable[[Iterable], list]:
        """As Django's ModelIterable, but the columns are sorted out once, not for each
        query."""
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
