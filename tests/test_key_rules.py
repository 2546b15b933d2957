"""What a key is, how long it works and what becomes of it, as docs/accounts.md says."""

import hashlib
import re
import zlib
from datetime import timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts import keys
from accounts.keys import InvalidKey, create_key, end_patterns, read_key, revoke_key
from accounts.models import Account, ApiKey, Event, Switch
from accounts.projects import create_project

BODY = "ac_secret_" + "0123456789abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def now(time_machine):
    time_machine.move_to("2026-03-01T12:00:00Z", tick=False)
    return timezone.now()


def works(secret) -> bool:
    try:
        return bool(read_key(secret))
    except InvalidKey:
        return False


# --- the secret


@pytest.mark.parametrize(
    ("body", "check"),
    [(BODY, "2DRmXr"), (BODY.replace("ac_", "ak_"), "1rhlUq")],
)
def test_the_last_six_characters_are_the_crc_32_in_base62(body, check):
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number = sum(62 ** (5 - n) * digits.index(digit) for n, digit in enumerate(check))

    assert number == zlib.crc32(body.encode())
    assert keys.is_well_formed(body + check)


@pytest.mark.parametrize(
    "change",
    [
        lambda secret: secret[:-1],
        lambda secret: secret + "0",
        lambda secret: secret + "\n",
        lambda secret: " " + secret,
        lambda secret: secret.upper(),
        lambda secret: secret.replace("ac_", "ax_"),
        lambda secret: secret[:20] + "-" + secret[21:],
    ],
)
def test_a_key_has_52_characters_and_no_other_shape(change):
    secret = keys.new_secret("ac_secret_")

    assert (len(secret), keys.is_well_formed(secret)) == (52, True)
    assert not keys.is_well_formed(change(secret))


def test_no_two_secrets_are_alike():
    assert len({keys.new_secret("ac_secret_")[:46] for _ in range(100)}) == 100


def test_a_key_is_kept_as_a_keyed_sha_256(alice, settings):
    key, secret = create_key(alice, name="laptop")
    plain = {hashlib.sha256(secret.encode()), hashlib.sha1(secret.encode())}

    assert re.fullmatch("[0-9a-f]{64}", key.hash)
    assert key.hash not in {each.hexdigest() for each in plain}
    settings.SECRET_KEY = "another secret of at least thirty-two characters"
    assert not works(secret)


def test_a_key_is_told_apart_by_its_first_14_characters(alice, client):
    _, secret = create_key(alice, name="laptop")
    client.force_login(alice)

    page = client.get("/account/keys").text

    assert secret[:14] in page
    assert secret[:15] not in page


# --- making one


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        (["yank", "publish", "publish"], ["publish", "yank"]),
        (keys.SCOPES[::-1], ["draft:write", "publish", "yank", "listing:write"]),
        ([], []),
    ],
)
def test_scopes_are_kept_once_each_and_in_order(alice, asked, kept):
    key, _ = create_key(alice, name="ci", scopes=asked)

    assert key.scopes == kept


def test_an_account_key_has_all_scopes_unless_told_otherwise(alice):
    key, _ = create_key(alice, name="ci")

    assert key.scopes == ["draft:write", "publish", "yank", "listing:write"]
    assert (key.patterns, key.expires_at) == ([], None)


def test_an_unknown_scope_makes_no_key(alice):
    with pytest.raises(ValueError, match="not in tuple"):
        create_key(alice, name="ci", scopes=["publish", "admin"])

    assert not ApiKey.objects.exists()
    assert not Event.objects.filter(verb="create_key").exists()


def test_a_project_key_has_no_scopes_whatever_was_asked(alice):
    project = create_project(alice, name="Shop", slug="shop")

    key, secret = create_key(alice, name="k", scopes=["publish"], project=project)

    assert (key.scopes, secret[:10]) == ([], "ak_secret_")
    assert not read_key(secret).is_account_key


def test_the_audit_says_who_made_and_revoked_a_key_and_by_which_door(alice, staff):
    key, _ = create_key(alice, name="laptop", by=staff, via="api")
    revoke_key(key, by=staff, via="cli")

    events = Event.objects.filter(subject=f"key {key.pk}").order_by("pk")
    assert [(e.verb, e.actor, e.via, e.data["name"]) for e in events] == [
        ("create_key", staff, "api", "laptop"),
        ("revoke_key", staff, "cli", "laptop"),
    ]
    key, _ = create_key(alice, name="phone")
    assert Event.objects.get(subject=f"key {key.pk}").actor == alice


def test_an_operators_key_is_made_silently_whatever_is_switched_off(
    alice, django_capture_on_commit_callbacks
):
    Switch.objects.create(name="key_creation", reason="We look into a leak.")

    with django_capture_on_commit_callbacks(execute=True):
        _, secret = create_key(alice, name="laptop", via="system")

    assert works(secret)
    assert not mail.outbox


# --- how long it works


@pytest.mark.parametrize(("left", "still"), [(1, True), (0, False), (-1, False)])
def test_a_key_works_until_the_moment_it_expires(alice, now, left, still):
    expires_at = now + timedelta(microseconds=left)
    _, secret = create_key(alice, name="laptop", expires_at=expires_at)

    assert works(secret) is still
    assert ApiKey.objects.usable().exists() is still


def test_revoking_stops_that_key_alone_and_once(alice, now, time_machine):
    key, secret = create_key(alice, name="laptop")
    _, other = create_key(alice, name="phone")

    revoke_key(key, by=alice)
    time_machine.shift(60)
    revoke_key(key, by=alice)

    assert (works(secret), works(other)) == (False, True)
    key.refresh_from_db()
    assert key.revoked_at == now
    assert Event.objects.filter(verb="revoke_key").count() == 1


