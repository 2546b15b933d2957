"""How the Hub looks after a kept connection to PostgreSQL."""

import psycopg
import pytest
from django.db import NotSupportedError, connection, transaction

from core.db.prepared import Prepared
from registry import publishing
from registry.models import TagRule
from registry.publishing import claims, quotas
from tests.conftest import body

pytestmark = [
    pytest.mark.skipif(
        "connection.vendor != 'postgresql'", reason="about PostgreSQL's connections"
    ),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def backend():
    """The process that serves this thread's connection."""
    connection.ensure_connection()
    yield connection.connection.info.backend_pid
    connection.close()


def elsewhere(sql, *values):
    """Run ``sql`` on a connection of its own."""
    settings = connection.get_connection_params() | {"autocommit": True}
    names = ("dbname", "host", "port", "user", "password")
    asked = {name: settings[name] for name in names if settings.get(name)}
    with psycopg.connect(**asked) as other:
        other.execute(sql, values)


def end(backend):
    elsewhere("SELECT pg_terminate_backend(%s, 5000)", backend)


def test_a_silent_connection_is_usable_and_not_asked(backend):
    before = connection.connection.info.transaction_status

    assert connection.is_usable()
    assert connection.connection.info.transaction_status == before


def test_an_ended_connection_is_not_usable(backend):
    end(backend)

    assert not connection.is_usable()


def test_the_next_request_after_a_restart_gets_another_connection(backend):
    end(backend)
    connection.close_if_unusable_or_obsolete()  # as a request begins
    connection.health_check_enabled, connection.health_check_done = True, False

    assert TagRule.objects.count() == 0
    assert connection.connection.info.backend_pid != backend


def test_a_closed_connection_is_not_usable(backend):
    connection.connection.close()

    assert not connection.is_usable()


def test_the_next_request_asks_anew_what_a_migration_changed(backend):
    named = Prepared(lambda tag: TagRule.objects.filter(tag=tag))
    for _ in range(connection.connection.prepare_threshold + 1):
        assert named("queue") == []
    change = "ALTER TABLE registry_tagrule ALTER COLUMN becomes TYPE "
    before = TagRule._meta.get_field("becomes").db_type(connection)
    elsewhere(f"{change} text")
    try:
        with pytest.raises(NotSupportedError, match="cached plan"):
            named("queue")
        connection.close_if_unusable_or_obsolete()  # as a request ends

        assert named("queue") == []
    finally:
        elsewhere(change + before)


def test_a_function_that_another_call_made_just_now_is_locked(alice):
    pushed = publishing.push(body(), by=alice, via="cli").draft

    with transaction.atomic():
        budget = quotas.locked(alice)
        claimed = claims.claim("image-resizer", alice, found=None, budget=budget)
        assert claimed == (pushed.function, False)
        with pytest.raises(psycopg.errors.LockNotAvailable):
            elsewhere("SELECT 1 FROM registry_function FOR UPDATE NOWAIT")


def test_what_is_asked_again_and_again_stays_prepared_without_its_values(backend):
    by_tag = Prepared(lambda tag: TagRule.objects.filter(tag=tag))
    TagRule.objects.filter(becomes="a tag of one query").exists()
    for number in range(7):
        by_tag(f"a tag of query {number}")

    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        kept = [statement for (statement,) in cursor.fetchall()]
    assert sum("registry_tagrule" in statement for statement in kept) == 1
    assert not any("a tag of" in statement for statement in kept)
