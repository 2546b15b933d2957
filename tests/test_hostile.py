"""Hostile input over HTTP: its own code, never a 500, nothing half written."""

import json

import pytest

from accounts.models import Event
from registry.models import Draft, Function
from tests.conftest import CODE

pytestmark = pytest.mark.django_db


def nothing_written():
    return not Function.objects.exists() and not Draft.objects.exists()


def refused(response, code, status=400):
    assert response.headers["Content-Type"] == "application/json"
    assert (response.status_code, response.json()["code"]) == (status, code), (
        response.json()
    )
    said = response.json()
    assert said["error"] == said["message"]
    assert said["fix"]
    assert nothing_written()
    assert not Event.objects.filter(verb="push").exists()
    return said


PATHS = [
    "../../etc/passwd",
    "a/../b.ts",
    "./a.ts",
    "a//b.ts",
    "a/",
    "%2e%2e%2f",
    "..%255c",
    "..\\x",
    "C:\\x",
    "\\\\srv\\x",
    "/abs.ts",
    "~root",
    "a\0.ts",
    "a\t.ts",
    "a\n.ts",
    "a\r.ts",
    "a\x7f.ts",
    "a\x85.ts",
    "a\u2028.ts",
    "con.ts",
    "aux",
    "nul.tar.ts",
    "lib/COM1.ts",
    "name.",
    "name ",
    "a:b",
    ".git/config",
    ".env",
    ".npmrc",
    "node_modules/x.js",
    ".github/workflows/x.yml",
    ".ssh/id",
    ".vscode/tasks.json",
    "café.ts",
    "a" * 156,
    "a" * 96 + ".ts",
    "/".join("a" * 40),
    "",
    ".",
    "..",
    "__proto__/x.ts",
    "a/" * 1_000_000 + "x.ts",
]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ascii(path[:60]))
def test_push_refuses_a_path_that_could_escape(api, path):
    said = refused(api.push(files={path: CODE, "index.ts": CODE}), "INVALID_PATH")

    assert said["field"].startswith("files[")


@pytest.mark.parametrize("pair", [("Index.ts", "index.ts"), ("a", "a/b.ts")])
def test_push_refuses_paths_that_collide_on_some_systems(api, pair):
    files = dict.fromkeys(pair, CODE) | {"index.ts": CODE}

    refused(api.push(files=files), "INVALID_PATH")


def test_package_json_is_allowed(api):
    files = {"package.json": "{}", "index.ts": CODE}

    assert api.push(files=files).status_code == 201


@pytest.mark.parametrize(
    "changes",
    [
        {"files": {f"f{n}.ts": CODE for n in range(51)}},
        {"files": {f"f{n}.ts": "" for n in range(100_000)}},
        {"files": {"index.ts": CODE + "/" * (512 * 1024)}},
        {"files": {f"f{n}.ts": "/" * 500_000 for n in range(5)} | {"index.ts": CODE}},
        {"readme": "x" * (256 * 1024 + 1)},
        {"files": {"index.ts": CODE + "/" * (9 * 1024 * 1024)}},
    ],
    ids=["files", "many files", "file", "total", "readme", "body"],
)
def test_push_refuses_what_is_too_large(api, changes):
    refused(api.push(**changes), "PAYLOAD_TOO_LARGE", 413)


@pytest.mark.parametrize("text", ["\0", "\ufeffa\0", CODE + "\0"], ids=ascii)
def test_push_refuses_binary_files(api, text):
    refused(api.push(files={"index.ts": CODE, "a.ts": text}), "NOT_UTF8")


def test_push_refuses_a_binary_readme(api):
    refused(api.push(readme="a\0b"), "NOT_UTF8")


@pytest.mark.parametrize(
    "code",
    ["", " \n\t", "// nothing\n", "/* nothing */\n", "\ufeff", "#!/bin/x\n"],
    ids=ascii,
)
def test_push_refuses_empty_code(api, code):
    refused(api.push(code=code), "EMPTY_CODE")
    refused(api.push(code=None, files={"index.ts": code}), "EMPTY_CODE")


def test_push_refuses_only_a_readme(api):
    refused(api.push(code="", files={"README.md": "# Hi"}), "EMPTY_CODE")


