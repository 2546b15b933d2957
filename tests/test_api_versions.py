"""Drafts, versions and names over the API."""

from datetime import timedelta

import pytest
from django.utils import timezone

from registry import errors, publishing
from registry.integrity import sha256_of
from tests.conftest import CODE, Api, key_of

pytestmark = pytest.mark.django_db
CORE = "export const core = 1;\n"


# --- drafts


def test_patch_changes_only_what_is_sent(api):
    path = api.push(files={"core.ts": CORE}).json()["id"]

    made = api("PATCH", path, {"description": "Better.", "code": CODE + "// 2\n"})

    assert made.status_code == 200
    draft = api("GET", path).json()["function"]
    assert draft["description"] == "Better."
    assert draft["tags"] == ["image"]
    assert draft["files"] == {"core.ts": CORE, "index.ts": CODE + "// 2\n"}
    assert "Resizes images" in draft["readme"]


def test_patch_drops_a_file_sent_as_null_and_empties_a_list(api):
    path = api.push(files={"core.ts": CORE}).json()["id"]

    api("PATCH", path, {"files": {"core.ts": None}, "tags": []})

    draft = api("GET", path).json()["function"]
    assert (list(draft["files"]), draft["tags"]) == (["index.ts"], [])


@pytest.mark.parametrize(
    ("name", "code"), [("!!!", "INVALID_NAME"), ("admin", "RESERVED_NAME")]
)
def test_patch_refuses_a_name_that_push_would(api, name, code):
    path = api.push().json()["id"]

    made = api("PATCH", path, {"name": name})

    assert (made.status_code, made.json()["code"]) == (400, code)
    assert api("GET", path).json()["function"]["name"] == "image-resizer"


def test_patch_says_that_the_slug_stays(api):
    path = api.push().json()["id"]

    made = api("PATCH", path, {"name": "Sharp images", "slug": "sharp-images"}).json()

    assert (made["name"], made["slug"]) == ("Sharp images", "image-resizer")
    assert made["warnings"] == [
        "The slug stays image-resizer; push to claim another one."
    ]


def test_patch_of_a_published_draft_opens_it_again(api):
    path = api.push().json()["id"]
    api.publish(path)

    made = api("PATCH", path, {"version": "1.1.0", "code": CODE + "// 2\n"})

    assert made.json()["status"] == "draft"
    assert api.publish(path).json()["version"] == "1.1.0"


def test_delete_removes_a_draft_and_an_unused_claim(api, bob):
    path = api.push().json()["id"]

    assert api("DELETE", path).status_code == 204

    assert api("GET", path).status_code == 404
    assert Api(api.client, key_of(bob)).push().status_code == 201


def test_delete_refuses_what_was_published(api):
    path = api.push().json()["id"]
    api.publish(path)

    response = api("DELETE", path)

    assert (response.status_code, response.json()["code"]) == (409, "CONFLICT")


# --- versions


def test_a_pre_release_is_latest_only_without_a_stable_one(api, publish):
    publish(version="2.0.0-beta.1")
    assert api("GET", "install/image-resizer").json()["version"] == "2.0.0-beta.1"

    publish(version="1.0.0")

    assert api("GET", "install/image-resizer").json()["version"] == "1.0.0"


def test_a_backport_leaves_the_listing_alone(api, publish):
    publish(version="2.0.0", description="New words.")

    publish(version="1.0.1", description="Old words.", category="ai", tags=["old"])

    item = api("GET", api.base).json()["functions"][0]
    assert (item["version"], item["description"]) == ("2.0.0", "New words.")
    assert (item["category"], item["tags"]) == ("media", ["image"])


def test_a_yanked_version_answers_only_to_its_number(api, publish):
    publish()
    publish(version="1.1.0")
    path = "alice/image-resizer/versions/1.1.0/yank"

    made = api("POST", path, {"reason": "It loses data.", "replacement": "1.0.0"})

    assert made.json()["yanked"] is True
    assert api("GET", "install/image-resizer").json()["version"] == "1.0.0"
    exact = api("GET", "install/image-resizer?version=1.1.0").json()
    assert (exact["yanked"], exact["yankReason"]) == (True, "It loses data.")
    assert exact["replacement"] == "1.0.0"
    again = api("POST", path, {"reason": "x"})
    assert (again.status_code, again.json()["code"]) == (409, "CONFLICT")

    assert api("DELETE", path).json()["yanked"] is False
    assert api("GET", "install/image-resizer").json()["version"] == "1.1.0"
    assert api("DELETE", path).status_code == 409


