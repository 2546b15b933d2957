"""The files of a version as clients copy them, and the steps that are left then."""

import pytest

from registry.catalog.file_tree import Entry, tree_of
from registry.installs.layout import entrypoint_among, files_to_install
from registry.installs.steps import steps_of
from registry.integrity import sha256_of
from tests.conftest import CODE

pytestmark = pytest.mark.django_db


@pytest.fixture
def laid_out(publish):
    """laid_out({path: text}) -> {path: InstallFile} of a version of these, flat."""

    def laid_out(files, **changes):
        version = publish(code=None, entrypoint=None, files=files, **changes)
        return {f.path: f for f in files_to_install(version, flat=True)}

    return laid_out


def named(*paths) -> dict:
    """Files of these paths, each with a text of its own."""
    return {path: f"{CODE}// {path}\n" for path in paths}


# --- without src/


def test_files_move_out_of_src_with_their_bytes(laid_out):
    sent = named("src/index.ts", "src/adapter.ts", "src/lib/a.ts", "src/src/b.ts")

    sent["src/e.txt"] = "é\r\n"

    found = laid_out(sent)

    assert list(found) == ["adapter.ts", "e.txt", "index.ts", "lib/a.ts", "src/b.ts"]
    for path, file in found.items():
        assert file.content == sent[f"src/{path}"]
        assert file.sha256 == sha256_of(file.content)
        assert not file.is_generated
    assert found["e.txt"].size == 4  # bytes


def test_files_beside_src_stay_where_they_are(laid_out):
    found = laid_out(named("src/index.ts", "adapter.ts", "source/a.ts", "lib/src/b.ts"))

    assert list(found) == ["adapter.ts", "index.ts", "lib/src/b.ts", "source/a.ts"]


def test_files_are_of_that_version_alone(publish):
    first = publish(code="export const first = 1;\n")
    second = publish(version="1.1.0", code="export const second = 2;\n")

    for version in (first, second):
        laid_out = files_to_install(version, flat=False)
        published = version.files.order_by("path").values_list("path", "blob_id")
        assert [(file.path, file.sha256) for file in laid_out] == list(published)


def test_as_published_every_file_is_where_it_was(publish):
    sent = named("src/index.ts", "src/lib/a.ts", "b.ts")
    version = publish(code=None, entrypoint=None, files=sent)

    found = files_to_install(version, flat=False)

    assert [(f.path, f.content) for f in found] == sorted(sent.items())
    assert not any(f.is_generated for f in found)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("src/index.ts", 'import "../schema";'),
        ("src/index.ts", "import '../schema';"),
        ("src/index.ts", "await import(`../schema`);"),
        ("src/index.ts", 'import "./../schema";'),
        ("src/lib/core.ts", 'import "../../schema";'),
        ("src/lib/core.ts", 'import "../core"; import "../../schema";'),
        ("src/lib/deep/core.ts", 'import "../../../schema";'),
        ("adapter.ts", 'import "./src/core";'),
        ("lib/a.ts", 'import "../src/core";'),
    ],
)
def test_an_import_across_the_border_of_src_keeps_it(laid_out, path, line):
    files = named("src/index.ts", "src/core.ts", "schema.ts") | {path: CODE + line}

    found = laid_out(files)

    assert files.keys() <= found.keys()


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("src/index.ts", 'import "./core";'),
        ("src/index.ts", "// up: ../schema"),
        ("src/lib/core.ts", 'import "../core";'),
        ("src/lib/deep/core.ts", 'import "../../core";'),
        ("adapter.ts", 'import "./core";'),
        ("lib/a.ts", 'import "../schema";'),
    ],
)
def test_other_imports_do_not(laid_out, path, line):
    files = named("src/index.ts", "src/core.ts", "schema.ts") | {path: CODE + line}

    found = laid_out(files)

    assert {"index.ts", "core.ts", "schema.ts"} <= found.keys()


@pytest.mark.parametrize(
    "paths",
    [
        ["src/index.ts", "index.ts"],
        ["src/index.ts", "src/lib/a.ts", "lib/a.ts"],
        ["src/Index.ts", "index.ts"],  # one file on some systems
        ["src/index.ts", "src/lib", "lib/a.ts"],
    ],
)
def test_a_file_is_never_moved_onto_another(laid_out, paths):
    sent = named(*paths)

    found = laid_out(sent)

    assert sent.keys() <= found.keys()
    assert all(found[path].content == text for path, text in sent.items())


# --- the stand-in


