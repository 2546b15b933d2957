"""Django's PostgreSQL, with a check of kept connections that asks no question."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection is taken for usable while its server is silent: one that stopped,
    restarted or ended the session has sent its farewell, or closed the socket.

    One where a statement failed is not kept for the next request: what it prepared
    before a migration changed a column's type would fail there for ever."""

    def is_usable(self):
        if self.connection is None or self.connection.closed or self.errors_occurred:
            return False
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return not poll.poll(0) or super().is_usable()
