"""Names that can be had, accounts made by operators, sign-ups nobody confirmed."""

from datetime import timedelta
from importlib import import_module
from io import StringIO

import pytest
from allauth.account.models import EmailConfirmationHMAC
from django.apps import apps
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.deletion import delete_account
from accounts.models import Account, Event, ReservedName, UsernameClaim
from accounts.names import check_username
from accounts.passwords import check_password
from accounts.projects import create_project
from accounts.registration import create_account, drop_unconfirmed
from tests.conftest import PASSWORD, make_account
from tests.unchanged import rows

pytestmark = pytest.mark.django_db


# --- usernames


def sign_up_form(username, email="dora@example.com"):
    return {"username": username, "email": email, "password1": PASSWORD}


def can_be_had(name) -> bool:
    try:
        check_username(name)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    "name",
    """
    aerostack aerostack-team my-aerostack 0fficial-bot the-official-one off-icial
    security security-team app-security support customer-support staff hub-staff
    admin adm1n admin-x x-admin admins administrator moderator m0derat0r-a rnoderator
    root postmaster webmaster hostmaster abuse helpdesk sysadmin
    """.split(),
)
def test_no_part_of_a_username_speaks_for_the_hub(name):
    assert not can_be_had(name)


@pytest.mark.parametrize(
    "name",
    "adminton officially supporter staffan securityguy rooted mod moderna "
    "design-system teamsupport aerostacker".split(),
)
def test_a_word_within_a_part_is_no_part(name):
    assert can_be_had(name)


@pytest.mark.parametrize(
    "other", ["doral", "d0ra1", "dora-1", "d-o-r-a-1", "dorai", "d-0ral"]
)
def test_a_username_that_reads_like_another_is_refused_at_every_door(client, other):
    make_account("dora1")
    before = rows()

    assert not can_be_had(other)
    with pytest.raises(ValidationError, match="reads like a username that is taken"):
        make_account(other)
    with pytest.raises(CommandError, match="reads like a username that is taken"):
        call_command("create_account", other, email="x@example.com", stdout=StringIO())
    page = client.post("/account/signup/", sign_up_form(other))

    assert "reads like a username that is taken" in page.content.decode()
    assert rows() == before


def test_a_username_that_is_taken_is_said_to_be(client):
    make_account("dora1")

    page = client.post("/account/signup/", sign_up_form("dora1"))

    assert "This username is taken." in page.content.decode()


def test_a_name_that_reads_like_one_taken_in_the_same_moment_is_refused(client):
    """Both sign-ups passed the check; the claim is the backstop."""
    before = rows()

    def claim_first(execute, sql, *given):
        if sql.startswith('INSERT INTO "accounts_account"'):
            UsernameClaim.objects.create(look_alike="doral")  # as dora1's sign-up does
        return execute(sql, *given)

    with connection.execute_wrapper(claim_first):
        page = client.post("/account/signup/", sign_up_form("doral"), follow=True)
        with pytest.raises(CommandError, match="took that name just now"):
            call_command("create_account", "doral", email="x@example.com")

    assert "Somebody took that username" in page.content.decode()
    assert rows() == before


def test_what_reads_like_a_deleted_account_stays_taken():
    account = make_account("dora1")
    delete_account(account, by=account)

    assert not can_be_had("doral")
    assert UsernameClaim.objects.get().account is None


def test_an_unconfirmed_sign_up_holds_no_name_after_a_week(client, time_machine):
    time_machine.move_to("2026-03-01T12:00:00Z", tick=False)
    client.post("/account/signup/", sign_up_form("dora1"))
    assert Account.objects.get().username == "dora1"
    time_machine.shift(timedelta(days=8))

    client.post("/account/signup/", sign_up_form("doral", "late@example.com"))

    assert [each.username for each in Account.objects.all()] == ["doral"]
    assert [each.account.username for each in UsernameClaim.objects.all()] == ["doral"]


