"""What authors take back: versions they yank, functions they deprecate."""

import pytest

from accounts.models import Event
from registry import errors, moderation, publishing
from registry.models import Deprecation, Function, Yank
from registry.moderation import Grounds
from tests.conftest import CODE
from tests.unchanged import refused

pytestmark = pytest.mark.django_db
GROUNDS = Grounds("It is malware.", "malware")
UNFIT_SENTENCES = ["", " \n", "x" * 301, "a\u202eb", "a\u200bb", None, 5, ["x"]]


def yank(version, by, reason="It loses data.", **options):
    return publishing.yank(version, reason=reason, by=by, via="cli", **options)


def deprecate(function, by, message="Moved.", **options):
    return publishing.deprecate(function, message=message, by=by, via="cli", **options)


def last_event():
    return Event.objects.order_by("-id").values("verb", "subject", "via", "data")[0]


# --- yank


def test_a_yank_is_in_the_audit_with_its_reason(publish, alice):
    version = publish()

    yank(version, alice, " It loses data. ")

    assert Yank.objects.get().by == alice
    assert last_event() == {
        "verb": "yank",
        "subject": "alice/image-resizer@1.0.0",
        "via": "cli",
        "data": {"actor": "alice", "reason": "It loses data."},
    }


def test_an_unyank_is_in_the_audit(publish, alice):
    version = publish()
    yank(version, alice)

    publishing.unyank(version, by=alice, via="admin")

    assert last_event() == {
        "verb": "unyank",
        "subject": "alice/image-resizer@1.0.0",
        "via": "admin",
        "data": {"actor": "alice"},
    }


@pytest.mark.parametrize("reason", UNFIT_SENTENCES, ids=lambda text: ascii(text)[:20])
def test_a_yank_needs_a_reason_that_readers_can_read(publish, alice, reason):
    version = publish()

    with refused(errors.ValidationError, "Say the reason in 1 to 300") as caught:
        yank(version, alice, reason)
    assert caught.value.field == "reason"


@pytest.mark.parametrize("reason", ["x", "x" * 300, f" {'é' * 300}\n"])
def test_a_reason_has_1_to_300_characters(publish, alice, reason):
    assert yank(publish(), alice, reason).reason == reason.strip()


def test_a_version_is_yanked_once(publish, alice):
    version = publish()
    yank(version, alice)

    with refused(errors.Conflict, "Version 1.0.0 is yanked already"):
        yank(version, alice)


def test_only_a_yanked_version_is_unyanked(publish, alice):
    first, second = publish(), publish(version="1.1.0", code=CODE + "//\n")
    yank(first, alice)

    with refused(errors.Conflict, "Version 1.1.0 is not yanked"):
        publishing.unyank(second, by=alice, via="cli")


def test_a_yank_names_a_live_version_to_use_instead(publish, alice, api):
    publish()
    version = publish(version="1.1.0")

    yank(version, alice, replacement="1.0.0")

    exact = api("GET", "alice/image-resizer/install?version=1.1.0").json()
    assert (exact["yanked"], exact["replacement"]) == (True, "1.0.0")


def test_a_yank_does_without_a_replacement(publish, alice):
    assert yank(publish(), alice).replacement == ""


def test_a_replacement_is_another_version(publish, alice):
    with_itself = publish()

    with refused(errors.ValidationError, "'1.0.0' is no other live version") as caught:
        yank(with_itself, alice, replacement="1.0.0")
    assert caught.value.field == "replacement"


def test_a_replacement_is_not_yanked_itself(publish, alice):
    old, new = publish(), publish(version="1.1.0")
    yank(old, alice)

    with refused(errors.ValidationError, "'1.0.0' is no other live version"):
        yank(new, alice, replacement="1.0.0")


def test_a_replacement_is_not_quarantined(publish, alice, staff):
    old, new = publish(), publish(version="1.1.0", code=CODE + "// new\n")
    moderation.quarantine_version(old, GROUNDS, by=staff)

    with refused(errors.ValidationError, "'1.0.0' is no other live version"):
        yank(new, alice, replacement="1.0.0")


def test_a_replacement_is_of_the_same_function(publish, alice):
    publish(name="other-thing", version="3.0.0")
    version = publish()

    with refused(errors.ValidationError, "'3.0.0' is no other live version"):
        yank(version, alice, replacement="3.0.0")


