"""Each critical change of an account is in the audit, under a verb of its own, and in a
mail to its owner (docs/accounts.md, "Mail")."""

import hashlib
import json
import re

import pytest
from allauth.account.models import EmailConfirmationHMAC
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
)
from cryptography.hazmat.primitives.asymmetric import ec
from django.core import mail
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from accounts.models import Event
from tests.conftest import PASSWORD

NEW_PASSWORD = "an entirely different sentence"
TWICE = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
SECOND_FACTOR = "/account/second-factor"
NOW = 1_767_225_600


def change_password(client, alice):
    client.post("/account/password/change/", {"oldpassword": PASSWORD} | TWICE)


def reset_password(client, alice):
    client.post("/account/password/reset/", {"email": alice.email})
    path = re.search(r"/account/password/reset/key/\S+/", mail.outbox.pop().body)[0]
    client.post(client.get(path)["Location"], TWICE)


def set_password(client, alice):
    alice.set_unusable_password()
    alice.save()
    client.force_login(alice)
    client.post("/account/password/set/", TWICE)


def change_email(client, alice):
    new = alice.emailaddress_set.create(email="new@example.com", verified=False)
    client.post(f"/account/confirm-email/{EmailConfirmationHMAC(new).key}/")


def cancel_email_change(client, alice):
    alice.emailaddress_set.create(email="new@example.com", verified=False)
    sent = {"action_remove": "", "email": "new@example.com"}
    client.post("/account/email/", sent)


def activate_totp(client, alice):
    page = client.get(f"{SECOND_FACTOR}/totp/activate/")
    secret = re.search(r'id="totp-secret">(\w+)<', page.text)[1]
    code = format_hotp_value(hotp_value(secret, NOW // 30))
    client.post(f"{SECOND_FACTOR}/totp/activate/", {"code": code})


def deactivate_totp(client, alice):
    TOTP.activate(alice, generate_totp_secret())
    client.post(f"{SECOND_FACTOR}/totp/deactivate/")


def generate_recovery_codes(client, alice):
    TOTP.activate(alice, generate_totp_secret())
    RecoveryCodes.activate(alice)
    client.post(f"{SECOND_FACTOR}/recovery-codes/generate/")


def made_passkey(challenge) -> dict:
    """What a browser sends of a passkey that it made."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    made = AttestedCredentialData.create(
        b"\0" * 16, b"passkey", ES256.from_cryptography_key(key)
    )
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV
    flags |= AuthenticatorData.FLAG.AT
    site = hashlib.sha256(b"localhost").digest()
    data = AuthenticatorData.create(site, flags, 0, made)
    seen = {"type": "webauthn.create", "origin": "https://localhost"}
    seen |= {"challenge": challenge}
    return {
        "id": websafe_encode(b"passkey"),
        "rawId": websafe_encode(b"passkey"),
        "type": "public-key",
        "response": {
            "clientDataJSON": websafe_encode(json.dumps(seen).encode()),
            "attestationObject": websafe_encode(
                AttestationObject.create("none", data, {})
            ),
        },
    }


def add_passkey(client, alice):
    site = {"HTTP_HOST": "localhost"}
    client.get(f"{SECOND_FACTOR}/webauthn/add/", **site)
    credential = made_passkey(client.session["mfa.webauthn.state"]["challenge"])
    sent = {"name": "Laptop", "credential": json.dumps(credential)}
    client.post(f"{SECOND_FACTOR}/webauthn/add/", sent, **site)


def remove_passkey(client, alice):
    row = Authenticator.objects.create(
        user=alice, type="webauthn", data={"name": "Laptop", "credential": {}}
    )
    client.post(f"{SECOND_FACTOR}/webauthn/keys/{row.pk}/remove/")


CHANGES = {
    change_password: "Your password was changed",
    reset_password: "Your password was reset",
    set_password: "A password was set",
    change_email: "Your e-mail address was changed",
    cancel_email_change: "A change of your e-mail address was cancelled",
    activate_totp: "An authenticator app was added",
    deactivate_totp: "The authenticator app was removed",
    generate_recovery_codes: "New recovery codes were made",
    add_passkey: "A passkey was added",
    remove_passkey: "A passkey was removed",
}


# Where allauth tells of a change once it is committed.
TOLD_LATER = {activate_totp, generate_recovery_codes}
COMMITS = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            change, id=change.__name__, marks=[COMMITS] * (change in TOLD_LATER)
        )
        for change in CHANGES
    ],
)
def test_a_critical_change_has_a_verb_and_a_mail_of_its_own(
    alice, client, time_machine, change
):
    time_machine.move_to(NOW, tick=False)
    client.post("/account/login/", {"login": alice.email, "password": PASSWORD})
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    before = list(Event.objects.values_list("pk", flat=True))

    change(client, alice)

    event = Event.objects.exclude(pk__in=before).get()
    assert (event.verb, event.subject) == (change.__name__, "alice")
    assert (event.actor, event.via) == (alice, "admin")
    (message,) = mail.outbox
    assert message.subject == f"[Aerostack Hub] {CHANGES[change]}"
    assert message.to == ["alice@example.com"]
