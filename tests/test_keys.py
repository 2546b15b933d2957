"""Account keys and project keys: their shape, their pages, who may see them."""

import logging
import re
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts import keys
from accounts.keys import InvalidKey, create_key, is_well_formed, read_key, revoke_key
from accounts.models import Account, ApiKey, Event, Switch
from accounts.projects import create_project
from accounts.redaction import RedactingFormatter
from accounts.switches import SwitchedOff

KEY_FORM = {"name": "laptop", "scopes": ["publish"], "patterns": "", "expires": "90"}
SECRET = re.compile(r"\ba[ck]_secret_[0-9A-Za-z]{42}\b")


@pytest.fixture
def as_alice(alice, client):
    client.force_login(alice)
    return client


def secret_on(page) -> str:
    return SECRET.search(page)[0]


# --- the secret itself


def test_key_has_the_shape_clients_know(alice):
    key, secret = create_key(alice, name="laptop")

    assert SECRET.fullmatch(secret)
    assert is_well_formed(secret)
    assert secret.startswith(key.hint)
    assert key.scopes == list(keys.SCOPES)


def test_key_is_kept_as_a_hash_only(alice):
    key, secret = create_key(alice, name="laptop")

    row = ApiKey.objects.filter(pk=key.pk).values().get()
    assert secret not in str(row)
    assert secret[20:] not in str(row)


def test_read_key_finds_its_account(alice):
    key, secret = create_key(alice, name="laptop")

    assert read_key(secret).account == alice


@pytest.mark.parametrize("position", [0, 12, 30, 51])
def test_read_key_refuses_a_typing_error_without_a_query(
    alice, position, django_assert_num_queries
):
    _, secret = create_key(alice, name="laptop")
    other = "x" if secret[position] != "x" else "y"

    with django_assert_num_queries(0), pytest.raises(InvalidKey):
        read_key(secret[:position] + other + secret[position + 1 :])


@pytest.mark.parametrize(
    "secret", ["", "ac_", "ac_secret_", "ac_secret_" + "0" * 42, "ac_secret_é", "\0"]
)
def test_read_key_refuses_what_is_no_key(db, secret, django_assert_num_queries):
    with django_assert_num_queries(0), pytest.raises(InvalidKey):
        read_key(secret)


def test_read_key_refuses_unknown_expired_revoked_and_suspended(alice, bob):
    _, expired = create_key(alice, name="a", expires_at=timezone.now())
    revoked_row, revoked = create_key(alice, name="b")
    revoke_key(revoked_row, by=alice)
    _, suspended = create_key(bob, name="c")
    Account.objects.filter(pk=bob.pk).update(is_active=False)

    for secret in (expired, revoked, suspended, keys.new_secret("ac_secret_")):
        with pytest.raises(InvalidKey):
            read_key(secret)


def test_read_key_survives_a_new_server_secret(alice, settings):
    _, secret = create_key(alice, name="laptop")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret of at least thirty-two characters"

    assert read_key(secret).account == alice


def test_read_key_notes_its_last_use_now_and_then(alice):
    key, secret = create_key(alice, name="laptop")
    read_key(secret)
    key.refresh_from_db()
    first = key.last_used_at
    read_key(secret)
    key.refresh_from_db()

    assert first is not None
    assert key.last_used_at == first


@pytest.mark.parametrize(
    ("patterns", "slug", "allowed"),
    [
        ([], "anything", True),
        (["image-*"], "image-resizer", True),
        (["image-*"], "rate-limiter", False),
        (["a", "b?"], "bc", True),
    ],
)
def test_key_patterns_limit_what_it_touches(alice, patterns, slug, allowed):
    key, _ = create_key(alice, name="ci", patterns=patterns)

    assert keys.may_touch(key.patterns, slug) is allowed


def test_keys_never_reach_the_log(alice):
    _, secret = create_key(alice, name="laptop")
    record = logging.LogRecord(
        "x", logging.INFO, "", 0, "GET /?key=%s", (secret,), None
    )

    assert RedactingFormatter().format(record) == "GET /?key=ac_[redacted]"


# --- the page


def test_key_page_shows_a_new_key_once(as_alice, alice):
    page = as_alice.post("/account/keys", KEY_FORM)
    secret = secret_on(page.text)

    assert read_key(secret).scopes == ["publish"]
    assert not SECRET.search(as_alice.get("/account/keys").text)
    assert "no-store" in page["Cache-Control"]
    assert Event.objects.get(verb="create_key").actor == alice


@pytest.mark.parametrize(("choice", "days"), [("30", 30), ("90", 90), ("365", 365)])
def test_key_expires_when_chosen(as_alice, choice, days):
    as_alice.post("/account/keys", KEY_FORM | {"expires": choice})

    left = ApiKey.objects.get().expires_at - timezone.now()
    assert timedelta(days=days - 1) < left <= timedelta(days=days)


def test_key_can_last_for_ever(as_alice):
    as_alice.post("/account/keys", KEY_FORM | {"expires": ""})

    assert ApiKey.objects.get().expires_at is None


