"""Profile and deletion: what an account shows, and how it ends."""

import pytest
from django.core import mail
from django.db import connection
from django.test import Client

from accounts.deletion import StillOwns, delete_account
from accounts.keys import InvalidKey, create_key, read_key
from accounts.models import Account, ApiKey, Event, ReservedName
from accounts.projects import create_project
from registry import following, moderation
from registry.models import Digest, Follow, Function, Report, TransferOffer
from registry.moderation.transfers import offer_transfer
from tests.conftest import PASSWORD

PROFILE = {"display_name": "Alice", "bio": "Writes.", "links": "https://example.com"}


@pytest.fixture
def as_alice(alice, client):
    client.force_login(alice)
    return client


def test_profile_is_saved(as_alice, alice):
    as_alice.post("/account/profile", PROFILE)

    alice.refresh_from_db()
    assert (alice.display_name, alice.bio) == ("Alice", "Writes.")
    assert alice.links == ["https://example.com"]
    assert Event.objects.filter(verb="change_profile").count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"display_name": "a\u202eb"},
        {"display_name": "n" * 81},
        {"display_name": "\u3164"},
        {"bio": "x" * 301},
        {"bio": "nul\0"},
        {"links": "http://example.com"},
        {"links": "//evil.example"},
        {"links": "javascript:alert(1)"},
        {"links": "https://github.com@evil.example/"},
        {"links": "https://example.com/" + "x" * 200},
        {"links": "https://a.example " * 6},
    ],
    ids=str,
)
def test_profile_refuses_what_would_mislead(as_alice, alice, wrong):
    response = as_alice.post("/account/profile", PROFILE | wrong)

    assert "invalid-feedback" in response.text
    alice.refresh_from_db()
    assert alice.links == []


def test_profile_can_set_nothing_else(as_alice, alice):
    as_alice.post(
        "/account/profile",
        PROFILE | {"is_staff": "on", "username": "root", "email": "x@example.com"},
    )

    alice.refresh_from_db()
    assert not alice.is_staff
    assert (alice.username, alice.email) == ("alice", "alice@example.com")


def test_account_is_deleted_with_all_it_had(as_alice, alice):
    project = create_project(alice, name="Shop", slug="shop")
    _, secret = create_key(alice, name="laptop")
    _, project_secret = create_key(alice, name="production", project=project)

    response = as_alice.post("/account/delete", {"password": PASSWORD}, follow=True)

    assert "Your account is deleted" in response.text
    assert not Account.objects.exists()
    for stopped in (secret, project_secret):
        with pytest.raises(InvalidKey):
            read_key(stopped)
    assert mail.outbox[-1].to == ["alice@example.com"]
    event = Event.objects.get(verb="delete_account")
    assert (event.actor, event.data["actor"]) == (None, "alice")


def test_name_of_a_deleted_account_is_retired(alice, client):
    delete_account(alice, by=alice)

    form = {"username": "alice", "email": "other@example.com", "password1": PASSWORD}
    response = client.post("/account/signup/", form)

    assert "reserved" in response.text
    assert not Account.objects.exists()


def test_account_is_not_deleted_without_the_password(as_alice):
    response = as_alice.post("/account/delete", {"password": "wrong"})

    assert "invalid-feedback" in response.text
    assert Account.objects.exists()


def test_deleting_stops_after_five_wrong_passwords(as_alice, settings):
    settings.ACCOUNT_RATE_LIMITS = {}
    for _ in range(5):
        as_alice.post("/account/delete", {"password": "wrong"})

    response = as_alice.post("/account/delete", {"password": PASSWORD})

    assert "Too many attempts" in response.text
    assert Account.objects.exists()


def test_account_is_not_deleted_while_the_hub_rests_on_it(as_alice, alice):
    ReservedName.objects.create(name="held-name", reason="for later", by=alice)

    response = as_alice.post("/account/delete", {"password": PASSWORD})

    assert "held-name" in response.text
    assert "was not deleted" in response.text
    assert Account.objects.exists()
    assert not ReservedName.objects.filter(name="alice").exists()
    assert not Event.objects.filter(verb="delete_account").exists()
    assert not mail.outbox


def test_delete_account_says_what_it_rests_on(alice):
    ReservedName.objects.create(name="held-name", reason="for later", by=alice)

    with pytest.raises(StillOwns) as refusal:
        delete_account(alice, by=alice)

    assert refusal.value.names == ["held-name"]


def test_deleting_needs_a_signed_in_account(db):
    assert Client().post("/account/delete")["Location"].startswith("/account/login/")


