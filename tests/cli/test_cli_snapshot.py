"""What a version may hold, what is taken from it, and what is said of it."""

import base64
import hashlib
import tomllib

import pytest
from aerostack_cli.errors import UntrustedAnswer
from aerostack_cli.snapshot import read_snapshot

from tests.cli.conftest import tree
from tests.cli.hostile import GOOD, assert_nothing_written, spoiled, with_file
from tests.cli.scripted_hub import manifest

KIB = 1024
MIB = 1024 * KIB


def of(files, **extra):
    return manifest("tool", "1.0.0", files, **extra)


def texts(count, characters, letter="x"):
    return {f"f{number}.ts": letter * characters for number in range(count)}


# --- limits (docs/manifest.md, "Limits"), with room for what a Hub generates


@pytest.mark.parametrize(
    "files",
    [
        texts(50, 1),
        texts(60, 1),
        texts(1, 512 * KIB),
        texts(1, 256 * KIB, "é"),
        texts(4, 512 * KIB),
        texts(4, 512 * KIB) | {"last.ts": "x" * 64 * KIB},
    ],
    ids=["50 files", "60 files", "512 KiB", "512 KiB of é", "2 MiB", "a bit more"],
)
def test_a_version_within_the_limits_is_taken(files):
    assert read_snapshot(of(files)).files == files


def test_the_largest_version_there_is_can_be_installed(aerostack, evil, project):
    files = texts(4, 512 * KIB) | {"last.ts": "x" * 64 * KIB}
    evil(of(files))

    assert aerostack("functions", "install", "alice/tool").status == 0
    assert tree(project / "services/tool") == {
        path: text.encode() for path, text in files.items()
    }


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (texts(61, 1), "61 files in one version"),
        (texts(1, 512 * KIB + 1), "f0.ts with a size that is not its own"),
        (texts(1, 256 * KIB + 1, "é"), "f0.ts with a size that is not its own"),
        (texts(4, 512 * KIB) | {"last.ts": "x" * (64 * KIB + 1)},
         "more text than a version may hold"),
        (texts(5, 256 * KIB, "é"), "more text than a version may hold"),
    ],
    ids=["61 files", "a byte more", "bytes, not characters", "in all", "in all, of é"],
)  # fmt: skip
def test_a_version_beyond_a_limit_is_refused(aerostack, evil, project, files, said):
    evil(of(files))

    done = aerostack("functions", "install", "alice/tool")

    assert_nothing_written(project, done)
    assert said in done.err
    assert "UNTRUSTED_ANSWER" in done.err


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"files": []}, "a version without files"),
        ({"files": None}, "a version without files"),
        ({"files": GOOD["files"] * 2}, "two files called index.ts"),
        ({"integrity": "sha256-" + "A" * 43 + "="}, "not the version's own"),
        ({"slug": "Tool"}, "the slug 'Tool'"),
        ({"author": "../a"}, "the author '../a'"),
        ({"version": "1" * 65}, f"the version '{'1' * 65}'"),
        ({"npmDependencies": "zod"}, "npmDependencies as something else than a list"),
        ({"npmDependencies": ["a b"]}, "'a b' among npmDependencies"),
        ({"envVars": ["A B"]}, "'A B' among envVars"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_refusal_says_what_was_wrong_in_the_answer(
    aerostack, evil, project, changes, said
):
    evil(spoiled(**changes))

    done = aerostack("functions", "install", "alice/tool")

    assert_nothing_written(project, done)
    assert said in done.err


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sha256": "0" * 64}, "index.ts with a hash that is not its own"),
        ({"size": 10}, "index.ts with a size that is not its own"),
        ({"content": None}, "index.ts, which is not text"),
    ],
)
def test_a_file_that_is_not_its_own_is_refused(aerostack, evil, project, changes, said):
    evil(with_file(**changes))

    done = aerostack("functions", "install", "alice/tool")

    assert_nothing_written(project, done)
    assert said in done.err


