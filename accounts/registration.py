"""Make accounts outside the sign-up page, and delete unconfirmed ones."""

from contextlib import suppress
from datetime import timedelta

from django.db import transaction
from django.db.models import ProtectedError, QuerySet
from django.utils import timezone

from accounts.models import Account, UsernameClaim, record
from accounts.names import look_alike

UNCONFIRMED_LIFE = timedelta(days=7)  # after that its name and address are free


@transaction.atomic
def create_account(
    username: str, email: str, password: str, *, via: str = "system", **fields
) -> Account:
    """Make an account with a verified e-mail, for an operator. Sends no mail.

    fields: further columns of Account, such as ``is_staff`` or ``display_name``.

    Raises django.core.exceptions.ValidationError for a name or e-mail that is
    taken, reserved or malformed; IntegrityError when it is taken at this moment.
    """
    account = Account.objects.create_user(username, email, password, **fields)
    claim_username(account)
    account.emailaddress_set.create(email=account.email, verified=True, primary=True)
    record("create_account", username, by=None, via=via, stale=())
    return account


def claim_username(account: Account) -> None:
    """Take the normal form of a new account's username, in its transaction.

    Raises django.db.IntegrityError when another name that reads alike was taken
    meanwhile.
    """
    UsernameClaim.objects.create(
        look_alike=look_alike(account.username), account=account
    )


def drop_unconfirmed(
    accounts: QuerySet[Account], *, older_than: timedelta = UNCONFIRMED_LIFE
) -> None:
    """Delete those of ``accounts`` whose e-mail was never confirmed and that nobody
    signed in to. An account that owns something stays.
    """
    lapsed = accounts.filter(
        joined_at__lte=timezone.now() - older_than,
        last_login=None,
        emailaddress__verified=False,
    ).exclude(emailaddress__verified=True)
    for account in lapsed.distinct():
        with suppress(ProtectedError), transaction.atomic():
            record("drop_sign_up", account, by=None, via="system")
            UsernameClaim.objects.filter(account=account).delete()
            account.delete()
