"""The command's own rules: paths, manifests, merges, the blocks in aerostack.toml.

Where the Hub has the same rule the two are held against each other: the command
shares no code with it.
"""

import ast
import sys
import tomllib
from pathlib import Path

import aerostack_cli
import pytest
from aerostack_cli import manifest, paths, scripts, services
from aerostack_cli.imports import imports_of
from aerostack_cli.merging import merge_text
from aerostack_cli.snapshot import integrity_of
from hypothesis import given
from hypothesis import strategies as st

from registry import integrity, names
from registry import paths as hub_paths
from registry.errors import RegistryError
from tests.cli.hostile import UNSAFE_PATHS

GOOD_PATHS = ["index.ts", "src/a-b_c.test.ts", "@scope/x+y.ts", "a" * 95, "-/_/+"]


def hub_accepts(path):
    try:
        hub_paths.check_path(path)
    except RegistryError:
        return False
    return True


@pytest.mark.parametrize("path", GOOD_PATHS)
def test_good_paths_are_good_here_and_at_the_hub(path):
    assert paths.is_safe_path(path)
    assert hub_accepts(path)


@pytest.mark.parametrize(
    "path", [p for p in UNSAFE_PATHS if isinstance(p, str)], ids=repr
)
def test_unsafe_paths_are_unsafe_here_and_at_the_hub(path):
    assert not paths.is_safe_path(path)
    assert not hub_accepts(path)


@given(st.text("aA0._-@+/~\\: \n", max_size=12))
def test_the_command_writes_exactly_the_paths_the_hub_stores(path):
    assert paths.is_safe_path(path) == hub_accepts(path)


@given(st.text(max_size=20))
def test_slugs_are_made_as_the_hub_makes_them(name):
    assert manifest.slug_of(name) == names.slugify(name)


@given(st.text(max_size=20))
def test_scripts_are_mixed_here_where_they_are_at_the_hub(name):
    assert scripts.mixes_scripts(name) == names.mixes_scripts(name)


def test_the_command_reads_the_hubs_table_of_scripts():
    assert scripts.LATIN_OR_COMMON == names.LATIN_OR_COMMON


def test_the_integrity_is_the_hubs():
    hashes = {"b.ts": "1" * 64, "a/x.ts": "2" * 64, "a.ts": "3" * 64}

    assert integrity_of(hashes) == integrity.of_files(hashes)


# --- merges

texts = st.lists(st.sampled_from(["a\n", "b\n", "}\n", "\n", "x\r\n"]), max_size=8).map(
    "".join
)


@given(texts, texts)
def test_a_merge_with_one_side_unchanged_is_the_other(base, other):
    assert merge_text(base, other, base, "x").text == other
    assert merge_text(base, base, other, "x").text == other
    assert merge_text(base, other, other, "x").text == other


@given(texts, texts, texts)
def test_a_merge_loses_no_line_of_mine_without_saying_so(base, mine, theirs):
    merged = merge_text(base, mine, theirs, "x")
    kept = merged.text.replace("\r\n", "\n").split("\n")

    for line in set(mine.replace("\r\n", "\n").split("\n")):
        in_base = base.replace("\r\n", "\n").split("\n")
        assert line in kept or line in in_base


# --- manifests


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("name", "", "VALIDATION_ERROR"),
        ("name", "!", "INVALID_NAME"),
        ("name", "p\u0430ypal", "INVALID_NAME"),
        ("name", 3, "VALIDATION_ERROR"),
        ("version", "1.0", "INVALID_VERSION"),
        ("version", "v1.0.0", "INVALID_VERSION"),
        ("description", "", "VALIDATION_ERROR"),
        ("description", "x" * 301, "VALIDATION_ERROR"),
        ("description", "a\nb", "VALIDATION_ERROR"),
        ("category", "Media", "INVALID_CATEGORY"),
        ("category", None, "VALIDATION_ERROR"),
        ("language", "python", "VALIDATION_ERROR"),
        ("entrypoint", "../x.ts", "INVALID_PATH"),
        ("tags", "image", "VALIDATION_ERROR"),
        ("tags", ["a"] * 11, "VALIDATION_ERROR"),
        ("tags", ["<b>"], "VALIDATION_ERROR"),
        ("routePath", "//evil", "VALIDATION_ERROR"),
        ("routePath", "/a/../b", "VALIDATION_ERROR"),
        ("routeExport", "a-b", "VALIDATION_ERROR"),
        ("envVars", ["A B"], "VALIDATION_ERROR"),
        ("envVars", ["__proto__"], "VALIDATION_ERROR"),
        ("npmDependencies", [1], "VALIDATION_ERROR"),
        ("drizzleSchema", "no", "VALIDATION_ERROR"),
    ],
)
def test_faults_of_a_manifest_are_found_with_their_line(field, value, rule):
    good = {"name": "tool", "version": "1.0.0", "description": "x", "category": "ai"}
    text = f'{{\n  "first": 1,\n  "{field}": 2\n}}'

    found = manifest.check_manifest({**good, "license": "MIT", field: value}, text)

    assert [(item.rule, item.severity) for item in found] == [(rule, "error")]
    assert (found[0].line, found[0].column) == (3, 3)


