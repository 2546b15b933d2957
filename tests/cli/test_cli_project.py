"""Which files of an author's project are a function's, and what it is called."""

import json

import pytest

from tests.cli.conftest import write_function

KIB = 1024


@pytest.fixture
def would_push(aerostack):
    """What a push would send: ``{"slug", "directory", "entrypoint", "files"}``."""

    def would_push(target=".", status=0):
        done = aerostack("functions", "push", target, "--dry-run", "--json")
        assert done.status == status, done.out + done.err
        return done.json

    return would_push


def paths(answer):
    return [file["path"] for file in answer["files"]]


def put(folder, **texts):
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


# --- where aerostack.json is looked for


def test_the_nearest_manifest_upwards_counts(would_push, project):
    write_function(project, name="outer", files={"index.ts": "1"})
    write_function(project / "a", name="inner", entrypoint="b/index.ts",
                   files={"b/index.ts": "1"})  # fmt: skip

    for target in ("a", "a/b", "a/b/index.ts", "a/aerostack.json"):
        answer = would_push(target)
        assert (answer["slug"], answer["entrypoint"]) == ("inner", "b/index.ts")
        assert answer["directory"] == str(project / "a")


@pytest.mark.parametrize("boundary", [".git", "aerostack.toml", "home"])
def test_no_manifest_is_looked_for_outside_the_project(
    would_push, project, monkeypatch, boundary
):
    write_function(project, name="outer")
    inner = project / "inner"
    inner.mkdir()
    put(inner, **{"src/slugify.ts": "1"})
    if boundary == "home":
        monkeypatch.setenv("HOME", str(inner))
    else:
        (inner / boundary).write_text("")

    answer = would_push("inner/src/slugify.ts")

    assert answer["slug"] == "slugify"
    assert answer["directory"] == str(inner / "src")


@pytest.mark.parametrize("boundary", [".git", "aerostack.toml", "home"])
def test_the_projects_own_folder_may_hold_the_manifest(
    would_push, project, monkeypatch, boundary
):
    write_function(project, name="mine", entrypoint="src/a.ts", files={"src/a.ts": "1"})
    if boundary == "home":
        monkeypatch.setenv("HOME", str(project))
    else:
        (project / boundary).write_text("")

    assert would_push("src/a.ts")["slug"] == "mine"


def test_a_folder_called_aerostack_json_is_no_manifest(would_push, project):
    write_function(project, name="mine")
    (project / "a/aerostack.json").mkdir(parents=True)
    put(project / "a", **{"index.ts": "1"})

    assert would_push("a")["slug"] == "mine"


# --- the entrypoint

ORDER = [
    "index.ts", "index.js", "src/index.ts", "src/index.js",
    "adapter.ts", "adapter.js", "src/adapter.ts", "src/adapter.js",
    "core.ts", "core.js", "src/core.ts", "src/core.js",
]  # fmt: skip


@pytest.mark.parametrize("first", range(len(ORDER)), ids=ORDER)
def test_the_entrypoint_is_the_first_of_the_usual_ones(would_push, project, first):
    write_function(project, entrypoint="", files=dict.fromkeys(ORDER[first:], "1"))

    assert would_push()["entrypoint"] == ORDER[first]


@pytest.mark.parametrize("named", ["", None, ["x.ts"], 3])
def test_an_entrypoint_that_names_nothing_is_the_file_that_is_pushed(
    would_push, project, named
):
    write_function(project, entrypoint=named, files={"a.ts": "1", "index.ts": "1"})

    assert would_push("a.ts")["entrypoint"] == "a.ts"
    assert would_push("aerostack.json")["entrypoint"] == "index.ts"


def test_an_entrypoint_may_begin_with_the_folder_itself(would_push, project):
    write_function(project, entrypoint="./src/a.ts", files={"src/a.ts": "1"})

    assert would_push()["entrypoint"] == "src/a.ts"


def test_the_file_that_is_pushed_is_sent_beside_the_entrypoint(would_push, project):
    write_function(project, files={"index.ts": "1", "lib/other.ts": "1"})

    assert paths(would_push("lib/other.ts")) == ["index.ts", "lib/other.ts"]
    assert paths(would_push("lib")) == ["index.ts"]
    assert paths(would_push("index.ts")) == ["index.ts"]


