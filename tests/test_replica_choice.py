"""Which server a view reads from, by what a real primary and its standby report."""

import logging
from types import SimpleNamespace

import pytest
from django.contrib.sessions.models import Session
from django.db import Error, ProgrammingError
from django.db.utils import ConnectionHandler
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from core.cache import versions
from core.db import replicas
from registry.models import Function
from tests.postgres_servers import PROGRAMS, Server
from tests.test_replicas import until

pytestmark = pytest.mark.skipif(
    PROGRAMS is None, reason="PostgreSQL's programs are not here"
)
WRITTEN = "SELECT pg_current_wal_flush_lsn()"
PRIMARY, REPLICA = "default", "replica1"


@pytest.fixture(scope="module")
def servers():
    primary, standby = Server(), Server()
    try:
        primary.initialise()
        primary.start()
        primary.execute("CREATE TABLE written (what text)")
        standby.follow(primary)
        standby.start()
        standby.execute("ALTER SYSTEM SET wal_retrieve_retry_interval = '50ms'")
        standby.execute("SELECT pg_reload_conf()")
        yield primary, standby
    finally:
        standby.remove()
        primary.remove()


def connected(**servers):
    """Django's connections to ``servers``, by their names."""
    common = {"ENGINE": "core.db.postgresql", "NAME": "postgres", "USER": "hub"}
    return ConnectionHandler(
        {
            name: common | {"HOST": "127.0.0.1", "PORT": server.port}
            for name, server in servers.items()
        }
    )


