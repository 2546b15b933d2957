"""A number of 5,000 digits is refused in the Hub's own words, wherever it stands.

Python reads no whole number of more than 4,300 digits, and its error says how to change
that: nothing for a page.
"""

import re

import pytest
from django.test import Client

from tests.conftest import body, key_of
from tests.routes import VALUES, addresses, routes

pytestmark = pytest.mark.django_db

LONG = "9" * 5_000
NAME = re.compile(rb'<(?:input|textarea|select|button)\b[^>]*?\bname="([^"]+)"')
# Of the parameters that are numbers, or hold one. As many as fit under the limit of
# Django's on where a redirect to the sign-in page leads.
GET_NAMES = ("page cursor limit", "before case version", "revision from to")
HEADERS = (
    "If-Match If-None-Match If-Modified-Since If-Unmodified-Since Range Cookie "
    "Accept-Encoding Accept-Language X-Forwarded-For X-API-Key Authorization"
).split()


@pytest.fixture
def values(publish, push):
    """Values for all routes, of what is there."""
    publish()
    return VALUES | {
        "draft_id": [str(push(version="1.1.0").pk)],
        "slug": VALUES["slug"][:1],
    }


@pytest.fixture
def browser(alice):
    """Signed in as who may see all pages, an author's and staff's."""
    alice.is_staff = True
    alice.save()
    browser = Client(raise_request_exception=False)
    browser.force_login(alice)
    return browser


def is_ours(response):
    """Whether the answer is the Hub's own: no server error, nothing of Python's."""
    return response.status_code < 500 and b"set_int_max_str" not in response.getvalue()


def test_in_the_path(browser, values):
    for route in routes():
        for name in set(re.findall(r"<(\w+)>", route)):
            for path in addresses(route, values | {name: [LONG]})[:1]:
                assert is_ours(browser.get(path)), path[:80]
                assert is_ours(browser.post(path)), path[:80]


def test_in_the_query_and_the_headers(browser, values):
    headers = dict.fromkeys(HEADERS, LONG) | {"Range": f"bytes={LONG}-{LONG}"}
    for route in routes():
        for path in addresses(route, values)[:1]:
            for names in GET_NAMES:
                asked = dict.fromkeys(names.split(), LONG)
                assert is_ours(browser.get(path, asked)), (path, names)
            assert is_ours(browser.get(path, headers=headers)), path


def test_in_a_form(browser, values):
    for route in routes():
        if route.startswith("api/"):
            continue
        for path in addresses(route, values)[:1]:
            names = set(NAME.findall(browser.get(path).content))
            names -= {b"csrfmiddlewaretoken"}
            fields = {name.decode(): LONG for name in names}
            assert is_ours(browser.post(path, fields)), path
            fields = {name: f'{{"x": {LONG}}}' for name in fields}
            assert is_ours(browser.post(path, fields)), path


def test_in_the_choices_after_an_edit_conflict(client, push, alice):
    draft = push()
    client.force_login(alice)

    response = client.post(
        f"/admin/functions/edit/{draft.pk}/resolve",
        {"item-0-name": "README.md", "item-0-choice": "mine", "revision": LONG},
    )

    assert response.status_code == 412
    assert is_ours(response)
    draft.refresh_from_db()
    assert (draft.revision, draft.readme) == (1, body()["readme"])


@pytest.mark.parametrize("number", [LONG, f"-{LONG}", f"{LONG}.5", f"1e{LONG}"])
def test_in_a_body(client, alice, number):
    key = key_of(alice)
    for route in routes():
        if not route.startswith("api/"):
            continue
        for path in addresses(route)[:1]:
            for text in (number, f'{{"version": {number}}}', f'{{"{number}": 1}}'):
                response = client.post(
                    path, text, "application/json", headers={"X-API-Key": key}
                )
                assert is_ours(response), (path, text[:40])
    refused = client.post(
        "/api/community/functions",
        f'{{"version": {LONG}}}',
        "application/json",
        headers={"X-API-Key": key},
    )
    assert refused.json()["error"] == "The body is not JSON: a number is too large."


def test_the_limit_that_this_is_about_holds():
    with pytest.raises(ValueError, match="set_int_max_str_digits"):
        int(LONG)