def test_a_folder_without_any_entrypoint_says_which_it_looked_for(
    aerostack, hub, project
):
    write_function(project, entrypoint="", files={"other.ts": "1"})

    done = aerostack("functions", "push", ".", "--hub", hub.url)

    assert done.status == 1
    assert done.err == (
        f"Error: {project} holds none of index.ts, index.js, src/index.ts, "
        "src/index.js, and aerostack.json names no entrypoint.\n"
        "   Code: MISSING_ENTRYPOINT\n"
        "   Fix:  Verify the path is relative to the function directory\n"
    )
    assert hub.requests == []


@pytest.mark.parametrize(
    ("target", "hint"),
    [(".", ""), ("aerostack.json", ""), ("src/a.ts", " Did you mean 'src/a.ts'?")],
)
def test_an_entrypoint_that_is_no_file_is_named_with_what_was_pushed(
    aerostack, project, target, hint
):
    write_function(project, entrypoint="gone.ts", files={"src/a.ts": "1"})

    done = aerostack("functions", "push", target)

    assert done.status == 1
    assert done.err.startswith(
        f"Error: entrypoint 'gone.ts' names no file in {project}.{hint}\n"
    )


# --- the name


@pytest.mark.parametrize(
    ("file", "slug"),
    [
        ("slugify.ts", "slugify"),
        ("tools/Slugify_It.ts", "slugify-it"),
        ("rate-limiter/index.ts", "rate-limiter"),
        ("rate-limiter/main.ts", "rate-limiter"),
        ("rate-limiter/mod.ts", "rate-limiter"),
        ("rate-limiter/src/core.ts", "rate-limiter"),
        ("rate-limiter/lib/adapter.js", "rate-limiter"),
        ("rate-limiter/src/lib/Index.ts", "rate-limiter"),
    ],
)
def test_a_bare_function_is_called_after_the_nearest_name_that_says_something(
    aerostack, project, file, slug
):
    (project / ".git").mkdir()
    put(project, **{file: "1"})

    done = aerostack("functions", "push", file, "--dry-run", "--json")

    assert done.json["slug"] == slug


def test_a_bare_function_is_said_to_be_one(aerostack, project):
    (project / ".git").mkdir()
    put(project, **{"slugify.ts": "1"})

    done = aerostack("functions", "push", "slugify.ts", "--dry-run")

    assert done.err == (
        "Warning: there is no aerostack.json, so it is called 'slugify' and goes to "
        "the category utility\n"
    )
    write_function(project, entrypoint="slugify.ts")
    assert aerostack("functions", "push", "slugify.ts", "--dry-run").err == ""


# --- the files


@pytest.mark.parametrize(
    ("entrypoint", "sent"),
    [
        ("index.ts", ["index.ts", "core.ts", "schema.ts", "adapter.ts"]),
        ("index.js", ["index.js", "core.js", "schema.js", "adapter.js"]),
        ("index.mjs", ["index.mjs", "core.js", "schema.js", "adapter.js"]),
        ("index.cjs", ["index.cjs", "core.js", "schema.js", "adapter.js"]),
        ("index.jsx", ["index.jsx", "core.js", "schema.js", "adapter.js"]),
        ("index.tsx", ["index.tsx", "core.ts", "schema.ts", "adapter.ts"]),
        ("core.ts", ["core.ts", "schema.ts", "adapter.ts"]),
    ],
)
def test_the_layers_beside_the_entrypoint_are_sent_too(
    would_push, project, entrypoint, sent
):
    layers = [f"{layer}.{end}" for layer in ("core", "schema", "adapter", "other")
              for end in ("ts", "js")]  # fmt: skip
    for folder in ("", "src/"):
        files = dict.fromkeys([*layers, "src/adapter.ts", entrypoint], "1")
        files = {f"{folder}{path}": text for path, text in files.items()}
        write_function(
            project / f"x{folder}", entrypoint=folder + entrypoint, files=files
        )

        answer = would_push(f"x{folder}")

        assert paths(answer) == [folder + path for path in sent]


@pytest.mark.parametrize(
    ("others", "status"), [(49, 0), (50, 1)], ids=["50 files", "51 files"]
)
def test_a_function_has_50_files_at_most(
    aerostack, taking_none, project, others, status
):
    imports = "".join(f"import './f{n}';\n" for n in range(others))
    files = {f"f{n}.ts": "1" for n in range(others)}
    write_function(project, files={"index.ts": imports, **files})

    done = aerostack("functions", "push", "--dry-run", "--json")

    assert done.status == status
    if status:
        assert done.json == {
            "error": "The entrypoint reaches more than 50 files.",
            "code": "PAYLOAD_TOO_LARGE",
            "fix": "Bundle some, or name those to leave out in .aerostackignore.",
        }
    else:
        assert len(done.json["files"]) == 50