def test_accounts_of_before_keep_usernames_that_read_alike(alice, bob):
    migration = import_module("accounts.migrations.0005_usernames_that_look_alike")
    for account, username in ((alice, "admin-1"), (bob, "admin-l")):
        Account.objects.filter(pk=account.pk).update(username=username)
    ReservedName.objects.create(name="dora1", reason="retired with its account")
    UsernameClaim.objects.all().delete()

    migration.claim_those_that_are(apps, None)

    claims = UsernameClaim.objects.values_list("look_alike", "account__username")
    assert dict(claims) == {"admlnl": "admin-1", "doral": None}
    bob.refresh_from_db()
    bob.display_name = "Bob"
    bob.save()
    assert not can_be_had("admini")
    assert not can_be_had("doral")


@pytest.mark.parametrize(
    ("name", "can_be"),
    [
        ("d", False),
        ("do", True),
        ("d1", True),
        ("1d", True),
        ("d" * 39, True),
        ("d" * 40, False),
        ("d-ora", True),
        ("d--ora", True),
        ("-dora", False),
        ("dora-", False),
        ("d-", False),
        ("Dora", False),
        ("d_ora", False),
        ("d.ora", False),
        ("dorá", False),
        ("dora\n", False),
    ],
)
def test_a_username_has_2_to_39_plain_characters(name, can_be):
    assert can_be_had(name) is can_be


# The protocol's fixed segments, and names with a meaning to file systems, languages and
# readers.
@pytest.mark.parametrize(
    "name",
    """
    ci install my validate edit publish admin api account
    con prn aux nul com1 com9 lpt1 lpt9
    constructor prototype tostring tojson node-modules undefined null true index
    aerostack official staff support root security system
    """.split(),
)
def test_words_of_the_hub_and_of_machines_are_nobodys_name(name):
    assert not can_be_had(name)


@pytest.mark.parametrize(
    ("name", "can_be"),
    [
        ("aws-tools", False),
        ("my-aws-tools", True),
        ("aws", True),
        ("acme", False),
        ("acme2", True),
        ("my-acme", True),
        ("gov-uk", False),
        ("gov-uk2", True),
        ("government", True),
    ],
)
def test_names_that_staff_hold_are_nobodys(name, can_be):
    for held in ("aws-*", "acme", "gov-*k"):
        ReservedName.objects.create(name=held, reason="held")

    assert can_be_had(name) is can_be


# --- accounts made by an operator


def test_an_operators_account_can_sign_in_at_once():
    account = create_account("dora", "dora@example.com", PASSWORD, display_name="Dora")

    assert check_password("dora@example.com", PASSWORD) == account
    assert (account.display_name, account.is_staff) == ("Dora", False)
    assert account.emailaddress_set.get().primary
    assert not mail.outbox
    event = Event.objects.get()
    assert (event.verb, event.subject, event.actor) == ("create_account", "dora", None)
    assert event.via == "system"


@pytest.mark.parametrize(
    ("username", "email"),
    [
        ("alice", "dora@example.com"),
        ("dora", "alice@example.com"),
        ("dora", "ALICE@example.com"),
        ("dora", "Alice@EXAMPLE.com"),
        ("dora", "nonsense"),
        ("dora", ""),
        ("Dora", "dora@example.com"),
        ("admin", "dora@example.com"),
        ("", "dora@example.com"),
    ],
)
def test_an_account_is_not_made_with_what_is_taken_or_malformed(alice, username, email):
    events = Event.objects.count()

    with pytest.raises(ValidationError):
        create_account(username, email, PASSWORD)

    assert Account.objects.get() == alice
    assert Event.objects.count() == events


def command(*args) -> list[str]:
    out = StringIO()
    call_command("create_account", *args, stdout=out)
    return out.getvalue().splitlines()


