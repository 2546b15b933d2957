"""What the API serves to install, and what it says of a body beforehand."""

import pytest

from registry.integrity import sha256_of
from tests.conftest import CODE, body

pytestmark = pytest.mark.django_db
CORE = "export const core = 1;\n"


# --- the install manifest's layout


@pytest.mark.parametrize(
    ("files", "served"),
    [
        (["src/index.ts", "src/core.ts"], ["adapter.ts", "core.ts", "index.ts"]),
        (["adapter.ts", "core.ts"], ["adapter.ts", "core.ts", "index.ts"]),
        (["adapter.ts", "index.ts"], ["adapter.ts", "index.ts"]),
        (["core.ts"], ["core.ts"]),
        (["src/index.ts", "index.ts"], ["adapter.ts", "index.ts", "src/index.ts"]),
    ],
)
def test_flat_layout_suits_clients_without_folders(api, files, served):
    sent = {path: f"{CODE}// {path}\n" for path in files}
    made = api.push(code=None, entrypoint=None, files=sent)
    api.publish(made.json()["id"])

    flat = api("GET", "alice/image-resizer/install").json()
    source = api("GET", "alice/image-resizer/install?layout=source").json()

    assert [f["path"] for f in flat["files"]] == served
    assert [f["path"] for f in source["files"]] == sorted(files)
    for file in flat["files"] + source["files"]:
        assert file["sha256"] == sha256_of(file["content"])
        assert file["size"] == len(file["content"].encode())
    assert flat["integrity"] == source["integrity"]


def test_flat_layout_names_the_entrypoint_that_it_serves(api):
    made = api.push(entrypoint="src/index.ts")
    api.publish(made.json()["id"])

    flat = api("GET", "install/image-resizer").json()
    source = api("GET", "install/image-resizer?layout=source").json()

    assert (flat["entrypoint"], source["entrypoint"]) == ("index.ts", "src/index.ts")
    assert flat["function"]["code"] == source["function"]["code"] == CODE


@pytest.mark.parametrize(
    "files",
    [
        {"src/index.ts": 'import "../schema";\n' + CODE, "schema.ts": CODE},
        {"index.ts": 'import "./src/core";\n' + CODE, "src/core.ts": CODE},
    ],
)
def test_flat_layout_leaves_folders_that_imports_need(api, files):
    made = api.push(code=None, entrypoint=None, files=files)
    api.publish(made.json()["id"])

    flat = api("GET", "alice/image-resizer/install").json()["files"]

    assert files.keys() <= {file["path"] for file in flat}


@pytest.mark.parametrize(
    ("code", "has_default"),
    [
        ("export default app;\n", True),
        ("export { app as default };\n", True),
        ("export {\n  app,\n  app as default,\n};\n", True),
        ('export * as default from "./core";\n', True),
        ("const app = 1;export{app as default};\n", True),
        ('export { default as app } from "./core";\n', False),
        ("// 60 seconds are used as default\n", False),
        ("// no export default here\n", False),
        ("export const default_limit = 1;\n", False),
        ("export { default_limit };\n", False),
    ],
)
def test_a_stand_in_has_a_default_export_where_there_is_one(api, code, has_default):
    made = api.push(code=CODE + code)
    api.publish(made.json()["id"])

    files = api("GET", "alice/image-resizer/install").json()["files"]

    stand_in = next(file["content"] for file in files if file.get("generated"))
    assert ("default" in stand_in) is has_default


def test_code_that_is_among_the_files_is_not_stored_twice(api):
    files = {"core.ts": CORE, "adapter.ts": CODE}

    path = api.push(code=CORE, entrypoint=None, files=files).json()["id"]

    draft = api("GET", path).json()["function"]
    assert draft["files"] == files
    assert draft["config_schema"]["entrypoint"] == "adapter.ts"


# --- validate


def test_validate_reports_every_fault_and_stores_nothing(api):
    said = api("POST", "validate", body(category="Media", tags=["!"]), key="").json()

    assert said["ok"] is False
    rules = {d["rule"] for d in said["diagnostics"]}
    assert {"INVALID_CATEGORY", "VALIDATION_ERROR"} <= rules
    assert api("GET", "my").json()["functions"] == []


def test_validate_looks_past_a_reserved_name(api):
    sent = body(name="admin", category="Media")

    said = api("POST", "validate", sent, key="").json()

    rules = [d["rule"] for d in said["diagnostics"] if d["severity"] == "error"]
    assert rules == ["RESERVED_NAME", "INVALID_CATEGORY"]


def test_validate_passes_what_is_right(api):
    said = api("POST", "validate", body(), key="").json()

    assert said["ok"] is True
    assert [d for d in said["diagnostics"] if d["severity"] == "error"] == []
