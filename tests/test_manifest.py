"""What each key of aerostack.json may be, as docs/manifest.md says it."""

import re
from pathlib import Path

import pytest

from registry import errors, manifest
from registry.manifest import Manifest
from tests.conftest import CODE

MANUAL = Path(__file__).resolve().parent.parent / "docs/manifest.md"
CATEGORIES = ("auth", "media", "email")
RAW = {
    "name": "image-resizer",
    "version": "1.0.0",
    "description": "Resize images on the edge.",
    "category": "media",
    "entrypoint": "index.ts",
}
# One character of each kind that readers don't see.
INVISIBLE = {
    "control": "\x07",
    "direction": "\u202e",
    "zero width": "\u200b",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "surrogate": "\ud800",
    "private use": "\ue000",
    "Hangul leading filler": "\u115f",
    "Hangul vowel filler": "\u1160",
    "Hangul filler": "\u3164",
    "half-width Hangul filler": "\uffa0",
    "grapheme joiner": "\u034f",
}
invisible = pytest.mark.parametrize("character", INVISIBLE.values(), ids=INVISIBLE)


def read(complete=True, aliases=None, **changes):
    """RAW with ``changes``, as a manifest and its faults. None removes a key."""
    raw = {k: v for k, v in (RAW | changes).items() if v is not None}
    return Manifest.read(
        raw, categories=CATEGORIES, aliases=aliases or {}, complete=complete
    )


def faults_of(**changes) -> list[tuple[str, str]]:
    """(code, field) of each fault that ``changes`` make."""
    _, faults = read(**changes)
    return [(fault.code, fault.field) for fault in faults.found]


def value_of(field, sent):
    """What ``field`` is read as, when ``sent`` is fine."""
    made, faults = read(**{field: sent})
    assert faults.found == []
    return made[field]


def message_of(**changes) -> str:
    """The one fault's sentence."""
    _, faults = read(**changes)
    (fault,) = faults.found
    return fault.message


def warnings_of(**changes) -> list[str]:
    _, faults = read(**changes)
    assert faults.found == []
    return faults.warnings


# --- limits


@pytest.mark.parametrize(
    ("field", "most", "above", "code", "at"),
    [
        ("name", "ab" + "é" * 118, "ab" + "é" * 119, "INVALID_NAME", "name"),
        ("name", " a" + "b" * 119 + " ", "a" * 121, "INVALID_NAME", "name"),
        (
            "version",
            "1.0.0-" + "a" * 58,
            "1.0.0-" + "a" * 59,
            "INVALID_VERSION",
            "version",
        ),
        ("description", "é" * 300, "é" * 301, "VALIDATION_ERROR", "description"),
        ("tags", ["a" * 30], ["a" * 31], "VALIDATION_ERROR", "tags[0]"),
        ("tags", ["a"], [" "], "VALIDATION_ERROR", "tags[0]"),
        (
            "tags",
            [f"t{n}" for n in range(10)],
            [f"t{n}" for n in range(11)],
            "VALIDATION_ERROR",
            "tags",
        ),
        (
            "npmDependencies",
            [f"p{n}" for n in range(100)],
            [f"p{n}" for n in range(101)],
            "VALIDATION_ERROR",
            "npmDependencies",
        ),
        (
            "npmDependencies",
            ["a" * 214],
            ["a" * 215],
            "VALIDATION_ERROR",
            "npmDependencies[0]",
        ),
        (
            "npmDependencies",
            ["a@" + "1 || " * 11 + "1.0.0"],
            ["a@" + "1 || " * 11 + "1.10.0"],
            "VALIDATION_ERROR",
            "npmDependencies[0]",
        ),
        (
            "envVars",
            [f"V{n}" for n in range(100)],
            [f"V{n}" for n in range(101)],
            "VALIDATION_ERROR",
            "envVars",
        ),
        ("envVars", ["A" * 64], ["A" * 65], "VALIDATION_ERROR", "envVars[0]"),
        ("routePath", "/" + "a" * 199, "/" + "a" * 200, "VALIDATION_ERROR", None),
        ("routeExport", "a" * 128, "a" * 129, "VALIDATION_ERROR", None),
        ("entrypoint", "a/" * 9 + "a.ts", "a/" * 10 + "a.ts", "INVALID_PATH", None),
        (
            "entrypoint",
            "a" * 77 + "/" + "b" * 77,
            "a" * 77 + "/" + "b" * 78,
            "INVALID_PATH",
            None,
        ),
    ],
)
def test_the_limit_fits_and_one_above_does_not(field, most, above, code, at):
    assert faults_of(**{field: most}) == []

    assert faults_of(**{field: above}) == [(code, at or field)]


