"""Authenticator apps, recovery codes, passkeys: as far as a test client can go.

The passkey ceremonies themselves are in tests/browser.
"""

import json
import re
import time

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
)
from django.core import mail
from django.test import Client

from accounts.models import Account, Event
from accounts.passwords import SecondFactorNeeded, check_password
from tests.conftest import PASSWORD, make_account


@pytest.fixture
def clock():
    """The time stands still, so that a code is valid for the whole test."""
    with time_machine.travel("2026-11-21T12:00:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def secret(alice, clock):
    """alice's authenticator app."""
    secret = generate_totp_secret()
    TOTP.activate(alice, secret)
    RecoveryCodes.activate(alice)
    return secret


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def sign_in(client):
    form = {"login": "alice@example.com", "password": PASSWORD}
    return client.post("/account/login/", form)


def enter(client, code):
    return client.post("/account/second-factor/authenticate/", {"code": code})


def is_signed_in(client) -> bool:
    return client.get("/account/profile").status_code == 200


def post_confirmed(client, path, form=None):
    """Post to a page that asks for the password before a critical change."""
    page = client.get(path)
    if page.status_code == 302:
        client.post(page["Location"], {"password": PASSWORD})
        page = client.get(path)
    return client.post(path, form(page) if callable(form) else form or {})


# --- signing in with it


def test_sign_in_asks_for_the_code(client, secret):
    sign_in(client)
    assert not is_signed_in(client)

    enter(client, code_of(secret))

    assert is_signed_in(client)


@pytest.mark.parametrize("code", ["", "000000", "abc", "1" * 500, "\0", "１２３４５６"])
def test_sign_in_refuses_a_wrong_code(client, secret, code):
    sign_in(client)

    assert "invalid-feedback" in enter(client, code).text
    assert not is_signed_in(client)


def test_code_works_once(client, secret):
    sign_in(client)
    enter(client, code_of(secret))
    other = Client()
    sign_in(other)

    assert "used already" in enter(other, code_of(secret)).text
    assert not is_signed_in(other)


def test_code_is_refused_after_its_half_minute(client, secret, clock):
    old = code_of(secret)
    clock.shift(60)
    sign_in(client)
    enter(client, old)

    assert not is_signed_in(client)


def test_codes_stop_after_five_failures(client, secret, settings):
    settings.ACCOUNT_RATE_LIMITS = {}
    sign_in(client)
    for number in range(5):
        client.post(
            "/account/second-factor/authenticate/",
            {"code": "000000"},
            REMOTE_ADDR=f"192.0.2.{number}",
        )

    response = enter(client, code_of(secret))

    assert "Too many attempts" in response.text
    assert not is_signed_in(client)


def test_recovery_code_signs_in_once_and_is_mailed(client, secret, alice):
    rows = Authenticator.objects.filter(user=alice, type="recovery_codes")
    code = rows.get().wrap().get_unused_codes()[0]
    sign_in(client)
    enter(client, code)

    assert is_signed_in(client)
    assert mail.outbox[-1].subject == "[Aerostack Hub] A recovery code was used"
    assert "9 of them are left" in mail.outbox[-1].body
    assert Event.objects.filter(verb="use_recovery_code").count() == 1
    other = Client()
    sign_in(other)
    enter(other, code)
    assert not is_signed_in(other)


# --- switching it on and off


def set_up_app(client):
    def form(page):
        shown = re.search(r'id="totp-secret">(\w+)<', page.text)[1]
        return {"code": code_of(shown)}

    return post_confirmed(client, "/account/second-factor/totp/activate/", form)


@pytest.mark.django_db(transaction=True)
def test_app_is_set_up_and_gives_recovery_codes_once(client, alice, clock):
    sign_in(client)
    response = set_up_app(client)

    assert response["Location"] == "/account/second-factor/recovery-codes/"
    codes = r">(\d{10}\s){10}<"
    assert re.search(codes, client.get(response["Location"]).text)
    assert not re.search(codes, client.get(response["Location"]).text)
    assert mail.outbox[-1].subject == "[Aerostack Hub] An authenticator app was added"
    assert Event.objects.filter(verb="activate_totp").count() == 1


@pytest.mark.django_db(transaction=True)
def test_second_factor_change_ends_other_sessions(client, alice, clock):
    other = Client()
    sign_in(other)
    sign_in(client)

    set_up_app(client)

    assert is_signed_in(client)
    assert not is_signed_in(other)


def test_app_is_switched_off_and_mailed(client, secret):
    sign_in(client)
    enter(client, code_of(secret))

    response = post_confirmed(client, "/account/second-factor/totp/deactivate/")

    assert response["Location"] == "/account/second-factor/"
    assert not Authenticator.objects.exists()
    assert "authenticator app was removed" in mail.outbox[-1].subject


@pytest.mark.django_db(transaction=True)
def test_new_recovery_codes_replace_the_old(client, secret, alice):
    rows = Authenticator.objects.filter(user=alice, type="recovery_codes")
    old = rows.get().wrap().get_unused_codes()
    sign_in(client)
    enter(client, code_of(secret))

    post_confirmed(client, "/account/second-factor/recovery-codes/generate/")

    assert not set(old) & set(rows.get().wrap().get_unused_codes())
    assert mail.outbox[-1].subject == "[Aerostack Hub] New recovery codes were made"


@pytest.mark.parametrize(
    "path",
    [
        "totp/activate/",
        "totp/deactivate/",
        "recovery-codes/generate/",
        "webauthn/add/",
    ],
)
def test_critical_pages_ask_for_the_password_again(client, secret, path):
    sign_in(client)
    enter(client, code_of(secret))

    response = client.post(f"/account/second-factor/{path}", {"code": "0"})

    assert "reauthenticate" in response.headers.get("Location", "") or (
        path == "totp/activate/"
    )
    assert Authenticator.objects.filter(type="totp").count() == 1


# --- passkeys: what a browser would never send

HOSTILE = [
    "",
    "x",
    "null",
    "[]",
    "{}",
    "1",
    '"x"',
    '{"id": 1}',
    '{"id": "!!", "rawId": "!!", "type": "public-key", "response": {}}',
    json.dumps(
        {
            "id": "AAAA",
            "rawId": "AAAA",
            "type": "public-key",
            "response": {
                "clientDataJSON": "e30",
                "attestationObject": "AAAA",
                "authenticatorData": "AAAA",
                "signature": "AAAA",
                "userHandle": "AAAA",
            },
        }
    ),
    json.dumps(
        {
            "id": "AAAA",
            "rawId": "AAAA",
            "type": "public-key",
            "response": {
                "clientDataJSON": "bm90anNvbg",
                "attestationObject": "oA",
                "authenticatorData": "A" * 100,
                "signature": "",
                "userHandle": "////",
            },
        }
    ),
    "[" * 60_000,
    "9" * 5_000,
    '{"id": %s}' % ("9" * 5_000),
    '"' + "x" * 70_000 + '"',
    '{"id": "\\u0000"}',
]


@pytest.mark.parametrize("credential", HOSTILE, ids=lambda text: text[:30])
def test_passkey_sign_in_refuses_nonsense(client, alice, credential):
    path = "/account/second-factor/webauthn/login/"
    client.get(path, headers={"Accept": "application/json"})

    response = client.post(path, {"credential": credential})

    assert response["Location"] == "/account/login/"
    assert not is_signed_in(client)


@pytest.mark.parametrize("credential", HOSTILE, ids=lambda text: text[:30])
def test_passkey_is_not_added_from_nonsense(client, alice, credential):
    sign_in(client)

    response = post_confirmed(
        client,
        "/account/second-factor/webauthn/add/",
        {"name": "x", "credential": credential},
    )

    assert response.status_code == 200
    assert not Authenticator.objects.exists()


def test_passkey_of_another_account_is_not_found(client, alice):
    bob = make_account("bob")
    row = Authenticator.objects.create(
        user=bob, type="webauthn", data={"name": "Laptop", "credential": {}}
    )
    sign_in(client)

    for page in ("edit", "remove"):
        path = f"/account/second-factor/webauthn/keys/{row.pk}/{page}/"
        assert post_confirmed(client, path, {"name": "x"}).status_code == 404
    assert Authenticator.objects.filter(user=bob).exists()


@pytest.mark.parametrize("name", ["", "n" * 81, "a\u202eb"])
def test_passkey_is_not_renamed_to_what_nobody_can_read(client, alice, name):
    row = Authenticator.objects.create(
        user=alice, type="webauthn", data={"name": "Laptop", "credential": {}}
    )
    client.force_login(alice)
    path = f"/account/second-factor/webauthn/keys/{row.pk}/edit/"

    assert "invalid-feedback" in post_confirmed(client, path, {"name": name}).text
    post_confirmed(client, path, {"name": "Desk"})
    row.refresh_from_db()
    assert row.data["name"] == "Desk"


# --- asked for by staff


def test_account_that_needs_a_second_factor_is_led_to_set_one_up(client, alice):
    Account.objects.update(needs_second_factor=True)
    sign_in(client)

    for path in ("/admin/", "/account/keys", "/account/profile"):
        assert client.get(path)["Location"] == "/account/second-factor/"
    assert "ask you to set up" in client.get("/account/second-factor/").text
    with pytest.raises(SecondFactorNeeded):
        check_password("alice@example.com", PASSWORD)


def test_account_that_has_the_second_factor_goes_on(client, secret):
    Account.objects.update(needs_second_factor=True)
    sign_in(client)
    enter(client, code_of(secret))

    assert is_signed_in(client)
