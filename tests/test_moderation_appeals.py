"""Appeals: who may, once, against what; and who answers them."""

import pytest

from accounts.models import Account, Event
from core.cache import versions as cache
from registry import errors, moderation
from registry.models import Case, Decision, Function
from registry.moderation import Grounds
from tests.conftest import make_account
from tests.unchanged import verb_refused

GROUNDS = Grounds("It sends keys away.", "malware")


@pytest.fixture
def function(publish):
    return publish().function


@pytest.fixture
def decision(function, staff):
    return moderation.quarantine_function(function, GROUNDS, by=staff)


@pytest.fixture
def second(db):
    return make_account("mod2", is_staff=True)


@pytest.fixture
def case(decision, alice):
    return moderation.appeal(decision, "  It is a test key. ", by=alice)


# --- who answers


# who else is on the staff -> whether the one who decided has to leave it to them
OTHERS = {
    "nobody": ({}, False),
    "an active moderator": ({"is_staff": True}, True),
    "suspended staff": ({"is_staff": True, "is_active": False}, False),
    "an account that is no staff": ({"is_staff": False}, False),
}


@pytest.mark.parametrize("grant", [True, False])
@pytest.mark.parametrize("others", OTHERS)
def test_who_decided_answers_only_where_nobody_else_can(case, staff, others, grant):
    state, is_left_to_them = OTHERS[others]
    if state:
        make_account("other", **state)
    answer = (errors.OwnDecision, moderation.answer_appeal, case, Grounds("Well."))

    if is_left_to_them:
        verb_refused(*answer, by=staff, grant=grant, match="somebody else answers")
    else:
        made = moderation.answer_appeal(case, Grounds("Well."), by=staff, grant=grant)
        assert made.action == ("grant_appeal" if grant else "reject_appeal")


@pytest.mark.parametrize(
    ("who", "error"),
    [
        ({"is_staff": True, "is_active": False}, errors.NotFound),
        ({}, errors.NotFound),
        ({"is_staff": True}, None),
    ],
)
def test_appeal_is_answered_by_active_staff(case, who, error):
    by = make_account("other", **who)

    if error:
        verb_refused(
            *(error, moderation.answer_appeal, case, Grounds("No.")), by=by, grant=True
        )
    else:
        assert moderation.answer_appeal(case, Grounds("No."), by=by, grant=False)


def test_staff_who_appealed_do_not_answer(case, alice, second):
    Account.objects.filter(pk=alice.pk).update(is_staff=True)
    alice.refresh_from_db()

    verb_refused(
        *(errors.OwnDecision, moderation.answer_appeal, case, Grounds("Yes.")),
        by=alice,
        grant=True,
    )


# --- appealing


def test_appeal_keeps_who_what_and_why(case, decision, function, alice):
    assert (case.kind, case.function, case.appeal_of, case.claimant) == (
        "appeal",
        function,
        decision,
        alice,
    )
    assert case.text == "It is a test key."
    event = Event.objects.get(verb="appeal")
    assert (event.actor, event.via, event.subject) == (
        alice,
        "admin",
        "alice/image-resizer",
    )
    assert event.data["decision"] == decision.pk


@pytest.mark.parametrize(
    ("text", "fits"), [("x", True), ("ä" * 2000, True), ("ä" * 2001, False)]
)
def test_appeal_is_1_to_2000_characters(decision, alice, text, fits):
    if fits:
        assert moderation.appeal(decision, text, by=alice).text == text
    else:
        refusal = verb_refused(
            *(errors.ValidationError, moderation.appeal, decision, text), by=alice
        )
        assert refusal.field == "text"


def test_read_only_mode_takes_no_appeals(decision, alice, staff):
    moderation.throw_switch("read_only", Grounds("We move."), by=staff)

    verb_refused(*(errors.ReadOnly, moderation.appeal, decision, "Please."), by=alice)


def lifted(decision, case, staff, second):
    moderation.lift_function_quarantine(decision.function, Grounds("Ok."), by=second)
    return decision


def lifting(decision, case, staff, second):
    return moderation.lift_function_quarantine(
        decision.function, Grounds("Ok."), by=second
    )


def rejection(decision, case, staff, second):
    made = moderation.appeal(decision, "Please.", by=decision.function.owner)
    return moderation.answer_appeal(made, Grounds("No."), by=second, grant=False)


def granting(decision, case, staff, second):
    made = moderation.appeal(decision, "Please.", by=decision.function.owner)
    return moderation.answer_appeal(made, Grounds("Yes."), by=second, grant=True)


