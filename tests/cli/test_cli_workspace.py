"""The project that a command works in: where it is, and what it does to its files."""

import json
import os

import pytest

from tests.cli.conftest import tree
from tests.cli.scripted_hub import FUNCTIONS

BLOCK = '[[services]]\nname = "tool"\nmain = "services/tool/index.ts"\n'


@pytest.fixture
def published(on_hub):
    on_hub.publish("tool", "1.0.0", {"index.ts": "1\n", "core.ts": "c\n"})
    on_hub.publish("app", "1.0.0", {"index.ts": "a\n"})
    return on_hub


@pytest.fixture
def tool(aerostack, published, project):
    assert aerostack("functions", "install", "alice/tool").status == 0
    return project / "services/tool"


# --- where the project is


@pytest.mark.parametrize("name", ["aerostack.toml", "aerostack.lock"])
def test_the_project_is_the_nearest_folder_upwards_with_its_files(
    aerostack, published, project, monkeypatch, name
):
    inner = project / "packages/shop"
    (inner / "src/deep").mkdir(parents=True)
    (project / "aerostack.toml").write_text("")
    (inner / name).write_text("")
    monkeypatch.chdir(inner / "src/deep")

    assert aerostack("functions", "install", "alice/tool").status == 0

    assert sorted(os.listdir(inner)) == [
        "aerostack.lock",
        "aerostack.toml",
        "services",
        "src",
    ]
    assert sorted(os.listdir(project)) == ["aerostack.toml", "packages"]


def test_without_a_project_it_is_the_current_folder(
    aerostack, published, project, monkeypatch
):
    (project / "a/aerostack.toml").mkdir(parents=True)
    (project / "a/b").mkdir()
    monkeypatch.chdir(project / "a/b")

    assert aerostack("functions", "install", "alice/tool").status == 0

    assert "aerostack.lock" in os.listdir(project / "a/b")
    assert os.listdir(project) == ["a"]


def test_a_lock_that_is_a_link_is_not_read(aerostack, tool, project, tmp_path):
    (project / "aerostack.lock").rename(tmp_path / "other.lock")
    (project / "aerostack.lock").symlink_to(tmp_path / "other.lock")
    before = tree(tmp_path)

    done = aerostack("functions", "remove", "tool")

    assert done.status == 1
    assert "aerostack.lock is a symbolic link" in done.err
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    "args",
    [
        ["status", "--offline"],
        ["verify"],
        ["diff"],
        ["remove", "tool"],
        ["update", "tool@2.0.0"],
        ["install"],
    ],
    ids=lambda args: args[0],
)
def test_a_file_that_is_a_link_is_neither_read_nor_replaced(
    aerostack, tool, published, project, tmp_path, args
):
    published.publish("tool", "2.0.0", {"index.ts": "2\n", "core.ts": "2\n"})
    (tmp_path / "secret").write_text("password")
    (tool / "core.ts").unlink()
    (tool / "core.ts").symlink_to(tmp_path / "secret")
    before = tree(tmp_path)

    done = aerostack("functions", *args)

    assert done.status == 1
    assert "UNSAFE_TARGET" in done.err
    assert "password" not in done.out + done.err
    assert tree(tmp_path) == before


# --- which functions


@pytest.mark.parametrize("verb", ["status", "diff", "verify", "remove", "update"])
def test_what_is_not_installed_is_a_usage_error_that_changes_nothing(
    aerostack, tool, project, verb
):
    before = tree(project)

    done = aerostack("functions", verb, "tool", "nothing")

    assert done.status == 2
    assert done.err == (
        "Error: 'nothing' is not installed here.\n"
        "   Code: USAGE\n"
        "   Fix:  `aerostack functions status` lists what is.\n"
    )
    assert tree(project) == before


def test_functions_are_taken_by_name_or_all_of_them_in_order(aerostack, tool):
    aerostack("functions", "install", "alice/app")

    def shown(*slugs):
        done = aerostack("functions", "status", "--json", *slugs)
        return [item["slug"] for item in done.json["functions"]]

    assert shown() == ["app", "tool"]
    assert shown("tool") == ["tool"]
    assert shown("tool", "app") == ["tool", "app"]


# --- aerostack.toml and aerostack.lock


def test_several_functions_get_their_blocks_in_one_go(aerostack, published, project):
    aerostack("functions", "install", "alice/tool", "alice/app")

    assert (project / "aerostack.toml").read_text() == (
        BLOCK + '\n[[services]]\nname = "app"\nmain = "services/app/index.ts"\n'
    )
    lock = json.loads((project / "aerostack.lock").read_text())
    assert list(lock["functions"]) == ["app", "tool"]


