"""Appeals against decisions, one per decision."""

from django.db import transaction

from accounts.models import Account, record
from core.cache import versions
from registry import errors, switches
from registry.models import Case, Decision, Function
from registry.moderation import accounts, content, slugs
from registry.moderation.deciding import VIA, Grounds, decide, locked
from registry.moderation.reports import MAX_TEXT_CHARACTERS

ANSWERS = ("grant_appeal", "reject_appeal")
# Decisions that granting an appeal undoes. Staff undo the others by hand.
UNDONE = frozenset(
    "quarantine_function quarantine_version hold_name suspend_account".split()
)


@transaction.atomic
def appeal(decision: Decision, text: str, *, by: Account) -> Case:
    """Ask staff to look again at a decision that concerns ``by``.

    text: 1 to MAX_TEXT_CHARACTERS.

    Raises NotFound (the decision concerns somebody else), Conflict (it was appealed or
    taken back, or answers an appeal), ValidationError, ReadOnly.
    """
    switches.require()
    decision = Decision.objects.select_for_update().get(pk=decision.pk)
    if decision.account_id != by.pk:
        raise errors.NotFound("There is no such decision.")
    if not may_appeal(decision):
        raise errors.Conflict(
            "A decision can be appealed once, while it stands; this one was."
        )
    text = text.strip()
    if not 0 < len(text) <= MAX_TEXT_CHARACTERS or "\0" in text:
        raise errors.ValidationError(
            f"Say why in 1 to {MAX_TEXT_CHARACTERS} characters.", field="text"
        )
    case = Case.objects.create(
        kind="appeal",
        function=decision.function,
        appeal_of=decision,
        claimant=by,
        text=text,
    )
    log = [versions.ANYTHING]  # the public log says that it is under appeal
    record("appeal", decision.subject, by=by, via=VIA, decision=decision.pk, stale=log)
    return case


def may_appeal(decision: Decision) -> bool:
    """Whether the decision stands and was never appealed."""
    return (
        decision.action not in ANSWERS
        and decision.reverses_id is None
        and decision.outcome == "stands"
    )


@transaction.atomic
def answer_appeal(
    case: Case, grounds: Grounds, *, by: Account, grant: bool
) -> Decision:
    """Grant an appeal, which takes the decision back, or reject it.

    Decisions outside UNDONE are only marked as taken back.

    Raises as ``decide``; OwnDecision when ``by`` made the decision and there is
    somebody else on the staff; Conflict when the case is no appeal, or the decision
    was taken back meanwhile.
    """
    first = case.appeal_of
    if first is None:
        raise errors.Conflict("This case is no appeal.")
    function = locked(first.function) if first.function_id else None
    grounds = Grounds(grounds.reason, grounds.rule, case, grounds.seen)
    made = decide(
        "grant_appeal" if grant else "reject_appeal",
        first.subject,
        grounds,
        by=by,
        function=function,
        account=first.account,
        reverses=first if grant else None,
    )
    if first.by_id == by.pk and _others(by):
        raise errors.OwnDecision("You made this decision; somebody else answers.")
    if grant and first.action in UNDONE:
        _undo(first, function)
    return made


def _others(by: Account) -> bool:
    staff = Account.objects.filter(is_staff=True, is_active=True)
    return staff.exclude(pk=by.pk).exists()


def _undo(first: Decision, function: Function | None) -> None:
    if first.action == "suspend_account":
        account = Account.objects.select_for_update().get(pk=first.account_id)
        accounts.put_account_back(account)
    elif first.action == "quarantine_version":
        content.put_version_back(function, first.subject.rpartition("@")[2])
    elif first.action == "quarantine_function":
        content.put_function_back(function)
    else:
        slugs.free_name(function)