def test_a_key_works_again_once_its_account_is_no_longer_suspended(alice):
    _, secret = create_key(alice, name="laptop")
    Account.objects.update(is_active=False)
    assert not works(secret)

    Account.objects.update(is_active=True)

    assert works(secret)


def test_the_last_use_is_noted_every_five_minutes_of_that_key_alone(
    alice, now, time_machine
):
    key, secret = create_key(alice, name="laptop")
    other, _ = create_key(alice, name="phone")
    noted = []
    for seconds in (0, 300, 1):
        time_machine.shift(seconds)
        read_key(secret)
        key.refresh_from_db()
        noted.append((key.last_used_at - now).total_seconds())

    assert noted == [0, 0, 301]
    other.refresh_from_db()
    assert other.last_used_at is None


# --- when a function went to somebody else


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], []),
        (["image-*"], ["image-*"]),
        (["mailer"], ["mailer"]),
        (["resizer", "mailer"], ["mailer"]),
        (["old-resizer", "mailer", "resizer"], ["mailer"]),
        (["resizer"], None),
        (["resizer", "old-resizer"], None),
    ],
)
def test_a_key_limited_to_what_was_given_away_loses_it(
    alice, bob, before, after, django_capture_on_commit_callbacks
):
    key, secret = create_key(alice, name="ci", patterns=before, via="system")

    with django_capture_on_commit_callbacks(execute=True):
        end_patterns(alice, {"resizer", "old-resizer"}, by=bob, via="admin")

    assert works(secret) is (after is not None)
    if after is not None:
        assert read_key(secret).patterns == after
    subjects = [message.subject for message in mail.outbox]
    assert subjects == ["[Aerostack Hub] A key was revoked"] * (after is None)
    events = Event.objects.filter(verb="revoke_key").values_list("subject", "actor")
    assert list(events) == [(f"key {key.pk}", bob.pk)] * (after is None)


def test_what_was_given_away_ends_no_key_that_the_audit_does_not_know_of(alice, bob):
    """The first key is changed before the audit fails at the second."""
    create_key(alice, name="ci", patterns=["resizer", "mailer"])
    _, secret = create_key(alice, name="laptop", patterns=["resizer"])
    before = list(ApiKey.objects.order_by("pk").values())

    def refuse(execute, sql, *given):
        if sql.startswith(f'INSERT INTO "{Event._meta.db_table}"'):
            raise OSError("no space left on device")
        return execute(sql, *given)

    with connection.execute_wrapper(refuse), pytest.raises(OSError, match="no space"):
        end_patterns(alice, ["resizer"], by=bob, via="admin")

    assert list(ApiKey.objects.order_by("pk").values()) == before
    assert works(secret)


def test_what_was_given_away_ends_no_other_key(alice, bob, now):
    """Each of these would lose its only pattern."""
    project = create_project(alice, name="Shop", slug="shop")
    revoked, _ = create_key(alice, name="revoked", patterns=["resizer"])
    revoke_key(revoked, by=alice)
    create_key(alice, name="expired", patterns=["resizer"], expires_at=now)
    create_key(alice, name="shop", patterns=["resizer"], project=project)
    create_key(bob, name="bob's", patterns=["resizer"])
    first, _ = create_key(alice, name="everything")
    last, secret = create_key(alice, name="last", patterns=["resizer"])
    before = list(ApiKey.objects.exclude(pk=last.pk).order_by("pk").values())

    end_patterns(alice, ["resizer"], by=alice, via="admin")

    assert list(ApiKey.objects.exclude(pk=last.pk).order_by("pk").values()) == before
    assert not works(secret)


def test_a_key_revoked_in_the_meantime_stays_revoked(alice):
    key, secret = create_key(alice, name="ci", patterns=["resizer", "mailer"])
    revoked = []

    def revoke_before(execute, sql, *given):
        if sql.startswith("UPDATE") and not revoked:
            revoked.append(key)
            revoke_key(key, by=alice)
        return execute(sql, *given)

    with connection.execute_wrapper(revoke_before):
        end_patterns(alice, ["resizer"], by=alice, via="admin")

    assert revoked
    assert not works(secret)


# --- manage.py create_key


def command(*args) -> str:
    out = StringIO()
    call_command("create_key", *args, stdout=out)
    return out.getvalue().strip()


def test_the_command_prints_a_key_and_nothing_else(alice):
    key = read_key(command("alice"))

    assert (key.account, key.name, key.expires_at) == (alice, "command line", None)
    assert key.scopes == list(keys.SCOPES)
    assert Event.objects.get(verb="create_key").via == "system"


def test_the_command_makes_the_key_that_was_asked_for(alice, now):
    asked = ["--name", "ci", "--scope", "publish", "--scope", "yank", "--expires", "30"]

    key = read_key(command("alice", *asked))

    assert (key.name, key.scopes) == ("ci", ["publish", "yank"])
    assert key.expires_at == now + timedelta(days=30)


@pytest.mark.parametrize(
    ("days", "is_taken"),
    [("0", False), ("1", True), ("3650", True), ("3651", False), ("-1", False)],
)
def test_the_command_takes_1_to_3650_days(alice, now, days, is_taken):
    if is_taken:
        key = read_key(command("alice", f"--expires={days}"))
        assert key.expires_at == now + timedelta(days=int(days))
        return
    with pytest.raises(CommandError, match="1 to 3650 days"):
        command("alice", f"--expires={days}")
    assert not ApiKey.objects.exists()


def test_the_command_knows_no_other_account(alice):
    with pytest.raises(CommandError, match="no account named bob"):
        command("bob")

    assert not ApiKey.objects.exists()
