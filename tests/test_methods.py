"""A method that an address doesn't have is 405 with Allow, at every address."""

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from core.http.methods import READING, WITH_FORM, methods_of
from tests.routes import addresses, routes
from tests.unchanged import rows

pytestmark = pytest.mark.django_db
METHODS = "GET HEAD POST PUT PATCH DELETE OPTIONS TRACE CONNECT PROPFIND BREW".split()
PAGES = [route for route in routes() if not route.startswith("api/")]
ENDPOINTS = [route for route in routes() if route.startswith("api/")]


def address_of(route):
    """An address that ``route`` answers, of those that its values give."""
    for path in addresses(route):
        try:
            resolve(path)
        except Resolver404:
            continue
        return path
    raise AssertionError(f"no address of /{route}")


@pytest.fixture(params=["anyone", "alice", "mod"])
def browser(request, publish, alice, staff):
    """A browser whose forms are checked, signed in or not."""
    publish()
    browser = Client(enforce_csrf_checks=True)
    browser.is_staff = request.param == "mod"
    if request.param != "anyone":
        browser.force_login({"alice": alice, "mod": staff}[request.param])
    return browser


def test_a_method_that_a_page_lacks_is_405_with_those_it_has(browser):
    for route in PAGES:
        path = address_of(route)
        has = methods_of(resolve(path).func)
        for method in METHODS:
            if method in has:
                continue
            response = browser.generic(method, path)
            if path.startswith("/admin/moderation/") and not browser.is_staff:
                assert response.status_code == 404, (method, path)
                continue
            told = (response.status_code, response.headers.get("Allow"))
            assert told == (405, ", ".join(has)), (method, path)
            assert response.headers["Cache-Control"] == "private, no-store"


def test_what_allow_names_is_never_405(browser):
    for route in PAGES:
        path = address_of(route)
        for method in methods_of(resolve(path).func):
            status = browser.generic(method, path).status_code
            assert status != 405, (method, path)


@pytest.mark.parametrize("route", PAGES)
def test_every_page_says_which_methods_it_answers(route):
    methods = methods_of(resolve(address_of(route)).func)

    assert methods in (READING, WITH_FORM, ("POST",), ("GET",))


def test_a_method_that_an_endpoint_lacks_is_405_with_those_it_has(client):
    for route in ENDPOINTS:
        path = address_of(route)
        allowed = client.generic("BREW", path).headers["Allow"].split(", ")
        for method in METHODS:
            if method in allowed:
                continue
            response = client.generic(method, path)
            assert response.status_code == 405, (method, path)
            assert response.headers["Allow"].split(", ") == allowed


def test_a_refused_method_writes_nothing(client, publish):
    publish()
    before = rows()

    for path in ("/", "/admin/", "/functions/alice/image-resizer/star"):
        response = client.generic("PUT", path, b"{}", "application/json")
        assert response.status_code == 405
        assert b"answers GET and HEAD" in response.content
    assert rows() == before


def test_an_address_that_is_none_stays_404_for_every_method(client):
    for method in METHODS:
        assert client.generic(method, "/nothing/here").status_code == 404
