"""``functions push``: what is sent, what is printed, what is never sent."""

import json

import pytest

from tests.cli.conftest import write_function
from tests.cli.scripted_hub import FUNCTIONS, ScriptedHub

DRAFT = {
    "id": "018f6d0c-5d1e-7cc3-a8f2-1c9d8f6e0b11",
    "slug": "image-resizer",
    "name": "image-resizer",
    "author": "alice",
    "version": "1.0.0",
    "status": "draft",
    "url": "/functions/alice/image-resizer",
    "admin_url": "https://admin.example.org/a/very/long/path/that/no/terminal/of/eighty"
    "/columns/could/hold/functions/edit/018f6d0c-5d1e-7cc3-a8f2-1c9d8f6e0b11",
    "warnings": [],
}


@pytest.fixture
def taking(on_hub):
    """A Hub that takes pushes."""
    on_hub.answers["POST", FUNCTIONS] = (201, DRAFT)
    return on_hub


def sent(hub):
    [request] = hub.asked("POST", FUNCTIONS)
    return request["body"]


def test_push_prints_the_guides_block_id_and_next_command(aerostack, taking, project):
    write_function(project)

    done = aerostack("functions", "push", "index.ts")

    assert done.status == 0
    assert done.err == ""
    assert done.out == (
        "Pushing function 'image-resizer' to Aerostack...\n"
        "Pushed successfully!\n"
        "   Slug: image-resizer\n"
        "   Status: draft\n"
        f"   Admin URL: {DRAFT['admin_url']}\n"
        "\n"
        f"{DRAFT['id']}\n"
        "\n"
        f"Publish it with: aerostack functions publish {DRAFT['id']}\n"
    )


def test_push_quietly_prints_the_id_alone(aerostack, taking, project):
    write_function(project)

    assert aerostack("functions", "push", "-q").out == f"{DRAFT['id']}\n"


def test_push_sends_the_key_and_the_whole_manifest(aerostack, taking, project):
    write_function(project, tags=["image"], routePath="/api/x", monetization={"a": 1})

    aerostack("functions", "push")

    body = sent(taking)
    assert body["config_schema"] == json.loads((project / "aerostack.json").read_text())
    assert body["slug"] == "image-resizer"
    assert body["tags"] == ["image"]
    assert body["code"] == body["files"]["index.ts"]
    [request] = taking.asked("POST", FUNCTIONS)
    assert request["headers"]["X-API-Key"].startswith("ac_secret_")


def test_push_sends_every_file_the_entrypoint_reaches(aerostack, taking, project):
    write_function(
        project / "fn",
        entrypoint="src/index.ts",
        files={
            "src/index.ts": "import { a } from './lib/a';\nexport * from './b.js';\n"
            "// import './not-this'\nconst u = 'http://x';\nimport './adapter';\n",
            "src/lib/a.ts": "import data from '../data.json'; export const a = data;",
            "src/lib/index.ts": "export {};",
            "src/b.ts": "const c = await import('./lib');\r\nexport default c",
            "src/data.json": "{}",
            "src/adapter.ts": "export {};",
            "src/core.ts": "export {};",
            "src/schema.ts": "export {};",
            "src/unused.ts": "export {};",
            "src/not-this.ts": "export {};",
            "README.md": "# Read me\n",
        },
    )

    assert aerostack("functions", "push", "fn/src/index.ts").status == 0

    body = sent(taking)
    assert sorted(body["files"]) == [
        "src/adapter.ts",
        "src/b.ts",
        "src/core.ts",
        "src/data.json",
        "src/index.ts",
        "src/lib/a.ts",
        "src/lib/index.ts",
        "src/schema.ts",
    ]
    assert body["files"]["src/b.ts"].endswith("'./lib');\r\nexport default c")
    assert body["readme"] == "# Read me\n"


def test_push_finds_the_manifest_in_the_projects_root(aerostack, taking, project):
    (project / ".git").mkdir()
    write_function(project, entrypoint="src/index.ts", files={"src/index.ts": "x"})

    assert aerostack("functions", "push", "src/index.ts").status == 0

    assert sent(taking)["entrypoint"] == "src/index.ts"