def test_key_patterns_are_read_from_one_line(as_alice):
    as_alice.post("/account/keys", KEY_FORM | {"patterns": "image-*, rate-limiter"})

    assert ApiKey.objects.get().patterns == ["image-*", "rate-limiter"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "n" * 81},
        {"name": "a\u202eb"},
        {"name": "a\r\nBcc: x@example.com"},
        {"name": "zero\u200bwidth"},
        {"name": "nul\0"},
        {"scopes": ["publish", "admin"]},
        {"patterns": "../x"},
        {"patterns": "[a-z]"},
        {"patterns": "a " * 21},
        {"expires": "36500"},
    ],
    ids=str,
)
def test_key_page_refuses_what_no_key_can_have(as_alice, wrong):
    response = as_alice.post("/account/keys", KEY_FORM | wrong)

    assert response.status_code == 200
    assert "invalid-feedback" in response.text
    assert not ApiKey.objects.exists()


def test_key_page_stops_at_a_hundred_keys(as_alice, alice):
    for number in range(100):
        create_key(alice, name=str(number))

    response = as_alice.post("/account/keys", KEY_FORM)

    assert "You have 100 keys in use" in response.text
    assert alice.keys.count() == 100


def test_key_stops_when_revoked(as_alice, alice):
    key, secret = create_key(alice, name="laptop")
    address = f"/account/keys/{key.pk}/revoke"

    assert "stops working at once" in as_alice.get(address).text
    assert read_key(secret)
    as_alice.post(address)

    with pytest.raises(InvalidKey):
        read_key(secret)
    assert "Revoked and expired keys" in as_alice.get("/account/keys").text


def test_key_changes_are_mailed(alice, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        key, secret = create_key(alice, name="laptop")
        revoke_key(key, by=alice)
        revoke_key(key, by=alice)

    assert [m.subject for m in mail.outbox] == [
        "[Aerostack Hub] A key was created",
        "[Aerostack Hub] A key was revoked",
    ]
    assert all(m.to == ["alice@example.com"] for m in mail.outbox)
    assert not any(secret in m.body for m in mail.outbox)
    assert '"laptop"' in mail.outbox[0].body


def test_mail_subjects_hold_no_line_breaks(alice):
    from accounts.mail import notify

    alice.username = "alice\r\nBcc: victim@example.com"
    notify(alice, "account/email/account_deleted")

    headers = mail.outbox[0].message()
    assert headers["Bcc"] is None
    assert "\n" not in mail.outbox[0].subject


# --- projects


def test_project_gets_its_short_name_from_its_name(as_alice, alice):
    as_alice.post("/account/projects", {"name": "My Shop!", "slug": "", "url": ""})

    assert alice.projects.get().slug == "my-shop"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "!!!"},
        {"name": "x\u202ey"},
        {"url": "javascript:alert(1)"},
        {"url": "ftp://example.com"},
        {"slug": "../x"},
        {"slug": "shop"},
    ],
    ids=str,
)
def test_project_page_refuses_what_no_project_can_have(as_alice, alice, wrong):
    create_project(alice, name="Shop", slug="shop")
    form = {"name": "Other", "slug": "", "url": ""}

    response = as_alice.post("/account/projects", form | wrong)

    assert "invalid-feedback" in response.text
    assert alice.projects.count() == 1


def test_project_keys_belong_to_one_project(as_alice, alice):
    create_project(alice, name="Shop", slug="shop")
    page = as_alice.post(
        "/account/projects/shop", {"name": "production", "expires": "90"}
    )
    secret = secret_on(page.text)

    assert secret.startswith("ak_secret_")
    key = read_key(secret)
    assert (key.project.slug, key.scopes) == ("shop", [])
    assert "production" not in as_alice.get("/account/keys").text


def test_project_key_is_revoked_from_its_project(as_alice, alice):
    project = create_project(alice, name="Shop", slug="shop")
    key, _ = create_key(alice, name="production", project=project)

    response = as_alice.post(f"/account/keys/{key.pk}/revoke")

    assert response["Location"] == "/account/projects/shop"
    assert not project.keys.usable().exists()


def test_project_is_edited_but_keeps_its_short_name(as_alice, alice):
    create_project(alice, name="Shop", slug="shop")

    as_alice.post(
        "/account/projects/shop/edit",
        {"name": "Store", "slug": "store", "url": "https://shop.example.com"},
    )

    project = alice.projects.get()
    assert (project.name, project.slug) == ("Store", "shop")
    assert project.url == "https://shop.example.com"


def test_project_takes_its_keys_with_it(
    as_alice, alice, django_capture_on_commit_callbacks
):
    project = create_project(alice, name="Shop", slug="shop")
    _, secret = create_key(alice, name="production", project=project)
    assert "1 key in use" in as_alice.get("/account/projects/shop/delete").text

    with django_capture_on_commit_callbacks(execute=True):
        as_alice.post("/account/projects/shop/delete")

    with pytest.raises(InvalidKey):
        read_key(secret)
    assert mail.outbox[-1].subject == "[Aerostack Hub] A project was deleted"


# --- another account's


# --- switched off by staff


def test_no_key_is_made_while_staff_let_none_be_made(as_alice, alice):
    Switch.objects.create(name="key_creation", reason="We look into a leak.")

    response = as_alice.post("/account/keys", KEY_FORM)

    assert "We look into a leak." in response.text
    with pytest.raises(SwitchedOff):
        create_key(alice, name="laptop", via="api")
    assert not ApiKey.objects.exists()
