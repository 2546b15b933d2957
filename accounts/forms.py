"""allauth's forms of the sign-in pages, with our wording and a few more checks."""

from allauth.account import forms as account_forms
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as webauthn_forms
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.shortcuts import redirect

from accounts import mail
from accounts.models import Account, record
from accounts.names import look_alike
from accounts.registration import claim_username, drop_unconfirmed
from accounts.text import refuse_invisible

NO_PASSKEY = "The browser's answer was not a passkey of this account. Try again."
MAX_CREDENTIAL_CHARACTERS = 64 * 1024  # a real one has a few thousand
MAX_PASSKEYS = 20  # of one account
MALFORMED = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
PASSKEY_NAME_CHECKS = [MaxLengthValidator(80), refuse_invisible]
EMAIL_LABEL = "E-mail address"
CODE_ATTRIBUTES = {
    "autocomplete": "one-time-code",
    "inputmode": "numeric",
    "autofocus": True,
}


class OurLabels:
    """Replaces allauth's placeholders, labels and help texts."""

    labels: dict[str, str] = {}
    help_texts: dict[str, str] = {}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = self.labels.get(name, field.label)
            field.help_text = self.help_texts.get(name, field.help_text)


class LoginForm(OurLabels, account_forms.LoginForm):
    labels = {"login": EMAIL_LABEL}
    help_texts = {"password": ""}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # "webauthn" lets browsers offer a stored passkey in the same place.
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class SignupForm(OurLabels, account_forms.SignupForm):
    labels = {"email": EMAIL_LABEL}
    help_texts = {
        "username": Account._meta.get_field("username").help_text,
        "email": "Only the Hub sees it. You get a link to confirm it.",
    }

    def clean_username(self):
        asked_for = self.cleaned_data["username"]
        drop_unconfirmed(
            Account.objects.filter(
                Q(username=asked_for)
                | Q(username_claim__look_alike=look_alike(asked_for))
            )
        )
        return super().clean_username()

    def validate_unique_email(self, value):
        """Accept an address that another account asked to change to but never
        confirmed."""
        drop_unconfirmed(Account.objects.filter(email__iexact=value))
        self.account_already_exists = (
            Account.objects.filter(email__iexact=value).exists()
            or EmailAddress.objects.filter(email=value, verified=True).exists()
        )
        return value

    def try_save(self, request):
        if self.account_already_exists:
            # Hash a password here too, so that the time doesn't reveal whether the
            # address is taken.
            Account().set_password(self.cleaned_data["password1"])
        return super().try_save(request)

    def save(self, request):
        try:
            with transaction.atomic():
                account = super().save(request)
                claim_username(account)
                record("create_account", account, by=account, via="admin", stale=())
        except IntegrityError as error:
            messages.error(
                request,
                "Somebody took that username or address just now. If it was you, look "
                "into your mail; if not, choose another username.",
            )
            raise ImmediateHttpResponse(redirect("account_signup")) from error
        return account


class ChangeEmailForm(OurLabels, account_forms.AddEmailForm):
    labels = {"email": "New e-mail address"}


class ChangePasswordForm(OurLabels, account_forms.ChangePasswordForm):
    labels = {
        "oldpassword": "Current password",
        "password1": "New password",
        "password2": "New password, again",
    }
    help_texts = {"oldpassword": ""}


class ResetPasswordForm(OurLabels, account_forms.ResetPasswordForm):
    labels = {"email": EMAIL_LABEL}


class ResetPasswordKeyForm(OurLabels, account_forms.ResetPasswordKeyForm):
    labels = {"password1": "New password", "password2": "New password, again"}


class ReauthenticateForm(OurLabels, account_forms.ReauthenticateForm):
    help_texts = {"password": ""}


class _CodeMixin(OurLabels):
    labels = {"code": "Code"}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= CODE_ATTRIBUTES
        self.fields["code"].validators.append(MaxLengthValidator(20))

    def save(self):
        super().save()
        if self.authenticator.type == Authenticator.Type.RECOVERY_CODES:
            self.authenticator.refresh_from_db()
            left = len(self.authenticator.wrap().get_unused_codes())
            record("use_recovery_code", self.user, by=self.user, via="admin", stale=())
            mail.notify(self.user, "account/email/recovery_code_used", left=left)


class SecondFactorForm(_CodeMixin, mfa_forms.AuthenticateForm):
    help_texts = {"code": "From your authenticator app, or a recovery code."}


class SecondFactorAgainForm(_CodeMixin, mfa_forms.ReauthenticateForm):
    help_texts = SecondFactorForm.help_texts


class ActivateTOTPForm(OurLabels, totp_forms.ActivateTOTPForm):
    labels = {"code": "Code from the app"}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= CODE_ATTRIBUTES


class CredentialField(forms.JSONField):
    """The JSON answer of the browser's passkey dialog."""

    widget = forms.HiddenInput

    def to_python(self, value):
        # PostgreSQL stores no NUL, not even escaped.
        if value and (len(value) > MAX_CREDENTIAL_CHARACTERS or "\\u0000" in value):
            raise ValidationError(NO_PASSKEY)
        try:
            return super().to_python(value)
        # Very deep nesting; a number of more digits than Python reads.
        except (RecursionError, ValueError) as error:
            raise ValidationError(NO_PASSKEY) from error

    def bound_data(self, data, initial):
        return initial  # an answer is used once; a page never repeats it


class RenamePasskeyForm(OurLabels, webauthn_forms.EditWebAuthnForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["name"].validators += PASSKEY_NAME_CHECKS


class _CredentialMixin:
    """Refuses malformed answers; the library assumes well-formed ones."""

    def clean_credential(self):
        try:
            return super().clean_credential()
        except MALFORMED as error:
            raise ValidationError(NO_PASSKEY) from error


class PasskeyLoginForm(_CredentialMixin, webauthn_forms.LoginWebAuthnForm):
    credential = CredentialField()


class PasskeySecondFactorForm(
    _CredentialMixin, webauthn_forms.AuthenticateWebAuthnForm
):
    credential = CredentialField()


class PasskeyAgainForm(_CredentialMixin, webauthn_forms.ReauthenticateWebAuthnForm):
    credential = CredentialField()


class AddPasskeyForm(OurLabels, webauthn_forms.AddWebAuthnForm):
    credential = CredentialField()
    labels = {"name": "Name", "passwordless": "Sign in with this passkey alone"}
    help_texts = {
        "name": "To tell your passkeys apart, such as “Laptop”.",
        "passwordless": "The device then asks for its PIN, fingerprint or face. "
        "Without it, the passkey is a second factor beside your password.",
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["name"].validators += PASSKEY_NAME_CHECKS
        self.initial.setdefault("passwordless", True)

    def clean(self):
        rows = Authenticator.objects.filter(
            user=self.user, type=Authenticator.Type.WEBAUTHN
        )
        if rows.count() >= MAX_PASSKEYS:
            raise ValidationError(
                f"You have {MAX_PASSKEYS} passkeys; remove one first."
            )
        try:
            return super().clean()
        except MALFORMED as error:
            raise ValidationError(NO_PASSKEY) from error