def test_files_that_clash_are_named(aerostack, evil, project):
    evil(of({"a.ts": "1", "A.ts": "2"}))

    done = aerostack("functions", "install", "alice/tool")

    assert_nothing_written(project, done)
    assert "collide on some systems: A.ts" in done.err


def test_a_hub_need_not_send_sizes(aerostack, evil, project):
    answer = of({"index.ts": "1"})
    del answer["files"][0]["size"]
    evil(answer)

    assert aerostack("functions", "install", "alice/tool").status == 0


def test_the_integrity_is_what_sha256sum_prints_hashed_again(aerostack, evil, project):
    answer = of({"b.ts": "2", "a/x.ts": "1"})
    lines = "".join(
        f"{hashlib.sha256(text).hexdigest()}  {path}\n"
        for path, text in [("a/x.ts", b"1"), ("b.ts", b"2")]
    )
    digest = base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()
    evil([of({"b.ts": "1", "a/x.ts": "2"}, integrity=f"sha256-{digest}"), answer])

    refused = aerostack("functions", "install", "alice/tool")

    assert_nothing_written(project, refused)
    assert answer["integrity"] == f"sha256-{digest}"
    assert aerostack("functions", "install", "alice/tool").status == 0


LONG = "+" + "x" * 99


@pytest.mark.parametrize(
    "answer",
    [
        spoiled(slug=LONG),
        spoiled(author=LONG),
        spoiled(version=LONG),
        spoiled(envVars=[LONG]),
        spoiled(npmDependencies=[LONG]),
        with_file(path=LONG),
    ],
    ids=["slug", "author", "version", "variable", "package", "path"],
)
def test_a_refusal_quotes_80_characters_of_the_answer_at_most(answer):
    with pytest.raises(UntrustedAnswer) as refused:
        read_snapshot(answer)

    assert f"'+{'x' * 79}'" in str(refused.value)


# --- packages and variables: printed as part of a shell command and as KEY= lines


@pytest.mark.parametrize(
    "package",
    [
        "zod", "@hono/zod-validator", "hono@^4", "@a/b@1.2.3", "a@>=1 <2 || 3",
        "a@*", "~a", "A.b_c-d", "a@" + "1" * 64,
    ],
)  # fmt: skip
def test_a_package_of_npm_is_taken(package):
    assert read_snapshot(spoiled(npmDependencies=[package])).packages == [package]


@pytest.mark.parametrize(
    "package",
    [
        "", "-g", "@/a", "@a", "@a/", "a/b", "a@", "a@1;b", "a@$(x)", "a@`x`",
        "a@file:x", "git+https://x", "a\n", "a@1\n", "a@" + "1" * 65, "é", 3,
    ],
)  # fmt: skip
def test_what_is_no_package_of_npm_is_refused(package):
    with pytest.raises(UntrustedAnswer, match="among npmDependencies"):
        read_snapshot(spoiled(npmDependencies=["zod", package]))


@pytest.mark.parametrize("name", ["A", "_a1", "a" * 64])
def test_a_variable_is_taken(name):
    assert read_snapshot(spoiled(envVars=[name])).variables == [name]


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A=1", "A\n", "a" * 65, "É", None])
def test_what_is_no_variable_is_refused(name):
    with pytest.raises(UntrustedAnswer, match="among envVars"):
        read_snapshot(spoiled(envVars=["A", name]))


@pytest.mark.parametrize("missing", [None, [], ""])
def test_lists_may_be_missing(missing):
    snapshot = read_snapshot(spoiled(npmDependencies=missing, envVars=missing))

    assert (snapshot.packages, snapshot.variables) == ([], [])


# --- the version


