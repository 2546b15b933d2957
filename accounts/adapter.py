"""django-allauth's adapters: addresses, mails, audit, sessions.

docs/accounts.md describes the resulting behaviour.
"""

import base64
import hashlib
from datetime import timedelta

import qrcode
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.usersessions.internal.flows.sessions import end_other_sessions
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.http import url_has_allowed_host_and_scheme
from qrcode.image.svg import SvgPathFillImage

from accounts import mail, switches
from accounts.models import Account, record
from accounts.passwords import MAX_PASSWORD_CHARACTERS, MISMATCH
from accounts.registration import drop_unconfirmed
from core.http.limits import client_ip

# allauth's mail template for a change -> the verb of the Event.
VERBS = {
    "account/email/password_changed": "change_password",
    "account/email/password_reset": "reset_password",
    "account/email/password_set": "set_password",
    "account/email/email_changed": "change_email",
    "account/email/email_deleted": "cancel_email_change",
    "mfa/email/totp_activated": "activate_totp",
    "mfa/email/totp_deactivated": "deactivate_totp",
    "mfa/email/recovery_codes_generated": "generate_recovery_codes",
    "mfa/email/webauthn_added": "add_passkey",
    "mfa/email/webauthn_removed": "remove_passkey",
}
NAME = "Aerostack Hub"


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": MISMATCH,
        "too_many_login_attempts": "Too many attempts. Wait five minutes, then try "
        "again; nothing about the account has changed.",
        "rate_limited": "Too many attempts. Wait a few minutes, then try again.",
        "incorrect_code": "That code is not right, or it was used already. Enter the "
        "newest one.",
        "username_taken": "This username is taken. Choose another one.",
    }

    def is_open_for_signup(self, request) -> bool:
        return switches.is_off("sign_up") is None

    def get_client_ip(self, request) -> str:
        return client_ip(request)

    def is_safe_url(self, url) -> bool:
        """Allow paths of this site only, so that sign-in never redirects elsewhere."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def clean_password(self, password, user=None) -> str:
        if len(password) > MAX_PASSWORD_CHARACTERS:
            raise ValidationError(
                f"Use at most {MAX_PASSWORD_CHARACTERS} characters.", "too_long"
            )
        return super().clean_password(password, user)

    def confirm_email(self, request, email_address) -> bool:
        """Confirm the address, and delete other unconfirmed sign-ups with it.

        Nobody can have used those accounts.
        """
        rivals = Account.objects.filter(email__iexact=email_address.email)
        try:
            with transaction.atomic():
                drop_unconfirmed(
                    rivals.exclude(pk=email_address.user_id), older_than=timedelta(0)
                )
                return super().confirm_email(request, email_address)
        except IntegrityError:
            self.add_message(
                request,
                messages.ERROR,
                "account/messages/email_confirmation_failed.txt",
                {"email": email_address.email},
            )
            return False

    def send_mail(self, template_prefix, email, context) -> None:
        mail.send(template_prefix, email, **context)

    def send_notification_mail(self, template_prefix, user, context=None, email=None):
        """Called by allauth after each critical change.

        Mails the owner and writes the Event. A changed second factor also ends
        the account's other sessions; a changed password does so by itself,
        because sessions are bound to the password's hash.
        """
        record(VERBS[template_prefix], user, by=user, via="admin", stale=())
        if template_prefix.startswith("mfa/"):
            end_other_sessions(self.request, user)
        mail.notify(user, template_prefix, to=email, **(context or {}))

    def _get_login_attempts_cache_key(self, request, **credentials) -> str:
        # allauth's key includes the host name; one counter per e-mail is wanted.
        return credentials.get("email", credentials.get("username", "")).lower()


class MFAAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"],
        "unverified_email": "First confirm your new e-mail address, or keep the old "
        "one (under E-mail).",
    }

    def _get_site_name(self) -> str:
        return NAME

    def generate_authenticator_name(self, user, type) -> str:
        return "Passkey"

    def build_totp_svg(self, url) -> str:
        # The white background lets scanners read the code on a dark page.
        picture = qrcode.make(url, image_factory=SvgPathFillImage)
        return picture.to_string(encoding="unicode")

    def encrypt(self, text: str) -> str:
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _fernet().decrypt(encrypted_text.encode()).decode()


def _fernet() -> MultiFernet:
    """Encryption of second-factor secrets, with keys derived from SECRET_KEY."""
    return MultiFernet(
        Fernet(
            base64.urlsafe_b64encode(
                hashlib.sha256(b"accounts.mfa" + secret.encode()).digest()
            )
        )
        for secret in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    )