@pytest.mark.parametrize(
    ("there", "made"), [("index.ts", "adapter"), ("adapter.ts", "index")]
)
def test_the_one_that_clients_import_stands_in_for_the_other(laid_out, there, made):
    found = laid_out(named(there, "core.ts"))

    stand_in = found[f"{made}.ts"]
    assert stand_in.content == f'export * from "./{there.removesuffix(".ts")}";\n'
    assert stand_in.sha256 == sha256_of(stand_in.content)
    assert stand_in.size == len(stand_in.content)
    assert stand_in.is_generated
    assert not found[there].is_generated


@pytest.mark.parametrize(
    "paths", [["index.ts", "adapter.ts"], ["core.ts"], ["lib/index.ts", "core.ts"]]
)
def test_both_or_neither_need_no_stand_in(laid_out, paths):
    found = laid_out(named(*paths))

    assert list(found) == sorted(paths)


@pytest.mark.parametrize("other", ["Adapter.ts", "adapter.ts/core.ts"])
def test_nothing_stands_in_where_another_file_is(laid_out, other):
    sent = named("index.ts", other)

    assert laid_out(sent).keys() == sent.keys()


def test_a_default_export_is_passed_on(laid_out):
    found = laid_out({"index.ts": "export default 1;\n"})

    assert found["adapter.ts"].content == (
        'export * from "./index"; export { default } from "./index";\n'
    )


def test_the_entrypoint_is_named_as_it_is_laid_out(publish):
    version = publish(code=None, entrypoint=None, files=named("src/index.ts"))

    assert entrypoint_among(["index.ts"], version) == "index.ts"
    assert entrypoint_among(["src/index.ts", "index.ts"], version) == "src/index.ts"


# --- what is left to do


def test_steps_are_lines_to_paste(publish, settings):
    settings.HUB_URL = "https://hub.example"
    version = publish(
        version="1.0.0+a",
        npmDependencies=["hono@^4", "zod", "p-map@>=7 <8"],
        envVars=["API_KEY", "MODE"],
        routePath="/api/x",
        routeExport="route",
    )

    steps = steps_of(version.function, version)

    assert steps.npm_command == "npm install 'hono@^4' zod 'p-map@>=7 <8'"
    assert steps.dev_vars == "API_KEY=\nMODE=\n"
    assert steps.mount == (
        "import { route } from './services/image-resizer';\n"
        "app.route('/api/x', route);\n"
    )
    assert steps.shadcn_command == (
        "npx shadcn@latest add https://hub.example/r/alice/image-resizer@1.0.0+a.json"
    )
    assert steps.curl_command == (
        "curl -s 'https://hub.example/api/community/functions/alice/image-resizer"
        "/install?version=1.0.0%2Ba'"
    )


def test_a_step_that_is_not_needed_is_empty(publish):
    version = publish()

    steps = steps_of(version.function, version)

    assert (steps.npm_command, steps.dev_vars, steps.mount) == ("", "", "")


@pytest.mark.parametrize("changes", [{"routePath": "/x"}, {"routeExport": "route"}])
def test_a_route_is_mounted_where_path_and_export_are_known(publish, changes):
    version = publish(**changes)

    assert steps_of(version.function, version).mount == ""


# --- the tree of files


def shape(entries) -> list:
    """Names of files, and (name, entries) of folders."""
    return [(e.name, shape(e.entries)) if e.entries else e.name for e in entries]


@pytest.mark.parametrize(
    ("paths", "tree"),
    [
        ([], []),
        (["b.ts", "a.ts"], ["a.ts", "b.ts"]),
        (["a.ts", "z/b.ts"], [("z", ["b.ts"]), "a.ts"]),
        (["b/x", "a/x", "a/y"], [("a", ["x", "y"]), ("b", ["x"])]),
        (["a/b/c/x"], [("a/b/c", ["x"])]),
        (["a/b/x", "a/c/y"], [("a", [("b", ["x"]), ("c", ["y"])])]),
        (["a/b/x", "a/y"], [("a", [("b", ["x"]), "y"])]),
        (["a", "a.ts", "a-b/x"], [("a-b", ["x"]), "a", "a.ts"]),
    ],
)
def test_folders_come_first_and_one_alone_is_joined_to_its_parent(paths, tree):
    assert shape(tree_of(paths, "")) == tree


def test_the_file_on_show_is_marked():
    made = tree_of(["src/a.ts", "src/b.ts", "a.ts"], "src/a.ts")

    assert made == [
        Entry(
            "src",
            entries=[
                Entry("a.ts", "src/a.ts", is_shown=True),
                Entry("b.ts", "src/b.ts"),
            ],
        ),
        Entry("a.ts", "a.ts"),
    ]