@pytest.mark.parametrize(
    ("version", "is_good"),
    [
        ("1.0.0-rc.1+build-5", True),
        ("1" * 64, True),
        ("1" * 65, False),
        ("v1", False),
        ("-1", False),
        ("1 0", False),
        ("1/0", False),
        ("1\n", False),
        ("", False),
        (1, False),
    ],
)
def test_a_version_is_64_harmless_characters_at_most(version, is_good):
    answer = spoiled(version=version)
    if is_good:
        assert read_snapshot(answer).version == version
    else:
        with pytest.raises(UntrustedAnswer, match="the version"):
            read_snapshot(answer)


# --- the file that the service points to

ORDER = [
    "index.ts", "index.js", "src/index.ts", "src/index.js",
    "adapter.ts", "adapter.js", "src/adapter.ts", "src/adapter.js",
    "core.ts", "core.js", "src/core.ts", "src/core.js", "zebra.ts",
]  # fmt: skip


@pytest.mark.parametrize("first", range(len(ORDER)), ids=ORDER)
def test_main_is_the_likeliest_entrypoint_there_is(first):
    files = {path: "1" for path in reversed(ORDER[first:])}

    assert read_snapshot(of(files)).main == ORDER[first]


@pytest.mark.parametrize(
    ("entrypoint", "main"),
    [
        ("lib/b.ts", "lib/b.ts"),
        ("gone.ts", "core.ts"),
        ("", "core.ts"),
        (None, "core.ts"),
        (["core.ts"], "core.ts"),
        ({"a": 1}, "core.ts"),
    ],
    ids=str,
)
def test_main_is_the_entrypoint_that_the_version_names(
    aerostack, evil, project, entrypoint, main
):
    evil(of({"lib/b.ts": "1", "core.ts": "2"}, entrypoint=entrypoint))

    assert aerostack("functions", "install", "alice/tool").status == 0

    [service] = tomllib.loads((project / "aerostack.toml").read_text())["services"]
    assert service["main"] == f"services/tool/{main}"


def test_main_is_index_ts_even_if_another_entrypoint_is_named():
    answer = of({"index.ts": "1", "b.ts": "2"}, entrypoint="b.ts")

    assert read_snapshot(answer).main == "index.ts"


# --- what else is taken, and notices


@pytest.mark.parametrize("value", [None, 3, ["x"], {"a": 1}])
def test_a_field_for_reading_that_is_no_text_is_left_out(value):
    fields = ("description", "routePath", "license", "renamedFrom")
    snapshot = read_snapshot(spoiled(**dict.fromkeys(fields, value)))

    assert (snapshot.description, snapshot.route) == ("", "")
    assert (snapshot.license, snapshot.renamed_from) == ("", "")


@pytest.mark.parametrize(
    ("value", "has_tables"), [(True, True), (False, False), (1, False), ("yes", False)]
)
def test_tables_are_due_only_where_the_version_says_true(value, has_tables):
    assert read_snapshot(spoiled(drizzleSchema=value)).has_tables is has_tables


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"yanked": True, "yankReason": "leaks"}, "was yanked: leaks\n"),
        ({"yanked": True, "yankReason": "leaks", "replacement": "1.0.1"},
         "was yanked: leaks (use 1.0.1 instead)\n"),
        ({"yanked": True, "yankReason": 3}, "was yanked: no reason given\n"),
        ({"deprecated": True, "deprecationMessage": "old"}, "is deprecated: old\n"),
        ({"deprecated": True, "successor": "a/b"},
         "is deprecated: no reason given (use a/b instead)\n"),
    ],
)  # fmt: skip
def test_an_install_tells_why_not_to_use_a_version(aerostack, evil, fields, said):
    evil(spoiled(**fields))

    done = aerostack("functions", "install", "alice/tool")

    assert done.status == 0
    assert done.err == f"Warning: alice/tool@1.0.0 {said}"


@pytest.mark.parametrize("flag", [False, None, 0, ""])
def test_a_reason_without_its_flag_is_no_notice(aerostack, evil, flag):
    evil(spoiled(yanked=flag, yankReason="x", deprecated=flag, deprecationMessage="x"))

    assert aerostack("functions", "install", "alice/tool").err == ""
