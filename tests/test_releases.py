"""What a publish freezes, what it leaves as it was, and what it looks at again."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Event, Switch
from registry import errors, moderation, publishing
from registry.models import (
    Category,
    Draft,
    Function,
    NameClaim,
    SecretWaiver,
    Version,
    Yank,
)
from registry.moderation import Grounds
from registry.publishing.rehearsal import rehearse
from registry.secrets import find_secrets
from tests.conftest import CODE, body
from tests.unchanged import refused, rows

pytestmark = pytest.mark.django_db
GROUNDS = Grounds("It is malware.", "malware")
NEW = CODE + "// new\n"
KEY = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
START = datetime(2031, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def listed(client):
    """listed() -> the function as the API shows it."""

    def listed():
        said = client.get("/api/community/functions/alice/image-resizer")
        return said.json()["function"]

    return listed


# --- times


def test_publishing_again_keeps_when_it_was_first_published(publish, time_machine):
    time_machine.move_to(START, tick=False)
    function = publish().function
    later = START + timedelta(days=40)
    time_machine.move_to(later, tick=False)

    publish(version="1.1.0", code=NEW)

    function.refresh_from_db()
    assert function.published_at == START
    assert function.updated_at == function.active_at == later
    assert function.versions.get(number="1.1.0").published_at == later


def test_saving_tells_when_a_draft_was_saved(push, alice, time_machine):
    time_machine.move_to(START, tick=False)
    draft = push()
    later = START + timedelta(days=1)
    time_machine.move_to(later, tick=False)

    publishing.save_draft(draft, {"description": "Changed."}, by=alice, via="cli")

    draft.refresh_from_db()
    assert (draft.created_at, draft.updated_at) == (START, later)


# --- the README


def test_a_push_without_a_readme_keeps_the_one_that_is_shown(publish, listed):
    publish(readme="# The first\n")

    publish(version="1.1.0", code=NEW, readme=None)

    assert listed()["readme"] == "# The first\n"
    assert Version.objects.get(number="1.1.0").readme.text == "# The first\n"


@pytest.mark.parametrize("readme", [None, "", " \n"])
def test_a_version_without_a_readme_does_not_empty_the_page(
    publish, push, alice, listed, readme
):
    draft = push(version="1.1.0", code=NEW, readme=readme)
    Draft.objects.update(readme=readme or "")
    publish(readme="# The first\n")

    publishing.publish(draft, by=alice, via="cli")

    assert (listed()["version"], listed()["readme"]) == ("1.1.0", "# The first\n")
    assert Version.objects.get(number="1.1.0").readme is None


def test_the_next_draft_is_work_on_the_function(publish, alice, time_machine):
    time_machine.move_to(START, tick=False)
    version = publish()
    time_machine.move_to(START + timedelta(days=1), tick=False)

    function = publishing.next_draft(version, by=alice).function

    function.refresh_from_db()
    assert function.active_at == START + timedelta(days=1)
    assert function.updated_at == START


def test_the_next_draft_has_the_version_and_what_the_listing_shows(publish, alice):
    version = publish(tags=["old"], envVars=["TOKEN"], readme="# Shown")
    Function.objects.update(tags=["edited"])
    version.refresh_from_db()

    draft = publishing.next_draft(version, by=alice)

    assert draft.manifest == version.manifest | {"tags": ["edited"]}
    assert draft.manifest["envVars"] == ["TOKEN"]
    assert (draft.files, draft.readme) == ({"index.ts": CODE}, "# Shown")


def test_a_readme_among_the_files_is_the_readme(push):
    draft = push(readme=None, files={"ReadMe.md": "# Among the files\n"})

    assert draft.readme == "# Among the files\n"


# --- what is frozen


def test_sizes_are_counted_in_bytes(publish):
    version = publish(
        code=None, files={"index.ts": CODE, "euro.ts": "// €\n"}, readme="é"
    )

    sizes = dict(version.files.values_list("path", "blob__size"))
    assert sizes == {"index.ts": len(CODE), "euro.ts": 7}
    assert version.size == len(CODE) + 7
    assert version.readme.size == 2


def test_a_version_says_who_published_it_by_which_door(push, alice):
    draft = push()

    made = publishing.publish(draft, by=alice, via="admin").version

    assert (made.published_by, made.via, made.draft_uid) == ("alice", "admin", draft.pk)
    assert Event.objects.values("verb", "subject", "via", "data").latest("pk") == {
        "verb": "publish",
        "subject": "alice/image-resizer@1.0.0",
        "via": "admin",
        "data": {"actor": "alice", "draft": str(draft.pk)},
    }


def test_a_draft_that_was_published_is_open_no_more(push, alice):
    draft = push()
    version = publishing.publish(draft, by=alice, via="cli").version

    draft.refresh_from_db()
    assert draft.version == version
    assert not Draft.objects.open().exists()


def test_a_number_is_used_once_even_for_pre_releases_and_build_metadata(publish, push):
    publish(version="1.0.0-rc.1+a")

    draft = push(version="1.0.0-rc.1+b", code=NEW)
    with refused(errors.VersionConflict, r"1\.0\.0-rc\.1\+a of image-resizer"):
        publishing.publish(draft, by=draft.function.owner, via="cli")


LISTING = {
    "readme": "# Other words\n",
    "tags": ["other"],
    "version": "1.0.0+build",
}
CONTENT = {
    "license": "ISC",
    "runtime": "node",
    "routePath": "/api/x",
    "npmDependencies": ["hono"],
    "envVars": ["TOKEN"],
}


@pytest.mark.parametrize("changed", LISTING)
def test_the_listing_is_no_part_of_a_versions_content(publish, push, alice, changed):
    version = publish()
    draft = push(**{changed: LISTING[changed]})
    before = rows()

    made = publishing.publish(draft, by=alice, via="cli")

    assert (made.version, made.already_published) == (version, True)
    assert rows() == before


@pytest.mark.parametrize("changed", CONTENT)
def test_a_field_that_is_frozen_needs_another_number(publish, push, alice, changed):
    publish()
    draft = push(**{changed: CONTENT[changed]})

    with refused(errors.VersionConflict, rf"other content \({changed}\)") as caught:
        publishing.publish(draft, by=alice, via="cli")
    assert caught.value.field == "version"


# --- what is looked at again


def test_a_push_may_lack_a_description_and_a_publish_may_not(push, alice):
    draft = push(description=None)

    with refused(errors.ValidationError) as caught:
        publishing.publish(draft, by=alice, via="cli")
    assert caught.value.field == "description"


@pytest.mark.parametrize(
    ("stored", "refusal"),
    [
        ({"files": {"index.ts": CODE, "../x.ts": CODE}}, errors.InvalidPath),
        ({"files": {"index.ts": "// none\n"}}, errors.EmptyCode),
        ({"files": {"other.ts": CODE}}, errors.MissingEntrypoint),
        ({"readme": "x" * (256 * 1024 + 1)}, errors.PayloadTooLarge),
    ],
    ids=["path", "code", "entrypoint", "readme"],
)
def test_a_publish_checks_again_what_a_push_let_in(push, alice, stored, refusal):
    draft = push()
    Draft.objects.update(**stored)

    with refused(refusal):
        publishing.publish(draft, by=alice, via="cli")


def test_a_category_that_was_retired_stays_with_the_functions_in_it(
    publish, push, alice
):
    publish(category="media")
    new = push(name="other-thing", category="media")
    Category.objects.filter(slug="media").update(retired_at=START)

    assert publish(version="1.1.0", code=NEW).number == "1.1.0"
    with refused(errors.InvalidCategory):
        publishing.publish(new, by=alice, via="cli")


def test_a_stopped_function_publishes_nothing_and_says_why(publish, push, staff, alice):
    publish()
    draft = push(version="1.1.0", code=NEW)
    moderation.quarantine_function(draft.function, GROUNDS, by=staff)

    with refused(errors.Conflict, "is quarantined, so nothing new.*It is malware."):
        publishing.publish(draft, by=alice, via="cli")


def test_a_name_on_hold_publishes_nothing_and_says_why(push, staff, alice):
    draft = push()
    moderation.hold_name(draft.function, Grounds("A dispute.", "name"), by=staff)

    with refused(errors.Conflict, "name that is on hold, so nothing new.*A dispute."):
        publishing.publish(draft, by=alice, via="cli")


def test_a_stop_is_for_its_function_alone(publish, push, staff):
    moderation.quarantine_function(publish().function, GROUNDS, by=staff)
    held = push(name="held-name").function
    moderation.hold_name(held, Grounds("A dispute.", "name"), by=staff)

    assert publish(name="other-thing", code=NEW).number == "1.0.0"


def test_publishing_can_be_turned_off_and_saving_goes_on(push, alice):
    draft = push()
    Switch.objects.create(name="publishing", reason="Moving.")

    with refused(errors.ReadOnly, "Moving."):
        publishing.publish(draft, by=alice, via="cli")
    publishing.save_draft(draft, {"description": "Changed."}, by=alice, via="cli")
    draft.refresh_from_db()
    assert draft.manifest["description"] == "Changed."


# --- the audit of drafts


def last_event():
    return Event.objects.order_by("-pk").values("verb", "subject", "via", "data")[0]


def test_each_draft_that_is_made_is_in_the_audit(push, publish, alice):
    said = {"verb": "push", "subject": "alice/image-resizer"}

    for claimed in (True, False):
        draft = push()
        data = {"actor": "alice", "draft": str(draft.pk), "claimed": claimed}
        assert last_event() == said | {"via": "cli", "data": data}
    following = publishing.next_draft(publish(), by=alice)
    data = {"actor": "alice", "draft": str(following.pk), "claimed": False}
    assert last_event() == said | {"via": "admin", "data": data}
    for name, claimed in [("image-resizer", False), ("Half Done", True)]:
        draft = publishing.new_draft(name, by=alice)
        data = {"actor": "alice", "draft": str(draft.pk), "claimed": claimed}
        subject = f"alice/{draft.function.slug}"
        assert last_event() == said | {"subject": subject, "via": "admin", "data": data}


def test_a_draft_that_is_deleted_is_in_the_audit(push, alice):
    draft = push()
    uid = str(draft.pk)

    publishing.delete_draft(draft, by=alice, via="cli")

    assert last_event() == {
        "verb": "delete_draft",
        "subject": "alice/image-resizer",
        "via": "cli",
        "data": {"actor": "alice", "draft": uid},
    }


# --- rows as they are under the lock

SECRET = find_secrets({"index.ts": KEY})[0]
VERBS = {
    "publish": lambda s, by: publishing.publish(s.draft, by=by, via="cli"),
    "save_draft": lambda s, by: publishing.save_draft(
        s.draft, {"description": "Changed."}, by=by, via="cli"
    ),
    "delete_draft": lambda s, by: publishing.delete_draft(s.draft, by=by, via="cli"),
    "next_draft": lambda s, by: publishing.next_draft(s.version, by=by),
    "yank": lambda s, by: publishing.yank(s.version, reason="Bad.", by=by, via="cli"),
    "unyank": lambda s, by: publishing.unyank(s.yanked, by=by, via="cli"),
    "deprecate": lambda s, by: publishing.deprecate(
        s.function, message="Moved.", by=by, via="cli"
    ),
    "undeprecate": lambda s, by: publishing.undeprecate(s.function, by=by, via="cli"),
    "waive_secret": lambda s, by: publishing.waive_secret(
        s.function, SECRET, reason="From docs.", by=by
    ),
    "withdraw_waiver": lambda s, by: publishing.withdraw_waiver(s.waiver, by=by),
}


@pytest.fixture
def scene(publish, push, alice):
    """A function of alice's with one of everything, as it was read a moment ago."""

    class Scene:
        yanked = publish(version="0.9.0", code=NEW)
        version = publish()
        draft = push(version="1.1.0", code=CODE + "// newer\n")
        function = draft.function

    publishing.yank(Scene.yanked, reason="Bad.", by=alice, via="cli")
    publishing.deprecate(Scene.function, message="Moved.", by=alice, via="cli")
    Scene.waiver = publishing.waive_secret(
        Scene.function, SECRET, reason="From docs.", by=alice
    )
    return Scene


