"""Staff's verbs on names: reserve, release, rename, hold, except."""

import re

from django.db import transaction

from accounts.models import Account, ReservedName
from registry import errors, search
from registry.models import (
    Decision,
    Function,
    NameClaim,
    NameException,
    NameHold,
    Redirect,
)
from registry.moderation.deciding import Grounds, decide, last, locked, set_mark
from registry.names import check_name, look_alike
from registry.publishing import claims

RESERVABLE = re.compile(r"(?=(?:[^a-z0-9]*[a-z0-9]){2})[a-z0-9*][a-z0-9*-]{0,63}\Z")


@transaction.atomic
def reserve_name(name: str, grounds: Grounds, *, by: Account) -> Decision:
    """Keep ``name`` from being taken as a username or slug.

    name: lower case; ``*`` stands for any characters ("aws-*"). Accounts and functions
    that have such a name keep it.

    Raises as ``decide``; ValidationError; Conflict when it is reserved already.
    """
    name = name.strip().lower()
    if not RESERVABLE.match(name):
        raise errors.ValidationError(
            "Use 2 to 64 characters of a-z, 0-9, hyphens and *, at least two of them "
            "letters or digits.",
            field="name",
        )
    made = decide("reserve_name", f"name {name}", grounds, by=by)
    reserved, is_new = ReservedName.objects.get_or_create(
        name=name, defaults={"reason": made.reason, "by": by}
    )
    if not is_new:
        raise errors.Conflict(f"{name} is reserved already: {reserved.reason}")
    return made


@transaction.atomic
def release_name(reserved: ReservedName, grounds: Grounds, *, by: Account) -> Decision:
    """Let a reserved name be taken again.

    Raises as ``decide``; Conflict when it is not reserved, or belonged to a deleted
    account: old addresses must never lead to somebody else.
    """
    name = reserved.name
    made = decide("release_name", f"name {name}", grounds, by=by)
    held = ReservedName.objects.filter(name=name).first()
    if held is None:
        raise errors.Conflict(f"{name} is not reserved any more.")
    if held.by_id is None:
        raise errors.Conflict(
            f"{name} was retired with its account; it stays so, so that no old "
            "address serves somebody else."
        )
    held.delete()
    return made


@transaction.atomic
def rename_function(
    function: Function, slug: str, grounds: Grounds, *, by: Account
) -> Decision:
    """Give ``function`` another slug.

    If it was published, the old slug leads to it for good and nobody else may take it.

    Raises as ``decide``; InvalidName, ReservedName, DuplicateSlug; Conflict when it has
    that slug already.
    """
    function = locked(function)
    old, new = function.slug, check_name(slug, field="slug")
    made = decide(
        "rename_function", function, grounds, by=by, function=function, old=old, new=new
    )
    if new == old:
        raise errors.Conflict(f"The function is called {old} already.")
    _require_free(new, function)
    claims.take_name(new, function.owner)
    before = function.look_alike
    function.slug, function.look_alike = new, look_alike(new)
    function.save(update_fields=["slug", "look_alike"])
    # Not those of earlier owners, whose addresses are still left.
    Redirect.objects.filter(slug=new, username=function.owner.username).delete()
    if function.published_at:
        Redirect.objects.get_or_create(
            slug=old,
            username=function.owner.username,
            defaults={"function": function},
        )
    else:
        claims.release_if_unused(before, function.owner_id)
    NameHold.objects.filter(function=function).delete()
    search.index(function)
    return made


@transaction.atomic
def release_claim(function: Function, grounds: Grounds, *, by: Account) -> Decision:
    """Take the name from a function that was never published.

    Its author keeps the drafts. In a dispute the claimant gets the name.

    Raises as ``decide``; Conflict when it was published, or when nobody disputes the
    name and the function was active in the last 90 days.
    """
    function = locked(function)
    made = decide("release_claim", function, grounds, by=by, function=function)
    is_dispute = bool(grounds.case) and grounds.case.kind == "dispute"
    if function.published_at:
        raise errors.Conflict("A published name is never given to somebody else.")
    if "--" in function.slug or not (is_dispute or claims.is_idle(function)):
        raise errors.Conflict(f"{function} is not an idle claim.")
    claims.give_up(function)
    claims.release_if_unused(function.look_alike, function.owner_id)
    if is_dispute and grounds.case.claimant_id:
        NameClaim.objects.get_or_create(
            look_alike=function.look_alike, defaults={"owner": grounds.case.claimant}
        )
    return made


@transaction.atomic
def hold_name(function: Function, grounds: Grounds, *, by: Account) -> Decision:
    """Stop publishing under the name. Live versions stay.

    Raises as ``decide``; Conflict when it is held already.
    """
    function = locked(function)
    made = decide("hold_name", function, grounds, by=by, function=function)
    set_mark(
        NameHold, made, function=function, conflict=f"{function} is on hold already."
    )
    return made


@transaction.atomic
def lift_hold(function: Function, grounds: Grounds, *, by: Account) -> Decision:
    """Allow publishing under the name again.

    Raises as ``decide``; Conflict when it is not held.
    """
    function = locked(function)
    made = decide(
        "lift_hold",
        function,
        grounds,
        by=by,
        function=function,
        reverses=last("hold_name", function=function),
    )
    free_name(function)
    return made


@transaction.atomic
def except_name(
    slug: str, account: Account, grounds: Grounds, *, by: Account
) -> Decision:
    """Let ``account`` use ``slug`` although it reads like another account's name.

    Raises as ``decide``; InvalidName; Conflict when it was excepted already.
    """
    slug = check_name(slug, field="slug")
    subject = f"name {slug} for {account.username}"
    made = decide("except_name", subject, grounds, by=by, account=account)
    set_mark(
        NameException,
        made,
        slug=slug,
        account=account,
        conflict=f"{account.username} may use {slug} already.",
    )
    return made


@transaction.atomic
def withdraw_exception(
    exception: NameException, grounds: Grounds, *, by: Account
) -> Decision:
    """Take back an exception that was not used.

    Raises as ``decide``; Conflict when its account has a function of that name.
    """
    slug, account = exception.slug, exception.account
    subject = f"name {slug} for {account.username}"
    made = decide(
        "withdraw_exception",
        subject,
        grounds,
        by=by,
        account=account,
        reverses=last("except_name", subject=subject),
    )
    if Function.objects.owned_by(account).filter(slug=slug).exists():
        raise errors.Conflict(f"{account.username} has a function {slug}; rename it.")
    exception.delete()
    return made


def free_name(function: Function) -> None:
    """End the hold on ``function``, a locked row. Raises Conflict if there is none."""
    deleted, _ = NameHold.objects.filter(function=function).delete()
    if not deleted:
        raise errors.Conflict(f"{function} is not on hold.")


def _require_free(slug: str, function: Function) -> None:
    others = Function.objects.filter(slug=slug).exists()
    left = Redirect.objects.filter(slug=slug).exclude(function=function).exists()
    if others or left:
        raise errors.DuplicateSlug(
            f"The name {errors.shown(slug)} is taken, or leads to another function.",
            field="slug",
        )