@pytest.mark.parametrize(
    "changes",
    [
        {"code": None},
        {"code": "", "files": {"other.ts": CODE}},
        {"entrypoint": "src/index.ts", "code": CODE, "files": {"core.ts": CODE}},
        {"entrypoint": "src", "code": None, "files": {"src/index.ts": CODE}},
        {"entrypoint": "Index.ts", "code": None, "files": {"index.ts": CODE}},
    ],
)
def test_push_refuses_an_entrypoint_that_was_not_sent(api, changes):
    refused(api.push(**changes), "MISSING_ENTRYPOINT")


@pytest.mark.parametrize(
    "text",
    [CODE.replace("\n", "\r\n"), "\ufeff" + CODE, CODE + "\r", "x = 1;" + "." * 32_000],
    ids=["crlf", "bom", "mixed", "dots"],
)
def test_source_is_kept_byte_for_byte(api, text):
    made = api.push(code=text).json()
    api.publish(made["id"])

    assert api("GET", "alice/image-resizer").json()["function"]["code"] == text


BODIES = [
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"name": ' + b"9" * 5000 + b"}",
    b'{"name": 1e999}',
    b'{"name": NaN}',
    b'{"name": -Infinity}',
    b'{"name": "a", "name": "b"}',
    b'{"name": "\xff"}',
    b'{"name": "\\ud800"}',
    b'{"a": {"\\udfff": 1}}',
    '{"name": "a"}'.encode("utf-16"),
    b"\xef\xbb\xbf{}",
    b"",
    b"[]",
    b'"text"',
    b"null",
    b"{",
    b"{} {}",
    json.dumps({"config_schema": {"x": [[[]]] * 2}}).encode()[:-1],
    b'{"x": ' + b"[" * 40 + b"]" * 40 + b"}",
]


