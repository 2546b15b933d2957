"""What is read from source: modules with their lines, hosts and bindings."""

import pytest
from aerostack_cli.imports import Import, candidates, imports_of, touches


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import './a';\n\nexport * from \"./b\";", [("./a", 1), ("./b", 3)]),
        ("/* one\ntwo */\nimport './a'", [("./a", 3)]),
        ("import {\n  a,\n} from './a'", [("./a", 3)]),
        ("import './a' // import './b'\nimport './c'", [("./a", 1), ("./c", 2)]),
        ("/* import './a'", []),
        ("const x = \"// \\\" \"; import './a'", [("./a", 1)]),
        ("const x = '/* \\' '; import './a'", [("./a", 1)]),
        ("const x = `\n/* \\` `; import './a'", [("./a", 2)]),
        ("const x = 'it\nimport './a'", [("./a", 2)]),
        ("import ( './a' ); require ( \"./b\" )", [("./a", 1), ("./b", 1)]),
        ("reimport './a'; xfrom './b'; prequire('./c')", []),
        ("import ''", []),
        ("import './a\nb'", []),
    ],
)  # fmt: skip
def test_a_module_is_found_with_the_line_that_names_it(code, found):
    assert imports_of(code) == [Import(*item) for item in found]


@pytest.mark.parametrize(
    ("module", "is_relative"),
    [("./a", True), ("../a", True), (".", True), ("..", True), ("a", False),
     (".a", False), ("...", False), ("@a/b", False), ("/a", False), ("..a", False)],
)  # fmt: skip
def test_a_module_is_relative_if_it_begins_with_a_folder(module, is_relative):
    assert Import(module, 1).is_relative is is_relative


ENDINGS = ["", ".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs", ".cts", ".cjs", ".json"]


def test_a_module_may_be_a_file_of_any_kind_or_the_index_of_a_folder():
    assert candidates("src/index.ts", "../lib/a") == [
        *[f"lib/a{ending}" for ending in ENDINGS],
        *[f"lib/a/index{ending}" for ending in ENDINGS[1:]],
    ]


@pytest.mark.parametrize(
    ("module", "sources"),
    [
        ("./a.js", ["a.ts", "a.tsx"]),
        ("./a.mjs", ["a.mts"]),
        ("./a.cjs", ["a.cts"]),
        ("./a.ts", []),
    ],
)
def test_the_name_of_a_built_file_means_its_source(module, sources):
    found = candidates("index.ts", module)
    built = module.removeprefix("./")

    assert found[0] == built
    between = found[len(ENDINGS) : found.index(f"{built}/index.ts")]
    assert between == sources


@pytest.mark.parametrize(
    ("importer", "module", "first"),
    [
        ("index.ts", "./a", "a"),
        ("src/b/index.ts", "./a", "src/b/a"),
        ("src/b/index.ts", "../../a", "a"),
        ("src/index.ts", "..", "."),
        ("index.ts", "..", ".."),
        ("src/index.ts", "../../a", "../a"),
    ],
)
def test_a_module_is_looked_for_from_the_file_that_imports_it(importer, module, first):
    assert candidates(importer, module)[0] == first


def test_hosts_bindings_and_packages_are_found_once_and_sorted():
    files = {
        "a.ts": "import 'zod'; import './b'; fetch('https://API.Example.org:8080/x');"
        "fetch(`http://b.example.co/${c.env.KV}`); c.env.DB.prepare(c.env.KV)",
        "b.ts": "import 'hono'; import 'zod'; // https://comment.example.org c.env.NO\n"
        "fetch('http://localhost/x'); const d = c.environment.X + abc.env.Y",
    }

    assert touches(files) == {
        "hosts": ["api.example.org", "b.example.co"],
        "bindings": ["DB", "KV"],
        "packages": ["hono", "zod"],
    }
    assert touches({}) == {"hosts": [], "bindings": [], "packages": []}