def test_push_looks_no_further_up_than_the_project(aerostack, taking, project):
    write_function(project, name="other")
    inner = project / "inner"
    (inner / ".git").mkdir(parents=True)
    (inner / "thumbnailer.ts").write_text("export const x = 1")

    aerostack("functions", "push", "inner/thumbnailer.ts")

    assert sent(taking)["name"] == "thumbnailer"


@pytest.mark.parametrize(
    ("file", "name", "language"),
    [
        ("rate-limiter/index.ts", "rate-limiter", "typescript"),
        ("rate-limiter/src/index.js", "rate-limiter", "javascript"),
        ("stuff/slugify.ts", "slugify", "typescript"),
    ],
)
def test_push_without_a_manifest_takes_the_name_from_where_it_stands(
    aerostack, taking, project, file, name, language
):
    (project / ".git").mkdir()
    (project / file).parent.mkdir(parents=True)
    (project / file).write_text("export const x = 1")

    assert aerostack("functions", "push", file).status == 0

    body = sent(taking)
    assert (body["name"], body["language"]) == (name, language)
    assert (body["category"], body["config_schema"]) == ("utility", {})
    assert body["entrypoint"] == file.rpartition("/")[2]


@pytest.mark.parametrize("entrypoint", ["src/missing.ts", "Index.ts", "../x.ts", "src"])
def test_push_refuses_a_missing_entrypoint_before_any_request(
    aerostack, taking, project, entrypoint
):
    write_function(project, entrypoint=entrypoint)
    (project / "src").mkdir()

    done = aerostack("functions", "push", "index.ts")

    assert done.status == 1
    assert f"entrypoint '{entrypoint}' names no file" in done.err
    assert "Did you mean 'index.ts'?" in done.err
    assert "MISSING_ENTRYPOINT" in done.err
    assert "Verify the path is relative to the function directory" in done.err
    assert taking.requests == []


def test_push_refuses_a_file_that_is_not_there(aerostack, taking):
    done = aerostack("functions", "push", "nowhere.ts")

    assert done.status == 1
    assert "MISSING_ENTRYPOINT" in done.err
    assert taking.requests == []


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"index.ts": "import '../outside'"}, "INVALID_PATH"),
        ({"index.ts": "import './a b'", "a b.ts": ""}, "INVALID_PATH"),
        ({"index.ts": "x" * (512 * 1024 + 1)}, "PAYLOAD_TOO_LARGE"),
    ],
)
def test_push_refuses_files_that_cannot_be_sent(
    aerostack, taking, project, files, code
):
    write_function(project, files=files)

    done = aerostack("functions", "push")

    assert done.status == 1
    assert code in done.err
    assert taking.requests == []


def test_push_refuses_a_link_that_leads_out(aerostack, taking, project, tmp_path):
    (tmp_path / "secret").write_text("password")
    write_function(project, files={"index.ts": "import './notes.ts'"})
    (project / "notes.ts").symlink_to(tmp_path / "secret")

    done = aerostack("functions", "push")

    assert "INVALID_PATH" in done.err
    assert taking.requests == []


def test_push_refuses_text_that_is_not_utf8(aerostack, taking, project):
    write_function(project)
    (project / "index.ts").write_bytes(b"\xff\xfe")

    assert "NOT_UTF8" in aerostack("functions", "push").err
    assert taking.requests == []


def test_push_leaves_out_what_the_ignore_file_names(aerostack, taking, project):
    write_function(
        project,
        files={"index.ts": "import './data/big'", "data/big.ts": "", "schema.ts": ""},
    )
    (project / "README.md").write_text("# Read me")
    (project / ".aerostackignore").write_text("# not these\ndata/\nREADME.md\n")

    done = aerostack("functions", "push")

    body = sent(taking)
    assert sorted(body["files"]) == ["index.ts", "schema.ts"]
    assert body["readme"] == ""
    assert "data/big.ts is left out by .aerostackignore" in done.err


def test_push_leaves_wrong_types_for_the_hub_to_refuse(aerostack, taking, project):
    write_function(project, name=3, tags="image")

    aerostack("functions", "push")

    assert (sent(taking)["name"], sent(taking)["tags"]) == (3, "image")