@pytest.mark.parametrize("raw", BODIES, ids=range(len(BODIES)))
def test_push_refuses_what_is_not_one_json_object(api, raw):
    refused(api("POST", api.base, raw=raw), "INVALID_JSON")
    response = api("POST", "validate", raw=raw)
    assert (response.status_code, response.json()["code"]) == (400, "INVALID_JSON")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_push_refuses_a_body_of_another_type(api, kind):
    response = api("POST", api.base, {"name": "x"}, **{"Content-Type": kind})

    refused(response, "UNSUPPORTED_MEDIA_TYPE", 415)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("tags", "a", "VALIDATION_ERROR"),
        ("tags", [1], "VALIDATION_ERROR"),
        ("tags", ["-"], "VALIDATION_ERROR"),
        ("tags", ["a" * 31], "VALIDATION_ERROR"),
        ("tags", [f"t{n}" for n in range(11)], "VALIDATION_ERROR"),
        ("version", 1.0, "VALIDATION_ERROR"),
        ("license", [], "VALIDATION_ERROR"),
        ("license", "MIT OR", "INVALID_LICENSE"),
        ("license", "MIT AND AND", "INVALID_LICENSE"),
        ("license", "MIT AND " * 1200 + "MIT", "INVALID_LICENSE"),
        ("license", "(" * 10_000, "INVALID_LICENSE"),
        ("license", "LicenseRef-x", "INVALID_LICENSE"),
        ("license", "UNLICENSED", "INVALID_LICENSE"),
        ("license", "MIT\n", "INVALID_LICENSE"),
        ("license", "MI\u0422", "INVALID_LICENSE"),
        ("drizzleSchema", "no", "VALIDATION_ERROR"),
        ("drizzleSchema", True, "VALIDATION_ERROR"),
        ("files", ["index.ts"], "VALIDATION_ERROR"),
        ("files", {"index.ts": 1}, "VALIDATION_ERROR"),
        ("config_schema", [], "VALIDATION_ERROR"),
        ("config_schema", {"x": "a\0"}, "VALIDATION_ERROR"),
        ("category", "Media", "INVALID_CATEGORY"),
        ("category", "media ", "INVALID_CATEGORY"),
        ("category", "med\u0456a", "INVALID_CATEGORY"),
        ("category", ["media"], "INVALID_CATEGORY"),
        ("category", None, "INVALID_CATEGORY"),
        ("envVars", ["A=B"], "VALIDATION_ERROR"),
        ("envVars", ["A\nB"], "VALIDATION_ERROR"),
        ("envVars", ["1A"], "VALIDATION_ERROR"),
        ("envVars", ["__proto__"], "VALIDATION_ERROR"),
        ("envVars", ["A" * 65], "VALIDATION_ERROR"),
        ("npmDependencies", ["--flag"], "VALIDATION_ERROR"),
        ("npmDependencies", ["git+ssh://x"], "VALIDATION_ERROR"),
        ("npmDependencies", ["a@file:../b"], "VALIDATION_ERROR"),
        ("npmDependencies", ["a@npm:b"], "VALIDATION_ERROR"),
        ("npmDependencies", ["a; rm -rf"], "VALIDATION_ERROR"),
        ("routePath", "//evil", "VALIDATION_ERROR"),
        ("routePath", "/../x", "VALIDATION_ERROR"),
        ("routePath", "/a?b", "VALIDATION_ERROR"),
        ("routePath", "/:id(.*)+$", "VALIDATION_ERROR"),
        ("routePath", "api", "VALIDATION_ERROR"),
        ("routePath", "/a\r\nb", "VALIDATION_ERROR"),
        ("routeExport", "default", "VALIDATION_ERROR"),
        ("routeExport", "a-b", "VALIDATION_ERROR"),
        ("routeExport", "x;alert(1)", "VALIDATION_ERROR"),
        ("routeExport", "constructor", "VALIDATION_ERROR"),
        ("routeExport", "await", "VALIDATION_ERROR"),
        ("runtime", "jvm", "VALIDATION_ERROR"),
        ("language", "rust", "VALIDATION_ERROR"),
        ("language", "javascript", "VALIDATION_ERROR"),
        ("description", "a\u202eb", "VALIDATION_ERROR"),
        ("description", "a\u200bb", "VALIDATION_ERROR"),
        ("description", "a\u3164b", "VALIDATION_ERROR"),
        ("description", "a" * 301, "VALIDATION_ERROR"),
        ("description", "a" * 1_000_000, "VALIDATION_ERROR"),
        ("name", "", "INVALID_NAME"),
        ("name", "x", "INVALID_NAME"),
        ("name", "a" * 59, "INVALID_NAME"),
        ("name", "日本", "INVALID_NAME"),
        ("name", "a\u202eb-c", "INVALID_NAME"),
        ("name", ["x"], "VALIDATION_ERROR"),
        ("slug", 5, "VALIDATION_ERROR"),
        ("entrypoint", "../index.ts", "INVALID_PATH"),
        ("entrypoint", 7, "VALIDATION_ERROR"),
        ("readme", 7, "VALIDATION_ERROR"),
        ("code", ["x"], "VALIDATION_ERROR"),
    ],
    ids=ascii,
)
def test_push_refuses_a_wrong_field(api, field, value, code):
    said = refused(api.push(**{field: value}), code)

    assert len(said["error"]) < 400
    assert said["error"].isprintable()


@pytest.mark.parametrize(
    "name",
    "admin api con constructor __proto__ new ci install my validate edit".split(),
)
def test_push_refuses_reserved_names(api, name):
    refused(api.push(name=name), "RESERVED_NAME")


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("A-b", "a-b"),
        ("a_b", "a-b"),
        ("a--b", "a-b"),
        (" -a- b ", "a-b"),
        ("Café_Tool v2.0!", "caf-tool-v20"),
    ],
)
def test_names_become_slugs(api, name, slug):
    assert api.push(name=name).json()["slug"] == slug


def test_push_sets_nothing_but_what_a_push_may_set(api, bob):
    made = api.push(
        status="published", owner_id=bob.pk, author_username="bob", id="x", yanked=True
    )

    assert made.status_code == 201
    assert Draft.objects.get().function.owner.username == "alice"
    assert Draft.objects.get().version is None
    assert any("'status'" in warning for warning in made.json()["warnings"])