def test_a_description_is_measured_without_the_space_around_it():
    assert value_of("description", f"  {'a' * 300}\n") == "a" * 300


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "most", "above"),
    [
        ("description", "é" * 300, "é" * 301),
        ("tags", [f"t{n}" for n in range(10)], [f"t{n}" for n in range(11)]),
        ("name", "a" * 58, "a" * 59),
        ("version", "1.0.0-" + "a" * 58, "1.0.0-" + "a" * 59),
    ],
)
def test_push_takes_the_limit_and_writes_nothing_above_it(api, field, most, above):
    refused = api.push(**{field: above})

    assert (refused.status_code, refused.json()["field"]) == (400, field)
    assert api("GET", "my").json()["functions"] == []
    assert api.push(**{field: most}).status_code == 201


def test_of_too_long_a_list_the_first_entries_are_judged():
    sent = ["not ok!"] + ["ok"] * 9 + ["neither!"]

    assert faults_of(tags=sent) == [
        ("VALIDATION_ERROR", "tags"),
        ("VALIDATION_ERROR", "tags[0]"),
    ]
    assert message_of(tags=["ok"] * 11) == "tags has 11 entries; at most 10 fit."


# --- types


@pytest.mark.parametrize("field", manifest.FIELDS)
def test_null_and_the_empty_value_of_its_type_count_as_missing(field):
    empty = manifest.FIELDS[field].type()
    made, faults = read(complete=False, **{field: empty})
    without, _ = read(complete=False, **{field: None})
    as_null, _ = Manifest.read(
        RAW | {field: None}, categories=CATEGORIES, complete=False
    )

    assert faults.found == []
    assert made.values == without.values == as_null.values


@pytest.mark.parametrize(
    ("field", "default"),
    [
        ("name", ""),
        ("version", "1.0.0"),
        ("description", ""),
        ("category", ""),
        ("language", "typescript"),
        ("runtime", "cloudflare-worker"),
        ("license", ""),
        ("entrypoint", ""),
        ("tags", []),
        ("routePath", ""),
        ("routeExport", ""),
        ("npmDependencies", []),
        ("envVars", []),
        ("drizzleSchema", False),
    ],
)
def test_a_missing_key_has_its_default(field, default):
    made, _ = Manifest.read({}, categories=CATEGORIES, complete=False)

    assert made[field] == default
    assert type(made[field]) is type(default)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", ["x"], "name is a list; use text."),
        ("version", 1.0, "version is a number; use text."),
        ("description", True, "description is true or false; use text."),
        ("license", [], "license is a list; use text."),
        ("runtime", {}, "runtime is an object; use text."),
        ("entrypoint", 0, "entrypoint is a number; use text."),
        ("tags", "", "tags is text; use a list."),
        ("envVars", {}, "envVars is an object; use a list."),
        ("npmDependencies", False, "npmDependencies is true or false; use a list."),
        ("drizzleSchema", 1, "drizzleSchema is a number; use true or false."),
        ("drizzleSchema", 0, "drizzleSchema is a number; use true or false."),
        ("drizzleSchema", "", "drizzleSchema is text; use true or false."),
        ("tags", [None], "tags[0] is null; use text."),
        ("tags", ["a", 1], "tags[1] is a number; use text."),
        ("envVars", [["A"]], "envVars[0] is a list; use text."),
        ("envVars", [{}], "envVars[0] is an object; use text."),
        ("npmDependencies", [True], "npmDependencies[0] is true or false; use text."),
    ],
)
def test_a_wrong_type_is_refused_and_never_converted(field, value, said):
    made, faults = read(**{field: value})

    (fault,) = faults.found
    assert (fault.code, fault.message) == ("VALIDATION_ERROR", said)
    assert fault.field == said.split()[0]
    assert type(made[field]) is manifest.FIELDS[field].type


def test_a_flag_is_kept_as_sent():
    assert value_of("drizzleSchema", True) is True
    assert value_of("drizzleSchema", False) is False