@pytest.mark.parametrize("scene", ["push", "publish"])
def test_account_is_not_deleted_while_it_owns_a_function(as_alice, request, scene):
    request.getfixturevalue(scene)()

    response = as_alice.post("/account/delete", {"password": PASSWORD})

    assert "alice/image-resizer" in response.text
    assert Account.objects.exists()
    assert Client().get("/account/login/").status_code == 200


def test_account_is_deleted_once_its_drafts_are(as_alice, alice, push):
    from registry.publishing import delete_draft

    delete_draft(push(), by=alice, via="admin")
    as_alice.post("/account/delete", {"password": PASSWORD})

    assert not Account.objects.exists()


# --- what goes, what stays


@pytest.fixture
def life(alice, bob, publish):
    """alice has something of everything that is not a function."""
    theirs = publish(by=bob).function
    later = publish(name="thumbnailer", by=bob).function
    following.star(theirs, by=alice, via="hub")
    following.follow(theirs, by=alice, via="hub")
    following.follow(bob, by=alice, via="hub")
    following.follow(alice, by=bob, via="hub")
    following.choose_digest(alice, "daily", by=alice, via="hub")
    moderation.report(
        theirs, reason="spam", text="", version="", by=alice, source="", via="hub"
    )
    offer_transfer(later, alice, by=bob)
    create_key(alice, name="laptop")
    return theirs


def test_what_is_about_a_deleted_account_goes_and_what_others_see_stays(
    life, alice, bob
):
    events = list(Event.objects.filter(actor=alice).values_list("pk", flat=True))
    stars = Function.objects.get(pk=life.pk).star_count

    delete_account(alice, by=alice)

    assert Account.objects.get() == bob
    assert stars == Function.objects.get(pk=life.pk).star_count == 1
    assert Report.objects.get().reporter is None
    for model in (Follow, Digest, TransferOffer, ApiKey):
        assert not model.objects.exists(), model
    kept = Event.objects.filter(pk__in=events)
    assert len(events) == kept.count() > 5
    assert {event.data["actor"] for event in kept} == {"alice"}


def test_a_deletion_is_audited_as_done_by_whoever_did_it(alice, staff):
    delete_account(alice, by=staff, via="system")

    event = Event.objects.get(verb="delete_account")
    assert (event.subject, event.actor, event.via) == ("alice", staff, "system")
    reserved = ReservedName.objects.get()
    assert (reserved.name, reserved.reason) == ("alice", "retired with its account")


def test_a_deletion_ends_sessions_and_leaves_others_alone(alice, bob):
    clients = {account: Client() for account in (alice, bob)}
    for account, client in clients.items():
        form = {"login": account.email, "password": PASSWORD}
        client.post("/account/login/", form)

    delete_account(alice, by=alice)

    statuses = [
        client.get("/account/profile").status_code for client in clients.values()
    ]
    assert statuses == [302, 200]


def test_a_name_that_staff_hold_already_does_not_stop_a_deletion(alice, staff):
    ReservedName.objects.create(name="alice", reason="a brand", by=staff)

    delete_account(alice, by=alice)

    assert ReservedName.objects.get().reason == "a brand"


def test_the_page_of_a_deleted_account_is_gone_at_once(
    alice, settings, django_capture_on_commit_callbacks
):
    settings.PAGE_CACHE_BYTES = 2**20
    reader = Client()
    assert reader.get("/users/alice").status_code == 200

    with django_capture_on_commit_callbacks(execute=True):
        delete_account(alice, by=alice)

    assert reader.get("/users/alice").status_code == 404


def test_a_refusal_names_twenty_functions_and_nothing_else(alice, push):
    ReservedName.objects.create(name="held-name", reason="for later", by=alice)
    for letter in "zyxwvutsrqponmlkjihgf":
        push(name=f"tool-{letter * 3}")

    with pytest.raises(StillOwns) as refusal:
        delete_account(alice, by=alice)

    first = [f"alice/tool-{letter * 3}" for letter in "fghijklmnopqrstuvwxy"]
    assert refusal.value.names == first


@pytest.mark.django_db(transaction=True)
def test_a_function_made_during_a_deletion_stops_it(alice):
    made = []

    def push_first(execute, sql, *given):
        if sql.startswith('DELETE FROM "accounts_account"') and not made:
            made.append(sql)
            Function.objects.create(slug="late", owner=alice, look_alike="late")
        return execute(sql, *given)

    with (
        connection.execute_wrapper(push_first),
        pytest.raises(StillOwns) as refusal,
    ):
        delete_account(alice, by=alice)

    assert made
    assert refusal.value.names == []
    assert Account.objects.get() == alice
    assert not ReservedName.objects.exists()
    assert not Event.objects.filter(verb="delete_account").exists()
    assert not mail.outbox
