"""The docs as a site: /docs/, search in it, and the schema of aerostack.json."""

import json
import os
import re
from html import unescape
from pathlib import Path

import pytest

from hub import docs, docs_search
from registry import inspection

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted(ROOT.glob("examples/*/aerostack.json"))
NAMES = sorted(path.stem for path in docs.DOCS.glob("*.md"))
pytestmark = pytest.mark.django_db


def text_of(response):
    return response.content.decode()


def links(html):
    return {unescape(link) for link in re.findall(r'<a [^>]*?href="([^"]*)"', html)}


def test_index_lists_every_page(client):
    shown = links(text_of(client.get("/docs/")))

    assert shown >= {f"/docs/{name}" for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_page_is_public_and_whole(client, name):
    response = client.get(f"/docs/{name}")
    html = text_of(response)

    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "public, no-cache"
    assert response.headers["Vary"] == "Accept-Encoding"
    assert not response.cookies
    assert html.count("<h1") == 1
    assert 'aria-current="page">' in html
    assert "data-relative" not in html
    assert '="user-content-' not in html
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_links_of_the_docs_lead_to_pages_and_headings(client):
    ids = {}
    targets = set()
    for name in NAMES:
        html = text_of(client.get(f"/docs/{name}"))
        ids[f"/docs/{name}"] = set(re.findall(r' id="([^"]+)"', html))
        body = html[html.index('class="prose"') :]
        targets |= {
            f"/docs/{name}{link}" if link.startswith("#") else link
            for link in links(body)
        }
    broken = []
    for target in sorted(targets):
        path, _, at = target.partition("#")
        if path in ids:
            broken += [target] if at and at not in ids[path] else []
        elif path.startswith("/") and not path.startswith(("/account", "/admin")):
            broken += [target] if client.get(path).status_code != 200 else []

    assert broken == []


def test_own_address_is_filled_in(client, settings):
    settings.HUB_URL = "https://functions.example.net"

    recipe = text_of(client.get("/docs/github-actions"))
    guide = text_of(client.get("/docs/self-hosting"))

    assert "https://functions.example.net/api/" in recipe
    assert docs.EXAMPLE_HUB not in recipe
    assert docs.EXAMPLE_HUB in guide  # whoever sets it up chooses the address


def test_headings_keep_their_ids_and_code_can_be_copied(client):
    html = text_of(client.get("/docs/manifest"))

    assert '<h2 id="limits">' in html
    assert 'href="#limits"' in html
    assert 'data-copy-from="code-1"' in html
    assert '<code id="code-1">' in html


def test_pages_lead_on_in_reading_order(client):
    names = [entry.name for entry in docs.entries()]
    html = text_of(client.get(f"/docs/{names[1]}"))

    assert f'href="/docs/{names[0]}" rel="prev"' in html
    assert f'href="/docs/{names[2]}" rel="next"' in html


@pytest.mark.parametrize("name", ["nowhere", "..", "Index", "settings.md", "%0A"])
def test_unknown_page_is_a_404_page(client, name):
    response = client.get(f"/docs/{name}")

    assert response.status_code == 404
    assert "/docs/" in text_of(response)


def test_docs_without_slash_lead_to_the_index(client):
    response = client.get("/docs")

    assert (response.status_code, response.headers["Location"]) == (301, "/docs/")


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("VERSION_CONFLICT", "/docs/errors#version_conflict"),
        ("version conflict", "/docs/errors#version_conflict"),
        ("empty_code", "/docs/errors#empty_code"),
        ("HUB_URL", "/docs/settings#hub_url"),
        ("database_url", "/docs/settings#database_url"),
        ("routeExport", "/docs/manifest#routeexport"),
        ("core-imports-framework", "/docs/inspection#core-imports-framework"),
        ("backup", "/docs/self-hosting#backup"),
        ("rotating the secret key", "/docs/self-hosting#rotate-the-secret-key"),
        ("aerostack functions yank", "/docs/cli#aerostack-functions-yank"),
        ("recovery codes", "/docs/accounts#second-factor"),
        ("gitlab", "/docs/gitlab-ci"),
        ("publish from github", "/docs/github-actions"),
        ("slugs", "/docs/api#slug"),
    ],
)
def test_search_finds(client, query, first):
    html = text_of(client.get("/docs/search", {"q": query}))
    found = re.findall(r'class="docs-result">\s*<h2><a href="([^"]+)"', html)

    assert found[0] == first


