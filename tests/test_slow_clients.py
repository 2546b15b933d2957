"""Clients that send or read slowly, and requests that hang, stop nobody else.

Nothing here measures time: what has to be answered is answered while the slow
connections are open, which their sockets say.
"""

import fcntl
import http.client
import json
import socket
import threading
import time
from contextlib import ExitStack, contextmanager

import psycopg
import pytest
from django.conf import settings

from core.http.worker import MAX_BODY_BYTES, Incoming
from tests.hub_server import HubServer

CI = "/api/community/functions/ci/publish"
PAGE = "/functions/alice/slow"
INSTALL = "/api/community/functions/install/slow"
GET = b"GET /functions/ HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /api/community/functions HTTP/1.1\r\nHost: localhost\r\n"
POST += b"Content-Type: application/json\r\n"
HALF_SENT = {
    "nothing": b"",
    "half a line": b"GET /func",
    "half a head": GET + b"Accept: text",
    "half a body": POST + b'Content-Length: 1000\r\n\r\n{"name": ',
    "no body": POST + b"Content-Length: 1000\r\n\r\n",
    "half a chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n400\r\n{",
    "half a form": b"POST /account/login/ HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 100\r\n\r\nlogin=",
}


def body(**changes) -> dict:
    return {
        "name": "slow",
        "version": "1.0.0",
        "description": "A function that clients take slowly.",
        "category": "utility",
        "language": "typescript",
        "license": "MIT",
        "code": "export const one = 1;\n",
        "publish": True,
    } | changes


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with HubServer(tmp_path_factory.mktemp("hub")) as server:
        server.key = server.account()
        line = f"// {'x' * 90}\n"
        files = {f"part{n}.ts": line * 4_500 for n in range(4)}
        files["index.ts"] = "export const one = 1;\n"
        assert server.call("POST", CI, body(files=files), server.key)[0] == 201
        yield server


@pytest.fixture(scope="module")
def small_hub(tmp_path_factory):
    """One process, which takes 20 connections and gives each request 5 seconds."""
    folder = tmp_path_factory.mktemp("small")
    limits = "--worker-connections 20 --timeout 5"
    small = {"WEB_CONCURRENCY": "1", "GUNICORN_CMD_ARGS": limits}
    with HubServer(folder, **small) as server:
        server.folder, server.key = folder, server.account()
        yield server


def connect(server, sent: bytes = b"", *, receive_bytes: int = 0) -> socket.socket:
    client = socket.socket()
    if receive_bytes:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    client.settimeout(30)
    client.connect(("127.0.0.1", server.port))
    client.sendall(sent)
    return client


@contextmanager
def connections(server, count: int, sent: bytes, **options):
    """``count`` connections, one after the other, that each have sent ``sent``."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(connect(server, sent, **options)) for _ in range(count)
        ]


def is_open(client: socket.socket) -> bool:
    """Whether the server has neither answered nor closed."""
    client.setblocking(False)
    try:
        client.recv(1)
        return False
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        client.settimeout(30)


def answer(client: socket.socket) -> tuple[int, bytes]:
    response = http.client.HTTPResponse(client)
    response.begin()
    return response.status, response.read()


def get(server, path: str) -> int:
    """The status of ``path``, asked for on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", path, headers={"Host": "localhost"})
    status = connection.getresponse().status
    connection.close()
    return status


# --- slow clients


@pytest.mark.main_flow
@pytest.mark.parametrize("what", HALF_SENT)
def test_half_sent_requests_keep_nobody_from_an_answer(hub, what):
    with connections(hub, 100, HALF_SENT[what]) as clients:
        for path in ("/functions/", PAGE, INSTALL, "/account/login/"):
            assert [get(hub, path) for _ in range(5)] == [200] * 5
        assert all(map(is_open, clients))


def test_half_sent_requests_keep_no_author_from_publishing(hub):
    with connections(hub, 100, HALF_SENT["half a body"]) as clients:
        sent = body(name="meanwhile")
        assert hub.call("POST", CI, sent, hub.key)[0] in (200, 201)
        assert all(map(is_open, clients))


def test_clients_that_read_no_answer_keep_nobody_from_one(hub):
    """More of them than there are threads; the answer is larger than what the system
    keeps for a client that doesn't read."""
    asked = f"GET {INSTALL} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    with connections(hub, 40, asked, receive_bytes=4096) as clients:
        for path in ("/functions/", PAGE, "/account/login/"):
            assert [get(hub, path) for _ in range(5)] == [200] * 5
        for client in clients[:3]:  # and each gets all of it when it reads
            status, content = answer(client)
            assert (status, len(json.loads(content)["files"])) == (200, 6)


def test_a_request_that_arrives_in_pieces_is_answered(hub):
    sent = json.dumps({"name": "x"}).encode()
    pieces = [POST, b"Content-Length: %d\r\n\r\n" % len(sent), sent[:3], sent[3:]]
    with connect(hub) as client:
        for piece in pieces:
            client.sendall(piece)
            assert piece is pieces[-1] or is_open(client)
        status, content = answer(client)

    assert (status, json.loads(content)["code"]) == (401, "UNAUTHORIZED")


def test_a_client_that_waits_to_be_told_is_told_to_send_its_body(hub):
    head = POST + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    with connect(hub, head) as client:
        assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"{}")
        assert answer(client)[0] == 401


