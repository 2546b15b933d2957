"""How accounts come into being outside the sign-up page."""

from django.db import transaction

from accounts.models import Account, record


@transaction.atomic
def create_account(
    username: str, email: str, password: str, *, via: str = "system", **fields
) -> Account:
    """An account whose e-mail counts as verified, made by an operator. Sends nothing.

    fields: further columns of Account, such as ``is_staff`` or ``display_name``.

    Raises django.core.exceptions.ValidationError for a name or e-mail that is
    taken, reserved or malformed.
    """
    account = Account.objects.create_user(username, email, password, **fields)
    account.emailaddress_set.create(email=account.email, verified=True, primary=True)
    record("create_account", username, by=None, via=via)
    return account
