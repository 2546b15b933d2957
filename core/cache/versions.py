"""Version counters: how every process learns that an answer in memory is out of date.

An answer depends on *subjects*, which are short texts such as "function:12" or
"lists". Each subject has a counter. A write bumps the counters of what it changed, and
an answer is right as long as the counters of its subjects are those that it was made
under.

The counters are a small file that all processes of a machine map into memory, so that
reading them takes no system call. With CACHE_URL set, several machines share a token
for each counter in Redis, and reading them takes one look-up there. While Redis does
not answer, no version equals another one, so that every answer is made anew.

See docs/architecture.md, "The cache".
"""

import fcntl
import mmap
import secrets
import struct
import threading
import time
import zlib
from collections.abc import Iterable
from functools import lru_cache, partial
from pathlib import Path

from django.conf import settings
from django.core.cache import caches
from django.db import transaction

ANYTHING = "anything"  # bumped by each write that bumps something
EVERYTHING = "everything"  # bumped by a write that concerns all answers

# Subjects that share a slot make each other's answers stale: some eight of a million
# functions do.
SLOTS = 2**17  # of 8 bytes
_ALWAYS = {ANYTHING: 0, EVERYTHING: 1}  # their slots
_COUNTER = struct.Struct("=Q")
_lock = threading.Lock()
_maps: dict[Path, mmap.mmap] = {}
_untold: set[int] = set()  # slots whose change Redis has yet to hear of
_teller: threading.Thread | None = None

Version = tuple


def current(subjects: Iterable[str]) -> Version:
    """The version of all that ``subjects`` stand for, and of EVERYTHING.

    The UTC day is part of it, because pages count days.
    """
    slots = [_slot(EVERYTHING), *map(_slot, subjects)]
    counters = _counters()
    local = tuple(_COUNTER.unpack_from(counters, slot * 8)[0] for slot in slots)
    shared = _tokens(slots) if settings.CACHE_IS_SHARED else ()
    return int(time.time() // 86400), local, shared


def bump(*subjects: str) -> None:
    """Make every answer that depends on one of ``subjects`` stale, in all processes."""
    # ANYTHING first: PageCacheMiddleware reads it last, to find out whether a write
    # came while it made a page.
    slots = list(dict.fromkeys(map(_slot, (ANYTHING, *subjects))))
    counters = _counters()
    with _lock, _path().open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for slot in slots:
            count = _COUNTER.unpack_from(counters, slot * 8)[0]
            _COUNTER.pack_into(counters, slot * 8, count + 1)
    if settings.CACHE_IS_SHARED and not _tell(slots):
        _tell_later(slots)


def bump_on_commit(*subjects: str) -> None:
    """``bump`` once the transaction is visible to others; at once without one."""
    transaction.on_commit(partial(bump, *subjects))


@lru_cache(maxsize=10_000)
def _slot(subject: str) -> int:
    found = _ALWAYS.get(subject)
    if found is None:
        others = SLOTS - len(_ALWAYS)
        found = len(_ALWAYS) + zlib.crc32(subject.encode()) % others
    return found


def _path() -> Path:
    return settings.DATA_DIR / "cache-versions"


def _counters() -> mmap.mmap:
    found = _maps.get(settings.DATA_DIR)
    if found is None:
        with _lock, _path().open("a+b") as file:
            if file.seek(0, 2) < SLOTS * 8:
                file.truncate(SLOTS * 8)
            found = _maps[settings.DATA_DIR] = mmap.mmap(file.fileno(), SLOTS * 8)
    return found


# --- several machines


def _tokens(slots: list[int]) -> tuple[str, ...]:
    """The token of each slot. A token that Redis has lost is replaced by a new one, so
    that no answer made under the lost one is taken for right."""
    cache, keys = caches["default"], [_key(slot) for slot in slots]
    found = cache.get_many(keys)
    missing = [key for key in keys if key not in found]
    if missing:
        for key in missing:
            cache.add(key, _token(), timeout=None)
        found = cache.get_many(keys)
    return tuple(found.get(key) or _token() for key in keys)


def _tell(slots: Iterable[int]) -> bool:
    """Give the slots new tokens in Redis. Returns whether Redis has them."""
    tokens = {_key(slot): _token() for slot in slots}
    cache = caches["default"]
    cache.set_many(tokens, timeout=None)
    return cache.get_many(tokens) == tokens


def _tell_later(slots: Iterable[int]) -> None:
    """Tell Redis in a thread, until it hears: a machine that reaches Redis would not
    learn of the write from a machine that does not."""
    global _teller
    with _lock:
        _untold.update(slots)
        if _teller is None or not _teller.is_alive():
            _teller = threading.Thread(target=_keep_telling, daemon=True)
            _teller.start()


def _keep_telling() -> None:
    global _teller
    while True:
        with _lock:
            slots = set(_untold)
            _untold.clear()
            if not slots:
                _teller = None
                return
        while not _tell(slots):
            time.sleep(1)


def _key(slot: int) -> str:
    return f"cache-version:{slot}"


def _token() -> str:
    return secrets.token_hex(8)
