"""Check a password outside the sign-in page, with the same limits."""

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.core.context import request_context
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.models import Account

MAX_PASSWORD_CHARACTERS = 128  # OWASP ASVS 4.0.3, 2.1.2: longer ones are refused
FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
MISMATCH = "The e-mail address or the password is not right."


class WrongPassword(Exception):
    """Wrong e-mail or password. ``str()`` is a sentence for the person."""


class TooManyAttempts(WrongPassword):
    """Too many failed sign-ins; the password was not checked."""


class SecondFactorNeeded(Exception):
    """The password is right, but the account has a second factor."""


def check_password(
    email: str, password: str, request: HttpRequest | None = None
) -> Account:
    """The account that ``email`` and ``password`` sign in to.

    Failed attempts count against the limits of the sign-in page, per e-mail and
    per address of ``request``; an attempt that succeeds isn't counted.

    Raises WrongPassword (TooManyAttempts when the limit is reached; suspended
    accounts and unconfirmed e-mails too, once the password is right) and
    SecondFactorNeeded.
    """
    if "\0" in email:  # PostgreSQL refuses NUL in a query
        raise WrongPassword(MISMATCH)
    request = request or HttpRequest()
    with request_context(request):
        try:
            account = get_adapter().authenticate(
                request, email=email.strip().lower(), password=password
            )
        except ValidationError as error:
            raise TooManyAttempts(" ".join(error.messages)) from error
        if account is None:
            raise WrongPassword(MISMATCH)
        _require_usable(account)
    return account


def _require_usable(account: Account) -> None:
    if not account.is_active:
        raise WrongPassword(
            "This account is suspended. Its published functions stay; write to the "
            "people who run this Hub."
        )
    if not EmailAddress.objects.filter(user=account, verified=True).exists():
        raise WrongPassword(
            "Confirm the e-mail address first: sign in on the Hub's own page to have "
            "the link sent again."
        )
    if account.needs_second_factor or is_mfa_enabled(account, FACTORS):
        raise SecondFactorNeeded(
            "This account has a second factor. Make an account key at /account/keys "
            "and use that instead."
        )