@pytest.mark.parametrize("verb", VERBS)
def test_what_was_transferred_meanwhile_is_its_old_owners_no_more(
    scene, alice, bob, verb
):
    assert scene.draft.function.owner == alice  # as the caller read it
    Function.objects.update(owner=bob)
    NameClaim.objects.update(owner=bob)

    with refused(errors.NotFound):
        VERBS[verb](scene, alice)
    VERBS[verb](scene, bob)


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_of_another_author_is_changed(scene, bob, verb):
    with refused(errors.NotFound):
        VERBS[verb](scene, bob)


MAKING = {
    "push": lambda s, by: publishing.push(body(), by=by, via="cli"),
    "push a new name": lambda s, by: publishing.push(
        body(name="new-name"), by=by, via="cli"
    ),
    "new_draft": lambda s, by: publishing.new_draft("image-resizer", by=by),
    "publish_from_ci": lambda s, by: publishing.publish_from_ci(
        body(version="1.2.0"), by=by
    ),
}


@pytest.mark.parametrize("verb", VERBS | MAKING)
def test_nothing_is_changed_in_read_only_mode(scene, alice, verb):
    Switch.objects.create(name="read_only", reason="Moving.")

    with refused(errors.ReadOnly, "Moving."):
        (VERBS | MAKING)[verb](scene, alice)


