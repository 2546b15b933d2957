"""What is said about the command is made from the command, and complete."""

import subprocess
import sys

import pytest
from aerostack_cli import reference
from aerostack_cli.errors import ExitStatus

from tests.cli.conftest import ROOT

# What takes no arguments needs no example.
WITHOUT_EXAMPLES = ("aerostack logout", "aerostack whoami")


def test_the_docs_are_the_commands_own_help():
    assert (ROOT / "docs/cli.md").read_text() == reference.markdown(), (
        "run: python -m aerostack_cli.reference markdown > docs/cli.md"
    )


def test_the_man_page_is_the_commands_own_help():
    assert (ROOT / "cli/man/aerostack.1").read_text() == reference.man(), (
        "run: python -m aerostack_cli.reference man > cli/man/aerostack.1"
    )


def test_every_exit_status_is_documented():
    text = reference.markdown()

    for status in ExitStatus:
        assert f"| `{int(status)}` | " in text


@pytest.mark.parametrize("page", list(reference.pages()), ids=lambda page: page.name)
def test_every_command_has_help_examples_and_the_common_options(page, aerostack):
    done = aerostack(*page.name.split()[1:], "--help")

    assert done.status == 0
    assert page.blocks
    if page.name not in ("aerostack", "aerostack functions", "aerostack completion"):
        for option in ("--hub", "--json", "--quiet", "--allow-http"):
            assert option in done.out
    if page.name not in ("aerostack functions", *WITHOUT_EXAMPLES):
        assert page.examples
        assert all(
            line.startswith(("aerostack ", "eval ", "cat ")) for line in page.examples
        )


def test_the_first_line_of_each_help_fits_the_list(aerostack):
    for args in ([], ["functions"]):
        assert "..." not in aerostack(*args, "--help").out.partition("Commands:")[2]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_call_back_the_command(process, shell):
    script = process("completion", shell)
    assert script.status == 0
    assert f"_AEROSTACK_COMPLETE={shell}_complete" in script.out


@pytest.mark.parametrize("words", ["aerostack functions in", "aerostack functions yan"])
def test_completion_completes_words(process, words):
    env = {
        "_AEROSTACK_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": "2",
    }
    done = process(env=env)

    wanted = {"in": {"info", "init", "install"}, "yan": {"yank"}}[words.split()[-1]]
    assert {line.partition(",")[2] for line in done.out.split()} == wanted


def test_heavy_libraries_are_not_loaded_for_help():
    code = (
        "import sys; from aerostack_cli.main import run; run(['--help']);"
        "print(sorted({'httpx2', 'rich', 'tomlkit', 'merge3', 'platformdirs',"
        "'semver', 'pathspec'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.endswith("[]\n")


def test_wrong_words_are_a_usage_error(aerostack):
    assert aerostack("functions", "fly").status == 2
    assert aerostack("nothing", "--json").json["code"] == "USAGE"
