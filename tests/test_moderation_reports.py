"""Reports and appeals: one case per function, weighed, decided once."""

import pytest
from django.core.cache import caches

from accounts.deletion import delete_account
from accounts.models import Event
from core.cache import versions as cache
from registry import errors, moderation
from registry.models import Case, Decision, Function, FunctionQuarantine, Report
from registry.moderation import Grounds
from registry.moderation.reports import record_of
from tests.conftest import Api, key_of, make_account
from tests.unchanged import refused

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
    assert (case.report_count, case.weight) == (60, 5)
    function.refresh_from_db()
    assert function.is_listed
    assert not FunctionQuarantine.objects.exists()
    report(function, by=bob)
    case.refresh_from_db()
    assert case.weight == 5 + 3


def test_authors_weigh_more_and_false_alarms_less(function, publish, staff, bob):
    publish(by=bob, name="bobs-own")
    assert report(function, by=bob).weight == 5
    for _ in range(3):
        case = report(function, by=bob).case
        moderation.dismiss_case(case, Grounds("Nothing there."), by=staff)

    assert report(function, by=bob).weight == 1


def test_client_sends_10_reports_an_hour(function, anyone, settings, time_machine):
    settings.RATE_LIMITS = True
    time_machine.move_to("2026-03-01T12:00:00Z", tick=False)
    caches["local"].clear()

    answers = [send(anyone, reason="nothing") for _ in range(11)]
    time_machine.move_to("2026-03-01T12:59:59Z", tick=False)
    answers.append(send(anyone, reason="nothing"))
    time_machine.move_to("2026-03-01T13:00:00Z", tick=False)
    answers.append(send(anyone, reason="nothing"))
    caches["local"].clear()

    assert [answer.status_code for answer in answers] == [400] * 10 + [429, 429, 400]
    assert answers[0].headers["RateLimit-Policy"] == '"reports";q=10;w=3600'
    assert "Retry-After" not in answers[9].headers
    assert answers[10].headers["Retry-After"] == "3600"
    assert answers[11].headers["Retry-After"] == "1"


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


# --- what a report needs


@pytest.mark.parametrize(
    "reason", ["malware", "secret", "license", "name", "spam", "other"]
)
def test_report_gives_one_of_six_reasons(function, reason):
    assert report(function, reason=reason).reason == reason


def test_unknown_reason_is_answered_with_those_there_are(function):
    with refused(
        errors.ValidationError, "malware, secret, license, name, spam, other"
    ) as caught:
        report(function, reason="legal")

    assert caught.value.field == "reason"


def test_report_has_2000_characters_at_most(function):
    with refused(errors.ValidationError, "2000 characters") as caught:
        report(function, text="é" * 2001)
    assert caught.value.field == "text"

    assert report(function, text="é" * 2000).text == "é" * 2000


def test_report_names_a_version_of_that_function(function, publish):
    publish(name="other-thing", version="7.0.0")

    with refused(errors.ValidationError, "image-resizer has no version") as caught:
        report(function, version="7.0.0")

    assert caught.value.field == "version"
    assert report(function, version="1.0.0").version == "1.0.0"


def test_what_was_taken_down_can_still_be_reported(function, staff):
    moderation.quarantine_function(function, GROUNDS, by=staff)

    assert report(function).case.function == function


def test_draft_is_not_there_for_reports(push):
    function = push().function

    with refused(errors.NotFound, "no such function"):
        report(function)


@pytest.mark.parametrize("switch", ["reports", "read_only"])
def test_reports_turned_off_are_not_kept(function, staff, switch):
    moderation.throw_switch(switch, Grounds("Swamped."), by=staff)

    with refused(errors.ReadOnly, "Swamped."):
        report(function)


def test_other_switches_take_reports(function, staff):
    moderation.throw_switch("publishing", Grounds("Swamped."), by=staff)

    assert report(function)


# --- whose reports count, and how much


def test_each_reporter_counts_once_in_a_case(function, bob, alice):
    first = report(function, by=bob, source="1.1.1.1", text="First.")
    again = report(function, by=bob, source="2.2.2.2", text="Again.", reason="spam")
    assert (again, again.text) == (first, "First.")
    report(function, by=alice, source="1.1.1.1")
    report(function, source="1.1.1.1")
    report(function, source="1.1.1.1")
    report(function, source="2.2.2.2")

    case = Case.objects.get()
    assert (case.report_count, Report.objects.count()) == (4, 4)
    assert case.weight == 3 + 5 + 1 + 1


def test_reporter_counts_in_each_function_reported(function, publish):
    other = publish(name="other-thing").function

    assert report(function).case != report(other).case
    assert Report.objects.count() == 2
    assert set(Case.objects.values_list("report_count", "weight")) == {(1, 1)}


def test_address_is_kept_as_a_keyed_hash(function, bob, settings):
    sources = [report(function).source, report(function, by=bob).source]
    settings.SECRET_KEY = "another"
    other = report(function).source

    assert len({*sources, other}) == 3
    assert all(len(source) == 64 for source in sources)