@pytest.fixture
def taking_none(on_hub):
    yield on_hub
    assert on_hub.requests == []


def test_files_that_are_left_out_do_not_count(aerostack, project):
    imports = "".join(f"import './f{n}';\n" for n in range(60))
    write_function(
        project, files={"index.ts": imports, **{f"f{n}.ts": "1" for n in range(60)}}
    )
    (project / ".aerostackignore").write_text("f[2-5]*.ts\n")

    done = aerostack("functions", "push", "--dry-run", "--json")

    assert [f["path"] for f in done.json["files"]] == [
        "index.ts", "f0.ts", "f1.ts", "f6.ts", "f7.ts", "f8.ts", "f9.ts",
        *[f"f{n}.ts" for n in range(10, 20)],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("x" * 512 * KIB, 0),
        ("x" * (512 * KIB + 1), 1),
        ("é" * 256 * KIB, 0),
        ("é" * 256 * KIB + "x", 1),
    ],
    ids=["512 KiB", "a byte more", "512 KiB of é", "bytes, not characters"],
)
def test_a_file_has_512_kib_at_most(aerostack, taking_none, project, text, status):
    write_function(project, files={"index.ts": "import './big'", "big.ts": text})

    done = aerostack("functions", "push", "--dry-run", "--json")

    assert done.status == status
    if status:
        assert done.json == {
            "error": "big.ts is larger than 512 KiB.",
            "code": "PAYLOAD_TOO_LARGE",
            "fix": "Split it, or name it in .aerostackignore.",
        }


def test_a_file_that_is_reached_twice_is_sent_once(would_push, project):
    write_function(
        project,
        files={
            "index.ts": "import './a'; import './b'",
            "a.ts": "import './b'; import './index'",
            "b.ts": "import './a'",
        },
    )

    assert paths(would_push()) == ["index.ts", "a.ts", "b.ts"]


def test_packages_among_the_imports_are_passed_over(would_push, project):
    imports = "import 'zod'; import './a'; import '@scope/x'; import './b'"
    write_function(project, files={"index.ts": imports, "a.ts": "1", "b.ts": "1"})

    assert paths(would_push()) == ["index.ts", "a.ts", "b.ts"]


def test_data_is_sent_and_not_searched_for_imports(would_push, project):
    write_function(
        project,
        files={
            "index.ts": "import './a.json'",
            "a.json": "\"import './b'\" import './b'",
            "b.ts": "1",
        },
    )

    assert paths(would_push()) == ["index.ts", "a.json"]


def test_an_import_that_leaves_the_folder_is_named_with_its_line(aerostack, project):
    (project / "shared.ts").write_text("1")
    fn = write_function(project / "fn", files={"index.ts": "\nimport '../shared'\n"})

    done = aerostack("functions", "push", "fn")

    assert done.status == 1
    assert done.err == (
        f"Error: index.ts:2 imports '../shared', outside {fn}.\n"
        "   Code: INVALID_PATH\n"
        "   Fix:  Move it below that folder, or aerostack.json to a common one.\n"
    )


def test_a_link_within_the_folder_is_followed(would_push, project):
    write_function(project, files={"index.ts": "import './a'", "real.ts": "12345"})
    (project / "a.ts").symlink_to("real.ts")

    assert would_push()["files"][1] == {"path": "a.ts", "size": 5}


# --- .aerostackignore


def test_an_entrypoint_that_is_left_out_is_none(aerostack, project):
    write_function(project)
    (project / ".aerostackignore").write_text("*.ts\n")

    done = aerostack("functions", "push")

    assert done.status == 1
    assert "entrypoint 'index.ts' is left out by .aerostackignore." in done.err
    assert "MISSING_ENTRYPOINT" in done.err


def test_a_file_that_is_left_out_leads_to_no_other(would_push, project):
    write_function(
        project,
        files={"index.ts": "import './a'", "a.ts": "import './b'", "b.ts": "1"},
    )
    (project / ".aerostackignore").write_text("a.ts\n")

    assert paths(would_push()) == ["index.ts"]


def test_lines_of_the_ignore_file_are_those_of_gitignore(would_push, project):
    write_function(
        project,
        files={
            "index.ts": "import './x/a'; import './x/keep'; import './y/a'",
            "x/a.ts": "1",
            "x/keep.ts": "1",
            "y/a.ts": "1",
        },
    )
    (project / ".aerostackignore").write_bytes(b"# \xff\n\n/x/*\n!/x/keep.ts\n")

    assert paths(would_push()) == ["index.ts", "x/keep.ts", "y/a.ts"]


# --- the README


