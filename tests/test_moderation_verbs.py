"""What was done cannot be done twice, and can be taken back; reasons and rules."""

import pytest

from accounts.models import Event, ReservedName
from registry import errors, moderation
from registry.models import Blob, Category, Decision, Removal
from registry.moderation import Grounds
from tests.conftest import make_account

GROUNDS = Grounds("It has to be.", "other")


@pytest.fixture
def version(publish):
    return publish()


def category(slug="media"):
    return Category.objects.get(slug=slug)


# name -> how it is called on a published version of alice's
ON_A_FUNCTION = {
    "quarantine_function": lambda v, by: moderation.quarantine_function(
        v.function, GROUNDS, by=by
    ),
    "quarantine_version": lambda v, by: moderation.quarantine_version(
        v, GROUNDS, by=by
    ),
    "hold_name": lambda v, by: moderation.hold_name(v.function, GROUNDS, by=by),
    "rename_function": lambda v, by: moderation.rename_function(
        v.function, "picture-sizer", GROUNDS, by=by
    ),
    "force_transfer": lambda v, by: moderation.force_transfer(
        v.function, make_account("carol"), GROUNDS, by=by
    ),
    "request_removal": lambda v, by: moderation.request_removal(
        v.function, v.files.first().blob, GROUNDS, by=by
    ),
    "suspend_account": lambda v, by: moderation.suspend_account(
        v.function.owner, GROUNDS, by=by
    ),
    "force_sign_out": lambda v, by: moderation.force_sign_out(
        v.function.owner, GROUNDS, by=by
    ),
    "require_second_factor": lambda v, by: moderation.require_second_factor(
        v.function.owner, GROUNDS, by=by
    ),
    "move_functions": lambda v, by: moderation.move_functions(
        [v.function], category("ai"), GROUNDS, by=by
    ),
}
ELSEWHERE = {
    "reserve_name": lambda v, by: moderation.reserve_name("aws-*", GROUNDS, by=by),
    "add_category": lambda v, by: moderation.add_category(
        "games", "Games", "", GROUNDS, by=by
    ),
    "edit_category": lambda v, by: moderation.edit_category(
        category(), "pictures", "Pictures", "", GROUNDS, by=by
    ),
    "order_categories": lambda v, by: moderation.order_categories(
        [c.slug for c in Category.objects.order_by("-position")], GROUNDS, by=by
    ),
    "retire_category": lambda v, by: moderation.retire_category(
        category(), GROUNDS, by=by
    ),
    "merge_category": lambda v, by: moderation.merge_category(
        category(), category("ai"), GROUNDS, by=by
    ),
    "merge_tag": lambda v, by: moderation.replace_tag(
        "image", "images", GROUNDS, by=by
    ),
    "block_tag": lambda v, by: moderation.replace_tag("image", "", GROUNDS, by=by),
    "throw_switch": lambda v, by: moderation.throw_switch("reports", GROUNDS, by=by),
}
VERBS = ON_A_FUNCTION | ELSEWHERE


@pytest.mark.parametrize(
    ("verb", "why"),
    [
        ("reason", Grounds("", "other")),
        ("reason", Grounds("  \u200b ", "other")),
        ("reason", Grounds("x" * 301, "other")),
        ("rule", Grounds("Because.", "nothing")),
    ],
)
def test_decision_needs_a_reason_and_a_rule(version, staff, verb, why):
    with pytest.raises(errors.ValidationError) as refused:
        moderation.quarantine_function(version.function, why, by=staff)

    assert refused.value.field == verb
    assert not Decision.objects.exists()


# what cannot be done twice, or not without a first
@pytest.mark.parametrize(
    "name",
    [
        "quarantine_function",
        "quarantine_version",
        "hold_name",
        "request_removal",
        "suspend_account",
        "require_second_factor",
        "reserve_name",
        "add_category",
        "retire_category",
        "merge_category",
        "merge_tag",
        "throw_switch",
    ],
)
def test_verb_refuses_a_second_time(version, staff, name):
    VERBS[name](version, staff)

    with pytest.raises(errors.Conflict):
        VERBS[name](version, staff)

    assert Decision.objects.count() == 1


TAKEN_BACK = {
    "lift_function_quarantine": lambda v, by: moderation.lift_function_quarantine(
        v.function, GROUNDS, by=by
    ),
    "lift_version_quarantine": lambda v, by: moderation.lift_version_quarantine(
        v, GROUNDS, by=by
    ),
    "lift_hold": lambda v, by: moderation.lift_hold(v.function, GROUNDS, by=by),
    "restore_account": lambda v, by: moderation.restore_account(
        v.function.owner, GROUNDS, by=by
    ),
    "waive_second_factor": lambda v, by: moderation.waive_second_factor(
        v.function.owner, GROUNDS, by=by
    ),
    "release_switch": lambda v, by: moderation.release_switch(
        "reports", GROUNDS, by=by
    ),
    "reopen_category": lambda v, by: moderation.reopen_category(
        category(), GROUNDS, by=by
    ),
    "release_name": lambda v, by: moderation.release_name(
        ReservedName(name="aws-*"), GROUNDS, by=by
    ),
    "withdraw_removal": lambda v, by: moderation.withdraw_removal(
        v.function,
        Removal.objects.filter(blob=v.files.first().blob).first()
        or Removal(blob=Blob.objects.first()),
        GROUNDS,
        by=by,
    ),
}
FIRST = {
    "lift_function_quarantine": "quarantine_function",
    "lift_version_quarantine": "quarantine_version",
    "lift_hold": "hold_name",
    "restore_account": "suspend_account",
    "waive_second_factor": "require_second_factor",
    "release_switch": "throw_switch",
    "reopen_category": "retire_category",
    "release_name": "reserve_name",
    "withdraw_removal": "request_removal",
}


@pytest.mark.parametrize("name", TAKEN_BACK)
def test_what_was_done_can_be_taken_back(version, staff, name):
    VERBS[FIRST[name]](version, staff)

    made = TAKEN_BACK[name](version, staff)

    assert made.action == name
    assert Event.objects.filter(verb=name).count() == 1


@pytest.mark.parametrize("name", TAKEN_BACK)
def test_what_was_not_done_cannot_be_taken_back(version, staff, name):
    with pytest.raises(errors.Conflict):
        TAKEN_BACK[name](version, staff)

    assert not Decision.objects.exists()


@pytest.mark.parametrize("name", moderation.__all__)
def test_every_verb_is_described(name):
    described = getattr(moderation, name).__doc__

    assert described.strip().partition("\n\n")[0].endswith((".", "?"))
