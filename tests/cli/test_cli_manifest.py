"""aerostack.json: what can be said of it on this machine, and at which line."""

import json

import pytest
from aerostack_cli import manifest
from aerostack_cli.errors import InvalidManifest

from tests.cli.conftest import write_function
from tests.cli.scripted_hub import FUNCTIONS

GOOD = {
    "name": "tool",
    "version": "1.0.0",
    "description": "Does a thing.",
    "category": "ai",
    "license": "MIT",
}
KIB = 1024


def found(**changes):
    """What is found in GOOD with these changes: pairs of severity and message."""
    content = {**GOOD, **changes}
    findings = manifest.check_manifest(content, json.dumps(content))
    return [(item.severity, item.rule, item.message) for item in findings]


def errors(field, value):
    return [message for severity, _, message in found(**{field: value})
            if severity == "error"]  # fmt: skip


# --- limits and forms (docs/manifest.md)

GOOD_VALUES = [
    ("name", "ab"),
    ("name", "a" * 58),
    ("name", "A_b"),
    ("version", "0.0.4"),
    ("version", "1.0.0-" + "a" * 58),
    ("version", "1.0.0-rc.1+build.5"),
    ("description", "x" * 300),
    ("description", "é" * 300),
    ("category", "a-category-of-another-hub"),
    ("language", "typescript"),
    ("language", "javascript"),
    ("entrypoint", "src/index.ts"),
    ("entrypoint", "/".join("abcdefghij")),
    ("tags", ["a"] * 10),
    ("tags", ["a" * 30, "C++", "c#", "1.0 x-y"]),
    ("routePath", "/"),
    ("routePath", "/api/a..b/:id"),
    ("routeExport", "$a_1"),
    ("envVars", ["A", "_", "a" * 64]),
    ("npmDependencies", ["hono@^4"]),
    ("drizzleSchema", True),
    ("drizzleSchema", False),
    ("other", {"anything": [1]}),
]
BAD_VALUES = [
    ("name", "a"),
    ("name", "a" * 59),
    ("name", "!!"),
    ("version", "1.0"),
    ("version", "01.0.0"),
    ("version", "1.0.0-" + "a" * 59),
    ("description", "x" * 301),
    ("description", "a\nb"),
    ("category", "AI"),
    ("category", " ai"),
    ("language", "TypeScript"),
    ("entrypoint", "/index.ts"),
    ("entrypoint", "a/../b.ts"),
    ("entrypoint", "/".join("abcdefghijk")),
    ("tags", ["a"] * 11),
    ("tags", ["a" * 31]),
    ("tags", ["good", "-bad"]),
    ("tags", [""]),
    ("tags", ["a\n"]),
    ("routePath", "api"),
    ("routePath", "//api"),
    ("routePath", "/api?x"),
    ("routePath", "/api#x"),
    ("routePath", "/a b"),
    ("routePath", "/a\\b"),
    ("routePath", "/a\n"),
    ("routePath", "/a/../b"),
    ("routePath", "/.."),
    ("routeExport", "1a"),
    ("routeExport", "a.b"),
    ("routeExport", "a\n"),
    ("envVars", ["1A"]),
    ("envVars", ["A", "A-B"]),
    ("envVars", ["a" * 65]),
    ("envVars", ["A\n"]),
    ("envVars", ["__proto__"]),
]


@pytest.mark.parametrize(("field", "value"), GOOD_VALUES, ids=str)
def test_a_value_within_its_limit_is_no_finding(field, value):
    assert found(**{field: value}) == []


@pytest.mark.parametrize(("field", "value"), BAD_VALUES, ids=str)
def test_a_value_beyond_its_limit_is_one_error(field, value):
    assert len(errors(field, value)) == 1


@pytest.mark.parametrize(
    "field",
    ["name", "version", "description", "category", "language", "runtime", "license",
     "entrypoint", "routePath", "routeExport"],
)  # fmt: skip
@pytest.mark.parametrize("value", [3, True, ["x"], {"a": 1}])
def test_a_text_of_another_type_is_named(field, value):
    assert errors(field, value) == [f"'{field}' must be text"]


@pytest.mark.parametrize("field", ["tags", "npmDependencies", "envVars"])
@pytest.mark.parametrize("value", ["x", 3, {"a": 1}, [1], ["a", None], [["a"]]])
def test_a_list_of_another_type_is_named(field, value):
    assert errors(field, value) == [f"'{field}' must be a list of texts"]


