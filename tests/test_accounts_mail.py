"""Mail to people with an account: what it says, when it is sent, when it can't be."""

import logging
from smtplib import SMTPException

import pytest
from allauth.core.context import request_context
from django.core import mail as django_mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.test import RequestFactory

from accounts import mail
from accounts.keys import create_key

DELETED = "account/email/account_deleted"


@pytest.fixture
def outbox():
    return django_mail.outbox


class Broken(BaseEmailBackend):
    """A mail server that fails as it is told to."""

    error: Exception

    def send_messages(self, messages):
        raise self.error


@pytest.fixture
def mail_fails(settings, monkeypatch):
    def mail_fails(error):
        monkeypatch.setattr(Broken, "error", error, raising=False)
        settings.EMAIL_BACKEND = f"{__name__}.Broken"

    return mail_fails


@pytest.mark.parametrize(
    "error", [ConnectionRefusedError("refused"), TimeoutError(), SMTPException("no")]
)
def test_a_mail_that_can_not_be_sent_is_logged_and_the_change_stays(
    alice, mail_fails, caplog, error, django_capture_on_commit_callbacks
):
    mail_fails(error)

    with (
        caplog.at_level(logging.ERROR, "accounts.mail"),
        django_capture_on_commit_callbacks(execute=True),
    ):
        create_key(alice, name="laptop")

    assert alice.keys.count() == 1
    said = [record.getMessage() for record in caplog.records]
    assert said == [f"The mail account/email/key_created could not be sent: {error}"]


def test_a_fault_of_ours_in_a_mail_is_not_hidden(alice, mail_fails):
    mail_fails(ZeroDivisionError())

    with pytest.raises(ZeroDivisionError):
        mail.notify(alice, DELETED)


def test_mails_of_a_change_are_sent_in_order_once_it_is_done(alice, outbox):
    with mail.held_back():
        mail.notify(alice, DELETED)
        mail.notify(alice, DELETED, to="second@example.com")
        assert outbox == []

    assert [message.to[0] for message in outbox] == [alice.email, "second@example.com"]
    mail.notify(alice, DELETED)
    assert len(outbox) == 3


def test_a_change_that_was_rolled_back_sends_none(alice, outbox):
    def delete_and_fail():
        with mail.held_back(), transaction.atomic():
            mail.notify(alice, DELETED)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        delete_and_fail()

    assert outbox == []
    mail.notify(alice, DELETED)
    assert len(outbox) == 1


def test_a_mail_says_when_and_from_where(alice, outbox, settings, time_machine):
    time_machine.move_to("2026-03-01T12:34:56Z", tick=False)
    settings.TRUSTED_PROXIES = ["10.0.0.1"]
    request = RequestFactory().post(
        "/account/keys",
        REMOTE_ADDR="10.0.0.1",
        HTTP_X_FORWARDED_FOR="198.51.100.7",
        HTTP_USER_AGENT="Fire\x00fox\u202e" + "x" * 300,
    )

    with request_context(request):
        mail.notify(alice, DELETED)

    (message,) = outbox
    assert message.subject == "[Aerostack Hub] Your account was deleted"
    assert "Hello alice," in message.body
    assert "When: 1 Mar 2026, 12:34 UTC" in message.body
    # 200 characters of what was sent, without those that can't be seen.
    assert f"From: 198.51.100.7, Firefox{'x' * 191}\n" in message.body


def test_a_mail_about_no_request_names_no_place(alice, outbox):
    mail.notify(alice, DELETED)

    assert "From:" not in outbox[0].body
    assert outbox[0].to == ["alice@example.com"]
    assert outbox[0].body.endswith("\n")
    assert not outbox[0].body.endswith("\n\n")


def test_links_in_a_mail_begin_with_the_hubs_address(alice, outbox, settings):
    settings.HUB_URL = "https://hub.example.com"

    create = RequestFactory().post("/account/keys", HTTP_HOST="localhost")
    with request_context(create):
        mail.notify(alice, "account/email/password_changed")

    assert "https://hub.example.com/account/" in outbox[0].body
    assert "localhost" not in outbox[0].body
