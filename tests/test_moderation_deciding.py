"""Tables over all staff verbs: who may decide what, and whose decision stands."""

import inspect
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Account, Event, ReservedName, Switch
from registry import errors, moderation
from registry.models import (
    Case,
    Category,
    Decision,
    Function,
    FunctionQuarantine,
    NameException,
    NameHold,
    Removal,
    TagRule,
    VersionQuarantine,
)
from registry.moderation import Grounds, latest_seen
from tests.conftest import make_account
from tests.unchanged import verb_refused

GROUNDS = Grounds("It has to be.", "other")
MARK = {"rule": "other", "reason": "It was so before."}


class Scene:
    """A published function of alice's, and what verbs need beside it. All of it is put
    there without a decision."""

    nobody = None

    def __init__(self, version, push):
        self.version, self._push, self._cases = version, push, {}
        self.function = version.function
        self.alice = self.function.owner
        self.bob = make_account("bob")
        self.asker = make_account("asker", is_staff=True)
        self.media = category("media")  # as it was when the scene was set

    @property
    def blob(self):
        return self.version.files.get().blob

    @property
    def removal(self):
        return Removal.objects.get_or_create(
            blob=self.blob, defaults={"requested_by": self.asker, "reason": "A key."}
        )[0]

    @cached_property
    def claim(self):
        function = self._push(name="idle-thing").function
        Function.objects.filter(pk=function.pk).update(
            active_at=timezone.now() - timedelta(days=91)
        )
        return function

    @property
    def exception(self):
        return NameException.objects.get_or_create(
            slug="image-reslzer", account=self.bob, defaults=MARK
        )[0]

    def case(self, kind):
        if kind not in self._cases:
            self._cases[kind] = Case.objects.create(
                kind=kind, function=self.function, claimant=self.bob
            )
        return self._cases[kind]

    @cached_property
    def appeal(self):
        first = Decision.objects.create(
            **MARK,
            action="rename_function",
            subject="alice/image-resizer",
            function=self.function,
            account=self.alice,
            is_public=True,
            by=self.asker,
            by_name="asker",
        )
        return Case.objects.create(
            kind="appeal", function=self.function, appeal_of=first, claimant=self.alice
        )

    def quarantine(self):
        FunctionQuarantine.objects.get_or_create(function=self.function, defaults=MARK)

    def quarantine_version(self):
        VersionQuarantine.objects.get_or_create(version=self.version, defaults=MARK)

    def hold(self):
        NameHold.objects.get_or_create(function=self.function, defaults=MARK)

    def alice_is(self, **state):
        Account.objects.filter(pk=self.alice.pk).update(**state)

    def retire(self):
        Category.objects.filter(slug="media").update(retired_at=timezone.now())

    def reserve(self):
        return ReservedName.objects.get_or_create(
            name="aws-*", defaults={"reason": "Ours.", "by": self.asker}
        )[0]

    def rule(self):
        return TagRule.objects.get_or_create(tag="image")[0]

    def switch_off(self):
        Switch.objects.get_or_create(name="reports", defaults={"reason": "Swamped."})


def category(slug="media"):
    return Category.objects.get(slug=slug)


@dataclass(frozen=True)
class Verb:
    """call: the verb, on a scene. about: the subject of its decision; "" for the
    function. ready: puts there what the verb needs. concerns: whose function or account
    it is; "" for nobody's. case: the one it closes by itself."""

    call: Callable
    about: str = ""
    ready: Callable = lambda scene: None
    concerns: str = "alice"
    case: Callable | None = None

    def prepare(self, scene):
        self.ready(scene)
        return self.case and self.case(scene)


