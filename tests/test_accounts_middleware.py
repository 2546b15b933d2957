"""Pages that are refused or redirected before any view runs."""

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client

from accounts.models import Account, Event, Switch
from tests.conftest import PASSWORD
from tests.test_accounts import PATHS

# Signing in and out goes on in read-only mode (docs/moderation.md).
OPEN = (
    "/account/login/",
    "/account/logout/",
    "/account/reauthenticate/",
    "/account/second-factor/authenticate/",
    "/account/second-factor/reauthenticate/",
)
# Setting one up, and what that asks for.
TO_SET_UP = ("/account/second-factor/", "/account/reauthenticate/", "/account/logout/")


@pytest.fixture
def as_alice(alice, client):
    client.post("/account/login/", {"login": alice.email, "password": PASSWORD})
    return client


@pytest.fixture
def read_only():
    return Switch.objects.create(name="read_only", reason="We move.")


@pytest.mark.parametrize("path", PATHS)
def test_read_only_mode_lets_people_sign_in_and_out_and_nothing_else(
    as_alice, read_only, path
):
    events = Event.objects.count()

    response = as_alice.post(path)

    is_open = path.startswith(OPEN)
    assert (response.status_code == 503) is (not is_open)
    if not is_open:
        assert "We move." in response.text
    assert Event.objects.count() == events
    assert as_alice.get(path).status_code != 503


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_read_only_mode_refuses_every_method_that_changes(as_alice, read_only, method):
    assert as_alice.generic(method, "/account/keys").status_code == 503


@pytest.mark.parametrize("switch", ["sign_up", "publishing", "key_creation"])
def test_another_switch_stops_no_page_of_an_account(as_alice, switch):
    Switch.objects.create(name=switch, reason="We move.")

    response = as_alice.post("/account/profile", {"display_name": "Alice"})

    assert response.status_code == 302
    assert Account.objects.get().display_name == "Alice"


@pytest.mark.parametrize("path", [*PATHS, "/admin/", "/admin/functions"])
def test_who_needs_a_second_factor_gets_no_signed_in_page(as_alice, path):
    Account.objects.update(needs_second_factor=True)

    response = as_alice.get(path)

    is_led = response.headers.get("Location") == "/account/second-factor/"
    assert is_led is (not path.startswith(TO_SET_UP))


@pytest.mark.parametrize("path", ["/", "/functions/", "/users/alice", "/docs/"])
def test_public_pages_do_not_ask_for_a_second_factor(as_alice, path):
    Account.objects.update(needs_second_factor=True)

    assert as_alice.get(path).status_code == 200


def test_nobody_else_is_led_to_the_second_factor(as_alice, alice):
    assert as_alice.get("/account/profile").status_code == 200
    assert Client().get("/account/keys")["Location"].startswith("/account/login/")

    Account.objects.update(needs_second_factor=True)
    TOTP.activate(alice, generate_totp_secret())

    assert as_alice.get("/account/profile").status_code == 200
