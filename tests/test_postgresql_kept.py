"""Which connections to PostgreSQL are kept for the next request."""

import pytest
from django.db import ProgrammingError

from tests.postgres_servers import PROGRAMS, Server
from tests.test_replica_choice import connected
from tests.test_replicas import until

pytestmark = pytest.mark.skipif(
    PROGRAMS is None, reason="PostgreSQL's programs are not here"
)


@pytest.fixture(scope="module")
def server():
    server = Server()
    try:
        server.initialise()
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def kept(server, django_db_blocker):
    """A connection of Django's that is open and was used."""
    with django_db_blocker.unblock():
        connection = connected(default=server)["default"]
        with connection.cursor() as cursor:
            cursor.execute("LISTEN news")
        yield connection
        connection.close()


def questions(server) -> int:
    return server.log.read_text().count("statement: SELECT 1\n")


def test_a_silent_connection_is_kept_without_a_question(server, kept):
    before = questions(server)

    assert kept.is_usable()

    assert questions(server) == before


def test_one_that_was_told_something_is_asked_and_kept(server, kept):
    server.execute("NOTIFY news")
    before = questions(server)

    until(True, lambda: kept.is_usable() and questions(server) > before)


def test_one_whose_server_ended_it_is_not_kept(server, kept):
    server.execute(
        f"SELECT pg_terminate_backend({kept.connection.info.backend_pid}, 5000)"
    )

    assert not kept.is_usable()


def test_one_that_is_closed_or_was_never_opened_is_not_kept(kept):
    kept.connection.close()
    assert not kept.is_usable()

    kept.close()
    assert kept.connection is None
    assert not kept.is_usable()


def test_one_where_a_statement_failed_is_not_kept(kept):
    with pytest.raises(ProgrammingError), kept.cursor() as cursor:
        cursor.execute("SELECT nothing")

    assert not kept.is_usable()
