"""Transfers: who may give, who may get, and what goes along."""

import pytest

from accounts.models import Account, ApiKey, Event
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
from tests.conftest import key_of, make_account
from tests.unchanged import verb_refused

GROUNDS = Grounds("Sold.", "name")


@pytest.fixture
def function(publish):
    return publish().function


@pytest.fixture
def suspended(db):
    return make_account("suspended", is_active=False)


# --- who may get it


def test_suspended_account_gets_no_function(function, suspended, alice, staff):
    for refusal in (
        verb_refused(
            errors.ValidationError,
            moderation.force_transfer,
            *(function, suspended, GROUNDS),
            by=staff,
        ),
        verb_refused(
            errors.ValidationError,
            moderation.offer_transfer,
            *(function, suspended),
            by=alice,
        ),
    ):
        assert refusal.field == "to"


def test_owner_gets_no_function_of_their_own(function, alice, staff):
    verb_refused(
        errors.ValidationError,
        moderation.force_transfer,
        *(function, alice, GROUNDS),
        by=staff,
    )


# --- offers


@pytest.mark.parametrize("verb", ["quarantine_function", "hold_name"])
def test_what_staff_stopped_is_not_offered(function, alice, bob, staff, verb):
    getattr(moderation, verb)(function, GROUNDS, by=staff)

    verb_refused(
        errors.Conflict,
        moderation.offer_transfer,
        *(function, bob),
        by=alice,
        match="Staff stopped image-resizer",
    )


def test_offer_of_a_suspended_owner_is_not_accepted(function, alice, bob):
    offer = moderation.offer_transfer(function, bob, by=alice)
    Account.objects.filter(pk=alice.pk).update(is_active=False)

    verb_refused(
        errors.Conflict,
        moderation.accept_transfer,
        offer,
        by=bob,
        match="can't give it away any more",
    )


def test_offer_of_who_owned_it_before_is_not_accepted(function, alice, bob):
    offer = moderation.offer_transfer(function, bob, by=alice)
    carol = make_account("carol")
    Function.objects.filter(pk=function.pk).update(owner=carol)

    verb_refused(errors.Conflict, moderation.accept_transfer, offer, by=bob)


@pytest.mark.parametrize(
    ("verb", "who"),
    [
        ("offer_transfer", "alice"),
        ("accept_transfer", "bob"),
        ("refuse_transfer", "bob"),
        ("withdraw_transfer", "alice"),
    ],
)
def test_read_only_mode_stops_offers(function, alice, bob, staff, verb, who):
    about = (function, bob)
    if verb != "offer_transfer":
        about = (moderation.offer_transfer(function, bob, by=alice),)
    moderation.throw_switch("read_only", GROUNDS, by=staff)

    by = {"alice": alice, "bob": bob}[who]
    verb_refused(errors.ReadOnly, getattr(moderation, verb), *about, by=by)


@pytest.mark.parametrize(
    ("verb", "who", "outcome"),
    [
        ("accept_transfer", "bob", "accepted"),
        ("refuse_transfer", "bob", "refused"),
        ("withdraw_transfer", "alice", "withdrawn"),
    ],
)
def test_offer_is_answered_once_and_recorded(function, alice, bob, verb, who, outcome):
    offer = moderation.offer_transfer(function, bob, by=alice)
    by = {"alice": alice, "bob": bob}[who]

    getattr(moderation, verb)(offer, by=by)

    offer.refresh_from_db()
    assert offer.outcome == outcome
    assert offer.closed_at
    events = Event.objects.filter(verb__endswith="_transfer").order_by("pk")
    assert list(events.values_list("verb", "actor", "via", "subject")) == [
        ("offer_transfer", alice.pk, "admin", "alice/image-resizer"),
        (verb, by.pk, "admin", "alice/image-resizer"),
    ]
    assert events[0].data["to"] == "bob"
    for late, party in [
        ("accept_transfer", bob),
        ("refuse_transfer", bob),
        ("withdraw_transfer", alice),
    ]:
        verb_refused(
            errors.Conflict,
            getattr(moderation, late),
            offer,
            by=party,
            match=f"was {outcome} meanwhile",
        )