@pytest.fixture
def clock(monkeypatch):
    """The time by which replicas are left out and asked again."""
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(replicas, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


@pytest.fixture
def use(settings, monkeypatch, tmp_path, clock, django_db_blocker):
    """use(default=..., replica1=...): the Hub's servers."""
    used = []

    def use(**servers):
        used.append(connected(**servers))
        settings.REPLICAS = [name for name in servers if name != PRIMARY]
        settings.DATA_DIR = tmp_path
        monkeypatch.setattr(versions, "_maps", {})
        monkeypatch.setattr(replicas, "connections", used[-1])
        monkeypatch.setattr(replicas, "_written", None)
        monkeypatch.setattr(replicas, "_left_out_until", {})

    with django_db_blocker.unblock():
        yield use
        for connections in used:
            connections.close_all()


@pytest.fixture
def pair(use, servers):
    """The Hub with a primary and a replica that has caught up."""
    primary, standby = servers
    caught_up(primary, standby)
    use(default=primary, replica1=standby)
    return primary, standby


def write(primary) -> None:
    primary.execute("INSERT INTO written VALUES ('x')")


def caught_up(primary, standby) -> None:
    written = primary.execute(WRITTEN)[0]
    replayed = f"SELECT pg_last_wal_replay_lsn() >= '{written}'::pg_lsn"
    until((True,), lambda: standby.execute(replayed))


def asked() -> str:
    """The server that a view is given now."""
    return replicas.reads_replica(lambda: replicas.connection().alias)()


# --- which one


def test_a_replica_that_has_caught_up_is_read(pair):
    assert {asked() for _ in range(5)} == {REPLICA}
    assert replicas.connection().alias == PRIMARY  # outside of a view


def test_after_a_write_that_is_told_a_replica_is_read_once_it_has_it(pair, clock):
    primary, standby = pair
    assert asked() == REPLICA
    standby.execute("SELECT pg_wal_replay_pause()")
    try:
        write(primary)
        versions.bump("a")
        assert asked() == PRIMARY
    finally:
        standby.execute("SELECT pg_wal_replay_resume()")

    caught_up(*pair)
    assert asked() == PRIMARY  # it is not asked each time how far it is
    clock.now += 0.021
    assert asked() == REPLICA


def test_a_write_that_nobody_told_of_is_seen_after_a_second(pair, clock):
    primary, standby = pair
    assert asked() == REPLICA
    standby.execute("SELECT pg_wal_replay_pause()")
    try:
        write(primary)
        clock.now += 0.99
        assert asked() == REPLICA
        clock.now += 0.02
        assert asked() == PRIMARY
    finally:
        standby.execute("SELECT pg_wal_replay_resume()")


def test_of_two_replicas_the_one_that_has_caught_up_is_read(use, pair):
    primary, standby = pair
    use(default=primary, replica1=primary, replica2=standby)  # the first is no replica

    assert {asked() for _ in range(8)} == {"replica2"}


def test_a_replica_that_is_none_is_left_out(use, pair, clock, caplog):
    primary, _ = pair
    use(default=primary, replica1=primary)

    with caplog.at_level(logging.WARNING, "core.db.replicas"):
        assert [asked() for _ in range(3)] == [PRIMARY] * 3

    said = [record.getMessage() for record in caplog.records]
    assert said == ["replica1 is left out for 10 s: it is no replica"]


def test_a_replica_that_is_down_is_left_out_for_ten_seconds(pair, clock, caplog):
    _, standby = pair
    assert asked() == REPLICA
    standby.stop()
    versions.bump("a")
    write(pair[0])

    with caplog.at_level(logging.WARNING, "core.db.replicas"):
        assert [asked() for _ in range(3)] == [PRIMARY] * 3
    assert len(caplog.records) == 1

    standby.start()
    caught_up(*pair)
    clock.now += 9.9
    assert asked() == PRIMARY
    clock.now += 0.2
    assert asked() == REPLICA


def test_a_replica_that_was_started_anew_is_asked_how_far_it_is(pair, clock):
    primary, standby = pair
    assert asked() == REPLICA
    replicas.connections[REPLICA].close()
    before = standby.log.read_text().count("pg_last_wal_replay_lsn() -")

    assert asked() == REPLICA

    assert standby.log.read_text().count("pg_last_wal_replay_lsn() -") == before + 1


def test_a_replica_that_has_what_is_wanted_is_not_asked_again(pair, clock):
    assert asked() == REPLICA

    with CaptureQueriesContext(replicas.connections[REPLICA]) as questions:
        assert {asked() for _ in range(5)} == {REPLICA}

    assert len(questions) == 0


def test_a_primary_that_ended_the_connection_is_asked_on_a_new_one(pair, clock):
    primary, _ = pair
    assert asked() == REPLICA
    ended = replicas.connections[PRIMARY].connection.info.backend_pid
    primary.execute(f"SELECT pg_terminate_backend({ended}, 5000)")
    versions.bump("a")

    def answer():
        with replicas.connection().cursor() as cursor:
            cursor.execute("SELECT 'answered'")
            return cursor.fetchone()

    assert replicas.reads_replica(answer)() == ("answered",)


def test_reading_goes_on_while_the_primary_is_down_until_something_changed(pair, clock):
    primary, _ = pair
    assert asked() == REPLICA
    primary.stop()
    try:
        clock.now += 5
        assert asked() == REPLICA
        versions.bump("a")
        assert asked() == PRIMARY  # which says that it is down
    finally:
        primary.start()


# --- a view that reads


def reading(alias_that_fails, error, asked_of):
    """A view that fails where it reads from ``alias_that_fails``."""

    @replicas.reads_replica
    def view(word):
        asked_of.append(replicas.connection().alias)
        if asked_of[-1] in alias_that_fails:
            raise error
        return f"{word} of {asked_of[-1]}"

    return view


def test_a_view_whose_replica_breaks_off_is_asked_again_of_the_primary(
    pair, clock, caplog
):
    asked_of = []
    view = reading([REPLICA], Error("gone"), asked_of)

    assert view("read") == "read of default"

    assert asked_of == [REPLICA, PRIMARY]
    assert "replica1 is left out for 10 s: gone" in caplog.text
    assert asked() == PRIMARY
    clock.now += 10
    assert asked() == REPLICA


def test_what_a_view_calls_is_asked_of_the_primary_too_once_its_replica_broke_off(pair):
    @replicas.reads_replica
    def inner():
        return replicas.connection().alias

    @replicas.reads_replica
    def outer():
        if replicas.connection().alias == REPLICA:
            raise Error("gone")
        return inner()

    assert outer() == PRIMARY


def test_no_replica_is_left_out_for_a_fault_of_the_view(pair):
    asked_of = []
    view = reading([REPLICA, PRIMARY], ProgrammingError("no such column"), asked_of)

    with pytest.raises(ProgrammingError):
        view("read")

    assert asked_of == [REPLICA, PRIMARY]
    assert asked() == REPLICA


def test_an_error_that_is_not_the_databases_is_not_tried_again(pair):
    asked_of = []
    view = reading([REPLICA], KeyError("x"), asked_of)

    with pytest.raises(KeyError):
        view("read")

    assert asked_of == [REPLICA]
    assert replicas.connection().alias == PRIMARY


def test_all_of_a_page_is_read_from_one_server(pair):
    """The replica falls behind between the page and what it shows of another view."""
    primary, standby = pair

    @replicas.reads_replica
    def page():
        before = replicas.connection().alias
        standby.execute("SELECT pg_wal_replay_pause()")
        write(primary)
        versions.bump("a")
        return before, asked()

    try:
        assert page() == (REPLICA, REPLICA)
        assert asked() == PRIMARY
    finally:
        standby.execute("SELECT pg_wal_replay_resume()")


def test_without_replicas_a_view_is_as_it_was(use, servers):
    use(default=servers[0])

    def view():
        return None

    assert replicas.reads_replica(view) is view
    assert replicas.states() == []


# --- the router


def test_what_replicas_are_asked_for(pair):
    router = replicas.Router()

    @replicas.reads_replica
    def read_from(model):
        return router.db_for_read(model)

    assert read_from(Function) == read_from(Account) == REPLICA
    assert read_from(Session) == PRIMARY
    assert router.db_for_read(Function) == PRIMARY  # in no view


def test_within_a_transaction_the_primary_is_read(pair):
    router, primary = replicas.Router(), replicas.connections[PRIMARY]

    @replicas.reads_replica
    def view():
        primary.set_autocommit(False)
        primary.in_atomic_block = True
        try:
            inside = router.db_for_read(Function)
        finally:
            primary.in_atomic_block = False
            primary.set_autocommit(True)
        return inside, router.db_for_read(Function)

    assert view() == (PRIMARY, REPLICA)


def test_every_write_and_migration_is_the_primarys(pair):
    router = replicas.Router()

    @replicas.reads_replica
    def view():
        return router.db_for_write(Function)

    assert view() == PRIMARY
    assert router.allow_relation(None, None) is True
    assert router.allow_migrate(PRIMARY, "registry") is True
    assert router.allow_migrate(REPLICA, "registry") is False


# --- as an operator sees them


def test_states_say_how_far_a_replica_is_and_whether_it_is_read(pair, clock):
    primary, standby = pair
    (state,) = replicas.states()
    assert (str(state), state.is_read) == ("replica1: 0 bytes behind", True)

    standby.execute("SELECT pg_wal_replay_pause()")
    try:
        write(primary)
        (state,) = replicas.states()
    finally:
        standby.execute("SELECT pg_wal_replay_resume()")
    assert (state.behind > 0, state.is_read) == (True, False)
    line = str(state)
    assert line.startswith(f"replica1: {state.behind} bytes behind, last replayed ")
    assert line.endswith(" s ago; the primary is read")


def test_states_say_that_a_replica_is_left_out(pair):
    reading([REPLICA], Error("gone"), [])("read")

    (state,) = replicas.states()

    assert str(state) == "replica1: 0 bytes behind; the primary is read"


@pytest.mark.parametrize("why", ["down", "no replica"])
def test_states_say_that_a_replica_is_down(use, pair, why):
    primary, standby = pair
    if why == "down":
        standby.stop()
    else:
        use(default=primary, replica1=primary)
    try:
        (state,) = replicas.states()
        assert str(state) == "replica1: down; the primary is read"
        assert not state.is_read
    finally:
        if why == "down":
            standby.start()


def test_states_say_that_a_replica_is_back(pair):
    primary, standby = pair
    replicas.states()
    standby.stop()
    try:
        replicas.states()
    finally:
        standby.start()
    caught_up(*pair)

    (state,) = replicas.states()

    assert (str(state), state.is_read) == ("replica1: 0 bytes behind", True)
