"""Many values as one parameter of a query."""

import json
from collections.abc import Iterable

from django.db.models import Func, Value


class AnyOf(Func):
    """For the look-up ``__in``: one of the values in a parameter made by ``pack``.

    One query then serves any number of values: it can be prepared, Django has not to
    put together thousands of parameters, and PostgreSQL plans it for few.

    packed: the parameter, or an expression that stands for it. of: the values' type on
    PostgreSQL. Texts are words and hashes: no brackets, quotes or backslashes.
    """

    def __init__(self, packed, of: str = "bigint", **extra):
        packed = packed if hasattr(packed, "resolve_expression") else Value(packed)
        super().__init__(packed, of=of, **extra)

    @staticmethod
    def pack(values: Iterable) -> str:
        return json.dumps(list(values), ensure_ascii=False)

    def as_sqlite(self, compiler, connection):
        made = "SELECT value FROM json_each(%(expressions)s)"
        return self.as_sql(compiler, connection, template=made)

    def as_postgresql(self, compiler, connection):
        # PostgreSQL writes an array in braces. SELECT hides its length: a planner that
        # sees few values plans the prepared query anew each time.
        array = "(SELECT translate(%(expressions)s, '[]', '{}')::%(of)s[])"
        made = f"SELECT unnest({array})"
        return self.as_sql(compiler, connection, template=made)
