"""Credentials in the source stop a publish, unless an author says why they are none."""

import hashlib

import pytest

from accounts.models import Event
from registry import errors, publishing
from registry.models import SecretWaiver
from registry.secrets import find_secrets
from tests.conftest import CODE
from tests.unchanged import refused

pytestmark = pytest.mark.django_db
KEY = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
OTHER_KEY = "ghp_" + "r8Q7p6O5n4M3l2K1j0I9h8G7f6E5d4C3b2A1"
NPM_KEY = "npm_" + KEY[4:]


def with_keys(*keys):
    return CODE + "".join(f"// {key}\n" for key in keys)


def waive(function, key=KEY, *, by, reason="From the docs."):
    (secret,) = find_secrets({"index.ts": key})
    return publishing.waive_secret(function, secret, reason=reason, by=by)


def published(draft, by):
    return publishing.publish(draft, by=by, via="cli").version


def test_every_credential_is_named_with_its_place(push, alice):
    files = {"index.ts": with_keys(KEY, NPM_KEY), "core.ts": with_keys(OTHER_KEY)}
    draft = push(code=None, files=files)

    with refused(errors.SecretFound) as caught:
        published(draft, alice)

    assert sorted(
        (fault["field"], fault["path"], fault["line"], fault["rule"], fault["value"])
        for fault in map(errors.RegistryError.as_fault, caught.value.faults)
    ) == [
        ("files[core.ts]", "core.ts", 2, "github-token", "ghp_…A1"),
        ("files[index.ts]", "index.ts", 2, "github-token", "ghp_…R8"),
        ("files[index.ts]", "index.ts", 3, "npm-token", "npm_…R8"),
    ]


def test_a_waived_value_is_published_wherever_it_stands(push, alice):
    function = push(code=with_keys(KEY)).function
    waive(function, by=alice)

    moved = push(code=None, files={"index.ts": CODE, "core.ts": with_keys(KEY)})

    assert published(moved, alice).number == "1.0.0"


def test_a_waiver_holds_for_its_value_alone(push, alice):
    draft = push(code=with_keys(KEY, OTHER_KEY))
    waive(draft.function, by=alice)

    with refused(errors.SecretFound) as caught:
        published(draft, alice)
    assert [fault.extra["line"] for fault in caught.value.faults] == [3]


def test_a_waiver_holds_for_its_rule_alone(push, alice):
    draft = push(code=with_keys(KEY))
    waiver = waive(draft.function, by=alice)
    SecretWaiver.objects.filter(pk=waiver.pk).update(rule="npm-token")

    with refused(errors.SecretFound):
        published(draft, alice)


def test_a_waiver_holds_for_its_function_alone(push, alice):
    waive(push().function, by=alice)
    draft = push(name="other-thing", code=with_keys(KEY))

    with refused(errors.SecretFound):
        published(draft, alice)


def test_a_withdrawn_waiver_holds_no_more(push, alice):
    draft = push(code=with_keys(KEY))
    waiver = waive(draft.function, by=alice)

    publishing.withdraw_waiver(waiver, by=alice)

    with refused(errors.SecretFound):
        published(draft, alice)
    event = Event.objects.latest("pk")
    assert (event.verb, event.via, event.data["rule"]) == (
        "withdraw_waiver",
        "admin",
        "github-token",
    )


def test_waiving_again_replaces_the_reason(push, alice):
    function = push().function
    waive(function, by=alice, reason="From the docs.")

    waive(function, by=alice, reason=" It was revoked. ")

    assert SecretWaiver.objects.get().reason == "It was revoked."
    event = Event.objects.latest("pk")
    assert (event.verb, event.via, event.data) == (
        "waive_secret",
        "admin",
        {"actor": "alice", "rule": "github-token", "reason": "It was revoked."},
    )


@pytest.mark.parametrize("reason", ["", " ", "x" * 301, "a\u202eb"], ids=ascii)
def test_a_waiver_needs_a_reason_that_readers_can_read(push, alice, reason):
    function = push().function

    with refused(errors.ValidationError, "Say the reason in 1 to 300"):
        waive(function, by=alice, reason=reason)


def test_a_waiver_keeps_no_value_and_no_hash_without_the_hubs_key(
    push, alice, settings
):
    draft = push(code=with_keys(KEY))
    waive(draft.function, by=alice)

    kept = " ".join(map(str, SecretWaiver.objects.values_list().get()))
    assert KEY not in kept
    assert hashlib.sha256(KEY.encode()).hexdigest() not in kept
    settings.SECRET_KEY = "another" * 8
    with refused(errors.SecretFound):
        published(draft, alice)


def test_a_waiver_outlives_an_upgrade(push, alice, settings):
    settings.SECRET_KEY = "k" * 50  # what earlier releases stored under it:
    stored = "b7fe8ad1899914bb80ef06821010d996" + ("7e0e0439a50097aa50c5ae6716c1755c")

    waive(push().function, by=alice)

    assert SecretWaiver.objects.get().value_hash == stored


def test_a_waiver_is_the_owners_to_make_and_to_withdraw(push, alice, bob):
    function = push().function
    waiver = waive(function, by=alice)

    with refused(errors.NotFound):
        waive(function, OTHER_KEY, by=bob)
    with refused(errors.NotFound):
        publishing.withdraw_waiver(waiver, by=bob)
