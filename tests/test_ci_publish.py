"""Continuous integration: one call updates and, when asked, publishes."""

import pytest

from accounts.models import Event, Switch
from registry import errors, publishing
from registry.models import Draft, Function, Version
from tests.conftest import CODE, Api, body, key_of
from tests.unchanged import refused, rows

pytestmark = pytest.mark.django_db
NEW = CODE + "// new\n"


@pytest.fixture
def ci(alice):
    """ci(**changes) -> CiResult, by alice unless ``by`` says otherwise."""

    def ci(*, by=None, patterns=(), **changes):
        return publishing.publish_from_ci(
            body(**changes), by=by or alice, patterns=patterns
        )

    return ci


def last_event():
    return Event.objects.order_by("-pk").values("verb", "subject", "via", "data")[0]


# --- drafts


@pytest.mark.parametrize("publish_flag", [{}, {"publish": False}])
def test_a_call_with_the_content_of_a_version_leaves_no_draft(ci, publish_flag):
    made = ci(publish=True)
    before = rows()

    again = ci(**publish_flag)

    assert rows() == before
    assert (again.already_published, again.number) == (True, "1.0.0")
    assert (again.draft_uid, again.version) == (made.draft_uid, made.version)


def test_a_call_that_saves_the_same_again_changes_nothing(ci):
    ci()
    before = rows()

    again = ci()

    assert rows() == before
    assert (again.already_published, again.created) == (False, False)


def test_a_published_draft_is_not_taken_for_the_open_one(ci, push, alice):
    draft = push()
    version = publishing.publish(draft, by=alice, via="cli").version

    made = ci(version="1.1.0", code=NEW)

    draft.refresh_from_db()
    assert (draft.version, draft.code, draft.number) == (version, CODE, "1.0.0")
    assert made.draft_uid != str(draft.pk)
    assert Draft.objects.get(pk=made.draft_uid).code == NEW


def test_the_newest_open_draft_is_updated(ci, push, alice):
    older, newer = push(), push()
    ci(description="By CI.")
    newer.refresh_from_db()
    assert newer.manifest["description"] == "By CI."

    publishing.save_draft(older, {"readme": "# Saved last"}, by=alice, via="cli")
    ci(description="By CI again.", readme=None)

    older.refresh_from_db()
    newer.refresh_from_db()
    assert (older.manifest["description"], older.readme) == (
        "By CI again.",
        "# Saved last",
    )
    assert newer.manifest["description"] == "By CI."
    assert Draft.objects.count() == 2


def test_an_open_draft_is_updated_even_to_what_a_version_has(ci):
    ci(publish=True)
    draft = Draft.objects.get(pk=ci(version="1.1.0", code=NEW).draft_uid)

    again = ci()

    draft.refresh_from_db()
    assert (again.already_published, draft.code) == (False, CODE)


def test_publishing_leaves_the_open_draft_alone_when_the_version_is_there(ci):
    ci(publish=True)
    draft = Draft.objects.get(pk=ci(version="1.1.0", code=NEW).draft_uid)
    before = rows()

    assert ci(publish=True).already_published

    assert rows() == before
    assert draft.code == NEW


def test_what_is_not_sent_stays_as_the_open_draft_has_it(ci, alice):
    ci(files={"core.ts": "export const one = 1;\n"}, envVars=["TOKEN"])

    made = publishing.publish_from_ci({"name": "image-resizer", "tags": []}, by=alice)

    draft = Draft.objects.get(pk=made.draft_uid)
    assert set(draft.files) == {"index.ts", "core.ts"}
    assert (draft.manifest["envVars"], draft.manifest["tags"]) == (["TOKEN"], [])
    assert "Resizes images" in draft.readme


def test_what_is_not_sent_stays_as_the_listing_has_it(ci, alice):
    ci(publish=True)
    Function.objects.update(tags=["edited"])

    made = publishing.publish_from_ci(
        {"name": "image-resizer", "version": "1.1.0", "code": NEW}, by=alice
    )

    draft = Draft.objects.get(pk=made.draft_uid)
    assert draft.manifest["tags"] == ["edited"]
    assert draft.manifest["description"] == "Resize images on the edge."
    assert (draft.files, draft.number) == ({"index.ts": NEW}, "1.1.0")
    assert "Resizes images" in draft.readme


def test_a_file_sent_as_null_goes(ci):
    ci(publish=True, files={"core.ts": "export const one = 1;\n"})

    ci(publish=True, version="1.1.0", files={"core.ts": None})

    paths = Version.objects.get(number="1.1.0").files.values_list("path", flat=True)
    assert list(paths) == ["index.ts"]


# --- publishing


def test_a_call_without_a_number_means_the_latest_version(ci):
    ci(publish=True, version="1.4.0")
    ci(publish=True, version="1.3.0", code=NEW)
    before = rows()

    again = ci(publish=True, version=None)

    assert rows() == before
    assert (again.number, again.already_published) == ("1.4.0", True)
    with refused(errors.VersionConflict, "1.4.0 of image-resizer is already"):
        ci(publish=True, version=None, code=NEW)


def test_a_number_with_other_build_metadata_is_the_same_version(ci):
    ci(publish=True, version="1.0.0+a")

    again = ci(publish=True, version="1.0.0+b")

    assert (again.number, again.already_published) == ("1.0.0+a", True)


