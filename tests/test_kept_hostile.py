"""Strange requests and planted files: the kept pages answer as Django does, or not."""

import http.client
import os

import pytest
from django.core.handlers.wsgi import WSGIHandler

from hub.fastpath import FastPath
from hub.kept_store import PageStore
from registry.content import derived
from tests.hub_server import HubServer
from tests.wsgi_front import Counted, ask

PAGE = "/functions/alice/image-resizer"
INSTALL = f"/api/community{PAGE}/install"
PATHS = [
    ("/functions/", "q=image&page=2"),
    ("/functions/", "q=%00"),
    ("/functions/", "page=abc"),
    ("/API/community/functions", ""),
    ("//functions/", ""),
    (f"{PAGE}/", ""),
    (f"{PAGE}.", ""),
    (PAGE.upper(), ""),
    ("/functions/Alice/image-resizer", ""),
    (f"{PAGE}\0", ""),
    (f"/api/community{PAGE}\0/install", ""),
    (f"{PAGE}/raw/1.0.0/index.ts\0", ""),
    ("/functions/al\0ice/image-resizer", ""),
    (f"{PAGE}\n", ""),
    ("/functions/alice%2Fimage-resizer", ""),
    (f"{PAGE}/../image-resizer", ""),
    (f"{PAGE}/v/1.0.0+b", ""),
    (f"{PAGE}/v/01.0.0", ""),
    (f"{PAGE}/source/", ""),
    (f"{PAGE}/source//index.ts", ""),
    (f"{PAGE}/source/./index.ts", ""),
    (f"{PAGE}/source/INDEX.ts", ""),
    (f"{PAGE}/raw/latest/index.ts", ""),
    (PAGE, "x=1"),
    (PAGE, "x" * 400),
    (INSTALL, "version="),
    (INSTALL, "version=1.0.0&version=2.0.0"),
    (INSTALL, "version=1.0.0&layout=bad"),
    (INSTALL, "version=1.0.0;layout=flat"),
    (INSTALL, "version=%31.0.0"),
    (INSTALL, "version=1.0.0+b"),
    (INSTALL, "&layout=flat"),
    ("/functions/alice/\xc3\xa9", ""),
    ("/functions/alice/\xff", ""),
    ("", ""),
    ("*", ""),
]
HEADERS = [
    {"HTTP_HOST": "localhost:abc"},
    {"HTTP_HOST": "localhost:"},
    {"HTTP_HOST": "localhost:80:80"},
    {"HTTP_HOST": "localhost:\xb2"},
    {"HTTP_HOST": "LOCALHOST."},
    {"HTTP_HOST": "evil.example"},
    {"SCRIPT_NAME": "/evil"},
    {"HTTP_X_FORWARDED_HOST": "evil.example"},
    {"HTTP_X_HTTP_METHOD_OVERRIDE": "DELETE"},
    {"HTTP_X_API_KEY": "not-a-key"},
    {"HTTP_ACCEPT": "application/json"},
    {"HTTP_ACCEPT_LANGUAGE": "de"},
    {"HTTP_ACCEPT_ENCODING": "gzip;q=0, *"},
    {"HTTP_ACCEPT_ENCODING": "gzip;q=abc"},
    {"HTTP_ACCEPT_ENCODING": "x" * 5000},
    {"HTTP_IF_MATCH": '"x"'},
    {"HTTP_IF_MATCH": "ETAG"},
    {"HTTP_IF_UNMODIFIED_SINCE": "Thu, 01 Jan 1970 00:00:00 GMT"},
    {"HTTP_IF_MODIFIED_SINCE": "Fri, 01 Jan 2100 00:00:00 GMT"},
    {"HTTP_IF_NONE_MATCH": "*"},
    {"HTTP_IF_NONE_MATCH": "ETAG"},
    {"HTTP_IF_NONE_MATCH": '"a", W/ETAG'},
    {"HTTP_IF_NONE_MATCH": "w/ETAG"},
    {"HTTP_IF_NONE_MATCH": '*, "a"'},
    {"HTTP_IF_NONE_MATCH": "ETAG junk"},
    {"HTTP_IF_NONE_MATCH": '"a,ETAG'},
    {"HTTP_RANGE": "bytes=0-10"},
]
# A 304 says only what a client needs to go on using what it has (RFC 9110, 15.4.5).
OF_A_304 = {"ETag", "Cache-Control", "Vary"}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "pages"