@pytest.mark.parametrize("value", ["true", 1, "false", [], {}])
def test_ci_refuses_a_publish_flag_that_is_no_flag(api, value):
    refused(api.ci(publish=value), "VALIDATION_ERROR")


def test_every_fault_is_reported_not_the_first(api):
    said = refused(
        api.push(category="Media", tags=["ok", "not ok!"], version="1", license="nope"),
        "INVALID_VERSION",
    )

    assert {fault["code"] for fault in said["details"]} == {
        "INVALID_CATEGORY",
        "INVALID_VERSION",
        "INVALID_LICENSE",
        "VALIDATION_ERROR",
    }
    assert "tags[1]" in [fault.get("field") for fault in said["details"]]


@pytest.mark.parametrize(
    ("name", "code"), [("!", "INVALID_NAME"), ("admin", "RESERVED_NAME")]
)
def test_a_bad_name_hides_no_other_fault(api, name, code):
    for send in (api.push, api.ci):
        said = refused(send(name=name, version="1", category=None), code)

        assert [(fault["code"], fault["field"]) for fault in said["details"]] == [
            (code, "name"),
            ("INVALID_VERSION", "version"),
            ("INVALID_CATEGORY", "category"),
        ]


@pytest.mark.parametrize("field", ["name", "description", "entrypoint"])
def test_a_field_of_the_wrong_type_is_not_missed_besides(api, field):
    said = refused(api.push(**{field: ["x"]}), "VALIDATION_ERROR")

    assert (said["field"], "details" in said) == (field, False)


def test_a_missing_category_is_called_missing(api):
    said = refused(api.push(category=None), "INVALID_CATEGORY")

    assert said["error"].startswith("aerostack.json has no category. Use one of: auth,")


def test_push_refuses_a_manifest_file_that_says_something_else(api):
    other = json.dumps({"name": "other", "version": "1.0.0"})

    refused(
        api.push(
            config_schema={"name": "image-resizer", "version": "1.0.0"},
            files={"aerostack.json": other, "index.ts": CODE},
        ),
        "VALIDATION_ERROR",
    )


@pytest.mark.parametrize(
    "text",
    [
        '{"x": "\\ud800"}',
        '{"x": NaN}',
        '{"x": 1e999}',
        '{"x": ' + "9" * 5000 + "}",
        '{"x": 1, "x": 2}',
        '{"x": ' + "[" * 900 + "]" * 900 + "}",
        '{"x": ' + "[" * 100_000 + "}",
        "[]",
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_push_reads_a_manifest_file_as_strictly_as_a_body(api, text):
    refused(api.push(files={"aerostack.json": text}), "VALIDATION_ERROR")


def test_a_nul_in_the_manifest_is_refused_and_its_spelling_is_not(api):
    refused(api.push(config_schema={"pattern": "\\\0"}), "VALIDATION_ERROR")

    assert api.push(config_schema={"pattern": "\\u0000"}).status_code == 201


def test_unknown_keys_are_named_up_to_a_limit(api):
    unknown = {f"key{n:06}": 0 for n in range(10_000)}

    warnings = api.push(**unknown).json()["warnings"]

    assert warnings[0] == "The unknown key 'key000000' was ignored."
    assert warnings[-1] == "So were 9950 more."
    assert len(warnings) == 51


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=-1",
        "limit=abc",
        "limit=1e9",
        "limit=٣",
        "sort=x",
        "cursor=x",
        "cursor=" + "A" * 5000,
        "sort=name&cursor=WyJyZWNlbnQiLDEsMV0",
    ],
)
def test_list_refuses_a_query_it_can_not_read(api, query):
    response = api("GET", f"{api.base}?{query}")

    assert (response.status_code, response.json()["code"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    "query",
    [
        "limit=1000000",
        "category=%22",
        "tag=%F0%9F%98%80",
        "search=%25%27%22--",
        "author=@x",
    ],
)
def test_list_answers_odd_queries(api, query):
    assert api("GET", f"{api.base}?{query}").status_code == 200


@pytest.mark.parametrize("path", ["/functions/%00", "/functions/?q=%00", "/a%00b"])
def test_nul_in_an_address_is_a_bad_request(client, path):
    assert client.get(path).status_code == 400