def test_several_functions_lose_their_blocks_in_one_go(aerostack, tool, project):
    aerostack("functions", "install", "alice/app")
    (project / "aerostack.toml").write_text(
        "# top\n" + (project / "aerostack.toml").read_text() + "# end\n"
    )

    done = aerostack("functions", "remove", "tool", "app")

    assert done.out.startswith("Removed tool, app.\n")
    assert (project / "aerostack.toml").read_text() == "# top\n\n# end\n"
    assert json.loads((project / "aerostack.lock").read_text())["functions"] == {}
    assert not (project / "services").exists()


def test_an_update_adds_no_block_that_was_taken_out(
    aerostack, tool, published, project
):
    (project / "aerostack.toml").write_text("# mine\n")
    published.publish("tool", "2.0.0", {"index.ts": "2\n"})

    assert aerostack("functions", "update", "tool").status == 0
    assert (project / "aerostack.toml").read_text() == "# mine\n"


def test_an_update_makes_no_project_file_where_there_is_none(
    aerostack, tool, published, project
):
    (project / "aerostack.toml").unlink()
    published.publish("tool", "2.0.0", {"index.ts": "2\n"})

    assert aerostack("functions", "update", "tool").status == 0
    assert aerostack("functions", "remove", "tool").status == 0
    assert sorted(tree(project)) == ["aerostack.lock"]


def test_a_service_that_points_to_a_file_of_mine_is_left_alone(
    aerostack, tool, published, project
):
    text = BLOCK.replace("tool/index.ts", "tool/core.ts").replace("core", "mine")
    (project / "aerostack.toml").write_text(text)
    published.publish("tool", "2.0.0", {"src/index.ts": "2\n"})

    assert aerostack("functions", "update", "tool").status == 0
    assert (project / "aerostack.toml").read_text() == text


@pytest.mark.parametrize("verb", ["update", "install"])
def test_a_service_follows_its_file_to_where_the_new_version_has_one(
    aerostack, tool, published, project, verb
):
    published.publish("tool", "2.0.0", {"lib/x.ts": "x\n", "src/adapter.js": "2\n"})

    assert aerostack("functions", verb, "alice/tool").status == 0

    assert (project / "aerostack.toml").read_text() == BLOCK.replace(
        "tool/index.ts", "tool/src/adapter.js"
    )


@pytest.mark.parametrize("args", [["install", "alice/app"], ["remove", "tool"]])
def test_a_project_file_that_is_no_text_stops_it(aerostack, tool, project, args):
    (project / "aerostack.toml").write_bytes(b"# \xff\n")
    before = tree(project)

    done = aerostack("functions", *args)

    assert done.status == 1
    assert done.err == (
        "Error: aerostack.toml is not UTF-8 text; nothing was changed.\n"
        "   Code: NOT_UTF8\n"
        "   Fix:  Convert it, then run the command again.\n"
    )
    assert tree(project) == before


# --- remove


def test_a_missing_file_is_neither_removed_nor_kept(aerostack, tool):
    (tool / "core.ts").unlink()

    done = aerostack("functions", "remove", "tool", "--json")

    assert done.json == {"removed": ["services/tool/index.ts"], "kept": []}


def test_edited_files_are_kept_by_remove_and_known_no_more(aerostack, tool, project):
    (tool / "index.ts").write_bytes(b"1\r\n")
    (tool / "core.ts").write_text("mine\n")

    done = aerostack("functions", "remove", "tool", "--json")

    assert done.json == {
        "removed": ["services/tool/index.ts"],
        "kept": ["services/tool/core.ts"],
    }
    assert tree(tool) == {"core.ts": b"mine\n"}
    assert aerostack("functions", "status", "--json").json == {"functions": []}


# --- update


def test_an_update_of_all_passes_over_what_is_up_to_date(aerostack, tool, published):
    aerostack("functions", "install", "alice/app")
    published.publish("app", "1.1.0", {"index.ts": "a2\n"})

    done = aerostack("functions", "update", "--all")

    assert done.status == 0
    assert done.out == (
        "Updated app 1.0.0 -> 1.1.0\n"
        "   services/app/index.ts: updated\n"
        "tool 1.0.0 is up to date.\n"
    )


