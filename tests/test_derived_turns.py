"""A running Hub derives one account's cheap version beside another's slow ones."""

import time
import urllib.request

import pytest

from tests.conftest import body
from tests.hub_server import HubServer
from tests.test_derived import slow_files

pytestmark = pytest.mark.main_flow
FUNCTIONS = "/api/community/functions"
NOT_YET = "has not been looked at yet"


def test_a_quick_publish_is_inspected_beside_slow_ones(tmp_path):
    with HubServer(tmp_path, WEB_CONCURRENCY="1") as server:
        alice, bob = server.account("alice"), server.account("bob")
        for n in range(4):
            texts = slow_files(12).items()
            files = {path: f"// of {n}\n{text}" for path, text in texts}
            publish(server, alice, name=f"slow-{n}x", files=files)
        publish(server, bob, name="quick-one")

        until_inspected(server, "bob/quick-one")

        page = uses(server, "alice/slow-3x")
        assert NOT_YET in page


def publish(server, key, **changes):
    sent = body(publish=True, **changes)
    status, answer = server.call("POST", f"{FUNCTIONS}/ci/publish", sent, key)
    assert status == 201, answer


def uses(server, path) -> str:
    address = f"{server.url}/functions/{path}/uses"
    with urllib.request.urlopen(address, timeout=30) as page:
        return page.read().decode()


def until_inspected(server, path):
    end = time.monotonic() + 60
    while NOT_YET in uses(server, path):
        assert time.monotonic() < end
        time.sleep(0.1)
