"""A Hub that means harm: nothing it sends is written outside services/<slug>/,
nothing half checked is written at all, and the reader is told what was wrong."""

import json

import pytest
from aerostack_cli.snapshot import sha256

from tests.cli.conftest import tree
from tests.cli.hostile import (
    GOOD,
    INSTALL,
    UNSAFE_PATHS,
    assert_nothing_written,
    spoiled,
    with_file,
)
from tests.cli.scripted_hub import FUNCTIONS, manifest


@pytest.mark.parametrize("path", UNSAFE_PATHS, ids=repr)
def test_unsafe_paths_are_refused(aerostack, evil, project, path):
    evil(with_file(path=path))

    done = aerostack("functions", "install", "alice/tool")

    assert_nothing_written(project, done)
    assert "unsafe path" in done.err


def two_files(first, second):
    return manifest("tool", "1.0.0", {first: "1", second: "2"})


@pytest.mark.parametrize(
    "answer",
    [
        two_files("Index.ts", "index.ts"),
        two_files("a", "a/b.ts"),
        two_files("A/b.ts", "a"),
        spoiled(files=GOOD["files"] * 2),
        spoiled(files=[]),
        spoiled(files=None),
        spoiled(files={"index.ts": "x"}),
        spoiled(files=["index.ts"]),
        spoiled(files=GOOD["files"] * 1000),
        spoiled(integrity=None),
        spoiled(integrity="sha256-" + "A" * 43 + "="),
        with_file(sha256="0" * 64),
        with_file(sha256=sha256(b"export {};\n").upper()),
        with_file(sha256=None),
        with_file(size=3),
        with_file(size="11"),
        with_file(content=None),
        with_file(content=["x"]),
        with_file(content="\ud800"),
        spoiled(slug="../../etc"),
        spoiled(slug=".ssh"),
        spoiled(slug="Tool"),
        spoiled(slug="con"),
        spoiled(slug=None),
        spoiled(slug='x"\nmain = "evil'),
        spoiled(author="../alice"),
        spoiled(author=None),
        spoiled(version="1.0.0\n[evil]"),
        spoiled(version=None),
        spoiled(version="1" * 65),
        spoiled(npmDependencies=["zod; rm -rf ~"]),
        spoiled(npmDependencies=["--global"]),
        spoiled(npmDependencies=["$(evil)"]),
        spoiled(npmDependencies="zod"),
        spoiled(npmDependencies=[{"a": 1}]),
        spoiled(envVars=["A=1\nPATH=/evil"]),
        spoiled(envVars=["A B"]),
        spoiled(envVars=[None]),
        {},
        {"function": GOOD},
    ],
    ids=lambda answer: json.dumps(answer)[-70:],
)
def test_answers_that_do_not_hold_together_are_refused(
    aerostack, evil, project, answer
):
    evil(answer)

    done = aerostack("functions", "install", "alice/tool")

    assert_nothing_written(project, done)
    assert "UNTRUSTED_ANSWER" in done.err


def test_terminal_escapes_are_shown_not_obeyed(aerostack, on_hub):
    evil = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe\u200b\rover\b\x7f"
    on_hub.answers["GET", f"{FUNCTIONS}/alice/tool/versions"] = {"versions": []}
    on_hub.answers["GET", INSTALL] = spoiled(description=evil, license=evil)
    on_hub.answers["GET", FUNCTIONS] = {
        "functions": [{"slug": evil, "description": evil, "author_username": "[red]"}]
    }
    on_hub.answers["POST", f"{FUNCTIONS}/d1/publish"] = (
        400,
        {
            "error": evil,
            "code": evil,
            "fix": evil,
            "details": [{"message": "\n" + evil}],
        },
    )
    told = [
        aerostack("functions", "info", "alice/tool"),
        aerostack("functions", "search"),
        aerostack("functions", "publish", "d1"),
    ]

    assert [done.status for done in told] == [0, 0, 1]
    for done in told:
        shown = done.out + done.err
        assert "\\x1b]0;owned\\x07" in shown
        assert "\\u202e" in shown
        assert not set(shown) & set("\x1b\x07\x9b\u202e\u200b\r\b\x7f")
    assert "[red]" in told[1].out


def test_a_newline_from_the_hub_starts_no_line_of_its_own(aerostack, on_hub):
    lie = "x\nPublished successfully!"
    answer = {"slug": lie, "url": "/functions/a/b", "status": "ok", "hub_url": lie}
    on_hub.answers["POST", f"{FUNCTIONS}/d1/publish"] = [
        answer,
        (400, {"error": lie, "fix": lie}),
    ]

    done = aerostack("functions", "publish", "d1")
    refused = aerostack("functions", "publish", "d1")

    assert done.out.count("\nPublished") == 0
    assert refused.err.count("\nPublished") == 0
    assert "x\\nPublished" in refused.err


def test_other_text_under_a_hash_is_not_merged(aerostack, on_hub, project):
    on_hub.publish("tool", "1.0.0", {"a.ts": "1\n2\n3\n"})
    aerostack("functions", "install", "alice/tool")
    (project / "services/tool/a.ts").write_text("1\n2\nmine\n")
    on_hub.publish("tool", "2.0.0", {"a.ts": "theirs\n2\n3\n"})
    digest = sha256(b"1\n2\n3\n")
    path = f"/api/community/files/{digest}"
    on_hub.answers["GET", path] = {"content": "evil\n", "versions": []}
    before = tree(project)

    done = aerostack("functions", "update", "tool")

    assert done.status == 1
    assert "UNTRUSTED_ANSWER" in done.err
    assert tree(project) == before
