"""Reports and appeals: one case per function, weighed, decided once."""

import pytest

from accounts.models import Event
from registry import errors, moderation
from registry.models import Case, Decision, FunctionQuarantine, Report
from registry.moderation import Grounds
from registry.moderation.reports import ANONYMOUS_CEILING
from tests.conftest import Api, make_account

PATH = "/api/community/reports"
GROUNDS = Grounds("It sends keys away.", "malware")


@pytest.fixture
def function(publish):
    return publish().function


@pytest.fixture
def anyone(client):
    return Api(client)


def send(api, **changes):
    data = {"function": "alice/image-resizer", "reason": "malware"} | changes
    return api("POST", PATH, data)


def report(function, by=None, source="1.2.3.4", **options):
    options = {"reason": "malware", "via": "api"} | options
    return moderation.report(function, by=by, source=source, **options)


def test_anyone_reports_over_the_api(function, anyone):
    answer = send(anyone, text="It posts c.env to a host.", version="1.0.0")

    assert answer.status_code == 202
    made = Report.objects.get()
    assert answer.json() == {"id": str(made.pk)}
    assert (made.text, made.version, made.reporter) == (
        "It posts c.env to a host.",
        "1.0.0",
        None,
    )
    assert made.source != "127.0.0.1"
    assert Event.objects.filter(verb="report", via="api").count() == 1


def test_account_key_names_the_reporter(function, client, bob):
    from tests.conftest import key_of

    send(Api(client, key_of(bob)))

    assert Report.objects.get().reporter == bob


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"function": "alice/nothing"}, 404, "NOT_FOUND"),
        ({"function": "alice"}, 400, "VALIDATION_ERROR"),
        ({"function": 7}, 400, "VALIDATION_ERROR"),
        ({"reason": "dislike"}, 400, "VALIDATION_ERROR"),
        ({"reason": None}, 400, "VALIDATION_ERROR"),
        ({"text": "x" * 2001}, 400, "VALIDATION_ERROR"),
        ({"text": "a\0b"}, 400, "VALIDATION_ERROR"),
        ({"version": "9.9.9"}, 400, "VALIDATION_ERROR"),
    ],
)
def test_bad_report_is_refused_and_not_kept(function, anyone, changes, status, code):
    answer = send(anyone, **changes)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Report.objects.exists()


def test_draft_is_not_reported(push, anyone):
    push()

    assert send(anyone).status_code == 404


def test_same_client_is_heard_once(function, anyone):
    first, again = send(anyone), send(anyone, text="Again!")

    assert first.json() == again.json()
    assert Report.objects.count() == Event.objects.filter(verb="report").count() == 1


def test_flood_is_one_case_that_weighs_little(function, bob):
    for number in range(60):
        report(function, source=f"10.0.0.{number}")

    case = Case.objects.get()
    assert (case.report_count, case.weight) == (60, ANONYMOUS_CEILING)
    function.refresh_from_db()
    assert function.is_listed
    assert not FunctionQuarantine.objects.exists()
    report(function, by=bob)
    case.refresh_from_db()
    assert case.weight == ANONYMOUS_CEILING + 3


def test_authors_weigh_more_and_false_alarms_less(function, publish, staff, bob):
    publish(by=bob, name="bobs-own")
    assert report(function, by=bob).weight == 5
    for _ in range(3):
        case = report(function, by=bob).case
        moderation.dismiss_case(case, Grounds("Nothing there."), by=staff)

    assert report(function, by=bob).weight == 1


def test_rate_limit_answers_429(function, anyone, settings):
    settings.RATE_LIMITS = True
    from django.core.cache import caches

    caches["local"].clear()
    answers = [send(anyone, reason="nothing").status_code for _ in range(11)]
    caches["local"].clear()

    assert answers == [400] * 10 + [429]


