"""Counters of changes: in a file that all processes share, and as tokens in Redis."""

import fcntl
import threading
import time
from types import SimpleNamespace

import pytest
from django.core.cache import caches

from core.cache import redis as shared_cache
from core.cache import versions
from tests.test_machines import REDIS, Redis
from tests.test_replicas import until

MIB = 1024 * 1024


@pytest.fixture
def counters(settings, tmp_path):
    """The file, in a folder of its own, not made yet."""
    settings.DATA_DIR = tmp_path
    return tmp_path / "cache-versions"


@pytest.mark.parametrize(
    ("size", "becomes"),
    [(0, MIB), (MIB // 2, MIB), (MIB - 1, MIB), (MIB, MIB), (MIB + 1, MIB + 1)],
)
def test_a_file_that_was_cut_short_is_made_whole_and_none_is_cut(
    counters, size, becomes
):
    counters.write_bytes(b"\1" * size)

    before = versions.current(["a"])

    assert counters.read_bytes() == (b"\1" * size).ljust(becomes, b"\0")
    versions.bump("a")
    assert versions.current(["a"]) != before


def test_two_changes_of_two_processes_are_counted_one_after_the_other(counters):
    before = versions.current(["a"])
    change = threading.Thread(target=versions.bump, args=("a",))

    with counters.open() as of_another_process:
        fcntl.flock(of_another_process, fcntl.LOCK_EX)
        change.start()
        change.join(0.2)
        assert change.is_alive()
        assert versions.current(["a"]) == before
    change.join()

    assert versions.current(["a"]) != before


@pytest.mark.skipif(REDIS is None, reason="redis-server is not here")
def test_one_thread_tells_redis_of_all_changes_and_keeps_no_process_alive(
    settings, counters, tmp_path, monkeypatch
):
    slept, sleep = [], time.sleep

    def sleep_briefly(seconds):
        slept.append(seconds)
        sleep(0.01)

    clock = SimpleNamespace(time=time.time, sleep=sleep_briefly)
    monkeypatch.setattr(versions, "time", clock)
    monkeypatch.setattr(shared_cache, "_silent_until", 0)
    server = Redis(tmp_path)
    backend = {"BACKEND": "core.cache.redis.SharedCache", "LOCATION": server.url}
    settings.CACHES = {"default": backend}
    settings.CACHE_IS_SHARED = True

    versions.bump("a")
    teller = versions._teller
    versions.bump("b")

    assert versions._teller is teller
    assert teller.daemon
    server.start()
    try:
        until(None, lambda: versions._teller)
        for subject in "ab":
            assert caches["default"].get(versions._key(versions._slot(subject)))
    finally:
        server.stop()
    assert set(slept) == {1}
