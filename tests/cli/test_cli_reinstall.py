"""Installing over what stands there already, from the same source or another."""

import json

import pytest

from tests.cli.conftest import tree
from tests.cli.scripted_hub import FUNCTIONS, ScriptedHub, manifest

TOOL = "services/tool"
ONE = {"index.ts": "1\n", "old.ts": "old\n"}
TWO = {"index.ts": "2\n", "new.ts": "new\n"}


@pytest.fixture
def tool(aerostack, on_hub, project):
    """alice/tool 1.0.0, installed; 2.0.0 is published."""
    on_hub.publish("tool", "1.0.0", ONE)
    done = aerostack("functions", "install", "alice/tool")
    assert done.status == 0, done.err
    on_hub.publish("tool", "2.0.0", TWO)
    return project / TOOL


def locked(project, slug="tool"):
    return json.loads((project / "aerostack.lock").read_text())["functions"][slug]


# --- files that stand in the way


def test_files_of_mine_that_were_never_installed_are_not_overwritten(
    aerostack, on_hub, project
):
    on_hub.publish("tool", "1.0.0", {"a.ts": "1\n", "b.ts": "2\n", "c.ts": "3\n"})
    (project / TOOL).mkdir(parents=True)
    for name, text in (("a.ts", "mine\n"), ("b.ts", "2\n"), ("c.ts", "mine\n")):
        (project / TOOL / name).write_text(text)
    before = tree(project)

    done = aerostack("functions", "install", "alice/tool")

    assert done.status == 4
    assert tree(project) == before
    assert done.err == (
        "Error: alice/tool@1.0.0 would overwrite files that are not as installed; "
        "nothing was written.\n"
        f"   - {TOOL}/a.ts\n"
        f"   - {TOOL}/c.ts\n"
        "   Code: LOCAL_CHANGES\n"
        "   Fix:  Merge with `aerostack functions update tool`, look with --diff, or "
        "overwrite with --force.\n"
    )


def test_one_function_in_the_way_stops_the_others_too(aerostack, on_hub, project):
    on_hub.publish("tool", "1.0.0", ONE)
    on_hub.publish("zebra", "1.0.0", ONE)
    (project / "services/zebra").mkdir(parents=True)
    (project / "services/zebra/index.ts").write_text("mine")
    before = tree(project)

    done = aerostack("functions", "install", "alice/tool", "alice/zebra")

    assert done.status == 4
    assert tree(project) == before


def test_a_file_with_the_line_ends_of_git_is_left_as_it_is(aerostack, tool, project):
    (tool / "index.ts").write_bytes(b"1\r\n")
    before = tree(project)

    assert aerostack("functions", "install", "alice/tool@1.0.0").status == 0
    assert tree(project) == before


def test_a_newer_version_replaces_files_with_the_line_ends_of_git(aerostack, tool):
    (tool / "index.ts").write_bytes(b"1\r\n")
    (tool / "old.ts").write_bytes(b"old\r\n")

    assert aerostack("functions", "install", "alice/tool").status == 0
    assert tree(tool) == {"index.ts": b"2\n", "new.ts": b"new\n"}


def test_a_file_that_is_as_the_newer_version_has_it_is_no_edit(aerostack, tool):
    (tool / "index.ts").write_text("2\n")
    (tool / "new.ts").write_text("new\n")

    assert aerostack("functions", "install", "alice/tool").status == 0
    assert tree(tool) == {"index.ts": b"2\n", "new.ts": b"new\n"}


def test_a_file_that_only_the_older_version_had_goes_unless_it_was_edited(
    aerostack, tool
):
    (tool / "old.ts").write_text("mine\n")

    done = aerostack("functions", "install", "alice/tool")

    assert done.status == 0
    assert tree(tool) == {"index.ts": b"2\n", "new.ts": b"new\n", "old.ts": b"mine\n"}
    assert done.err == (
        f"Warning: {TOOL}/old.ts is not in this version; your edited copy was kept.\n"
    )


def test_force_overwrites_files_of_the_version_and_deletes_none_of_mine(
    aerostack, tool
):
    for name in ("index.ts", "old.ts", "new.ts", "notes.ts"):
        (tool / name).write_text("mine\n")

    done = aerostack("functions", "install", "alice/tool", "--force", "--json")

    assert tree(tool) == {
        "index.ts": b"2\n",
        "new.ts": b"new\n",
        "notes.ts": b"mine\n",
        "old.ts": b"mine\n",
    }
    assert done.json["functions"][0]["kept"] == [f"{TOOL}/old.ts"]


def test_a_missing_file_of_the_older_version_is_nothing_to_remove(
    aerostack, tool, project
):
    (tool / "old.ts").unlink()

    done = aerostack("functions", "install", "alice/tool", "--json")

    assert done.json["functions"][0]["kept"] == []
    assert done.json["wrote"] == [
        "aerostack.lock",
        f"{TOOL}/index.ts",
        f"{TOOL}/new.ts",
    ]


def test_a_look_ahead_lists_what_would_be_added_changed_and_removed(
    aerostack, tool, project
):
    before = tree(project)

    done = aerostack("functions", "install", "alice/tool", "--dry-run")

    assert done.out == (
        "   change  aerostack.lock\n"
        f"   change  {TOOL}/index.ts\n"
        f"   add     {TOOL}/new.ts\n"
        f"   remove  {TOOL}/old.ts\n"
        "Nothing was written.\n"
    )
    assert tree(project) == before


def test_a_diff_ahead_shows_both_texts(aerostack, tool, project):
    before = tree(project)

    out = aerostack("functions", "install", "alice/tool", "--diff").out

    assert f"--- a/{TOOL}/index.ts\n+++ b/{TOOL}/index.ts\n" in out
    assert "-1\n+2\n" in out
    assert "-old\n" in out
    assert "+new\n" in out
    assert tree(project) == before


