"""Counting installs: once per version, day and client, without making readers wait.

``count`` notes a request in memory; a thread writes what was noted every few seconds.
A process that is killed loses the last of those seconds. The method, for readers, is
docs/statistics.md.
"""

import atexit
import hashlib
import hmac
import logging
import re
import secrets
import threading
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from django.conf import settings
from django.db import close_old_connections, connection, transaction
from django.db.models import F

from core.cache import versions
from registry import search
from registry.models import (
    LISTS,
    DaySalt,
    Function,
    InstallCount,
    InstallSighting,
    Version,
    pages_subject,
)

FLUSH_SECONDS = 5
# Lists show install counts. Each process makes them stale this often at most.
LISTS_SECONDS = 60
MAX_WAITING = 50_000  # noted requests in memory; some 15 MB. More are not counted.
ROWS_PER_INSERT = 400  # they are looked up with as many parameters
# A day's sightings go when it is this long over: by then all processes wrote theirs.
GRACE = timedelta(hours=1)
# Programs that fetch by themselves and say so. Whatever else they claim to be, or that
# they run in CI, changes nothing.
AUTOMATED = re.compile(
    r"bot\b|crawl|spider|slurp|archiver|preview|scanner|monitor|uptime"
    r"|facebookexternalhit|headless|lighthouse|feedfetcher|semrush|ahrefs",
    re.IGNORECASE,
)

log = logging.getLogger(__name__)


class _Noted(NamedTuple):
    version_id: int
    day: date
    client: str
    is_automated: bool


_waiting: set[_Noted] = set()  # a set: one client asking 10,000 times is one entry
_lock = threading.Lock()
_wake = threading.Event()
_thread: threading.Thread | None = None
_lists_bumped_at = -LISTS_SECONDS  # time.monotonic
_lists_are_owed = False


def count(
    version_id: int, *, client: str, method: str, headers: Mapping[str, str]
) -> None:
    """Note that ``client`` was sent the files of a version. Never waits, never raises
    for what a client sent.

    client: its address, an IPv6 one cut to its /64; in memory for seconds only.
    method, headers: the request's. HEAD, Range and conditional requests (RFC 9110, 13
        and 14) copy nothing new and are not counted.
    """
    repeats = ("If-None-Match", "If-Modified-Since", "Range")
    if method != "GET" or any(name in headers for name in repeats):
        return
    is_automated = _is_automated(headers.get("User-Agent", "")[:500])
    noted = _Noted(version_id, datetime.now(UTC).date(), client, is_automated)
    if noted in _waiting:
        return
    with _lock:
        if len(_waiting) < MAX_WAITING:
            _waiting.add(noted)
    if settings.DERIVE_IN_BACKGROUND:
        _start()
        _wake.set()


@lru_cache(maxsize=1_000)
def _is_automated(user_agent: str) -> bool:
    return bool(AUTOMATED.search(user_agent))


def flush() -> int:
    """Write what was noted. Returns how many installs were new.

    Two processes that saw the same client count it once: the row of its sighting is
    unique, and only the process that inserted it adds one.
    """
    with _lock:
        noted = sorted(_waiting)
        _waiting.clear()
    try:
        with transaction.atomic():
            fresh = _insert(noted)
            functions = _add(fresh)
            if fresh:
                versions.bump_on_commit(*map(pages_subject, functions))
                transaction.on_commit(_owe_lists)
    except Exception:
        with _lock:  # for the next time
            _waiting.update(noted[: MAX_WAITING - len(_waiting)])
        raise
    return sum(n for (_, _, is_automated), n in fresh.items() if not is_automated)


def _owe_lists() -> None:
    """Make lists stale, now or when LISTS_SECONDS have passed."""
    global _lists_are_owed
    _lists_are_owed = True
    bump_lists_if_due()


def bump_lists_if_due() -> None:
    """Make lists stale if they show older counts and it is time."""
    global _lists_are_owed, _lists_bumped_at
    now = time.monotonic()
    if _lists_are_owed and now - _lists_bumped_at >= LISTS_SECONDS:
        _lists_are_owed, _lists_bumped_at = False, now
        versions.bump(LISTS)