def test_a_version_of_another_function_is_no_repetition(ci):
    ci(publish=True)

    made = ci(publish=True, name="other-thing")

    assert (made.already_published, Version.objects.count()) == (False, 2)


def test_a_yanked_number_is_refused_with_every_version_yanked(ci, alice):
    version = ci(publish=True).version
    publishing.yank(version, reason="Bad.", by=alice, via="cli")

    for code in (CODE, NEW):
        with refused(errors.VersionConflict, "published and yanked"):
            ci(publish=True, code=code)
    assert ci(publish=True, version="1.0.1").version.number == "1.0.1"


def test_a_new_function_is_created_once(ci):
    assert ci().created
    assert not ci(publish=True).created
    assert not ci(publish=True, version="1.1.0").created


def test_a_call_that_creates_and_publishes_says_both(api):
    made = api.ci(publish=True)

    said = made.json()
    assert (made.status_code, said["created"], said["status"]) == (
        201,
        True,
        "published",
    )
    assert said["warnings"] == []


@pytest.mark.parametrize("key", [None, False])
def test_a_publish_flag_of_null_publishes_nothing(api, key):
    made = api("POST", "ci/publish", body() | {"publish": key})

    assert (made.status_code, made.json()["status"]) == (201, "draft")
    assert not Version.objects.exists()


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"description": None}, errors.ValidationError),
        ({"version": "1"}, errors.InvalidVersion),
        ({"code": "// none\n"}, errors.EmptyCode),
        ({"code": ""}, errors.EmptyCode),
        ({"code": None}, errors.MissingEntrypoint),
        ({"code": CODE + "// ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"}, "secret"),
    ],
    ids=str,
)
def test_a_refused_call_leaves_not_even_the_name(ci, changes, refusal):
    with refused(errors.SecretFound if refusal == "secret" else refusal):
        ci(publish=True, **changes)


@pytest.mark.parametrize("publish_first", [False, True])
def test_a_refused_call_names_every_fault(ci, publish_first):
    ci(publish=publish_first)

    with refused(errors.InvalidVersion) as caught:
        ci(publish=True, version="1", description="a" * 301)

    assert {(fault.code, fault.field) for fault in caught.value.faults} == {
        ("INVALID_VERSION", "version"),
        ("VALIDATION_ERROR", "description"),
    }


def test_a_call_that_only_saves_is_stored_while_publishing_is_turned_off(ci):
    Switch.objects.create(name="publishing", reason="Moving.")

    with refused(errors.ReadOnly, "Moving."):
        ci(publish=True)
    assert ci().created


def test_a_call_under_a_limited_key_reaches_its_functions_alone(ci):
    with refused(errors.Forbidden, r"match mail-\*, sms"):
        ci(patterns=["mail-*", "sms"])
    assert ci(patterns=["image-*"]).created


def test_a_call_under_a_name_of_somebody_else_is_refused(ci, bob):
    ci()

    with refused(errors.DuplicateSlug):
        ci(by=bob)


# --- the audit and warnings


def test_each_call_that_writes_has_one_event(ci):
    first = ci()
    pushed = last_event()
    ci(description="Changed.")
    saved = last_event()
    ci(publish=True, description="Changed.")
    published = last_event()

    assert Event.objects.filter(via="ci").count() == 3
    data = {"actor": "alice", "draft": first.draft_uid}
    claimed = {"subject": "alice/image-resizer", "via": "ci"}
    assert pushed == claimed | {"verb": "push", "data": data | {"claimed": True}}
    assert saved == claimed | {"verb": "save_draft", "data": data | {"claimed": False}}
    assert published == {
        "verb": "publish",
        "subject": "alice/image-resizer@1.0.0",
        "via": "ci",
        "data": data,
    }


def test_a_call_that_starts_another_draft_is_a_push(ci):
    ci(publish=True)

    ci(version="1.1.0", code=NEW)

    event = last_event()
    assert (event["verb"], event["data"]["claimed"]) == ("push", False)


def test_a_draft_keeps_the_door_it_came_in_by(ci, push):
    assert Draft.objects.get(pk=ci().draft_uid).via == "ci"
    assert Draft.objects.get().revision == 1
    ci(description="Changed.")
    assert Draft.objects.get().revision == 2


def test_a_draft_with_a_credential_is_saved_with_a_warning(ci):
    leaky = CODE + "// ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8\n"

    (warning,) = ci(code=leaky).warnings

    assert warning == (
        "index.ts:2 looks like a credential (github-token: ghp_…R8); publishing will "
        "refuse it."
    )


def test_an_unknown_key_is_kept_and_named(ci):
    made = ci(monetization={"price": 1})

    assert made.warnings == [
        "The unknown key 'monetization' was kept and sets nothing."
    ]
    manifest = Draft.objects.get(pk=made.draft_uid).manifest
    assert manifest["monetization"] == {"price": 1}


def test_ci_of_another_account_starts_its_own_function(ci, api, bob):
    ci(publish=True)

    made = Api(api.client, key_of(bob)).ci(name="bobs-own", publish=True)

    assert (made.status_code, made.json()["created"]) == (201, True)
    assert Function.objects.get(slug="bobs-own").owner == bob
