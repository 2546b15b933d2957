"""The one cache: what is kept, for how long, what is sent of it, and what never is."""

import gzip
import http.client
import json
import os
import re
import threading
import time
import urllib.request
from dataclasses import replace
from functools import partial

import pytest
from django.core.cache import caches
from django.db import connection
from django.http import HttpResponse
from django.http.response import ResponseHeaders
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils.cache import patch_vary_headers

from accounts import keys
from core.cache import redis as shared_cache
from core.cache import versions
from core.cache.middleware import (
    ENTRY_BYTES,
    AnswerStore,
    CachedAnswer,
    PageCacheMiddleware,
)
from core.http.public import IMMUTABLE, REVALIDATE, accepts_gzip, make_public
from registry import errors, following, moderation, publishing
from registry.content import derived
from registry.installs import counting
from registry.listing import editing
from registry.models import LISTS, Function, Version
from registry.moderation import Grounds
from tests.conftest import CODE, PASSWORD, body, key_of
from tests.hub_server import ROOT, HubServer
from tests.routes import addresses, routes
from tests.test_machines import REDIS, Redis
from tests.test_replicas import until
from tests.wsgi_front import ask, process

GROUNDS = Grounds("It has to be.", "legal")
TEXT = "A calm page about one function. " * 40
PAGE = "/functions/alice/image-resizer"
INSTALL = f"/api/community{PAGE}/install"
RAW = f"{PAGE}/raw/1.0.0/index.ts"
BY_SLUG = "/api/community/functions/install/image-resizer"
SHADCN = "/r/alice/image-resizer.json"
CI = "/api/community/functions/ci/publish"


# --- the store


def answer(size=10_000):
    """One that takes so many bytes of a store."""
    body = b"x" * (size - ENTRY_BYTES)
    return CachedAnswer((), (), None, ResponseHeaders({}), body)


def test_store_drops_what_was_not_used_for_longest():
    store = AnswerStore(100_000)
    for name in range(10):
        store.put(name, answer())
    store.get(0)

    store.put(10, answer())

    assert len(store) == 10
    assert store.get(0)
    assert store.get(1) is None


def test_store_counts_an_answer_that_takes_the_place_of_another_once():
    store = AnswerStore(100_000)
    for size in (10_000, 12_000, 4_000):
        store.put("one", answer(size))
        for name in range(8):
            store.put(name, answer())

    assert len(store) == 9
    assert store.get("one").size == 4_000


def test_store_takes_no_answer_that_would_fill_it():
    store = AnswerStore(100_000)
    store.put("small", answer(12_500))
    store.put("large", answer(12_501))

    assert store.get("small")
    assert store.get("large") is None


def test_store_stays_whole_under_threads():
    store, failed = AnswerStore(400_000), []

    def hammer(seed):
        try:
            for n in range(5_000):
                name = n * seed % 200
                store.put(name, answer(ENTRY_BYTES + name + n % 7))
                found = store.get(n % 200)
                assert found is None or len(found.body) - n % 200 in range(7)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=hammer, args=(n,)) for n in (1, 3, 7, 11)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    kept = sum(each.size for each in store._answers.values())
    assert failed == []
    assert store._bytes == kept <= store.max_bytes < 200 * ENTRY_BYTES


# --- one answer, and what is sent of it


class Front:
    """The middleware over a view of its own. made: how often that was asked."""

    def __init__(self, view=None):
        self.view, self.made = view, 0
        self.cache = PageCacheMiddleware(self._view)

    def __call__(self, path="/", method="GET", query="", **headers):
        environ = {"QUERY_STRING": query, "HTTP_HOST": "localhost"}
        return self.cache(
            RequestFactory().generic(method, path, headers=headers, **environ)
        )

    def _view(self, request):
        self.made += 1
        return self.view(request) if self.view else make_public(HttpResponse(TEXT))


@pytest.fixture
def front(settings):
    """front(view) -> a Front. Without a view it shows TEXT."""
    settings.PAGE_CACHE_BYTES = 2**20
    return Front


def test_page_is_revalidated_and_varies_on_encoding_alone(front):
    response = front()()

    assert response["Cache-Control"] == REVALIDATE
    assert response["Vary"] == "Accept-Encoding"
    assert re.fullmatch('"[0-9a-f]{32}"', response["ETag"])
    assert int(response["Content-Length"]) == len(TEXT)


