"""The shapes in which clients send a function, and what is made of each.

Source: docs/api.md, "Push"; docs/manifest.md.
"""

import json

import pytest

from registry import errors, publishing
from registry.models import Draft
from tests.conftest import CODE, body
from tests.unchanged import refused

pytestmark = pytest.mark.django_db
OTHER = "export const other = 1;\n"


@pytest.fixture
def pushed(alice):
    """pushed(**changes) -> Saved."""

    def pushed(**changes):
        return publishing.push(body(**changes), by=alice, via="cli")

    return pushed


# --- the entrypoint and code


@pytest.mark.parametrize(
    ("changes", "entrypoint"),
    [
        ({}, "index.ts"),
        ({"language": "javascript"}, "index.js"),
        ({"entrypoint": "src/main.ts"}, "src/main.ts"),
        ({"entrypoint": "./main.ts"}, "main.ts"),
        ({"entrypoint": ""}, "index.ts"),
        ({"files": {"core.ts": OTHER}}, "index.ts"),
    ],
    ids=str,
)
def test_code_without_a_file_name_is_the_entrypoint(pushed, changes, entrypoint):
    made = pushed(**{"entrypoint": None} | changes)

    assert made.draft.manifest["entrypoint"] == entrypoint
    assert made.draft.files[entrypoint] == CODE
    assert made.warnings == []


IN_ORDER = [
    "index.ts",
    "index.js",
    "src/index.ts",
    "src/index.js",
    "adapter.ts",
    "adapter.js",
    "src/adapter.ts",
    "src/adapter.js",
    "core.ts",
    "core.js",
    "src/core.ts",
    "src/core.js",
]


@pytest.mark.parametrize("at", range(len(IN_ORDER)))
def test_the_entrypoint_is_the_first_of_the_customary_files(pushed, at):
    files = dict.fromkeys(reversed(IN_ORDER[at:]), OTHER) | {"a.ts": OTHER}

    draft = pushed(entrypoint=None, code=None, files=files).draft

    assert draft.manifest["entrypoint"] == IN_ORDER[at]


def test_a_file_wins_over_code_that_differs(pushed):
    made = pushed(code=OTHER, files={"index.ts": CODE})

    assert made.draft.files == {"index.ts": CODE}
    assert made.warnings == [
        "code differs from the file 'index.ts'; the file was kept."
    ]


@pytest.mark.parametrize("code", ["", " \n", CODE])
def test_code_that_says_nothing_new_is_no_difference(pushed, code):
    made = pushed(code=code, files={"index.ts": CODE})

    assert (made.draft.files, made.warnings) == ({"index.ts": CODE}, [])


def test_code_that_is_one_of_the_files_is_not_stored_again(pushed):
    files = {"core.ts": CODE, "adapter.ts": OTHER}

    draft = pushed(entrypoint=None, code=CODE, files=files).draft

    assert draft.files == files
    assert draft.manifest["entrypoint"] == "adapter.ts"


def test_new_code_is_kept_beside_a_default_file_that_was_sent(pushed):
    made = pushed(
        entrypoint=None, code=OTHER, files={"index.ts": CODE, "src/core.ts": CODE}
    )

    assert made.draft.manifest["entrypoint"] == "index.ts"
    assert made.draft.files["index.ts"] == CODE


@pytest.mark.parametrize(
    "files", [{}, {"README.md": "# Hi"}, {"package.json": "{}", "aerostack.json": ""}]
)
def test_code_that_is_empty_is_called_so_without_source(pushed, files):
    with refused(errors.EmptyCode) as caught:
        pushed(code="", files=files, entrypoint="main.ts")
    assert (caught.value.field, caught.value.message) == ("code", "The code is empty.")


@pytest.mark.parametrize("code", [None, ""])
def test_an_entrypoint_that_is_not_among_the_source_is_missing(pushed, code):
    with refused(errors.MissingEntrypoint, "'main.ts' names no file") as caught:
        pushed(code=code, files={"index.ts": CODE}, entrypoint="main.ts")
    assert caught.value.field == "entrypoint"


@pytest.mark.parametrize("ending", ["ts", "tsx", "mts", "cts"])
def test_a_javascript_function_does_not_start_in_typescript(pushed, ending):
    changes = {"language": "javascript", "entrypoint": f"main.{ending}"}

    with refused(errors.ValidationError, "is TypeScript") as caught:
        pushed(**changes)
    assert caught.value.field == "language"


@pytest.mark.parametrize("ending", ["js", "jsx", "mjs", "cjs"])
def test_a_typescript_function_may_start_in_javascript(pushed, ending):
    assert pushed(entrypoint=f"main.{ending}").draft.code == CODE


@pytest.mark.parametrize("path", ["schema.ts", "src/db/schema.ts", "schema.js"])
def test_tables_need_a_schema_file(pushed, path):
    assert pushed(drizzleSchema=True, files={path: OTHER}).draft

    with refused(errors.ValidationError, "there is no schema.ts") as caught:
        pushed(drizzleSchema=True, files={f"{path}x": OTHER, "my-schema.ts": OTHER})
    assert caught.value.field == "drizzleSchema"


