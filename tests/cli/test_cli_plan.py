"""What a planned write touches, what it refuses, and what it leaves behind."""

import fcntl
import json
import os
import stat
from pathlib import Path

import pytest
from aerostack_cli import plan as plan_module
from aerostack_cli.errors import CliError
from aerostack_cli.plan import JOURNAL_FOLDER, Plan, read_bytes, recover

from tests.cli.conftest import tree


def folders(root):
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_dir())


@pytest.fixture
def busy(project):
    """A project with files in folders of their own."""
    for path in ("top.ts", "a/one.ts", "a/b/two.ts", "c/three.ts"):
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(path)
    return project


# --- what is written


def test_a_plan_changes_only_what_differs(busy):
    plan = Plan(busy)
    plan.write("top.ts", b"top.ts")
    plan.write("a/one.ts", b"new")
    plan.write("new/x/y.ts", b"y")
    plan.remove("c/three.ts")
    plan.remove("gone.ts")
    plan.remove("top.ts/gone.ts")

    assert plan.changes() == {
        "a/one.ts": b"new",
        "new/x/y.ts": b"y",
        "c/three.ts": None,
    }


def test_a_plan_writes_creates_and_removes(busy):
    Plan(busy, {"a/one.ts": b"new", "new/x/y.ts": b"y", "c/three.ts": None}).apply()

    assert tree(busy) == {
        "top.ts": b"top.ts",
        "a/one.ts": b"new",
        "a/b/two.ts": b"a/b/two.ts",
        "new/x/y.ts": b"y",
    }
    assert JOURNAL_FOLDER not in os.listdir(busy)


def test_a_plan_without_a_change_touches_nothing(busy, monkeypatch):
    steps = []
    monkeypatch.setattr(plan_module, "checkpoint", steps.append)

    Plan(busy, {"top.ts": b"top.ts", "gone.ts": None}).apply()

    assert steps == []


def test_folders_that_removals_empty_go_and_others_stay(busy):
    (busy / "empty").mkdir()

    Plan(busy, {"a/b/two.ts": None, "c/three.ts": None}).apply()

    assert folders(busy) == ["a", "empty"]


def test_the_project_itself_stays_when_its_last_file_goes(project):
    (project / "a").mkdir()
    (project / "a/one.ts").write_text("1")

    Plan(project, {"a/one.ts": None}).apply()

    assert os.listdir(project) == []


def test_a_file_keeps_its_mode_and_a_new_one_gets_the_usual_one(project):
    (project / "run.ts").write_text("1")
    (project / "run.ts").chmod(0o755)
    (project / "usual.ts").write_text("1")

    Plan(project, {"run.ts": b"2", "new.ts": b"2"}).apply()

    mode = {p.name: stat.S_IMODE(p.stat().st_mode) for p in project.iterdir()}
    assert mode["run.ts"] == 0o755
    assert mode["new.ts"] == mode["usual.ts"]


def test_missing_is_what_has_no_file_or_a_file_for_a_folder(busy):
    assert read_bytes(busy / "top.ts") == b"top.ts"
    assert read_bytes(busy / "gone.ts") is None
    assert read_bytes(busy / "top.ts/gone.ts") is None
    with pytest.raises(IsADirectoryError):
        read_bytes(busy / "a")


# --- what is refused


@pytest.mark.parametrize(
    "path", ["../x.ts", "/x.ts", "a/../../x.ts", ".git/config", "con.ts", "a//x.ts"]
)
def test_one_unsafe_path_stops_the_whole_plan(busy, path):
    before = tree(busy.parent)

    with pytest.raises(CliError, match="is not a path in the project"):
        Plan(busy, {"top.ts": b"new", path: b"evil"}).apply()

    assert tree(busy.parent) == before


def test_one_link_stops_the_whole_plan(busy, tmp_path):
    (tmp_path / "outside").mkdir()
    (busy / "link").symlink_to(tmp_path / "outside")
    before = tree(busy.parent)

    for content in (b"evil", None):
        (tmp_path / "outside/x.ts").write_text("theirs")
        with pytest.raises(CliError, match="link is a symbolic link"):
            Plan(busy, {"top.ts": b"new", "link/x.ts": content}).apply()

    (tmp_path / "outside/x.ts").unlink()
    assert tree(busy.parent) == before


