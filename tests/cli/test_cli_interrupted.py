"""Writes to a project are all done or not at all, whatever ends the command."""

import errno
import os
import signal
import subprocess
import sys

import pytest
from aerostack_cli import plan as plan_module
from aerostack_cli.errors import CliError
from aerostack_cli.plan import JOURNAL_FOLDER, Plan, recover

from tests.cli.conftest import tree

# The real command, ended by the kernel at its n-th step that writes, or the one named.
KILLED_AT = """
import os, signal, sys
from aerostack_cli import main, plan

done = 0

def checkpoint(step):
    global done
    if sys.argv[1] in (str(done), step):
        os.kill(os.getpid(), signal.SIGKILL)
    done += 1

plan.checkpoint = checkpoint
main.main(sys.argv[2:])
"""
MAX_STEPS = 60


def killed_at(step, *args):
    """Run the command and kill it at write step ``step``, a number or a name; its
    return code."""
    code = [sys.executable, "-c", KILLED_AT, str(step), *args]
    return subprocess.run(code, capture_output=True, timeout=60).returncode


@pytest.fixture
def outdated(aerostack, hub, project):
    """A project with an outdated function, and what an update makes of it."""
    hub.publish("tool", "1.0.0", {"a.ts": "1\n", "gone.ts": "1\n", "x/moved.ts": "m\n"})
    aerostack("functions", "install", "alice/tool", "--hub", hub.url)
    hub.publish(
        "tool", "2.0.0", {"a.ts": "2\n", "y/z/moved.ts": "m\n", "new.ts": "n\n"}
    )
    return project


def put_back(project, state):
    for path in sorted(project.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    for name, data in state.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_bytes(data)


def test_a_kill_at_any_write_step_of_update_changes_nothing(aerostack, outdated, home):
    before = tree(outdated)
    for step in range(MAX_STEPS):
        if killed_at(step, "functions", "update", "tool") == 0:
            break
        recover(outdated)
        after = tree(outdated)
        if after != before:
            break
        assert not (outdated / JOURNAL_FOLDER).exists()
        assert not (outdated / "services/tool/y").exists()
    assert step > 15
    # Past the commit the new state holds, whole.
    assert tree(outdated)["services/tool/y/z/moved.ts"] == b"m\n"
    assert sorted(tree(outdated)) == [
        "aerostack.lock",
        "aerostack.toml",
        "services/tool/a.ts",
        "services/tool/new.ts",
        "services/tool/y/z/moved.ts",
    ]
    assert aerostack("functions", "status", "--ci").status == 0


def test_the_next_command_undoes_a_killed_one_and_says_so(aerostack, outdated):
    before = tree(outdated)
    # The journal stands, and all files are in place.
    assert killed_at("commit", "functions", "update", "tool") == -signal.SIGKILL
    assert tree(outdated)["services/tool/a.ts"] == b"2\n"

    done = aerostack("functions", "status", "--offline")

    assert "an interrupted command was undone" in done.err
    assert tree(outdated) == before


def test_a_kill_while_undoing_is_undone_too(outdated, monkeypatch):
    before = tree(outdated)
    assert killed_at("commit", "functions", "update", "tool") == -signal.SIGKILL
    assert tree(outdated)["services/tool/a.ts"] == b"2\n"
    replaced = []
    real = os.replace

    def fails_at_second(source, target):
        replaced.append(target)
        if len(replaced) == 2:
            raise KeyboardInterrupt
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fails_at_second)
        with pytest.raises(KeyboardInterrupt):
            recover(outdated)

    assert recover(outdated) is True
    assert tree(outdated) == before


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "full")])
def test_ctrl_c_and_a_full_disk_leave_the_project_as_it_was(
    aerostack, outdated, monkeypatch, error
):
    before = tree(outdated)
    steps = []
    monkeypatch.setattr(plan_module, "checkpoint", steps.append)
    aerostack("functions", "update", "tool")
    put_back(outdated, before)

    for stop in range(len(steps) - 1):  # the last one is after the commit
        count = iter(range(len(steps)))

        def checkpoint(step, stop=stop, count=count):
            if next(count) == stop:
                raise error

        monkeypatch.setattr(plan_module, "checkpoint", checkpoint)
        done = aerostack("functions", "update", "tool")

        assert done.status == (130 if isinstance(error, KeyboardInterrupt) else 1)
        assert tree(outdated) == before, steps[stop]


def test_ctrl_c_after_the_commit_leaves_the_new_state(aerostack, outdated, monkeypatch):
    def checkpoint(step):
        if step == "clean up":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(plan_module, "checkpoint", checkpoint)
        done = aerostack("functions", "update", "tool")

    assert done.status == 0
    assert "Updated tool 1.0.0 -> 2.0.0" in done.out
    again = aerostack("functions", "status", "--ci")
    assert (again.status, again.err) == (0, "")
    assert not (outdated / JOURNAL_FOLDER).exists()


def test_a_disk_that_takes_no_byte_leaves_the_project_as_it_was(outdated):
    before = tree(outdated)
    command = (
        f"ulimit -f 0; exec {sys.executable} -m aerostack_cli functions update tool"
    )

    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)

    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert "The project was left as it was." in done.stderr
    assert tree(outdated) == before
    assert not (outdated / JOURNAL_FOLDER).exists()


def test_two_commands_do_not_write_at_once(project):
    import fcntl

    handle = os.open(project, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    plan = Plan(project)
    plan.write("a", b"x")
    try:
        with pytest.raises(CliError, match="Another aerostack command"):
            plan.apply()
    finally:
        os.close(handle)

    plan.apply()
    assert tree(project) == {"a": b"x"}


def test_a_plan_keeps_modes_and_writes_only_what_differs(project):
    (project / "same").write_bytes(b"1")
    (project / "run").write_bytes(b"1")
    (project / "run").chmod(0o755)
    inode = (project / "same").stat().st_ino
    plan = Plan(project, {"same": b"1", "run": b"2"})

    plan.apply()

    assert (project / "same").stat().st_ino == inode
    assert (project / "run").stat().st_mode & 0o777 == 0o755


def test_a_plan_refuses_paths_outside(project):
    with pytest.raises(CliError):
        Plan(project, {"../x": b"1"}).apply()
    assert list(project.parent.glob("x")) == []