# --- missing and other keys


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("name", "INVALID_NAME"),
        ("description", "VALIDATION_ERROR"),
        ("entrypoint", "VALIDATION_ERROR"),
    ],
)
def test_a_whole_manifest_has_name_description_and_entrypoint(field, code):
    made, faults = read(**{field: None})

    (fault,) = faults.found
    said = (fault.code, fault.field, fault.message)
    assert said == (code, field, f"aerostack.json has no {field}.")
    assert made[field] == ""
    _, faults = read(complete=False, **{field: None})
    assert faults.found == []


def test_only_space_is_no_description():
    assert message_of(description=" \n ") == "aerostack.json has no description."


@pytest.mark.parametrize("field", ["name", "description", "entrypoint"])
def test_what_is_wrong_is_not_missing_besides(field):
    assert faults_of(**{field: 5}) == [("VALIDATION_ERROR", field)]


def test_parse_raises_every_fault_at_once():
    raw = RAW | {"version": "1", "tags": "x"}

    with pytest.raises(errors.InvalidVersion) as caught:
        Manifest.parse(raw, categories=CATEGORIES)

    assert [fault.field for fault in caught.value.faults] == ["version", "tags"]


def test_parse_of_a_draft_may_be_incomplete():
    assert Manifest.parse({}, categories=CATEGORIES, complete=False)["name"] == ""
    with pytest.raises(errors.RegistryError):
        Manifest.parse({}, categories=CATEGORIES)


def test_other_keys_are_kept_as_sent_and_after_the_known_ones():
    extras = {"zebra": None, "ai_config": {"x": [1, 2.5]}, "$schema": "x"}

    made, faults = Manifest.read(extras | RAW, categories=CATEGORIES)

    assert (faults.found, faults.warnings) == ([], [])
    assert made.extras == extras
    assert list(made.as_json()) == [*manifest.FIELDS, *extras]
    assert made.as_json()["ai_config"] == {"x": [1, 2.5]}


@pytest.mark.parametrize(
    ("extra", "is_refused"),
    [
        ({"x": "a\0"}, True),
        ({"a\0": 1}, True),
        ({"x": [{"y": "\\\0"}]}, True),
        ({"x": "\\\\\0"}, True),
        ({"x": "\\u0000"}, False),
        ({"x": "\\\\u0000"}, False),
        ({"x": "\x01"}, False),
    ],
    ids=ascii,
)
def test_a_nul_in_another_key_is_refused_and_its_spelling_is_not(extra, is_refused):
    found = [("VALIDATION_ERROR", "config_schema")] if is_refused else []

    assert faults_of(**extra) == found


# --- name and description


@invisible
def test_names_and_descriptions_hide_no_characters(character):
    assert faults_of(name=f"a{character}bc") == [("INVALID_NAME", "name")]
    said = message_of(description=f"a{character}b")
    assert said == "The description is one paragraph without invisible characters."


@invisible
def test_invisible_characters_are_told_from_others(character):
    assert manifest.has_invisible(f"a{character}") is True


@pytest.mark.parametrize("text", ["", "Plain text.", "Füße 日本語 한글", "🙂", "\xa0"])
def test_what_readers_see_is_not_invisible(text):
    assert manifest.has_invisible(text) is False


def test_a_description_is_one_paragraph_that_may_break_a_line():
    assert value_of("description", " One.\nTwo. ") == "One.\nTwo."
    assert faults_of(description="One.\n\nTwo.") == [
        ("VALIDATION_ERROR", "description")
    ]


def test_too_long_a_description_is_told_its_length():
    assert message_of(description="a" * 301) == (
        "The description has 301 characters; at most 300 fit."
    )


def test_a_name_is_kept_as_typed_without_the_space_around_it():
    assert value_of("name", "  Image Resizer ") == "Image Resizer"


# --- category, language and runtime


def test_a_category_is_one_of_the_active_ones():
    assert value_of("category", "email") == "email"
    assert message_of(category="Email") == (
        "Category 'Email' is not one of: auth, media, email."
    )
    assert message_of(category=None) == (
        "aerostack.json has no category. Use one of: auth, media, email."
    )
    assert faults_of(category="ai") == [("INVALID_CATEGORY", "category")]


@pytest.mark.parametrize("sent", [["media"], {}, 5, True, []], ids=repr)
def test_a_category_of_the_wrong_type_is_a_wrong_category(sent):
    for complete in (True, False):
        made, faults = read(complete=complete, category=sent)
        assert [fault.code for fault in faults.found] == ["INVALID_CATEGORY"]
        assert made["category"] == ""


