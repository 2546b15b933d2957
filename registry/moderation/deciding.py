"""What every staff decision has in common: who may make it, and what is kept of it."""

from dataclasses import dataclass

from accounts.models import Account, record
from registry import errors, switches
from registry.models import Case, Decision, Function
from registry.models.moderation import RULES
from registry.publishing.retractions import sentence

VIA = "admin"
SWITCHING = ("throw_switch", "release_switch")
# Not in the public log: what is between the Hub and one account, and what would tell
# where a secret is before it is gone.
PRIVATE = frozenset(
    "force_sign_out require_second_factor waive_second_factor request_removal "
    "withdraw_removal".split()
    + [*SWITCHING]
)


@dataclass(frozen=True)
class Grounds:
    """On what grounds something is decided.

    rule: a key of RULES. reason: 1 to 300 characters, shown to whoever it concerns
    and in the public log. case: the one this closes. seen: ``latest_seen`` of the
    page the decision was made on; None skips the comparison.
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
    """Keep a decision and its Event; close the case it answers.

    Call it first inside the verb's transaction, with what it is about locked.
    subject: its ``str`` is kept. account: whom it concerns, else the function's owner.
    is_wide: whether pages of other functions change too.

    Raises NotFound (``by`` is not staff), OwnDecision, Conflict (somebody decided
    first; says what), ReadOnly, ValidationError.
    """
    require_staff(by)
    if action not in SWITCHING:
        switches.require()
    account = account or (function.owner if function else None)
    _refuse_own(by, account, grounds.case)
    subject = str(subject)[:200]
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
        stale=function.cache_subjects if function and not is_wide else None,
        rule=made.rule,
        reason=made.reason,
        decision=made.pk,
        **data,
    )
    return made


def require_staff(account: Account) -> None:
    """Raise NotFound for everyone who is not staff: the pages are not there."""
    if not (account.is_staff and account.is_active):
        raise errors.NotFound("There is nothing at this address.")


def latest_seen(about: object) -> int:
    """A number that grows with every decision on a function, or on a subject."""
    is_function = isinstance(about, Function)
    wanted = {"function": about} if is_function else {"subject": str(about)}
    latest = Decision.objects.filter(**wanted).first()
    return latest.pk if latest else 0


def locked(function: Function) -> Function:
    """``function`` as it stands, locked for this transaction (without joins; see
    publishing.drafts.owned)."""
    return Function.objects.select_for_update().get(pk=function.pk)


def require_published(function: Function) -> None:
    if not function.published_at:
        raise errors.Conflict(f"{function.slug} is not published.")


def last(action: str, **about) -> Decision | None:
    """The newest decision of that kind about something, to be taken back."""
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