@pytest.mark.parametrize("value", ["true", 1, ["x"]])
def test_a_flag_of_another_type_is_named(value):
    assert errors("drizzleSchema", value) == ["'drizzleSchema' must be true or false"]


@pytest.mark.parametrize("field", ["name", "description", "category"])
@pytest.mark.parametrize("value", ["", None])
def test_a_field_that_publishing_needs_is_missing(field, value):
    assert found(**{field: value}) == [
        ("error", "VALIDATION_ERROR", f"'{field}' is missing")
    ]


@pytest.mark.parametrize("value", ["", None])
def test_a_field_that_the_hub_fills_in_is_warned_of(value):
    assert found(version=value, license=value) == [
        ("warning", "VALIDATION_ERROR", "'version' is missing: the Hub takes 1.0.0"),
        ("warning", "VALIDATION_ERROR",
         "'license' is missing: the Hub will say that there is none"),
    ]  # fmt: skip


@pytest.mark.parametrize("value", ["", None])
@pytest.mark.parametrize(
    "field", ["language", "runtime", "entrypoint", "routePath", "routeExport"]
)
def test_an_optional_field_may_be_empty(field, value):
    assert found(**{field: value}) == []


@pytest.mark.parametrize(
    ("field", "value", "rule", "message"),
    [
        ("name", "x", "INVALID_NAME",
         "the name 'x' makes the slug 'x': 2 to 58 characters fit"),
        ("version", "v1", "INVALID_VERSION", "'v1' is not a SemVer version"),
        ("description", "a\nb", "VALIDATION_ERROR",
         "use one paragraph of 300 characters"),
        ("category", "AI", "INVALID_CATEGORY",
         "category 'AI' must be written in lowercase"),
        ("language", "go", "VALIDATION_ERROR",
         "'go' is not one of: typescript, javascript"),
        ("entrypoint", "../a", "INVALID_PATH",
         "'../a' is not a path below the function directory"),
        ("tags", ["a"] * 11, "VALIDATION_ERROR", "11 tags; at most 10 fit"),
        ("tags", ["<b>"], "VALIDATION_ERROR", "'<b>' cannot be a tag"),
        ("routePath", "a", "VALIDATION_ERROR",
         "'a' is not a path like /api/image-resize"),
        ("routeExport", "a-b", "VALIDATION_ERROR", "'a-b' is not an identifier"),
        ("envVars", ["A B"], "VALIDATION_ERROR", "'A B' cannot name a variable"),
    ],
)  # fmt: skip
def test_a_fault_has_a_rule_and_says_what_is_wrong(field, value, rule, message):
    assert found(**{field: value}) == [("error", rule, message)]


def test_every_fault_is_found_not_only_the_first():
    messages = errors("tags", ["a"] * 10 + ["<b>"])

    assert messages == ["11 tags; at most 10 fit", "'<b>' cannot be a tag"]
    assert len(found(name="", version="1", tags=3, envVars=["1", "2"])) == 5


# --- slugs


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Café_Tool v2.0!", "caf-tool-v20"),
        ("  --A  _ b--c__ ", "a-b-c"),
        ("a\tb\nc", "a-b-c"),
        ("ÄÖÜ", ""),
    ],
)
def test_a_slug_is_made_as_the_docs_say(name, slug):
    assert manifest.slug_of(name) == slug


# --- places

TEXT = '{\n  "name": "tool",\n    "tags" : ["x"],\n  "x": {"name": 1}\n}'


@pytest.mark.parametrize(
    ("field", "place"), [("name", (2, 3)), ("tags", (3, 5)), ("x", (4, 3))]
)
def test_a_field_is_found_where_its_key_begins(field, place):
    assert manifest.place_of(field, TEXT) == place


def test_a_field_that_is_not_there_is_missed_in_the_first_line():
    assert manifest.place_of("license", TEXT) == (1, 1)
    assert manifest.place_of("ta.s", TEXT) == (1, 1)


def test_the_hubs_finding_stands_where_its_first_known_name_does():
    text = '{\n  "envVars": ["KEY"],\n  "npmDependencies": ["@a/b@^1", "zod"]\n}'

    def place(message):
        return manifest.place_of_mention(message, text)

    assert place("KEY is not read.") == (2, 15)
    assert place("@a/b is not imported, nor zod.") == (3, 23)
    assert place("zod, which is not imported.") == (3, 34)
    assert place("Nothing is known.") == (1, 1)


