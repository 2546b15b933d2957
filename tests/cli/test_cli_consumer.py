"""``status``, ``diff``, ``verify``, ``remove``, ``adopt``: what stands on the lock."""

import json

import pytest
from aerostack_cli.snapshot import sha256

from tests.cli.conftest import tree
from tests.cli.scripted_hub import FUNCTIONS

INDEX = "export const a = 1;\nexport const b = 2;\n"
CORE = "export const core = 1;\n"
FILES = {"index.ts": INDEX, "src/core.ts": CORE}
TOOL = "services/tool"


@pytest.fixture
def tool(aerostack, hub, project):
    """alice/tool 1.0.0, installed; the project has a file and a service of its own."""
    (project / "mine.ts").write_text("mine")
    (project / "aerostack.toml").write_text('[[services]]\nname = "own"\nmain = "x"\n')
    hub.publish("tool", "1.0.0", FILES)
    done = aerostack("functions", "install", "alice/tool", "--hub", hub.url)
    assert done.status == 0, done.err
    return project / TOOL


@pytest.fixture
def states(aerostack):
    def states(*args):
        done = aerostack("functions", "status", "--json", *args)
        return [item["states"] for item in done.json["functions"]]

    return states


# --- status


def test_status_is_clean_after_an_install(aerostack, tool, states):
    assert states() == [["clean"]]
    assert aerostack("functions", "status", "--ci").status == 0


def test_status_as_json_has_slug_version_and_states(aerostack, tool):
    [item] = aerostack("functions", "status", "--json").json["functions"]

    assert (item["slug"], item["version"]) == ("tool", "1.0.0")
    assert item["states"] == ["clean"]


@pytest.mark.parametrize("change", ["edit", "delete"])
def test_status_modified(aerostack, tool, states, change):
    if change == "edit":
        (tool / "index.ts").write_text(INDEX + "mine")
    else:
        (tool / "index.ts").unlink()

    assert states() == [["modified"]]
    assert aerostack("functions", "status", "--ci").status == 1
    assert f"{TOOL}/index.ts" in aerostack("functions", "status").out


def test_status_takes_line_ends_of_git_for_clean(tool, states):
    (tool / "index.ts").write_bytes(INDEX.replace("\n", "\r\n").encode())

    assert states() == [["clean"]]


@pytest.mark.parametrize(
    ("newer", "expected"),
    [
        ("1.0.1", ["outdated"]),
        ("2.0.0-rc.1", ["clean"]),
        ("1.0.0-rc.1", ["clean"]),
        ("0.9.0", ["clean"]),
    ],
)
def test_status_outdated_means_a_newer_release(hub, tool, states, newer, expected):
    hub.publish("tool", newer, {"index.ts": "x"})

    assert states() == [expected]


def test_status_outdated_by_a_yanked_version_is_not(hub, tool, states):
    hub.publish("tool", "2.0.0", {"index.ts": "x"})
    hub.yank("tool", "2.0.0", "broken")

    assert states() == [["clean"]]


def test_status_tells_several_states_at_once_and_why(aerostack, hub, tool, states):
    (tool / "index.ts").write_text("mine")
    hub.publish("tool", "1.1.0", {"index.ts": "x"})
    hub.yank("tool", "1.0.0", "leaks memory")
    for item in hub.versions["tool"]:
        item |= {"deprecated": True, "deprecationMessage": "old", "successor": "x/y"}

    assert states() == [["modified", "outdated", "yanked", "deprecated"]]
    out = aerostack("functions", "status").out
    assert "tool\t1.0.0\tmodified, outdated, yanked, deprecated\t1.1.0" in out
    assert "yanked: leaks memory" in out
    assert "deprecated: old (use x/y instead)" in out


def test_status_of_a_version_that_is_gone(hub, tool, states):
    hub.versions["tool"][0]["version"] = "3.0.0"
    assert states() == [["outdated", "gone"]]

    del hub.versions["tool"]
    assert states() == [["gone"]]


def test_status_offline_asks_nobody(aerostack, hub, tool, states):
    hub.publish("tool", "2.0.0", {"index.ts": "x"})
    asked = len(hub.requests)

    assert states("--offline") == [["clean"]]
    assert len(hub.requests) == asked


def test_status_without_the_hub_is_a_network_error(aerostack, hub, tool):
    hub.answers["GET", f"{FUNCTIONS}/alice/tool/versions"] = hub.DROP

    assert aerostack("functions", "status").status == 3