@pytest.fixture
def process(folder):
    """process() -> the front of one more process, on one folder of pages."""
    return lambda: FastPath(Counted(), 2**20, PageStore(folder, 2**28))


@pytest.fixture
def scene(transactional_db, publish):
    derived.make(publish().pk)


def seen(answer):
    """What has to be the same, whoever answers."""
    status, headers, body = answer
    if status.startswith("304"):
        headers = {name: headers.get(name) for name in OF_A_304}
    return status, headers, body


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_strange_address_is_answered_as_django_does(scene, process, method):
    front = process()
    for path in (PAGE, INSTALL, f"{PAGE}/raw/1.0.0/index.ts", "/functions/"):
        ask(front, path)  # from here on, it draws such pages itself
    for path, query in PATHS:
        expected = seen(ask(WSGIHandler(), path, query, method))
        for turn in range(2):
            made = seen(ask(front, path, query, method))
            assert made == expected, (path, query, turn)


@pytest.mark.parametrize("headers", HEADERS, ids=repr)
def test_strange_headers_change_no_answer_but_their_own(scene, process, headers):
    for path, query in [(PAGE, ""), (INSTALL, "version=1.0.0"), ("/functions/", "")]:
        plain = ask(WSGIHandler(), path, query)
        tagged = {k: v.replace("ETAG", plain[1]["ETag"]) for k, v in headers.items()}
        for method in ("GET", "HEAD"):
            front = process()
            expected = seen(ask(WSGIHandler(), path, query, method, **tagged))
            for _ in range(2):
                made = seen(ask(front, path, query, method, **tagged))
                assert made == expected, (path, method)
            assert ask(front, path, query) == plain
            assert ask(process(), path, query) == plain
            assert seen(ask(front, path, query, method, **tagged)) == expected


# --- what lies in the folder


def planted_folder(path):
    path.mkdir()


def planted_pipe(path):
    os.mkfifo(path)


def planted_link(path):
    path.symlink_to("/etc/passwd")


def planted_garbage(path):
    path.write_bytes(b"\xff" * 100)


def planted_list(path):
    path.write_bytes(b'["key", "sum"]\nbody')


def empty_file(path):
    path.touch()


@pytest.mark.parametrize(
    "plant",
    [
        planted_folder,
        planted_pipe,
        planted_link,
        planted_garbage,
        planted_list,
        empty_file,
    ],
    ids=lambda plant: plant.__name__,
)
def test_what_is_no_kept_page_is_not_given(plant, scene, process, folder):
    expected = ask(process(), PAGE)
    (kept,) = [path for path in folder.rglob("*") if path.is_file()]
    kept.unlink()
    plant(kept)

    assert ask(process(), PAGE) == expected
    assert ask(process(), PAGE) == expected


def test_a_folder_that_takes_no_file_stops_no_page(scene, process, folder):
    expected = ask(process(), PAGE)
    (kept,) = [path for path in folder.rglob("*") if path.is_file()]
    kept.unlink()
    kept.parent.rmdir()
    kept.parent.write_text("in the way")

    assert ask(process(), PAGE) == expected


# --- as gunicorn hands requests over


def test_no_header_chooses_what_links_begin_with(tmp_path):
    with HubServer(tmp_path, WEB_CONCURRENCY="1") as server:
        for name, value in (("SCRIPT_NAME", "/evil"), ("PATH_INFO", "/functions/")):
            connection = http.client.HTTPConnection("127.0.0.1", server.port)
            headers = {"Host": f"localhost:{server.port}", name: value}
            connection.request("GET", "/evil/functions/", headers=headers)
            assert connection.getresponse().status == 404
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", "/functions/", headers={"Host": headers["Host"]})
        answer = connection.getresponse()
        assert (answer.status, b"/evil" in answer.read()) == (200, False)