def test_push_warns_of_an_import_that_is_no_file(aerostack, taking, project):
    write_function(project, files={"index.ts": "\nimport './gone';\n"})

    done = aerostack("functions", "push")

    assert done.status == 0
    assert "index.ts:2 imports './gone', which is no file" in done.err


def test_dry_run_lists_files_and_sends_nothing(aerostack, hub, project):
    write_function(project, files={"index.ts": "abc", "core.ts": "1"})

    done = aerostack("functions", "push", "--dry-run", "--hub", hub.url)

    assert "index.ts  3 bytes  (entrypoint)" in done.out
    assert "core.ts  1 byte\n" in done.out
    assert hub.requests == []


def test_push_that_got_lost_is_looked_for_not_sent_again(aerostack, taking, project):
    write_function(project)
    taking.answers["POST", FUNCTIONS] = ScriptedHub.DROP
    taking.answers["GET", f"{FUNCTIONS}/my"] = {"functions": [DRAFT]}
    taking.answers["GET", f"{FUNCTIONS}/{DRAFT['id']}"] = lambda request: {
        "function": {**DRAFT, **sent(taking)}
    }

    done = aerostack("functions", "push", "-q")

    assert done.out == f"{DRAFT['id']}\n"
    assert len(taking.asked("POST", FUNCTIONS)) == 1


def test_push_that_did_not_arrive_is_sent_again(aerostack, taking, project):
    write_function(project)
    taking.answers["POST", FUNCTIONS] = [ScriptedHub.DROP, (502, {}), (201, DRAFT)]
    taking.answers["GET", f"{FUNCTIONS}/my"] = {"functions": []}

    assert aerostack("functions", "push", "-q").out == f"{DRAFT['id']}\n"
    assert len(taking.asked("POST", FUNCTIONS)) == 3


def test_push_shows_the_hubs_refusal_as_it_is(aerostack, taking, project):
    write_function(project, category="Media")
    taking.answers["POST", FUNCTIONS] = (
        400,
        {
            "error": "Category 'Media' is not one of: ai, media.",
            "code": "INVALID_CATEGORY",
            "message": "Category 'Media' is not one of: ai, media.",
            "fix": "Check spelling and use lowercase",
            "details": [
                {"message": "Category 'Media' is not one of: ai, media."},
                {"field": "tags[3]", "message": "Too long."},
            ],
        },
    )

    done = aerostack("functions", "push")

    assert done.status == 1
    assert done.err == (
        "Error: Category 'Media' is not one of: ai, media.\n"
        "   - tags[3]: Too long.\n"
        "   Code: INVALID_CATEGORY\n"
        "   Fix:  Check spelling and use lowercase\n"
    )


def test_publish_that_loses_the_hub_names_the_draft_it_leaves(
    aerostack, taking, project
):
    write_function(project)
    path = f"{FUNCTIONS}/{DRAFT['id']}"
    taking.answers["POST", f"{path}/publish"] = (502, {})

    done = aerostack("publish", ".")

    assert done.status == 3
    assert f"publish it with: aerostack functions publish {DRAFT['id']}" in done.err
    assert taking.asked("DELETE", path) == []


def test_publish_that_is_refused_removes_its_draft(aerostack, taking, project):
    write_function(project)
    path = f"{FUNCTIONS}/{DRAFT['id']}"
    taking.answers["POST", f"{path}/publish"] = (400, {"error": "No.", "code": "X"})
    taking.answers["DELETE", path] = [(204, b""), (500, {})]

    removed, kept = aerostack("publish", "."), aerostack("publish", ".")

    assert "the draft was removed again" in removed.err
    assert f"the draft {DRAFT['id']} was kept on the Hub" in kept.err


def test_push_without_a_key_says_how_to_log_in(aerostack, hub, project):
    write_function(project)

    done = aerostack("functions", "push", "--hub", hub.url)

    assert done.status == 1
    assert "UNAUTHORIZED" in done.err
    assert "aerostack login" in done.err
    assert hub.requests == []
