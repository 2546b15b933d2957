"""A cursor of psycopg whose statements PostgreSQL keeps prepared.

Imported where a connection to PostgreSQL is: on SQLite psycopg isn't loaded.
"""

import threading

from psycopg import Connection, Cursor
from psycopg.pq import Format

_kept = threading.local()
MOST_PREPARED = 500  # statements that one connection keeps


class PreparingCursor(Cursor):
    """Has what it runs prepared when it is run first.

    The connection prepares for the time of that alone. Else psycopg would count what
    all other cursors run too, and keep the last MOST_PREPARED texts for it. Django's
    have the values in them: whole sources and their HTML, some 10 MB in each worker.
    """

    def execute(self, query, params=None, **options):
        return self._run(super().execute, query, params, **options)

    def executemany(self, query, params_seq, **options):
        return self._run(super().executemany, query, params_seq, **options)

    def _run(self, run, *args, **options):
        connection = self.connection
        threshold = connection.prepare_threshold
        connection.prepare_threshold = 0
        connection.prepared_max = MOST_PREPARED
        try:
            return run(*args, **options)
        finally:
            connection.prepare_threshold = threshold


def reading_cursor(connection: Connection) -> PreparingCursor:
    """A cursor to read with, always the same one of a thread's connection: to make one
    takes as long as a short answer. Binary rows are read in half the time."""
    kept = getattr(_kept, "cursor", None)
    if kept is None or kept.connection is not connection:
        kept = _kept.cursor = PreparingCursor(connection)
        kept.format = Format.BINARY
    return kept