@pytest.mark.parametrize(("count", "weight"), [(1, 1), (4, 4), (5, 5), (6, 5)])
def test_anonymous_reports_weigh_5_together_at_most(function, count, weight):
    for number in range(count):
        report(function, source=f"10.0.0.{number}")

    assert Case.objects.get().weight == weight


def test_accounts_add_their_weights(function, publish, bob):
    publish(by=bob, name="bobs-own")
    for by in (bob, make_account("carol"), make_account("dave")):
        report(function, by=by)

    assert Case.objects.get().weight == 5 + 3 + 3


def test_only_a_listed_function_makes_an_author(function, publish, push, staff, bob):
    draft = push(by=bob, name="bobs-draft")
    assert report(function, by=bob).weight == 3

    publish(by=bob, name="bobs-own")
    moderation.quarantine_function(
        Function.objects.get(slug="bobs-own"), GROUNDS, by=staff
    )
    other = publish(name="other-thing").function
    assert report(other, by=bob).weight == 3
    assert draft.function.published_at is None


def decided(account, publish, staff, *, dismissed=0, upheld=0):
    """Reports of the account that staff dismissed and upheld, one function for each."""
    for number in range(dismissed + upheld):
        about = publish(name=f"thing-number-{number}").function
        case = report(about, by=account).case
        if number < dismissed:
            moderation.dismiss_case(case, Grounds("Nothing there."), by=staff)
        else:
            why = Grounds("True.", "malware", case)
            moderation.quarantine_function(about, why, by=staff)


@pytest.mark.parametrize(
    ("dismissed", "upheld", "weight"),
    [(2, 0, 3), (3, 0, 1), (3, 2, 1), (3, 3, 3), (4, 3, 1), (0, 3, 3)],
)
def test_who_was_wrong_3_times_and_more_often_than_right_weighs_1(
    function, publish, staff, bob, dismissed, upheld, weight
):
    decided(bob, publish, staff, dismissed=dismissed, upheld=upheld)

    assert record_of(bob) == (upheld, dismissed)
    assert report(function, by=bob).weight == weight
    assert report(function, by=make_account("carol")).weight == 3


def test_open_and_others_reports_are_in_nobodys_record(function, staff, bob, alice):
    case = report(function, by=alice).case
    moderation.dismiss_case(case, Grounds("Nothing there."), by=staff)
    report(function, by=bob)

    assert record_of(bob) == (0, 0)
    assert record_of(alice) == (0, 1)


def test_kept_name_and_allowed_name_dismiss_what_was_reported(function, staff, bob):
    case = report(function, by=bob, reason="name").case

    moderation.dismiss_case(case, Grounds("It is a word."), by=staff)

    assert record_of(bob) == (0, 1)


# --- cases


def test_report_about_a_name_is_a_dispute_for_an_account_alone(function, bob):
    nameless = report(function, reason="name", text="Ours.").case
    dispute = report(function, reason="name", by=bob, text="Ours.").case
    of_malware = report(function, by=bob, text="It steals.").case

    assert nameless == of_malware
    assert (nameless.kind, nameless.claimant, nameless.text) == ("report", None, "")
    assert (dispute.kind, dispute.claimant, dispute.text) == ("dispute", bob, "Ours.")


def test_dispute_is_of_who_opened_it(function, bob):
    case = report(function, reason="name", by=bob, text="Ours.").case
    carol = make_account("carol")

    assert report(function, reason="name", by=carol, text="No, ours.").case == case

    case.refresh_from_db()
    assert (case.claimant, case.text, case.report_count) == (bob, "Ours.", 2)


def test_report_is_in_the_audit_and_changes_no_page(
    function, bob, django_capture_on_commit_callbacks
):
    before = cache.current([function.pages_subject, cache.ANYTHING])

    with django_capture_on_commit_callbacks(execute=True):
        made = report(function, by=bob, via="hub")

    assert cache.current([function.pages_subject, cache.ANYTHING]) == before
    event = Event.objects.get(verb="report")
    assert (event.subject, event.actor, event.via) == (
        "alice/image-resizer",
        bob,
        "hub",
    )
    assert event.data == {"actor": "bob", "report": made.pk, "reason": "malware"}


def test_reports_of_a_deleted_account_stay_in_the_case(function, bob):
    made = report(function, by=bob)

    delete_account(bob, by=bob)

    made.refresh_from_db()
    assert (made.reporter, made.case.report_count, made.case.weight) == (None, 1, 3)


def test_closed_case_takes_no_more_reports(function, staff, bob):
    closed = report(function).case
    moderation.dismiss_case(closed, Grounds("Nothing there."), by=staff)

    opened = report(function, by=bob).case

    closed.refresh_from_db()
    opened.refresh_from_db()
    assert (closed.report_count, closed.weight) == (1, 1)
    assert (opened.report_count, opened.weight) == (1, 3)


def test_dismissing_a_case_leaves_the_others_open(function, publish, staff, bob):
    other = publish(name="other-thing").function
    case = report(function).case
    left = [report(other).case, report(function, reason="name", by=bob).case]

    moderation.dismiss_case(case, Grounds("Nothing there."), by=staff)

    assert list(Case.objects.open().order_by("pk")) == left


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