def test_the_command_makes_up_a_password_and_prints_it():
    ready, password = command("dora", "--email", "dora@example.com")

    assert ready == "Account dora <dora@example.com> is ready."
    password = password.removeprefix("Password: ")
    assert len(password) >= 24
    assert check_password("dora@example.com", password).username == "dora"
    assert not Account.objects.get().is_staff


def test_the_command_reads_a_password_and_does_not_print_it(monkeypatch):
    monkeypatch.setattr("sys.stdin", StringIO(f"{PASSWORD}\n"))

    said = command("mod", "--email", "m@example.com", "--staff", "--password-stdin")

    assert said == ["Account mod <m@example.com> is ready."]
    assert check_password("m@example.com", PASSWORD).is_staff


def test_the_command_refuses_an_empty_password_and_a_reserved_name(monkeypatch):
    monkeypatch.setattr("sys.stdin", StringIO("\n"))

    with pytest.raises(CommandError, match="is empty"):
        command("dora", "--email", "dora@example.com", "--password-stdin")
    with pytest.raises(CommandError, match="“admin” is reserved"):
        command("admin", "--email", "dora@example.com")

    assert not Account.objects.exists()


# --- sign-ups that nobody confirmed


@pytest.fixture
def unconfirmed():
    """dora signed up a week ago and never came back."""
    dora = make_account("dora", joined_at=timezone.now() - timedelta(days=7))
    dora.emailaddress_set.update(verified=False)
    return dora


def is_dropped() -> bool:
    drop_unconfirmed(Account.objects.all())
    return not Account.objects.filter(username="dora").exists()


def test_a_sign_up_that_nobody_confirmed_expires_after_a_week(unconfirmed):
    assert is_dropped()

    event = Event.objects.get(verb="drop_sign_up")
    assert (event.subject, event.actor, event.via) == ("dora", None, "system")


@pytest.mark.parametrize(
    "reason",
    ["younger", "signed in", "confirmed", "one confirmed", "owns", "no address"],
)
def test_a_sign_up_that_somebody_uses_stays(unconfirmed, push, reason):
    dora, addresses = unconfirmed, unconfirmed.emailaddress_set
    if reason == "younger":
        dora.joined_at += timedelta(minutes=1)
    elif reason == "signed in":
        dora.last_login = dora.joined_at
    elif reason == "confirmed":
        addresses.update(verified=True)
    elif reason == "one confirmed":
        addresses.create(email="other@example.com", verified=True)
    elif reason == "no address":
        addresses.all().delete()
    else:
        push(by=dora)
    dora.save()

    assert not is_dropped()
    assert not Event.objects.filter(verb="drop_sign_up").exists()


def test_only_those_that_were_asked_about_are_dropped(unconfirmed, push):
    """The one between the others owns something, and keeps neither."""
    names = ["anna", "yves", "zoe"]
    owner, after, other = (
        make_account(name, joined_at=unconfirmed.joined_at) for name in names
    )
    for account in (owner, after, other):
        account.emailaddress_set.update(verified=False)
    push(by=owner)

    drop_unconfirmed(Account.objects.exclude(pk=other.pk))

    left = Account.objects.exclude(username="alice").values_list("username", flat=True)
    assert sorted(left) == ["anna", "zoe"]


def test_a_sign_up_takes_what_it_made_with_it(unconfirmed):
    create_project(unconfirmed, name="Shop", slug="shop")
    unconfirmed.emailaddress_set.create(email="second@example.com", verified=False)

    assert is_dropped()
    assert Event.objects.filter(verb="drop_sign_up").count() == 1


# --- confirming an address


def confirm(client, account, email):
    """The page after ``account`` confirmed its new address."""
    address = account.emailaddress_set.get(email=email)
    key = EmailConfirmationHMAC(address).key
    return client.post(f"/account/confirm-email/{key}/", follow=True)


