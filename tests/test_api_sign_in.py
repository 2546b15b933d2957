"""POST /api/auth/login: a key that lasts for a while, for e-mail and password."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Account, Switch
from tests.conftest import PASSWORD, body

pytestmark = pytest.mark.django_db

LOGIN = "/api/auth/login"


@pytest.fixture
def sent(alice):
    return {"email": "alice@example.com", "password": PASSWORD}


def test_a_key_for_a_password_works_for_twelve_hours(api, sent, time_machine):
    time_machine.move_to("2026-03-01T12:00:00Z", tick=False)
    token = api("POST", LOGIN, sent, key="").json()["token"]

    made = Account.objects.get().keys.order_by("-pk").first()
    assert made.name == "signed in"
    assert made.expires_at == timezone.now() + timedelta(hours=12)
    assert api("POST", api.base, body(), key=token).status_code == 201
    time_machine.shift(12 * 3600)
    assert api("GET", "my", key=token).status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": None},
        {"password": None},
        {"email": 1},
        {"password": ["x"]},
        {"email": ""},
    ],
    ids=str,
)
def test_a_sign_in_takes_text_alone_and_makes_no_key(api, sent, wrong):
    keys = Account.objects.get().keys.count()

    response = api("POST", LOGIN, sent | wrong, key="")

    code = "UNAUTHORIZED" if wrong == {"email": ""} else "VALIDATION_ERROR"
    assert response.json()["code"] == code
    assert response.json().get("field", "email") == "email"
    assert Account.objects.get().keys.count() == keys


def test_no_key_is_given_to_an_account_that_needs_a_second_factor(api, sent, alice):
    Account.objects.update(needs_second_factor=True)

    response = api("POST", LOGIN, sent, key="")

    assert (response.status_code, response.json()["code"]) == (403, "FORBIDDEN")
    assert "second factor" in response.json()["error"]
    assert alice.keys.count() == 1  # the client's own


@pytest.mark.parametrize("switch", ["key_creation", "read_only"])
def test_no_key_is_given_while_staff_let_none_be_made(api, sent, alice, switch):
    Switch.objects.create(name=switch, reason="We look into a leak.")

    response = api("POST", LOGIN, sent, key="")

    assert (response.status_code, response.json()["code"]) == (503, "READ_ONLY")
    assert "We look into a leak." in response.json()["error"]
    assert alice.keys.count() == 1
