"""accounts.passwords.check_password, the door the API's sign-in goes through."""

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import RequestFactory

from accounts.adapter import MFAAdapter
from accounts.models import Account
from accounts.passwords import (
    SecondFactorNeeded,
    TooManyAttempts,
    WrongPassword,
    check_password,
)
from tests.conftest import PASSWORD


@pytest.fixture(autouse=True)
def _limits_on(settings):
    settings.ACCOUNT_RATE_LIMITS = {}


@pytest.fixture
def request_from():
    return lambda ip: RequestFactory().post("/api/auth/login", REMOTE_ADDR=ip)


@pytest.mark.parametrize("email", ["alice@example.com", " Alice@Example.COM "])
def test_check_password_finds_the_account(alice, email):
    assert check_password(email, PASSWORD) == alice


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("alice@example.com", "wrong"),
        ("alice@example.com", ""),
        ("nobody@example.com", PASSWORD),
        ("alice", PASSWORD),
        ("", PASSWORD),
        ("alice@example.com\0", PASSWORD),
    ],
)
def test_check_password_refuses_what_does_not_fit(alice, email, password):
    with pytest.raises(WrongPassword):
        check_password(email, password)


def test_check_password_stops_after_five_failures(alice, request_from):
    for number in range(5):
        with pytest.raises(WrongPassword):
            check_password(
                "alice@example.com", "wrong", request_from(f"192.0.2.{number}")
            )

    with pytest.raises(TooManyAttempts):
        check_password("alice@example.com", PASSWORD, request_from("192.0.2.9"))


def test_check_password_does_not_count_successes(alice, request_from):
    for _ in range(7):
        check_password("alice@example.com", PASSWORD, request_from("192.0.2.1"))


def test_check_password_shares_its_count_with_the_sign_in_page(alice, client):
    for _ in range(5):
        client.post(
            "/account/login/", {"login": "alice@example.com", "password": "wrong"}
        )

    with pytest.raises(TooManyAttempts):
        check_password("alice@example.com", PASSWORD)


def test_check_password_refuses_a_suspended_account(alice):
    Account.objects.update(is_active=False)

    with pytest.raises(WrongPassword, match="suspended"):
        check_password("alice@example.com", PASSWORD)


def test_check_password_refuses_an_unconfirmed_email(alice, bob):
    alice.emailaddress_set.update(verified=False)

    with pytest.raises(WrongPassword, match="Confirm the e-mail"):
        check_password("alice@example.com", PASSWORD)


def test_check_password_asks_for_the_second_factor_after_the_password(alice):
    TOTP.activate(alice, generate_totp_secret())

    with pytest.raises(SecondFactorNeeded):
        check_password("alice@example.com", PASSWORD)
    with pytest.raises(WrongPassword):
        check_password("alice@example.com", "wrong")


def test_second_factor_secrets_are_not_stored_in_clear(alice):
    secret = generate_totp_secret()
    factor = TOTP.activate(alice, secret).instance

    assert secret not in str(factor.data)
    assert MFAAdapter().decrypt(factor.data["secret"]) == secret