def test_a_file_stands_where_a_folder_is_needed(busy):
    before = tree(busy)

    with pytest.raises(CliError, match="top.ts is a symbolic link or not"):
        Plan(busy, {"a/one.ts": b"new", "top.ts/x.ts": b"1"}).apply()

    assert tree(busy) == before


# --- what an interrupted command left


def leave_journal(root, entries, *, old=None):
    """A staging folder as a killed command leaves it. old: number -> content."""
    for name in ("old", "new"):
        (root / JOURNAL_FOLDER / name).mkdir(parents=True)
    for number, content in (old or {}).items():
        (root / JOURNAL_FOLDER / "old" / str(number)).write_text(content)
    text = entries if isinstance(entries, str) else json.dumps(entries)
    (root / JOURNAL_FOLDER / "journal.json").write_text(text)


def had(path):
    return {"path": path, "had": True, "folders": []}


def made(path, *folders):
    return {"path": path, "had": False, "folders": list(folders)}


def test_without_an_interrupted_command_there_is_nothing_to_undo(busy):
    assert recover(busy) is False


def test_recovery_puts_old_files_back_and_takes_new_ones_away(busy):
    (busy / "new/x").mkdir(parents=True)
    (busy / "new/x/y.ts").write_text("half done")
    (busy / "top.ts").write_text("half done")
    (busy / "a/b/two.ts").unlink()
    (busy / "a/b").rmdir()
    leave_journal(
        busy,
        [
            had("top.ts"), had("a/b/two.ts"), made("new/x/y.ts", "new", "new/x"),
            made("new/x/not-yet.ts", "new", "new/x"), had("a/one.ts"),
        ],
        old={0: "top.ts", 1: "a/b/two.ts"},
    )  # fmt: skip

    assert recover(busy) is True

    assert tree(busy) == {
        path: path.encode()
        for path in ("top.ts", "a/one.ts", "a/b/two.ts", "c/three.ts")
    }
    assert folders(busy) == ["a", "a/b", "c"]
    assert recover(busy) is False


def test_recovery_makes_all_folders_that_an_old_file_needs(busy):
    (busy / "a/one.ts").unlink()
    (busy / "a/b/two.ts").unlink()
    (busy / "a/b").rmdir()
    (busy / "a").rmdir()
    leave_journal(busy, [had("a/b/two.ts")], old={0: "kept"})

    assert recover(busy) is True
    assert tree(busy / "a") == {"b/two.ts": b"kept"}


def test_recovery_keeps_a_folder_that_holds_something_of_mine(busy):
    (busy / "new").mkdir()
    (busy / "new/y.ts").write_text("half done")
    (busy / "new/mine.ts").write_text("mine")
    leave_journal(busy, [made("new/y.ts", "new")])

    assert recover(busy) is True
    assert tree(busy / "new") == {"mine.ts": b"mine"}


def test_a_command_killed_before_its_journal_has_done_nothing(aerostack, busy):
    before = tree(busy)
    (busy / JOURNAL_FOLDER / "new").mkdir(parents=True)
    (busy / JOURNAL_FOLDER / "new/0").write_text("staged")

    done = aerostack("functions", "status", "--offline")

    assert (done.status, done.err) == (0, "")
    # It is looked for where the project is.
    assert recover(busy) is False
    assert tree(busy) == before


def test_a_plan_made_before_another_command_was_undone_is_not_carried_out(busy):
    plan = Plan(busy, {"top.ts": b"planned"})
    (busy / "a/one.ts").write_text("half done")
    leave_journal(busy, [had("a/one.ts")], old={0: "a/one.ts"})

    with pytest.raises(CliError, match="what it had half done was undone") as refused:
        plan.apply()

    assert refused.value.code == "BUSY"
    assert refused.value.fix == "Run the command again."
    assert (busy / "top.ts").read_text() == "top.ts"
    assert (busy / "a/one.ts").read_text() == "a/one.ts"
    assert JOURNAL_FOLDER not in os.listdir(busy)
    plan.apply()
    assert (busy / "top.ts").read_text() == "planned"


