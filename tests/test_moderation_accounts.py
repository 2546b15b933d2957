"""What staff do to an account: sessions, keys and what must be set up."""

import pytest
from django.test import Client

from accounts.models import Account
from registry import errors, moderation
from registry.models import Decision
from registry.moderation import Grounds
from tests.conftest import PASSWORD, Api, key_of, make_account

GROUNDS = Grounds("A stolen laptop.", "other")


def signed_in(account) -> Client:
    client = Client()
    form = {"login": account.email, "password": PASSWORD}
    client.post("/account/login/", form)
    assert is_signed_in(client)
    return client


def is_signed_in(client) -> bool:
    return client.get("/account/profile").status_code == 200


def test_suspension_ends_sessions_for_good(alice, bob, staff):
    laptop, phone, another = signed_in(alice), signed_in(alice), signed_in(bob)

    moderation.suspend_account(alice, GROUNDS, by=staff)
    moderation.restore_account(alice, GROUNDS, by=staff)

    assert not is_signed_in(laptop)
    assert not is_signed_in(phone)
    assert is_signed_in(another)
    signed_in(alice)


def test_sign_out_ends_sessions_and_leaves_keys(alice, bob, staff, client):
    laptop, phone, another = signed_in(alice), signed_in(alice), signed_in(bob)
    api = Api(client, key_of(alice))

    moderation.force_sign_out(alice, GROUNDS, by=staff)

    assert not is_signed_in(laptop)
    assert not is_signed_in(phone)
    assert is_signed_in(another)
    assert api("GET", "my").status_code == 200
    signed_in(alice)


def test_suspended_accounts_keys_work_again_when_it_is_restored(api, alice, staff):
    moderation.suspend_account(alice, GROUNDS, by=staff)
    assert api.push().json()["code"] == "UNAUTHORIZED"

    moderation.restore_account(alice, GROUNDS, by=staff)

    assert api.push().status_code == 201


def test_suspension_and_factor_leave_the_rest_of_the_row(alice, staff):
    stale = Account.objects.get(pk=alice.pk)
    stale.display_name = "Old"
    Account.objects.filter(pk=alice.pk).update(display_name="Alice A.", bio="New.")

    moderation.suspend_account(stale, GROUNDS, by=staff)
    moderation.require_second_factor(stale, GROUNDS, by=staff)

    alice.refresh_from_db()
    assert (alice.display_name, alice.bio) == ("Alice A.", "New.")
    assert (alice.is_active, alice.needs_second_factor) == (False, True)


def test_required_factor_is_asked_for_until_it_is_waived(alice, staff):
    browser = signed_in(alice)

    moderation.require_second_factor(alice, GROUNDS, by=staff)
    assert not is_signed_in(browser)

    moderation.waive_second_factor(alice, GROUNDS, by=staff)
    assert is_signed_in(browser)


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("restore_account", "alice is not suspended."),
        ("waive_second_factor", "A second factor is not required already."),
    ],
)
def test_what_is_not_so_is_not_ended(alice, staff, verb, said):
    with pytest.raises(errors.Conflict) as refused:
        getattr(moderation, verb)(alice, GROUNDS, by=staff)

    assert refused.value.message == said
    assert not Decision.objects.exists()


def test_restoring_takes_back_the_last_suspension_of_that_account(alice, bob, staff):
    first = moderation.suspend_account(alice, GROUNDS, by=staff)
    moderation.restore_account(alice, GROUNDS, by=staff)
    second = moderation.suspend_account(alice, GROUNDS, by=staff)
    theirs = moderation.suspend_account(bob, GROUNDS, by=staff)
    moderation.require_second_factor(alice, GROUNDS, by=staff)

    again = moderation.restore_account(alice, GROUNDS, by=staff)

    assert again.reverses == second
    outcomes = [Decision.objects.get(pk=d.pk).outcome for d in (first, second, theirs)]
    assert outcomes == ["taken back", "taken back", "stands"]


def test_log_shows_a_suspension_by_the_accounts_name(alice, staff, client):
    moderation.suspend_account(alice, GROUNDS, by=staff)

    (row,) = client.get("/moderation.json").json()["decisions"]

    assert (row["action"], row["subject"]) == ("suspend_account", "account alice")


def test_second_suspension_says_that_it_is_suspended(alice, staff):
    moderation.suspend_account(alice, GROUNDS, by=staff)
    second = make_account("mod2", is_staff=True)

    with pytest.raises(errors.Conflict, match="alice is suspended already"):
        moderation.suspend_account(alice, GROUNDS, by=second)

    assert Decision.objects.count() == 1