# --- where values come from


def test_a_value_that_is_missing_above_comes_from_the_config(pushed):
    whole = {"description": "From below.", "tags": ["below"], "envVars": ["BELOW"]}

    draft = pushed(
        config_schema=whole, description="", tags=[], envVars=["ABOVE"]
    ).draft

    assert draft.manifest["description"] == "From below."
    assert draft.manifest["tags"] == ["below"]
    assert draft.manifest["envVars"] == ["ABOVE"]


@pytest.mark.parametrize(
    ("above", "below", "taken"),
    [
        ("utility", "media", "media"),
        ("utility", "", "utility"),
        ("utility", None, "utility"),
        (None, "media", "media"),
    ],
)
def test_the_category_of_the_config_goes_first(pushed, above, below, taken):
    draft = pushed(category=above, config_schema={"category": below}).draft

    assert draft.manifest["category"] == taken


@pytest.mark.parametrize("config", [None, ""])
def test_a_file_aerostack_json_stands_for_a_config_that_is_missing(pushed, config):
    text = json.dumps({"description": "From the file.", "mine": 1})

    draft = pushed(
        description=None, config_schema=config, files={"aerostack.json": text}
    ).draft

    assert draft.manifest["description"] == "From the file."
    assert draft.manifest["mine"] == 1


@pytest.mark.parametrize("text", ["", " \n"])
def test_a_blank_file_aerostack_json_says_nothing(pushed, text):
    draft = pushed(
        config_schema={"license": "MIT"}, license=None, files={"aerostack.json": text}
    ).draft

    assert draft.manifest["license"] == "MIT"


def test_a_file_aerostack_json_that_differs_from_the_config_is_refused(pushed):
    config = {"name": "image-resizer", "version": "1.0.0", "license": "MIT"}
    same = json.dumps(config | {"mine": "differs"})
    other = json.dumps(config | {"version": "2.0.0", "license": "ISC"})

    assert pushed(config_schema=config, files={"aerostack.json": same})
    with refused(errors.ValidationError) as caught:
        pushed(config_schema=config, files={"aerostack.json": other})
    assert caught.value.message == (
        "The file aerostack.json differs from config_schema in version, license."
    )
    assert caught.value.field == "config_schema"


def test_an_empty_config_is_not_held_against_the_file(pushed):
    text = json.dumps({"name": "another"})

    draft = pushed(config_schema={}, files={"aerostack.json": text}).draft

    assert draft.manifest["name"] == "image-resizer"


@pytest.mark.parametrize("key", ["status", "owner", "id", "integrity", "star_count"])
def test_a_key_an_author_can_not_choose_sets_nothing_and_is_named(pushed, key):
    made = pushed(**{key: "x"}, config_schema={key: "y", "mine": 1})

    assert made.warnings == [f"'{key}' was ignored."]
    assert key not in made.draft.manifest
    assert made.draft.manifest["mine"] == 1


def test_an_empty_key_an_author_can_not_choose_is_not_worth_a_word(pushed):
    assert pushed(id="", status="", url="").warnings == []


@pytest.mark.parametrize("count", [50, 51])
def test_at_most_50_unknown_keys_are_named(pushed, count):
    warnings = pushed(**{f"key{n:02}": 0 for n in range(count)}).warnings

    assert warnings[49] == "The unknown key 'key49' was ignored."
    assert warnings[50:] == (["So were 1 more."] if count == 51 else [])


def test_publish_is_no_unknown_key(pushed):
    assert pushed(publish=True).warnings == []


def test_a_readme_goes_before_a_file_of_that_name(pushed):
    made = pushed(readme="# Sent\n", files={"README.md": "# File\n"}).draft

    assert made.readme == "# Sent\n"


def test_a_readme_within_a_folder_is_not_the_readme(pushed):
    assert pushed(readme=None, files={"docs/README.md": "# No\n"}).draft.readme == ""


@pytest.mark.parametrize("category", [None, ""])
def test_a_push_needs_a_category(pushed, category):
    with refused(errors.InvalidCategory) as caught:
        pushed(category=category)
    assert caught.value.field == "category"


@pytest.mark.parametrize("part", ["slug", "readme", "code", "files"])
def test_a_part_of_the_wrong_type_is_named(pushed, part):
    with refused(errors.ValidationError) as caught:
        pushed(**{part: 5})
    wanted = "an object of path and text" if part == "files" else "text"
    assert caught.value.message == f"{part} is not {wanted}."
    assert caught.value.field == part


@pytest.mark.parametrize("config", [[], "text", 5, True])
def test_a_config_that_is_no_object_is_refused(pushed, config):
    with refused(errors.ValidationError, "config_schema is not an object.") as caught:
        pushed(config_schema=config)
    assert caught.value.field == "config_schema"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[]", "The file aerostack.json is not one JSON object."),
        ("5", "The file aerostack.json is not one JSON object."),
        ("{", "The file aerostack.json"),
    ],
)
def test_a_file_aerostack_json_that_is_no_object_is_refused(pushed, text, sentence):
    with refused(errors.ValidationError, sentence) as caught:
        pushed(files={"aerostack.json": text})
    assert caught.value.field == "files"


