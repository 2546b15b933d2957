"""Installs: who is counted, how often, and that nobody waits for it."""

from datetime import UTC, date, datetime, timedelta
from threading import Event, Thread

import pytest
from django.db import connection

from registry.installs import counting, statistics
from registry.models import DaySalt, Function, InstallCount, InstallSighting

pytestmark = pytest.mark.django_db

API = "/api/community/functions"
INSTALL = f"{API}/alice/image-resizer/install"


@pytest.fixture(autouse=True)
def _nothing_noted():
    counting._waiting.clear()
    yield
    counting._waiting.clear()


@pytest.fixture
def version(publish):
    return publish()


def noted(version, client="192.0.2.1", method="GET", **headers):
    counting.count(version.pk, client=client, method=method, headers=headers)


def count_of(version) -> int:
    return Function.objects.get(pk=version.function_id).install_count


def test_count_adds_one_for_the_function_the_version_and_the_day(version):
    noted(version)

    assert counting.flush() == 1

    assert count_of(version) == 1
    row = InstallCount.objects.get(version=version)
    assert (row.day, row.installs, row.automated) == (
        datetime.now(UTC).date(),
        1,
        0,
    )


def test_install_is_counted_at_both_addresses_of_the_api(client, version, bob):
    client.get(INSTALL, REMOTE_ADDR="192.0.2.1")
    client.get(f"{API}/install/image-resizer", REMOTE_ADDR="192.0.2.2")
    client.get(f"{API}/alice/image-resizer", REMOTE_ADDR="192.0.2.3")  # read only

    assert counting.flush() == 2


def test_install_writes_nothing_while_the_client_waits(client, version, queries):
    before = queries(client, INSTALL)

    assert queries(client, INSTALL) == before
    assert not InstallSighting.objects.exists()


def test_ten_thousand_installs_of_one_client_are_one(version):
    for n in range(10_000):
        noted(version, **{"User-Agent": f"agent {n}", "CI": "true"})
    assert counting.flush() == 1

    noted(version)

    assert counting.flush() == 0
    assert count_of(version) == 1


def test_another_client_version_or_day_counts_again(version, publish, time_machine):
    newer = publish(version="1.1.0", files={"index.ts": "export {};\n"}, code=None)
    noted(version)
    noted(version, client="192.0.2.2")
    noted(newer)
    assert counting.flush() == 3

    time_machine.move_to(datetime.now(UTC) + timedelta(days=1))
    noted(version)

    assert counting.flush() == 1
    assert count_of(version) == 4


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("GET", {"Range": "bytes=0-"}),
        ("GET", {"If-None-Match": '"x"'}),
        ("GET", {"If-Modified-Since": "Sat, 21 Nov 2026 00:00:00 GMT"}),
    ],
)
def test_request_that_copies_nothing_new_is_not_counted(
    client, version, method, headers
):
    client.generic(method, INSTALL, headers=headers)

    assert counting.flush() == 0
    assert not InstallCount.objects.exists()


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Slackbot-LinkExpanding 1.0",
        "facebookexternalhit/1.1",
        "Mozilla/5.0 HeadlessChrome/130.0",
    ],
)
def test_automated_requests_are_counted_apart(client, version, agent):
    client.get(INSTALL, headers={"User-Agent": agent})

    assert counting.flush() == 0
    assert count_of(version) == 0
    assert InstallCount.objects.get().automated == 1


@pytest.mark.parametrize("agent", ["", "node", "curl/8.5", "aerostack/0.1", "Abbott/1"])
def test_programs_that_people_run_are_counted(client, version, agent):
    client.get(INSTALL, headers={"User-Agent": agent})

    assert counting.flush() == 1


def test_address_is_nowhere_in_the_database_and_its_hash_goes_with_the_day(
    version, time_machine
):
    noted(version, client="192.0.2.77")
    counting.flush()
    assert "192.0.2.77" not in str(list(InstallSighting.objects.values()))
    today_hash = InstallSighting.objects.get().client

    time_machine.move_to(datetime.now(UTC) + timedelta(days=1, hours=1))
    noted(version, client="192.0.2.77")
    counting.flush()
    counting.forget_days_over()

    assert InstallSighting.objects.get().client != today_hash
    assert DaySalt.objects.count() == 1
    assert count_of(version) == 2


@pytest.mark.django_db(transaction=True)
def test_two_processes_count_one_client_once(version):
    """Two flushes at the same moment, as two workers do."""
    row = counting._Noted(version.pk, datetime.now(UTC).date(), "192.0.2.1", False)
    found = []

    def flush_one():
        from django.db import transaction

        try:
            with transaction.atomic():
                fresh = counting._insert([row])
                counting._add(fresh)
            found.append(fresh.total())
        finally:
            connection.close()

    threads = [Thread(target=flush_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(found) == 1
    assert count_of(version) == 1


@pytest.mark.django_db(transaction=True)
def test_installs_are_written_in_the_background(version, settings, monkeypatch):
    monkeypatch.setattr(counting, "FLUSH_SECONDS", 0)
    settings.DERIVE_IN_BACKGROUND = True
    noted(version)

    for _ in range(200):
        if count_of(version):
            break
        Event().wait(0.05)

    assert count_of(version) == 1


# --- reading


def test_by_day_has_a_row_for_every_day(version):
    today = datetime.now(UTC).date()
    for ago, n in [(0, 3), (10, 2), (400, 9)]:
        InstallCount.objects.create(
            version=version, day=today - timedelta(days=ago), installs=n
        )

    days = statistics.by_day(version.function)

    assert len(days) == statistics.SHOWN_DAYS
    assert (days[-1].day, days[-1].installs) == (today, 3)
    assert days[-11].installs == 2
    assert sum(day.installs for day in days) == 5


def test_by_version_is_sorted_by_precedence(version, publish):
    newer = publish(version="1.10.0", code="export const ten = 10;\n")
    older = publish(version="1.9.0", code="export const nine = 9;\n")
    for n, each in enumerate((version, newer, older), start=1):
        InstallCount.objects.create(
            version=each, day=date(2020, 1, 1), installs=n, automated=1
        )
    noted(newer)
    counting.flush()

    rows = statistics.by_version(version.function)

    assert [(r.number, r.installs, r.recent, r.automated) for r in rows] == [
        ("1.10.0", 3, 1, 1),
        ("1.9.0", 3, 0, 1),
        ("1.0.0", 1, 0, 1),
    ]
