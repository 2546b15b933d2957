"""What staff turn off for everyone: thrown and released one by one, with a reason."""

import pytest

from accounts import switches
from accounts.models import Event, Switch
from core.cache import versions as cache
from registry import errors, moderation
from registry import switches as registry_switches
from registry.models import Decision
from registry.moderation import Grounds
from tests.conftest import make_account
from tests.unchanged import refused

pytestmark = pytest.mark.django_db

GROUNDS = Grounds("We move.", "other")
# Source: docs/moderation.md, "Switches".
NAMES = ("read_only", "sign_up", "new_slugs", "publishing", "key_creation", "reports")


@pytest.fixture
def second(db):
    return make_account("mod2", is_staff=True)


def thrown(staff, *names, reason="We move."):
    return [
        moderation.throw_switch(name, Grounds(reason, "other"), by=staff)
        for name in names
    ]


def off() -> set[str]:
    return set(Switch.objects.values_list("name", flat=True))


def test_there_are_the_six_switches_of_the_docs():
    assert set(switches.SWITCHES) == set(NAMES)


@pytest.mark.parametrize("name", ["nothing", "", "Reports", "read_only "])
def test_unknown_switch_is_neither_thrown_nor_released(staff, name):
    with refused(errors.NotFound, "no such switch"):
        moderation.throw_switch(name, GROUNDS, by=staff)
    with refused(errors.Conflict, "on already"):
        moderation.release_switch(name, GROUNDS, by=staff)

    assert off() == set()


@pytest.mark.parametrize("name", NAMES)
def test_switch_keeps_its_reason_and_who_threw_it(staff, second, name):
    thrown(staff, name)

    with refused(errors.Conflict, "off already"):
        moderation.throw_switch(name, Grounds("Another reason."), by=second)

    switch = Switch.objects.get()
    assert (switch.name, switch.reason, switch.by) == (name, "We move.", staff)
    with pytest.raises(errors.ReadOnly, match="We move\\.") as caught:
        registry_switches.require(name)
    assert (caught.value.status, caught.value.code) == (503, "READ_ONLY")
    assert str(caught.value).startswith(switches.SWITCHES[name])


def test_released_switch_leaves_the_others_off(staff):
    thrown(staff, *NAMES)

    moderation.release_switch("sign_up", GROUNDS, by=staff)

    assert off() == set(NAMES) - {"sign_up"}
    with refused(errors.Conflict, "on already"):
        moderation.release_switch("sign_up", GROUNDS, by=staff)


def test_release_takes_back_the_last_decision_on_that_switch(staff):
    first, other = thrown(staff, "reports", "publishing")
    released = moderation.release_switch("reports", GROUNDS, by=staff)
    (again,) = thrown(staff, "reports")
    thrown(staff, "sign_up")

    made = moderation.release_switch("reports", GROUNDS, by=staff)

    assert (released.reverses, made.reverses) == (first, again)
    assert Decision.objects.get(pk=first.pk).outcome == "taken back"
    assert Decision.objects.get(pk=other.pk).outcome == "stands"
    assert off() == {"publishing", "sign_up"}


def test_read_only_mode_can_be_released_and_other_switches_thrown(staff):
    thrown(staff, "read_only", "reports")

    moderation.release_switch("read_only", GROUNDS, by=staff)

    assert off() == {"reports"}


@pytest.mark.parametrize("name", NAMES)
def test_switch_stops_its_part_and_read_only_mode_stops_all(staff, name):
    thrown(staff, name, reason="Its own reason.")
    for other in NAMES:
        switch = switches.is_off(other)
        assert (switch is not None) is (name in (other, "read_only")), other

    if name == "read_only":
        return
    thrown(staff, "read_only", reason="We move.")
    with pytest.raises(errors.ReadOnly, match="read-only mode.*We move"):
        registry_switches.require(name)
    with pytest.raises(errors.ReadOnly, match="read-only mode.*We move"):
        registry_switches.require()


def test_nothing_is_refused_while_all_is_on(db):
    registry_switches.require()
    for name in NAMES:
        registry_switches.require(name)


@pytest.mark.parametrize("verb", ["throw_switch", "release_switch"])
def test_switch_is_private_to_staff_and_makes_all_pages_stale(
    staff, client, verb, django_capture_on_commit_callbacks
):
    if verb == "release_switch":
        thrown(staff, "sign_up")
    before = cache.current([])

    with django_capture_on_commit_callbacks(execute=True):
        getattr(moderation, verb)("sign_up", GROUNDS, by=staff)

    assert cache.current([]) != before
    event = Event.objects.order_by("id").last()
    assert (event.verb, event.subject) == (verb, "switch sign_up")
    assert client.get("/moderation.json").json()["decisions"] == []