def test_whoever_confirms_an_address_ends_the_sign_ups_with_that_one_alone(
    alice, client, unconfirmed
):
    for name, email in [("nora", "Shared@example.com"), ("zoe", "zoe@example.com")]:
        make_account(name).emailaddress_set.update(verified=False)
        Account.objects.filter(username=name).update(email=email)
    alice.emailaddress_set.create(email="shared@example.com", verified=False)

    confirm(client, alice, "shared@example.com")

    left = Account.objects.values_list("username", "email")
    assert sorted(left) == [
        ("alice", "shared@example.com"),
        ("dora", "dora@example.com"),
        ("zoe", "zoe@example.com"),
    ]
    assert Event.objects.get(verb="drop_sign_up").subject == "nora"


def test_an_address_that_somebody_signs_in_with_is_not_taken_over(alice, client):
    """Who signed in before addresses had to be confirmed, for one."""
    bob = make_account("bob", last_login=timezone.now())
    bob.emailaddress_set.update(verified=False)
    address = alice.emailaddress_set.create(email=bob.email, verified=False)
    events = Event.objects.count()

    page = confirm(client, alice, bob.email).text

    assert "bob@example.com could not be confirmed: another account has it." in page
    address.refresh_from_db()
    alice.refresh_from_db()
    assert (address.verified, alice.email) == (False, "alice@example.com")
    assert Event.objects.count() == events
    assert Account.objects.count() == 2
    assert mail.outbox == []


def test_a_sign_up_whose_address_another_confirms_at_the_same_moment_gets_nothing(
    alice, client
):
    client.post("/account/signup/", SIGN_UP)
    nora = Account.objects.get(username="nora")
    others = alice.emailaddress_set.create(email=nora.email, verified=False)
    confirmed = []

    def confirm_first(execute, sql, *given):
        if sql.startswith('UPDATE "account_emailaddress"') and not confirmed:
            confirmed.append(others)
            alice.emailaddress_set.update(verified=True)
        return execute(sql, *given)

    with connection.execute_wrapper(confirm_first):
        page = confirm(client, nora, nora.email).text

    assert confirmed
    assert "nora@example.com could not be confirmed" in page
    assert not nora.emailaddress_set.get().verified
    assert client.get("/account/profile").status_code == 302


# --- the sign-up page

SIGN_UP = {"username": "nora", "email": "nora@example.com", "password1": PASSWORD}


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ({"username": "dora"}, ["zoe"]),
        ({"email": "dora@example.com"}, ["zoe"]),
        ({"email": "DORA@example.com"}, ["zoe"]),
        ({}, ["dora", "zoe"]),
    ],
    ids=str,
)
def test_a_sign_up_frees_the_name_and_address_it_asks_for_alone(
    unconfirmed, client, asked, left
):
    other = make_account("zoe", joined_at=unconfirmed.joined_at)
    other.emailaddress_set.update(verified=False)

    client.post("/account/signup/", SIGN_UP | asked)

    made = (SIGN_UP | asked)["username"]
    new = Account.objects.get(username=made)
    assert new.joined_at > unconfirmed.joined_at
    names = Account.objects.exclude(pk=new.pk).values_list("username", flat=True)
    assert sorted(names) == left


@pytest.mark.parametrize("is_verified", [True, False])
def test_an_address_is_taken_once_somebody_confirmed_it(alice, client, is_verified):
    alice.emailaddress_set.create(email="nora@example.com", verified=is_verified)

    client.post("/account/signup/", SIGN_UP)

    assert Account.objects.filter(username="nora").exists() is (not is_verified)


class Counting(MD5PasswordHasher):
    """Passwords are hashed slowly on purpose; here it is counted how often."""

    algorithm = "counting"
    count = 0

    def encode(self, password, salt):
        Counting.count += 1
        return super().encode(password, salt)


def test_a_taken_address_takes_as_long_as_a_free_one(alice, settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.Counting"]

    def hashed(email):
        before = Counting.count
        assert Client().post("/account/signup/", SIGN_UP | {"email": email})["Location"]
        return Counting.count - before

    assert hashed("alice@example.com") == hashed("nora@example.com") > 0
    assert Account.objects.count() == 2
