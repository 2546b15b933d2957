"""Django's SQLite, whose writers take turns."""

import fcntl
import time
from sqlite3 import SQLITE_BUSY, OperationalError

from django.conf import settings
from django.db.backends.sqlite3 import base

FIRST_STEP, LONGEST_STEP = 0.0003, 0.002  # seconds


class DatabaseWrapper(base.DatabaseWrapper):
    """Has writers wait in a queue instead of asking again at random.

    While another process writes, SQLite tries again after 1, 2, 5, 10, ... 100 ms,
    though most writes take 2. So a free file is not used, and the order of those who
    wait is not kept. Here each transaction waits for a lock on a second file, first
    come, first served; only the first in the queue tries SQLite, in short steps.
    """

    def get_new_connection(self, conn_params):
        connection = super().get_new_connection(conn_params)
        # Of this connection alone: locks of a file that was opened once are shared.
        # Opened to read, for who made it may be another user of the machine.
        path = settings.DATA_DIR / "writers"
        if not path.exists():
            path.touch()
        self._queue = path.open()
        return connection

    def _close(self):
        if self.connection is not None:
            self._queue.close()
        return super()._close()

    def _start_transaction_under_autocommit(self):
        patience = self.settings_dict["OPTIONS"].get("timeout", 5)
        until = time.monotonic() + patience  # the time in the queue is part of it
        fcntl.flock(self._queue, fcntl.LOCK_EX)
        try:
            self.connection.execute("PRAGMA busy_timeout = 0")
            self._begin(until)
        finally:  # first of all, whatever went wrong, let the next one try
            fcntl.flock(self._queue, fcntl.LOCK_UN)
            self.connection.execute(f"PRAGMA busy_timeout = {patience * 1000:.0f}")

    def _begin(self, until: float) -> None:
        step = FIRST_STEP
        while time.monotonic() < until:
            try:
                self.connection.execute(f"BEGIN {self.transaction_mode}")
                return
            except OperationalError as error:
                # Of its kinds too, such as BUSY_RECOVERY after a crash.
                if error.sqlite_errorcode & 0xFF != SQLITE_BUSY:
                    break
            time.sleep(step)
            step = min(step * 1.3, LONGEST_STEP)
        super()._start_transaction_under_autocommit()  # raises as Django does