@pytest.mark.parametrize("sent", [None, ""])
def test_an_incomplete_draft_may_lack_a_category(sent):
    raw = RAW | {"category": sent}

    _, faults = Manifest.read(raw, categories=CATEGORIES, complete=False)
    assert faults.found == []
    _, faults = Manifest.read(raw, categories=CATEGORIES)
    assert [fault.code for fault in faults.found] == ["INVALID_CATEGORY"]


def test_an_incomplete_draft_names_no_unknown_category():
    _, faults = read(complete=False, category="games")

    assert [fault.code for fault in faults.found] == ["INVALID_CATEGORY"]


def test_a_former_category_is_taken_for_the_present_one():
    made, faults = read(category="pictures", aliases={"pictures": "media"})

    assert (made["category"], faults.found) == ("media", [])
    assert faults.warnings == [
        "The category 'pictures' is called 'media' by now; it was taken for that."
    ]


def test_a_retired_category_passes_where_it_stands_for_itself():
    made, faults = read(category="games", aliases={"games": "games"})

    assert (made["category"], faults.found, faults.warnings) == ("games", [], [])


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("language", ["typescript", "javascript"]),
        ("runtime", ["cloudflare-worker", "node", "bun", "deno", "any"]),
    ],
)
def test_language_and_runtime_are_of_a_closed_list(field, values):
    for value in values:
        assert value_of(field, value) == value
    assert message_of(**{field: "Node"}) == (
        f"The {field} 'Node' is not one of: {', '.join(values)}."
    )
    assert faults_of(**{field: "Node"}) == [("VALIDATION_ERROR", field)]


# --- license and entrypoint


def test_a_license_spelled_otherwise_is_warned_of():
    assert value_of("license", "mit") == "MIT"
    assert warnings_of(license="mit") == []
    assert value_of("license", "GPL-2.0") == "GPL-2.0-only"
    assert warnings_of(license="GPL-2.0") == [
        "License GPL-2.0 is recorded as GPL-2.0-only."
    ]


def test_a_license_that_is_none_is_kept_as_sent_and_refused():
    made, faults = read(license="nope")

    assert made["license"] == "nope"
    assert [fault.code for fault in faults.found] == ["INVALID_LICENSE"]


def test_an_entrypoint_may_begin_with_a_dot_and_a_slash():
    assert value_of("entrypoint", "./src/index.ts") == "src/index.ts"
    assert faults_of(entrypoint="././index.ts") == [("INVALID_PATH", "entrypoint")]
    assert faults_of(entrypoint="../index.ts") == [("INVALID_PATH", "entrypoint")]


# --- lists


@pytest.mark.parametrize(
    ("field", "sent", "kept"),
    [
        ("tags", ["b", " B ", "a", "b"], ["b", "a"]),
        ("npmDependencies", ["hono@^4", "zod", " hono@^4"], ["hono@^4", "zod"]),
        ("envVars", ["B", "A", "B", "b"], ["B", "A", "b"]),
    ],
)
def test_a_list_keeps_each_entry_once_in_the_order_sent(field, sent, kept):
    assert value_of(field, sent) == kept


@pytest.mark.parametrize("tag", ["a", "7", "c++", "c#", "node.js", "a b", "a-b"])
def test_tags_are_words_in_lower_case(tag):
    assert value_of("tags", [tag.upper()]) == [tag]


@pytest.mark.parametrize(
    "tag", [".net", "#a", "-", "+1", "a_b", "a/b", "é", "a\nb", "a,b", ""]
)
def test_other_tags_are_refused(tag):
    assert faults_of(tags=["ok", tag]) == [("VALIDATION_ERROR", "tags[1]")]


@pytest.mark.parametrize(
    "dependency",
    [
        "hono",
        "hono@^4",
        "hono@>=4.1 <5 || 6.x",
        "hono@latest",
        "hono@1.0.0-beta+x",
        "hono@*",
        "hono@~1",
        "hono@=1",
        "hono@1.2.3 - 2.3",
        "hono@>= 1.2.3",
        "hono@^ 1",
        "hono@~> 1.2",
        "hono@v1.2.3",
        "hono@1.x||>=2.5.0 <3||5.0.0 - 7.2.X",
        "hono@^1.2.3-alpha.1+build.01",
        "hono@9007199254740991.0.0",
        "hono@next-14",
        "hono@x",
        "a" * 214 + "@^1",
        "@" + "a" * 106 + "/" + "b" * 106,
        "http",
        "node_modules_x",
        "x/node_modules".replace("/", "-"),
        "@scope/name",
        "@sc.o-p_e~/na.m-e_~@^1",
        "~old",
        "JSONStream",
        "@7/7",
    ],
)
def test_a_dependency_is_a_package_or_a_package_at_a_range(dependency):
    assert value_of("npmDependencies", [f" {dependency}\n"]) == [dependency]


