"""The main job over HTTP: push, publish, read, fetch back."""

import pytest
from aerostack_cli import __version__

from accounts.models import Event
from registry.models import Draft, Function, Version
from tests.conftest import CODE, body

pytestmark = [pytest.mark.django_db, pytest.mark.main_flow]


def test_push_makes_a_draft_that_is_not_on_the_hub(api, settings):
    response = api.push()

    assert response.status_code == 201
    made = response.json()
    assert made["slug"] == "image-resizer"
    assert made["author"] == "alice"
    assert made["status"] == "draft"
    assert made["url"] == "/functions/alice/image-resizer"
    assert made["admin_url"] == f"{settings.ADMIN_URL}/functions/edit/{made['id']}"
    assert made["warnings"] == []
    assert api("GET", "alice/image-resizer").status_code == 404
    assert api("GET", "").json()["functions"] == []


def test_push_again_makes_another_draft(api):
    first, second = api.push().json(), api.push().json()

    assert first["id"] != second["id"]
    assert Draft.objects.count() == 2
    assert Function.objects.count() == 1


def test_publish_puts_the_function_on_the_hub(api):
    draft = api.push().json()

    response = api.publish(draft["id"])

    assert response.status_code == 200
    made = response.json()
    assert made["success"] is True
    assert made["status"] == "published"
    assert made["version"] == "1.0.0"
    assert made["already_published"] is False
    assert made["id"] == draft["id"]
    found = api("GET", "@alice/image-resizer").json()["function"]
    assert found["code"] == CODE
    assert found["files"] == {"index.ts": CODE}
    assert found["tags"] == ["image"]
    assert [f["slug"] for f in api("GET", "").json()["functions"]] == ["image-resizer"]


@pytest.mark.parametrize(
    ("agent", "via"),
    [
        (f"aerostack/{__version__}", "cli"),
        ("aerostack-cli/2.1 node/22", "cli"),
        ("curl/8.5.0", "api"),
        ("not-aerostack/1.0", "api"),
        ("", "api"),
    ],
)
def test_events_say_by_which_client_the_write_came(api, agent, via):
    headers = {"User-Agent": agent} if agent else {}

    made = api("POST", api.base, body(), **headers).json()
    api("PATCH", made["id"], {"description": "Another one."}, **headers)
    api.publish(made["id"], **headers)
    yank = "alice/image-resizer/versions/1.0.0/yank"
    api("POST", yank, {"reason": "Broken."}, **headers)

    recorded = Event.objects.exclude(via="system").order_by("id")
    assert list(recorded.values_list("verb", "via")) == [
        ("push", via),
        ("save_draft", via),
        ("publish", via),
        ("yank", via),
    ]
    assert (Draft.objects.get().via, Version.objects.get().via) == (via, via)


def test_publish_by_slug_means_the_newest_open_draft(api):
    api.push()
    newest = api.push(version="1.1.0").json()

    made = api.publish("image-resizer").json()

    assert (made["id"], made["version"]) == (newest["id"], "1.1.0")


def test_publish_again_changes_nothing(api):
    draft = api.push().json()
    api.publish(draft["id"])
    events = Event.objects.count()

    made = api.publish(draft["id"])

    assert made.status_code == 200
    assert made.json()["already_published"] is True
    assert (Version.objects.count(), Event.objects.count()) == (1, events)


def test_publish_of_the_same_content_is_already_published(api):
    api.publish(api.push().json()["id"])

    made = api.publish(api.push(readme="# Other words", tags=["resize"]).json()["id"])

    assert made.json()["already_published"] is True
    assert Version.objects.count() == 1


def test_two_versions_stand_in_order_and_the_old_bytes_stay(api):
    api.publish(api.push().json()["id"])
    old = api("GET", "alice/image-resizer/install").json()
    api.publish(api.push(version="1.10.0", code=CODE + "// more\n").json()["id"])
    api.publish(api.push(version="1.9.0", code=CODE + "// less\n").json()["id"])

    versions = api("GET", "alice/image-resizer/versions").json()["versions"]
    again = api("GET", "alice/image-resizer/install?version=1.0.0").json()

    assert [v["version"] for v in versions] == ["1.10.0", "1.9.0", "1.0.0"]
    assert again["files"] == old["files"]
    assert again["integrity"] == old["integrity"]
    assert api("GET", "install/image-resizer").json()["version"] == "1.10.0"


