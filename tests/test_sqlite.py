"""How the Hub opens SQLite: what was answered is on disk, and nothing is mapped."""

import fcntl
import os
import re
import time
from threading import Thread
from types import SimpleNamespace

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from core.db.sqlite3 import base
from registry import search
from registry.catalog import lists
from registry.models import TagRule
from registry.search import browsing

pytestmark = pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="about SQLite's own settings"
)
FULL = 2  # https://www.sqlite.org/pragma.html#pragma_synchronous


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", FULL), ("mmap_size", 0)],
)
def test_a_commit_is_durable_and_the_file_is_never_mapped(db, pragma, value):
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {pragma}")
        assert cursor.fetchone() == (value,)


# --- writers take turns (core/db/sqlite3)


def write_later(began, wrote):
    with transaction.atomic():
        began.append(True)
        TagRule.objects.create(tag=f"tag-{len(wrote)}", becomes="")
        wrote.append(True)
    connection.close()


def write_or_note(refused):
    try:
        write_later([], [])
    except OperationalError as error:
        refused.append(str(error))
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_writers_wait_for_the_one_that_writes():
    began, wrote = [], []
    threads = [Thread(target=write_later, args=(began, wrote)) for _ in range(3)]

    with transaction.atomic():
        for thread in threads:
            thread.start()
        time.sleep(0.2)
        assert not began
    for thread in threads:
        thread.join()

    assert len(wrote) == TagRule.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_writer_that_waits_too_long_is_told(monkeypatch):
    refused = []

    def write():
        # The options are all connections' own.
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.1)
        write_or_note(refused)

    thread = Thread(target=write)
    with transaction.atomic():
        thread.start()
        thread.join()

    assert refused == ["database is locked"]
    write_later([], [])  # nobody is left in the queue
    assert TagRule.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_time_in_the_queue_counts_as_waiting(monkeypatch):
    """Else each of those who wait for one long write would wait for all before it."""
    now, slept, refused = [0.0], [], []

    def flock(queue, how):
        now[0] += 60 if how == fcntl.LOCK_EX else 0

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    thread = Thread(target=write_or_note, args=(refused,))
    with transaction.atomic():
        monkeypatch.setattr(
            base, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep)
        )
        monkeypatch.setattr(
            base,
            "fcntl",
            SimpleNamespace(flock=flock, LOCK_EX=fcntl.LOCK_EX, LOCK_UN=fcntl.LOCK_UN),
        )
        thread.start()
        thread.join()

    assert refused == ["database is locked"]
    assert slept == []


@pytest.mark.django_db(transaction=True)
def test_a_writer_that_need_not_wait_is_told_what_is_wrong(monkeypatch):
    """However patient it is."""
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 1e6)
    connection.ensure_connection()
    connection.connection.execute("PRAGMA query_only = 1")
    try:
        with pytest.raises(OperationalError, match="readonly"), transaction.atomic():
            TagRule.objects.create(tag="a", becomes="")
    finally:
        connection.close()
    assert not TagRule.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_queue_of_a_new_data_folder_is_made(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    connection.close()

    write_later([], [])

    assert TagRule.objects.count() == 1
    assert (tmp_path / "writers").exists()


def test_the_queue_needs_no_right_to_write(db):
    """Root, who ran a management command, may have made it."""
    connection.ensure_connection()

    assert os.access(connection._queue.name, os.R_OK)
    assert not connection._queue.writable()


# --- plans

# What ANALYZE says of a million functions by 40,000 accounts.
LARGE = {
    "sqlite_autoindex_accounts_account_1": ("accounts_account", "40000 1"),
    "function_recent": ("registry_function", "1000000 1 1"),
    "function_installs": ("registry_function", "1000000 172 1"),
    "function_owner": ("registry_function", "1000000 25 1 1"),
    "registry_function_owner_id_95a0931c": ("registry_function", "1000000 25"),
    "registry_function_category_id_34338e35": ("registry_function", "1000000 100000"),
    "function_category_recent": ("registry_function", "1000000 100000 1 1"),
    "function_category_installs": ("registry_function", "1000000 100000 79 1"),
    "function_category_stars": ("registry_function", "1000000 100000 80 1"),
    "function_category_name": ("registry_function", "1000000 100000 1 1"),
}


def plans_of(asked) -> list[str]:
    """How SQLite goes about the queries over functions, if they were LARGE."""
    plans = []
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute("DELETE FROM sqlite_stat1")
        for index, (table, figures) in LARGE.items():
            values = [table, index, figures]
            cursor.execute("INSERT INTO sqlite_stat1 VALUES (%s, %s, %s)", values)
        cursor.execute("ANALYZE sqlite_master")
        for query in asked:
            if re.search(r'FROM "?registry_function\b', query["sql"]):
                sql = query["sql"].replace("%", "%%")
                cursor.execute(f"EXPLAIN QUERY PLAN {sql}", [])
                plans += [row[3] for row in cursor.fetchall()]
        cursor.execute("DROP TABLE sqlite_stat1")
        cursor.execute("ANALYZE sqlite_master")
    return plans


@pytest.mark.django_db(transaction=True)
def test_the_first_page_reads_in_order_however_many_functions_there_are():
    with CaptureQueriesContext(connection) as asked:
        lists.page(sort="recent", limit=6)

    plans = plans_of(asked)

    assert "SCAN registry_function USING INDEX function_recent" in plans
    assert not [plan for plan in plans if "TEMP B-TREE" in plan]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("sort", ["recent", "installs", "stars", "name"])
def test_a_category_is_read_in_each_order_however_many_functions_it_has(
    sort, publish, monkeypatch
):
    monkeypatch.setattr(browsing, "COUNTED_AT_MOST", 0)
    publish(category="media")
    with CaptureQueriesContext(connection) as asked:
        search.find(category="media", sort=sort)

    plans = plans_of(asked)

    index = f"USING INDEX function_category_{sort} (category_id=?)"
    assert f"SEARCH registry_function {index}" in plans
    assert not [plan for plan in plans if "TEMP B-TREE" in plan]