def test_a_look_ahead_at_nothing_says_so(aerostack, tool):
    done = aerostack("functions", "install", "alice/tool@1.0.0", "--dry-run")

    assert done.out == "Nothing would change.\n"


def test_an_install_that_changes_nothing_says_that_it_is_there(aerostack, tool):
    done = aerostack("functions", "install", "alice/tool@1.0.0")

    assert done.out.startswith(
        "Installed already: alice/tool@1.0.0 in services/tool/\n"
    )


# --- the folder


def test_a_function_stays_in_the_folder_that_it_was_adopted_in(
    aerostack, on_hub, project
):
    on_hub.publish("tool", "1.0.0", ONE)
    (project / "lib/tool").mkdir(parents=True)
    for name, text in ONE.items():
        (project / "lib/tool" / name).write_text(text)
    assert aerostack("functions", "adopt", "lib/tool").status == 0
    on_hub.publish("tool", "2.0.0", TWO)

    done = aerostack("functions", "install", "alice/tool")

    assert "Installed alice/tool@2.0.0 in lib/tool/" in done.out
    assert not (project / "services").exists()
    assert tree(project / "lib/tool") == {"index.ts": b"2\n", "new.ts": b"new\n"}
    assert locked(project)["directory"] == "lib/tool"


# --- another function of the same name


@pytest.fixture
def other_hub():
    hub = ScriptedHub()
    yield hub
    hub.close()


def test_the_same_name_at_another_hub_is_another_function(
    aerostack, tool, project, hub, other_hub
):
    other_hub.publish("tool", "2.0.0", TWO)
    before = tree(project)

    done = aerostack("functions", "install", "alice/tool", "--hub", other_hub.url)

    assert done.status == 4
    assert tree(project) == before
    assert done.err == (
        f"Error: services/tool holds alice/tool from {hub.url}; "
        f"alice/tool from {other_hub.url} is another function.\n"
        "   Code: LOCAL_CHANGES\n"
        "   Fix:  Run `aerostack functions remove tool` first, or add --force.\n"
    )


def test_another_hub_cannot_say_that_a_function_moved_to_it(
    aerostack, tool, project, other_hub
):
    other_hub.publish("tool", "2.0.0", TWO, author="bob", renamedFrom="alice/tool")
    before = tree(project)

    done = aerostack("functions", "install", "bob/tool", "--hub", other_hub.url)

    assert done.status == 4
    assert tree(project) == before


@pytest.mark.parametrize("renamed", ["", "alice/other", "bob/tool", "alice"])
def test_only_the_installed_name_moves_to_another_author(
    aerostack, tool, project, on_hub, renamed
):
    answer = manifest("tool", "2.0.0", TWO, author="bob", renamedFrom=renamed)
    on_hub.answers["GET", f"{FUNCTIONS}/bob/tool/install"] = answer
    before = tree(project)

    assert aerostack("functions", "install", "bob/tool").status == 4
    assert tree(project) == before


def test_force_replaces_one_function_by_another(aerostack, tool, project, other_hub):
    other_hub.publish("tool", "5.0.0", TWO, author="bob")

    done = aerostack(
        "functions", "install", "bob/tool", "--hub", other_hub.url, "--force"
    )

    assert done.status == 0
    assert tree(tool) == {"index.ts": b"2\n", "new.ts": b"new\n"}
    entry = locked(project)
    assert (entry["author"], entry["version"]) == ("bob", "5.0.0")
    assert entry["hub"] == other_hub.url


# --- everything in the lock


def test_each_function_is_put_back_from_its_own_hub(
    aerostack, tool, project, on_hub, other_hub, monkeypatch
):
    other_hub.publish("zebra", "1.0.0", {"z.ts": "z\n"})
    aerostack("functions", "install", "alice/zebra", "--hub", other_hub.url)
    before = tree(project)
    for path in ("services/tool/index.ts", "services/zebra/z.ts"):
        (project / path).unlink()
    monkeypatch.setenv("AEROSTACK_API_URL", "http://127.0.0.1:1")

    done = aerostack("functions", "install")

    assert done.status == 0
    assert tree(project) == before
    assert len(other_hub.asked("GET", f"{FUNCTIONS}/alice/zebra/install")) == 2


@pytest.mark.parametrize(
    "args", [[], ["--force"], ["alice/tool@1.0.0"], ["alice/tool@1.0.0", "--force"]]
)
@pytest.mark.parametrize("author", ["alice", "bob"])
def test_other_content_under_a_locked_version_is_never_installed(
    aerostack, tool, project, hub, args, author
):
    """Not even if the function is said to have moved to another author."""
    hub.versions["tool"].clear()
    hub.publish(
        "tool", "1.0.0", {**ONE, "old.ts": "evil"}, author=author,
        renamedFrom="" if author == "alice" else "alice/tool",
    )  # fmt: skip
    (tool / "old.ts").unlink()
    before = tree(project)

    done = aerostack("functions", "install", *args)

    assert done.status == 1
    assert tree(project) == before
    assert (
        f"{hub.url} serves other files for {author}/tool@1.0.0 than aerostack.lock has."
    ) in done.err
    assert "UNTRUSTED_ANSWER" in done.err


def test_a_function_that_is_asked_for_under_an_old_slug_is_told(aerostack, on_hub):
    on_hub.answers["GET", f"{FUNCTIONS}/alice/old-tool/install"] = manifest(
        "tool", "1.0.0", ONE, renamedFrom="alice/old-tool"
    )

    done = aerostack("functions", "install", "alice/old-tool")

    assert done.err == (
        "Warning: old-tool is called tool now.\n"
        "Warning: alice/old-tool is now alice/tool; use that name from now on.\n"
    )