ACCOUNT, NAME, EXCEPTION = "account alice", "name aws-*", "name image-reslzer for bob"
MEDIA, TAG, SWITCH = "category media", "tag image", "switch reports"
m = moderation
VERBS = {
    "quarantine_function": Verb(
        lambda s, g, by: m.quarantine_function(s.function, g, by=by)
    ),
    "lift_function_quarantine": Verb(
        lambda s, g, by: m.lift_function_quarantine(s.function, g, by=by),
        ready=Scene.quarantine,
    ),
    "quarantine_version": Verb(
        lambda s, g, by: m.quarantine_version(s.version, g, by=by)
    ),
    "lift_version_quarantine": Verb(
        lambda s, g, by: m.lift_version_quarantine(s.version, g, by=by),
        ready=Scene.quarantine_version,
    ),
    "request_removal": Verb(
        lambda s, g, by: m.request_removal(s.function, s.blob, g, by=by)
    ),
    "withdraw_removal": Verb(
        lambda s, g, by: m.withdraw_removal(s.function, s.removal, g, by=by),
        ready=lambda s: s.removal,
    ),
    "remove_file": Verb(
        lambda s, g, by: m.confirm_removal(s.function, s.removal, g, by=by),
        ready=lambda s: s.removal,
    ),
    "hold_name": Verb(lambda s, g, by: m.hold_name(s.function, g, by=by)),
    "lift_hold": Verb(
        lambda s, g, by: m.lift_hold(s.function, g, by=by), ready=Scene.hold
    ),
    "rename_function": Verb(
        lambda s, g, by: m.rename_function(s.function, "picture-sizer", g, by=by)
    ),
    "force_transfer": Verb(
        lambda s, g, by: m.force_transfer(s.function, s.bob, g, by=by)
    ),
    "dismiss_reports": Verb(
        lambda s, g, by: m.dismiss_case(s.case("report"), g, by=by),
        case=lambda s: s.case("report"),
    ),
    "keep_name": Verb(
        lambda s, g, by: m.dismiss_case(s.case("dispute"), g, by=by),
        case=lambda s: s.case("dispute"),
    ),
    "allow_name": Verb(
        lambda s, g, by: m.dismiss_case(s.case("look_alike"), g, by=by),
        case=lambda s: s.case("look_alike"),
    ),
    "grant_appeal": Verb(
        lambda s, g, by: m.answer_appeal(s.appeal, g, by=by, grant=True),
        case=lambda s: s.appeal,
    ),
    "reject_appeal": Verb(
        lambda s, g, by: m.answer_appeal(s.appeal, g, by=by, grant=False),
        case=lambda s: s.appeal,
    ),
    "release_claim": Verb(
        lambda s, g, by: m.release_claim(s.claim, g, by=by),
        about="alice/idle-thing",
        ready=lambda s: s.claim,
    ),
    "suspend_account": Verb(
        lambda s, g, by: m.suspend_account(s.alice, g, by=by), ACCOUNT
    ),
    "restore_account": Verb(
        lambda s, g, by: m.restore_account(s.alice, g, by=by),
        ACCOUNT,
        ready=lambda s: s.alice_is(is_active=False),
    ),
    "force_sign_out": Verb(
        lambda s, g, by: m.force_sign_out(s.alice, g, by=by), ACCOUNT
    ),
    "require_second_factor": Verb(
        lambda s, g, by: m.require_second_factor(s.alice, g, by=by), ACCOUNT
    ),
    "waive_second_factor": Verb(
        lambda s, g, by: m.waive_second_factor(s.alice, g, by=by),
        ACCOUNT,
        ready=lambda s: s.alice_is(needs_second_factor=True),
    ),
    "raise_quota": Verb(
        lambda s, g, by: m.raise_quota(s.alice, "keys", 101, g, by=by), ACCOUNT
    ),
    "reset_quota": Verb(
        lambda s, g, by: m.reset_quota(s.alice, "keys", g, by=by),
        ACCOUNT,
        ready=lambda s: s.alice_is(raised_quotas={"keys": 101}),
    ),
    "except_name": Verb(
        lambda s, g, by: m.except_name("image-reslzer", s.bob, g, by=by),
        EXCEPTION,
        concerns="bob",
    ),
    "withdraw_exception": Verb(
        lambda s, g, by: m.withdraw_exception(s.exception, g, by=by),
        EXCEPTION,
        ready=lambda s: s.exception,
        concerns="bob",
    ),
    "reserve_name": Verb(
        lambda s, g, by: m.reserve_name("aws-*", g, by=by), NAME, concerns=""
    ),
    "release_name": Verb(
        lambda s, g, by: m.release_name(s.reserve(), g, by=by),
        NAME,
        ready=Scene.reserve,
        concerns="",
    ),
    "add_category": Verb(
        lambda s, g, by: m.add_category("games", "Games", "", g, by=by),
        "category games",
        concerns="",
    ),
    "edit_category": Verb(
        lambda s, g, by: m.edit_category(s.media, "pictures", "Pictures", "", g, by=by),
        MEDIA,
        concerns="",
    ),
    "retire_category": Verb(
        lambda s, g, by: m.retire_category(s.media, g, by=by), MEDIA, concerns=""
    ),
    "reopen_category": Verb(
        lambda s, g, by: m.reopen_category(s.media, g, by=by),
        MEDIA,
        ready=Scene.retire,
        concerns="",
    ),
    "merge_category": Verb(
        lambda s, g, by: m.merge_category(s.media, category("ai"), g, by=by),
        MEDIA,
        concerns="",
    ),
    "order_categories": Verb(
        lambda s, g, by: m.order_categories(
            [c.slug for c in Category.objects.active().order_by("-position")], g, by=by
        ),
        "categories",
        concerns="",
    ),
    "move_functions": Verb(
        lambda s, g, by: m.move_functions([s.function], category("ai"), g, by=by),
        "category ai",
        concerns="",
    ),
    "merge_tag": Verb(
        lambda s, g, by: m.replace_tag("image", "images", g, by=by),
        TAG,
        concerns="",
    ),
    "block_tag": Verb(
        lambda s, g, by: m.replace_tag("image", "", g, by=by), TAG, concerns=""
    ),
    "free_tag": Verb(
        lambda s, g, by: m.free_tag(TagRule(tag="image"), g, by=by),
        TAG,
        ready=Scene.rule,
        concerns="",
    ),
    "throw_switch": Verb(
        lambda s, g, by: m.throw_switch("reports", g, by=by), SWITCH, concerns=""
    ),
    "release_switch": Verb(
        lambda s, g, by: m.release_switch("reports", g, by=by),
        SWITCH,
        ready=Scene.switch_off,
        concerns="",
    ),
}


