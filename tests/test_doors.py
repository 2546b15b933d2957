"""What other programs read: site maps, search description, badges, cards, JSON-LD."""

import io
import json
import re
from xml.etree import ElementTree

import pytest
from django.core.cache import caches
from PIL import Image

from hub import maps, og_image
from hub.og_image import drawing
from registry.models import Function
from tests.conftest import make_account

pytestmark = pytest.mark.django_db

FUNCTION = "/functions/alice/image-resizer"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
HOSTILE = '</script><script>alert(1)</script> & "quoted" {{7*7}}'


@pytest.fixture(autouse=True)
def _hub_url(settings):
    settings.HUB_URL = "http://localhost:8000"


def locations(client, path) -> list[str]:
    """The addresses in a sitemap or its index, each as a path."""
    response = client.get(path)
    assert response.status_code == 200, path
    assert response["Content-Type"] == "application/xml"
    found = ElementTree.fromstring(response.content).iter(f"{SITEMAP}loc")
    return [each.text.removeprefix("http://localhost:8000") for each in found]


# --- site maps


def test_sitemap_names_every_listed_page_and_they_all_answer(client, publish, push):
    publish()
    push(name="only-a-draft")
    make_account("carol")

    files = locations(client, "/sitemap.xml")
    pages = [page for file in files for page in locations(client, file)]

    assert files[0] == "/sitemap-pages-1.xml"
    assert FUNCTION in pages
    assert "/users/alice" in pages
    assert "/users/carol" not in pages
    assert not any("only-a-draft" in page for page in pages)
    assert all(client.get(page).status_code == 200 for page in pages)
    assert "/sitemap.xml" in client.get("/robots.txt").content.decode()


def test_sitemap_goes_on_in_the_next_file(client, publish, monkeypatch):
    publish()
    publish(name="another-name")
    first = Function.objects.order_by("id").first().pk
    monkeypatch.setattr(maps, "MAX_URLS", first)

    assert locations(client, "/sitemap-functions-1.xml") == [FUNCTION]
    assert locations(client, "/sitemap-functions-2.xml") == [
        "/functions/alice/another-name"
    ]
    assert "/sitemap-functions-2.xml" in locations(client, "/sitemap.xml")


@pytest.mark.parametrize("name", ["functions-99", "pages-2", "secrets-1", "pages-0"])
def test_sitemap_that_is_not_there_is_missing(client, publish, name):
    assert client.get(f"/sitemap-{name}.xml").status_code == 404


def test_sitemap_costs_the_same_at_any_length(client, publish, queries):
    publish()
    paths = ("/sitemap.xml", "/sitemap-functions-1.xml", "/sitemap-authors-1.xml")
    one = [queries(client, path) for path in paths]

    for n in range(5):
        publish(name=f"another-name{n}")

    assert [queries(client, path) for path in paths] == one


# --- search description, llms.txt


def test_opensearch_describes_the_search(client):
    response = client.get("/opensearch.xml")

    assert response["Content-Type"] == "application/opensearchdescription+xml"
    root = ElementTree.fromstring(response.content)
    name = "{http://a9.com/-/spec/opensearch/1.1/}"
    assert len(root.findtext(f"{name}ShortName")) <= 16
    templates = [url.get("template") for url in root.findall(f"{name}Url")]
    assert templates[0] == "http://localhost:8000/functions/?q={searchTerms}"
    assert "/opensearch.xml" in client.get("/").content.decode()


def test_llms_txt_leads_to_what_can_be_read(client):
    response = client.get("/llms.txt")
    text = response.content.decode()

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert text.startswith("# Aerostack Hub\n\n> ")
    links = re.findall(r"\]\(http://localhost:8000([^)]*)\)", text)
    assert len(links) > 10
    assert all(client.get(link).status_code == 200 for link in links)


# --- badges


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("version", "aerostack: v1.0.0"),
        ("installs", "installs: 12,345"),
        ("license", "license: MIT"),
    ],
)
def test_badge_says_it_in_words_too(client, publish, kind, words):
    publish()
    Function.objects.update(install_count=12345)

    response = client.get(f"{FUNCTION}/badge/{kind}.svg")

    assert response["Content-Type"] == "image/svg+xml"
    assert response["ETag"]
    assert not response.cookies
    picture = ElementTree.fromstring(response.content)
    assert picture.get("aria-label") == words
    left, right = picture.iter("{http://www.w3.org/2000/svg}text")
    assert f"{left.text}: {right.text}" == words


def test_badge_escapes_and_shortens_what_it_shows(client, publish):
    publish()
    Function.objects.update(license="<script>" + "x" * 100)

    content = client.get(f"{FUNCTION}/badge/license.svg").content

    assert b"<script" not in content
    assert len(ElementTree.fromstring(content).get("aria-label")) < 60


def test_badge_of_nothing_is_missing(client, publish):
    publish()

    assert client.get(f"{FUNCTION}/badge/downloads.svg").status_code == 404
    assert client.get("/functions/alice/nothing/badge/version.svg").status_code == 404


# --- the Open Graph image


def test_card_is_a_picture_of_the_expected_size(client, publish):
    caches["local"].clear()
    publish()

    response = client.get(f"{FUNCTION}/og.png")

    assert response.status_code == 200
    assert response["Content-Type"] == "image/png"
    image = Image.open(io.BytesIO(response.content))
    assert image.size == (1200, 630)
    assert client.get(f"{FUNCTION}/og.png")["ETag"] == response["ETag"]


@pytest.mark.parametrize(
    "text",
    ["", " ", "W" * 300, "\u202e\u200b\u0000", "日本語だけ", "ab " * 100, "a\u0301é ł"],
)
def test_card_is_drawn_whatever_the_words(text):
    words = dict.fromkeys(
        ["author", "slug", "version", "description", "license", "category", "command"],
        text,
    )

    assert og_image.draw(words).startswith("iVBOR")


def test_card_leaves_out_marks_that_deceive_the_eye():
    runs = drawing._runs("a\u202eb\u200bc\u2066d")

    assert runs == [(False, "abcd")]


# --- in the page's head


def test_function_page_carries_structured_data(client, publish):
    publish(description=HOSTILE)

    page = client.get(FUNCTION).content.decode()

    (block,) = re.findall(
        r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL
    )
    data = json.loads(block)
    assert data["@type"] == "SoftwareSourceCode"
    assert data["description"] == HOSTILE
    assert data["license"] == "MIT"
    assert data["url"] == f"http://localhost:8000{FUNCTION}"
    assert "<script>alert" not in page
    assert f'content="http://localhost:8000{FUNCTION}/og.png"' in page


def test_public_answers_cost_few_queries(client, publish, queries):
    publish()
    for name in ("badge/version.svg", "og.png"):
        assert queries(client, f"{FUNCTION}/{name}") <= 4
