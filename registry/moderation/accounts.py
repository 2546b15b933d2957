"""What staff may do to an account."""

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import transaction

from accounts.models import Account
from accounts.quotas import QUOTAS
from registry import errors
from registry.models import Decision
from registry.moderation.deciding import Grounds, decide, last

MAX_RAISED = 1_000_000  # things or MiB; the most that a setting takes, too


@transaction.atomic
def suspend_account(account: Account, grounds: Grounds, *, by: Account) -> Decision:
    """Stop sign-in and keys of ``account``; its published functions stay.

    Raises as ``decide``; Conflict when it is suspended already.
    """
    account = _locked(account)
    made = decide(
        "suspend_account", subject_of(account), grounds, by=by, account=account
    )
    if not account.is_active:
        raise errors.Conflict(f"{account.username} is suspended already.")
    account.is_active = False
    account.save(update_fields=["is_active"])
    _end_sessions(account)
    return made


@transaction.atomic
def restore_account(account: Account, grounds: Grounds, *, by: Account) -> Decision:
    """End a suspension: sign-in and keys work again.

    Raises as ``decide``; Conflict when it is not suspended.
    """
    account = _locked(account)
    subject = subject_of(account)
    made = decide(
        "restore_account",
        subject,
        grounds,
        by=by,
        account=account,
        reverses=last("suspend_account", subject=subject),
    )
    put_account_back(account)
    return made


@transaction.atomic
def force_sign_out(account: Account, grounds: Grounds, *, by: Account) -> Decision:
    """End every browser session of ``account``. Keys keep working.

    Raises as ``decide``.
    """
    account = _locked(account)
    made = decide(
        "force_sign_out", subject_of(account), grounds, by=by, account=account
    )
    _end_sessions(account)
    return made


@transaction.atomic
def require_second_factor(
    account: Account, grounds: Grounds, *, by: Account
) -> Decision:
    """Redirect every signed-in page of ``account`` until it has a second factor.

    Raises as ``decide``; Conflict when it is required already.
    """
    account = _locked(account)
    subject = subject_of(account)
    made = decide("require_second_factor", subject, grounds, by=by, account=account)
    _set_needs_factor(account, True)
    return made


@transaction.atomic
def waive_second_factor(account: Account, grounds: Grounds, *, by: Account) -> Decision:
    """Stop requiring a second factor of ``account``.

    Raises as ``decide``; Conflict when it is not required.
    """
    account = _locked(account)
    subject = subject_of(account)
    made = decide("waive_second_factor", subject, grounds, by=by, account=account)
    _set_needs_factor(account, False)
    return made


@transaction.atomic
def raise_quota(
    account: Account, name: str, limit: int, grounds: Grounds, *, by: Account
) -> Decision:
    """Let ``account`` have more than the Hub's limit of one quota.

    name: of accounts.quotas.QUOTAS. limit: in the quota's unit; more than the Hub's, at
    most MAX_RAISED. It may be less than it was raised to before.

    Raises as ``decide``; ValidationError; Conflict when that is its limit already.
    """
    account = _locked(account)
    before = account.raised_quotas.get(name)
    made = _decide_quota("raise_quota", account, name, limit, grounds, by)
    least = getattr(settings, QUOTAS[name].setting) + 1
    if not least <= limit <= MAX_RAISED:
        raise errors.ValidationError(
            f"Use {least:,} to {MAX_RAISED:,}: the Hub's limit is {least - 1:,}.",
            field="limit",
        )
    if limit == before:
        raise errors.Conflict(f"That limit of {account.username} is {limit:,} already.")
    account.raised_quotas[name] = limit
    account.save(update_fields=["raised_quotas"])
    return made


@transaction.atomic
def reset_quota(
    account: Account, name: str, grounds: Grounds, *, by: Account
) -> Decision:
    """Give ``account`` the Hub's limit of a quota again. It keeps what it has above.

    Raises as ``decide``; ValidationError; Conflict when it is not raised.
    """
    account = _locked(account)
    made = _decide_quota("reset_quota", account, name, None, grounds, by)
    if account.raised_quotas.pop(name, None) is None:
        raise errors.Conflict(f"That limit of {account.username} is not raised.")
    account.save(update_fields=["raised_quotas"])
    return made


def _decide_quota(
    action: str,
    account: Account,
    name: str,
    limit: int | None,
    grounds: Grounds,
    by: Account,
) -> Decision:
    """``decide``, for a locked account. Its Event has the limits before and after;
    None: the Hub's."""
    made = decide(
        action,
        subject_of(account),
        grounds,
        by=by,
        account=account,
        quota=name,
        before=account.raised_quotas.get(name),
        limit=limit,
    )
    if name not in QUOTAS:
        raise errors.ValidationError("There is no such quota.", field="name")
    return made


def subject_of(account: Account) -> str:
    """The subject of decisions on ``account``."""
    return f"account {account.username}"


def put_account_back(account: Account) -> None:
    """End the suspension of ``account``, a locked row. Raises Conflict if there is
    none."""
    if account.is_active:
        raise errors.Conflict(f"{account.username} is not suspended.")
    account.is_active = True
    account.save(update_fields=["is_active"])


def _locked(account: Account) -> Account:
    return Account.objects.select_for_update().get(pk=account.pk)


def _end_sessions(account: Account) -> None:
    for session in UserSession.objects.filter(user=account):
        session.end()


def _set_needs_factor(account: Account, wanted: bool) -> None:
    if account.needs_second_factor is wanted:
        is_so = "required" if wanted else "not required"
        raise errors.Conflict(f"A second factor is {is_so} already.")
    account.needs_second_factor = wanted
    account.save(update_fields=["needs_second_factor"])
