"""A change of an account and its Event: both, or neither."""

import pytest
from allauth.account.models import EmailConfirmationHMAC
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Event
from tests.conftest import PASSWORD

NEW_PASSWORD = "an entirely different sentence"
CHANGE = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}


def new_client() -> Client:
    """A browser of alice's, signed in; a failing server answers it 500."""
    client = Client(raise_request_exception=False)
    client.post("/account/login/", {"login": "alice@example.com", "password": PASSWORD})
    return client


@pytest.fixture
def full_audit():
    """From now on no Event can be written, as when the disk is full."""

    def refuse(execute, sql, params, many, context):
        if sql.startswith(f'INSERT INTO "{Event._meta.db_table}"'):
            raise OSError("no space left on device")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield


@pytest.fixture
def signed_in(alice):
    return new_client()


def test_password_stays_when_its_event_fails(signed_in, full_audit):
    response = signed_in.post("/account/password/change/", CHANGE)

    assert response.status_code == 500
    assert Account.objects.get().check_password(PASSWORD)
    assert mail.outbox == []
    assert signed_in.get("/account/profile").status_code == 200


def test_email_stays_when_its_event_fails(alice, signed_in, full_audit):
    address = alice.emailaddress_set.create(email="new@example.com", verified=False)
    key = EmailConfirmationHMAC(address).key
    response = signed_in.post(f"/account/confirm-email/{key}/")

    assert response.status_code == 500
    assert Account.objects.get().email == "alice@example.com"
    address.refresh_from_db()
    assert not address.verified


def test_second_factor_and_sessions_stay_when_the_event_fails(
    alice, signed_in, request
):
    TOTP.activate(alice, generate_totp_secret())
    signed_in.post("/account/reauthenticate/", {"password": PASSWORD})
    sessions = Session.objects.count()
    request.getfixturevalue("full_audit")

    response = signed_in.post("/account/second-factor/totp/deactivate/")

    assert response.status_code == 500
    assert Authenticator.objects.filter(user=alice).count() == 1
    assert Session.objects.count() == sessions


def test_mail_follows_once_the_change_is_written(signed_in, monkeypatch):
    inside = []
    depth = len(connection.savepoint_ids)  # the test's own transaction is the first

    class Watching(mail.get_connection().__class__):
        def send_messages(self, messages):
            inside.append(len(connection.savepoint_ids) - depth)
            return super().send_messages(messages)

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend", Watching)
    signed_in.post("/account/password/change/", CHANGE)

    assert [message.subject for message in mail.outbox] == [
        "[Aerostack Hub] Your password was changed"
    ]
    assert inside == [0]


def test_refused_attempts_count_although_nothing_changes(signed_in, settings):
    settings.ACCOUNT_RATE_LIMITS = {}
    wrong = CHANGE | {"oldpassword": "not this one"}
    for _ in range(5):
        assert signed_in.post("/account/password/change/", wrong).status_code == 200

    assert signed_in.post("/account/password/change/", CHANGE).status_code == 429
    assert Account.objects.get().check_password(PASSWORD)


def test_starting_the_hub_clears_expired_sessions(signed_in, settings):
    settings.SEED_DEMO = False
    Session.objects.create(
        session_key="old", session_data="", expire_date=timezone.now()
    )

    call_command("prepare_hub")

    assert [row.session_key for row in Session.objects.all()] == [
        signed_in.session.session_key
    ]
