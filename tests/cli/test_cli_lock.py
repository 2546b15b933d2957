"""aerostack.lock: what it holds, what it is made of again, what is refused."""

import json

import pytest
from aerostack_cli.lockfile import Installed, read_lock, write_lock

from tests.cli.conftest import tree

HASH = "0a" * 32
INTEGRITY = "sha256-" + "A" * 43 + "="


def installed(slug, **changes):
    fields = {
        "slug": slug,
        "author": "alice",
        "hub": "https://hub.example.org",
        "version": "1.0.0",
        "integrity": INTEGRITY,
        "directory": f"services/{slug}",
        "files": {"index.ts": HASH, "src/core.ts": HASH},
    }
    return Installed(**{**fields, **changes})


def entry(**changes):
    """An entry as the file has it; a change to None leaves the key out."""
    fields = {
        "author": "alice",
        "hub": "https://hub.example.org",
        "version": "1.0.0",
        "integrity": INTEGRITY,
        "files": {"index.ts": HASH},
        **changes,
    }
    return {key: value for key, value in fields.items() if value is not None}


def lock(**functions):
    return json.dumps({"lockfileVersion": 1, "functions": functions})


# --- what is written


def test_the_lock_has_one_line_for_each_hash_and_is_sorted():
    entries = {
        "tool": installed("tool", files={"b.ts": HASH, "a.ts": HASH}),
        "app": installed("app", directory="src/lib/app"),
    }

    assert write_lock(entries) == (
        "{\n"
        '  "lockfileVersion": 1,\n'
        '  "functions": {\n'
        '    "app": {\n'
        '      "author": "alice",\n'
        '      "hub": "https://hub.example.org",\n'
        '      "version": "1.0.0",\n'
        f'      "integrity": "{INTEGRITY}",\n'
        '      "directory": "src/lib/app",\n'
        '      "files": {\n'
        f'        "index.ts": "{HASH}",\n'
        f'        "src/core.ts": "{HASH}"\n'
        "      }\n"
        "    },\n"
        '    "tool": {\n'
        '      "author": "alice",\n'
        '      "hub": "https://hub.example.org",\n'
        '      "version": "1.0.0",\n'
        f'      "integrity": "{INTEGRITY}",\n'
        '      "files": {\n'
        f'        "a.ts": "{HASH}",\n'
        f'        "b.ts": "{HASH}"\n'
        "      }\n"
        "    }\n"
        "  }\n"
        "}\n"
    )


def test_what_was_written_is_read_again():
    entries = {
        "app": installed("app"),
        "tool": installed(
            "tool", author="bob.b", version="2.0.0-rc.1", directory="src/lib/tool"
        ),
    }

    text = write_lock(entries)

    assert read_lock(text) == entries
    assert write_lock(read_lock(text)) == text


@pytest.mark.parametrize(
    "text", ["", " \n\t\n", '{"lockfileVersion": 1, "functions": {}}']
)
def test_an_empty_lock_holds_nothing(text):
    assert read_lock(text) == {}


def test_an_entry_names_its_function_with_and_without_the_version():
    tool = installed("tool")

    assert str(tool.ref) == "alice/tool@1.0.0"
    assert str(tool.newest_ref) == "alice/tool"
    assert tool.path("src/core.ts") == "services/tool/src/core.ts"


def test_an_entry_without_a_folder_is_in_the_usual_one():
    assert read_lock(lock(tool=entry()))["tool"].directory == "services/tool"
    assert (
        read_lock(lock(tool=entry(directory="")))["tool"].directory == "services/tool"
    )


def test_fields_of_other_tools_are_passed_over():
    text = json.dumps(
        {
            "$schema": "x",
            "lockfileVersion": 1,
            "functions": {"tool": entry(note="mine", files={"index.ts": HASH})},
        }
    )

    assert read_lock(text) == {"tool": installed("tool", files={"index.ts": HASH})}


# --- what is refused: a lock may come with a cloned project


def refused(aerostack, project, text):
    """Every command that reads the lock stops, and nothing is written."""
    (project / "mine.ts").write_text("mine")
    (project / "aerostack.lock").write_text(text)
    before = tree(project)
    told = [
        aerostack("functions", *args)
        for args in (["install"], ["remove", "tool"], ["update", "--all"], ["verify"])
    ]

    assert [done.status for done in told] == [1, 1, 1, 1]
    assert tree(project) == before
    return told[0].err


@pytest.mark.parametrize("number", [2, 0, "1", 1.5, None, []])
def test_a_lock_of_another_format_is_not_touched(aerostack, project, number):
    text = json.dumps({"lockfileVersion": number, "functions": {"tool": entry()}})

    err = refused(aerostack, project, text)

    assert "aerostack.lock was written by a newer aerostack." in err
    assert "Code: NEWER_LOCK" in err
    assert "Fix:  Update the aerostack command." in err


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "3",
        "null",
        "{}",
        '{"functions": {}}',
        '{"lockfileVersion": 1}',
        '{"lockfileVersion": 1, "functions": []}',
        '{"lockfileVersion": 1, "functions": {"tool": 3}}',
        '{"lockfileVersion": 1, "functions": {"tool": []}}',
        "[" * 100_000,
        '{"lockfileVersion": %s, "functions": {}}' % ("9" * 5_000),
        "<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> main\n",
    ],
    ids=lambda text: text[:40],
)
def test_a_lock_that_is_no_lock_is_damaged(aerostack, project, text):
    err = refused(aerostack, project, text)

    assert "aerostack.lock is damaged (" in err
    assert "set_int_max_str_digits" not in err
    assert "Code: DAMAGED_LOCK" in err
    assert "Fix:  Restore it from version control, or remove it and install" in err


@pytest.mark.parametrize(
    "changes",
    [
        {"author": None},
        {"author": 3},
        {"author": "../x"},
        {"hub": None},
        {"hub": 3},
        {"version": None},
        {"version": "x"},
        {"version": "1" * 65},
        {"integrity": None},
        {"integrity": 3},
        {"directory": "../x"},
        {"directory": "/x"},
        {"directory": "a//b"},
        {"directory": "node_modules/x"},
        {"directory": "con"},
        {"directory": 3},
        {"files": None},
        {"files": []},
        {"files": ["index.ts"]},
        {"files": {"../x.ts": HASH}},
        {"files": {"index.ts": HASH, "nul.ts": HASH}},
        {"files": {"/".join("abcdefghijk"): HASH}},
        {"files": {"index.ts": HASH.upper()}},
        {"files": {"index.ts": HASH, "b.ts": HASH[1:]}},
        {"files": {"index.ts": None}},
    ],
    ids=str,
)
def test_one_bad_field_of_one_entry_damages_the_lock(aerostack, project, changes):
    text = lock(app=entry(), tool=entry(**changes))

    assert "Code: DAMAGED_LOCK" in refused(aerostack, project, text)


@pytest.mark.parametrize("slug", ["Tool", "../x", "a", "con", "", "a" * 59])
def test_an_entry_under_a_name_that_is_none_damages_the_lock(aerostack, project, slug):
    err = refused(aerostack, project, lock(tool=entry(), **{slug: entry()}))

    assert f"aerostack.lock is damaged (the entry '{slug}' is not one)." in err


def test_a_long_name_is_told_in_part(aerostack, project):
    err = refused(aerostack, project, lock(**{"A" * 100: entry()}))

    assert f"the entry '{'A' * 80}' is not one" in err
