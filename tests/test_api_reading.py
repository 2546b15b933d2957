"""Reading over the API: identity, lists, versions, files, yanks, caching."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import keys
from accounts.models import Event, Project
from api import shapes
from registry import errors, publishing
from registry.integrity import sha256_of
from registry.models import Function
from tests.conftest import CODE, PASSWORD, Api, body, key_of

pytestmark = pytest.mark.django_db
CORE = "export const core = 1;\n"


# --- identity


def test_validate_tells_whose_account_key_it_is(api, alice):
    said = api("POST", "/api/v1/cli/validate").json()

    assert said["keyType"] == "account"
    assert (said["username"], said["email"]) == ("alice", "alice@example.com")
    assert said["userId"] == str(alice.pk)
    assert said["name"]
    assert said["message"]


def test_validate_tells_whose_project_key_it_is(api, alice):
    project = Project.objects.create(account=alice, name="Shop", slug="shop")
    _, key = keys.create_key(alice, name="k", project=project, via="system")

    said = api("POST", "/api/v1/cli/validate", key=key).json()

    assert (said["keyType"], said["slug"]) == ("project", "shop")
    assert said["projectName"] == "Shop"


def test_validate_refuses_in_the_cli_shape(client, db):
    response = client.post("/api/v1/cli/validate")

    assert response.status_code == 401
    assert set(response.json()) == {"error"}
    assert response.json()["error"]["code"] == "UNAUTHORIZED"


def test_login_gives_a_key_that_works(api, alice):
    sent = {"email": alice.email, "password": PASSWORD}
    token = api("POST", "/api/auth/login", sent, key="").json()["token"]

    assert api("GET", "my", key="", Authorization=f"Bearer {token}").status_code == 200
    assert alice.keys.order_by("-id").first().expires_at is not None


@pytest.mark.parametrize(
    "sent",
    [
        {"email": "alice@example.com", "password": "wrong"},
        {"email": "nobody@example.com", "password": PASSWORD},
        {"email": "a\0", "password": PASSWORD},
    ],
)
def test_login_refuses_without_saying_what_was_wrong(api, sent):
    response = api("POST", "/api/auth/login", sent, key="")

    assert (response.status_code, response.json()["code"]) == (401, "UNAUTHORIZED")
    assert response.json()["error"] == (
        "The e-mail address or the password is not right."
    )


@pytest.mark.parametrize("raw", [b"", b"{}", b"nonsense", b"\xff" * 1000])
def test_telemetry_is_taken_and_forgotten(client, db, raw):
    events = Event.objects.count()

    response = client.generic("POST", "/api/v1/cli/telemetry/errors", raw)

    assert (response.status_code, response.json()) == (200, {"id": None})
    assert Event.objects.count() == events


# --- lists


def slugs(response):
    return [function["slug"] for function in response.json()["functions"]]


def test_list_pages_through_everything_once(api, publish):
    for n in range(7):
        publish(name=f"tool-number-{n}a")

    seen, cursor = [], ""
    while True:
        page = api("GET", f"{api.base}?limit=3&sort=name&cursor={cursor}")
        seen += slugs(page)
        cursor = page.json()["next"]
        if not cursor:
            break

    assert seen == sorted(f"tool-number-{n}a" for n in range(7))
    assert page.json()["total"] == 7


def test_list_filters(api, publish, bob):
    publish()
    publish(name="mailer", category="email", tags=["smtp"], by=bob)

    assert slugs(api("GET", f"{api.base}?category=email")) == ["mailer"]
    assert slugs(api("GET", f"{api.base}?tag=image")) == ["image-resizer"]
    assert slugs(api("GET", f"{api.base}?author=@bob")) == ["mailer"]
    assert slugs(api("GET", f"{api.base}?category=ai")) == []


def test_list_items_carry_no_code(api, publish):
    publish()

    item = api("GET", api.base).json()["functions"][0]

    assert set(item) == set(
        "id name slug description category author_username star_count clone_count "
        "version tags license updated_at".split()
    )


def test_list_items_are_what_the_function_itself_says(api, publish):
    """They are put together as text, whatever stands in them."""
    version = publish(
        name='Sizes, "quoted" \\ and {braces}',
        description="Größe <b>&amp; 日本 \\n \U0001f600",
        tags=["image", "rate limit"],
    )
    function = version.function

    raw = api("GET", f"{api.base}?search={function.slug}").content

    (listed,) = json.loads(raw)["functions"]
    assert listed == shapes.item(Function.objects.get(pk=function.pk))
    again = json.dumps(json.loads(raw), ensure_ascii=False, separators=(",", ":"))
    assert raw.decode() == again


def test_my_shows_drafts_and_the_draft_behind_the_latest_version(api, publish, push):
    first = publish().draft_uid
    latest = publish(version="1.1.0").draft_uid
    waiting = push(version="2.0.0").pk

    mine = api("GET", "my").json()["functions"]

    assert {(m["id"], m["status"]) for m in mine} == {
        (str(waiting), "draft"),
        (str(latest), "published"),
    }
    assert str(first) not in [m["id"] for m in mine]


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
    assert slugs(api("GET", api.base)) == []


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


# --- the install manifest's layout


@pytest.mark.parametrize(
    ("files", "served"),
    [
        (["src/index.ts", "src/core.ts"], ["adapter.ts", "core.ts", "index.ts"]),
        (["adapter.ts", "core.ts"], ["adapter.ts", "core.ts", "index.ts"]),
        (["adapter.ts", "index.ts"], ["adapter.ts", "index.ts"]),
        (["core.ts"], ["core.ts"]),
        (["src/index.ts", "index.ts"], ["adapter.ts", "index.ts", "src/index.ts"]),
    ],
)
def test_flat_layout_suits_clients_without_folders(api, files, served):
    sent = {path: f"{CODE}// {path}\n" for path in files}
    made = api.push(code=None, entrypoint=None, files=sent)
    api.publish(made.json()["id"])

    flat = api("GET", "alice/image-resizer/install").json()
    source = api("GET", "alice/image-resizer/install?layout=source").json()

    assert [f["path"] for f in flat["files"]] == served
    assert [f["path"] for f in source["files"]] == sorted(files)
    for file in flat["files"] + source["files"]:
        assert file["sha256"] == sha256_of(file["content"])
        assert file["size"] == len(file["content"].encode())
    assert flat["integrity"] == source["integrity"]


def test_flat_layout_names_the_entrypoint_that_it_serves(api):
    made = api.push(entrypoint="src/index.ts")
    api.publish(made.json()["id"])

    flat = api("GET", "install/image-resizer").json()
    source = api("GET", "install/image-resizer?layout=source").json()

    assert (flat["entrypoint"], source["entrypoint"]) == ("index.ts", "src/index.ts")
    assert flat["function"]["code"] == source["function"]["code"] == CODE


@pytest.mark.parametrize(
    "files",
    [
        {"src/index.ts": 'import "../schema";\n' + CODE, "schema.ts": CODE},
        {"index.ts": 'import "./src/core";\n' + CODE, "src/core.ts": CODE},
    ],
)
def test_flat_layout_leaves_folders_that_imports_need(api, files):
    made = api.push(code=None, entrypoint=None, files=files)
    api.publish(made.json()["id"])

    flat = api("GET", "alice/image-resizer/install").json()["files"]

    assert files.keys() <= {file["path"] for file in flat}


@pytest.mark.parametrize(
    ("code", "has_default"),
    [
        ("export default app;\n", True),
        ("export { app as default };\n", True),
        ("export {\n  app,\n  app as default,\n};\n", True),
        ('export * as default from "./core";\n', True),
        ("const app = 1;export{app as default};\n", True),
        ('export { default as app } from "./core";\n', False),
        ("// 60 seconds are used as default\n", False),
        ("// no export default here\n", False),
        ("export const default_limit = 1;\n", False),
        ("export { default_limit };\n", False),
    ],
)
def test_a_stand_in_has_a_default_export_where_there_is_one(api, code, has_default):
    made = api.push(code=CODE + code)
    api.publish(made.json()["id"])

    files = api("GET", "alice/image-resizer/install").json()["files"]

    stand_in = next(file["content"] for file in files if file.get("generated"))
    assert ("default" in stand_in) is has_default


def test_code_that_is_among_the_files_is_not_stored_twice(api):
    files = {"core.ts": CORE, "adapter.ts": CODE}

    path = api.push(code=CORE, entrypoint=None, files=files).json()["id"]

    draft = api("GET", path).json()["function"]
    assert draft["files"] == files
    assert draft["config_schema"]["entrypoint"] == "adapter.ts"


# --- validate


def test_validate_reports_every_fault_and_stores_nothing(api):
    said = api("POST", "validate", body(category="Media", tags=["!"]), key="").json()

    assert said["ok"] is False
    rules = {d["rule"] for d in said["diagnostics"]}
    assert {"INVALID_CATEGORY", "VALIDATION_ERROR"} <= rules
    assert api("GET", "my").json()["functions"] == []


def test_validate_looks_past_a_reserved_name(api):
    sent = body(name="admin", category="Media")

    said = api("POST", "validate", sent, key="").json()

    rules = [d["rule"] for d in said["diagnostics"] if d["severity"] == "error"]
    assert rules == ["RESERVED_NAME", "INVALID_CATEGORY"]


def test_validate_passes_what_is_right(api):
    said = api("POST", "validate", body(), key="").json()

    assert said["ok"] is True
    assert [d for d in said["diagnostics"] if d["severity"] == "error"] == []


# --- caching


def test_public_answers_are_sealed_and_revalidate(api, publish):
    publish()
    path = "alice/image-resizer/install"
    first = api("GET", path)

    again = api("GET", path, **{"If-None-Match": first.headers["ETag"]})

    assert first.headers["Cache-Control"] == "public, no-cache"
    assert first.headers["Vary"] == "Accept-Encoding"
    assert "Set-Cookie" not in first.headers
    assert (again.status_code, again.content) == (304, b"")
    packed = api("GET", path, **{"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["ETag"] != first.headers["ETag"]


def test_private_answers_are_not_kept(api):
    assert api("GET", "my").headers["Cache-Control"] == "private, no-store"


def test_a_publish_is_visible_at_once(api, publish):
    publish()
    tag = api("GET", "alice/image-resizer/install").headers["ETag"]

    publish(version="1.1.0")

    again = api("GET", "alice/image-resizer/install", **{"If-None-Match": tag})
    assert (again.status_code, again.json()["version"]) == (200, "1.1.0")


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


def test_json_is_utf_8_and_unescaped(api):
    api.publish(api.push(description="Größe ändern 日本").json()["id"])

    raw = api("GET", "alice/image-resizer").content

    assert "Größe ändern 日本" in raw.decode()
    assert json.loads(raw)["function"]["description"] == "Größe ändern 日本"
