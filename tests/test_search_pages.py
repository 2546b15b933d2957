"""Search over HTTP: every door answers whatever is typed."""

import json

import pytest
from django.db import connection, transaction

from registry.content import derived
from registry.search import postgresql
from tests.test_search_index import HOSTILE

DOORS = {
    "page": "/functions/?q={}",
    "suggestions": "/functions/suggest?q={}",
    "api": "/api/community/functions?search={}",
}
SENDABLE = {name: text for name, text in HOSTILE.items() if name != "surrogate"}


@pytest.fixture
def function(publish):
    version = publish(
        description="Images <img src=x onerror=alert(1)> & more.",
        readme="# Resizer\n\nSays <script>alert(1)</script> about thumbnails.\n",
        code="export const html = '<script>alert(2)</script>';\n",
    )
    derived.make(version.pk)
    return version.function


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
@pytest.mark.parametrize("text", SENDABLE.values(), ids=SENDABLE)
def test_hostile_query_is_answered_at_every_door(client, function, door, text):
    path, _, name = door.partition("?")

    response = client.get(path, {name.removesuffix("={}"): text})

    expected = {400} if "\0" in text else {200}
    assert response.status_code in expected | ({400} if "/api/" in path else set())
    assert b"<script>alert" not in response.content


@pytest.mark.parametrize(
    "text", ["images", "thumbnails", "code:alert", "<script>alert(1)</script>"]
)
def test_what_is_found_is_marked_and_escaped(client, function, text):
    page = client.get("/functions/", {"q": text}).text

    assert "<mark>" in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_code_is_found_with_a_link_to_its_line(client, function):
    page = client.get("/functions/?q=code:html").text

    assert f'href="{function.url}/source/index.ts#L1"' in page


def test_suggestions_are_public_json_with_an_etag(client, function):
    response = client.get("/functions/suggest?q=resi")

    (found,) = json.loads(response.content)["functions"]
    assert found["url"] == function.url
    assert response["Cache-Control"] == "public, no-cache"
    again = client.get(
        "/functions/suggest?q=resi", headers={"if-none-match": response["ETag"]}
    )
    assert again.status_code == 304


def test_corrected_words_are_said(client, function):
    page = client.get("/functions/?q=imgae").text

    assert "these are the results for <strong>image</strong>" in page


def test_nothing_found_says_what_to_do(client, function):
    page = client.get("/functions/?q=qqqqqq").text

    assert "Nothing found for “qqqqqq”" in page
    assert "image-resizer" in page  # much used here


def test_api_finds_no_yanked_function(client, function, alice):
    from registry import publishing

    version = function.versions.get()
    publishing.yank(version, reason="Leaks memory.", by=alice, via="cli")

    found = client.get("/api/community/functions?search=image-resizer").json()

    assert found["functions"] == []
    assert "image-resizer" in client.get("/functions/?q=image-resizer").text


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite streams and has no time-out"
)
def test_search_that_takes_too_long_is_a_page(client, function, monkeypatch):
    monkeypatch.setattr(postgresql, "TIMEOUT_MS", 20)
    with connection.cursor() as cursor:  # what a search asks takes its time
        cursor.execute(
            "CREATE OR REPLACE FUNCTION ts_rank(real[], tsvector, tsquery, integer) "
            "RETURNS real LANGUAGE sql AS 'SELECT pg_sleep(1)::text::real'"
        )
        cursor.execute("SET LOCAL search_path = public, pg_catalog")

    before = transaction.savepoint()
    response = client.get("/functions/?q=images")
    transaction.savepoint_rollback(before)

    assert response.status_code == 503
    assert "Rarer words" in response.text
