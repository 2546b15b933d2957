"""A Hub that means harm: nothing it sends is written outside services/<slug>/,
nothing half checked is written at all, and the reader is told what was wrong."""

import contextlib
import copy
import gzip
import json
import socket
import threading
import time

import pytest
from aerostack_cli import client
from aerostack_cli.snapshot import integrity_of, sha256

from tests.cli.conftest import KEY, tree
from tests.cli.scripted_hub import FUNCTIONS, ScriptedHub, manifest

INSTALL = f"{FUNCTIONS}/alice/tool/install"
GOOD = manifest("tool", "1.0.0", {"index.ts": "export {};\n"})

UNSAFE_PATHS = [
    "../evil.ts",
    "../../.bashrc",
    "a/../../evil.ts",
    "a/../b.ts",
    "./a.ts",
    "a//b.ts",
    "a/",
    "/etc/passwd",
    "~/evil.ts",
    "~root",
    "C:\\evil.ts",
    "C:/evil.ts",
    "c:evil.ts",
    "\\\\server\\share\\x",
    "..\\evil.ts",
    "a\\b.ts",
    "%2e%2e%2fevil.ts",
    "..%5cevil.ts",
    ".git/hooks/pre-commit",
    ".env",
    ".npmrc",
    ".vscode/tasks.json",
    "node_modules/x/index.js",
    "a/Node_Modules/x.js",
    "con.ts",
    "a/AUX",
    "nul.tar.ts",
    "com1",
    "a.ts.",
    "a.ts ",
    "a:stream.ts",
    "a\x00.ts",
    "a\nb.ts",
    "a\x1b[2J.ts",
    "a\u202ets.exe",
    "а.ts",  # Cyrillic
    "e\u0301.ts",
    "",
    ".",
    "..",
    "a" * 96 + "/" + "b" * 60,
    "/".join("abcdefghijk"),
    None,
    3,
    ["a.ts"],
]


@pytest.fixture
def evil(on_hub, project):
    """A Hub whose install manifest a test spoils, asked by a project of its own."""
    (project / "mine.ts").write_text("mine")

    def serve(answer):
        on_hub.answers["GET", INSTALL] = answer
        return on_hub

    return serve


def spoiled(**changes):
    return {**copy.deepcopy(GOOD), **changes}


def with_file(**changes):
    """GOOD with its file changed, everything else consistent."""
    answer = copy.deepcopy(GOOD)
    [file] = answer["files"]
    file.update(changes)
    answer["integrity"] = integrity_of({str(file["path"]): str(file["sha256"])})
    return answer


def assert_nothing_written(project, done, status=1):
    everything = {**tree(project.parent)}
    assert sorted(everything) == ["project/mine.ts"]
    assert done.status == status
    assert done.err.startswith("Error: ")
    assert "Traceback" not in done.err
    assert "\x1b" not in done.err.replace("\x1b[31m\x1b[1mError:\x1b[0m", "")
    assert done.out == ""


@pytest.mark.parametrize("path", UNSAFE_PATHS, ids=repr)
def test_unsafe_paths_are_refused(aerostack, evil, project, path):
    evil(with_file(path=path))

    done = aerostack("functions", "install", "alice/tool")

    assert_nothing_written(project, done)
    assert "unsafe path" in done.err


def two_files(first, second):
    return manifest("tool", "1.0.0", {first: "1", second: "2"})