def test_status_of_nothing_says_so(aerostack, project):
    done = aerostack("functions", "status", "--ci")

    assert done.status == 0
    assert "Nothing is installed here" in done.out


def test_functions_from_several_hubs_are_asked_at_their_own(
    aerostack, tool, states, hub, monkeypatch
):
    monkeypatch.setenv("AEROSTACK_API_URL", "http://127.0.0.1:1")

    assert states() == [["clean"]]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"lockfileVersion": 2, "functions": {}}',
        '{"lockfileVersion": 1, "functions": {"../x": {}}}',
        '{"lockfileVersion": 1, "functions": {"tool": []}}',
    ],
)
def test_a_damaged_lock_stops_every_command(aerostack, hub, project, text):
    (project / "aerostack.lock").write_text(text)
    for command in ("status", "verify", "diff"):
        done = aerostack("functions", command)
        assert done.status == 1
        assert "LOCK" in done.err
    assert tree(project) == {"aerostack.lock": text.encode()}


def spoil_lock(project, **changes):
    path = project / "aerostack.lock"
    content = json.loads(path.read_text())
    content["functions"]["tool"] |= changes
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    "changes",
    [
        {"files": {"../../mine.ts": "0" * 64}},
        {"files": {"/etc/passwd": "0" * 64}},
        {"files": {"a.ts": "xyz"}},
        {"directory": "../.."},
        {"directory": "/etc"},
        {"directory": ".git"},
        {"author": "../x"},
        {"version": "../x"},
    ],
)
def test_a_hostile_lock_removes_and_reads_nothing_outside(
    aerostack, tool, project, changes
):
    spoil_lock(project, **changes)
    before = tree(project)

    done = aerostack("functions", "remove", "tool")

    assert done.status == 1
    assert "DAMAGED_LOCK" in done.err
    assert tree(project) == before


def test_a_lock_that_names_a_plain_http_hub_is_not_followed(aerostack, tool, project):
    spoil_lock(project, hub="http://hub.example.invalid")

    done = aerostack("functions", "status")

    assert done.status == 2
    assert "plain http" in done.err


# --- diff


def test_diff_shows_my_edits(aerostack, tool):
    (tool / "index.ts").write_text(INDEX.replace("a = 1", "a = 10"))
    (tool / "src/core.ts").unlink()

    out = aerostack("functions", "diff", "tool").out

    assert "-export const a = 1;\n+export const a = 10;\n" in out
    assert "-export const core = 1;\n" in out


def test_diff_to_the_newest_leaves_my_edits_aside(aerostack, hub, tool):
    (tool / "index.ts").write_text("mine")
    hub.publish("tool", "2.0.0", {"index.ts": INDEX.replace("b = 2", "b = 3")})

    files = aerostack("functions", "diff", "--newest", "--json").json["files"]

    assert [file["path"] for file in files] == [
        f"{TOOL}/index.ts",
        f"{TOOL}/src/core.ts",
    ]
    assert "-export const b = 2;\n+export const b = 3;\n" in files[0]["diff"]
    assert "mine" not in files[0]["diff"]


def test_diff_of_a_clean_install_is_empty(aerostack, tool):
    assert aerostack("functions", "diff").out == "No differences.\n"


# --- verify


def test_verify_passes_what_is_as_published(aerostack, tool):
    done = aerostack("functions", "verify", "--json")

    assert done.status == 0
    assert done.json["ok"] is True


def test_verify_names_changed_and_missing_files(aerostack, tool):
    (tool / "index.ts").write_text("mine")
    (tool / "src/core.ts").unlink()

    done = aerostack("functions", "verify")

    assert done.status == 1
    assert f"{TOOL}/index.ts is modified" in done.out
    assert f"{TOOL}/src/core.ts is missing" in done.out


def test_verify_finds_a_lock_that_was_changed_with_its_file(aerostack, tool, project):
    (tool / "index.ts").write_text("evil")
    files = {"index.ts": sha256(b"evil"), "src/core.ts": sha256(CORE.encode())}
    spoil_lock(project, files=files)

    done = aerostack("functions", "verify")

    assert done.status == 1
    assert "the integrity is not that of its files" in done.out
    assert "serves other files" in done.out


def test_verify_finds_a_hub_that_changed_a_version(aerostack, hub, tool):
    hub.versions["tool"].clear()
    hub.publish("tool", "1.0.0", {"index.ts": "evil"})

    done = aerostack("functions", "verify")

    assert done.status == 1
    assert "serves other files for alice/tool@1.0.0" in done.out


# --- remove


