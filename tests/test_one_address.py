"""A public page has one address: what its view doesn't read makes no other page."""

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from core.http.public import make_public
from registry.content import derived
from tests.routes import addresses, routes
from tests.test_cache import Front
from tests.wsgi_front import ask, process

FUNCTIONS = [{"username": "alice", "slug": "image-resizer"}]
# What is read of a query, by route; tests/routes.py knows what stands in their paths.
LIST = "category=media&tag=image&q=resizer&sort=stars"
QUERIES = {
    "functions/": LIST,
    "functions/suggest": "q=ima",
    "categories/<category>": "q=resizer&sort=stars",
    "tags/<tag>": "q=resizer&sort=stars",
    "users/<username>": "sort=name",
    "docs/search": "q=publish",
    "moderation": "before=7",
    "moderation.json": "before=7",
    "functions/<username>/<slug>/compare/<span>": "view=split",
    "api/community/functions": "search=resizer&sort=stars&limit=1",
    "api/community/functions/<username>/<slug>": "version=1.0.0",
    "api/community/functions/<username>/<slug>/install": "version=1.0.0&layout=source",
    "api/community/functions/install/<slug>": "version=1.0.0&layout=source",
}
UNREAD = ["unknown=1", "UNKNOWN", "unknown=%00&x[]=%ff", "x" * 4000, "&&=&", "a&" * 900]


@pytest.fixture
def front(settings):
    settings.PAGE_CACHE_BYTES = 2**20
    return Front


@pytest.fixture
def hub(transactional_db, publish):
    derived.make(publish().pk, publish(version="1.1.0").pk)


def same_page(query: str) -> list[str]:
    """Other ways to write ``query``."""
    pairs = query.split("&") if query else []
    others = [f"{query}&{unread}" for unread in UNREAD]
    others += [f"{unread}&{query}" for unread in UNREAD]
    if pairs:
        others.append("&".join(reversed(pairs)))
        others += [f"{pair.partition('=')[0]}=first&{query}" for pair in pairs]
    return others


@pytest.mark.main_flow
def test_at_every_route_what_is_not_read_gives_the_kept_page(hub):
    """As it is, and without asking the database. A new public route is in it."""
    front, public = process(), set()
    for route in routes():
        for path in addresses(route, together=FUNCTIONS):
            for query in {"", QUERIES.get(route, "")}:
                page = ask(front, path, query)
                status, headers = page[0], page[1]
                if status != "200 OK" or "public" not in headers["Cache-Control"]:
                    continue
                public.add(route)
                for other in same_page(query):
                    with CaptureQueriesContext(connection) as asked:
                        assert ask(front, path, other) == page, (path, other)
                    assert len(asked) == 0, (path, other)

    assert len(public) >= 40
    assert set(QUERIES) <= public


def test_ports_and_spellings_of_an_address_are_one_page(hub):
    front = process()
    install = "/api/community/functions/install/image-resizer"
    page = ask(front, install)
    for path in (f"/{install}", f"{install}/", install.replace("/", "///")):
        for host in ("localhost", "localhost:8123", "LocalHost:1"):
            with CaptureQueriesContext(connection) as asked:
                assert ask(front, path, HTTP_HOST=host) == page, (path, host)
            assert len(asked) == 0


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ("", ""),
        ("unknown=1", ""),
        ("q=a&unknown=1", "q=a"),
        ("sort=name&q=a", "q=a&sort=name"),
        ("q=a&q=b", "q=b"),
        ("q=", "q="),
        ("q", "q="),
        ("q=a+b%20c", "q=a+b+c"),
        ("q=%C3%A9", "q=%C3%A9"),
    ],
)
def test_a_view_sees_nothing_that_is_no_part_of_the_address(front, asked, seen):
    page = front(
        lambda request: make_public(
            HttpResponse(f"{request.get_full_path()} {request.GET.urlencode()}")
        )
    )

    content = page("/functions/", query=asked).content.decode()

    path = f"/functions/?{seen}" if seen else "/functions/"
    assert content == f"{path} {seen}"


def test_what_is_read_makes_pages_of_their_own(front):
    page = front()
    for query in ("q=a", "q=b", "q=a&sort=name", "q=A", "category=a"):
        page("/functions/", query=query)
        page("/functions/", query=query)

    assert page.made == 5


def test_a_view_that_does_not_say_what_it_reads_is_never_kept(front):
    page = front()
    for _ in range(2):
        page("/healthz")
        page("/nothing/is/here")

    assert (page.made, len(page.cache.answers)) == (4, 0)


def test_private_pages_get_their_query_as_it_was_sent(front):
    page = front(lambda request: HttpResponse(request.META["QUERY_STRING"]))

    assert page("/admin/", query="b=1&a=2&b=3").content == b"b=1&a=2&b=3"
    assert page("/", method="POST", query="b=1").content == b"b=1"
