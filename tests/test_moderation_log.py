"""The public log and the audit: what is in them, in pages, and what they make stale."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Event, record
from core.cache import versions as cache
from registry import errors, moderation
from registry.models import Case, Decision
from registry.moderation import Grounds, latest_seen
from registry.moderation.log import EventFilter, page_by_id, public_decisions
from tests.conftest import make_account
from tests.test_moderation_deciding import VERBS, Scene
from tests.unchanged import refused

pytestmark = pytest.mark.django_db

GROUNDS = Grounds("It has to be.", "other")
# Source: docs/moderation.md, "The public log": sign-outs, required second factors,
# limits of an account, switches and unconfirmed removals.
PRIVATE = {
    "force_sign_out",
    "require_second_factor",
    "waive_second_factor",
    "raise_quota",
    "reset_quota",
    "throw_switch",
    "release_switch",
    "request_removal",
    "withdraw_removal",
}


@pytest.fixture
def scene(publish, push):
    return Scene(publish(), push)


@pytest.fixture
def function(publish):
    return publish().function


# --- the public log


@pytest.mark.parametrize("name", VERBS)
def test_log_leaves_out_what_is_private_and_nothing_else(scene, staff, client, name):
    verb = VERBS[name]
    verb.prepare(scene)

    verb.call(scene, GROUNDS, staff)

    shown = client.get("/moderation.json").json()["decisions"]
    is_shown = name in [row["action"] for row in shown]
    assert is_shown is (name not in PRIVATE)


ONE_FUNCTION = {
    *("quarantine_function", "lift_function_quarantine", "quarantine_version"),
    *("lift_version_quarantine", "hold_name", "lift_hold", "rename_function"),
    *("force_transfer", "dismiss_reports", "keep_name", "allow_name", "grant_appeal"),
    *("reject_appeal", "release_claim"),
}
NO_PAGE = PRIVATE - {"throw_switch", "release_switch"}


@pytest.mark.parametrize("name", VERBS)
def test_decision_makes_stale_what_shows_it(
    scene, staff, publish, name, django_capture_on_commit_callbacks
):
    verb = VERBS[name]
    verb.prepare(scene)
    about = scene.claim if name == "release_claim" else scene.function
    page, other = [about.pages_subject], [f"function:{about.pk + 1000}"]
    before = [cache.current(each) for each in (page, other, [cache.ANYTHING])]

    with django_capture_on_commit_callbacks(execute=True):
        verb.call(scene, GROUNDS, staff)

    changed = [
        cache.current(each) != old
        for each, old in zip((page, other, [cache.ANYTHING]), before, strict=True)
    ]
    if name in NO_PAGE:
        assert changed == [False, False, False]
    elif name in ONE_FUNCTION:
        assert changed == [True, False, True]
    else:
        assert changed == [True, True, True]


@pytest.mark.parametrize("name", sorted(NO_PAGE))
def test_private_decision_that_closes_a_case_makes_the_log_stale(
    scene, staff, name, django_capture_on_commit_callbacks
):
    verb = VERBS[name]
    verb.prepare(scene)
    grounds = Grounds("It has to be.", "other", scene.case("report"))
    before = cache.current([cache.ANYTHING])

    with django_capture_on_commit_callbacks(execute=True):
        verb.call(scene, grounds, staff)

    assert cache.current([cache.ANYTHING]) != before


def test_log_says_what_was_taken_back_and_appealed_at_no_cost(
    function, alice, staff, django_assert_num_queries
):
    moderation.hold_name(function, GROUNDS, by=staff)
    moderation.lift_hold(function, GROUNDS, by=staff)
    made = moderation.quarantine_function(function, GROUNDS, by=staff)
    moderation.appeal(made, "Please.", by=alice)

    with django_assert_num_queries(3):
        shown = {row.action: row.outcome for row in public_decisions()}

    assert shown == {
        "hold_name": "taken back",
        "lift_hold": "stands",
        "quarantine_function": "under appeal",
    }


# --- late decisions


def test_late_decision_says_who_decided_what_when_and_why(function, staff):
    first = moderation.hold_name(function, Grounds("It is disputed."), by=staff)
    Decision.objects.update(at=datetime(2026, 3, 1, 9, 5, tzinfo=UTC))
    second = make_account("mod2", is_staff=True)

    with refused(errors.Conflict) as caught:
        moderation.quarantine_function(
            function, Grounds("Spam.", "spam", seen=0), by=second
        )

    assert caught.value.message == (
        "mod decided first, on 01 March 2026 at 09:05 UTC: hold name "
        "alice/image-resizer. Reason: It is disputed."
    )
    assert caught.value.extra == {"decision": first.pk}


def test_late_decision_is_told_the_newest_of_several(function, staff):
    moderation.hold_name(function, GROUNDS, by=staff)
    moderation.lift_hold(function, Grounds("It was settled."), by=staff)

    with refused(errors.Conflict, "lift hold.*It was settled"):
        late = Grounds("Spam.", "spam", seen=0)
        moderation.quarantine_function(function, late, by=staff)


def test_what_was_seen_is_the_newest_decision_about_it(function, publish, staff):
    other = publish(name="other-thing").function
    assert (latest_seen(function), latest_seen("name aws-*")) == (0, 0)
    moderation.hold_name(function, GROUNDS, by=staff)
    newest = moderation.lift_hold(function, GROUNDS, by=staff)
    reserved = moderation.reserve_name("aws-*", GROUNDS, by=staff)
    moderation.reserve_name("gcp-*", GROUNDS, by=staff)

    assert latest_seen(function) == newest.pk
    assert latest_seen(other) == 0
    assert latest_seen("name aws-*") == reserved.pk


def test_case_of_a_deleted_function_is_a_conflict(function, staff, bob):
    case = moderation.report(
        function, reason="spam", by=bob, source="x", via="api"
    ).case
    Case.objects.all().delete()

    with refused(errors.Conflict, "The case is gone"):
        moderation.hold_name(function, Grounds("Spam.", "spam", case), by=staff)


def test_reason_is_kept_as_one_line_of_300_characters(function, staff):
    with refused(errors.ValidationError) as caught:
        moderation.hold_name(function, Grounds("é" * 301), by=staff)
    assert caught.value.field == "reason"

    made = moderation.hold_name(function, Grounds("é" * 300), by=staff)

    assert (made.reason, made.rule) == ("é" * 300, "upkeep")


# --- pages


@pytest.fixture
def events(staff):
    Event.objects.all().delete()
    for number in range(51):
        record("test", f"thing {number}", by=staff, via="admin")
    return list(Event.objects.order_by("-pk"))


def test_page_has_the_50_newest_and_says_if_more_are_left(events):
    first = page_by_id(Event.objects.all())
    assert (first.rows, first.next) == (events[:50], str(events[49].pk))

    last = page_by_id(Event.objects.all(), before=first.next)
    assert (last.rows, last.next) == ([events[50]], "")

    events[0].delete()
    whole = page_by_id(Event.objects.all())
    assert (whole.rows, whole.next) == (events[1:], "")


def test_page_ends_before_the_named_row(events):
    page = page_by_id(Event.objects.all(), before=str(events[40].pk), limit=4)

    assert (page.rows, page.next) == (events[41:45], str(events[44].pk))


@pytest.mark.parametrize("before", ["", "x", "-1", "1.0", "²", "9" * 19, "9" * 5000])
def test_odd_page_is_the_first_one(events, before):
    assert page_by_id(Event.objects.all(), before=before).rows == events[:50]


@pytest.mark.parametrize(("digits", "first"), [(19, 41), (20, 0)])
def test_row_is_named_by_19_digits_at_most(events, digits, first):
    before = f"{events[40].pk:0{digits}}"

    page = page_by_id(Event.objects.all(), before=before, limit=4)

    assert page.rows == events[first : first + 4]


def test_page_before_the_first_row_is_empty(events):
    page = page_by_id(Event.objects.all(), before="0")

    assert (page.rows, page.next) == ([], "")


# --- the filter of events


@pytest.fixture
def at(staff, bob):
    """When one of five events happened; the others differ from it in one thing each."""
    Event.objects.all().delete()
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    record("report", "alice/one", by=bob, via="hub")
    record("report", "alice/one", by=staff, via="hub")
    record("report", "alicia/one", by=bob, via="hub")
    record("star", "alice/one", by=bob, via="hub")
    record("report", "alice/one", by=bob, via="api")
    Event.objects.update(at=at)
    return at


def found(**wanted) -> int:
    return EventFilter(**wanted).events().count()


def test_events_match_each_part_of_a_filter(at):
    assert found() == 5
    assert found(actor="bob") == found(verb="report") == found(via="hub") == 4
    assert found(subject="alice/") == found(subject="alice/one") == 4
    assert found(subject="ali") == 5
    assert found(subject="one") == found(actor="bo") == found(verb="repor") == 0
    assert found(actor="bob", subject="alice/", verb="report", via="hub") == 1


def test_events_are_since_a_moment_and_before_another(at):
    moment = timedelta(microseconds=1)

    assert (found(since=at), found(since=at + moment)) == (5, 0)
    assert (found(until=at + moment), found(until=at)) == (5, 0)
    assert found(since=at, until=at + moment, verb="star") == 1


def test_filtered_events_name_their_actors_at_no_cost(at, django_assert_num_queries):
    with django_assert_num_queries(1):
        actors = {event.actor.username for event in EventFilter(via="hub").events()}

    assert actors == {"bob", "mod"}
