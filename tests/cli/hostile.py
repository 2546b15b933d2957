"""What a Hub that means harm sends, and what must come of it."""

import copy

from aerostack_cli.snapshot import integrity_of

from tests.cli.conftest import tree
from tests.cli.scripted_hub import FUNCTIONS, manifest

INSTALL = f"{FUNCTIONS}/alice/tool/install"
GOOD = manifest("tool", "1.0.0", {"index.ts": "export {};\n"})

UNSAFE_PATHS = [
    "../evil.ts",
    "../../.bashrc",
    "a/../../evil.ts",
    "a/../b.ts",
    "./a.ts",
    "a//b.ts",
    "a/",
    "/etc/passwd",
    "~/evil.ts",
    "~root",
    "C:\\evil.ts",
    "C:/evil.ts",
    "c:evil.ts",
    "\\\\server\\share\\x",
    "..\\evil.ts",
    "a\\b.ts",
    "%2e%2e%2fevil.ts",
    "..%5cevil.ts",
    ".git/hooks/pre-commit",
    ".env",
    ".npmrc",
    ".vscode/tasks.json",
    "node_modules/x/index.js",
    "a/Node_Modules/x.js",
    "con.ts",
    "a/AUX",
    "nul.tar.ts",
    "com1",
    "a.ts.",
    "a.ts ",
    "a:stream.ts",
    "a\x00.ts",
    "a\nb.ts",
    "a\x1b[2J.ts",
    "a\u202ets.exe",
    "а.ts",  # Cyrillic
    "e\u0301.ts",
    "",
    ".",
    "..",
    "a" * 96 + "/" + "b" * 60,
    "/".join("abcdefghijk"),
    None,
    3,
    ["a.ts"],
]


def spoiled(**changes):
    return {**copy.deepcopy(GOOD), **changes}


def with_file(**changes):
    """GOOD with its file changed, everything else consistent."""
    answer = copy.deepcopy(GOOD)
    [file] = answer["files"]
    file.update(changes)
    answer["integrity"] = integrity_of({str(file["path"]): str(file["sha256"])})
    return answer


def assert_nothing_written(project, done, status=1):
    everything = {**tree(project.parent)}
    assert sorted(everything) == ["project/mine.ts"]
    assert done.status == status
    assert done.err.startswith("Error: ")
    assert "Traceback" not in done.err
    assert "\x1b" not in done.err.replace("\x1b[31m\x1b[1mError:\x1b[0m", "")
    assert done.out == ""