@pytest.mark.parametrize(
    "dependency",
    [
        "",
        "-g",
        "--flag",
        ".hidden",
        "_private",
        "@/name",
        "@-scope/name",
        "@.scope/name",
        "@Scope/name",
        "@scope/",
        "@scope/.name",
        "@scope",
        "a/b",
        "a@",
        "a@b@c",
        "a@npm:b",
        "a@file:../b",
        "a@https://b",
        "a b",
        "a\nb",
        "a@1\n2",
        "a@1;b",
        "node_modules",
        "Node_Modules",
        "node_modules@1",
        "favicon.ico",
        "@scope/node_modules",
        "@scope/favicon.ico@^1",
        "a" * 215 + "@^1",
        "@" + "a" * 107 + "/" + "b" * 106,
        "a@^^1",
        "a@^latest",
        "a@>=",
        "a@>",
        "a@<>1",
        "a@=>1",
        "a@1..2",
        "a@1.2.",
        "a@1.2.3.4",
        "a@v1.2.3.4",
        "a@01.2.3",
        "a@1.2.3-01",
        "a@1.2.3 -2",
        "a@- 1",
        "a@1 | 2",
        "a@|",
        "a@||",
        "a@1 latest",
        "a@latest || 1",
        "a@ ",
        "a@9007199254740992.0.0",
        "a@" + "9" * 60,
        "a@" + "9" * 5_000,
        "a@*.*.*.*",
        "a@..",
        "a@-g",
        "a@workspace:*",
        "a@link:../b",
        "a@git+ssh://git@host/x.git",
        "a@user/repo",
        "a@" + "1-" * 30,
        "é",
    ],
)
def test_other_dependencies_are_refused(dependency):
    assert faults_of(npmDependencies=["ok", dependency]) == [
        ("VALIDATION_ERROR", "npmDependencies[1]")
    ]


@pytest.mark.parametrize("name", ["A", "_", "_a9", "apiKey", "Z_0"])
def test_a_variable_is_letters_digits_and_underscores(name):
    assert value_of("envVars", [name]) == [name]
    assert warnings_of(envVars=[name]) == []


@pytest.mark.parametrize(
    "name", ["", "1A", "A-B", "A B", " A", "A\n", "A=B", "A.B", "é", "__proto__"]
)
def test_other_variables_are_refused(name):
    assert faults_of(envVars=["OK", name]) == [("VALIDATION_ERROR", "envVars[1]")]


@pytest.mark.parametrize(
    "name",
    "PATH HOME SHELL NODE_OPTIONS NODE_PATH LD_PRELOAD LD_LIBRARY_PATH "
    "DYLD_INSERT_LIBRARIES BASH_ENV ENV IFS PYTHONPATH".split(),
)
def test_a_variable_of_the_system_is_warned_of_in_any_case(name):
    for spelling in (name, name.lower(), name.title()):
        assert warnings_of(envVars=[spelling]) == [
            f"{spelling} is a variable of the consumer's own system; "
            "readers are warned."
        ]


# --- the route


@pytest.mark.parametrize(
    "path",
    ["/", "/a", "/a/", "/a/b-c_d.e~f", "/:id", "/@me", "/100%25", "/files/*", "/A9"],
)
def test_a_route_starts_with_one_slash(path):
    assert value_of("routePath", path) == path


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "//a",
        "/a//b",
        "/a//",
        "/..",
        "/a/../b",
        "/a..b",
        "/a?b",
        "/a#b",
        "/a b",
        "/(.*)",
        "/{id}",
        "/a\n",
        "/é",
        " /a",
        "/a\\b",
    ],
)
def test_other_routes_are_refused(path):
    assert faults_of(routePath=path) == [("VALIDATION_ERROR", "routePath")]


