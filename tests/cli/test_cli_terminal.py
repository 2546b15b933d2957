"""What is different on a terminal: colours, tables, bars; and what is not."""

import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from fcntl import ioctl

import pytest

from tests.cli.conftest import KEY, write_function
from tests.cli.scripted_hub import FUNCTIONS

LONG_ID = "018f6d0c-5d1e-7cc3-a8f2-1c9d8f6e0b11"


@pytest.fixture
def terminal(home, project):
    """Run the command on a terminal of 60 columns; status and all that was shown.

    typed: pairs of a question to wait for and what to type then.
    """

    def command(*args, typed=(), env=None):
        waiting = list(typed)
        pid, screen = pty.fork()
        if pid == 0:
            # A terminal's own processes listen to Ctrl-C, even if these tests don't.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.environ.update({"TERM": "xterm-256color", **(env or {})})
            words = [sys.executable, "-m", "aerostack_cli", *map(str, args)]
            os.execv(sys.executable, words)
        ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
        shown = b""
        while select.select([screen], [], [], 30)[0]:
            try:
                shown += os.read(screen, 10_000)
            except OSError:
                break  # the terminal closes with the process
            if waiting and waiting[0][0].encode() in shown:
                time.sleep(0.3)  # let it go from asking to reading
                os.write(screen, waiting.pop(0)[1].encode())
        os.close(screen)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return status, shown.decode().replace("\r\n", "\n")

    return command


def test_colours_are_for_terminals_that_want_them(terminal, aerostack, on_hub, project):
    on_hub.publish("tool", "1.0.0", {"index.ts": "1"})

    _, coloured = terminal("functions", "install", "alice/tool")
    _, plain = terminal("functions", "install", "alice/tool", env={"NO_COLOR": "1"})
    piped = aerostack("functions", "install", "alice/tool").out

    assert "\x1b[32mInstalled" in coloured
    assert "\x1b" not in plain
    assert "\x1b" not in piped


def test_the_block_of_a_push_is_not_wrapped_on_a_narrow_terminal(
    terminal, on_hub, project
):
    address = f"http://admin.example.org/{'x' * 80}/functions/edit/{LONG_ID}"
    on_hub.answers["POST", FUNCTIONS] = (
        201,
        {
            "id": LONG_ID,
            "slug": "image-resizer",
            "status": "draft",
            "admin_url": address,
        },
    )
    write_function(project)

    _, shown = terminal("functions", "push", env={"NO_COLOR": "1"})

    assert "Pushing function 'image-resizer' to Aerostack...\n" in shown
    assert f"   Admin URL: {address}\n" in shown


def test_tables_fold_descriptions_and_never_ids(terminal, on_hub):
    item = {"slug": "image-resizer", "version": "1.0.0", "status": "draft"}
    on_hub.answers["GET", f"{FUNCTIONS}/my"] = {"functions": [{**item, "id": LONG_ID}]}
    on_hub.answers["GET", FUNCTIONS] = {
        "functions": [{**item, "author_username": "alice", "description": "word " * 30}]
    }

    _, mine = terminal("functions", "list")
    _, found = terminal("functions", "search")

    assert LONG_ID in mine
    assert "alice/image-resizer" in found
    assert found.count("word") == 30


def test_several_functions_show_a_bar(terminal, on_hub):
    for slug in ("tool", "other-tool"):
        on_hub.publish(slug, "1.0.0", {"index.ts": "1"})
    terminal("functions", "install", "alice/tool", "alice/other-tool")

    _, shown = terminal("functions", "verify")
    _, quiet = terminal("functions", "verify", "--quiet")

    assert "Verifying" in shown
    assert "Verifying" not in quiet


def test_a_hub_that_takes_its_time_shows_a_spinner(terminal, on_hub):
    def slowly(request):
        time.sleep(1.5)
        return {"functions": []}

    on_hub.answers["GET", f"{FUNCTIONS}/my"] = slowly

    status, shown = terminal("functions", "list")

    assert status == 0
    assert f"Asking {on_hub.url}" in shown
    assert "You have none yet" in shown


def test_login_asks_without_showing_the_key(terminal, hub):
    hub.answers["POST", "/api/v1/cli/validate"] = {
        "keyType": "account",
        "username": "alice",
    }

    status, shown = terminal("login", "--hub", hub.url, typed=[("key: ", f"{KEY}\n")])

    assert status == 0
    assert "as alice (account key)" in shown
    assert KEY not in shown


def test_init_asks_for_what_is_not_given(terminal, project):
    typed = [
        ("Name", "My Thing\n"),
        ("Description", "Does a thing.\n"),
        ("Category", "media\n"),
        ("License", "\n"),
    ]

    status, shown = terminal("functions", "init", "thing", typed=typed)

    assert status == 0, shown
    text = (project / "thing/aerostack.json").read_text()
    assert '"name": "my-thing"' in text
    assert '"category": "media"' in text
    assert '"license": "MIT"' in text


def test_ctrl_c_at_a_question_changes_nothing(terminal, project):
    status, shown = terminal("functions", "init", "thing", typed=[("Name", "\x03")])

    assert status == 130
    assert "Nothing was changed" in shown
    assert not (project / "thing").exists()


def test_escapes_of_a_hub_do_not_reach_the_terminal(terminal, on_hub):
    evil = "\x1b]0;owned\x07\x1b[2J"
    on_hub.answers["GET", FUNCTIONS] = {
        "functions": [{"slug": "x", "author_username": "y", "description": evil}]
    }

    _, shown = terminal("functions", "search")

    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert "\x1b" not in plain
    assert "\\x1b]0;" in plain
