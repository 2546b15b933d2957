"""The counters that make answers stale: in a file of one machine, in Redis for more."""

import logging
import os
import subprocess
import sys

import pytest
from django.core.cache import caches
from django.db import transaction
from redis import Redis as Client
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from core.cache import redis as shared_cache
from core.cache import versions
from core.http.limits import Limit, count
from tests.hub_server import ROOT, free_port
from tests.test_machines import REDIS, Redis

needs_redis = pytest.mark.skipif(REDIS is None, reason="redis-server is not here")
SIZE = 2**17 * 8  # bytes of the file


@pytest.fixture
def machine(settings, tmp_path, monkeypatch):
    """A machine whose counters nobody has read or written yet."""
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(versions, "_maps", {})
    return tmp_path / "cache-versions"


# --- in a file


def test_a_subject_is_stale_for_those_who_read_it_and_for_no_others(machine):
    before = {name: versions.current([name]) for name in ("a", "b")}

    versions.bump("a")

    assert versions.current(["a"]) != before["a"]
    assert versions.current(["b"]) == before["b"]
    assert versions.current(["b", "a"]) != before["b"] + before["a"]


def test_each_write_is_a_new_version(machine):
    seen = set()
    for _ in range(5):
        seen.add(versions.current(["a"]))
        versions.bump("a")

    assert len(seen) == 5


def test_a_subject_that_is_named_twice_is_written_once(machine):
    versions.bump("a", "a", versions.ANYTHING)
    once = versions.current(["a"]), versions.current([versions.ANYTHING])

    machine.unlink()
    versions._maps.clear()
    versions.bump("a")

    assert (versions.current(["a"]), versions.current([versions.ANYTHING])) == once


@pytest.mark.parametrize("bumped", ["a", versions.ANYTHING, versions.EVERYTHING])
def test_anything_is_stale_after_every_write(machine, bumped):
    before = versions.current([versions.ANYTHING])

    versions.bump(bumped)

    assert versions.current([versions.ANYTHING]) != before


def test_no_subject_shares_its_counter_with_those_of_all_answers(machine):
    """These two have the first and the last of all counters."""
    first, last = "function:37814", "function:71464"
    before = [versions.current([name]) for name in ("a", versions.ANYTHING)]

    assert machine.read_bytes().strip(b"\0") == b""
    versions.bump(first, last)

    counters = memoryview(machine.read_bytes()).cast("Q").tolist()
    assert (counters[2], counters[-1], sum(counters)) == (1, 1, 3)
    after = [versions.current([name]) for name in ("a", versions.ANYTHING)]
    assert (after[0] == before[0], after[1] == before[1]) == (True, False)


def test_the_counters_are_a_file_that_every_process_of_the_machine_maps(
    machine, monkeypatch
):
    versions.bump("a")
    seen = versions.current(["a"])
    assert machine.stat().st_size == SIZE

    monkeypatch.setattr(versions, "_maps", {})  # another process

    assert versions.current(["a"]) == seen
    versions.bump("a")
    assert versions.current(["a"]) != seen
    assert machine.stat().st_size == SIZE


@pytest.mark.parametrize("size", [1, 9, 20_000, SIZE - 1])
def test_a_file_that_was_cut_off_is_whole_again(machine, size):
    machine.write_bytes(b"\1" * size)

    versions.bump(versions.ANYTHING)

    assert machine.stat().st_size == SIZE
    assert machine.read_bytes()[size - 1 : size] in (b"\1", b"\2")  # held what it had


def test_a_file_of_more_counters_is_not_cut_off(machine):
    """Another release may have it mapped."""
    machine.write_bytes(bytes(SIZE + 8))

    versions.bump("a")

    assert machine.stat().st_size == SIZE + 8


BUMPS = """
import pathlib, sys
from django.conf import settings
folder, redis, count = sys.argv[1:]
shared = {"BACKEND": "core.cache.redis.SharedCache", "LOCATION": redis}
settings.configure(
    DATA_DIR=pathlib.Path(folder),
    CACHE_IS_SHARED=bool(redis),
    CACHES={"default": shared},
)
from core.cache import versions
for _ in range(int(count)):
    versions.bump("a")
"""


def process_that_bumps(folder, *, redis="", count=1):
    program = [sys.executable, "-c", BUMPS, str(folder), redis, str(count)]
    return subprocess.Popen(program, env=os.environ | {"PYTHONPATH": str(ROOT)})


def test_no_write_of_two_processes_is_lost(machine):
    writers = [process_that_bumps(machine.parent, count=4000) for _ in range(2)]
    assert [writer.wait(60) for writer in writers] == [0, 0]

    slot = versions._slot("a") * 8
    written = machine.read_bytes()[slot : slot + 8]
    assert int.from_bytes(written, sys.byteorder) == 8000


@pytest.mark.django_db(transaction=True)
def test_a_write_makes_stale_once_others_can_see_it(machine):
    before = versions.current(["a"])
    with transaction.atomic():
        versions.bump_on_commit("a")
        assert versions.current(["a"]) == before
    assert versions.current(["a"]) != before

    before = versions.current(["a"])
    versions.bump_on_commit("a")  # in no transaction
    assert versions.current(["a"]) != before


@pytest.mark.django_db(transaction=True)
def test_a_write_that_is_rolled_back_makes_nothing_stale(machine):
    before = versions.current(["a"])

    with transaction.atomic():
        versions.bump_on_commit("a")
        transaction.set_rollback(True)

    assert versions.current(["a"]) == before