def test_search_marks_the_words_and_escapes_them(client):
    html = text_of(client.get("/docs/search", {"q": "quarantine <script>"}))

    assert "<mark>" in html
    assert "quarantine &lt;script&gt;" in html
    assert "<script>" not in html


@pytest.mark.parametrize(
    "query", ["zyzzyva", "((((", "%", "*" * 5000, "the of", "é" * 300, "\ud83d"]
)
def test_search_answers_anything(client, query):
    query = query.encode(errors="replace").decode()

    assert client.get("/docs/search", {"q": query}).status_code == 200


def test_search_that_finds_nothing_says_what_to_do(client):
    html = text_of(client.get("/docs/search", {"q": "zyzzyva"}))

    assert "The docs say nothing about “zyzzyva”" in html
    assert 'href="/functions/?q=zyzzyva"' in html


def test_search_without_words_is_the_page_about_search(client):
    assert "<h1>Search</h1>" in text_of(client.get("/docs/search"))


def test_every_result_leads_to_a_place_on_its_page(client):
    for result in docs_search.search("publish version key"):
        path, _, at = result.url.partition("#")
        assert not at or f'id="{at}"' in text_of(client.get(path))


def test_worked_example_of_the_adapter_passes_the_inspection():
    text = (docs.DOCS / "universal-adapter.md").read_text()
    shown = re.findall(
        r"^### (\S+)\n(?:(?!^###).)*?```\w+\n(.*?)```", text, re.M | re.S
    )
    files = dict(shown)
    read = json.loads(files.pop("aerostack.json"))
    report = inspection.inspect_safely(read, files, timeout=10)

    assert set(files) == {"core.ts", "schema.ts", "adapter.ts", "index.ts"}
    assert report["findings"] == []
    assert set(report["facts"]["layers"]) >= {"core", "schema", "adapter"}


def test_changed_page_is_made_again(tmp_path, monkeypatch):
    monkeypatch.setattr(docs, "DOCS", tmp_path)
    (tmp_path / "new-page.md").write_text("# New\n\nFirst.\n")
    before = docs.page("new-page")
    (tmp_path / "new-page.md").write_text("# Newer\n\nSecond.\n")
    os.utime(tmp_path / "new-page.md", (1, 1))  # clocks of file systems are coarse

    assert before.title == "New"
    assert docs.page("new-page").title == "Newer"
    assert [entry.name for entry in docs.entries()] == ["new-page"]


@pytest.fixture
def schema(client):
    response = client.get("/schema/aerostack.json")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/schema+json"
    return json.loads(response.content)


@pytest.fixture
def is_valid(schema):
    jsonschema_rs = pytest.importorskip("jsonschema_rs")
    return jsonschema_rs.validator_for(schema).is_valid


def test_schema_names_its_own_address(schema, settings):
    assert schema["$id"] == f"{settings.HUB_URL}/schema/aerostack.json"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_example_fits_the_schema(is_valid, schema, path):
    manifest = json.loads(path.read_text())

    assert is_valid(manifest)
    assert is_valid({"$schema": schema["$id"], **manifest})


@pytest.mark.parametrize(
    "wrong",
    [
        {"category": "Media"},
        {"name": None},
        {"language": "python"},
        {"tags": "image"},
        {"tags": ["tag"] * 11},
        {"routePath": "api/no-slash"},
        {"routeExport": "not an identifier"},
        {"npmDependencies": ["--global"]},
        {"envVars": ["1X"]},
        {"drizzleSchema": "true"},
        {"description": "x" * 301},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_wrong_manifest_does_not_fit_the_schema(is_valid, wrong):
    manifest = json.loads((ROOT / "examples/image-resizer/aerostack.json").read_text())

    assert is_valid(manifest)
    assert not is_valid(manifest | wrong)