def test_a_body_above_every_limit_is_refused_by_whoever_was_asked(hub):
    """The API in its own format; 8 MiB are read before the answer."""
    size = 12 * 1024 * 1024
    length = b"Content-Length: %d\r\n\r\n" % size
    key = f"X-API-Key: {hub.key}\r\n".encode()
    for head, is_json in [
        (POST + key + length, True),
        (HALF_SENT["half a form"].split(b"Content-L")[0] + length, False),
    ]:
        with connect(hub, head) as client:
            client.sendall(b"x" * (MAX_BODY_BYTES + 1))
            status, content = answer(client)
        assert status == 413
        assert (b'"PAYLOAD_TOO_LARGE"' in content) is is_json


def test_more_clients_than_a_process_takes_close_the_one_that_waits_longest(small_hub):
    with connections(small_hub, 60, GET) as clients:
        assert [get(small_hub, "/functions/") for _ in range(5)] == [200] * 5
        open_ones = [is_open(client) for client in clients]

    assert not any(open_ones[:30])
    assert all(open_ones[-10:])


def test_half_sent_bodies_take_no_more_memory_than_they_may(small_hub):
    """64 MiB in one process: of ten that hold 7 MiB each, the first has to go."""
    half = POST + b"Content-Length: 9000000\r\n\r\n" + b" " * (7 * 1024 * 1024)
    with connections(small_hub, 10, half) as clients:
        assert get(small_hub, "/functions/") == 200
        # The server may still be reading when it answers.
        for _ in range(100):
            if not is_open(clients[0]):
                break
            time.sleep(0.1)
        assert [is_open(client) for client in clients] == [False] + [True] * 9


# --- what takes too long


def test_a_request_that_never_arrives_ends_and_says_why(small_hub):
    with ExitStack() as stack:
        clients = {
            what: stack.enter_context(connect(small_hub, sent))
            for what, sent in HALF_SENT.items()
        }
        assert get(small_hub, "/functions/") == 200
        assert clients.pop("nothing").recv(1000) == b""
        assert {answer(client)[0] for client in clients.values()} == {408}


@pytest.mark.main_flow
def test_a_request_that_hangs_ends_and_keeps_nobody_from_an_answer(small_hub):
    """Its process ends without it; another takes its place."""
    ended = threading.Event()

    def publish():
        try:
            small_hub.call("POST", CI, body(), small_hub.key)
        except (OSError, http.client.HTTPException):
            ended.set()

    with writes_hang(small_hub):
        author = threading.Thread(target=publish)
        author.start()
        assert get(small_hub, "/functions/") == 200
        assert not ended.is_set()
        author.join(60)
        assert ended.is_set()
        assert answered(small_hub, "/functions/")
    assert small_hub.call("POST", CI, body(), small_hub.key)[0] in (200, 201)


def answered(server, path: str) -> bool:
    """Whether ``path`` is answered once gunicorn has another process."""
    for _ in range(100):
        try:
            if get(server, path) == 200:
                return True
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
    return False


@contextmanager
def writes_hang(server):
    """Whoever writes waits for ever."""
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        with (server.folder / "writers").open() as queue:
            fcntl.flock(queue, fcntl.LOCK_EX)
            yield
    else:
        with psycopg.connect(server.database) as connection:
            connection.execute("LOCK TABLE registry_function IN EXCLUSIVE MODE")
            yield
            connection.rollback()


# --- where a request ends

LENGTH = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length:  5 \r\n\r\nhello"
CHUNKS = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
WHOLE = {
    "no body": GET + b"\r\n",
    "a length": LENGTH,
    "a length of nothing": LENGTH.replace(b"5", b"0")[:-5],
    "chunks": CHUNKS + b"3\r\nabc\r\n0\r\n\r\n",
    "a chunk with line ends": CHUNKS + b"5\r\n\r\n0\r\n\r\n0\r\n\r\n",
    "a chunk with an extension": CHUNKS + b"3;a=b\r\nabc\r\n0\r\n\r\n",
    "trailers": CHUNKS + b"3\r\nabc\r\n0\r\nX-A: b\r\nX-B: c\r\n\r\n",
}
# What no parser can understand is given to it at once.
SENSELESS = {
    "a size that is none": CHUNKS + b"zz\r\n",
    "a size below nothing": CHUNKS + b"-3\r\n\r\n",
    "a length that is none": LENGTH.replace(b" 5 ", b" 5x")[:-5],
    "a length of 40 digits": LENGTH.replace(b" 5 ", b"9" * 40)[:-5],
    "a head without end": GET + b"X: " + b"a" * 70_000,
    "a line of a chunk without end": CHUNKS + b"1" * 70_000,
    "trailers without end": CHUNKS + b"0\r\nX: " + b"a" * 70_000,
}


@pytest.mark.parametrize("sent", WHOLE.values(), ids=WHOLE)
def test_a_request_is_whole_with_its_last_byte_however_it_is_cut(sent):
    for at in range(1, len(sent)):
        incoming = Incoming()
        assert not incoming.add(sent[:at])
        assert incoming.add(sent[at:])
    one_by_one = Incoming()
    assert [one_by_one.add(bytes([byte])) for byte in sent].index(True) == len(sent) - 1


@pytest.mark.parametrize("sent", SENSELESS.values(), ids=SENSELESS)
def test_what_has_no_end_that_anybody_could_find_is_not_waited_for(sent):
    assert Incoming().add(sent)


@pytest.mark.parametrize(
    ("size", "is_cut"), [(9 * 1024 * 1024, False), (9 * 1024 * 1024 + 1, True)]
)
def test_no_more_of_a_body_is_read_than_may_be(size, is_cut):
    incoming = Incoming()
    incoming.add(POST + b"Content-Length: 99999999\r\n\r\n")

    assert incoming.add(b"x" * size) is is_cut
    assert incoming.is_cut is is_cut
