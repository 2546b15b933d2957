"""Turn parts of the Hub off for everyone, and on again."""

from django.db import transaction

from accounts.models import Account, Switch
from accounts.switches import SWITCHES
from registry import errors
from registry.models import Decision
from registry.moderation.deciding import Grounds, decide, last


@transaction.atomic
def throw_switch(name: str, grounds: Grounds, *, by: Account) -> Decision:
    """Turn ``name``, a key of SWITCHES, off. Users are shown the reason.

    Raises as ``decide``; NotFound for another name; Conflict when it is off already.
    """
    if name not in SWITCHES:
        raise errors.NotFound("There is no such switch.")
    made = decide("throw_switch", f"switch {name}", grounds, by=by)
    _, is_new = Switch.objects.get_or_create(
        name=name, defaults={"reason": made.reason, "by": by}
    )
    if not is_new:
        raise errors.Conflict("It was turned off already.")
    return made


@transaction.atomic
def release_switch(name: str, grounds: Grounds, *, by: Account) -> Decision:
    """Turn ``name`` on again. Raises as ``decide``; Conflict when it is on."""
    subject = f"switch {name}"
    made = decide(
        "release_switch",
        subject,
        grounds,
        by=by,
        reverses=last("throw_switch", subject=subject),
    )
    deleted, _ = Switch.objects.filter(name=name).delete()
    if not deleted:
        raise errors.Conflict("It is on already.")
    return made