# --- the file


def refused(folder, data):
    (folder / "aerostack.json").write_bytes(data)
    with pytest.raises(InvalidManifest) as error:
        manifest.read_manifest(folder / "aerostack.json")
    return error.value


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (b"{\n  a", "INVALID_JSON", "aerostack.json:2:3 is not JSON: Expecting"),
        (b"", "INVALID_JSON", "aerostack.json:1:1 is not JSON: Expecting value."),
        (b"[]", "INVALID_JSON", "does not hold one object."),
        (b'"x"', "INVALID_JSON", "does not hold one object."),
        (b"{} {}", "INVALID_JSON", "is not JSON: Extra data."),
        (b"[" * 100_000, "INVALID_JSON", "aerostack.json is not JSON."),
        (b'{"a": ' + b"9" * 5000 + b"}", "INVALID_JSON", "aerostack.json is not JSON."),
        (b'{"a": "\xff"}', "NOT_UTF8", "is not UTF-8 text."),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_file_that_is_no_object_is_refused(project, data, code, said):
    error = refused(project, data)

    assert error.code == code
    assert said in error.message


def test_a_file_has_256_kib_at_most(project):
    def padded(size):
        return b'{"a": "' + b"x" * (size - 9) + b'"}'

    path = project / "aerostack.json"
    path.write_bytes(padded(256 * KIB))
    content, text = manifest.read_manifest(path)

    assert len(text) == 256 * KIB
    assert content["a"].strip("x") == ""
    error = refused(project, padded(256 * KIB + 1))
    assert error.code == "INVALID_MANIFEST"
    assert error.message == f"{path} is larger than 262144 bytes."


# --- the command


def test_findings_are_printed_with_their_place_and_status_1(aerostack, project):
    write_function(project, version="1", license="")

    done = aerostack("functions", "validate", "--offline")

    assert done.status == 1
    assert done.out == (
        "aerostack.json:8:3: warning: 'license' is missing: the Hub will say that "
        "there is none [VALIDATION_ERROR]\n"
        "aerostack.json:3:3: error: '1' is not a SemVer version [INVALID_VERSION]\n"
        "2 findings in image-resizer (1 file).\n"
    )


def test_warnings_alone_are_no_failure(aerostack, project):
    write_function(project, license="")

    done = aerostack("functions", "validate", "--offline", "--json")

    assert done.status == 0
    assert done.json == {
        "ok": True,
        "diagnostics": [
            {
                "severity": "warning",
                "rule": "VALIDATION_ERROR",
                "message": "'license' is missing: the Hub will say that there is none",
                "path": "aerostack.json",
                "line": 8,
                "column": 3,
                "endLine": 8,
                "endColumn": 3,
            }
        ],
    }


def test_offline_asks_nobody_and_a_clean_function_says_so(aerostack, on_hub, project):
    write_function(project)

    done = aerostack("functions", "validate", "--offline")

    assert (done.status, done.out) == (0, "No findings in image-resizer (1 file).\n")
    assert on_hub.requests == []


def test_a_function_without_a_manifest_has_no_local_findings(aerostack, project):
    (project / ".git").mkdir()
    (project / "slugify.ts").write_text("1")

    assert aerostack("functions", "validate", "slugify.ts", "--offline").status == 0


def finding(rule, message, path="aerostack.json", **extra):
    return {
        "severity": "error",
        "rule": rule,
        "message": message,
        "path": path,
        **extra,
    }


def test_the_hubs_findings_are_added_to_those_of_this_machine(
    aerostack, on_hub, project
):
    write_function(project, version="1", envVars=["KEY"])
    on_hub.answers["POST", f"{FUNCTIONS}/validate"] = {
        "diagnostics": [
            finding("INVALID_VERSION", "said already"),
            finding("UNUSED", "KEY is not read", line=1, column=1),
            finding("INVALID_VERSION", "in another file", "index.ts", line=1, column=2),
        ]
    }

    done = aerostack("functions", "validate", "--json")

    assert done.status == 1
    told = [(d["message"], d["line"], d["column"]) for d in done.json["diagnostics"]]
    assert told == [
        ("'1' is not a SemVer version", 3, 3),
        ("KEY is not read", 11, 5),
        ("in another file", 1, 2),
    ]
    assert done.json["diagnostics"][1]["endLine"] == 11
    assert done.json["diagnostics"][1]["endColumn"] == 5
