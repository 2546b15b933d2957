"""``functions install``: what is written, and when nothing is."""

import json
import tomllib

import pytest

from tests.cli.conftest import tree

FILES = {
    "index.ts": "import { Hono } from 'hono';\nimport { core } from './src/core';\n"
    "fetch('https://api.example.org/x');\nexport const r = (c) => c.env.SECRET;\n",
    "src/core.ts": "export const core = 1;\r\n",
}
PROJECT = """\
# my project
name = 'shop'   # single quotes

[[services]]
name = "other"      # keep me
main = "services/other/index.ts"

# about the database
[database]
url = "x"
"""


@pytest.fixture
def resizer(hub, monkeypatch):
    """A Hub with alice/image-resizer 1.0.0."""
    monkeypatch.setenv("AEROSTACK_API_URL", hub.url)
    hub.publish(
        "image-resizer",
        "1.0.0",
        FILES,
        npmDependencies=["hono@^4", "zod"],
        envVars=["SECRET"],
        drizzleSchema=True,
        routePath="/api/r",
    )
    hub.answers["GET", "/api/community/functions/install/image-resizer"] = (
        lambda request: hub.versions["image-resizer"][0]
    )
    return hub


@pytest.mark.parametrize(
    "ref", ["image-resizer", "alice/image-resizer", "@alice/image-resizer"]
)
def test_install_writes_the_files_the_block_and_the_lock(
    aerostack, resizer, project, ref
):
    assert aerostack("functions", "install", ref).status == 0

    written = tree(project)
    assert sorted(written) == [
        "aerostack.lock",
        "aerostack.toml",
        "services/image-resizer/index.ts",
        "services/image-resizer/src/core.ts",
    ]
    assert (
        written["services/image-resizer/src/core.ts"] == b"export const core = 1;\r\n"
    )
    assert written["aerostack.toml"].decode() == (
        '[[services]]\nname = "image-resizer"\n'
        'main = "services/image-resizer/index.ts"\n'
    )
    entry = json.loads(written["aerostack.lock"])["functions"]["image-resizer"]
    assert (entry["author"], entry["hub"], entry["version"]) == (
        "alice",
        resizer.url,
        "1.0.0",
    )
    assert sorted(entry["files"]) == sorted(FILES)
    assert entry["integrity"].startswith("sha256-")


def test_install_prints_what_to_do_next(aerostack, resizer):
    out = aerostack("functions", "install", "alice/image-resizer").out

    assert "Installed alice/image-resizer@1.0.0 in services/image-resizer/" in out
    assert "npm install 'hono@^4' zod" in out
    assert "Set in .dev.vars:\n      SECRET=" in out
    assert "migration" in out
    assert "Route: /api/r" in out
    assert "Talks to: api.example.org" in out
    assert "Reads c.env: SECRET" in out


def test_install_keeps_every_byte_of_the_project_file(aerostack, resizer, project):
    (project / "aerostack.toml").write_text(PROJECT)

    aerostack("functions", "install", "alice/image-resizer")

    text = (project / "aerostack.toml").read_text()
    assert text.startswith(PROJECT)
    names = [service["name"] for service in tomllib.loads(text)["services"]]
    assert names == ["other", "image-resizer"]


def test_install_again_changes_nothing(aerostack, resizer, project):
    aerostack("functions", "install", "alice/image-resizer")
    before = tree(project)

    assert aerostack("functions", "install", "alice/image-resizer").status == 0
    assert tree(project) == before


def test_install_from_a_folder_below_finds_the_project(
    aerostack, resizer, project, monkeypatch
):
    (project / "aerostack.toml").write_text(PROJECT)
    (project / "src").mkdir()
    monkeypatch.chdir(project / "src")

    aerostack("functions", "install", "alice/image-resizer")

    assert (project / "services/image-resizer/index.ts").exists()
    assert list((project / "src").iterdir()) == []


def test_install_refuses_to_overwrite_edits_unless_forced(aerostack, resizer, project):
    aerostack("functions", "install", "alice/image-resizer")
    edited = project / "services/image-resizer/index.ts"
    edited.write_text("mine")
    before = tree(project)

    done = aerostack("functions", "install", "alice/image-resizer")

    assert done.status == 4
    assert "services/image-resizer/index.ts" in done.err
    assert tree(project) == before
    assert (
        aerostack("functions", "install", "alice/image-resizer", "--force").status == 0
    )
    assert edited.read_bytes().decode() == FILES["index.ts"]


def test_install_of_a_newer_version_replaces_clean_files(aerostack, resizer, project):
    aerostack("functions", "install", "alice/image-resizer")
    resizer.publish("image-resizer", "2.0.0", {"index.ts": "2"})

    aerostack("functions", "install", "alice/image-resizer")

    services = tree(project / "services")
    assert services == {"image-resizer/index.ts": b"2"}
    assert not (project / "services/image-resizer/src").exists()