def test_install_manifest_has_what_clients_read(api):
    api.publish(api.push(routePath="/api/x", routeExport="answer").json()["id"])

    manifest = api("GET", "alice/image-resizer/install").json()

    assert manifest["type"] == "feature"
    assert manifest["drizzleSchema"] is False
    assert [f["path"] for f in manifest["files"]] == ["adapter.ts", "index.ts"]
    stand_in, index = manifest["files"]
    assert stand_in["generated"] is True
    assert stand_in["content"] == 'export * from "./index";\n'
    assert index["content"] == CODE
    assert "generated" not in index
    both = api("GET", "install/image-resizer").json()
    assert both["function"]["slug"] == "image-resizer"
    assert isinstance(both["function"]["files"], dict)
    source = api("GET", "alice/image-resizer/install?layout=source").json()
    assert [f["path"] for f in source["files"]] == ["index.ts"]


def test_ci_creates_updates_and_repeats(api):
    first = api.ci(publish=False)
    assert (first.status_code, first.json()["created"]) == (201, True)
    assert first.json()["status"] == "draft"
    assert api("GET", "alice/image-resizer").status_code == 404

    live = api.ci(publish=True, readme=None)
    assert (live.status_code, live.json()["status"]) == (200, "published")
    assert live.json()["created"] is False
    events = Event.objects.count()

    again = api.ci(publish=True, readme=None)
    assert (again.status_code, again.json()["already_published"]) == (200, True)
    assert (Version.objects.count(), Draft.objects.count()) == (1, 1)
    assert Event.objects.count() == events
    assert (
        "Resizes images"
        in api("GET", "alice/image-resizer").json()["function"]["readme"]
    )


def test_ci_keeps_readme_and_files_that_were_not_sent(api):
    helper = {"core.ts": "export const one = 1;\n", "index.ts": CODE}
    api.ci(publish=True, files=helper)

    api.ci(
        publish=True, version="1.1.0", code=CODE + "// new\n", readme=None, files=None
    )

    found = api("GET", "alice/image-resizer").json()["function"]
    assert found["version"] == "1.1.0"
    assert found["files"] == {
        "core.ts": helper["core.ts"],
        "index.ts": CODE + "// new\n",
    }
    assert "Resizes images" in found["readme"]


@pytest.mark.parametrize("sent", [{"version": "1.1.0"}, {"files": {"README.md": "#"}}])
def test_ci_refuses_blank_code_instead_of_releasing_what_is_there(api, sent):
    api.ci(publish=True)

    made = api.ci(publish=True, code="\n", **sent)

    assert (made.status_code, made.json()["code"]) == (400, "EMPTY_CODE")
    assert (Version.objects.count(), Draft.objects.count()) == (1, 1)


def test_ci_takes_files_in_place_of_code(api):
    made = api.ci(publish=True, code="", files={"index.ts": CODE})

    assert (made.status_code, made.json()["status"]) == (201, "published")


def test_ci_without_publish_leaves_what_is_live_alone(api):
    api.ci(publish=True)

    made = api.ci(version="1.1.0", code=CODE + "// new\n")

    assert made.json()["status"] == "draft"
    assert api("GET", "alice/image-resizer").json()["function"]["version"] == "1.0.0"


def test_ci_refused_leaves_no_draft_behind(api):
    api.ci(publish=True)
    drafts = Draft.objects.count()

    made = api.ci(publish=True, code=CODE + "// other\n")

    assert (made.status_code, made.json()["code"]) == (409, "VERSION_CONFLICT")
    assert Draft.objects.count() == drafts
    refused = api.ci(
        publish=True, name="leaky", code=f'{CODE}const k = "AKIAQ3EGRTHL5XWVYP2M";'
    )
    assert refused.json()["code"] == "SECRET_FOUND"
    assert not Function.objects.filter(slug="leaky").exists()


def test_body_shapes_of_older_clients_are_read(api):
    whole = body(code=None, readme=None) | {"category": "media"}
    sent = {
        "id": "",
        "status": "",
        "author_username": "",
        "url": "",
        "slug": "",
        "name": "",
        "tags": None,
        "category": "utility",
        "version": "",
        "config_schema": whole,
        "code": CODE,
    }
    made = api("POST", api.base, sent)

    assert made.status_code == 201, made.json()
    assert made.json()["warnings"] == []
    draft = Draft.objects.get()
    assert draft.manifest["category"] == "media"
    assert draft.manifest["tags"] == ["image"]
