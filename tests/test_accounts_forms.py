"""Limits of what accounts may write: profile, keys, projects, passkeys, passwords."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.forms import AddPasskeyForm
from accounts.keys import create_key, revoke_key
from accounts.models import Account, ApiKey, Event
from accounts.profile_forms import KeyForm, ProfileForm, ProjectForm, ProjectKeyForm
from accounts.projects import change_project, create_project, delete_project
from accounts.text import refuse_invisible
from tests.conftest import PASSWORD

PROFILE = {"display_name": "Alice", "bio": "Writes.", "links": ""}
KEY = {"name": "laptop", "scopes": ["publish"], "patterns": "", "expires": "90"}
PROJECT = {"name": "Shop", "slug": "", "url": ""}


def faults(form) -> dict[str, list[str]]:
    return {name: list(errors) for name, errors in form.errors.items()}


def link(length) -> str:
    return "https://example.com/".ljust(length, "x")


# --- profile


@pytest.mark.parametrize(
    ("field", "value", "fits"),
    [
        ("display_name", "n" * 80, True),
        ("display_name", "n" * 81, False),
        ("display_name", "", True),
        ("bio", "b" * 300, True),
        ("bio", "b" * 301, False),
        ("bio", "ü" * 300, True),
        ("links", link(200), True),
        ("links", link(201), False),
        ("links", "\n".join([link(30)] * 5), True),
        ("links", "\n".join([link(30)] * 6), False),
        ("links", "https://example.com/?a@b", True),
        ("links", "https://alice@example.com/", False),
        ("links", "https://example.com https://alice@example.com/", False),
        ("links", "HTTP://example.com/", False),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_profile_keeps_to_its_limits(alice, field, value, fits):
    form = ProfileForm(PROFILE | {field: value}, instance=alice)

    assert form.is_valid() is fits
    assert list(faults(form)) == ([] if fits else [field])


@pytest.mark.parametrize(
    ("links", "fault"),
    [
        (["https://a.example"] * 6, "6 addresses; at most 5 fit."),
        ([link(30), link(201)], "Address 2 is longer than 200 characters."),
        ([link(30), "nonsense"], "Address 2: Enter a valid URL."),
        (
            ["https://alice@example.com"],
            "Address 1: Leave out the name before the @ in the address.",
        ),
    ],
)
def test_a_refused_address_is_named(alice, links, fault):
    form = ProfileForm(PROFILE | {"links": "\n".join(links)}, instance=alice)

    assert faults(form) == {"links": [fault]}


def test_a_profile_shows_and_changes_its_own_account_alone(alice, bob, client):
    Account.objects.filter(pk=alice.pk).update(links=[link(30), link(31)])
    client.force_login(alice)

    page = client.get("/account/profile").text
    assert f"{link(30)}\n{link(31)}" in page
    client.post("/account/profile", PROFILE | {"links": link(40)})

    bob.refresh_from_db()
    assert (bob.display_name, bob.links) == ("", [])
    event = Event.objects.get(verb="change_profile")
    assert (event.subject, event.actor, event.via) == ("alice", alice, "admin")


def test_a_changed_profile_is_seen_at_once(
    alice, client, settings, django_capture_on_commit_callbacks
):
    settings.PAGE_CACHE_BYTES = 2**20
    client.force_login(alice)
    assert "Writes." not in client.get("/users/alice").text

    with django_capture_on_commit_callbacks(execute=True):
        client.post("/account/profile", PROFILE)

    assert "Writes." in client.get("/users/alice").text


@pytest.mark.parametrize(
    ("text", "is_seen"),
    [
        ("Größe 日本 🙂", True),
        ("a\u00a0b", True),
        ("a\nb", False),
        ("a\tb", False),
        ("a\x7fb", False),
        ("a\u00adb", False),
        ("a\u200bb", False),
        ("a\u200fb", False),
        ("a\u202eb", False),
        ("a\u2028b", False),
        ("a\u2029b", False),
        ("a\ufeffb", False),
        ("a\ud800b", False),
        *(
            (f"a{blank}b", False)
            for blank in "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
        ),
    ],
    ids=ascii,
)
def test_names_have_no_character_that_can_not_be_seen(text, is_seen):
    if is_seen:
        return refuse_invisible(text)
    with pytest.raises(ValidationError) as refusal:
        refuse_invisible(text)
    code = f"U+{ord(text[1]):04X}"
    assert refusal.value.messages == [f"Character 2 ({code}) can't be seen. Remove it."]


# --- keys


@pytest.mark.parametrize(
    ("field", "value", "fits"),
    [
        ("name", "n" * 80, True),
        ("name", "n" * 81, False),
        ("patterns", ", ".join(["image-*"] * 20), True),
        ("patterns", ", ".join(["image-*"] * 21), False),
        ("patterns", "p" * 64, True),
        ("patterns", "p" * 65, False),
        ("patterns", ", ".join(["p" * 64] * 20), True),
        ("patterns", "a?c-9*", True),
        ("patterns", "Image-*", False),
        ("patterns", "image_*", False),
        ("patterns", "image-*,mail.*", False),
        ("scopes", [], True),
        ("scopes", ["draft:write", "publish", "yank", "listing:write"], True),
        ("scopes", ["admin"], False),
        ("expires", "", True),
        ("expires", "31", False),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_key_keeps_to_its_limits(alice, field, value, fits):
    form = KeyForm(KEY | {field: value}, account=alice)

    assert form.is_valid() is fits
    assert list(faults(form)) == ([] if fits else [field])


def test_a_refused_pattern_is_named(alice):
    many = KeyForm(KEY | {"patterns": "a " * 21}, account=alice)
    wrong = KeyForm(KEY | {"patterns": "a, b, C"}, account=alice)

    assert faults(many) == {"patterns": ["21 patterns; at most 20 fit."]}
    assert faults(wrong) == {
        "patterns": ["Pattern 3: use a to z, 0 to 9, hyphens, * and ?."]
    }


@pytest.mark.parametrize("form", [KeyForm, ProjectKeyForm])
def test_a_hundred_usable_keys_are_enough(alice, bob, form):
    """Of the account and its projects; neither stopped ones nor those of others."""
    project = create_project(alice, name="Shop", slug="shop")
    now = timezone.now()
    rows = [{"account": alice}] * 98 + [{"account": alice, "project": project}]
    rows += [{"account": alice, "revoked_at": now}, {"account": bob}]
    rows += [{"account": alice, "expires_at": now - timedelta(seconds=1)}]
    for number, row in enumerate(rows):
        ApiKey.objects.create(name=str(number), hash=str(number), **row)

    assert form(KEY, account=alice).is_valid()
    hundredth, _ = create_key(alice, name="hundredth")

    fault = (
        "You have 100 keys in use, of 100 at most. Revoke one you no longer need, or "
        "ask the Hub's staff for more."
    )
    assert faults(form(KEY, account=alice)) == {"__all__": [fault]}
    assert form(KEY, account=bob).is_valid()
    revoke_key(hundredth, by=alice)
    assert form(KEY, account=alice).is_valid()


@pytest.mark.parametrize("days", [30, 90, 365])
def test_a_key_expires_after_the_days_that_were_chosen(alice, days, time_machine):
    time_machine.move_to("2026-03-01T12:00:00Z", tick=False)
    form = KeyForm(KEY | {"expires": str(days)}, account=alice)

    assert form.is_valid()
    assert form.expires_at == timezone.now() + timedelta(days=days)
    assert KeyForm(account=alice)["expires"].initial == "90"


def test_the_key_page_shows_twenty_of_the_stopped_keys(alice, client):
    now = timezone.now()
    for number in range(21):
        ApiKey.objects.create(
            account=alice,
            name=f"stopped-{number:02}",
            hash=str(number),
            created_at=now + timedelta(minutes=number),
            revoked_at=now,
        )
    client.force_login(alice)

    page = client.get("/account/keys").text

    assert [f"stopped-{number:02}" in page for number in (0, 1, 20)] == [
        False,
        True,
        True,
    ]
    assert page.index("stopped-20") < page.index("stopped-01")


# --- projects


@pytest.mark.parametrize(
    ("field", "value", "fits"),
    [
        ("name", "n" * 80, True),
        ("name", "n" * 81, False),
        ("name", "a\u202eb", False),
        ("slug", "s" * 58, True),
        ("slug", "s" * 59, False),
        ("url", "http://example.com", True),
        ("url", link(200), True),
        ("url", link(201), False),
        ("url", "ftp://example.com", False),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_project_keeps_to_its_limits(alice, field, value, fits):
    form = ProjectForm(PROJECT | {field: value}, account=alice)

    assert form.is_valid() is fits
    assert list(faults(form)) == ([] if fits else [field])


@pytest.mark.parametrize(
    ("name", "slug", "made"),
    [
        ("My Shop!", "", "my-shop"),
        ("Shop", "STORE", "store"),
        ("n" * 80, "", "n" * 58),
        ("n" * 57 + " shop", "", "n" * 57),
    ],
)
def test_a_short_name_is_lower_case_and_made_where_none_is_given(
    alice, name, slug, made
):
    form = ProjectForm(PROJECT | {"name": name, "slug": slug}, account=alice)

    assert form.is_valid()
    assert form.cleaned_data["slug"] == made


def test_a_short_name_is_used_once_by_each_account(alice, bob):
    create_project(alice, name="Shop", slug="shop")
    form = PROJECT | {"slug": "Shop"}

    assert faults(ProjectForm(form, account=alice)) == {
        "slug": ["You have a project “shop” already."]
    }
    assert faults(ProjectForm(PROJECT, account=alice)) == {
        "slug": ["You have a project “shop” already."]
    }
    assert faults(ProjectForm(PROJECT | {"name": "!"}, account=alice)) == {
        "slug": ["The name has no letters to make one from: add it."]
    }
    assert ProjectForm(form, account=bob).is_valid()


def test_a_hundred_projects_are_enough(alice, bob):
    for number in range(99):
        alice.projects.create(name="Shop", slug=f"shop-{number}")
    bob.projects.create(name="Shop", slug="shop")
    form = ProjectForm(PROJECT, account=alice)

    assert form.is_valid()
    hundredth = create_project(alice, name="Shop", slug="shop")

    fault = (
        "You have 100 projects, of 100 at most. Delete one you don't need, or ask the "
        "Hub's staff for more."
    )
    another = PROJECT | {"name": "Another"}
    assert faults(ProjectForm(another, account=alice)) == {"__all__": [fault]}
    assert ProjectForm(another, account=alice, instance=hundredth).is_valid()


def test_each_change_to_a_project_is_audited(
    alice, bob, django_capture_on_commit_callbacks
):
    other = create_project(bob, name="Shop", slug="shop")
    with django_capture_on_commit_callbacks(execute=True):
        project = create_project(alice, name="Shop", slug="shop")
        for number in range(2):
            create_key(alice, name=str(number), project=project, via="system")
        change_project(project, name="Store", url="https://example.com", by=alice)
        delete_project(project, by=alice)

    events = Event.objects.filter(verb__endswith="project", actor=alice).order_by("pk")
    assert [(event.verb, event.data["name"], event.via) for event in events] == [
        ("create_project", "Shop", "admin"),
        ("change_project", "Store", "admin"),
        ("delete_project", "Store", "admin"),
    ]
    assert len({event.subject for event in events}) == 1
    assert bob.projects.get() == other
    assert not ApiKey.objects.exists()
    (message,) = mail.outbox
    assert message.to == ["alice@example.com"]
    assert '"Store"' in message.body
    assert "Keys deleted with it: 2." in message.body


# --- passkeys and passwords


PASSKEYS = "/account/second-factor/webauthn/keys/{}/edit/"


@pytest.fixture
def passkey(alice, client):
    client.force_login(alice)
    data = {"name": "Laptop", "credential": {}}
    row = Authenticator.objects.create(user=alice, type="webauthn", data=data)
    path = PASSKEYS.format(row.pk)
    client.post(client.get(path)["Location"], {"password": PASSWORD})
    return row


@pytest.mark.parametrize(("length", "fits"), [(80, True), (81, False)])
def test_a_passkey_has_a_name_of_at_most_80_characters(client, passkey, length, fits):
    client.post(PASSKEYS.format(passkey.pk), {"name": "n" * length})

    passkey.refresh_from_db()
    assert passkey.data["name"] == ("n" * length if fits else "Laptop")


@pytest.mark.parametrize(("count", "is_full"), [(19, False), (20, True)])
def test_twenty_passkeys_are_enough(alice, bob, count, is_full):
    """Neither an app nor another account's passkeys are counted."""
    data = {"name": "Phone", "credential": {}}
    for _ in range(count):
        Authenticator.objects.create(user=alice, type="webauthn", data=data)
    Authenticator.objects.create(user=bob, type="webauthn", data=data)
    Authenticator.objects.create(user=alice, type="totp", data={"secret": ""})

    form = AddPasskeyForm({"name": "x", "credential": "{}"}, user=alice)

    fault = "You have 20 passkeys; remove one first."
    assert (fault in faults(form).get("__all__", [])) is is_full


@pytest.mark.parametrize(
    ("password", "fits"),
    [
        ("correct hor", False),
        ("correct hors", True),
        ("correct horse battery ".ljust(128, "x"), True),
        ("correct horse battery ".ljust(129, "x"), False),
    ],
    ids=[11, 12, 128, 129],
)
def test_a_password_has_12_to_128_characters(client, db, password, fits):
    form = {"username": "dora", "email": "dora@example.com", "password1": password}

    client.post("/account/signup/", form)

    assert Account.objects.exists() is fits
