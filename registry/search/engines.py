"""Asking the full-text indexes: one class per database, the same few questions.

An answer is a list of places (places.py), which are both the order and the functions.
Every question is bounded, whatever is asked and however many functions there are.
"""

from itertools import chain

from django.db import connection

from registry.search.postgresql import Postgresql
from registry.search.sqlite import Sqlite

ROWS_AT_ONCE = 1_000  # of up to 32 values: SQLite takes 32,766 in a statement
_ENGINES = {"sqlite": Sqlite(), "postgresql": Postgresql()}


def engine() -> Sqlite | Postgresql:
    """The one that fits the database in use."""
    return _ENGINES[connection.vendor]


def insert(into: str, rows: list[tuple], conflict: str) -> None:
    """``into`` VALUES ``rows`` ``conflict``, in as few statements as may be.

    PostgreSQL plans each of them; SQLite's full-text tables write out after each what
    they gathered for the next.
    """
    marks = f"({', '.join(['%s'] * len(rows[0]))})"
    with connection.cursor() as cursor:
        for start in range(0, len(rows), ROWS_AT_ONCE):
            some = rows[start : start + ROWS_AT_ONCE]
            values = ", ".join([marks] * len(some))
            cursor.execute(
                f"{into} VALUES {values}{conflict}", list(chain.from_iterable(some))
            )
