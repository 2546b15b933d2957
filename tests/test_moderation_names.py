"""Names: reserved, renamed, released, held, transferred; old addresses hold."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import ApiKey, Event, ReservedName
from registry import errors, moderation, publishing
from registry.models import (
    Case,
    Function,
    NameClaim,
    NameException,
    Redirect,
    TransferOffer,
)
from registry.moderation import Grounds
from registry.publishing.resemblance import resemblance
from tests.conftest import Api, key_of, make_account
from tests.unchanged import refused

GROUNDS = Grounds("The name confuses.", "name")
API = "/api/community/functions"


@pytest.fixture
def function(publish):
    return publish().function


@pytest.fixture
def reader(client):
    return Api(client)


def renamed(function, staff, slug="picture-sizer"):
    moderation.rename_function(function, slug, GROUNDS, by=staff)
    function.refresh_from_db()
    return function


# --- reserving


@pytest.mark.parametrize("name", ["aws-lambda", "AWS-x"])
def test_reserved_pattern_is_taken_by_nobody(push, staff, name):
    moderation.reserve_name("aws-*", GROUNDS, by=staff)

    with pytest.raises(errors.ReservedName):
        push(name=name)


def test_reserved_name_stays_its_owners(function, push, staff, bob):
    moderation.reserve_name("image-resizer", GROUNDS, by=staff)

    assert push(version="1.1.0").function == function
    with pytest.raises(errors.ReservedName):
        push(by=bob)


@pytest.mark.parametrize("name", ["", "*", "a*", "**a", "Ä-b", "x" * 65, "a b"])
def test_too_wide_or_odd_a_pattern_is_refused(staff, name):
    with pytest.raises(errors.ValidationError):
        moderation.reserve_name(name, GROUNDS, by=staff)


def test_name_retired_with_its_account_is_not_released(bob, staff):
    from accounts.deletion import delete_account

    delete_account(bob, by=bob)
    retired = ReservedName.objects.get(name="bob")

    with pytest.raises(errors.Conflict, match="retired with its account"):
        moderation.release_name(retired, GROUNDS, by=staff)


def test_released_name_is_the_one_that_was_chosen(push, staff):
    moderation.reserve_name("aws-tools", GROUNDS, by=staff)
    moderation.reserve_name("zip-tools", GROUNDS, by=staff)
    chosen = ReservedName.objects.get(name="zip-tools")

    moderation.release_name(chosen, GROUNDS, by=staff)

    assert push(name="zip-tools").function.slug == "zip-tools"
    with pytest.raises(errors.ReservedName):
        push(name="aws-tools")


def test_name_released_already_is_not_released_again(staff):
    moderation.reserve_name("aws-tools", GROUNDS, by=staff)
    moderation.reserve_name("zip-tools", GROUNDS, by=staff)
    chosen = ReservedName.objects.get(name="zip-tools")
    moderation.release_name(chosen, GROUNDS, by=staff)

    with refused(errors.Conflict, "not reserved any more"):
        moderation.release_name(chosen, GROUNDS, by=staff)

    assert ReservedName.objects.filter(name="aws-tools").exists()


# --- renaming


def test_renamed_function_answers_to_both_slugs(function, staff, reader):
    renamed(function, staff)

    for path in ["alice/picture-sizer/install", "install/picture-sizer"]:
        assert "renamedFrom" not in reader("GET", path).json()
    for path in [
        "alice/image-resizer/install",
        "install/image-resizer",
        "alice/image-resizer/install?version=1.0.0",
    ]:
        found = reader("GET", path).json()
        assert found["slug"] == "picture-sizer"
        assert found["renamedFrom"] == "alice/image-resizer"
    assert reader("GET", "alice/image-resizer").json()["function"]["slug"] == (
        "picture-sizer"
    )
    assert reader("GET", "alice/image-resizer/versions").status_code == 200


def test_old_pages_of_a_renamed_function_redirect_for_good(function, staff, client):
    renamed(function, staff)

    for rest in ["", "/versions", "/v/1.0.0", "/source/index.ts", "/install"]:
        answer = client.get(f"/functions/alice/image-resizer{rest}")
        assert answer.status_code == 301
        assert answer["Location"] == f"/functions/alice/picture-sizer{rest}"
    raw = client.get("/functions/alice/image-resizer/raw/1.0.0/index.ts")
    assert raw["Location"] == "/functions/alice/picture-sizer/raw/1.0.0/index.ts"


def test_push_and_publish_under_the_old_slug_reach_the_function(function, staff, api):
    renamed(function, staff)

    pushed = api.push(version="1.1.0").json()

    assert pushed["slug"] == "picture-sizer"
    assert "renamed to picture-sizer" in " ".join(pushed["warnings"])
    assert api.publish("image-resizer").json()["version"] == "1.1.0"
    by_ci = api.ci(version="1.2.0", publish=True).json()
    assert by_ci["slug"] == "picture-sizer"
    assert "renamed to picture-sizer" in " ".join(by_ci["warnings"])
    assert Function.objects.count() == 1


def test_old_slug_and_its_look_alikes_go_to_nobody_else(function, staff, push, bob):
    renamed(function, staff)

    for name in ["image-resizer", "imageresizer", "lmage-resizer"]:
        with pytest.raises(errors.DuplicateSlug):
            push(by=bob, name=name)


def test_rename_there_and_back(function, staff, reader):
    renamed(function, staff)
    renamed(function, staff, "image-resizer")

    found = reader("GET", "install/image-resizer").json()
    assert (found["slug"], found.get("renamedFrom")) == ("image-resizer", None)
    assert reader("GET", "install/picture-sizer").json()["slug"] == "image-resizer"
    assert list(Redirect.objects.values_list("username", "slug")) == [
        ("alice", "picture-sizer")
    ]


def test_rename_there_and_back_keeps_the_address_of_the_owner_before(
    function, staff, bob, client
):
    moderation.force_transfer(function, bob, GROUNDS, by=staff)
    renamed(function, staff)
    renamed(function, staff, "image-resizer")

    for left in ("alice/image-resizer", "bob/picture-sizer"):
        answer = client.get(f"/functions/{left}")
        assert answer["Location"] == "/functions/bob/image-resizer"


def test_rename_of_a_rename_leads_to_the_end(function, staff, client):
    renamed(function, staff)
    renamed(function, staff, "picture-shrinker")

    answer = client.get("/functions/alice/image-resizer")
    assert answer["Location"] == "/functions/alice/picture-shrinker"


@pytest.mark.parametrize(
    ("slug", "error"),
    [
        ("image-resizer", errors.Conflict),
        ("taken-by-bob", errors.DuplicateSlug),
        ("taken-bybob", errors.DuplicateSlug),
        ("admin", errors.ReservedName),
        ("x", errors.InvalidName),
    ],
)
def test_rename_to_an_unfit_slug_changes_nothing(
    function, push, staff, bob, slug, error
):
    push(by=bob, name="taken-by-bob")

    with pytest.raises(error):
        renamed(function, staff, slug)

    function.refresh_from_db()
    assert function.slug == "image-resizer"
    assert not Redirect.objects.exists()


def test_rename_of_a_draft_frees_its_name(push, staff, bob):
    renamed(push().function, staff)

    assert push(by=bob).function.owner == bob
    assert not Redirect.objects.exists()


# --- idle claims, holds and exceptions


def test_idle_claim_is_released_and_its_drafts_stay(push, staff, alice, bob):
    draft = push()
    long_ago = timezone.now() - timedelta(days=91)
    Function.objects.update(active_at=long_ago)

    moderation.release_claim(draft.function, GROUNDS, by=staff)

    draft.refresh_from_db()
    assert draft.function.owner == alice
    assert push(by=bob).function.slug == "image-resizer"
    with pytest.raises(errors.DuplicateSlug):
        publishing.publish(draft, by=alice, via="cli")


def test_claim_in_use_or_published_is_not_released(push, publish, staff):
    with pytest.raises(errors.Conflict, match="not an idle"):
        moderation.release_claim(push().function, GROUNDS, by=staff)
    with pytest.raises(errors.Conflict, match="published name"):
        moderation.release_claim(publish().function, GROUNDS, by=staff)


def test_held_name_publishes_nothing_until_freed(push, staff, alice):
    draft = push()
    moderation.hold_name(draft.function, GROUNDS, by=staff)
    with pytest.raises(errors.Conflict, match="on hold"):
        publishing.publish(draft, by=alice, via="cli")

    moderation.lift_hold(draft.function, GROUNDS, by=staff)

    assert publishing.publish(draft, by=alice, via="cli").version.number == "1.0.0"


def test_exception_lets_one_account_use_a_close_name(function, push, staff, bob):
    carol = make_account("carol")
    moderation.except_name("image-reslzer", bob, GROUNDS, by=staff)

    draft = push(by=bob, name="image-reslzer")

    publishing.publish(draft, by=bob, via="cli")
    with pytest.raises(errors.DuplicateSlug):
        push(by=carol, name="image-res1zer")
    with pytest.raises(errors.Conflict, match="has a function"):
        moderation.withdraw_exception(NameException.objects.get(), GROUNDS, by=staff)


# --- transfers


def test_forced_transfer_moves_name_drafts_and_addresses(
    function, push, staff, alice, bob, reader, client
):
    draft = push(version="2.0.0")

    moderation.force_transfer(function, bob, GROUNDS, by=staff)

    with pytest.raises(errors.NotFound):
        publishing.publish(draft, by=alice, via="cli")
    with pytest.raises(errors.DuplicateSlug):
        push(version="3.0.0")
    publishing.publish(draft, by=bob, via="cli")
    assert push(by=bob, version="3.0.0").function == function
    assert NameClaim.objects.get().owner == bob
    found = reader("GET", "alice/image-resizer/install?version=1.0.0").json()
    assert (found["author"], found["renamedFrom"]) == ("bob", "alice/image-resizer")
    answer = client.get("/functions/alice/image-resizer/v/1.0.0")
    assert answer["Location"] == "/functions/bob/image-resizer/v/1.0.0"


def test_transfer_ends_keys_that_name_the_function(function, staff, alice, bob):
    key_of(alice, patterns=["image-resizer"])
    key_of(alice, patterns=["image-resizer", "other-*"])
    key_of(alice)

    moderation.force_transfer(function, bob, GROUNDS, by=staff)

    named, both, every = ApiKey.objects.order_by("pk")
    assert named.revoked_at
    assert (both.patterns, both.revoked_at) == (["other-*"], None)
    assert (every.patterns, every.revoked_at) == ([], None)


def test_old_owners_key_can_do_nothing_after_a_transfer(function, staff, api, bob):
    pushed = api.push(version="2.0.0").json()
    moderation.force_transfer(function, bob, GROUNDS, by=staff)

    assert api.publish(pushed["id"]).status_code == 404
    assert api("PATCH", pushed["id"], {"readme": "x"}).status_code == 404
    yank = "alice/image-resizer/versions/1.0.0/yank"
    assert api("POST", yank, {"reason": "mine"}).status_code == 404


def test_close_name_of_the_old_owner_is_kept(function, publish, staff, alice, bob):
    close = publish(name="imageresizer", code="export const b = 1;\n").function

    moderation.force_transfer(function, bob, GROUNDS, by=staff)

    assert NameException.objects.get().slug == close.slug
    assert publish(name="imageresizer", version="1.1.0").function == close


def test_offer_is_accepted_by_the_other_side(function, alice, bob):
    offer = moderation.offer_transfer(function, bob, by=alice)
    function.refresh_from_db()
    assert function.owner == alice

    moderation.accept_transfer(offer, by=bob)

    function.refresh_from_db()
    assert function.owner == bob
    assert TransferOffer.objects.get().outcome == "accepted"
    verbs = Event.objects.filter(verb__endswith="_transfer")
    assert set(verbs.values_list("verb", "actor")) == {
        ("offer_transfer", alice.pk),
        ("accept_transfer", bob.pk),
    }


@pytest.mark.parametrize(
    ("verb", "who", "outcome"),
    [
        ("refuse_transfer", "bob", "refused"),
        ("withdraw_transfer", "alice", "withdrawn"),
    ],
)
def test_offer_is_closed_without_a_change(function, alice, bob, verb, who, outcome):
    offer = moderation.offer_transfer(function, bob, by=alice)

    getattr(moderation, verb)(offer, by={"alice": alice, "bob": bob}[who])

    offer.refresh_from_db()
    function.refresh_from_db()
    assert (offer.outcome, function.owner) == (outcome, alice)
    with pytest.raises(errors.Conflict, match=outcome):
        moderation.accept_transfer(offer, by=bob)


def test_offer_is_not_for_others(function, alice, bob, staff):
    offer = moderation.offer_transfer(function, bob, by=alice)

    for verb, by in [
        ("accept_transfer", alice),
        ("accept_transfer", staff),
        ("refuse_transfer", staff),
        ("withdraw_transfer", bob),
    ]:
        with pytest.raises(errors.NotFound):
            getattr(moderation, verb)(offer, by=by)
    with pytest.raises(errors.NotFound):
        moderation.offer_transfer(function, staff, by=bob)
    with pytest.raises(errors.Conflict, match="on offer already"):
        moderation.offer_transfer(function, staff, by=alice)
    with pytest.raises(errors.ValidationError):
        moderation.offer_transfer(function, alice, by=alice)


def test_forced_transfer_ends_open_offers(function, alice, bob, staff):
    offer = moderation.offer_transfer(function, bob, by=alice)
    moderation.force_transfer(function, make_account("carol"), GROUNDS, by=staff)

    with pytest.raises(errors.Conflict, match="ended"):
        moderation.accept_transfer(offer, by=bob)


def test_staff_give_nothing_to_themselves(function, staff):
    with pytest.raises(errors.OwnDecision):
        moderation.force_transfer(function, staff, GROUNDS, by=staff)


def test_second_transfer_keeps_all_addresses(function, staff, bob, client):
    carol = make_account("carol")
    moderation.force_transfer(function, bob, GROUNDS, by=staff)
    moderation.force_transfer(function, carol, GROUNDS, by=staff)

    for owner in ("alice", "bob"):
        answer = client.get(f"/functions/{owner}/image-resizer")
        assert answer["Location"] == "/functions/carol/image-resizer"


# --- names like others


@pytest.mark.parametrize(
    ("slug", "how"),
    [
        ("image-reslzer", "look-alike characters"),
        ("resizer-image", "swapped words"),
        ("image-resizer-js", "an added or left out affix"),
        ("node-image-resizer", "an added or left out affix"),
        ("imagge-resizer", "a doubled letter"),
        ("imge-resizer", "a dropped letter"),
        ("image-resizers", "an added letter"),
        ("image-resixer", "an exchanged letter"),
        ("iamge-resizer", "two letters swapped"),
        ("image-resizer", ""),
        ("image-cropper", ""),
        ("resizer", ""),
        ("js", ""),
    ],
)
def test_resemblance(slug, how):
    assert resemblance(slug, "image-resizer") == how


def test_look_alike_of_a_well_used_function_is_queued(function, push, bob):
    Function.objects.update(install_count=100)

    draft = push(by=bob, name="image-resizers")

    case = Case.objects.get()
    assert (case.kind, case.function, case.rival) == (
        "look_alike",
        draft.function,
        function,
    )


def test_own_names_and_little_used_ones_are_not_queued(function, push, bob):
    push(by=bob, name="image-resizers")
    Function.objects.update(install_count=100)
    push(name="image-resizer-ts")

    assert not Case.objects.exists()


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        ("hold_name", ()),
        ("rename_function", ("photo-shrinker",)),
    ],
)
def test_deciding_a_look_alike_closes_its_case(
    function, push, staff, bob, verb, arguments
):
    Function.objects.update(install_count=100)
    push(by=bob, name="image-resizers")
    case = Case.objects.get()
    why = Grounds("Too close.", "name", case)

    getattr(moderation, verb)(case.function, *arguments, why, by=staff)

    assert not Case.objects.open().exists()


# --- disputes


def dispute(function, by):
    return moderation.report(
        function, reason="name", by=by, source="x", via="admin", text="Our trademark."
    ).case


def test_name_report_by_an_account_opens_a_dispute(function, bob):
    case = dispute(function, bob)

    assert (case.kind, case.claimant, case.text) == ("dispute", bob, "Our trademark.")


def test_dispute_ends_in_a_rename(function, staff, bob):
    case = dispute(function, bob)
    why = Grounds("It is bob's trademark.", "name", case)

    moderation.rename_function(function, "photo-tool", why, by=staff)

    case.refresh_from_db()
    assert case.decision.action == "rename_function"


def test_dispute_over_an_unpublished_claim_gives_the_name(push, publish, staff, bob):
    function = publish(name="other-thing").function
    draft = push(name="acme-tools")
    case = Case.objects.create(kind="dispute", function=draft.function, claimant=bob)
    assert function.slug != draft.function.slug

    moderation.release_claim(draft.function, Grounds("Acme's.", "name", case), by=staff)

    assert push(by=bob, name="acme-tools").function.owner == bob


def test_kept_name_closes_the_dispute(function, staff, bob):
    case = dispute(function, bob)

    made = moderation.dismiss_case(case, Grounds("It is a common word."), by=staff)

    assert made.action == "keep_name"
    with pytest.raises(errors.Conflict, match="mod decided first"):
        moderation.dismiss_case(
            case, Grounds("No."), by=make_account("mod2", is_staff=True)
        )


def test_claimant_does_not_decide_the_dispute(function, staff):
    case = dispute(function, staff)

    with pytest.raises(errors.OwnDecision):
        moderation.dismiss_case(case, Grounds("Mine."), by=staff)