@pytest.mark.parametrize("path", ["README.md", "aerostack.json", "index.ts"])
@pytest.mark.parametrize("text", [5, [], {}, True])
def test_a_file_that_is_no_text_is_refused(pushed, path, text):
    with refused(errors.ValidationError, "is not text") as caught:
        pushed(readme=None, files={path: text})
    assert caught.value.field == f"files[{path}]"


# --- the slug


def test_a_slug_goes_before_the_name(pushed):
    draft = pushed(slug=" Sharp_Images ", name="Image resizer").draft

    assert (draft.function.slug, draft.manifest["name"]) == (
        "sharp-images",
        "Image resizer",
    )


@pytest.mark.parametrize("slug", ["", " ", None])
def test_a_blank_slug_is_made_from_the_name(pushed, slug):
    assert pushed(slug=slug).draft.function.slug == "image-resizer"


def test_a_slug_stands_for_a_name_that_is_missing(pushed):
    draft = pushed(slug="sharp-images", name=None).draft

    assert draft.manifest["name"] == "sharp-images"


def test_a_body_without_a_name_is_told_so(pushed):
    with refused(errors.InvalidName, "The function has no name.") as caught:
        pushed(name=None)
    assert caught.value.field == "name"


@pytest.mark.parametrize(("slug", "field"), [("x", "slug"), ("", "name")])
def test_a_wrong_slug_is_named_by_the_field_it_came_in(pushed, slug, field):
    with refused(errors.InvalidName) as caught:
        pushed(slug=slug, name="x")
    assert {fault.field for fault in caught.value.faults} == {field}


# --- changing a draft


@pytest.fixture
def saved(alice):
    """saved(draft, body) -> Saved, with the draft as it is stored then."""

    def saved(draft, changes, **options):
        return publishing.save_draft(draft, changes, by=alice, via="api", **options)

    return saved


def test_code_that_is_saved_replaces_the_entrypoints(pushed, saved):
    draft = pushed(files={"core.ts": OTHER}).draft

    made = saved(draft, {"code": "export const third = 3;\n"})

    assert made.draft.files == {
        "core.ts": OTHER,
        "index.ts": "export const third = 3;\n",
    }
    assert (made.warnings, made.draft.revision) == ([], 2)


def test_a_file_that_is_saved_wins_over_code(pushed, saved):
    draft = pushed().draft

    made = saved(draft, {"code": "export {};\n", "files": {"index.ts": OTHER}})

    assert made.draft.files == {"index.ts": OTHER}
    assert len(made.warnings) == 1


def test_code_that_is_sent_as_another_file_too_stays_there(pushed, saved):
    draft = pushed().draft

    made = saved(draft, {"code": OTHER, "files": {"core.ts": OTHER}})

    assert made.draft.files == {"index.ts": CODE, "core.ts": OTHER}


def test_saving_what_is_there_keeps_the_revision(pushed, saved):
    draft = pushed().draft

    made = saved(draft, {"code": CODE, "tags": ["image"]})

    assert (made.draft.revision, made.draft.updated_at) == (1, draft.updated_at)


@pytest.mark.parametrize("name", ["tags", "envVars", "npmDependencies"])
def test_an_empty_list_empties_the_field(pushed, saved, name):
    draft = pushed(tags=["a"], envVars=["A"], npmDependencies=["hono"]).draft

    made = saved(draft, {name: []})

    others = {"tags", "envVars", "npmDependencies"} - {name}
    assert made.draft.manifest[name] == []
    assert all(made.draft.manifest[other] for other in others)


def test_a_readme_file_sent_as_null_goes(pushed, saved):
    draft = pushed(readme=None, files={"README.md": "# File"}).draft

    made = saved(draft, {"files": {"README.md": None}})

    assert (made.draft.files, made.draft.readme) == ({"index.ts": CODE}, "# File")


def test_a_whole_draft_is_what_was_sent_and_may_be_incomplete(pushed, saved):
    draft = pushed(files={"core.ts": OTHER}).draft

    made = saved(draft, {"name": "image-resizer", "files": {}}, whole=True)

    assert (made.draft.files, made.draft.readme) == ({}, "")
    assert made.draft.manifest["description"] == ""


def test_a_change_of_a_draft_may_leave_it_without_a_description(pushed, saved):
    draft = pushed(description=None).draft

    assert saved(draft, {"tags": ["new"]}).draft.manifest["tags"] == ["new"]


def test_a_name_that_gives_the_slug_may_be_reserved_by_now(pushed, saved, staff):
    from registry import moderation
    from registry.moderation import Grounds

    draft = pushed().draft
    moderation.reserve_name("image-resizer", Grounds("Ours.", "name"), by=staff)

    made = saved(draft, {"name": "Image Resizer"})

    assert made.draft.manifest["name"] == "Image Resizer"
    assert pushed().draft.function == draft.function


def test_a_draft_that_is_saved_after_it_was_published_is_open_again(
    pushed, saved, alice
):
    draft = pushed().draft
    publishing.publish(draft, by=alice, via="cli")

    saved(draft, {"tags": ["new"]})

    assert Draft.objects.open().get() == draft
