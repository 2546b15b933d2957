"""A Hub that means harm on the way: endless and damaged bodies, redirects,
refusals without words, lost connections. And one that is only busy."""

import contextlib
import gzip
import json
import socket
import threading
import time

import pytest
from aerostack_cli import client

from tests.cli.conftest import KEY
from tests.cli.hostile import GOOD, assert_nothing_written
from tests.cli.scripted_hub import FUNCTIONS, ScriptedHub


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"<html><body>It works!</body></html>", {"Content-Type": "text/html"}),
        (b"", {}),
        (b"null", {}),
        (b"[]", {}),
        (b'"text"', {}),
        (b"[" * 200_000, {}),
        (b'{"a": ' + b"9" * 5000 + b"}", {}),
        (b"\xff\xfe{}", {}),
        (b"{", {}),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_object_is_refused(aerostack, evil, project, content, headers):
    evil((200, content, headers))

    done = aerostack("functions", "install", "alice/tool")

    assert_nothing_written(project, done)
    assert "does not answer like a Hub" in done.err


def test_an_endless_body_is_not_read_to_its_end(aerostack, on_hub, project):
    (project / "mine.ts").write_text("mine")
    sent = []
    url = serve_raw(lambda connection: send_a_gigabyte(connection, sent))

    done = aerostack("functions", "install", "alice/tool", "--hub", url)

    assert_nothing_written(project, done)
    assert "more than 16 MiB" in done.err
    assert sum(sent) < 64 * 2**20


def test_a_compressed_bomb_is_not_unpacked_to_its_end(aerostack, evil, project):
    bomb = gzip.compress(b" " * (64 * 2**20), compresslevel=1)
    evil((200, bomb, {"Content-Encoding": "gzip"}))

    done = aerostack("functions", "install", "alice/tool")

    assert_nothing_written(project, done)
    assert "more than 16 MiB" in done.err


def test_a_damaged_compression_is_refused(aerostack, evil, project):
    evil((200, b"not gzip", {"Content-Encoding": "gzip"}))

    assert_nothing_written(project, aerostack("functions", "install", "alice/tool"))


def test_a_body_that_trickles_is_given_up(aerostack, on_hub, project, monkeypatch):
    (project / "mine.ts").write_text("mine")
    monkeypatch.setattr(client, "MAX_ANSWER_SECONDS", 0.3)
    url = serve_raw(trickle)

    done = aerostack("functions", "install", "alice/tool", "--hub", url)

    assert_nothing_written(project, done, status=3)
    assert "still sending" in done.err


def test_a_body_cut_short_is_not_believed(aerostack, evil, project):
    short = {"Content-Length": "100000", "Connection": "close"}
    hub = evil((200, json.dumps(GOOD).encode(), short))

    done = aerostack("functions", "install", "alice/tool")

    assert_nothing_written(project, done, status=3)
    assert len(hub.requests) == client.ATTEMPTS


def test_a_redirect_to_another_host_is_followed_without_the_key(
    aerostack, on_hub, project
):
    other = ScriptedHub()
    try:
        other.publish("tool", "1.0.0", {"index.ts": "x"})
        path = f"{FUNCTIONS}/my"
        other.answers["GET", path] = {"functions": []}
        on_hub.answers["GET", path] = (302, {}, {"Location": f"{other.url}{path}"})

        done = aerostack("functions", "list")
    finally:
        other.close()

    assert done.status == 0
    [first], [second] = on_hub.requests, other.requests
    assert first["headers"]["X-API-Key"] == KEY
    assert "X-API-Key" not in second["headers"]
    assert KEY not in json.dumps(second)


def test_a_redirect_at_the_same_host_keeps_the_key(aerostack, on_hub):
    on_hub.answers["GET", f"{FUNCTIONS}/my"] = (307, {}, {"Location": "/elsewhere"})
    on_hub.answers["GET", "/elsewhere"] = {"functions": []}

    assert aerostack("functions", "list").status == 0
    assert on_hub.requests[-1]["headers"]["X-API-Key"] == KEY


@pytest.mark.parametrize(
    "target",
    [
        "http://hub.example.invalid/x",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "",
    ],
)
def test_an_unsafe_redirect_is_refused(aerostack, evil, project, target):
    evil((302, {}, {"Location": target}))

    done = aerostack("functions", "install", "alice/tool")

    assert_nothing_written(project, done, status=3 if target == "" else 1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_write_is_never_redirected(aerostack, on_hub, status):
    path = f"{FUNCTIONS}/d1/publish"
    on_hub.answers["POST", path] = (status, {}, {"Location": f"{on_hub.url}/other"})

    done = aerostack("functions", "publish", "d1")

    assert done.status == 3
    assert "redirects to" in done.err
    assert [request["path"] for request in on_hub.requests] == [path]


@pytest.mark.parametrize(
    ("status", "exit_status"),
    [(400, 1), (404, 1), (409, 1), (418, 1), (429, 3), (500, 3), (502, 3), (503, 3)],
)
@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'{"error": 3}'])
def test_refusals_without_words_are_told_plainly(
    aerostack, evil, project, status, exit_status, body
):
    evil((status, body))

    done = aerostack("functions", "install", "alice/tool")

    assert_nothing_written(project, done, status=exit_status)


def test_a_busy_hub_is_asked_again(aerostack, evil):
    hub = evil([(503, {"error": "Busy."}), (429, {}), ScriptedHub.DROP, GOOD])

    assert aerostack("functions", "install", "alice/tool").status == 0
    assert len(hub.requests) == 4


def test_a_long_wait_is_told_not_waited_for(aerostack, evil, project):
    answer = {"error": "Too many requests.", "code": "RATE_LIMITED"}
    hub = evil((429, answer, {"Retry-After": "3600"}))

    done = aerostack("functions", "install", "alice/tool")

    assert_nothing_written(project, done, status=3)
    assert "Too many requests." in done.err
    assert "Wait 3600 seconds" in done.err
    assert len(hub.requests) == 1


def test_a_hub_that_only_reads_is_not_asked_again(aerostack, on_hub):
    path = f"{FUNCTIONS}/d1/publish"
    error = {"error": "The Hub is in read-only mode.", "code": "READ_ONLY"}
    on_hub.answers["POST", path] = (503, error)

    done = aerostack("functions", "publish", "d1")

    assert done.status == 1
    assert "read-only" in done.err
    assert len(on_hub.requests) == 1


def test_a_hub_that_is_not_there_is_a_network_error(aerostack, project):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    done = aerostack(
        "functions", "install", "alice/tool", "--hub", f"http://127.0.0.1:{port}"
    )

    assert done.status == 3
    assert "cannot be reached" in done.err


def serve_raw(answer):
    """A server for one connection whose answer is up to ``answer(connection)``."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        with server:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                # The command hangs up, as it should.
                with contextlib.suppress(OSError):
                    answer(connection)

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{server.getsockname()[1]}"


def send_a_gigabyte(connection, sent):
    head = "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n"
    connection.sendall(head.encode())
    for _ in range(1024):
        sent.append(connection.send(b" " * 2**20))


def trickle(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        connection.sendall(b" ")
        time.sleep(0.05)
