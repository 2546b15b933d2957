"""How installs are counted: the rules of docs/statistics.md."""

import os
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta
from threading import Event
from types import SimpleNamespace

import pytest
from django.db import connection

from core.cache import versions
from registry.installs import counting, statistics
from registry.models import (
    LISTS,
    DaySalt,
    Function,
    InstallCount,
    InstallSighting,
    SearchDocument,
)

pytestmark = pytest.mark.django_db

INSTALL = "/api/community/functions/alice/image-resizer/install"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_noted(monkeypatch):
    monkeypatch.setattr(counting, "_lists_are_owed", False)
    counting._waiting.clear()


@pytest.fixture
def version(publish):
    return publish()


@pytest.fixture
def newer(publish, version):
    return publish(version="1.1.0", code="export const newer = 1;\n")


def noted(version, client="192.0.2.1", method="GET", **headers):
    counting.count(version.pk, client=client, method=method, headers=headers)


def counts() -> list[tuple]:
    """(version, day, installs, automated) of each row."""
    rows = InstallCount.objects.order_by("day", "version")
    return list(rows.values_list("version__number", "day", "installs", "automated"))


def install_count() -> int:
    return Function.objects.get(slug="image-resizer").install_count


def is_stale(subject, write) -> bool:
    """Whether ``write`` makes answers about ``subject`` stale."""
    before = versions.current([subject])
    write()
    return versions.current([subject]) != before


# --- what is counted


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "get", ""])
def test_only_a_get_is_noted(version, method):
    noted(version, method=method)

    assert not counting._waiting


@pytest.mark.parametrize("header", ["If-None-Match", "If-Modified-Since", "Range"])
def test_a_repeated_or_partial_request_is_not_noted(version, header):
    noted(version, **{header: ""})

    assert not counting._waiting
    noted(version, **{"If-Range": "x", "If-Match": "x"})
    assert len(counting._waiting) == 1


@pytest.mark.parametrize(
    "agent",
    [
        "Googlebot",
        "Googlebot/2.1",
        "SomeBot; +http://example.com",
        "(compatible; bingbot)",
        "Scrapy-Crawler/1.0",
        "Baiduspider/2.0",
        "Yahoo! Slurp",
        "Internet Archiver",
        "Embed Preview/2",
        "vuln-scanner 3",
        "Site Monitor",
        "UptimeRobot/2.0",
        "facebookexternalhit/1.1",
        "HEADLESS browser",
        "Chrome-Lighthouse",
        "FeedFetcher-Google",
        "Semrush/7",
        "AhrefsSite",
    ],
)
def test_a_program_that_says_what_it_is_counts_apart(version, agent):
    noted(version, **{"User-Agent": agent})

    assert counting.flush() == 0
    assert [row[2:] for row in counts()] == [(0, 1)]
    assert install_count() == 0


@pytest.mark.parametrize(
    "agent", ["", "curl/8.5.0", "Abbott/1", "botanic/2", "node", "bottle_bot_x"]
)
def test_other_programs_count_like_people(version, agent):
    noted(version, **{"User-Agent": agent})

    assert counting.flush() == 1
    assert [row[2:] for row in counts()] == [(1, 0)]
    assert install_count() == 1


def test_a_long_name_is_read_to_its_500th_character(version):
    noted(version, client="192.0.2.1", **{"User-Agent": "x" * 494 + "spider"})
    noted(version, client="192.0.2.2", **{"User-Agent": "x" * 495 + "spider"})

    counting.flush()

    assert [row[2:] for row in counts()] == [(1, 1)]


def test_one_address_counts_as_a_person_and_as_a_program(version):
    for _ in range(2):
        noted(version)
        noted(version, **{"User-Agent": "Googlebot"})
        counting.flush()

    assert [row[2:] for row in counts()] == [(1, 1)]
    assert install_count() == 1


def test_each_version_and_day_has_its_own_count(version, newer, time_machine):
    time_machine.move_to(NOON)
    for client in ("192.0.2.1", "192.0.2.2"):
        noted(version, client)
    noted(newer)
    assert counting.flush() == 3

    time_machine.move_to(NOON + timedelta(hours=12))
    noted(version)
    assert counting.flush() == 1

    assert counts() == [
        ("1.0.0", date(2026, 3, 1), 2, 0),
        ("1.1.0", date(2026, 3, 1), 1, 0),
        ("1.0.0", date(2026, 3, 2), 1, 0),
    ]
    assert install_count() == 4


def test_days_are_those_of_utc(version, time_machine):
    time_machine.move_to(datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC))
    noted(version)
    time_machine.move_to(datetime(2026, 3, 2, tzinfo=UTC))
    noted(version)

    assert counting.flush() == 2
    assert [row[1] for row in counts()] == [date(2026, 3, 1), date(2026, 3, 2)]


def test_of_an_ipv6_address_the_first_64_bits_count(client, version):
    for address in ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1"):
        client.get(INSTALL, REMOTE_ADDR=address)

    assert counting.flush() == 2