@pytest.mark.parametrize(
    "verb", ["accept_transfer", "refuse_transfer", "withdraw_transfer"]
)
def test_offer_of_ones_own_answers_no_other(function, publish, alice, bob, verb):
    carol = make_account("carol")
    offer = moderation.offer_transfer(function, bob, by=alice)
    to_carol = publish(name="other-thing").function
    moderation.offer_transfer(to_carol, carol, by=alice)
    of_carol = publish(by=carol, name="third-thing").function
    moderation.offer_transfer(of_carol, bob, by=carol)

    verb_refused(errors.NotFound, getattr(moderation, verb), offer, by=carol)


@pytest.mark.parametrize(
    ("verb", "who"),
    [
        ("accept_transfer", "bob"),
        ("refuse_transfer", "bob"),
        ("withdraw_transfer", "alice"),
    ],
)
def test_offer_that_is_gone_is_not_found_beside_an_open_one(
    function, publish, alice, bob, verb, who
):
    gone = moderation.offer_transfer(function, bob, by=alice)
    other = publish(name="other-thing").function
    moderation.offer_transfer(other, bob, by=alice)
    TransferOffer.objects.filter(pk=gone.pk).delete()

    by = {"alice": alice, "bob": bob}[who]
    verb_refused(errors.NotFound, getattr(moderation, verb), gone, by=by)


def test_closed_offer_lets_it_be_offered_again(function, alice, bob):
    moderation.refuse_transfer(
        moderation.offer_transfer(function, bob, by=alice), by=bob
    )

    again = moderation.offer_transfer(function, bob, by=alice)

    assert TransferOffer.objects.filter(outcome="").get() == again


@pytest.mark.parametrize("verb", ["accept_transfer", "force_transfer"])
def test_whoever_moves_a_function_is_audited_for_the_keys_it_ends(
    function, alice, bob, staff, verb
):
    key_of(alice, patterns=["image-resizer"])
    if verb == "force_transfer":
        moderation.force_transfer(function, bob, GROUNDS, by=staff)
    else:
        offer = moderation.offer_transfer(function, bob, by=alice)
        moderation.accept_transfer(offer, by=bob)

    event = Event.objects.get(verb="revoke_key")
    actor = staff if verb == "force_transfer" else bob
    assert (event.actor, event.via, event.data["name"]) == (actor, "admin", "test")
    assert event.subject == f"key {ApiKey.objects.get().pk}"


def test_accepting_names_the_old_owner_in_the_audit(function, alice, bob):
    moderation.accept_transfer(
        moderation.offer_transfer(function, bob, by=alice), by=bob
    )

    assert Event.objects.get(verb="accept_transfer").data["owner"] == "alice"


def test_forced_transfer_names_the_new_owner_in_the_audit(function, bob, staff):
    made = moderation.force_transfer(function, bob, GROUNDS, by=staff)

    assert Event.objects.get(verb="force_transfer").data["to"] == "bob"
    assert made.account.username == "alice"


def test_forced_transfer_ends_offers_of_that_function_alone(
    function, publish, alice, bob, staff
):
    other = publish(name="other-thing").function
    kept = moderation.offer_transfer(other, bob, by=alice)
    refused_before = moderation.offer_transfer(function, bob, by=alice)
    moderation.refuse_transfer(refused_before, by=bob)
    ended = moderation.offer_transfer(function, bob, by=alice)

    moderation.force_transfer(function, make_account("carol"), GROUNDS, by=staff)

    for offer in (kept, refused_before, ended):
        offer.refresh_from_db()
    assert [kept.outcome, refused_before.outcome, ended.outcome] == [
        "",
        "refused",
        "ended",
    ]
    assert ended.closed_at


# --- what goes along


def test_name_exception_does_not_survive_a_transfer(function, push, bob, staff):
    carol = make_account("carol")
    moderation.except_name("image-reslzer", bob, GROUNDS, by=staff)
    draft = push(by=bob, name="image-reslzer")

    moderation.force_transfer(draft.function, carol, GROUNDS, by=staff)

    assert NameException.objects.get().account == carol
    draft.refresh_from_db()
    publishing.delete_draft(draft, by=carol, via="cli")
    with pytest.raises(errors.DuplicateSlug):
        push(by=bob, name="image-reslzer")
    assert push(by=carol, name="image-reslzer").function.owner == carol