@pytest.mark.parametrize(
    "journal",
    [
        [had("../outside.ts")],
        [had("/outside.ts")],
        [had("top.ts"), had("../outside.ts")],
        [made("top.ts", "..")],
        [made("top.ts", "a", "../other")],
        [made("a/b/new.ts", "c")],
        [made("a/b/new.ts", "a", "a/")],
        [made("a/b/new.ts", "a/b/new.ts")],
        [had(".git/config")],
        "[",
        "3",
        "[3]",
        '{"path": "top.ts"}',
        '[{"path": "top.ts"}]',
        '[{"path": "top.ts", "had": true}]',
        '[{"path": "top.ts", "folders": []}]',
        '[{"path": 3, "had": true, "folders": []}]',
        '[{"path": "top.ts", "had": false, "folders": 3}]',
        "[" * 100_000,
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_damaged_journal_changes_nothing_and_is_named(aerostack, busy, journal):
    (busy.parent / "outside.ts").write_text("theirs")
    (busy / "aerostack.lock").write_text("")
    leave_journal(busy, journal, old={0: "evil", 1: "evil"})
    before = tree(busy.parent)

    done = aerostack("functions", "status", "--offline")

    assert done.status == 1
    assert "DAMAGED_JOURNAL" in done.err
    assert f"Look at {JOURNAL_FOLDER}/old for files to put back by hand" in done.err
    assert tree(busy.parent) == before


def test_nothing_is_undone_while_another_command_writes(busy):
    """Its journal stands until it is done."""
    leave_journal(busy, [had("top.ts")], old={0: "evil"})
    before = tree(busy)
    handle = os.open(busy, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        with pytest.raises(CliError, match="Another aerostack command") as refused:
            recover(busy)
    finally:
        os.close(handle)

    assert refused.value.code == "BUSY"
    assert refused.value.fix == "Wait for it to end, then run the command again."
    assert tree(busy) == before


@pytest.mark.parametrize("entries", [[had("top.ts")], []], ids=["one", "none"])
def test_a_journal_that_is_a_link_is_not_followed(aerostack, busy, tmp_path, entries):
    (busy / "aerostack.lock").write_text("")
    (tmp_path / "elsewhere").mkdir()
    leave_journal(tmp_path / "elsewhere", entries, old={0: "evil"})
    (busy / JOURNAL_FOLDER).symlink_to(tmp_path / "elsewhere" / JOURNAL_FOLDER)
    before = tree(tmp_path)

    done = aerostack("functions", "status", "--offline")

    assert done.status == 1
    assert "UNSAFE_TARGET" in done.err
    assert tree(tmp_path) == before


@pytest.mark.parametrize("entry", [had, made])
def test_a_journal_that_came_with_a_project_changes_nothing_through_a_link(
    busy, tmp_path, entry
):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/x.ts").write_text("theirs")
    (busy / "link").symlink_to(tmp_path / "outside")
    leave_journal(busy, [had("top.ts"), entry("link/x.ts")], old={0: "evil", 1: "evil"})
    before = tree(tmp_path)

    with pytest.raises(CliError, match="link is a symbolic link") as refused:
        recover(busy)

    assert refused.value.code == "UNSAFE_TARGET"
    assert tree(tmp_path) == before


def test_no_folder_outside_goes_by_a_journal_that_came_with_a_project(busy, tmp_path):
    (tmp_path / "outside/empty").mkdir(parents=True)
    (busy / "link").symlink_to(tmp_path / "outside")
    leave_journal(busy, [made("new.ts", "link/empty")])

    with pytest.raises(CliError, match="is damaged, or names files outside"):
        recover(busy)

    assert (tmp_path / "outside/empty").is_dir()


def test_no_file_outside_is_taken_for_one_that_was_kept(busy, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/1").write_text("theirs")
    leave_journal(busy, [had("top.ts"), had("a/one.ts")], old={0: "evil"})
    old = busy / JOURNAL_FOLDER / "old"
    (old / "0").unlink()
    old.rmdir()
    old.symlink_to(tmp_path / "outside")
    before = tree(tmp_path)

    with pytest.raises(CliError, match="old is a symbolic link"):
        recover(busy)

    assert tree(tmp_path) == before


# --- file systems without hard links, and disks that lose power


@pytest.fixture
def no_links(monkeypatch):
    def link(source, target):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", link)


def test_without_hard_links_old_files_are_kept_all_the_same(
    busy, monkeypatch, no_links
):
    (busy / "a/one.ts").chmod(0o755)
    before = tree(busy)

    def checkpoint(step):
        if step == "commit":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(plan_module, "checkpoint", checkpoint)
        with pytest.raises(KeyboardInterrupt):
            Plan(
                busy, {"top.ts": b"new", "a/one.ts": b"new", "c/three.ts": None}
            ).apply()

    assert tree(busy) == before
    assert stat.S_IMODE((busy / "a/one.ts").stat().st_mode) == 0o755


@pytest.fixture
def synced(busy, monkeypatch):
    """What the operating system is told to do, in order, as (what, path)."""
    log = []
    fsync, replace, unlink = os.fsync, os.replace, Path.unlink

    def name(path):
        return os.path.relpath(path, busy)

    def logged_fsync(handle):
        log.append(("sync", name(os.readlink(f"/proc/self/fd/{handle}"))))
        fsync(handle)

    def logged_replace(source, target):
        log.append(("place", name(target)))
        replace(source, target)

    def logged_unlink(path, *args):
        log.append(("unlink", name(path)))
        unlink(path, *args)

    monkeypatch.setattr(os, "fsync", logged_fsync)
    monkeypatch.setattr(os, "replace", logged_replace)
    monkeypatch.setattr(Path, "unlink", logged_unlink)
    return log


def test_each_step_is_on_the_disk_before_the_next_relies_on_it(busy, synced):
    Plan(busy, {"top.ts": b"new", "a/one.ts": None}).apply()

    staging = JOURNAL_FOLDER
    assert synced == [
        ("sync", f"{staging}/new/0"),
        ("sync", f"{staging}/new"),
        ("sync", f"{staging}/old"),
        ("sync", f"{staging}/journal.draft"),
        ("place", f"{staging}/journal.json"),
        ("sync", staging),
        ("sync", "."),
        ("place", "top.ts"),
        ("sync", "."),
        ("unlink", "a/one.ts"),
        ("sync", "a"),
        ("unlink", f"{staging}/journal.json"),
        ("sync", staging),
    ]


def test_a_file_is_whole_when_it_is_sent_to_the_disk(busy, monkeypatch):
    sent = {}
    fsync = os.fsync

    def noted_fsync(handle):
        path = Path(os.readlink(f"/proc/self/fd/{handle}"))
        if path.is_file():
            sent[path.name] = path.read_bytes()
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    Plan(busy, {"top.ts": b"new"}).apply()

    assert sent["0"] == b"new"
    assert json.loads(sent["journal.draft"]) == [had("top.ts")]


def test_what_is_put_back_is_on_the_disk_before_the_journal_goes(busy, synced):
    (busy / "a/one.ts").write_text("half done")
    leave_journal(busy, [had("a/one.ts")], old={0: "a/one.ts"})

    recover(busy)

    assert synced == [
        ("place", "a/one.ts"),
        ("sync", "a"),
        ("unlink", f"{JOURNAL_FOLDER}/journal.json"),
        ("sync", JOURNAL_FOLDER),
    ]


@pytest.mark.parametrize("stop", ["place new/x/y.ts", "place a/one.ts", "commit"])
def test_a_plan_that_is_stopped_leaves_no_new_folder(busy, monkeypatch, stop):
    before = tree(busy), folders(busy)

    def checkpoint(step):
        if step == stop:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(plan_module, "checkpoint", checkpoint)
        with pytest.raises(KeyboardInterrupt):
            Plan(
                busy, {"a/new/z.ts": b"z", "new/x/y.ts": b"y", "a/one.ts": b"new"}
            ).apply()

    assert (tree(busy), folders(busy)) == before


def test_no_plan_keeps_a_file_or_folder_open(busy):
    def apply():
        Plan(busy, {"a/one.ts": b"new", "c/three.ts": None}).apply()

    handle = os.open(busy, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(CliError, match="Another aerostack command"):
        apply()
    os.close(handle)
    apply()

    opened = [
        os.path.realpath(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")
    ]
    assert [path for path in opened if path.startswith(str(busy))] == []


def test_a_project_is_free_again_after_a_plan_that_failed(busy):
    with pytest.raises(CliError):
        Plan(busy, {"top.ts/x": b"1"}).apply()
    leave_journal(busy, "[")
    with pytest.raises(CliError):
        recover(busy)
    (busy / JOURNAL_FOLDER / "journal.json").unlink()

    assert recover(busy) is False
    Plan(busy, {"top.ts": b"2"}).apply()
    assert (busy / "top.ts").read_bytes() == b"2"
