"""kill -9 in the middle: what was answered is whole, what was not is absent."""

import http.client
import threading
import time
import urllib.error

import pytest

from tests.conftest import CODE, body
from tests.hub_server import HubServer

pytestmark = pytest.mark.main_flow
FUNCTIONS = "/api/community/functions"
KILLS, ANSWERS_A_ROUND = 3, 8


def test_answered_publishes_survive_kill_9(tmp_path):
    with HubServer(tmp_path) as server:
        key = server.account()
        answered: dict[str, str] = {}
        for round_number in range(KILLS):
            _publish_until_killed(server, key, answered, round_number)
            server.start()

        _, own = server.call("GET", f"{FUNCTIONS}?limit=100&sort=name")
        listed = {f["slug"] for f in own["functions"]}
        assert len(answered) >= KILLS * ANSWERS_A_ROUND
        assert set(answered) <= listed
        for slug in listed:
            status, found = server.call("GET", f"{FUNCTIONS}/alice/{slug}/install")
            assert status == 200
            texts = {f["path"]: f["content"] for f in found["files"]}
            assert texts["index.ts"] == f"{CODE}// {slug}\n"
            assert texts["core.ts"] == f"export const name = '{slug}';\n"
        assert "are whole" in server.manage("verify_registry")


def _publish_until_killed(server, key, answered, round_number):
    """Publish one function after another; the server dies in the middle of it."""
    before = len(answered)

    def publish_on():
        for n in range(10_000):
            slug = f"tool-{round_number}x{n}"
            try:
                status, made = server.call(
                    "POST", f"{FUNCTIONS}/ci/publish", _body(slug), key
                )
            except (urllib.error.URLError, http.client.HTTPException, OSError):
                return
            assert status == 201, made
            answered[slug] = made["id"]

    publishing = threading.Thread(target=publish_on)
    publishing.start()
    while publishing.is_alive() and len(answered) < before + ANSWERS_A_ROUND:
        time.sleep(0.005)
    server.kill()
    publishing.join()


def _body(slug):
    return body(
        name=slug,
        code=f"{CODE}// {slug}\n",
        files={"core.ts": f"export const name = '{slug}';\n"},
        publish=True,
    )
