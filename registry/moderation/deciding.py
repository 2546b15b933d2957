"""What staff decisions have in common: who may decide, and what is recorded."""

from dataclasses import dataclass

from accounts.models import Account, record
from registry import errors, switches
from registry.models import Case, Decision, Function
from registry.models.moderation import RULES
from registry.publishing.retractions import sentence

VIA = "admin"
SWITCHING = ("throw_switch", "release_switch")
# Not in the public log: matters of one account, and removals that are not confirmed
# yet, which would reveal where a secret is.
PRIVATE = frozenset(
    "force_sign_out require_second_factor waive_second_factor request_removal "
    "withdraw_removal raise_quota reset_quota".split()
    + [*SWITCHING]
)


@dataclass(frozen=True)
class Grounds:
    """The grounds of a decision.

    rule: a key of RULES. reason: 1 to 300 characters, shown to the account concerned
    and in the public log. case: the Case that it closes. seen: ``latest_seen`` when the
    form was shown, to detect a decision made meanwhile; None skips that check.
    """

    reason: str
    rule: str = "upkeep"
    case: Case | None = None
    seen: int | None = None


def decide(
    action: str,
    subject: object,
    grounds: Grounds,
    *,
    by: Account,
    function: Function | None = None,
    account: Account | None = None,
    reverses: Decision | None = None,
    is_wide: bool = False,
    **data,
) -> Decision:
    """Record a decision and its Event, and close the case it answers.

    Call it first in the verb's transaction, with the subject's row locked.
    subject: its ``str`` is stored. account: whom it concerns; default the function's
    owner. reverses: the decision that this one takes back. data: more for the Event.
    is_wide: whether pages of other functions change too.

    Raises NotFound (``by`` is not staff), OwnDecision, Conflict (somebody else decided
    first), ReadOnly, ValidationError.
    """
    require_staff(by)
    if action not in SWITCHING:
        switches.require()
    account = account or (function.owner if function else None)
    _refuse_own(by, account, grounds.case)
    subject = str(subject)
    _refuse_late(grounds, function, subject)
    if grounds.rule not in RULES:
        raise errors.ValidationError("Choose the rule it rests on.", field="rule")
    made = Decision.objects.create(
        action=action,
        rule=grounds.rule,
        reason=sentence(grounds.reason, "reason"),
        subject=subject,
        function=function,
        account=account,
        reverses=reverses,
        is_public=action not in PRIVATE,
        by=by,
        by_name=by.username,
    )
    if grounds.case:
        Case.objects.filter(pk=grounds.case.pk).update(decision=made)
    record(
        action,
        subject,
        by=by,
        via=VIA,
        stale=_stale(made, is_wide, grounds.case),
        rule=made.rule,
        reason=made.reason,
        decision=made.pk,
        **data,
    )
    return made


def _stale(made: Decision, is_wide: bool, case: Case | None):
    """What ``record`` makes stale: see there. A case may be shown in the public log,
    whatever the decision that closes it."""
    if made.action in PRIVATE and made.action not in SWITCHING and not case:
        return ()
    return made.function.cache_subjects if made.function and not is_wide else None


def require_staff(account: Account) -> None:
    """Raise NotFound unless ``account`` is staff, so that staff's pages look
    missing."""
    if not (account.is_staff and account.is_active):
        raise errors.NotFound("There is nothing at this address.")


def latest_seen(about: object) -> int:
    """The id of the newest decision on a function or a subject; 0 without any."""
    is_function = isinstance(about, Function)
    wanted = {"function": about} if is_function else {"subject": str(about)}
    latest = Decision.objects.filter(**wanted).first()
    return latest.pk if latest else 0


def locked(function: Function) -> Function:
    """``function`` re-read and locked for this transaction (without joins; see
    publishing.drafts.owned)."""
    return Function.objects.select_for_update().get(pk=function.pk)


def require_published(function: Function) -> None:
    if not function.published_at:
        raise errors.Conflict(f"{function.slug} is not published.")


def set_mark(kind, made: Decision, *, conflict: str, **on) -> None:
    """Insert the ``kind`` of staff's mark that ``made`` decided.

    kind: a model such as NameHold. on: the fields that identify what it marks.

    Raises Conflict with the message ``conflict`` when the mark exists.
    """
    grounds = {"rule": made.rule, "reason": made.reason, "by": made.by}
    _, is_new = kind.objects.get_or_create(**on, defaults=grounds)
    if not is_new:
        raise errors.Conflict(conflict)


def last(action: str, **about) -> Decision | None:
    """The newest decision of this action about something."""
    return Decision.objects.filter(action=action, **about).first()


def _refuse_own(by: Account, account: Account | None, case: Case | None) -> None:
    if account and account.pk == by.pk:
        raise errors.OwnDecision("This is about you or a function of your own.")
    if case and case.claimant_id == by.pk:
        raise errors.OwnDecision("You brought this case yourself.")


def _refuse_late(grounds: Grounds, function: Function | None, subject: str) -> None:
    if grounds.case:
        case = Case.objects.select_for_update().filter(pk=grounds.case.pk).first()
        if case is None:
            raise errors.Conflict("The case is gone: its function was deleted.")
        if case.decision_id:
            raise _decided(case.decision)
    if grounds.seen is None:
        return
    about = {"function": function} if function else {"subject": subject}
    first = Decision.objects.filter(pk__gt=grounds.seen, **about).first()
    if first:
        raise _decided(first)


def _decided(first: Decision) -> errors.Conflict:
    return errors.Conflict(
        f"{first.by_name} decided first, on {first.at:%d %B %Y at %H:%M} UTC: "
        f"{first.words} {first.subject}. Reason: {first.reason}",
        decision=first.pk,
    )