@pytest.mark.parametrize("name", ["a", "$", "_", "$a1", "Route_9", "defaults", "of"])
def test_an_export_is_an_identifier(name):
    assert value_of("routeExport", name) == name


@pytest.mark.parametrize(
    "name",
    ["1a", "a-b", "a.b", "a b", "é", "a\n", "x;alert(1)"]
    # ECMA-262, 12.7.2 "Keywords and Reserved Words", and strict mode's.
    + "await break case catch class const continue debugger default delete do else "
    "enum export extends false finally for function if import in instanceof new null "
    "return super switch this throw true try typeof var void while with yield let "
    "static implements interface package private protected public arguments "
    "eval".split()
    + "constructor prototype __proto__ undefined NaN Infinity".split(),
)
def test_an_export_is_no_word_of_the_language(name):
    assert faults_of(routeExport=name) == [("VALIDATION_ERROR", "routeExport")]


# --- what is frozen, and what is generated


def test_only_category_and_tags_change_without_a_new_version():
    assert set(manifest.FIELDS) - set(manifest.FROZEN) == {"category", "tags"}


def test_the_table_of_fields_is_the_code_s():
    marked = r"<!-- fields: .*? -->\n(.*)\n<!-- end of fields -->"
    assert re.search(marked, MANUAL.read_text(), re.S)[1] == manifest.documentation()


def test_the_schema_says_what_the_reader_holds():
    schema = manifest.json_schema(CATEGORIES, "https://hub.example/schema")

    assert schema["$id"] == "https://hub.example/schema"
    assert schema["type"] == "object"
    assert schema["required"] == ["name", "category"]
    fields = schema["properties"]
    assert list(fields) == list(manifest.FIELDS)
    assert fields["category"]["enum"] == list(CATEGORIES)
    assert fields["language"]["enum"] == ["typescript", "javascript"]
    assert fields["runtime"]["enum"][0] == "cloudflare-worker"
    assert (fields["name"]["minLength"], fields["name"]["maxLength"]) == (2, 120)
    limits = {name: rules.get("maxLength") for name, rules in fields.items()}
    assert limits == dict.fromkeys(fields) | {
        "name": 120,
        "version": 64,
        "description": 300,
        "license": 200,
        "entrypoint": 155,
        "routePath": 200,
    }
    lists = {n: r["maxItems"] for n, r in fields.items() if r["type"] == "array"}
    assert lists == {"tags": 10, "npmDependencies": 100, "envVars": 100}
    assert fields["tags"]["items"] == {"type": "string", "maxLength": 30}
    assert fields["drizzleSchema"]["type"] == "boolean"
    for rules in fields.values():
        assert rules["description"].endswith(".")


def test_the_schema_of_the_api_has_no_address_of_its_own():
    schema = manifest.json_schema(CATEGORIES)

    assert "$id" not in schema
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_each_schema_has_its_own_categories():
    first = manifest.json_schema(("one",))
    manifest.json_schema(("two",))

    assert first["properties"]["category"]["enum"] == ["one"]


def test_patterns_of_the_schema_are_whole_and_read_by_editors():
    fields = manifest.json_schema(CATEGORIES)["properties"]

    patterns = [
        fields["routePath"]["pattern"],
        fields["routeExport"]["pattern"],
        fields["npmDependencies"]["items"]["pattern"],
        fields["envVars"]["items"]["pattern"],
    ]
    for pattern in patterns:
        assert pattern.startswith("^")
        assert pattern.endswith("$")
        assert r"\Z" not in pattern


# --- over the API


@pytest.mark.django_db
def test_a_draft_has_no_doubles_in_its_lists(api):
    sent = {
        "tags": ["Image", "image", "cdn"],
        "envVars": ["TOKEN", "TOKEN"],
        "npmDependencies": ["hono@^4", "hono@^4"],
    }

    made = api.push(config_schema=sent, **sent).json()
    api.publish(made["id"])

    found = api("GET", "alice/image-resizer/install").json()
    assert found["tags"] == ["image", "cdn"]
    assert found["envVars"] == ["TOKEN"]
    assert found["npmDependencies"] == ["hono@^4"]


@pytest.mark.django_db
def test_a_push_warns_of_a_variable_of_the_system_in_lower_case(api):
    warnings = api.push(code=CODE, envVars=["node_options"]).json()["warnings"]

    assert warnings == [
        "node_options is a variable of the consumer's own system; readers are warned."
    ]
