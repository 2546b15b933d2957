"""Queries whose SQL is made once.

Making the SQL of a query set takes Django five to ten times as long as SQLite takes
to answer it. Where a verb asks the same few questions each time, they are prepared:
compiled when first asked on a connection, and from then on asked with other values.
"""

import inspect
import threading
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet, UUIDField
from django.db.models.expressions import RawSQL

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
        shape = tuple(len(v) if type(v) is tuple else None for v in values)
        queries = self._queries.get(shape)
        if queries is None:
            queries = self._queries[shape] = self._built(shape)
        alias = queries.db  # the router's choice, each time
        known = vars(_kept).setdefault("queries", {})
        made = known.get((self, shape, alias))
        if made is None or made.connection is not connections[alias]:
            made = known[self, shape, alias] = _Compiled(queries.using(alias))
        return made.rows(values)

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


class _Compiled:
    """One query set with its SQL, for one connection."""

    def __init__(self, queries: QuerySet):
        self.connection = connections[queries.db]
        self._queries = queries
        compiler = queries.query.get_compiler(using=queries.db)
        try:
            self._sql, self._parameters = compiler.as_sql()
        except EmptyResultSet:  # "in" nothing
            self._sql = ""
            return
        # The query set's own iterator does the rest, with what was made here.
        converters = compiler.get_converters([s[0] for s in compiler.select])
        compiler.as_sql = lambda *args, **options: (self._sql, self._bound)
        compiler.get_converters = lambda *args: converters
        queries.query.get_compiler = lambda *args, **options: compiler

    def rows(self, values: tuple) -> list:
        if not self._sql:
            return []
        self._bound = tuple(
            self._stored(values, *given) if type(given) is _Place else given
            for given in self._parameters
        )
        return list(self._queries._iterable_class(self._queries))

    def _stored(self, values: tuple, at: int, item: int | None):
        value = values[at] if item is None else values[at][item]
        if isinstance(value, UUID):
            return UUIDField().get_db_prep_value(value, self.connection)
        if isinstance(value, datetime):
            return self.connection.ops.adapt_datetimefield_value(value)
        return value
