"""What is made before gunicorn's workers fork."""

from itertools import count
from types import SimpleNamespace

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection

from accounts.models import Event
from hub import warming
from hub.fastpath import FastPath
from registry.installs import counting
from registry.models import InstallCount, Version

pytestmark = pytest.mark.django_db(transaction=True)  # as requests have it


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """On a busy machine too each page is made."""
    monkeypatch.setattr(warming, "MOST_SECONDS", 600)


@pytest.fixture
def asked():
    """Addresses that Django was asked for."""
    return []


@pytest.fixture
def pages(asked):
    handler = WSGIHandler()

    def application(environ, start_response):
        asked.append(environ["PATH_INFO"])
        return handler(environ, start_response)

    return FastPath(application, 2**20)


def test_a_page_of_each_kind_is_made(pages, asked, publish):
    version = publish()

    warming.warm_up(pages)

    assert version.function.url in asked
    assert f"{version.function.url}/source/index.ts" in asked
    assert {"/", "/functions/", "/api/community/functions"} <= {*asked}


def test_nothing_is_counted_or_written(pages, publish):
    publish()
    before = Event.objects.count()

    warming.warm_up(pages)

    assert Event.objects.count() == before
    assert counting.flush() == 0
    assert not InstallCount.objects.exists()


def test_no_page_is_kept(pages, asked, publish):
    publish()
    warming.warm_up(pages)
    asked.clear()

    warming._ask(pages, "/functions/")

    assert asked == ["/functions/"]


def test_a_start_does_not_wait_for_a_slow_database(pages, asked, monkeypatch):
    now = count()  # a second each time it is asked
    clock = SimpleNamespace(monotonic=lambda: next(now))
    monkeypatch.setattr(warming, "time", clock)
    monkeypatch.setattr(warming, "MOST_SECONDS", 2.5)

    warming.warm_up(pages)

    assert asked == ["/", "/functions/"]


def test_an_empty_hub_is_warmed_up_too(pages, asked):
    assert not Version.objects.exists()

    warming.warm_up(pages)

    assert "/functions/" in asked


def test_the_hub_starts_without_its_database(pages, caplog):
    def refuse(*given):
        raise connection.Database.OperationalError("no route to the database")

    with connection.execute_wrapper(refuse):
        warming.warm_up(pages)

    assert "before the workers start" in caplog.text