def test_counts_of_other_functions_stay(version, publish):
    other = publish(name="csv-export", code="export const csv = 1;\n")
    noted(other)
    counting.flush()

    noted(version)
    counting.flush()

    assert dict(Function.objects.values_list("slug", "install_count")) == {
        "image-resizer": 1,
        "csv-export": 1,
    }


@pytest.mark.parametrize("clients", [400, 401, 801])
def test_any_number_of_installs_is_written_at_once(version, clients):
    for n in range(clients):
        noted(version, client=f"client {n}")
    assert counting.flush() == clients

    for n in range(clients + 1):
        noted(version, client=f"client {n}")

    assert counting.flush() == 1
    assert [row[2] for row in counts()] == [clients + 1]


def test_a_count_orders_search_by_popularity(version, publish):
    other = publish(name="csv-export", code="export const csv = 1;\n")
    before = dict(SearchDocument.objects.values_list("slug", "rank_key"))
    assert before["csv-export"] < before["image-resizer"]  # the newer comes first

    for client in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
        noted(version, client)
    noted(other, **{"User-Agent": "Googlebot"})
    counting.flush()

    after = dict(SearchDocument.objects.values_list("slug", "rank_key"))
    assert after["image-resizer"] < after["csv-export"] == before["csv-export"]


# --- what is held in memory


def test_50_000_installs_wait_and_further_ones_are_not_counted(version):
    today = datetime.now(UTC).date()
    counting._waiting.update(
        counting._Noted(version.pk, today, f"client {n}", False) for n in range(49_999)
    )

    for n in range(2):
        noted(version, client=f"192.0.2.{n}")

    assert len(counting._waiting) == 50_000
    assert "192.0.2.0" in {each.client for each in counting._waiting}


def _away(execute, sql, params, many, context):
    raise RuntimeError("the database is away")


def test_what_could_not_be_written_waits_beside_what_came_since(version, monkeypatch):
    monkeypatch.setattr(counting, "MAX_WAITING", 3)
    for n in range(3):
        noted(version, client=f"old {n}")

    def and_one_comes(*args):
        noted(version, client="new")
        _away(*args)

    with connection.execute_wrapper(and_one_comes), pytest.raises(RuntimeError):
        counting.flush()

    waiting = sorted(each.client for each in counting._waiting)
    assert waiting == ["new", "old 0", "old 1"]
    assert counting.flush() == 3
    assert not counting._waiting


@pytest.mark.django_db(transaction=True)
def test_the_writer_outlives_a_database_that_is_away(version, time_machine, caplog):
    time_machine.move_to(NOON)
    noted(version)
    with connection.execute_wrapper(_away):
        counting._write()
    assert "Installs could not be counted" in caplog.text
    assert install_count() == 0

    counting._write()

    assert install_count() == 1
    assert InstallSighting.objects.exists()
    time_machine.move_to(NOON + timedelta(days=1))
    counting._write()
    assert not InstallSighting.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_process_that_stops_writes_what_waits(version):
    noted(version)

    counting._write_last()

    assert install_count() == 1


# --- what is stored


def test_the_hash_of_an_address_has_128_bits_and_goes_with_its_salt(version):
    noted(version)
    counting.flush()
    first = InstallSighting.objects.get().client
    InstallSighting.objects.all().delete()
    DaySalt.objects.all().delete()

    noted(version)
    counting.flush()

    again = InstallSighting.objects.get().client
    assert len(bytes.fromhex(first)) == len(bytes.fromhex(again)) == 16
    assert first != again
    assert len(bytes.fromhex(DaySalt.objects.get().salt)) == 32


def test_two_addresses_have_two_hashes_and_one_salt(version):
    noted(version)
    noted(version, client="192.0.2.2")
    counting.flush()

    assert InstallSighting.objects.values("client").distinct().count() == 2
    assert DaySalt.objects.count() == 1


@pytest.mark.parametrize(
    ("later", "kept"),
    [
        (timedelta(hours=12, minutes=59, seconds=59), 1),  # 00:59:59 of the next day
        (timedelta(hours=13), 0),
    ],
)
def test_hashes_and_salt_go_when_the_day_is_an_hour_over(
    version, time_machine, later, kept
):
    time_machine.move_to(NOON)
    noted(version)
    counting.flush()

    time_machine.move_to(NOON + later)
    counting.forget_days_over()

    assert InstallSighting.objects.count() == kept
    assert DaySalt.objects.count() == kept
    assert install_count() == 1


# --- whom it reaches


def test_pages_and_lists_show_a_new_count(
    version, publish, monkeypatch, django_capture_on_commit_callbacks
):
    other = publish(name="csv-export", code="export const csv = 1;\n").function
    monkeypatch.setattr(counting, "_lists_bumped_at", -(10.0**9))

    def flush():
        with django_capture_on_commit_callbacks(execute=True):
            counting.flush()

    def install():
        noted(version, client=str(datetime.now(UTC)))
        flush()

    assert is_stale(version.function.pages_subject, install)
    assert not is_stale(other.pages_subject, install)
    assert not is_stale(versions.ANYTHING, flush)
    monkeypatch.setattr(counting, "_lists_bumped_at", -(10.0**9))
    assert is_stale(LISTS, install)


