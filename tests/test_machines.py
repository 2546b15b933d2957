"""Two machines of one Hub: folders of their own, one PostgreSQL and one Redis."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import CODE, body
from tests.hub_server import HubServer, free_port
from tests.postgres_servers import PROGRAMS, Server

REDIS = shutil.which("redis-server")
pytestmark = [
    pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL's programs are not here"),
    pytest.mark.skipif(REDIS is None, reason="redis-server is not here"),
    pytest.mark.main_flow,
]
INSTALL = "/api/community/functions/alice/image-resizer/install"
CI = "/api/community/functions/ci/publish"


class Redis:
    """A server on a free port that keeps nothing on disk."""

    def __init__(self, folder: Path):
        self.folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = [REDIS, "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.DEVNULL
        )

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    server = Redis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def machines(redis, tmp_path_factory):
    """Two Hubs that share a database, Redis and the secret key."""
    postgres = Server()
    shared = {"CACHE_URL": redis.url, "SECRET_KEY": os.urandom(32).hex()}
    first = second = None
    try:
        postgres.initialise()
        postgres.start()
        first, second = (
            HubServer(tmp_path_factory.mktemp(n), DATABASE_URL=postgres.url, **shared)
            for n in ("first", "second")
        )
        with first, second:
            first.key = first.account()
            release(first, "1.0.0")
            yield first, second
    finally:
        postgres.remove()


def release(hub, number: str) -> None:
    sent = body(version=number, code=f"{CODE}// {number}\n", publish=True)
    assert hub.call("POST", CI, sent, hub.key)[0] in (200, 201)


def served(hub) -> set:
    """What every process of ``hub`` installs, kept answers too."""
    return {hub.call("GET", INSTALL)[1]["version"] for _ in range(8)}


def test_a_publish_at_one_machine_is_seen_at_the_other_at_once(machines):
    first, second = machines
    for minor in range(1, 5):
        number = f"1.{minor}.0"
        release(first, number)
        assert served(second) == served(first) == {number}


def test_the_hub_goes_on_while_redis_is_away_and_misses_nothing(machines, redis):
    first, second = machines
    before = served(second)

    redis.stop()
    assert served(second) == before
    release(first, "2.0.0")
    assert served(second) == served(first) == {"2.0.0"}
    assert second.call("GET", "/api/community/functions/my", key=first.key)[0] == 200

    redis.start()
    time.sleep(1)  # until it is asked again
    assert served(second) == served(first) == {"2.0.0"}
    release(first, "2.1.0")
    assert served(second) == served(first) == {"2.1.0"}