def test_a_publish_freezes_the_draft_as_it_is_stored(push, alice):
    draft = push()
    publishing.save_draft(draft, {"code": NEW}, by=alice, via="cli")
    assert draft.code == CODE  # as the caller read it

    version = publishing.publish(draft, by=alice, via="cli").version

    assert version.files.get().blob.text == NEW


@pytest.mark.parametrize("verb", ["publish", "save_draft"])
def test_a_revision_is_held_against_the_draft_as_it_is_stored(push, alice, verb):
    draft = push()
    publishing.save_draft(draft, {"readme": "# Changed"}, by=alice, via="cli")
    arguments = [draft, {"readme": "# Mine"}] if verb == "save_draft" else [draft]

    for revision in (0, 1, 3):
        with refused(errors.EditConflict, f"revision 2 by now, not {revision}"):
            getattr(publishing, verb)(
                *arguments, by=alice, via="cli", revision=revision
            )
    getattr(publishing, verb)(*arguments, by=alice, via="cli", revision=2)


@pytest.mark.parametrize("verb", ["publish", "save_draft", "delete_draft"])
def test_a_draft_that_was_deleted_meanwhile_is_not_found(scene, push, alice, verb):
    publishing.delete_draft(scene.draft, by=alice, via="cli")

    with refused(errors.NotFound, "no such draft"):
        VERBS[verb](scene, alice)