@pytest.mark.parametrize("number", ["9.9.9", "1.0", "1.0.0 ", "v1.0.0"])
def test_a_replacement_is_a_version_that_is_there(publish, alice, number):
    publish()
    version = publish(version="1.1.0")

    with refused(errors.ValidationError, "is no other live version"):
        yank(version, alice, replacement=number)


# --- deprecate


def test_a_deprecation_is_in_the_audit_with_its_message(publish, alice):
    function = publish().function

    deprecate(function, alice, " Moved. ")

    assert Deprecation.objects.get().by == alice
    assert last_event() == {
        "verb": "deprecate",
        "subject": "alice/image-resizer",
        "via": "cli",
        "data": {"actor": "alice", "message": "Moved."},
    }


def test_taking_a_deprecation_back_is_in_the_audit(publish, alice):
    function = publish().function
    deprecate(function, alice)

    publishing.undeprecate(function, by=alice, via="admin")

    assert last_event() == {
        "verb": "undeprecate",
        "subject": "alice/image-resizer",
        "via": "admin",
        "data": {"actor": "alice"},
    }


def test_deprecating_again_replaces_the_words(publish, alice, bob):
    function = publish().function
    publish(name="better-one", by=bob)

    deprecate(function, alice, "Old words.", successor="bob/better-one")
    deprecate(function, alice, "New words.")

    made = Deprecation.objects.get()
    assert (made.message, made.successor) == ("New words.", "")


@pytest.mark.parametrize("message", UNFIT_SENTENCES, ids=lambda text: ascii(text)[:20])
def test_a_deprecation_needs_a_message_that_readers_can_read(publish, alice, message):
    function = publish().function

    with refused(errors.ValidationError, "Say the message in 1 to 300") as caught:
        deprecate(function, alice, message)
    assert caught.value.field == "message"


def test_what_was_never_published_is_not_deprecated(push, alice):
    function = push().function

    with refused(errors.NotFound):
        deprecate(function, alice)


def test_only_what_is_deprecated_is_taken_back(publish, alice):
    function = publish().function
    deprecate(publish(name="other-thing").function, alice)

    with refused(errors.Conflict, "image-resizer is not deprecated"):
        publishing.undeprecate(function, by=alice, via="cli")


@pytest.mark.parametrize("successor", ["bob/better-one", "@bob/better-one"])
def test_a_successor_is_named_with_or_without_an_at(publish, alice, bob, successor):
    publish(name="better-one", by=bob)

    made = deprecate(publish().function, alice, successor=successor)

    assert made.successor == "bob/better-one"


@pytest.mark.parametrize(
    "successor",
    [
        "alice/image-resizer",
        "@alice/image-resizer",
        "better-one",
        "bob/",
        "/better-one",
        "alice/better-one",
        "bob/draft-only",
        "bob/all-yanked",
    ],
)
def test_a_successor_is_another_function_on_the_hub(
    publish, push, alice, bob, successor
):
    function = publish().function
    publish(name="better-one", by=bob)
    push(name="draft-only", by=bob)
    yank(publish(name="all-yanked", by=bob), bob)

    with refused(errors.ValidationError, "no other function on this Hub") as caught:
        deprecate(function, alice, successor=successor)
    assert caught.value.field == "successor"


@pytest.fixture
def found(client):
    """found(query) -> the slugs that the Hub's search lists."""

    def found(query):
        said = client.get("/api/community/functions", {"search": query}).json()
        return [item["slug"] for item in said["functions"]]

    return found


def test_search_follows_a_yank(publish, alice, found):
    old = publish(description="Makes pictures smaller.")
    yank(old, alice)
    assert found("pictures") == []

    publishing.unyank(old, by=alice, via="cli")

    assert found("pictures") == ["image-resizer"]
    assert Function.objects.get().is_listed


def test_search_puts_what_is_deprecated_last(publish, alice, found):
    publish(description="Makes pictures smaller.")
    function = publish(name="frame", description="Frames pictures.").function
    assert found("pictures") == ["frame", "image-resizer"]

    deprecate(function, alice)
    assert found("pictures") == ["image-resizer", "frame"]

    publishing.undeprecate(function, by=alice, via="cli")
    assert found("pictures") == ["frame", "image-resizer"]
