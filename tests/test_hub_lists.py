"""Browsing and searching: what is found, in which order, and what it costs."""

import base64
import json
import re
from html import unescape

import pytest
from django.db import connection

from registry.content import derived
from registry.models import Category, Function

pytestmark = pytest.mark.django_db

CODE = "export const resize = (width: number) => width * 2;\n"
FUNCTION = "/functions/alice/image-resizer"


@pytest.fixture
def publish(publish):
    """publish(name, **changes) -> Version, of a function with something to show."""

    def publish_resizer(name="image-resizer", **changes):
        shown = {
            "tags": ["image", "cdn"],
            "npmDependencies": ["hono@^4"],
            "envVars": ["IMAGE_MAX_WIDTH"],
            "code": None,
            "files": {"index.ts": CODE},
            "readme": f"# {name}\n\nUse **with care**.\n",
        }
        return publish(name=name, **shown | changes)

    return publish_resizer


def text(response) -> str:
    return " ".join(response.content.decode().split())


def slugs(response) -> list[str]:
    """Of the functions in the list of a page, in order."""
    return re.findall(r'<h2><a href="/functions/[^/"]+/([^/"]+)">', text(response))


def next_url(response) -> str:
    """Of the page after this one, or ""."""
    found = re.search(r'href="([^"]+)" rel="next"', text(response))
    return unescape(found[1]) if found else ""


def test_lists_are_narrowed_by_category_tag_author_and_words(client, publish):
    publish()
    publish("csv-export", category="database", tags=["csv"], description="CSV files.")

    for path in (
        "/functions/?category=media",
        "/categories/media",
        "/tags/image",
        "/functions/?tag=CDN",
        "/functions/?author=@alice&q=edge",
        "/functions/?q=resize+image",
    ):
        assert slugs(client.get(path)) == ["image-resizer"], path


def test_search_marks_what_it_found_and_shows_where(client, publish):
    version = publish(readme="# Resizer\n\nKeeps the aspect ratio of pictures.\n")
    derived.make(version.pk)  # source is searched once it has been looked at

    named = text(client.get("/functions/?q=edge"))
    in_readme = text(client.get("/functions/?q=aspect"))
    in_code = text(client.get("/functions/?q=code:width"))

    assert "on the <mark>edge</mark>." in named
    assert "Keeps the <mark>aspect</mark> ratio" in in_readme
    assert f'href="{FUNCTION}/source/index.ts#L1"' in in_code


def test_search_says_what_it_looked_for_instead(client, publish):
    publish()

    assert "results for <strong>resizer" in text(client.get("/functions/?q=rezizer"))


def test_search_can_be_narrowed_by_what_was_found(client, publish):
    publish()
    publish(
        "image-crop",
        language="javascript",
        license="ISC",
        description="Crop it.",
        files={"index.js": CODE.replace(": number", "")},
        entrypoint="index.js",
    )

    response = client.get("/functions/?q=image")
    page = text(response)

    assert 'href="/functions/?license=ISC&amp;q=image"' in page
    assert 'href="/functions/?language=javascript&amp;q=image"' in page
    narrowed = client.get("/functions/?q=image&language=javascript")
    assert slugs(narrowed) == ["image-crop"]


def test_suggestions_are_json_of_names_and_addresses(client, publish):
    publish()

    found = client.get("/functions/suggest?q=resi").json()["functions"]

    assert [each["url"] for each in found] == [FUNCTION]
    assert client.get("/functions/suggest").json() == {"functions": []}
    assert client.get("/functions/suggest?q=%22%25%EF%BF%BF").status_code == 200


def test_unknown_category_is_a_404_that_names_the_others(client):
    response = client.get("/functions/?category=Media")

    assert response.status_code == 404
    assert "auth, payments" in text(response)


def test_empty_results_say_what_to_do(client):
    assert "Nothing found for “zzz”" in text(client.get("/functions/?q=zzz"))
    assert "No functions here yet" in text(client.get("/tags/zzz"))
    assert "Nothing is published yet" in text(client.get("/"))


@pytest.mark.parametrize("sort", ["recent", "installs", "stars", "name"])
def test_pages_show_every_function_once(client, publish, sort):
    version = publish("fn-0")
    for number in range(1, 45):
        Function.objects.create(
            owner=version.function.owner,
            slug=f"fn-{number}",
            look_alike=f"fn{number}",
            category=version.function.category,
            latest=version,
            latest_number="1.0.0",
            is_listed=True,
            published_at=version.published_at,
            updated_at=version.published_at,
            install_count=number % 3,
            star_count=number % 4,
        )
    seen, path = [], f"/functions/?sort={sort}"

    while path:
        page = client.get(path)
        seen += slugs(page)
        path = next_url(page)

    assert len(seen) == 45
    assert len(set(seen)) == 45


def cursor(*parts) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "garbage",
    [
        "x",
        "%FF%FE",
        "A" * 5000,
        cursor("recent"),
        cursor("recent", "yesterday", 1),
        cursor("recent", "0001-01-01T00:00:00+23:59", 1),
        cursor("recent", "2026-01-01T00:00:00+00:00", 10**30),
        cursor("recent", "2026-01-01T00:00:00+00:00", -1),
        cursor("recent", "2026-01-01T00:00:00+00:00", True),
        cursor("name", "a", 1),
        cursor(*[[]] * 3),
    ],
)
def test_cursor_that_is_none_of_ours_is_a_404(client, garbage):
    response = client.get(f"/functions/?cursor={garbage}")

    assert response.status_code == 404
    assert "Start from the first page" in text(response)


@pytest.mark.parametrize(
    "query",
    [
        "sort=x",
        "sort=",
        "page=1000000000",
        "q=" + "a+" * 3000,
        "q=%F0%9F%92%A9%E2%80%AE",
        "q=%25_%27%22%3B--",
        "tag=%3Cscript%3E",
        "author=../../etc",
        "category=media&category=auth",
    ],
)
def test_odd_queries_fall_back(client, query):
    assert client.get(f"/functions/?{query}").status_code == 200


def test_browse_costs_the_same_for_many_functions(client, publish, queries):
    publish()
    one = {path: queries(client, path) for path in ("/functions/", "/tags/image", "/")}

    for number in range(15):
        publish(f"other-{number}")

    assert {path: queries(client, path) for path in one} == one
    narrowed = {"sqlite": 5, "postgresql": 6}[connection.vendor]
    browse = {"sqlite": 2, "postgresql": 1}[connection.vendor]
    assert one == {"/functions/": browse, "/tags/image": narrowed, "/": 3}


def test_category_counters_say_what_is_listed(client, publish):
    publish()

    assert Category.objects.get(slug="media").function_count == 1
    assert "1 function" in text(client.get("/categories/media"))
