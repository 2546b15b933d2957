"""Staff, authors and readers at once: one wins, the others are told."""

import pytest

from accounts.models import Event
from registry import errors, moderation, publishing
from registry.models import Case, Decision, Function, Report
from registry.moderation import Grounds
from tests.conftest import body, make_account
from tests.test_races import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.main_flow]


@pytest.fixture
def function(publish):
    return publish().function


def test_opposite_decisions_at_once_make_one(function):
    case = moderation.report(
        function, reason="malware", by=None, source="x", via="hub"
    ).case
    staff = [make_account(f"mod-{n}", is_staff=True) for n in range(8)]
    why = Grounds("So it is.", "malware", case)

    def decide(pair):
        by, quarantines = pair
        if quarantines:
            return moderation.quarantine_function(function, why, by=by)
        return moderation.dismiss_case(case, why, by=by)

    made = at_once(decide, [(by, n % 2) for n, by in enumerate(staff)])

    refused = [each for each in made if isinstance(each, errors.Conflict)]
    assert len(refused) == 7
    assert all("decided first" in each.message for each in refused)
    decision = Decision.objects.get()
    function.refresh_from_db()
    assert function.is_listed is (decision.action == "dismiss_reports")
    assert Event.objects.filter(verb=decision.action).count() == 1


def test_reports_at_once_are_one_case(function):
    at_once(
        lambda n: moderation.report(
            function, reason="spam", by=None, source=str(n % 10), via="hub"
        ),
        range(20),
    )

    case = Case.objects.get()
    assert (case.report_count, Report.objects.count()) == (10, 10)


def test_quarantine_and_publish_at_once_leave_nothing_listed(function, push, alice):
    staff = make_account("mod", is_staff=True)
    draft = push(version="1.1.0")
    why = Grounds("It steals.", "malware")

    at_once(
        lambda verb: verb(),
        [
            lambda: moderation.quarantine_function(function, why, by=staff),
            lambda: publishing.publish(draft, by=alice, via="cli"),
        ],
    )

    function.refresh_from_db()
    assert not function.is_listed


def test_transfer_and_push_at_once_keep_one_owner(function, alice, bob):
    staff = make_account("mod", is_staff=True)

    made = at_once(
        lambda verb: verb(),
        [
            lambda: moderation.force_transfer(
                function, bob, Grounds("Sold."), by=staff
            ),
            *[lambda: publishing.push(body(version="2.0.0"), by=alice, via="cli")] * 4,
        ],
    )

    assert not any(isinstance(each, errors.NotFound) for each in made[:1])
    assert Function.objects.get().owner == bob
    with pytest.raises(errors.DuplicateSlug):
        publishing.push(body(version="3.0.0"), by=alice, via="cli")


def test_removal_is_confirmed_once(function):
    staff = [make_account(f"mod-{n}", is_staff=True) for n in range(5)]
    blob = function.versions.get().files.get().blob
    why = Grounds("A live key.", "secret")
    removal = moderation.request_removal(function, blob, why, by=staff[0])

    made = at_once(
        lambda by: moderation.confirm_removal(function, removal, why, by=by), staff
    )

    assert sum(isinstance(each, Decision) for each in made) == 1
    blob.refresh_from_db()
    assert blob.text == ""