# --- in Redis


def use_redis(settings, url):
    backend = {"BACKEND": "core.cache.redis.SharedCache", "LOCATION": url}
    settings.CACHES = {"default": backend, "local": backend}
    settings.CACHE_IS_SHARED = True


@pytest.fixture
def redis(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(shared_cache, "_silent_until", 0)
    server = Redis(tmp_path)
    server.start()
    use_redis(settings, server.url)
    patient = Retry(ConstantBackoff(0.05), 200)
    with Client.from_url(server.url, retry=patient) as client:
        client.ping()
        yield client
    for pool in caches["default"]._cache._pools.values():
        pool.disconnect()
    server.stop()


@pytest.fixture
def no_redis(settings, monkeypatch):
    monkeypatch.setattr(shared_cache, "_silent_until", 0)
    use_redis(settings, f"redis://127.0.0.1:{free_port()}/0")


def on_another_machine(settings, folder, monkeypatch):
    folder.mkdir(exist_ok=True)
    settings.DATA_DIR = folder
    monkeypatch.setattr(versions, "_maps", {})


@needs_redis
def test_a_write_at_one_machine_is_seen_at_another(
    redis, settings, tmp_path, monkeypatch
):
    on_another_machine(settings, tmp_path / "first", monkeypatch)
    first = versions.current(["a"]), versions.current(["b"])
    on_another_machine(settings, tmp_path / "second", monkeypatch)
    versions.bump("a")

    on_another_machine(settings, tmp_path / "first", monkeypatch)

    assert versions.current(["a"]) != first[0]
    assert versions.current(["b"]) == first[1]


@needs_redis
def test_while_redis_answers_nobody_waits_to_tell_it(redis):
    versions.bump("a")

    assert versions._teller is None


def test_a_process_ends_though_redis_was_not_told(tmp_path):
    away = f"redis://127.0.0.1:{free_port()}/0"

    with process_that_bumps(tmp_path, redis=away) as process:
        try:
            assert process.wait(30) == 0
        finally:
            process.kill()


@needs_redis
def test_what_redis_holds_of_versions_never_expires(redis):
    versions.current(["read"])
    versions.bump("written")

    names = redis.keys("*cache-version:*")
    assert b":1:cache-version:0" in names  # docs/scaling.md looks at this one
    assert len(names) == 4  # ANYTHING and EVERYTHING, and one each
    assert {redis.ttl(name) for name in names} == {-1}


@needs_redis
def test_a_machine_that_reads_first_gets_the_token_that_another_made(redis):
    assert versions.current(["a", "b"]) == versions.current(["a", "b"])
    kept = {name: redis.get(name) for name in redis.keys("*cache-version:*")}

    versions.current(["a", "b", "c"])

    assert (
        kept.items()
        <= {name: redis.get(name) for name in redis.keys("*cache-version:*")}.items()
    )


def test_without_redis_no_version_is_right_twice(no_redis):
    assert versions.current(["a"]) != versions.current(["a"])
    assert versions.current([]) != versions.current([])


@pytest.mark.parametrize(
    ("ask", "found"),
    [
        (lambda cache: cache.get("k"), None),
        (lambda cache: cache.get("k", "else"), "else"),
        (lambda cache: cache.get_many(["k", "l"]), {}),
        (lambda cache: cache.has_key("k"), False),
        (lambda cache: "k" in cache, False),
        (lambda cache: cache.add("k", 1), False),
        (lambda cache: cache.set("k", 1), None),
        (lambda cache: cache.set_many({"k": 1, "l": 2}), ["k", "l"]),
        (lambda cache: cache.touch("k"), False),
        (lambda cache: cache.delete("k"), False),
        (lambda cache: cache.delete_many(["k"]), None),
        (lambda cache: cache.get_or_set("k", "made"), "made"),
    ],
)
def test_without_redis_nothing_is_found_and_nothing_fails(no_redis, ask, found):
    assert [ask(caches["default"]) for _ in range(2)] == [found, found]


def test_without_redis_nothing_is_counted(no_redis, settings):
    settings.RATE_LIMITS = True
    limit = Limit("writes", 1, 60)

    assert [count(limit, "alice").used for _ in range(3)] == [1, 1, 1]
    with pytest.raises(ValueError, match="k is not in the cache"):
        caches["default"].incr("k")


def test_a_silent_redis_is_noted_once_and_asked_again_later(
    no_redis, monkeypatch, caplog
):
    def asked(times):
        caplog.clear()
        with caplog.at_level(logging.WARNING, "core.cache.redis"):
            for _ in range(times):
                caches["default"].get("k")
        return [record.getMessage()[:22] for record in caplog.records]

    assert asked(3) == ["Redis does not answer:"]
    assert asked(3) == []
    monkeypatch.setattr(
        shared_cache, "_silent_until", shared_cache._silent_until - 1
    )  # a second later
    assert asked(3) == ["Redis does not answer:"]


@needs_redis
def test_redis_is_asked_as_ever_while_it_answers(redis):
    cache = caches["default"]

    assert cache.add("k", 1) is True
    assert cache.add("k", 2) is False
    assert cache.incr("k") == 2
    assert cache.get_many(["k", "l"]) == {"k": 2}
    assert (cache.has_key("k"), cache.touch("k"), cache.delete("k")) == (True,) * 3
