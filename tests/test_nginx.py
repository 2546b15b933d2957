"""The Hub behind nginx as deploy/nginx.conf has it."""

import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from tests.conftest import CODE, body
from tests.hub_server import HubServer
from tests.nginx_proxy import NGINX, NginxProxy

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")

INSTALL = "/api/community/functions/alice/image-resizer/install"
CI = "/api/community/functions/ci/publish"


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hub")
    with HubServer(folder) as server:
        server.key = server.account()
        server.call("POST", CI, body(publish=True), server.key)
        yield server


@pytest.fixture(scope="module")
def proxy(hub, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nginx")
    with NginxProxy(folder, f"127.0.0.1:{hub.port}", folder / "static") as proxy:
        yield proxy


def ask(proxy, path, method="GET", content=None, **headers):
    connection = http.client.HTTPConnection("localhost", proxy.port, timeout=30)
    with closing(connection):
        connection.request(method, path, content, headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read()


def test_a_publish_is_seen_within_a_second(hub, proxy):
    assert b'"version":"1.0.0"' in ask(proxy, INSTALL)[2]
    sent = body(version="1.1.0", code=CODE + "// 2\n", publish=True)
    hub.call("POST", CI, sent, hub.key)

    time.sleep(1.1)

    assert b'"version":"1.1.0"' in ask(proxy, INSTALL)[2]


def test_encodings_are_kept_apart(proxy):
    plain = ask(proxy, INSTALL)
    packed = ask(proxy, INSTALL, **{"Accept-Encoding": "br;q=1, gzip"})

    assert "Content-Encoding" not in plain[1]
    assert packed[1]["Content-Encoding"] == "gzip"
    assert plain[1]["ETag"] != packed[1]["ETag"]


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"),
        ("GZIP;q=1.0", "gzip"),
        ("br, gzip;q=0.001", "gzip"),
        ("deflate , gzip ; q=0.5 , br", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=0.000", None),
        ("br, GZIP ; q=0. , deflate", None),
        ("br;q=1,gzip;q=0", None),
        ("identity;q=1, gzip;q=0, *;q=0", None),
        ("x-gzip", None),
        ("gzipped", None),
        ("br", None),
        ("gzip" + " " * 7_000 + "x", None),
    ],
)
def test_gzip_is_sent_where_it_is_accepted_alone(proxy, accepted, encoding):
    status, headers, _ = ask(proxy, INSTALL, **{"Accept-Encoding": accepted})

    assert (status, headers.get("Content-Encoding")) == (200, encoding)


def test_a_fresh_copy_is_answered_304(proxy):
    etag = ask(proxy, INSTALL)[1]["ETag"]

    status, headers, content = ask(proxy, INSTALL, **{"If-None-Match": etag})

    assert (status, content) == (304, b"")
    assert headers["ETag"] == etag


def test_private_answers_are_never_kept(hub, proxy):
    mine = "/api/community/functions/my"

    assert ask(proxy, mine, **{"X-API-Key": hub.key})[0] == 200
    assert ask(proxy, mine)[0] == 401
    assert "no-store" in ask(proxy, "/account/login/")[1]["Cache-Control"]


def test_refusals_come_through_as_json(proxy):
    too_large = b"x" * (5 * 1024 * 1024)

    status, headers, content = ask(
        proxy, CI, "POST", too_large, **{"Content-Type": "application/json"}
    )

    assert (status, headers["Content-Type"]) == (401, "application/json")
    assert b"UNAUTHORIZED" in content


SEARCH = "/api/community/functions?search=resizer"
COMPARE = "/functions/alice/image-resizer/compare/1.0.0...1.0.0"
COMMAND = "/api/v1/cli/validate"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", SEARCH),
        ("GET", "/functions/?q=resizer"),
        ("GET", COMPARE),
        ("POST", "/api/community/functions/validate"),
        ("POST", "/api/auth/login"),
        ("POST", "/account/login/"),
        ("POST", COMMAND),
    ],
)
def test_what_costs_more_than_a_page_is_limited_by_address(proxy, method, path):
    with ThreadPoolExecutor(8) as readers:
        answers = readers.map(lambda _: ask(proxy, path, method), range(400))
        refused = [each for each in answers if each[0] == 429]

    _, headers, content = refused[-1]
    assert headers["Server"] == "nginx"
    if path.startswith("/api/"):
        assert headers["Retry-After"] == "60"
        said = json.loads(content)
        said = said["error"] if path == COMMAND else said
        assert (said["code"], bool(said["fix"])) == ("RATE_LIMITED", True)
    for free in (INSTALL, "/functions/", "/account/login/"):
        assert ask(proxy, free)[0] == 200


def test_pages_are_not_limited_by_address(proxy):
    paths = [INSTALL, "/functions/", "/functions/alice/image-resizer"]
    assert {ask(proxy, paths[n % 3])[0] for n in range(300)} == {200}


def test_stale_answers_are_given_only_while_the_hub_is_down(hub, proxy):
    fresh = ask(proxy, INSTALL)
    hub.stop()
    try:
        time.sleep(1.1)
        stale = ask(proxy, INSTALL)
        never_seen = ask(proxy, "/docs/")
    finally:
        hub.start()

    assert stale[0] == 200
    assert stale[2] == fresh[2]
    assert never_seen[0] == 502