def appealed(decision, case, staff, second):
    moderation.appeal(decision, "Please.", by=decision.function.owner)
    return decision


@pytest.mark.parametrize("what", [lifted, lifting, rejection, granting, appealed])
def test_what_does_not_stand_alone_is_not_appealed(
    decision, alice, staff, second, what
):
    about = what(decision, None, staff, second)
    assert not moderation.may_appeal(Decision.objects.get(pk=about.pk))

    verb_refused(
        *(errors.Conflict, moderation.appeal, about, "Again."),
        by=alice,
        match="appealed once",
    )


def test_appeal_makes_the_public_log_stale(
    decision, alice, django_capture_on_commit_callbacks
):
    subject = decision.function.pages_subject
    log, page = cache.current([cache.ANYTHING]), cache.current([subject])

    with django_capture_on_commit_callbacks(execute=True):
        moderation.appeal(decision, "Please.", by=alice)

    assert cache.current([cache.ANYTHING]) != log
    assert cache.current([subject]) == page


# --- answers


@pytest.mark.parametrize(
    ("grant", "action", "outcome"),
    [
        (True, "grant_appeal", "taken back"),
        (False, "reject_appeal", "stands after an appeal"),
    ],
)
def test_answer_is_a_decision_about_the_same(
    case, decision, function, alice, second, grant, action, outcome
):
    made = moderation.answer_appeal(case, Grounds("Well."), by=second, grant=grant)

    assert (made.action, made.subject, made.function, made.account) == (
        action,
        "alice/image-resizer",
        function,
        alice,
    )
    assert made.reverses == (decision if grant else None)
    assert Decision.objects.get(pk=decision.pk).outcome == outcome
    case.refresh_from_db()
    assert case.decision == made


@pytest.mark.parametrize("kind", ["report", "dispute", "look_alike"])
def test_other_cases_are_no_appeals(function, second, kind):
    case = Case.objects.create(kind=kind, function=function)

    for grant in (True, False):
        verb_refused(
            *(errors.Conflict, moderation.answer_appeal, case, Grounds("Yes.")),
            by=second,
            grant=grant,
            match="no appeal",
        )


def test_appeal_is_not_dismissed(case, second):
    verb_refused(
        *(errors.Conflict, moderation.dismiss_case, case, Grounds("No.")),
        by=second,
        match="granted or rejected",
    )


# A decision, by its verb -> whether it is still so once the appeal is granted
DECISIONS = {
    "quarantine_function": (
        lambda f, by: moderation.quarantine_function(f, GROUNDS, by=by),
        lambda f: hasattr(f, "quarantine"),
    ),
    "hold_name": (
        lambda f, by: moderation.hold_name(f, GROUNDS, by=by),
        lambda f: hasattr(f, "hold"),
    ),
    "quarantine_version": (
        lambda f, by: moderation.quarantine_version(f.versions.get(), GROUNDS, by=by),
        lambda f: f.versions.get().is_quarantined,
    ),
    "suspend_account": (
        lambda f, by: moderation.suspend_account(f.owner, GROUNDS, by=by),
        lambda f: not f.owner.is_active,
    ),
    "rename_function": (
        lambda f, by: moderation.rename_function(f, "new-name", GROUNDS, by=by),
        lambda f: f.slug == "new-name",
    ),
    "require_second_factor": (
        lambda f, by: moderation.require_second_factor(f.owner, GROUNDS, by=by),
        lambda f: f.owner.needs_second_factor,
    ),
}
UNDONE = ("quarantine_function", "hold_name", "quarantine_version", "suspend_account")


@pytest.mark.parametrize("grant", [True, False])
@pytest.mark.parametrize("verb", DECISIONS)
def test_granting_undoes_four_decisions_and_marks_the_others(
    function, alice, staff, second, verb, grant
):
    decide, is_so = DECISIONS[verb]
    case = moderation.appeal(decide(function, staff), "Please.", by=alice)

    moderation.answer_appeal(case, Grounds("Well."), by=second, grant=grant)

    function = Function.objects.get(pk=function.pk)
    assert is_so(function) is not (grant and verb in UNDONE)


def test_appeal_against_what_was_undone_meanwhile_is_not_granted(
    case, decision, second
):
    third = make_account("mod3", is_staff=True)
    moderation.lift_function_quarantine(decision.function, Grounds("Ok."), by=second)

    verb_refused(
        *(errors.Conflict, moderation.answer_appeal, case, Grounds("Yes.")),
        by=third,
        grant=True,
        match="not quarantined",
    )
    made = moderation.answer_appeal(case, Grounds("Done."), by=third, grant=False)
    assert made.action == "reject_appeal"