def test_a_yanked_number_is_never_published_again(api, publish):
    version = publish()
    api("POST", "alice/image-resizer/versions/1.0.0/yank", {"reason": "Bad."})

    same_draft = api.publish(str(version.draft_uid))
    same_content = api.publish(api.push().json()["id"])
    by_ci = api.ci(publish=True)

    for response in (same_draft, same_content, by_ci):
        assert response.status_code == 409
        assert response.json()["code"] == "VERSION_CONFLICT"


def test_with_every_version_yanked_only_numbers_answer(api, publish):
    publish(version="0.9.0")
    draft = publish().draft_uid
    for number in ("0.9.0", "1.0.0"):
        path = f"alice/image-resizer/versions/{number}/yank"
        assert api("POST", path, {"reason": "Bad."}).status_code == 200

    mine = api("GET", "my").json()["functions"]
    assert [(m["id"], m["status"]) for m in mine] == [(str(draft), "published")]
    assert api("GET", "alice/image-resizer").status_code == 404
    assert api("GET", "alice/image-resizer?version=1.0.0").status_code == 200
    assert api("GET", api.base).json()["functions"] == []


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"reason": ""},
        {"reason": 5},
        {"reason": "a\u202eb"},
        {"reason": "x" * 301},
        {"reason": "x", "replacement": "9.9.9"},
        {"reason": "x", "replacement": "1.0.0"},
        {"reason": "x", "replacement": 1},
    ],
)
def test_yank_refuses_what_readers_could_not_use(api, publish, sent):
    publish()

    response = api("POST", "alice/image-resizer/versions/1.0.0/yank", sent)

    assert (response.status_code, response.json()["code"]) == (400, "VALIDATION_ERROR")
    assert api("GET", "install/image-resizer").json()["yanked"] is False


def test_deprecate_and_back(api, publish, bob):
    publish()
    publish(name="better-one", by=bob)
    path = "alice/image-resizer/deprecate"

    api("POST", path, {"message": "Moved.", "successor": "bob/better-one"})

    manifest = api("GET", "install/image-resizer").json()
    assert (manifest["deprecated"], manifest["deprecationMessage"]) == (True, "Moved.")
    assert manifest["successor"] == "bob/better-one"
    assert api("DELETE", path).json()["deprecated"] is False
    assert api("DELETE", path).status_code == 409
    wrong = api("POST", path, {"message": "x", "successor": "bob/nothing"})
    assert wrong.json()["field"] == "successor"


def test_a_file_is_found_by_its_hash_only_while_published(api, publish, push):
    unpublished = push(name="hidden", code="export const hidden = 1;\n")
    publish()

    found = api("GET", f"/api/community/files/{sha256_of(CODE)}")

    assert found.json()["content"] == CODE
    assert found.json()["versions"] == [
        {
            "author": "alice",
            "slug": "image-resizer",
            "version": "1.0.0",
            "path": "index.ts",
        }
    ]
    assert "immutable" in found.headers["Cache-Control"]
    for missing in (sha256_of(unpublished.code), "0" * 64, "x", "..%2f"):
        assert api("GET", f"/api/community/files/{missing}").status_code == 404


# --- the claim on a name


def test_an_idle_claim_passes_on_and_its_drafts_stay(api, bob, push, time_machine):
    old = push()
    time_machine.move_to(timezone.now() + timedelta(days=91))

    made = Api(api.client, key_of(bob)).push()

    assert made.status_code == 201
    old.refresh_from_db()
    assert old.function.owner.username == "alice"
    assert old.function.slug != "image-resizer"
    refused = publishing_refusal(old)
    assert refused.code == "DUPLICATE_SLUG"


def publishing_refusal(draft):
    with pytest.raises(errors.RegistryError) as caught:
        publishing.publish(draft, by=draft.function.owner, via="cli")
    return caught.value


def test_a_published_claim_never_passes_on(api, bob, publish, time_machine):
    publish()
    time_machine.move_to(timezone.now() + timedelta(days=1000))

    assert Api(api.client, key_of(bob)).push().status_code == 409
