"""Nobody reaches another account's work: a matrix over the Admin's whole URL map."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Event
from admin_portal import urls
from registry.listing import editing
from registry.models import Draft, Function, ListingRevision, SecretWaiver, Yank

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# Pages that belong to no one in particular, or show what is the account's own.
OPEN = {"my_functions", "limits", "new_function", "render_readme"}
OPEN |= {"decisions", "offers"}


def named(patterns):
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from named(pattern.url_patterns)
        elif pattern.name and pattern.name not in OPEN:
            yield pattern


ROUTES = list(named(urls.urlpatterns))
# To all but staff, staff's pages are not there; tests/test_moderation_pages.py.
OF_AUTHORS = [route for route in ROUTES if "moderation/" not in str(route.pattern)]


def label(route) -> str:
    return str(route.pattern)


def arguments(route, draft, slug="image-resizer", uid=None) -> dict:
    made = {
        "draft_id": draft,
        "uid": uid or uuid.uuid4(),
        "slug": slug,
        "username": "alice",
        "number": "1.0.0",
        "pk": 1,
        "revision": 1,
        "sha256": "a" * 64,
        "tab": "source",
        "path": "index.ts",
        "action": "quarantine",
        "answer": "accept",
        "kind": "reserved",
        "name": "publishing",
    }
    return {name: made[name] for name in route.pattern.converters}


@pytest.fixture
def alices(publish, push, alice):
    """A function of alice's with everything that can be reached: its open draft."""
    version = publish()
    function = version.function
    shot = {"sha256": "a" * 64, "alt": "x", "width": 1, "height": 1}
    function.screenshots.create(**shot)
    function.waivers.create(pk=1, rule="r", value_hash="h", reason="w", by=alice)
    wanted = editing.Listing("# New", ["image"], "media", [shot])
    editing.edit_listing(function, wanted, by=alice, via="cli")
    return push(version="2.0.0")


def state():
    """Everything a request could have changed."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (Draft, Function, ListingRevision, SecretWaiver, Yank, Event)
    ]


def test_the_matrix_covers_every_part_of_the_admin():
    names = {route.name for route in ROUTES}

    assert {"edit_draft", "screenshot", "restore_listing"} <= names
    assert {"moderate_function", "answer_offer", "act_on_switch"} <= names


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", ROUTES, ids=label)
def test_another_accounts_work_is_not_found(client, alices, bob, route, method):
    client.force_login(bob)
    kwargs = arguments(route, alices.pk, uid=alices.function.uid)
    path = reverse(f"admin_portal:{route.name}", kwargs=kwargs)
    before = state()

    response = client.generic(method, path)
    absent = client.generic(
        method,
        reverse(
            f"admin_portal:{route.name}",
            kwargs=arguments(route, uuid.uuid4(), slug="no-such-function"),
        ),
    )

    assert response.status_code in (404, 405)
    assert response.status_code == absent.status_code
    if method in ("GET", "POST"):
        allowed = (
            client.options(path)["Allow"] if response.status_code == 405 else method
        )
        assert (response.status_code == 404) == (method in allowed)
    assert state() == before


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("route", OF_AUTHORS, ids=label)
def test_a_stranger_is_asked_to_sign_in(client, alices, route, method):
    path = reverse(f"admin_portal:{route.name}", kwargs=arguments(route, alices.pk))
    before = state()

    response = client.generic(method, path)

    if response.status_code != 405:
        assert response.status_code == 302
        assert response.url.startswith("/account/login/?next=/admin/")
    assert state() == before


@pytest.mark.parametrize("route", OF_AUTHORS, ids=label)
def test_a_write_without_its_token_is_refused(alices, alice, route):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    path = reverse(f"admin_portal:{route.name}", kwargs=arguments(route, alices.pk))
    before = state()

    response = client.post(path)

    assert response.status_code in (403, 405)
    assert state() == before


@pytest.mark.parametrize("route", OF_AUTHORS, ids=label)
def test_reading_writes_nothing_and_is_kept_by_no_cache(
    client, alices, alice, route, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    client.force_login(alice)
    path = reverse(f"admin_portal:{route.name}", kwargs=arguments(route, alices.pk))
    before = state()

    response = client.get(path)

    assert response.status_code in (200, 302, 404, 405)
    if response.status_code != 404:
        assert response["Cache-Control"] == "private, no-store"
    assert state() == before
