"""The shadcn registry format: its shape, and what the real command makes of it."""

import json
import os
import shutil
import subprocess

import pytest

from registry import publishing
from registry.installs import counting
from registry.models import InstallSighting

ITEM = "/r/alice/image-resizer"
CODE = """"use client";
// Nothing here may change on its way.
import { cn } from "@/lib/utils";

export const resize = (width: number) => cn(`${width * 2}px`);
"""


@pytest.fixture
def version(publish):
    return publish(
        code=None,
        files={"src/adapter.ts": CODE, "src/lib/core.ts": "export const one = 1;\n"},
        entrypoint="src/adapter.ts",
        envVars=["IMAGE_MAX_WIDTH"],
        npmDependencies=["hono@^4"],
        routeExport="resize",
        routePath="/api/resize",
    )


# --- the shape


@pytest.mark.django_db
def test_item_has_files_targets_packages_and_variables(client, version):
    item = client.get(f"{ITEM}.json").json()

    assert item["name"] == "image-resizer"
    assert item["type"] == "registry:item"
    assert item["dependencies"] == ["hono@^4"]
    assert item["envVars"] == {"IMAGE_MAX_WIDTH": ""}
    files = {file["target"]: file for file in item["files"]}
    assert list(files) == [
        "~/services/image-resizer/adapter.ts",
        "~/services/image-resizer/index.ts",
        "~/services/image-resizer/lib/core.ts",
    ]
    assert files["~/services/image-resizer/adapter.ts"]["content"] == CODE
    assert all(file["type"] == "registry:file" for file in item["files"])
    assert "IMAGE_MAX_WIDTH" in item["docs"]
    assert "app.route('/api/resize', resize);" in item["docs"]
    assert item["meta"]["integrity"] == version.integrity


@pytest.mark.django_db
def test_item_of_a_version_stays_that_version(client, version, publish, alice):
    publish(version="1.1.0", code="export const two = 2;\n")
    publishing.yank(version, reason="Loses pixels.", by=alice, via="admin")

    old = client.get(f"{ITEM}@1.0.0.json").json()

    assert old["meta"]["version"] == "1.0.0"
    assert "yanked: Loses pixels." in old["docs"]
    assert client.get(f"{ITEM}.json").json()["meta"]["version"] == "1.1.0"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/r/alice/nothing.json", f"{ITEM}@9.9.9.json", "/r/bob/image-resizer.json"]
)
def test_item_that_is_not_there_says_so_in_json(client, version, path):
    response = client.get(path)

    assert response.status_code == 404
    assert "no" in response.json()["message"]


@pytest.mark.django_db
def test_item_is_sealed_and_counted_as_an_install(client, version):
    counting._waiting.clear()
    response = client.get(f"{ITEM}.json")

    assert response["ETag"]
    assert response["Vary"] == "Accept-Encoding"
    assert not response.cookies
    assert counting.flush() == 1
    assert InstallSighting.objects.get().version == version


@pytest.mark.django_db
def test_registry_lists_what_add_takes(client, version, queries, publish, push):
    push(name="only-a-draft")
    found = client.get("/r/registry.json").json()
    assert [item["name"] for item in found["items"]] == ["alice/image-resizer"]
    one = queries(client, "/r/registry.json")

    publish(name="another-thing")

    assert queries(client, "/r/registry.json") == one


# --- the real command


@pytest.fixture(scope="session")
def shadcn(tmp_path_factory):
    """shadcn(folder, *args) -> what the command printed; it has to succeed."""
    if not shutil.which("npx"):
        pytest.skip("Node.js with npx is not installed")
    tool = tmp_path_factory.mktemp("shadcn")
    (tool / "package.json").write_text("{}")
    fetched = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "shadcn@latest"],
        cwd=tool,
        capture_output=True,
        text=True,
    )
    if fetched.returncode and not os.environ.get("CI"):
        pytest.skip(f"npm can't fetch shadcn here: {fetched.stderr[-300:]}")
    assert not fetched.returncode, fetched.stderr

    def run(folder, *args):
        command = [tool / "node_modules/.bin/shadcn", *args]
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=240
        )
        assert not done.returncode, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture
def project(tmp_path):
    (tmp_path / "package.json").write_text('{"name": "shop", "version": "1.0.0"}')
    return tmp_path


@pytest.mark.django_db(transaction=True)
def test_real_command_copies_the_files_as_published(
    shadcn, live_server, project, version, publish
):
    printed = shadcn(project, "add", "-y", f"{live_server.url}{ITEM}.json")

    there = project / "services/image-resizer"
    assert (there / "adapter.ts").read_text() == CODE
    assert (there / "lib/core.ts").read_text() == "export const one = 1;\n"
    assert 'from "./adapter"' in (there / "index.ts").read_text()
    assert "IMAGE_MAX_WIDTH=" in (project / ".env.local").read_text()
    assert "hono" in json.loads((project / "package.json").read_text())["dependencies"]
    assert "app.route('/api/resize', resize);" in printed


@pytest.mark.django_db(transaction=True)
def test_real_command_copies_the_version_asked_for(
    shadcn, live_server, project, version, publish
):
    publish(version="1.1.0", code=None, files={"index.ts": "export const two = 2;\n"})
    publish(version="1.2.0", code="export const three = 3;\n")

    shadcn(project, "add", "-y", f"{live_server.url}{ITEM}@1.1.0.json")

    there = project / "services/image-resizer"
    assert (there / "index.ts").read_text() == "export const two = 2;\n"


@pytest.mark.django_db(transaction=True)
def test_real_command_finds_functions_by_namespace(
    shadcn, live_server, project, version
):
    hub = {"registries": {"@hub": f"{live_server.url}/r/{{name}}.json"}}
    (project / "components.json").write_text(json.dumps(hub))

    found = shadcn(project, "search", "@hub", "-q", "resizer")
    seen = shadcn(project, "view", "@hub/alice/image-resizer")

    assert "@hub/alice/image-resizer" in found
    assert json.loads(seen)[0]["files"][0]["content"] == CODE