@pytest.fixture
def scene(publish, push):
    return Scene(publish(), push)


def about(verb, scene):
    return verb.about or scene.function


def decided(scene, verb, reason="It was so before."):
    """A decision that somebody made on what ``verb`` is about."""
    return Decision.objects.create(
        action="hold_name",
        rule="other",
        reason=reason,
        subject=verb.about or str(scene.function),
        function=None if verb.about else scene.function,
        is_public=True,
        by=scene.asker,
        by_name="asker",
    )


def test_every_verb_of_staff_is_in_the_table():
    takes_grounds = {
        name
        for name in moderation.__all__
        if "grounds" in inspect.signature(getattr(moderation, name)).parameters
    }
    called = {n for verb in VERBS.values() for n in verb.call.__code__.co_names}

    assert takes_grounds <= called


@pytest.mark.parametrize("name", VERBS)
def test_verb_keeps_one_decision_and_one_event(scene, staff, name):
    verb = VERBS[name]
    verb.prepare(scene)
    decided(scene, verb)
    seen = latest_seen(about(verb, scene))
    other = Verb(None, about="something else")
    decided(scene, other)  # meanwhile, which does not matter here
    decisions, events = Decision.objects.count(), Event.objects.count()

    made = verb.call(scene, Grounds(" It has to be. ", "legal", seen=seen), staff)

    decision = Decision.objects.first()
    assert made == (Removal.objects.get() if name == "request_removal" else decision)
    assert Decision.objects.count() == decisions + 1
    assert (decision.action, decision.rule, decision.reason) == (
        name,
        "legal",
        "It has to be.",
    )
    assert (decision.by, decision.by_name) == (staff, "mod")
    assert decision.account == (
        getattr(scene, verb.concerns) if verb.concerns else None
    )
    assert Event.objects.count() == events + 1
    event = Event.objects.get(verb=name)
    assert (event.actor, event.via, event.subject) == (staff, "admin", decision.subject)
    assert (event.data["rule"], event.data["reason"]) == ("legal", "It has to be.")
    assert event.data["decision"] == decision.pk