def test_install_of_an_exact_version_asks_for_it(aerostack, resizer, project):
    resizer.publish("image-resizer", "2.0.0", {"index.ts": "2"})

    aerostack("functions", "install", "alice/image-resizer@1.0.0")

    assert len(tree(project / "services")) == 2


def test_install_under_an_old_name_says_the_new_one(aerostack, resizer):
    resizer.versions["image-resizer"][0]["renamedFrom"] = "alice/pic-resizer"

    done = aerostack("functions", "install", "alice/image-resizer")

    assert done.status == 0
    assert "alice/pic-resizer is now alice/image-resizer" in done.err


def test_install_of_a_transferred_function_goes_on(aerostack, resizer, project):
    aerostack("functions", "install", "alice/image-resizer")
    moved = resizer.versions["image-resizer"][0]
    moved |= {"author": "bob", "renamedFrom": "alice/image-resizer"}

    done = aerostack("functions", "install", "alice/image-resizer")

    assert done.status == 0
    assert "is now bob/image-resizer" in done.err


def test_install_of_a_yanked_version_says_so(aerostack, resizer):
    resizer.yank("image-resizer", "1.0.0", "leaks memory")

    done = aerostack("functions", "install", "alice/image-resizer@1.0.0")

    assert done.status == 0
    assert "was yanked: leaks memory" in done.err


def test_install_refuses_another_authors_function_of_that_name(
    aerostack, resizer, project
):
    aerostack("functions", "install", "alice/image-resizer")
    resizer.publish("image-resizer", "1.0.0", FILES, author="mallory")
    before = tree(project)

    done = aerostack("functions", "install", "mallory/image-resizer")

    assert done.status == 4
    assert "another function" in done.err
    assert tree(project) == before


@pytest.mark.parametrize("option", ["--dry-run", "--diff"])
def test_a_look_ahead_writes_nothing(aerostack, resizer, project, option):
    done = aerostack("functions", "install", "alice/image-resizer", option)

    assert done.status == 0
    assert "services/image-resizer/src/core.ts" in done.out
    assert tree(project) == {}


def test_install_without_a_ref_puts_back_what_the_lock_says(
    aerostack, resizer, project
):
    aerostack("functions", "install", "alice/image-resizer")
    before = tree(project)
    resizer.publish("image-resizer", "2.0.0", {"index.ts": "2"})
    (project / "services/image-resizer/index.ts").unlink()

    assert aerostack("functions", "install").status == 0
    assert tree(project) == before


def test_main_is_the_entrypoint_where_there_is_no_index(aerostack, hub, project):
    hub.publish("tool", "1.0.0", {"lib/a.ts": "1", "src/adapter.ts": "2"})

    aerostack("functions", "install", "alice/tool", "--hub", hub.url)

    [service] = tomllib.loads((project / "aerostack.toml").read_text())["services"]
    assert service["main"] == "services/tool/src/adapter.ts"


@pytest.mark.parametrize(
    "link", ["services", "services/image-resizer", "aerostack.toml"]
)
def test_install_refuses_symbolic_links(aerostack, resizer, project, tmp_path, link):
    outside = tmp_path / "outside"
    outside.mkdir()
    target = outside
    if link == "aerostack.toml":
        target = outside / "x.toml"
        target.write_text("")
    (project / link).parent.mkdir(exist_ok=True)
    (project / link).symlink_to(target)

    done = aerostack("functions", "install", "alice/image-resizer")

    assert done.status == 1
    assert "UNSAFE_TARGET" in done.err
    assert [path for path in outside.rglob("*") if path.name != "x.toml"] == []
    assert not (project / "aerostack.lock").exists()


@pytest.mark.parametrize(
    "text", ["services = 3\n", "[services]\nx = 1\n", "not toml", "\ufeff\x00"]
)
def test_a_project_file_that_cannot_be_edited_stops_it(
    aerostack, resizer, project, text
):
    (project / "aerostack.toml").write_text(text)

    done = aerostack("functions", "install", "alice/image-resizer")

    assert done.status == 1
    assert "INVALID_PROJECT" in done.err
    assert tree(project) == {"aerostack.toml": text.encode()}


def test_services_written_inline_get_one_more(aerostack, resizer, project):
    (project / "aerostack.toml").write_text('services = [{name = "a", main = "b"}]\n')

    aerostack("functions", "install", "alice/image-resizer")

    services = tomllib.loads((project / "aerostack.toml").read_text())["services"]
    assert [service["name"] for service in services] == ["a", "image-resizer"]


def test_json_lists_what_was_written(aerostack, resizer):
    answer = aerostack("functions", "install", "alice/image-resizer", "--json").json

    [function] = answer["functions"]
    assert function["variables"] == ["SECRET"]
    assert function["touches"]["hosts"] == ["api.example.org"]
    assert "aerostack.lock" in answer["wrote"]


@pytest.mark.parametrize("ref", ["../x", "a/b/c", "x@", "X", "a", "alice/", "x@../y"])
def test_what_names_no_function_is_a_usage_error(aerostack, resizer, ref):
    assert aerostack("functions", "install", ref).status == 2
    assert resizer.requests == []
