"""The version key of everything public: it changes with every write.

A page kept as ready bytes is right as long as the key it was made under is the key
now. On one machine the key is a counter in a small file that all processes map into
memory, so asking costs no system call. With CACHE_URL set, several machines share a
token in Redis, another one after each write, and asking costs one look-up there. While
Redis doesn't answer, no key is ever the same: pages are made anew.

See docs/architecture.md, "Reads survive".
"""

import fcntl
import mmap
import secrets
import struct
import threading
import time
from pathlib import Path

from django.conf import settings
from django.core.cache import caches
from django.db import transaction

SHARED_KEY = "freshness"
_COUNTER = struct.Struct("=Q")
_lock = threading.Lock()
_maps: dict[Path, mmap.mmap] = {}
_owed = threading.Event()  # other machines have yet to hear of a write
_teller: threading.Thread | None = None


def key() -> tuple[int, str, int]:
    """What a kept page must have been made under: machine's counter, shared token,
    and the UTC day (pages show counts by day)."""
    shared = _shared() if settings.CACHE_IS_SHARED else ""
    return _COUNTER.unpack_from(_mapped())[0], shared, int(time.time() // 86400)


def touch() -> None:
    """Make every kept page stale, in all processes, now."""
    counter = _mapped()
    with _lock, _path().open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _COUNTER.pack_into(counter, 0, _COUNTER.unpack_from(counter)[0] + 1)
    if settings.CACHE_IS_SHARED and not _tell():
        _tell_later()


def touch_on_commit() -> None:
    """``touch`` once the current transaction is visible to others; at once without
    one."""
    transaction.on_commit(touch)


def _shared() -> str:
    """The token of all machines; Redis that lost it gets one that never was."""
    cache = caches["default"]
    found = cache.get(SHARED_KEY)
    if found is None:
        cache.add(SHARED_KEY, _token(), timeout=None)
        found = cache.get(SHARED_KEY)
    return found or _token()


def _tell() -> bool:
    """Set another token; whether it is there."""
    token = _token()
    caches["default"].set(SHARED_KEY, token, timeout=None)
    return caches["default"].get(SHARED_KEY) == token


def _tell_later() -> None:
    """Go on trying in a thread: a machine that reaches Redis would not learn of the
    write from one that doesn't."""
    global _teller
    _owed.set()
    with _lock:
        if _teller is None or not _teller.is_alive():
            _teller = threading.Thread(target=_go_on, name="freshness", daemon=True)
            _teller.start()


def _go_on() -> None:
    while _owed.wait():
        _owed.clear()
        while not _tell():
            time.sleep(1)


def _token() -> str:
    return secrets.token_hex(8)


def _path() -> Path:
    return settings.DATA_DIR / "freshness"


def _mapped() -> mmap.mmap:
    found = _maps.get(settings.DATA_DIR)
    if found is None:
        with _lock:
            with _path().open("a+b") as file:
                if file.seek(0, 2) < _COUNTER.size:
                    file.truncate(_COUNTER.size)
                found = mmap.mmap(file.fileno(), _COUNTER.size)
            _maps[settings.DATA_DIR] = found
    return found
