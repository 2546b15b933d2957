"""How a command ends: its exit status (docs/cli.md) and its last words."""

import errno
import os
import subprocess
import sys

import pytest

from tests.cli.conftest import tree
from tests.cli.scripted_hub import FUNCTIONS


@pytest.fixture
def tool(aerostack, on_hub, project):
    on_hub.publish("tool", "1.0.0", {"index.ts": "1\n"})
    assert aerostack("functions", "install", "alice/tool").status == 0
    return project / "services/tool"


def test_each_way_to_end_has_the_status_of_the_docs(aerostack, on_hub, tool):
    def status(*args):
        return aerostack("functions", *args).status

    assert status("status") == 0
    assert status("status", "--ci") == 0
    assert status("install", "alice/nothing") == 1
    assert status("install", "..") == 2
    assert status("install", "--nothing") == 2
    on_hub.answers["GET", f"{FUNCTIONS}/my"] = on_hub.DROP
    assert status("list") == 3
    (tool / "index.ts").write_text("mine\n")
    assert status("status") == 0
    assert status("status", "--ci") == 1
    assert status("verify") == 1
    assert status("install", "alice/tool") == 4


def test_help_and_version_are_done(aerostack):
    assert aerostack("--help").status == 0
    assert aerostack("-V").status == 0
    assert aerostack("functions", "install", "-h").status == 0


@pytest.mark.parametrize(
    ("args", "status"), [(["alice/nothing"], 1), (["a/b/c"], 2), (["--nothing"], 2)]
)
def test_an_error_as_json_is_one_document_on_standard_output(
    aerostack, on_hub, args, status
):
    done = aerostack("functions", "install", *args, "--json")

    assert done.status == status
    assert done.err == ""
    assert set(done.json) == {"error", "code", "fix"}


def test_quiet_leaves_out_all_but_what_was_asked_for(aerostack, tool, on_hub):
    on_hub.publish("tool", "2.0.0", {"index.ts": "2\n"}, npmDependencies=["zod"])
    on_hub.yank("tool", "2.0.0", "broken")

    done = aerostack("functions", "update", "tool@2.0.0", "--quiet")

    assert (done.out, done.err) == ("Updated tool 1.0.0 -> 2.0.0\n", "")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device."),
        (OSError(errno.EACCES, "Permission denied", "a.ts"),
         "Permission denied (a.ts)."),
        (OSError("odd"), "odd."),
    ],
)  # fmt: skip
def test_a_fault_of_the_system_is_told_and_undone(
    aerostack, tool, on_hub, project, monkeypatch, error, said
):
    on_hub.publish("tool", "2.0.0", {"index.ts": "2\n"})
    before = tree(project)

    def fsync(handle):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        done = aerostack("functions", "update", "tool")

    assert done.status == 1
    assert done.err == (
        f"Error: {said} The project was left as it was.\n"
        "   Code: SYSTEM_ERROR\n"
        "   Fix:  Make room or correct the permissions, then run the command again.\n"
    )
    assert tree(project) == before


def test_a_reader_that_has_seen_enough_is_told_nothing(home, project):
    """As in ``aerostack functions search | head -1``."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "aerostack_cli", "--help"]

    done = subprocess.run(
        command, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60
    )
    os.close(writer)

    assert (done.returncode, done.stderr) == (1, "")
