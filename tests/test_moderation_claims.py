"""Claims on names: when staff free one, and when a left name still leads somewhere."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Event, ReservedName
from registry import errors, moderation, publishing
from registry.models import (
    Case,
    Decision,
    Function,
    NameClaim,
    NameException,
    NameHold,
    Redirect,
)
from registry.moderation import Grounds
from tests.conftest import make_account
from tests.unchanged import verb_refused

GROUNDS = Grounds("The name confuses.", "name")


@pytest.fixture
def function(publish):
    return publish().function


def idle(function, **ago):
    Function.objects.filter(pk=function.pk).update(
        active_at=timezone.now() - timedelta(**ago)
    )
    return function


# --- releasing a claim


@pytest.mark.parametrize(("days", "is_released"), [(89.99, False), (90.01, True)])
def test_claim_is_idle_after_90_days(push, staff, days, is_released):
    function = idle(push().function, days=days)

    if is_released:
        moderation.release_claim(function, GROUNDS, by=staff)
    else:
        verb_refused(
            *(errors.Conflict, moderation.release_claim, function, GROUNDS),
            by=staff,
            match="not an idle claim",
        )


def test_published_name_is_never_released(function, bob, staff):
    idle(function, days=500)
    dispute = Case.objects.create(kind="dispute", function=function, claimant=bob)

    for case in (None, dispute):
        verb_refused(
            *(errors.Conflict, moderation.release_claim, function),
            Grounds("It confuses.", "name", case),
            by=staff,
            match="never given to somebody else",
        )


@pytest.mark.parametrize("kind", ["report", "look_alike"])
def test_other_cases_than_disputes_release_no_claim_in_use(push, bob, staff, kind):
    function = push().function
    case = Case.objects.create(kind=kind, function=function, claimant=bob)

    verb_refused(
        *(errors.Conflict, moderation.release_claim, function),
        Grounds("It confuses.", "name", case),
        by=staff,
        match="not an idle claim",
    )


def test_released_claim_is_not_released_again(push, staff):
    function = idle(push().function, days=91)
    moderation.release_claim(function, GROUNDS, by=staff)

    verb_refused(
        *(errors.Conflict, moderation.release_claim, function, GROUNDS),
        by=staff,
        match="not an idle claim",
    )


def test_idle_claim_released_over_a_report_is_free_for_all(push, bob, staff):
    function = idle(push().function, days=91)
    case = Case.objects.create(kind="report", function=function, claimant=bob)

    moderation.release_claim(function, Grounds("Idle.", "name", case), by=staff)

    assert not NameClaim.objects.exists()
    carol = make_account("carol")
    assert push(by=carol).function.owner == carol


def test_disputed_claim_goes_to_the_claimant_alone(push, bob, staff):
    function = push().function
    case = Case.objects.create(kind="dispute", function=function, claimant=bob)

    moderation.release_claim(function, Grounds("Bob's.", "name", case), by=staff)

    for other in (None, make_account("carol")):
        with pytest.raises(errors.DuplicateSlug):
            push(by=other)
    assert push(by=bob).function.owner == bob


def test_dispute_of_a_deleted_account_frees_the_name(push, staff):
    function = push().function
    case = Case.objects.create(kind="dispute", function=function, claimant=None)

    moderation.release_claim(function, Grounds("Nobody's.", "name", case), by=staff)

    assert not NameClaim.objects.exists()


def test_claim_that_the_owners_close_name_needs_is_not_released(push, bob, staff):
    push(name="imageresizer")
    function = idle(push(name="image-resizer").function, days=91)

    moderation.release_claim(function, GROUNDS, by=staff)

    with pytest.raises(errors.DuplicateSlug):
        push(by=bob, name="image-resizer")
    assert push(name="image-resizer").function != function


def test_claim_that_others_hold_is_not_released(push, bob, staff):
    push(by=bob, name="image-resizer")
    moderation.except_name("imageresizer", make_account("carol"), GROUNDS, by=staff)
    carol = NameException.objects.get().account
    excepted = idle(push(by=carol, name="imageresizer").function, days=91)

    moderation.release_claim(excepted, GROUNDS, by=staff)

    assert NameClaim.objects.get().owner == bob


# Ways to be rid of a draft under a close name.
PARTINGS = {
    "deleted": lambda draft, staff: publishing.delete_draft(
        draft, by=draft.function.owner, via="cli"
    ),
    "renamed": lambda draft, staff: moderation.rename_function(
        draft.function, "third-thing", GROUNDS, by=staff
    ),
    "released": lambda draft, staff: moderation.release_claim(
        idle(draft.function, days=91), GROUNDS, by=staff
    ),
    "left idle": lambda draft, staff: idle(draft.function, days=91),
}


@pytest.mark.parametrize("parting", PARTINGS)
def test_claim_that_an_old_address_needs_is_not_released(
    function, push, bob, staff, parting
):
    moderation.rename_function(function, "picture-sizer", GROUNDS, by=staff)
    close = push(name="imageresizer")

    PARTINGS[parting](close, staff)

    for name in ("imageresizer", "lmage-resizer"):
        with pytest.raises(errors.DuplicateSlug):
            push(by=bob, name=name)


# --- renaming


def test_redirect_does_not_survive_a_rename_onto_it(function, staff, client):
    moderation.rename_function(function, "picture-sizer", GROUNDS, by=staff)
    moderation.rename_function(function, "image-resizer", GROUNDS, by=staff)

    assert list(Redirect.objects.values_list("username", "slug")) == [
        ("alice", "picture-sizer")
    ]
    answer = client.get("/functions/alice/picture-sizer")
    assert answer["Location"] == "/functions/alice/image-resizer"


def test_rename_there_and_back_keeps_the_old_owners_address(
    function, bob, staff, client
):
    moderation.force_transfer(function, bob, GROUNDS, by=staff)
    moderation.rename_function(function, "picture-sizer", GROUNDS, by=staff)
    moderation.rename_function(function, "image-resizer", GROUNDS, by=staff)

    answer = client.get("/functions/alice/image-resizer")
    assert answer["Location"] == "/functions/bob/image-resizer"


def test_rename_onto_an_old_name_of_another_function_is_refused(
    function, publish, staff
):
    other = publish(name="other-thing").function
    moderation.rename_function(function, "picture-sizer", GROUNDS, by=staff)

    verb_refused(
        *(errors.DuplicateSlug, moderation.rename_function),
        *(other, "image-resizer", GROUNDS),
        by=staff,
        match="leads to another function",
    )


def test_rename_leaves_other_functions_old_names(function, publish, staff, client):
    other = publish(name="other-thing").function
    moderation.rename_function(other, "third-thing", GROUNDS, by=staff)

    moderation.rename_function(function, "picture-sizer", GROUNDS, by=staff)

    answer = client.get("/functions/alice/other-thing")
    assert answer["Location"] == "/functions/alice/third-thing"


def test_rename_ends_the_hold_on_that_function_alone(function, push, staff):
    draft = push(name="other-thing")
    moderation.hold_name(draft.function, GROUNDS, by=staff)
    moderation.hold_name(function, GROUNDS, by=staff)

    moderation.rename_function(function, "picture-sizer", GROUNDS, by=staff)

    assert NameHold.objects.get().function == draft.function


def test_new_name_is_the_owners_with_all_that_read_like_it(function, push, bob, staff):
    moderation.rename_function(function, "picture-sizer", GROUNDS, by=staff)

    with pytest.raises(errors.DuplicateSlug):
        push(by=bob, name="plcture-sizer")
    assert push(name="picturesizer").function.owner.username == "alice"


def test_renamed_draft_keeps_the_claim_its_owners_close_name_needs(push, bob, staff):
    push(name="imageresizer")

    moderation.rename_function(
        push(name="image-resizer").function, "picture-sizer", GROUNDS, by=staff
    )

    with pytest.raises(errors.DuplicateSlug):
        push(by=bob, name="image-resizer")


def test_rename_says_both_names_in_the_audit(function, staff):
    made = moderation.rename_function(function, "picture-sizer", GROUNDS, by=staff)

    data = Event.objects.get(verb="rename_function").data
    assert (data["old"], data["new"]) == ("image-resizer", "picture-sizer")
    assert (made.subject, made.function) == ("alice/image-resizer", function)


def test_search_finds_a_renamed_function_by_its_new_name(function, staff, client):
    moderation.rename_function(function, "picture-sizer", GROUNDS, by=staff)

    found = client.get("/api/community/functions?search=picture-sizer").json()

    assert [item["slug"] for item in found["functions"]] == ["picture-sizer"]


# --- holds and exceptions


def test_lifting_ends_one_hold_and_takes_that_decision_back(function, push, staff):
    other = push(name="other-thing").function
    before = moderation.hold_name(function, GROUNDS, by=staff)
    moderation.lift_hold(function, GROUNDS, by=staff)
    again = moderation.hold_name(function, GROUNDS, by=staff)
    moderation.hold_name(other, GROUNDS, by=staff)
    moderation.quarantine_function(function, GROUNDS, by=staff)

    lifted = moderation.lift_hold(function, GROUNDS, by=staff)

    assert lifted.reverses == again != before
    assert NameHold.objects.get().function == other


def test_hold_says_its_rule_reason_and_moderator(function, staff):
    moderation.hold_name(function, GROUNDS, by=staff)

    hold = NameHold.objects.get()
    assert (hold.rule, hold.reason, hold.by) == ("name", "The name confuses.", staff)


def test_exception_is_for_one_slug_and_account(function, push, bob, staff):
    carol = make_account("carol")
    moderation.except_name(" Image Reslzer ", bob, GROUNDS, by=staff)
    moderation.except_name("image-reslzer", carol, GROUNDS, by=staff)

    verb_refused(
        *(errors.Conflict, moderation.except_name, "image-reslzer", bob, GROUNDS),
        by=staff,
        match="bob may use image-reslzer already",
    )
    with pytest.raises(errors.DuplicateSlug):
        push(by=bob, name="image-res1zer")


def test_unused_exception_is_withdrawn_from_its_account_alone(
    function, push, bob, staff
):
    carol = make_account("carol")
    for account in (bob, carol):
        moderation.except_name("image-reslzer", account, GROUNDS, by=staff)
    first = Decision.objects.get(account=bob)
    push(by=bob, name="unlike-it")
    push(by=carol, name="image-reslzer")

    made = moderation.withdraw_exception(
        NameException.objects.get(account=bob), GROUNDS, by=staff
    )

    assert made.reverses == first
    assert NameException.objects.get().account == carol
    with pytest.raises(errors.DuplicateSlug):
        push(by=bob, name="image-reslzer")


@pytest.mark.parametrize("slug", ["x", "admin", "-"])
def test_exception_is_for_a_name_that_can_be_taken(bob, staff, slug):
    verb_refused(
        *(errors.RegistryError, moderation.except_name, slug, bob, GROUNDS), by=staff
    )


# --- reserving


@pytest.mark.parametrize(
    "name", ["ab", "a-b", "a1", "x" * 64, "aws-*", "*-aws", "a*b", "  AWS  "]
)
def test_name_of_2_to_64_characters_is_reserved(staff, name):
    moderation.reserve_name(name, GROUNDS, by=staff)

    reserved = ReservedName.objects.get()
    assert reserved.name == name.strip().lower()
    assert (reserved.reason, reserved.by) == ("The name confuses.", staff)


@pytest.mark.parametrize("name", ["a", "x" * 65, "-ab", "a b", "ab\n*", "*a*", "ä-b"])
def test_unfit_name_is_not_reserved(staff, name):
    refusal = verb_refused(
        *(errors.ValidationError, moderation.reserve_name, name, GROUNDS), by=staff
    )

    assert refusal.field == "name"


def test_second_reservation_says_why_it_was_reserved(staff):
    moderation.reserve_name("aws-*", GROUNDS, by=staff)

    verb_refused(
        *(errors.Conflict, moderation.reserve_name, "aws-*"),
        Grounds("Theirs."),
        by=staff,
        match="reserved already: The name confuses",
    )


def test_released_name_is_taken_and_others_stay_reserved(push, staff):
    for name in ("image-*", "aws-*"):
        moderation.reserve_name(name, GROUNDS, by=staff)

    moderation.release_name(ReservedName.objects.get(name="image-*"), GROUNDS, by=staff)

    assert push().function.slug == "image-resizer"
    with pytest.raises(errors.ReservedName):
        push(name="aws-thing")