def forget_days_over() -> None:
    """Delete the sightings and salts of days that are over: who it was is gone."""
    first_kept = (datetime.now(UTC) - GRACE).date()
    InstallSighting.objects.filter(day__lt=first_kept).delete()
    DaySalt.objects.filter(day__lt=first_kept).delete()


def _insert(noted: list[_Noted]) -> Counter:
    """Insert sightings. Returns (version, day, is_automated) -> how many were new.

    One process after another: each locks the rows of the days' salts.
    """
    salts = {day: _salt(day) for day in sorted({each.day for each in noted})}
    fresh: Counter = Counter()
    for start in range(0, len(noted), ROWS_PER_INSERT):
        sightings = {
            (v, day, _hashed(client, salts[day]), is_automated)
            for v, day, client, is_automated in noted[start : start + ROWS_PER_INSERT]
        }
        new = sightings - _known(sightings)
        InstallSighting.objects.bulk_create(
            InstallSighting(version_id=v, day=day, client=client, is_automated=auto)
            for v, day, client, auto in sorted(new)
        )
        fresh.update((v, day, auto) for v, day, _, auto in new)
    return fresh


def _known(sightings: set[tuple]) -> set[tuple]:
    """Those that there are already."""
    version_ids, days, clients, _ = map(set, zip(*sightings, strict=True))
    rows = InstallSighting.objects.filter(
        version__in=version_ids, day__in=days, client__in=clients
    )
    found = rows.values_list("version", "day", "client", "is_automated")
    return sightings & set(found)


def _add(fresh: Counter) -> set[int]:
    """Add to the counts, in one order everywhere, so that no two processes deadlock.
    Returns the ids of the functions."""
    days = sorted({(version_id, day) for version_id, day, _ in fresh})
    InstallCount.objects.bulk_create(
        (InstallCount(version_id=version_id, day=day) for version_id, day in days),
        ignore_conflicts=True,
    )
    for version_id, day in days:
        InstallCount.objects.filter(version_id=version_id, day=day).update(
            installs=F("installs") + fresh[version_id, day, False],
            automated=F("automated") + fresh[version_id, day, True],
        )
    of_function: Counter = Counter()
    owners = dict(
        Version.objects.filter(pk__in={pk for pk, _ in days}).values_list(
            "pk", "function_id"
        )
    )
    for (version_id, _, is_automated), n in fresh.items():
        if not is_automated:
            of_function[owners[version_id]] += n
    for function_id, n in sorted(of_function.items()):
        Function.objects.filter(pk=function_id).update(
            install_count=F("install_count") + n
        )
    search.reorder(of_function)
    return {*owners.values()}


def _salt(day: date) -> str:
    """The salt of a day, its row locked."""
    made = DaySalt(day=day, salt=secrets.token_hex(32))
    DaySalt.objects.bulk_create([made], ignore_conflicts=True)
    return DaySalt.objects.select_for_update().get(day=day).salt


def _hashed(client: str, salt: str) -> str:
    return hmac.digest(salt.encode(), client.encode(), hashlib.sha256).hex()[:32]


# --- in the background


def _start() -> None:
    global _thread
    with _lock:
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_work, name="installs", daemon=True)
            _thread.start()
            atexit.register(_write_last)


def _work() -> None:
    pause = threading.Event()
    while True:
        # An hour: days end also where nobody installs.
        _wake.wait(timeout=LISTS_SECONDS if _lists_are_owed else 3600)
        _wake.clear()
        pause.wait(FLUSH_SECONDS)
        _write()
        bump_lists_if_due()
        connection.close()  # hold none while there is nothing to do


def _write() -> None:
    close_old_connections()
    try:
        flush()
        forget_days_over()
    except Exception:
        log.exception("Installs could not be counted; the next try is soon.")


def _write_last() -> None:
    """What is waiting when the process ends."""
    if _waiting:
        _write()
