"""Public pages kept as ready bytes: fast, and never stale."""

import threading
import time
import urllib.request
from functools import partial
from io import BytesIO

import pytest

from hub.fastpath import FastPath
from registry import publishing
from registry.installs import counting
from tests.conftest import CODE, body
from tests.hub_server import HubServer
from tests.wsgi_front import Counted, ask

PAGE = "/functions/alice/image-resizer"
INSTALL = "/api/community/functions/alice/image-resizer/install"


@pytest.fixture
def django():
    return Counted()


@pytest.fixture
def get(django, transactional_db):
    """get(path, **environ) -> (status, headers, body) through a FastPath."""
    fast = FastPath(django, max_bytes=2**20)

    return partial(ask, fast)


def test_a_page_is_made_once_and_given_again(get, publish, django):
    publish()

    first, again = get(PAGE), get(PAGE)

    assert first == again
    assert first[0] == "200 OK"
    assert django.asked == 1


def test_encodings_are_kept_apart(get, publish, django):
    publish()

    plain, packed = get(PAGE), get(PAGE, HTTP_ACCEPT_ENCODING="br, gzip")

    assert packed[1]["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain[1]
    assert plain[1]["ETag"] != packed[1]["ETag"]
    assert get(PAGE, HTTP_ACCEPT_ENCODING="gzip") == packed
    assert django.asked == 2


@pytest.mark.parametrize("tag", ["{}", "W/{}", '"other", {}', "*"])
def test_a_fresh_copy_is_answered_304(get, publish, django, tag):
    publish()
    etag = get(PAGE)[1]["ETag"]

    status, headers, content = get(PAGE, HTTP_IF_NONE_MATCH=tag.format(etag))

    assert (status, content) == ("304 Not Modified", b"")
    assert headers["ETag"] == etag
    assert headers["Cache-Control"] == "public, no-cache"
    assert django.asked == 1


def test_a_304_is_right_the_first_time_too(get, publish, django):
    publish()
    etag = get(PAGE)[1]["ETag"]
    publish(version="1.1.0")

    status, headers, _ = get(PAGE, HTTP_IF_NONE_MATCH=etag)

    assert status == "200 OK"
    assert headers["ETag"] != etag
    assert get(PAGE, HTTP_IF_NONE_MATCH=headers["ETag"])[0] == "304 Not Modified"
    assert django.asked == 2


def test_head_of_a_kept_page_has_its_headers(get, publish, django):
    publish()
    headers = get(PAGE)[1]

    assert get(PAGE, method="HEAD") == ("200 OK", headers, b"")
    assert django.asked == 1


def test_every_write_makes_kept_pages_stale(get, publish, alice):
    version = publish()
    assert b"2.0.0" not in get(INSTALL)[2]

    publish(version="2.0.0")
    assert b'"version":"2.0.0"' in get(INSTALL)[2]

    newest = version.function.versions.get(number="2.0.0")
    publishing.yank(newest, reason="Bad.", by=alice, via="api")
    assert b'"version":"1.0.0"' in get(INSTALL)[2]


def test_a_refused_write_keeps_pages(get, publish, push, alice, django):
    publish()
    get(PAGE)
    draft = push(code=f"{CODE}// other")
    get(PAGE)
    asked = django.asked

    with pytest.raises(publishing.releases.errors.VersionConflict):
        publishing.publish(draft, by=alice, via="api")

    get(PAGE)
    assert django.asked == asked


@pytest.mark.parametrize(
    ("path", "environ"),
    [
        (PAGE, {"HTTP_HOST": "evil.example"}),
        (PAGE, {"HTTP_RANGE": "bytes=0-1"}),
        ("/account/login/", {}),
        ("/api/community/functions/my", {}),
        ("/functions/alice/nothing", {}),
        (PAGE, {"QUERY_STRING": "x=" + "a" * 400}),
    ],
)
def test_what_is_not_public_is_never_kept(get, publish, django, path, environ):
    publish()

    first, again = get(path, **environ), get(path, **environ)

    assert first[0] == again[0]
    assert django.asked == 2


def test_private_answers_are_not_given_to_others(get, publish, alice):
    from tests.conftest import key_of

    publish()
    mine = get("/api/community/functions/my", HTTP_X_API_KEY=key_of(alice))

    assert mine[0] == "200 OK"
    assert get("/api/community/functions/my")[0] == "401 Unauthorized"


def test_kept_pages_stay_within_their_bytes(publish, transactional_db, django):
    publish()
    fast = FastPath(django, max_bytes=100_000)

    for n in range(40):
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/functions/",
            "QUERY_STRING": f"tag=t{n}",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "HTTP_HOST": "localhost",
            "wsgi.input": BytesIO(),
            "wsgi.url_scheme": "http",
        }
        fast(environ, lambda *given: None)

    assert 0 < sum(len(kept.body) for kept in fast._kept.values()) <= 100_000
    assert fast._bytes == sum(len(kept.body) for kept in fast._kept.values())


@pytest.mark.parametrize("path", [INSTALL, "/r/alice/image-resizer.json"])
def test_each_serving_of_an_install_counts_once_a_client(get, publish, path):
    version = publish()
    for address in ("127.0.0.2", "127.0.0.3", "127.0.0.3"):
        get(path, REMOTE_ADDR=address)
    get(path, REMOTE_ADDR="127.0.0.4", method="HEAD")
    get(path, REMOTE_ADDR="127.0.0.5", HTTP_IF_NONE_MATCH='"x"')

    counting.flush()

    version.function.refresh_from_db()
    assert version.function.install_count == 2


@pytest.mark.main_flow
def test_readers_see_the_old_or_the_new_version_and_the_new_one_at_once(tmp_path):
    with HubServer(tmp_path) as server:
        key = server.account()
        publish = "/api/community/functions/ci/publish"
        server.call("POST", publish, body(publish=True), key)
        old = server.call("GET", INSTALL)[1]["files"]
        seen, stop, wrong = set(), threading.Event(), []

        def read():
            while not stop.is_set():
                with urllib.request.urlopen(server.url + INSTALL) as response:
                    seen.add(response.read())

        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        for n in range(1, 6):
            sent = body(version=f"1.{n}.0", code=f"{CODE}// {n}\n", publish=True)
            status, _ = server.call("POST", publish, sent, key)
            assert status == 200
            # Every process, not just the one that published.
            for _ in range(10):
                found = server.call("GET", INSTALL)[1]
                if found["version"] != f"1.{n}.0":
                    wrong.append((n, found["version"]))
            time.sleep(0.05)
        stop.set()
        for reader in readers:
            reader.join()

        assert wrong == []
        assert old == server.call("GET", f"{INSTALL}?version=1.0.0")[1]["files"]
        assert len(seen) >= 2
