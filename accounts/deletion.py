"""Deleting an account, for good."""

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from accounts import mail
from accounts.models import Account, ReservedName, record

MAX_NAMED = 20  # names listed in a refusal


class StillOwns(Exception):
    """The account still owns something. Nothing was deleted.

    names: what it owns, at most MAX_NAMED; empty when it was published meanwhile.
    """

    def __init__(self, names: list[str]):
        self.names = names


def delete_account(account: Account, *, by: Account, via: str = "admin") -> None:
    """Delete ``account``: its profile, keys, projects and sessions.

    The username is reserved for good, so that no old address ever leads to somebody
    else. Its Events stay, with the name in them.

    Raises StillOwns while functions (or other rows that protect their account)
    are left.
    """
    username, email = account.username, account.email
    try:
        with transaction.atomic():
            ReservedName.objects.get_or_create(
                name=username, defaults={"reason": "retired with its account"}
            )
            record("delete_account", username, by=by, via=via)
            Account.objects.get(pk=account.pk).delete()
    except ProtectedError as error:
        raise StillOwns(_names(error.protected_objects)) from error
    except IntegrityError as error:  # something was published meanwhile
        raise StillOwns([]) from error
    mail.notify(account, "account/email/account_deleted", to=email)


def _names(rows) -> list[str]:
    """The paths of functions among ``rows``; the other rows only when there are no
    functions."""
    functions = {row.path for row in rows if hasattr(row, "path")}
    return sorted(functions or {str(row) for row in rows})[:MAX_NAMED]