@pytest.mark.parametrize("name", VERBS)
def test_verb_is_not_there_for_who_is_no_moderator(scene, name):
    verb = VERBS[name]
    verb.prepare(scene)
    scene.asker.is_staff = False
    suspended = make_account("suspended", is_staff=True, is_active=False)
    for by in (make_account("carol"), scene.alice, scene.bob, suspended, scene.asker):
        verb_refused(errors.NotFound, lambda by=by: verb.call(scene, GROUNDS, by))


OWN = {name: verb.concerns for name, verb in VERBS.items() if verb.concerns}


@pytest.mark.parametrize(("name", "whose"), [*OWN.items(), ("move_functions", "alice")])
def test_nobody_decides_on_their_own(scene, name, whose):
    verb = VERBS[name]
    verb.prepare(scene)
    by = getattr(scene, whose)
    by.is_staff = True

    refusal = verb_refused(errors.OwnDecision, lambda: verb.call(scene, GROUNDS, by))

    assert (refusal.status, refusal.code) == (403, "FORBIDDEN")
    assert refusal.fix == "Ask another moderator."


@pytest.mark.parametrize("name", VERBS)
def test_who_brought_a_case_does_not_decide_it(scene, staff, name):
    verb = VERBS[name]
    case = verb.prepare(scene) or scene.case("dispute")
    case.claimant = staff
    case.save()
    grounds = Grounds("It has to be.", "other", case)

    verb_refused(
        errors.OwnDecision,
        lambda: verb.call(scene, grounds, staff),
        match="brought this case",
    )


@pytest.mark.parametrize("name", VERBS)
def test_case_is_closed_by_one_decision(scene, staff, name):
    verb = VERBS[name]
    case = verb.prepare(scene) or scene.case("dispute")
    first = decided(scene, verb, "It is a word.")
    Case.objects.filter(pk=case.pk).update(decision=first)
    grounds = Grounds("It has to be.", "other", case)

    refusal = verb_refused(
        errors.Conflict,
        lambda: verb.call(scene, grounds, staff),
        match="asker decided first.*It is a word",
    )
    assert refusal.extra == {"decision": first.pk}
    Case.objects.filter(pk=case.pk).update(decision=None)
    verb.call(scene, grounds, staff)
    assert Case.objects.get(pk=case.pk).decision.action == name


@pytest.mark.parametrize("name", VERBS)
def test_verb_needs_a_reason_a_rule_and_a_hub_that_writes(scene, staff, name):
    verb = VERBS[name]
    verb.prepare(scene)
    for field, grounds in [
        ("reason", Grounds("  ", "other")),
        ("rule", Grounds("It has to be.", "nothing")),
    ]:
        refusal = verb_refused(
            errors.ValidationError, lambda g=grounds: verb.call(scene, g, staff)
        )
        assert refusal.field == field
    Switch.objects.create(name="read_only", reason="We move.")
    if name in ("throw_switch", "release_switch"):
        verb.call(scene, GROUNDS, staff)
    else:
        verb_refused(errors.ReadOnly, lambda: verb.call(scene, GROUNDS, staff))


@pytest.mark.parametrize("name", VERBS)
def test_first_decision_stands(scene, staff, name):
    second, second_moderator = VERBS[name], make_account("mod2", is_staff=True)
    rivals = [verb for verb in VERBS.values() if verb.about == second.about]
    for verb in rivals:
        if verb.case:
            verb.case(scene)
    for first in rivals:
        with undone():
            first.ready(scene)
            seen = latest_seen(about(first, scene))
            first.call(scene, Grounds("It was first.", "other", seen=seen), staff)
            second.ready(scene)
            late = Grounds("It has to be.", "other", seen=seen)
            with pytest.raises(errors.Conflict, match="mod decided.*It was first"):
                second.call(scene, late, second_moderator)
            assert not Decision.objects.filter(by=second_moderator).exists()


@contextmanager
def undone():
    """What is written within is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
