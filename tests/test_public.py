"""What a public answer carries, what is packed, and under which address it is kept."""

import gzip

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from core.cache.middleware import PageCacheMiddleware
from core.http.public import (
    IMMUTABLE,
    REVALIDATE,
    depends_on_who_asks,
    etag_of,
    make_public,
    raw_text,
)

TEXT = "A calm page about one function. " * 40
DOCUMENTED_IMMUTABLE = "public, max-age=31536000, s-maxage=60, immutable"


@pytest.fixture
def front(settings):
    """front(view) -> page(path, method, query, **headers), with ``page.made``: how
    often the view was asked."""
    settings.PAGE_CACHE_BYTES = 2**20
    settings.ALLOWED_HOSTS = ["localhost", "hub.example"]

    def front(view):
        def counted(request):
            page.made += 1
            return view(request)

        cache = PageCacheMiddleware(counted)

        def page(path="/", method="GET", query="", host="localhost", **headers):
            environ = {"QUERY_STRING": query, "HTTP_HOST": host}
            asked = RequestFactory().generic(method, path, headers=headers, **environ)
            return cache(asked)

        page.made = 0
        return page

    return front


def shows(content, kind="text/html", **options):
    return lambda request: make_public(HttpResponse(content, kind), **options)


# --- packing


@pytest.mark.parametrize(
    ("size", "kind", "is_packed"),
    [
        (255, "text/html", False),
        (256, "text/html", True),
        (4000, "application/json", True),
        (4000, "image/svg+xml", True),
        (4000, "image/webp", False),
        (4000, "image/png", False),
        (255, "image/png", False),
    ],
)
def test_a_page_is_packed_from_256_bytes_on_unless_it_is_a_picture(
    front, size, kind, is_packed
):
    response = front(shows("x" * size, kind))(accept_encoding="gzip")

    assert ("Content-Encoding" in response) is is_packed
    content = gzip.decompress(response.content) if is_packed else response.content
    assert content == b"x" * size
    assert response["Vary"] == "Accept-Encoding"


def test_equal_pages_are_packed_to_equal_bytes_at_any_time(front, time_machine):
    packed = set()
    for day in ("2026-03-01", "2031-03-01"):
        time_machine.move_to(f"{day}T12:00:00Z", tick=False)
        packed.add(front(shows(TEXT))(accept_encoding="gzip").content)

    assert len(packed) == 1


def test_an_etag_names_the_bytes_that_are_sent(front):
    page = front(shows(TEXT))
    plain, packed = page(), page(accept_encoding="gzip")

    assert plain["ETag"] == etag_of(TEXT.encode())
    assert packed["ETag"] == etag_of(packed.content) != plain["ETag"]
    assert front(shows(TEXT + "."))()["ETag"] != plain["ETag"]


# --- headers


@pytest.mark.parametrize(
    ("status", "cache", "sent"),
    [
        (200, REVALIDATE, "public, no-cache"),
        (200, IMMUTABLE, DOCUMENTED_IMMUTABLE),
        (404, REVALIDATE, "public, no-cache"),
        (404, IMMUTABLE, "public, no-cache"),
        (301, IMMUTABLE, "public, no-cache"),
    ],
)
def test_only_what_was_found_never_changes(status, cache, sent):
    response = make_public(HttpResponse(TEXT, status=status), cache=cache)

    assert response["Cache-Control"] == sent


@pytest.mark.parametrize(
    ("vary", "depends"),
    [
        (None, False),
        ("", False),
        ("Accept-Encoding", False),
        ("accept-encoding , ACCEPT-ENCODING", False),
        ("Accept-Encoding, ", False),
        ("Accept-Encoding, Cookie", True),
        ("Cookie", True),
        ("Accept-Language", True),
        ("*", True),
    ],
)
def test_an_answer_that_varies_on_more_than_its_coding_is_for_one_reader(vary, depends):
    response = HttpResponse(TEXT)
    if vary is not None:
        response["Vary"] = vary

    assert depends_on_who_asks(response) is depends


