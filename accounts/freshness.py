"""The version key of everything public: it changes with every write.

A page kept as ready bytes is right as long as the key it was made under is the key
now. On one machine the key is a counter in a small file that all processes map into
memory, so asking costs no system call. With CACHE_URL set, several machines share a
counter in Redis, and asking costs one look-up there.

See docs/architecture.md, "Reads survive".
"""

import fcntl
import mmap
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


def key() -> tuple[int, int, int]:
    """What a kept page must have been made under: machine's counter, shared counter,
    and the UTC day (pages show counts by day)."""
    shared = caches["default"].get(SHARED_KEY, 0) if settings.CACHE_IS_SHARED else 0
    return _COUNTER.unpack_from(_mapped())[0], shared, int(time.time() // 86400)


def touch() -> None:
    """Make every kept page stale, in all processes, now."""
    counter = _mapped()
    with _lock, _path().open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _COUNTER.pack_into(counter, 0, _COUNTER.unpack_from(counter)[0] + 1)
    if settings.CACHE_IS_SHARED:
        caches["default"].add(SHARED_KEY, 0, timeout=None)
        caches["default"].incr(SHARED_KEY)


def touch_on_commit() -> None:
    """``touch`` once the current transaction is visible to others; at once without
    one."""
    transaction.on_commit(touch)


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