def test_an_update_to_the_installed_version_asks_for_no_files(
    aerostack, tool, published
):
    asked = len(published.requests)

    done = aerostack("functions", "update", "tool@1.0.0")

    assert done.out == "tool 1.0.0 is up to date.\n"
    assert len(published.requests) == asked


def test_an_update_as_json_lists_actions_and_conflicts(aerostack, tool, published):
    (tool / "core.ts").write_text("mine\n")
    published.publish("tool", "2.0.0", {"index.ts": "2\n", "core.ts": "theirs\n"})

    done = aerostack("functions", "update", "tool", "--json")

    assert done.status == 4
    assert done.json["functions"] == [
        {
            "slug": "tool",
            "from": "1.0.0",
            "to": "2.0.0",
            "actions": [{"path": "services/tool/index.ts", "message": "updated"}],
            "conflicts": [
                {
                    "path": "services/tool/core.ts",
                    "message": "1 place to merge by hand, marked in the file",
                }
            ],
            "notice": "",
        }
    ]


def test_an_update_that_conflicts_says_what_to_do_unless_it_only_looks(
    aerostack, tool, published
):
    (tool / "core.ts").write_text("mine\n")
    published.publish("tool", "2.0.0", {"index.ts": "2\n", "core.ts": "theirs\n"})
    advice = "Settle each of these by hand and remove the markers.\n"

    ahead = aerostack("functions", "update", "tool", "--dry-run")
    done = aerostack("functions", "update", "tool")

    assert (ahead.status, done.status) == (4, 4)
    assert ahead.out.startswith("Would update tool 1.0.0 -> 2.0.0\n")
    assert advice not in ahead.out
    assert done.out.endswith(advice)


def test_an_update_is_to_the_author_it_is_installed_from(aerostack, tool, published):
    published.publish("tool", "2.0.0", {"index.ts": "2\n"})
    refused = aerostack("functions", "update", "bob/tool")

    assert refused.status == 2
    assert "tool is installed from alice." in refused.err
    assert aerostack("functions", "update", "alice/tool").status == 0


def test_an_update_takes_a_pre_release_only_where_there_is_no_release(
    aerostack, published, project
):
    published.publish("beta", "1.0.0-rc.1", {"index.ts": "1\n"})
    published.publish("beta", "1.0.0-rc.2", {"index.ts": "2\n"})
    aerostack("functions", "install", "alice/beta@1.0.0-rc.1")
    aerostack("functions", "install", "alice/tool")
    published.publish("tool", "2.0.0-rc.1", {"index.ts": "2\n"})

    done = aerostack("functions", "update", "--all")

    assert "Updated beta 1.0.0-rc.1 -> 1.0.0-rc.2\n" in done.out
    assert "tool 1.0.0 is up to date.\n" in done.out


@pytest.mark.parametrize(("status", "exit_status"), [(403, 1), (410, 1), (500, 3)])
def test_an_old_text_that_the_hub_refuses_stops_the_update(
    aerostack, tool, published, project, status, exit_status
):
    """Only 404 means that it is not there any more."""
    (tool / "core.ts").write_text("mine\n")
    published.publish("tool", "2.0.0", {"index.ts": "1\n", "core.ts": "theirs\n"})
    digest = json.loads((project / "aerostack.lock").read_text())["functions"]["tool"][
        "files"
    ]["core.ts"]
    answer = (status, {"error": "No.", "code": "X"})
    published.answers["GET", f"/api/community/files/{digest}"] = answer
    before = tree(project)

    done = aerostack("functions", "update", "tool")

    assert done.status == exit_status
    assert "Error: No.\n" in done.err
    assert tree(project) == before


def test_old_texts_that_are_lost_by_hash_are_fetched_at_once(
    aerostack, tool, published, project
):
    for name in ("index.ts", "core.ts"):
        (tool / name).write_text("mine\n" + (tool / name).read_text())
    published.publish("tool", "2.0.0", {"index.ts": "1\n2\n", "core.ts": "c\n2\n"})
    entry = json.loads((project / "aerostack.lock").read_text())["functions"]["tool"]
    published.lost |= set(entry["files"].values())
    asked = len(published.asked("GET", f"{FUNCTIONS}/alice/tool/install"))

    assert aerostack("functions", "update", "tool").status == 0

    assert tree(tool) == {"index.ts": b"mine\n1\n2\n", "core.ts": b"mine\nc\n2\n"}
    # One for the new version, one for the old.
    assert len(published.asked("GET", f"{FUNCTIONS}/alice/tool/install")) == asked + 2