def test_what_the_hub_fills_in_is_only_warned_of():
    found = manifest.check_manifest(
        {"name": "tool", "description": "x", "category": "ai"}, "{}"
    )

    assert [item.severity for item in found] == ["warning", "warning"]


def test_the_hubs_findings_are_placed_where_they_are_mentioned():
    text = '{\n  "license": "MTI",\n  "npmDependencies": ["hono@^4"]\n}'

    assert manifest.place_of_mention("License 'MTI' is no licence.", text) == (2, 14)
    assert manifest.place_of_mention("hono is unused.", text) == (3, 23)
    assert manifest.place_of_mention("left-pad is unused.", text) == (1, 1)


@pytest.mark.parametrize(
    ("code", "modules"),
    [
        ("import a from './a'", ["./a"]),
        ('import "./a"; import type { B } from "../b"', ["./a", "../b"]),
        ("export * from './a.js'", ["./a.js"]),
        ("import {\n  a,\n  b,\n} from './a'", ["./a"]),
        ("const x = require('./a'); await import( './b' )", ["./a", "./b"]),
        ("import fs = require('./a')", ["./a"]),
        ("// import './a'\n/* from './b' */", []),
        ("const u = 'http://x//y'; import './a' // c", ["./a"]),
        ("const t = `// ${x}`; import './a'", ["./a"]),
        ("const r = /['\"]/; import './a'", ["./a"]),
        ("import(name)", []),
    ],
)
def test_imports_are_found_in_every_form(code, modules):
    assert [item.module for item in imports_of(code)] == modules


# --- aerostack.toml

SERVICES = """\
# top
[[services]]
name = "a"  # the first
main = "services/a/index.ts"
# about b
[[services]]
name = 'b'
main = 'services/b/index.ts'
routes = ["/b"]

# about the rest
[rest]
x = 1
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_adding_and_removing_a_service_leaves_the_rest_as_it_was(newline):
    text = SERVICES.replace("\n", newline)

    added = services.add_service(text, "c", "services/c/index.ts")

    assert added.startswith(text)
    assert services.service_names(added) == ["a", "b", "c"]
    assert "\n" not in added.replace(newline, "")
    assert services.add_service(added, "c", "other") == added
    assert services.remove_service(added, "c") == text


def test_removing_a_service_in_between_keeps_comments_around_it():
    assert services.remove_service(SERVICES, "a") == SERVICES.replace(
        '[[services]]\nname = "a"  # the first\nmain = "services/a/index.ts"\n', ""
    )
    without_b = services.remove_service(SERVICES, "b")
    assert "# about b" in without_b
    assert "# about the rest" in without_b
    assert services.service_names(without_b) == ["a"]
    assert services.remove_service(SERVICES, "z") == SERVICES


@pytest.mark.parametrize(
    "text",
    ['services = [{name = "a", main = "x"}]', '[[ services ]]\n"name" = "a"\nmain="x"'],
)
def test_services_written_otherwise_are_understood(text):
    added = services.add_service(text, "b", "y")

    assert services.service_names(added) == ["a", "b"]
    assert tomllib.loads(added)["services"][0] == {"name": "a", "main": "x"}
    assert services.service_names(services.remove_service(added, "a")) == ["b"]


def test_a_file_without_an_end_of_line_gets_one():
    added = services.add_service("x = 1", "a", "y")

    assert added == 'x = 1\n\n[[services]]\nname = "a"\nmain = "y"\n'


def test_moving_a_services_main_changes_nothing_else():
    moved = services.move_main(SERVICES, "b", "services/b/index.ts", "services/b/x.ts")

    assert moved == SERVICES.replace("services/b/index.ts", "services/b/x.ts")
    assert services.move_main(SERVICES, "b", "other", "x") == SERVICES


# --- what may be imported where

ROOT = Path(aerostack_cli.__file__).parent
LIBRARIES = {
    "click",
    "httpx2",
    "merge3",
    "pathspec",
    "platformdirs",
    "rich",
    "semver",
    "tomlkit",
}
SOCKETS = {"asyncio", "ftplib", "http", "httpx2", "smtplib", "socket", "socketserver"}


def imported_by(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: p.stem)
def test_a_module_imports_declared_libraries_and_no_sockets(path):
    modules = set(imported_by(path))
    roots = {module.partition(".")[0] for module in modules}

    assert roots <= {"aerostack_cli"} | LIBRARIES | sys.stdlib_module_names
    if path.name != "client.py":
        assert not roots & SOCKETS
        assert "urllib.request" not in modules


def test_the_libraries_are_those_of_the_package():
    content = tomllib.loads((ROOT.parent / "pyproject.toml").read_text())

    declared = content["project"]["dependencies"]
    assert {item.partition(">")[0] for item in declared} == LIBRARIES
    assert content["project"]["version"] == aerostack_cli.__version__
