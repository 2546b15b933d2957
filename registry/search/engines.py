"""The full-text engines: one class per database, with the same few methods.

They answer with rank keys (rank_keys.py). Each of their queries is bounded, whatever is
searched and however many functions there are.
"""

from itertools import chain

from django.db import connection

from registry.search.postgresql import Postgresql
from registry.search.sqlite import Sqlite

ROWS_AT_ONCE = 1_000  # of up to 32 values: SQLite takes 32,766 in a statement
_ENGINES = {"sqlite": Sqlite(), "postgresql": Postgresql()}


def engine() -> Sqlite | Postgresql:
    """The engine of the database in use."""
    return _ENGINES[connection.vendor]


def insert(into: str, rows: list[tuple], conflict: str) -> None:
    """Run ``into`` VALUES ``rows`` ``conflict``, in as few statements as possible.

    PostgreSQL plans each statement, and after each SQLite's full-text tables write out
    what they have gathered.
    """
    marks = f"({', '.join(['%s'] * len(rows[0]))})"
    with connection.cursor() as cursor:
        for start in range(0, len(rows), ROWS_AT_ONCE):
            some = rows[start : start + ROWS_AT_ONCE]
            values = ", ".join([marks] * len(some))
            cursor.execute(
                f"{into} VALUES {values}{conflict}", list(chain.from_iterable(some))
            )