def test_exceptions_for_other_names_and_accounts_stay(function, push, bob, staff):
    carol, dave = make_account("carol"), make_account("dave")
    moderation.except_name("image-reslzer", bob, GROUNDS, by=staff)
    moderation.except_name("image-reslzer", dave, GROUNDS, by=staff)
    moderation.except_name("other-thing", bob, GROUNDS, by=staff)
    given = push(by=bob, name="image-reslzer").function

    moderation.force_transfer(given, carol, GROUNDS, by=staff)

    left = NameException.objects.order_by("account__username", "slug")
    assert list(left.values_list("account__username", "slug")) == [
        ("bob", "other-thing"),
        ("carol", "image-reslzer"),
        ("dave", "image-reslzer"),
    ]


def test_plain_transfer_needs_no_exception(push, publish, bob, staff):
    carol = make_account("carol")
    push(by=carol, name="other-thing")
    function = publish().function
    push(by=carol, name="third-thing")

    moderation.force_transfer(function, bob, GROUNDS, by=staff)

    assert not NameException.objects.exists()
    claim = NameClaim.objects.get(look_alike=function.look_alike)
    assert claim.owner == bob


def test_transfer_makes_no_exception_for_a_name_that_was_released(
    function, push, alice, bob, staff
):
    carol = make_account("carol")
    draft = push(name="acme-tools").function
    case = Case.objects.create(kind="dispute", function=draft, claimant=carol)
    moderation.release_claim(draft, Grounds("Acme's.", "name", case), by=staff)

    moderation.force_transfer(function, bob, GROUNDS, by=staff)

    assert not NameException.objects.exists()


def test_exception_of_a_transfer_says_why(function, publish, alice, bob, staff):
    publish(name="imageresizer")

    moderation.force_transfer(function, bob, GROUNDS, by=staff)

    made = NameException.objects.get()
    assert (made.account, made.slug) == (alice, "imageresizer")
    assert (made.rule, made.reason) == ("upkeep", "Kept when a close name moved.")


def test_other_claims_of_the_old_owner_stay(function, push, alice, bob, staff):
    push(name="other-thing")
    stranger = make_account("carol")
    push(by=stranger, name="third-thing")

    moderation.force_transfer(function, bob, GROUNDS, by=staff)

    owners = dict(NameClaim.objects.values_list("look_alike", "owner__username"))
    assert sorted(owners.values()) == ["alice", "bob", "carol"]
    assert push(name="other-thing", version="2.0.0").function.owner == alice


def test_names_of_before_a_rename_go_along(function, push, alice, bob, staff):
    moderation.rename_function(function, "picture-sizer", GROUNDS, by=staff)
    key_of(alice, patterns=["image-resizer"])

    moderation.force_transfer(function, bob, GROUNDS, by=staff)

    assert set(NameClaim.objects.values_list("owner__username", flat=True)) == {"bob"}
    for name in ("image-resizer", "picture-sizer"):
        with pytest.raises(errors.DuplicateSlug):
            push(name=name, version="2.0.0")
        assert push(by=bob, name=name, version="2.0.0").function == function
    assert ApiKey.objects.get().revoked_at


def test_transfer_of_a_draft_leaves_no_address(push, bob, staff):
    moderation.force_transfer(push().function, bob, GROUNDS, by=staff)

    assert not Redirect.objects.exists()


def test_transfer_there_and_back_leaves_one_address(
    function, alice, bob, staff, client
):
    moderation.force_transfer(function, bob, GROUNDS, by=staff)
    moderation.force_transfer(function, alice, GROUNDS, by=staff)

    assert list(Redirect.objects.values_list("username", "slug")) == [
        ("bob", "image-resizer")
    ]
    assert client.get("/functions/alice/image-resizer").status_code == 200
    answer = client.get("/functions/bob/image-resizer")
    assert answer["Location"] == "/functions/alice/image-resizer"


def test_transfer_keeps_what_the_new_owner_left_under_other_names(
    function, publish, bob, staff, client
):
    theirs = publish(by=bob, name="other-thing").function
    moderation.rename_function(theirs, "third-thing", GROUNDS, by=staff)

    moderation.force_transfer(function, bob, GROUNDS, by=staff)

    answer = client.get("/functions/bob/other-thing")
    assert answer["Location"] == "/functions/bob/third-thing"


def test_search_finds_a_transferred_function_by_its_new_author(
    function, bob, staff, client
):
    moderation.force_transfer(function, bob, GROUNDS, by=staff)

    for author, found in [("alice", []), ("bob", ["image-resizer"])]:
        answer = client.get(f"/api/community/functions?search=author:{author}").json()
        assert [item["slug"] for item in answer["functions"]] == found