@pytest.mark.parametrize(
    ("names", "sent"),
    [
        (["README.md", "src/README.md"], "README.md"),
        (["readme.md", "src/README.md"], "readme.md"),
        (["Readme.md"], "Readme.md"),
        (["src/README.md"], "src/README.md"),
        (["src/readme.md"], "src/readme.md"),
        (["lib/README.md", "README.txt", "docs/README.md"], None),
    ],
    ids=str,
)
def test_the_readme_is_beside_the_manifest_or_the_entrypoint(
    would_push, project, names, sent
):
    write_function(project, entrypoint="src/index.ts", files={"src/index.ts": "1"})
    sizes = {name: 10 + number for number, name in enumerate(names)}
    put(project, **{name: "x" * size for name, size in sizes.items()})

    files = would_push()["files"]

    readme = [{"path": "README.md", "size": sizes[sent]}] if sent else []
    assert files == [{"path": "src/index.ts", "size": 1}, *readme]


def test_a_readme_that_is_left_out_gives_way_to_the_next(would_push, project):
    write_function(project, entrypoint="src/index.ts", files={"src/index.ts": "1"})
    put(project, **{"README.md": "outer", "src/README.md": "in"})
    (project / ".aerostackignore").write_text("/README.md\n")

    assert would_push()["files"][-1] == {"path": "README.md", "size": 2}


# --- the body of a push


def test_a_push_sends_the_manifest_twice_and_no_more_than_it_has(
    aerostack, on_hub, project
):
    on_hub.answers["POST", "/api/community/functions"] = (201, {"id": "d1"})
    write_function(project, name="My Tool", language="", files={"index.ts": "1"},
                   other=[1])  # fmt: skip

    assert aerostack("functions", "push").status == 0

    written = json.loads((project / "aerostack.json").read_text())
    [request] = on_hub.asked("POST", "/api/community/functions")
    assert request["body"] == {
        "name": "My Tool",
        "description": "Resizes images.",
        "category": "media",
        "language": "",
        "runtime": "cloudflare-worker",
        "version": "1.0.0",
        "license": "MIT",
        "entrypoint": "index.ts",
        "slug": "my-tool",
        "readme": "",
        "code": "1",
        "files": {"index.ts": "1"},
        "config_schema": written,
    }


@pytest.mark.parametrize(
    ("entrypoint", "language"),
    [
        ("index.ts", "typescript"),
        ("index.tsx", "typescript"),
        ("index.js", "javascript"),
        ("index.mjs", "javascript"),
        ("index.cjs", "javascript"),
        ("index.jsx", "javascript"),
    ],
)
def test_the_language_is_that_of_the_entrypoint_unless_it_is_given(
    aerostack, on_hub, project, entrypoint, language
):
    on_hub.answers["POST", "/api/community/functions"] = (201, {"id": "d1"})
    (project / ".git").mkdir()
    put(project, **{f"tool/{entrypoint}": "1"})

    aerostack("functions", "push", f"tool/{entrypoint}")

    [request] = on_hub.asked("POST", "/api/community/functions")
    assert request["body"] == {
        "name": "tool",
        "language": language,
        "category": "utility",
        "entrypoint": entrypoint,
        "slug": "tool",
        "readme": "",
        "code": "1",
        "files": {entrypoint: "1"},
        "config_schema": {},
    }


def test_a_manifest_without_a_name_or_a_category_is_sent_as_it_is(
    aerostack, on_hub, project
):
    on_hub.answers["POST", "/api/community/functions"] = (201, {"id": "d1"})
    (project / "tool").mkdir()
    (project / "tool/aerostack.json").write_text('{"version": "1.0.0"}')
    put(project, **{"tool/index.ts": "1"})

    aerostack("functions", "push", "tool")

    [request] = on_hub.asked("POST", "/api/community/functions")
    assert request["body"]["name"] == "tool"
    assert request["body"]["config_schema"] == {"version": "1.0.0"}
    assert "category" not in request["body"]


def test_a_validation_sends_what_a_push_sends_and_all_other_keys(
    aerostack, on_hub, project
):
    path = "/api/community/functions/validate"
    on_hub.answers["POST", path] = {"ok": True, "diagnostics": []}
    write_function(project, name="My Tool", files={"index.ts": "1"}, other=[1])

    assert aerostack("functions", "validate").status == 0

    [request] = on_hub.asked("POST", path)
    assert request["body"]["other"] == [1]
    assert request["body"]["slug"] == "my-tool"
    assert request["body"]["files"] == {"index.ts": "1"}
    assert request["body"]["config_schema"]["other"] == [1]
