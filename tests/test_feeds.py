"""Atom feeds: well formed, complete by RFC 4287, the same until something changes."""

from datetime import datetime
from html import unescape
from xml.etree import ElementTree

import pytest

from registry import publishing
from registry.models import Function, Yank
from tests.conftest import make_account

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
FEEDS = {
    "all": "/feeds/functions.atom",
    "category": "/feeds/categories/media.atom",
    "author": "/feeds/users/alice.atom",
    "function": "/feeds/functions/alice/image-resizer.atom",
    "yanks": "/feeds/yanks.atom",
}


def entries(client, path) -> list[ElementTree.Element]:
    """Those of the feed at ``path``, after checking what RFC 4287 asks for."""
    response = client.get(path)
    assert response.status_code == 200, path
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert response["ETag"]
    assert response["Vary"] == "Accept-Encoding"
    assert not response.cookies
    feed = ElementTree.fromstring(response.content)
    assert feed.tag == f"{ATOM}feed"
    found = feed.findall(f"{ATOM}entry")
    ids = [each.findtext(f"{ATOM}id") for each in (feed, *found)]
    assert len(set(ids)) == len(ids)  # 4.2.6
    for each in (feed, *found):
        for name in ("id", "title", "updated"):  # 4.1.1, 4.1.2: exactly one
            assert len(each.findall(f"{ATOM}{name}")) == 1, name
        assert datetime.fromisoformat(each.findtext(f"{ATOM}updated")).tzinfo
        assert "://" in each.findtext(f"{ATOM}id") or ids[1:]
    own = [link for link in feed.findall(f"{ATOM}link") if link.get("rel") == "self"]
    assert [link.get("href") for link in own] == [f"http://localhost:8000{path}"]
    for each in found:
        assert each.findtext(f"{ATOM}author/{ATOM}name")
        link = each.find(f"{ATOM}link")
        assert link.get("rel") == "alternate"
        assert client.get(link.get("href")).status_code == 200
    return found


def titles(client, path) -> list[str]:
    return [entry.findtext(f"{ATOM}title") for entry in entries(client, path)]


@pytest.fixture(autouse=True)
def _hub_url(settings):
    settings.HUB_URL = "http://localhost:8000"


@pytest.mark.parametrize("name", sorted(FEEDS.keys() - {"function"}))
def test_empty_feed_is_valid_and_always_the_same(client, alice, name):
    first = client.get(FEEDS[name])
    assert entries(client, FEEDS[name]) == []
    assert client.get(FEEDS[name])["ETag"] == first["ETag"]


def test_feeds_tell_the_latest_version_of_each_function(client, publish, alice):
    publish(name="first-one")
    publish()
    publish(version="1.1.0", code="export const two = 2;\n")
    publish(by=make_account("carol"), name="hers", category="ai")

    assert titles(client, FEEDS["all"]) == [
        "carol/hers 1.0.0",
        "alice/image-resizer 1.1.0",
        "alice/first-one 1.0.0",
    ]
    mine = ["alice/image-resizer 1.1.0", "alice/first-one 1.0.0"]
    assert titles(client, FEEDS["category"]) == mine
    assert titles(client, FEEDS["author"]) == mine
    assert titles(client, FEEDS["function"]) == [
        "alice/image-resizer 1.1.0",
        "alice/image-resizer 1.0.0",
    ]


def test_yanks_say_why(client, publish, alice):
    version = publish()
    publish(version="1.1.0", code="export const two = 2;\n")
    publishing.yank(
        version,
        reason="Loses <pixels> & more.",
        replacement="1.1.0",
        by=alice,
        via="api",
    )

    (entry,) = entries(client, FEEDS["yanks"])

    assert entry.findtext(f"{ATOM}title") == "alice/image-resizer@1.0.0 yanked"
    summary = entry.find(f"{ATOM}summary")
    assert summary.get("type") == "html"
    assert summary.text == "Loses &lt;pixels&gt; &amp; more. Use 1.1.0 instead."
    assert "alice/image-resizer 1.0.0 (yanked)" in titles(client, FEEDS["function"])


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "{{7*7}} ${x} ]]>", "Ünïcode 日本 ✅ & <b>"],
)
def test_hostile_text_stays_text(client, publish, text):
    publish(description=text)

    (entry,) = entries(client, FEEDS["all"])

    assert unescape(entry.findtext(f"{ATOM}summary")) == text
    assert "<" not in entry.findtext(f"{ATOM}summary")


def test_characters_that_xml_lacks_are_left_out(client, publish, alice):
    yank = publishing.yank(publish(), reason="Broken.", by=alice, via="api")
    Yank.objects.filter(pk=yank.pk).update(reason="Bro\x08ken.")

    (entry,) = entries(client, FEEDS["yanks"])

    assert entry.findtext(f"{ATOM}summary") == "Broken."


def test_entry_keeps_its_id_when_the_function_is_renamed(client, publish):
    publish()
    (before,) = entries(client, FEEDS["all"])
    Function.objects.update(slug="image-sizer")
    (after,) = entries(client, FEEDS["all"])

    assert after.findtext(f"{ATOM}id") == before.findtext(f"{ATOM}id")


def test_feed_of_nothing_is_a_page_that_says_so(client, push):
    push()
    for path in (
        "/feeds/categories/none.atom",
        "/feeds/users/nobody.atom",
        "/feeds/functions/alice/image-resizer.atom",
    ):
        assert client.get(path).status_code == 404, path


@pytest.mark.parametrize("name", FEEDS)
def test_feeds_cost_the_same_at_any_length(client, publish, alice, queries, name):
    path = FEEDS[name]
    publishing.yank(publish(), reason="Broken.", by=alice, via="api")
    publish(version="1.0.1", code="export const x = 1;\n")
    one = queries(client, path)

    for n in range(2, 6):
        version = publish(version=f"1.0.{n}", code=f"export const x = {n};\n")
        publish(name=f"another-name{n}")
        publishing.yank(version, reason="Broken.", by=alice, via="api")

    assert queries(client, path) == one