def test_an_answer_for_one_reader_is_marked_so_whatever_its_view_said(front):
    def view(request):
        response = make_public(HttpResponse(TEXT))
        response.set_cookie("who", "alice")
        return response

    response = front(view)(accept_encoding="gzip")

    assert response["Cache-Control"] == "private, no-store"
    assert "Content-Encoding" not in response


def test_a_304_carries_what_a_cache_needs_and_no_more(front):
    page = front(shows(TEXT, "text/plain"))
    etag = page()["ETag"]

    response = page(if_none_match=etag)

    assert dict(response.headers) == {
        "Cache-Control": "public, no-cache",
        "ETag": etag,
        "Vary": "Accept-Encoding",
    }


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ({"if_none_match": '"other"'}, 200),
        ({"if_none_match": "{}"}, 304),
        ({"if_match": "*"}, 200),
        ({"if_match": '"other"'}, 412),
        ({"if_match": "{}", "if_none_match": "{}"}, 304),
        ({"if_unmodified_since": "Thu, 01 Jan 1970 00:00:00 GMT"}, 200),
        ({"if_modified_since": "Thu, 01 Jan 2099 00:00:00 GMT"}, 200),
        (
            {
                "if_match": "{}",
                "if_none_match": "{}",
                "if_modified_since": "Thu, 01 Jan 1970 00:00:00 GMT",
                "if_unmodified_since": "Thu, 01 Jan 1970 00:00:00 GMT",
            },
            304,
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_conditions_are_about_the_etag_alone(front, condition, status, method):
    page = front(shows(TEXT))
    etag = page()["ETag"]
    sent = {name: value.format(etag) for name, value in condition.items()}

    assert page(method=method, **sent).status_code == status
    assert page.made == 1


def test_the_text_of_a_file_never_runs():
    response = raw_text("<script>alert(1)</script>")

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"


# --- what is kept


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/functions"},
        {"path": "/functions/", "query": "q=image"},
        {"host": "hub.example"},
        {"accept_encoding": "gzip"},
    ],
    ids=str,
)
def test_host_path_query_and_coding_are_pages_of_their_own(front, other):
    page = front(
        lambda request: make_public(HttpResponse(f"{request.build_absolute_uri()}"))
    )
    first, second = page(), page(**other)

    assert page.made == 2
    assert page().content == first.content
    assert page(**other).content == second.content
    assert page.made == 2


def test_what_is_so_at_the_moment_alone_is_sent_sealed_and_made_again(front):
    page = front(shows(TEXT, is_kept=False))

    first = page()

    assert page(if_none_match=first["ETag"]).status_code == 304
    assert first["Cache-Control"] == "public, no-cache"
    assert page.made == 2


def test_a_kept_page_is_not_changed_by_what_became_of_one_answer(front):
    page = front(shows(TEXT))
    for sent in (page(), page()):
        sent["X-Of-One-Reader"] = "alice"
        sent.content = b"changed"

    again = page()

    assert (again.content.decode(), "X-Of-One-Reader" in again) == (TEXT, False)
    assert page.made == 1


def test_who_is_told_of_a_sending_gets_the_client_and_what_it_asked_for(
    front, settings
):
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    told = []
    page = front(shows(TEXT, on_send=lambda **sent: told.append(sent)))
    asked = {
        "User-Agent": "curl/8",
        "Range": "bytes=0-9",
        "If-Match": "*",
        "If-None-Match": '"other"',
        "X-Forwarded-For": "2001:db8::1",
        "Cookie": "sessionid=secret",
    }

    for _ in range(2):  # made, and kept
        page(**asked)
    page(method="HEAD")

    passed = ("User-Agent", "Range", "If-Match", "If-None-Match")
    first = {
        "client": "2001:db8::/64",
        "method": "GET",
        "headers": {name: asked[name] for name in passed},
    }
    assert told[:2] == [first, first]
    assert told[2] == {"client": "127.0.0.1", "method": "HEAD", "headers": {}}