def test_page_is_made_once_and_given_again(front):
    page = front()

    first, again = page(), page()

    assert page.made == 1
    assert (first.content, first.headers) == (again.content, again.headers)


def test_gzip_is_kept_apart_and_has_an_etag_of_its_own(front):
    page = front()
    plain, packed = page(), page(accept_encoding="gzip, br")

    assert packed["Content-Encoding"] == "gzip"
    assert int(packed["Content-Length"]) == len(packed.content) < len(TEXT)
    assert gzip.decompress(packed.content).decode() == TEXT
    assert packed["ETag"] != plain["ETag"]
    again = page(accept_encoding="br, gzip;q=0.5")
    assert (again["ETag"], again.content) == (packed["ETag"], packed.content)
    assert "Content-Encoding" not in page()
    assert page.made == 2


@pytest.mark.parametrize(
    ("header", "accepts"),
    [
        ("", False),
        ("br", False),
        ("identity", False),
        ("xgzip", False),
        ("gzip", True),
        ("GZIP", True),
        ("br, gzip;q=0.5", True),
        ("gzip ; q=1", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
        ("gzip;q=0, *", False),
        ("*", True),
        ("*;q=0", False),
        ("br, *;q=0.1", True),
        ("gzip;q=.", False),
        ("gzip;q=abc", False),
        ("x" * 8000, False),
        ("a," * 4000 + "gzip", True),
        ("gzip;q=" + "0" * 8000, False),
        ("gzip;q=" + "9" * 8000, True),
        (";" * 8000, False),
        (" " * 7990 + "gzip", True),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_gzip_is_sent_to_those_who_accept_it(header, accepts):
    assert accepts_gzip(header) is accepts


@pytest.mark.parametrize("tag", ["{}", "W/{}", '"other", {}', "*"])
def test_fresh_copy_is_answered_304(front, tag):
    page = front()
    etag = page()["ETag"]

    for asked in (page, front()):  # kept, and the first time
        response = asked(if_none_match=tag.format(etag))
        assert (response.status_code, response.content) == (304, b"")
        assert response["ETag"] == etag
        assert response["Cache-Control"] == REVALIDATE
        assert response["Vary"] == "Accept-Encoding"
    assert page.made == 1


def test_copy_of_another_encoding_is_not_fresh(front):
    page = front()
    etag = page(accept_encoding="gzip")["ETag"]

    assert page(if_none_match=etag).status_code == 200


def test_if_match_refuses_another_etag(front):
    page = front()
    etag = page()["ETag"]

    assert page(if_match='"other"').status_code == 412
    assert page(if_match=etag).status_code == 200


@pytest.mark.parametrize("is_first", [True, False])
def test_head_has_the_headers_of_a_get_and_no_body(front, is_first):
    page = front()
    if not is_first:
        page()

    head = page(method="HEAD")
    get = page()

    assert head.content == b""
    assert dict(head.headers) == dict(get.headers)
    assert get.content.decode() == TEXT
    assert page.made == 1


def test_missing_page_is_packed_without_an_etag_and_not_kept(front):
    page = front(lambda request: make_public(HttpResponse(TEXT, status=404)))

    response, head = page(accept_encoding="gzip"), page(method="HEAD")

    assert gzip.decompress(response.content).decode() == TEXT
    assert response["Cache-Control"] == REVALIDATE
    assert "ETag" not in response
    assert (head.content, int(head["Content-Length"])) == (b"", len(TEXT))
    assert page.made == 2


def test_a_proxy_may_keep_a_page_to_the_end_of_the_second(front, time_machine):
    page = front()
    time_machine.move_to("2026-03-01T12:00:00.9+00:00", tick=False)
    now = int(time.time())

    assert page(x_forwarded_for="192.0.2.1")["X-Accel-Expires"] == f"@{now}"
    assert "X-Accel-Expires" not in page()
    time_machine.shift(5)
    assert page(x_forwarded_for="192.0.2.1")["X-Accel-Expires"] == f"@{now + 5}"
    assert page.made == 1


def test_a_proxy_keeps_what_never_changes_as_it_says(front):
    page = front(lambda request: make_public(HttpResponse(TEXT), cache=IMMUTABLE))

    response = page(x_forwarded_for="192.0.2.1")

    assert response["Cache-Control"] == IMMUTABLE
    assert "X-Accel-Expires" not in response


def test_each_sending_of_the_whole_answer_is_told(front):
    told = []
    page = front(
        lambda request: make_public(
            HttpResponse(TEXT), on_send=lambda **sent: told.append(sent["method"])
        )
    )
    page()
    page(method="HEAD")
    page(if_none_match="*")  # 304
    page(if_match='"another"')  # 412

    assert told == ["GET", "HEAD"]


# --- what is never kept


def private(request):
    return HttpResponse(TEXT)


def with_cookie(request):
    response = make_public(HttpResponse(TEXT))
    response.set_cookie("who", "alice")
    return response


def varying(request):
    response = make_public(HttpResponse(TEXT))
    patch_vary_headers(response, ["Cookie"])
    return response


@pytest.mark.parametrize("view", [private, with_cookie, varying])
def test_what_is_for_one_reader_is_never_kept(front, view):
    page = front(view)
    page()

    response = page(if_none_match="*")

    assert (response.status_code, page.made) == (200, 2)
    assert "ETag" not in response
    assert "public" not in response.get("Cache-Control", "")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW"])
def test_other_methods_neither_get_nor_leave_a_page(front, method):
    page = front()
    page()

    page(method=method)
    page(method=method)

    assert page.made == 3
    assert len(page.cache.answers) == 1


def test_long_addresses_are_answered_and_not_kept(front):
    page = front()
    long = "q=" + "x" * 600
    for address in ({"path": "/functions/", "query": long}, {"path": "/" + "x" * 600}):
        page.made = 0
        assert page(**address).content == page(**address).content
        assert page.made == 2
    page.made = 0
    page("/functions/", query="q=" + "x" * 587)  # 600 together
    page("/functions/", query="q=" + "x" * 587)
    assert page.made == 1


def test_nothing_is_kept_while_one_develops(front, settings):
    settings.DEBUG = True
    page = front()
    page()
    page()

    assert page.made == 2


# --- how long it is kept


def about(*subjects):
    return lambda request: make_public(HttpResponse(TEXT), subjects)


@pytest.mark.parametrize(
    ("subjects", "bumped", "is_stale"),
    [
        (["a"], "a", True),
        (["a", "b"], "b", True),
        (["a"], "b", False),
        (["a"], versions.EVERYTHING, True),
        ([versions.ANYTHING], "b", True),
        ([], "b", False),
        ([], versions.EVERYTHING, True),
    ],
)
def test_a_page_is_stale_once_a_subject_of_it_changed(
    front, subjects, bumped, is_stale
):
    page = front(about(*subjects))
    page()

    versions.bump(bumped)

    page()
    assert page.made == 1 + is_stale
    page()
    assert page.made == 1 + is_stale


def test_a_view_that_names_no_subject_is_made_again_after_any_write(front):
    page = front()
    page()

    versions.bump("whatever")

    page()
    assert page.made == 2


def test_pages_are_made_anew_each_day(front, time_machine):
    time_machine.move_to("2026-03-01T23:59:59+00:00", tick=False)
    page = front(about())
    page()
    time_machine.shift(1)
    page()

    assert page.made == 2


def test_a_page_that_changes_while_it_is_made_is_not_kept(front):
    state = ["old"]

    def view(request):
        response = make_public(HttpResponse(state[0]), ["a"])
        if state == ["old"]:
            state[0] = "new"
            versions.bump("a")
        return response

    page = front(view)

    assert page().content == b"old"
    assert page().content == b"new"


# --- several machines


def test_a_token_that_redis_lost_makes_everything_stale_once(settings):
    # Django's own cache of this process, for that of a Redis that loses its memory.
    backend = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "tokens"}}
    settings.CACHE_IS_SHARED = True
    before = versions.current(["a"])
    assert versions.current(["a"]) == before

    caches["default"].clear()

    after = versions.current(["a"])
    assert after != before
    assert versions.current(["a"]) == after


@pytest.mark.skipif(REDIS is None, reason="redis-server is not here")
def test_a_change_is_told_once_redis_is_back(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(shared_cache, "_silent_until", 0)
    server = Redis(tmp_path)
    backend = {"BACKEND": "core.cache.redis.SharedCache", "LOCATION": server.url}
    settings.CACHES = {"default": backend}
    settings.CACHE_IS_SHARED = True

    assert versions.current(["a"]) != versions.current(["a"])  # made anew each time
    versions.bump("a")  # does not wait
    server.start()
    try:
        until(None, lambda: versions._teller)
        told = caches["default"].get(versions._key(versions._slot("a")))
        assert told
        assert versions.current(["a"]) == versions.current(["a"])
    finally:
        server.stop()


# --- the Hub's own pages


@pytest.fixture
def hub(transactional_db, publish, bob):
    """Two functions: alice's image-resizer and bob's thumbnailer."""
    derived.make(publish().pk, publish(name="thumbnailer", by=bob).pk)


def queries(front, path, query="", **environ) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert ask(front, path, query, **environ)[0] == "200 OK"
    return len(captured)


KEPT = {
    "home": ("/", ""),
    "list": ("/functions/", "q=resize&sort=stars"),
    "page": (PAGE, ""),
    "source": (f"{PAGE}/v/1.0.0/source/index.ts", ""),
    "raw": (RAW, ""),
    "manifest": (INSTALL, "version=1.0.0&layout=source"),
    "by slug": (BY_SLUG, ""),
    "shadcn": (SHADCN, ""),
    "API list": ("/api/community/functions", "sort=installs&limit=5"),
    "feed": ("/feeds/functions.atom", ""),
    "log": ("/moderation", ""),
}


@pytest.mark.parametrize(("path", "query"), KEPT.values(), ids=KEPT.keys())
@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_a_kept_page_asks_the_database_nothing(hub, path, query, encoding):
    one, other = process(), process()
    sent = {"HTTP_ACCEPT_ENCODING": encoding}

    assert queries(one, path, query, **sent)
    assert queries(one, path, query, **sent) == 0
    assert ask(one, path, query, **sent) == ask(other, path, query, **sent)
    assert queries(one, path, query, method="HEAD", **sent) == 0


def test_a_raw_file_is_immutable_text_that_never_runs(hub):
    headers = ask(process(), RAW)[1]

    assert headers["Cache-Control"] == IMMUTABLE
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("sandbox")


@pytest.mark.parametrize("path", [PAGE, INSTALL, RAW])
def test_a_page_that_was_asked_for_by_head_is_whole(hub, path):
    front = process()
    status, headers, content = ask(front, path, method="HEAD")

    assert (status, content) == ("200 OK", b"")
    assert ask(front, path)[1:] == (headers, ask(process(0), path)[2])


def test_a_host_that_is_not_ours_is_refused_and_never_kept(hub):
    front = process()
    ask(front, PAGE)

    for path in (PAGE, INSTALL):
        assert ask(front, path, HTTP_HOST="evil.example")[0] == "400 Bad Request"
        assert ask(front, path)[0] == "200 OK"


def test_private_answers_are_not_given_to_others(hub, alice):
    front = process()
    path = "/api/community/functions/my"

    assert ask(front, path, HTTP_X_API_KEY=key_of(alice))[0] == "200 OK"
    assert ask(front, path)[0] == "401 Unauthorized"


def test_a_publish_while_a_page_is_made_is_not_missed(hub, publish):
    front, published = process(), []

    def publish_once(execute, sql, *given):
        made = execute(sql, *given)
        if not published:
            published.append(sql)
            publish(version="1.1.0", code=f"{CODE}// 2\n")
        return made

    with connection.execute_wrapper(publish_once):
        ask(front, PAGE)

    assert ask(front, PAGE) == ask(process(0), PAGE)
    assert b"1.1.0" in ask(front, PAGE)[2]


def test_a_refused_write_keeps_pages(hub, push, alice):
    front = process()
    ask(front, PAGE)
    draft = push(code=f"{CODE}// other")

    with pytest.raises(errors.VersionConflict):
        publishing.publish(draft, by=alice, via="api")

    assert queries(front, PAGE) == 0


def test_a_quarantine_is_seen_at_once(hub, staff, alice):
    fronts = process(), process()
    paths = [path for path, _ in KEPT.values() if "image-resizer" in path]
    for front in fronts:
        for path in paths:
            assert ask(front, path)[0] == "200 OK"

    function = Function.objects.get(slug="image-resizer")
    moderation.quarantine_function(function, GROUNDS, by=staff)

    for front in fronts:
        for path in paths:
            status, _, content = ask(front, path)
            assert status == "404 Not Found", path
            assert b"It has to be." in content


def test_what_changes_nothing_public_makes_nothing_stale(hub, push, alice, bob, client):
    before = versions.current([versions.ANYTHING])

    draft = push(version="2.0.0")
    publishing.save_draft(
        draft, body(version="2.0.1"), by=alice, via="admin", revision=draft.revision
    )
    publishing.delete_draft(draft, by=alice, via="admin")
    push(name="never-published")
    key, _ = keys.create_key(alice, name="laptop", via="admin")
    keys.revoke_key(key, by=alice)
    sign_in = {"login": "bob@example.com", "password": PASSWORD}
    assert client.post("/account/login/", sign_in).status_code == 302
    function = draft.function
    following.follow(function, by=bob, via="hub")
    following.choose_digest(bob, "daily", by=bob, via="hub")
    moderation.report(
        function, reason="spam", text="", version="", by=bob, source="", via="hub"
    )

    assert versions.current([versions.ANYTHING]) == before


# --- a write to one function


def edit_listing(function, by):
    wanted = replace(editing.listing_of(function), readme="# Another\n")
    editing.edit_listing(function, wanted, by=by, via="admin")


def install(version):
    counting._waiting.clear()  # those of the pages that this test asked for
    counting.count(version.pk, client="192.0.2.1", method="GET", headers={})
    assert counting.flush() == 1


def test_a_write_to_one_function_keeps_the_pages_of_others(
    hub, publish, alice, bob, staff
):
    front, uncached = process(), process(0)
    whose = [{"username": "bob", "slug": "thumbnailer"}]
    about_bobs = [
        path
        for route in routes()
        if "<username>/<slug>" in route and not route.startswith("admin")
        for path in addresses(route, together=whose)
    ]
    about_bobs.append("/r/bob/thumbnailer.json")
    pages = [path for path in about_bobs if _is_kept(front, path)]
    assert len(pages) >= 20

    function = Function.objects.get(slug="image-resizer")
    version = function.versions.get()
    for write in [
        lambda: derived.make(publish(version="1.1.0", code=f"{CODE}// 2\n").pk),
        lambda: publishing.yank(version, reason="Bad.", by=alice, via="api"),
        lambda: publishing.unyank(version, by=alice, via="api"),
        lambda: publishing.deprecate(function, message="Old.", by=alice, via="api"),
        lambda: publishing.undeprecate(function, by=alice, via="api"),
        lambda: edit_listing(function, alice),
        lambda: editing.restore_listing(function, 1, by=alice, via="admin"),
        lambda: following.star(function, by=bob, via="hub"),
        lambda: following.unstar(function, by=bob, via="hub"),
        lambda: moderation.quarantine_version(version, GROUNDS, by=staff),
        lambda: moderation.lift_version_quarantine(version, GROUNDS, by=staff),
        lambda: moderation.quarantine_function(function, GROUNDS, by=staff),
        lambda: moderation.lift_function_quarantine(function, GROUNDS, by=staff),
        lambda: moderation.hold_name(function, GROUNDS, by=staff),
        lambda: moderation.lift_hold(function, GROUNDS, by=staff),
        lambda: moderation.rename_function(function, "resizer", GROUNDS, by=staff),
        lambda: moderation.force_transfer(function, bob, GROUNDS, by=staff),
        lambda: install(version),
    ]:
        write()
        for path in pages:
            assert queries(front, path) == 0, path
    for path in pages:
        assert ask(front, path) == ask(uncached, path), path


def _is_kept(front, path) -> bool:
    return ask(front, path)[0] == "200 OK" and queries(front, path) == 0


# --- installs


@pytest.mark.parametrize("path", [INSTALL, BY_SLUG, SHADCN])
def test_each_sending_of_an_install_counts_once_a_client(hub, path):
    front = process()
    for address in ("127.0.0.2", "127.0.0.3", "127.0.0.3"):
        ask(front, path, REMOTE_ADDR=address)
    ask(front, path, REMOTE_ADDR="127.0.0.4", method="HEAD")
    ask(front, path, REMOTE_ADDR="127.0.0.5", HTTP_IF_NONE_MATCH='"x"')

    assert counting.flush() == 2
    assert Function.objects.get(slug="image-resizer").install_count == 2


def test_lists_show_installs_once_a_minute(hub, monkeypatch):
    pk = Version.objects.first().pk

    def minutes_pass(count):
        last = counting._lists_bumped_at - count * counting.LISTS_SECONDS
        monkeypatch.setattr(counting, "_lists_bumped_at", last)

    def install(client):
        counting.count(pk, client=client, method="GET", headers={})
        counting.flush()

    def is_bumped(subject, write) -> bool:
        before = versions.current([subject])
        write()
        return versions.current([subject]) != before

    monkeypatch.setattr(counting, "_lists_are_owed", False)
    minutes_pass(1)
    assert is_bumped(LISTS, partial(install, "192.0.2.1"))
    minutes_pass(0.9)
    assert not is_bumped(LISTS, partial(install, "192.0.2.2"))
    assert is_bumped(versions.ANYTHING, partial(install, "192.0.2.3"))
    minutes_pass(0.1)
    assert is_bumped(LISTS, counting.bump_lists_if_due)
    minutes_pass(1)
    assert not is_bumped(LISTS, counting.bump_lists_if_due)  # nothing is owed


# --- strange requests: the answer is Django's, kept or not

PATHS = [
    ("/functions/", "q=image&page=2"),
    ("/functions/", "q=%00"),
    ("/API/community/functions", ""),
    ("//functions/", ""),
    ("//api//community/functions/", ""),
    (f"{PAGE}/", ""),
    (PAGE.upper(), ""),
    (f"{PAGE}\0", ""),
    (f"/api/community{PAGE}\0/install", ""),
    (f"{PAGE}/raw/1.0.0/index.ts\0", ""),
    (f"{PAGE}\n", ""),
    ("/functions/alice%2Fimage-resizer", ""),
    (f"{PAGE}/../image-resizer", ""),
    (f"{PAGE}/v/1.0.0+b", ""),
    (f"{PAGE}/source//index.ts", ""),
    (f"{PAGE}/source/INDEX.ts", ""),
    (PAGE, "x=1"),
    (PAGE, "x" * 400),
    (INSTALL, "version="),
    (INSTALL, "version=1.0.0&version=2.0.0"),
    (INSTALL, "version=1.0.0&layout=bad"),
    (INSTALL, "version=%31.0.0"),
    ("/functions/alice/\xc3\xa9", ""),
    ("/functions/alice/\xff", ""),
    ("", ""),
    ("*", ""),
]
HEADERS = [
    {"HTTP_HOST": "localhost:abc"},
    {"HTTP_HOST": "localhost:80:80"},
    {"HTTP_HOST": "LOCALHOST."},
    {"HTTP_HOST": "evil.example"},
    {"SCRIPT_NAME": "/evil"},
    {"HTTP_X_FORWARDED_HOST": "evil.example"},
    {"HTTP_X_HTTP_METHOD_OVERRIDE": "DELETE"},
    {"HTTP_X_API_KEY": "not-a-key"},
    {"HTTP_COOKIE": "sessionid=" + "x" * 32},
    {"HTTP_ACCEPT": "application/json"},
    {"HTTP_ACCEPT_ENCODING": "x" * 5000},
    {"HTTP_IF_UNMODIFIED_SINCE": "Thu, 01 Jan 1970 00:00:00 GMT"},
    {"HTTP_IF_NONE_MATCH": '"a,ETAG'},
    {"HTTP_RANGE": "bytes=0-10"},
]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_strange_address_is_answered_as_without_a_cache(hub, method):
    front, uncached = process(), process(0)
    for path, query in PATHS:
        expected = ask(uncached, path, query, method)
        for _ in range(2):
            assert ask(front, path, query, method) == expected, (path, query)


@pytest.mark.parametrize("headers", HEADERS, ids=repr)
def test_strange_headers_change_no_answer_but_their_own(hub, headers):
    front, uncached = process(), process(0)
    for path in (PAGE, INSTALL, "/functions/"):
        plain = ask(uncached, path)
        expected = ask(uncached, path, **headers)
        for _ in range(2):
            assert ask(front, path, **headers) == expected, path
        assert ask(front, path) == plain
        assert ask(front, path, **headers) == expected, path


# --- as gunicorn runs it


def test_no_header_chooses_what_links_begin_with(tmp_path):
    with HubServer(tmp_path, WEB_CONCURRENCY="1") as server:
        host = {"Host": f"localhost:{server.port}"}

        def get(path, **headers):
            connection = http.client.HTTPConnection("127.0.0.1", server.port)
            connection.request("GET", path, headers=host | headers)
            response = connection.getresponse()
            return response.status, response.read()

        assert get("/evil/functions/", SCRIPT_NAME="/evil")[0] == 404
        assert get("/evil/functions/", PATH_INFO="/functions/")[0] == 404
        status, content = get("/functions/")
        assert (status, b"/evil" in content) == (200, False)


@pytest.mark.main_flow
def test_eight_readers_of_two_processes_see_only_right_bytes(tmp_path):
    """While versions are published, and the new one at once where it is published."""
    with HubServer(tmp_path) as server:
        key = server.account()
        integrity, pages, stop, failed = {}, set(), threading.Event(), []

        def read(path):
            with urllib.request.urlopen(server.url + path) as response:
                return response.read().decode()

        def read_on():
            try:
                while not stop.is_set():
                    pages.add((INSTALL, read(INSTALL)))
                    pages.add((PAGE, read(PAGE)))
            except Exception as error:
                failed.append(error)

        readers = [threading.Thread(target=read_on) for _ in range(8)]
        for n in range(8):
            code = f"{CODE}// {n}\n"
            sent = body(version=f"1.{n}.0", code=code, publish=True)
            assert server.call("POST", CI, sent, key)[0] in (200, 201)
            made = [json.loads(read(INSTALL)) for _ in range(6)]
            assert {each["version"] for each in made} == {f"1.{n}.0"}
            assert {each["files"][-1]["content"] for each in made} == {code}
            integrity[made[0]["version"]] = made[0]["integrity"]
            assert all(f'"{integrity[f"1.{n}.0"]}"' in read(PAGE) for _ in range(6))
            if n == 0:
                for reader in readers:
                    reader.start()
        stop.set()
        for reader in readers:
            reader.join()

        assert failed == []
        for path, text in pages:
            number = re.search(r'"version": ?"([^"]+)"', text)[1]
            assert integrity[number] in text
            others = [each for each in integrity if each != number]
            assert not any(integrity[each] in text for each in others)
            if path == INSTALL:
                content = json.loads(text)["files"][-1]["content"]
                assert content.endswith(f"// {number.split('.')[1]}\n")
        assert len({text for path, text in pages if path == INSTALL}) >= 8


# Python imports this when it starts. Where the file ``armed`` lies, the next process
# that is about to make something stale dies instead.
DIES_BEFORE_BUMP = """
import os, signal
from core.cache import versions

bump = versions.bump

def bump_or_die(*subjects):
    try:
        os.unlink({armed!r})
    except FileNotFoundError:
        return bump(*subjects)
    os.kill(os.getpid(), signal.SIGKILL)

versions.bump = bump_or_die
"""


@pytest.mark.main_flow
def test_a_process_killed_between_its_commit_and_its_bump_leaves_nothing_stale(
    tmp_path,
):
    code, armed = tmp_path / "code", tmp_path / "armed"
    code.mkdir()
    (code / "sitecustomize.py").write_text(DIES_BEFORE_BUMP.format(armed=str(armed)))
    environment = {
        "PYTHONPATH": os.pathsep.join([str(code), str(ROOT)]),
        "DERIVE_IN_BACKGROUND": "0",  # so that it is the publish that dies
    }
    with HubServer(tmp_path / "data", **environment) as server:
        key = server.account()

        def served() -> set:
            return {server.call("GET", INSTALL)[1]["version"] for _ in range(20)}

        server.call("POST", CI, body(publish=True), key)
        assert served() == {"1.0.0"}
        armed.touch()
        sent = body(version="1.1.0", code=f"{CODE}// 2\n", publish=True)

        with pytest.raises((OSError, http.client.HTTPException)):
            server.call("POST", CI, sent, key)

        assert not armed.exists()
        for _ in range(50):  # until gunicorn has another worker
            if served() == {"1.1.0"}:
                break
            time.sleep(0.1)
        assert served() == {"1.1.0"}
