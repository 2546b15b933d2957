"""A real streaming replica under a real Hub: read, lagging, dead and back again."""

import secrets
import threading
import time
import urllib.error
import urllib.request

import pytest

from tests.conftest import CODE, body
from tests.hub_server import HubServer
from tests.postgres_servers import PROGRAMS, Server

pytestmark = [
    pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL's programs are not here"),
    pytest.mark.main_flow,
]
PAGE = "/functions/alice/image-resizer"
INSTALL = "/api/community/functions/alice/image-resizer/install"
CI = "/api/community/functions/ci/publish"
PATIENCE_SECONDS = 30


@pytest.fixture(scope="module")
def servers():
    """A primary, and a standby that streams from it."""
    primary, standby = Server(), Server()
    try:
        primary.initialise()
        primary.start()
        standby.follow(primary)
        standby.start()
        yield primary, standby
    finally:
        standby.remove()
        primary.remove()


@pytest.fixture(scope="module")
def hub(servers, tmp_path_factory):
    primary, standby = servers
    addresses = {"DATABASE_URL": primary.url, "DATABASE_REPLICA_URLS": standby.url}
    with HubServer(tmp_path_factory.mktemp("hub"), **addresses) as hub:
        hub.key = hub.account()
        hub.minor = 0
        release(hub)
        yield hub


def release(hub) -> str:
    """Publish one version more; its number."""
    hub.minor += 1
    number = f"1.{hub.minor}.0"
    sent = body(version=number, code=f"{CODE}// {number}\n", publish=True)
    assert hub.call("POST", CI, sent, hub.key)[0] in (200, 201)
    return number


def get(hub, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(hub.url + path, timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def readers(hub, servers) -> tuple[bool, ...]:
    """Which of ``servers`` are asked for a page that is made now."""
    name = f"nobody-has-this-{secrets.token_hex(6)}"
    assert get(hub, f"/functions/alice/{name}")[0] == 404
    return tuple(server.was_asked(name) for server in servers)


def until(wanted, found) -> None:
    """Wait for ``found()`` to be ``wanted``."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while (seen := found()) != wanted and time.monotonic() < ends:
        time.sleep(0.1)
    assert seen == wanted


PRIMARY, REPLICA = (True, False), (False, True)


def test_public_pages_are_read_from_the_replica(hub, servers):
    until(REPLICA, lambda: readers(hub, servers))

    assert get(hub, "/readyz")[1].startswith("ok\nreplica1: ")
    status, found = hub.call("GET", f"{INSTALL}?version=1.1.0")
    assert (status, found["version"]) == (200, "1.1.0")


@pytest.mark.parametrize("path", ["/functions/?q=", "/api/community/functions?search="])
def test_searches_are_asked_of_the_replica(hub, servers, path):
    primary, standby = servers
    until(REPLICA, lambda: readers(hub, servers))
    word = f"w{secrets.token_hex(8)}"

    assert get(hub, path + word)[0] == 200

    assert standby.was_asked(word)
    assert not primary.was_asked(word)


def test_what_depends_on_who_asks_is_read_from_the_primary(hub, servers):
    _, standby = servers
    until(REPLICA, lambda: readers(hub, servers))

    assert hub.call("GET", "/api/community/functions/my", key=hub.key)[0] == 200
    assert get(hub, "/account/login/")[0] == 200
    assert get(hub, "/admin/")[0] == 200

    assert standby.was_asked('FROM "registry_function"')
    for table in ("accounts_apikey", "django_session", "registry_draft"):
        assert not standby.was_asked(f'FROM "{table}"')


def test_each_publish_is_seen_at_once_though_the_replica_lags(hub, servers):
    _, standby = servers
    standby.execute("ALTER SYSTEM SET recovery_min_apply_delay = '300ms'")
    standby.execute("SELECT pg_reload_conf()")
    seen, stop = [], threading.Event()

    def read():
        while not stop.is_set():
            seen.append(get(hub, PAGE)[0])
            seen.append(get(hub, f"{PAGE}?made=anew-{secrets.token_hex(4)}")[0])

    hammering = [threading.Thread(target=read) for _ in range(3)]
    for reader in hammering:
        reader.start()
    wrong = []
    for _ in range(4):
        number = release(hub)
        for _ in range(10):  # in every process, and kept pages too
            found = hub.call("GET", INSTALL)[1]["version"], number in get(hub, PAGE)[1]
            if found != (number, True):
                wrong.append((number, found))
        time.sleep(0.5)  # the replica catches up, and is read between publishes
    stop.set()
    for reader in hammering:
        reader.join()
    standby.execute("ALTER SYSTEM RESET recovery_min_apply_delay")
    standby.execute("SELECT pg_reload_conf()")

    assert wrong == []
    assert set(seen) == {200}


def test_a_replica_that_stands_still_is_shown_and_not_read(hub, servers):
    _, standby = servers
    standby.execute("SELECT pg_wal_replay_pause()")
    number = release(hub)

    assert readers(hub, servers) == PRIMARY
    assert hub.call("GET", INSTALL)[1]["version"] == number
    line = get(hub, "/readyz")[1].splitlines()[1]
    assert " bytes behind, last replayed " in line
    assert line.endswith("; the primary is read")

    standby.execute("SELECT pg_wal_replay_resume()")
    until(REPLICA, lambda: readers(hub, servers))
    assert hub.call("GET", INSTALL)[1]["version"] == number


def test_reads_go_on_without_the_replica_and_use_it_again(hub, servers):
    _, standby = servers
    until(REPLICA, lambda: readers(hub, servers))

    standby.stop()

    found = [readers(hub, servers) for _ in range(6)]
    assert set(found) == {PRIMARY}
    number = release(hub)
    assert hub.call("GET", INSTALL)[1]["version"] == number
    status, said = get(hub, "/readyz")
    assert status == 200
    assert said.startswith("ok\nreplica1: down; the primary is read\nworker: ")

    standby.start()
    until(REPLICA, lambda: readers(hub, servers))
    assert number in get(hub, PAGE)[1]