@pytest.mark.parametrize(
    "answer",
    [
        two_files("Index.ts", "index.ts"),
        two_files("a", "a/b.ts"),
        two_files("A/b.ts", "a"),
        spoiled(files=GOOD["files"] * 2),
        spoiled(files=[]),
        spoiled(files=None),
        spoiled(files={"index.ts": "x"}),
        spoiled(files=["index.ts"]),
        spoiled(files=GOOD["files"] * 1000),
        spoiled(integrity=None),
        spoiled(integrity="sha256-" + "A" * 43 + "="),
        with_file(sha256="0" * 64),
        with_file(sha256=sha256(b"export {};\n").upper()),
        with_file(sha256=None),
        with_file(size=3),
        with_file(size="11"),
        with_file(content=None),
        with_file(content=["x"]),
        with_file(content="\ud800"),
        spoiled(slug="../../etc"),
        spoiled(slug=".ssh"),
        spoiled(slug="Tool"),
        spoiled(slug="con"),
        spoiled(slug=None),
        spoiled(slug='x"\nmain = "evil'),
        spoiled(author="../alice"),
        spoiled(author=None),
        spoiled(version="1.0.0\n[evil]"),
        spoiled(version=None),
        spoiled(version="1" * 65),
        spoiled(npmDependencies=["zod; rm -rf ~"]),
        spoiled(npmDependencies=["--global"]),
        spoiled(npmDependencies=["$(evil)"]),
        spoiled(npmDependencies="zod"),
        spoiled(npmDependencies=[{"a": 1}]),
        spoiled(envVars=["A=1\nPATH=/evil"]),
        spoiled(envVars=["A B"]),
        spoiled(envVars=[None]),
        {},
        {"function": GOOD},
    ],
    ids=lambda answer: json.dumps(answer)[-70:],
)
def test_answers_that_do_not_hold_together_are_refused(
    aerostack, evil, project, answer
):
    evil(answer)

    done = aerostack("functions", "install", "alice/tool")

    assert_nothing_written(project, done)
    assert "UNTRUSTED_ANSWER" in done.err


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
    bomb = gzip.compress(b" " * (200 * 2**20))
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


def test_terminal_escapes_are_shown_not_obeyed(aerostack, on_hub):
    evil = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe\u200b\rover\b\x7f"
    on_hub.answers["GET", f"{FUNCTIONS}/alice/tool/versions"] = {"versions": []}
    on_hub.answers["GET", INSTALL] = spoiled(description=evil, license=evil)
    on_hub.answers["GET", FUNCTIONS] = {
        "functions": [{"slug": evil, "description": evil, "author_username": "[red]"}]
    }
    on_hub.answers["POST", f"{FUNCTIONS}/d1/publish"] = (
        400,
        {
            "error": evil,
            "code": evil,
            "fix": evil,
            "details": [{"message": "\n" + evil}],
        },
    )
    told = [
        aerostack("functions", "info", "alice/tool"),
        aerostack("functions", "search"),
        aerostack("functions", "publish", "d1"),
    ]

    assert [done.status for done in told] == [0, 0, 1]
    for done in told:
        shown = done.out + done.err
        assert "\\x1b]0;owned\\x07" in shown
        assert "\\u202e" in shown
        assert not set(shown) & set("\x1b\x07\x9b\u202e\u200b\r\b\x7f")
    assert "[red]" in told[1].out


def test_a_newline_from_the_hub_starts_no_line_of_its_own(aerostack, on_hub):
    lie = "x\nPublished successfully!"
    answer = {"slug": lie, "url": "/functions/a/b", "status": "ok", "hub_url": lie}
    on_hub.answers["POST", f"{FUNCTIONS}/d1/publish"] = [
        answer,
        (400, {"error": lie, "fix": lie}),
    ]

    done = aerostack("functions", "publish", "d1")
    refused = aerostack("functions", "publish", "d1")

    assert done.out.count("\nPublished") == 0
    assert refused.err.count("\nPublished") == 0
    assert "x\\nPublished" in refused.err


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


def test_other_text_under_a_hash_is_not_merged(aerostack, on_hub, project):
    on_hub.publish("tool", "1.0.0", {"a.ts": "1\n2\n3\n"})
    aerostack("functions", "install", "alice/tool")
    (project / "services/tool/a.ts").write_text("1\n2\nmine\n")
    on_hub.publish("tool", "2.0.0", {"a.ts": "theirs\n2\n3\n"})
    digest = sha256(b"1\n2\n3\n")
    path = f"/api/community/files/{digest}"
    on_hub.answers["GET", path] = {"content": "evil\n", "versions": []}
    before = tree(project)

    done = aerostack("functions", "update", "tool")

    assert done.status == 1
    assert "UNTRUSTED_ANSWER" in done.err
    assert tree(project) == before


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
