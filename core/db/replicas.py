"""Reading from streaming replicas of PostgreSQL, never behind what was published here.

A view wrapped in ``reads_replica`` asks a replica, if one has replayed all that the
primary had written when something public last changed (core/cache/versions.py), and all
it had written a second ago. So whoever follows the link straight after publishing sees
the new version, and no page is kept under a version that is newer than its rows.
Everything else, and every write, is the primary's. A replica that fails is left out for
a while, and the view is called again on the primary. See docs/scaling.md, "Replicas".
"""

import logging
import random
import time
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import NamedTuple
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS as PRIMARY
from django.db import Error, connections

from core.cache import versions

LEFT_OUT_SECONDS = 10  # after a failure
BEHIND_SECONDS = 0.02  # after a replica was found behind
KNOWN_SECONDS = 1  # how long it holds what the primary last reported as written
APPLICATIONS = {"accounts", "registry"}  # whose models replicas are asked for
# Bytes of the log since its beginning; NULL from a server that is no replica.
WRITTEN = "SELECT (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint"
REPLAYED = """
SELECT CASE WHEN pg_is_in_recovery()
       THEN (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint END,
       extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())
"""

log = logging.getLogger(__name__)


class _Written(NamedTuple):
    """What the primary had written when asked, after ``key`` was read."""

    key: tuple
    bytes: int
    asked_at: float


_chosen: ContextVar[str] = ContextVar("chosen", default="")
_alias: ContextVar[str] = ContextVar("alias", default=PRIMARY)
_written: _Written | None = None
_left_out_until: dict[str, float] = {}
# Django's connection (one per thread) -> the connection itself and what it reported: a
# replica that is built anew may be further back, behind a new connection.
_replayed: WeakKeyDictionary = WeakKeyDictionary()


class Router:
    """Models are read where ``reads_replica`` chose, and written on the primary."""

    def db_for_read(self, model, **hints) -> str:
        is_replicated = model._meta.app_label in APPLICATIONS
        if not is_replicated or connections[PRIMARY].in_atomic_block:
            return PRIMARY
        return _alias.get()

    def db_for_write(self, model, **hints) -> str:
        return PRIMARY

    def allow_relation(self, one, other, **hints) -> bool:
        return True

    def allow_migrate(self, db, app_label, **hints) -> bool:
        return db == PRIMARY


def reads_replica(view):
    """Let ``view``, which writes nothing, read from a replica.

    Where the replica fails on the way, the view is called again, on the primary.
    """

    @wraps(view)
    def wrapped(*args, **kwargs):
        with _one_server():
            alias = _chosen.get()
            if alias == PRIMARY:
                return view(*args, **kwargs)
            token = _alias.set(alias)
            try:
                return view(*args, **kwargs)
            except Error as error:
                failed = error
            finally:
                _alias.reset(token)
            connections[alias].close()
            _chosen.set(PRIMARY)
            made = view(*args, **kwargs)  # raises too where no replica is to blame
            _leave_out(alias, failed)
            return made

    return wrapped if settings.REPLICAS else view


@contextmanager
def _one_server():
    """Choose a server, for a view and for those that it calls."""
    if _chosen.get() or not settings.REPLICAS:
        yield
        return
    token = _chosen.set(_pick())
    try:
        yield
    finally:
        _chosen.reset(token)


def connection():
    """Django's connection for queries written by hand: the one that the router would
    read from, were no transaction open on the primary."""
    return connections[_alias.get()]


class State(NamedTuple):
    """A replica as an operator sees it; ``behind`` is in bytes and ``seconds`` since
    what it replayed last was committed. All None where it doesn't answer."""

    name: str
    behind: int | None
    seconds: float | None
    is_read: bool

    def __str__(self) -> str:
        if self.behind is None:
            return f"{self.name}: down; the primary is read"
        lag = f"{self.behind} bytes behind"
        if self.behind:
            lag += f", last replayed {self.seconds or 0:.1f} s ago"
        return f"{self.name}: {lag}" + ("" if self.is_read else "; the primary is read")


def states() -> list[State]:
    """Each replica, asked now. Raises Error where the primary doesn't answer."""
    if not settings.REPLICAS:
        return []
    ((written,),) = _rows(PRIMARY, WRITTEN)
    return [_state(alias, written) for alias in settings.REPLICAS]


def _state(alias: str, written: int) -> State:
    try:
        ((replayed, seconds),) = _rows(alias, REPLAYED)
    except Error:
        connections[alias].close()
        replayed = seconds = None
    if replayed is None:
        return State(alias, None, None, is_read=False)
    is_read = _is_open(alias) and replayed >= written
    return State(alias, max(0, written - replayed), seconds, is_read)


def _pick() -> str:
    """A replica that has replayed what this machine knows to be written, or else the
    primary."""
    wanted = _wanted()
    if wanted is not None:
        for alias in random.sample(settings.REPLICAS, len(settings.REPLICAS)):
            if _is_open(alias) and _has_replayed(alias, wanted):
                return alias
    return PRIMARY


def _wanted() -> int | None:
    """What a replica must have replayed; None where the primary doesn't say.

    The key is read first: whatever changed it was committed, and so written, before the
    primary is asked. While it is down, what it reported last holds under its key.
    """
    global _written
    key, now = versions.current([versions.ANYTHING]), time.monotonic()
    known = _written if _written and _written.key == key else None
    if known and now - known.asked_at < KNOWN_SECONDS:
        return known.bytes
    try:
        ((written,),) = _rows(PRIMARY, WRITTEN)
    except Error:
        connections[PRIMARY].close()
        if known is None:
            return None
        written = known.bytes
    _written = _Written(key, written, now)
    return written


def _has_replayed(alias: str, wanted: int) -> bool:
    """Whether ``alias`` has; asked only when what it reported before is not enough."""
    django = connections[alias]
    raw, replayed = _replayed.get(django, (None, 0))
    if raw is not django.connection or replayed < wanted:
        try:
            ((replayed, _),) = _rows(alias, REPLAYED)
        except Error as error:
            django.close()
            _leave_out(alias, error)
            return False
        if replayed is None:
            django.close()
            _leave_out(alias, "it is no replica")
            return False
        _replayed[django] = django.connection, replayed
    if replayed < wanted:
        _left_out_until[alias] = time.monotonic() + BEHIND_SECONDS
    return replayed >= wanted


def _rows(alias: str, query: str) -> list[tuple]:
    with connections[alias].cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def _is_open(alias: str) -> bool:
    return time.monotonic() >= _left_out_until.get(alias, 0)


def _leave_out(alias: str, why: object) -> None:
    _left_out_until[alias] = time.monotonic() + LEFT_OUT_SECONDS
    log.warning("%s is left out for %d s: %s", alias, LEFT_OUT_SECONDS, why)