def test_an_install_that_was_counted_makes_nothing_stale(
    version, django_capture_on_commit_callbacks
):
    noted(version)
    counting.flush()
    noted(version)

    def flush():
        with django_capture_on_commit_callbacks(execute=True):
            assert counting.flush() == 0

    assert not is_stale(versions.ANYTHING, flush)


def test_lists_show_new_counts_once_a_minute(
    version, monkeypatch, django_capture_on_commit_callbacks
):
    clock = SimpleNamespace(monotonic=lambda: clock.now, now=1000.0)
    monkeypatch.setattr(counting, "time", clock)
    monkeypatch.setattr(counting, "_lists_bumped_at", clock.now - 60)

    def install():
        noted(version, client=str(len(counts()) + clock.now))
        with django_capture_on_commit_callbacks(execute=True):
            assert counting.flush() == 1

    def are_stale(write, *, after) -> bool:
        clock.now += after
        return is_stale(LISTS, write)

    assert are_stale(install, after=0)
    assert not are_stale(counting.bump_lists_if_due, after=59)
    assert not are_stale(counting.bump_lists_if_due, after=1)  # none came since
    assert are_stale(install, after=0)
    assert not are_stale(install, after=59)
    assert not are_stale(counting.bump_lists_if_due, after=0.5)
    assert are_stale(counting.bump_lists_if_due, after=0.5)
    assert not are_stale(counting.bump_lists_if_due, after=60)


# --- in the background


@pytest.mark.django_db(transaction=True)
def test_the_writer_waits_for_the_next_install(version, settings, monkeypatch):
    monkeypatch.setattr(counting, "FLUSH_SECONDS", 0)
    settings.DERIVE_IN_BACKGROUND = True
    for n in (1, 2):
        noted(version, client=f"192.0.2.{n}")
        for _ in range(400):
            if install_count() == n:
                break
            Event().wait(0.025)
        assert install_count() == n
        assert not counting._wake.is_set()
    names = [thread.name for thread in threading.enumerate()]
    assert names.count("installs") == 1


ENDING = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()
from django.conf import settings
settings.DERIVE_IN_BACKGROUND = True
from registry.installs import counting
for client in ("192.0.2.1", "192.0.2.2"):
    counting.count(1, client=client, method="GET", headers={})
"""


def test_a_process_that_ends_tries_once_to_write_what_waits(tmp_path):
    """Its database is empty, which the log then says."""
    ended = subprocess.run(
        [sys.executable, "-c", ENDING],
        env={"PATH": os.environ["PATH"], "HUB_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert ended.stderr.count("Installs could not be counted") == 1


# --- reading


def installed(version, installs, *, ago, automated=0):
    day = datetime.now(UTC).date() - timedelta(days=ago)
    InstallCount.objects.create(
        version=version, day=day, installs=installs, automated=automated
    )


def test_the_plot_has_the_last_90_days(version, newer):
    installed(version, 1, ago=0)
    installed(newer, 2, ago=0, automated=5)
    installed(version, 4, ago=89)
    installed(version, 8, ago=90)

    days = statistics.by_day(version.function)

    today = datetime.now(UTC).date()
    assert [day.day for day in days] == [
        today - timedelta(days=ago) for ago in range(89, -1, -1)
    ]
    assert [day.installs for day in days if day.installs] == [4, 3]
    assert (days[0].installs, days[-1].installs) == (4, 3)


def test_fewer_days_end_today_too(version):
    installed(version, 1, ago=0)
    installed(version, 2, ago=1)
    installed(version, 4, ago=2)

    assert [day.installs for day in statistics.by_day(version.function, 2)] == [2, 1]


def test_a_version_tells_its_last_90_days_from_all(version, newer):
    installed(version, 1, ago=89)
    installed(version, 2, ago=90, automated=3)
    installed(newer, 4, ago=90)

    assert statistics.by_version(version.function) == [
        statistics.OfVersion("1.1.0", installs=4, recent=0, automated=0),
        statistics.OfVersion("1.0.0", installs=3, recent=1, automated=3),
    ]


def test_rows_are_by_day_and_then_by_version(publish, version, newer):
    tenth = publish(version="1.10.0", code="export const ten = 10;\n")
    other = publish(name="csv-export", code="export const csv = 1;\n")
    for each in (tenth, newer, version, other):
        installed(each, 1, ago=1, automated=2)
        installed(each, 3, ago=2)

    rows = statistics.rows(version.function)

    today = datetime.now(UTC).date()
    assert [row[1] for row in rows] == ["1.0.0", "1.1.0", "1.10.0"] * 2
    assert rows[0] == (today - timedelta(days=2), "1.0.0", 3, 0)
    assert rows[-1] == (today - timedelta(days=1), "1.10.0", 1, 2)