def test_dismissed_case_closes_and_a_new_report_opens_another(function, staff):
    case = report(function).case

    made = moderation.dismiss_case(case, Grounds("Nothing there."), by=staff)

    case.refresh_from_db()
    assert (made.action, case.decision) == ("dismiss_reports", made)
    assert report(function).case != case


def test_quarantine_closes_the_case(function, staff):
    case = report(function).case

    made = moderation.quarantine_function(
        function, Grounds("True.", "malware", case), by=staff
    )

    case.refresh_from_db()
    assert case.decision == made


def test_opposite_decisions_on_a_case_the_first_stands(function, staff):
    case = report(function).case
    moderation.dismiss_case(case, Grounds("Nothing there."), by=staff)
    second = make_account("mod2", is_staff=True)

    with pytest.raises(errors.Conflict, match="mod decided first.*Nothing there"):
        moderation.quarantine_function(
            function, Grounds("True.", "malware", case), by=second
        )

    assert not FunctionQuarantine.objects.exists()


# --- appeals


@pytest.fixture
def decision(function, staff):
    return moderation.quarantine_function(function, GROUNDS, by=staff)


@pytest.fixture
def second(db):
    return make_account("mod2", is_staff=True)


def test_granted_appeal_takes_the_decision_back(decision, function, alice, second):
    case = moderation.appeal(decision, "It is a test key.", by=alice)
    assert Decision.objects.get(pk=decision.pk).outcome == "under appeal"

    moderation.answer_appeal(case, Grounds("True, sorry."), by=second, grant=True)

    function.refresh_from_db()
    assert function.is_listed
    assert Decision.objects.get(pk=decision.pk).outcome == "taken back"


def test_rejected_appeal_leaves_the_decision(decision, function, alice, second):
    case = moderation.appeal(decision, "It is a test key.", by=alice)

    moderation.answer_appeal(case, Grounds("It is not."), by=second, grant=False)

    function.refresh_from_db()
    assert not function.is_listed
    decision = Decision.objects.get(pk=decision.pk)
    assert decision.outcome == "stands after an appeal"
    with pytest.raises(errors.Conflict, match="once"):
        moderation.appeal(decision, "Please!", by=alice)


def test_only_whom_it_concerns_appeals(decision, bob, staff):
    for other in (bob, staff):
        with pytest.raises(errors.NotFound):
            moderation.appeal(decision, "Let me.", by=other)


def test_who_decided_does_not_answer_the_appeal(decision, alice, staff, second):
    case = moderation.appeal(decision, "It is a test key.", by=alice)

    with pytest.raises(errors.OwnDecision, match="somebody else"):
        moderation.answer_appeal(case, Grounds("No."), by=staff, grant=False)


def test_only_moderator_may_answer_an_appeal(decision, alice, staff):
    case = moderation.appeal(decision, "It is a test key.", by=alice)

    assert moderation.answer_appeal(case, Grounds("Right."), by=staff, grant=True)


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001, "a\0"])
def test_appeal_needs_words(decision, alice, text):
    with pytest.raises(errors.ValidationError):
        moderation.appeal(decision, text, by=alice)

    assert not Case.objects.exists()


@pytest.mark.parametrize(
    ("verb", "undone"),
    [
        ("quarantine_version", lambda f: not f.versions.get().is_quarantined),
        ("hold_name", lambda f: not hasattr(f, "hold")),
        ("suspend_account", lambda f: f.owner.is_active),
    ],
)
def test_granting_undoes_each_kind(function, staff, second, alice, verb, undone):
    about = {
        "quarantine_version": function.versions.get(),
        "hold_name": function,
        "suspend_account": alice,
    }[verb]
    decision = getattr(moderation, verb)(about, GROUNDS, by=staff)
    case = moderation.appeal(decision, "Please look again.", by=alice)

    moderation.answer_appeal(case, Grounds("Right."), by=second, grant=True)

    assert undone(type(function).objects.get(pk=function.pk))