def test_a_version_that_was_yanked_meanwhile_is_not_published_again(push, alice):
    draft = push()
    version = publishing.publish(draft, by=alice, via="cli").version
    publishing.yank(version, reason="Bad.", by=alice, via="cli")

    with refused(errors.VersionConflict, "1.0.0 was published and yanked"):
        publishing.publish(draft, by=alice, via="cli")
    same = push()
    with refused(errors.VersionConflict, "1.0.0 was published and yanked") as caught:
        publishing.publish(same, by=alice, via="cli")
    assert caught.value.field == "version"
    assert Yank.objects.count() == 1


def test_the_number_of_a_quarantined_version_is_not_published_again(
    publish, push, alice, staff
):
    version = publish()
    moderation.quarantine_version(version, GROUNDS, by=staff)

    for draft in (version.drafts.get(), push()):
        with refused(errors.VersionConflict, "published and quarantined") as caught:
            publishing.publish(draft, by=alice, via="cli")
        assert caught.value.field == "version"


# --- a rehearsal


def rehearsed(draft):
    before = rows()
    told = rehearse(Draft.objects.get(pk=draft.pk))
    assert rows() == before
    return told


def codes(told):
    return {fault.code for fault in told.faults}


@pytest.mark.parametrize(
    ("live", "number", "becomes_latest"),
    [
        ([], "1.0.0", True),
        (["1.0.0"], "1.0.1", True),
        (["1.0.1"], "1.0.0", False),
        (["1.0.0"], "2.0.0-rc.1", False),
        (["2.0.0-rc.1"], "1.0.0", True),
        (["2.0.0-rc.1"], "2.0.0-rc.2", True),
        (["2.0.0-rc.2"], "2.0.0-rc.1", False),
    ],
)
def test_a_rehearsal_tells_whether_it_becomes_the_latest(
    publish, push, alice, live, number, becomes_latest
):
    for at, each in enumerate(live):
        publish(version=each, code=f"{CODE}// {at}\n")
    draft = push(version=number, code=NEW)

    assert rehearsed(draft).becomes_latest is becomes_latest

    publishing.publish(draft, by=alice, via="cli")
    latest = Function.objects.get().latest_number
    assert (latest == number) is becomes_latest


@pytest.mark.parametrize(
    ("taken", "number", "suggestion"),
    [
        (["1.0.0"], "1.0.0", "1.0.1"),
        (["1.0.0", "1.0.1", "1.0.3"], "1.0.0", "1.0.2"),
        (["1.0.0-rc.1"], "1.0.0-rc.1", "1.0.0"),
        (["1.0.0-rc.1", "1.0.0"], "1.0.0-rc.1", "1.0.1"),
        (["1.0.0+a"], "1.0.0+b", "1.0.1"),
    ],
)
def test_a_taken_number_is_told_the_next_free_one(
    publish, push, taken, number, suggestion
):
    for at, each in enumerate(taken):
        publish(version=each, code=f"{CODE}// {at}\n")

    told = rehearsed(push(version=number, code=NEW))

    assert (codes(told), told.suggestion) == ({"VERSION_CONFLICT"}, suggestion)
    assert told.existing is None


def test_a_rehearsal_knows_the_version_that_has_the_content(publish, push):
    version = publish()

    told = rehearsed(push(readme="# Other"))

    assert (told.existing, told.faults, told.suggestion) == (version, [], "")


def test_a_rehearsal_collects_every_reason_to_refuse(push, staff, alice):
    draft = push(code=CODE + f"// {KEY}\n", description=None)
    moderation.hold_name(draft.function, Grounds("A dispute.", "name"), by=staff)
    Switch.objects.create(name="publishing", reason="Moving.")

    told = rehearsed(draft)

    assert codes(told) == {"VALIDATION_ERROR", "READ_ONLY", "CONFLICT", "SECRET_FOUND"}
    assert not SecretWaiver.objects.exists()