def test_remove_takes_out_what_install_put_in(aerostack, tool, project):
    done = aerostack("functions", "remove", "tool")

    assert done.status == 0
    after = tree(project)
    assert sorted(after) == ["aerostack.lock", "aerostack.toml", "mine.ts"]
    assert after["aerostack.toml"] == b'[[services]]\nname = "own"\nmain = "x"\n'
    assert json.loads(after["aerostack.lock"])["functions"] == {}
    assert not (project / "services").exists()


def test_remove_keeps_and_lists_what_i_edited_or_added(aerostack, tool, project):
    (tool / "index.ts").write_text("mine")
    (tool / "notes.md").write_text("mine too")

    done = aerostack("functions", "remove", "tool")

    assert f"kept {TOOL}/index.ts, which you edited" in done.out
    assert tree(tool) == {"index.ts": b"mine", "notes.md": b"mine too"}


def test_remove_dry_run_removes_nothing(aerostack, tool, project):
    before = tree(project)

    assert (
        "Would remove tool" in aerostack("functions", "remove", "tool", "--dry-run").out
    )
    assert tree(project) == before


# --- adopt


def copy_to(project, folder, files=FILES):
    for name, text in files.items():
        (project / folder / name).parent.mkdir(parents=True, exist_ok=True)
        (project / folder / name).write_text(text)


def test_adopt_finds_a_copied_folder_and_tracks_it(aerostack, on_hub, project, states):
    on_hub.publish("tool", "1.0.0", FILES)
    copy_to(project, "src/lib/resize", {**FILES, "mine.ts": "mine"})

    done = aerostack("functions", "adopt", "src/lib/resize")

    assert done.status == 0, done.err
    assert "comes from alice/tool@1.0.0" in done.out
    entry = json.loads((project / "aerostack.lock").read_text())["functions"]["tool"]
    assert entry["directory"] == "src/lib/resize"
    assert states() == [["clean"]]
    on_hub.publish("tool", "2.0.0", {**FILES, "index.ts": "2"})
    assert aerostack("functions", "update", "tool").status == 0
    assert (project / "src/lib/resize/index.ts").read_text() == "2"


def test_adopt_takes_the_version_most_files_are_of(aerostack, on_hub, project):
    on_hub.publish("tool", "1.0.0", FILES)
    on_hub.publish("tool", "1.1.0", {**FILES, "new.ts": "new\n"})
    on_hub.publish("tool", "2.0.0", {**FILES, "index.ts": "2\n", "new.ts": "new\n"})
    copy_to(project, TOOL, {**FILES, "new.ts": "new\n", "index.ts": INDEX})

    assert "alice/tool@1.1.0" in aerostack("functions", "adopt", TOOL).out


def test_adopt_of_an_edited_folder_shows_the_edit(aerostack, on_hub, project, states):
    on_hub.publish("tool", "1.0.0", FILES)
    copy_to(project, TOOL, {**FILES, "index.ts": "mine"})

    assert aerostack("functions", "adopt", TOOL).status == 0
    assert states() == [["modified"]]


def test_adopt_of_a_renamed_file_only_tells(aerostack, on_hub, project):
    on_hub.publish("tool", "1.0.0", FILES)
    copy_to(project, "lib", {"my-core.ts": CORE})
    before = tree(project)

    done = aerostack("functions", "adopt", "lib/my-core.ts")

    assert "comes from alice/tool@1.0.0" in done.out
    assert "aerostack functions install alice/tool@1.0.0" in done.out
    assert tree(project) == before


def test_adopt_of_what_nobody_published_is_refused(aerostack, on_hub, project):
    copy_to(project, "lib", {"mine.ts": "mine"})

    done = aerostack("functions", "adopt", "lib")

    assert done.status == 1
    assert "NOT_FOUND" in done.err


def test_adopt_of_what_is_tracked_already_is_a_conflict(aerostack, tool, hub):
    done = aerostack("functions", "adopt", TOOL, "--hub", hub.url)

    assert done.status == 4


def test_adopt_believes_no_hub_that_lies_about_where(aerostack, on_hub, project):
    copy_to(project, "lib", {"core.ts": CORE})
    digest = sha256(CORE.encode())
    liar = {"author": "../a", "slug": "x/..", "version": "1", "path": "../../core.ts"}
    on_hub.answers["GET", f"/api/community/files/{digest}"] = {
        "content": CORE,
        "versions": [liar, {**liar, "author": "a", "slug": "tool"}],
    }
    before = tree(project)

    done = aerostack("functions", "adopt", "lib/core.ts")

    assert done.status == 0
    assert tree(project) == before
