"""The CI recipes of the docs, run as a runner would against the real server."""

import json
import os
import re
import shutil
import subprocess

import pytest
import yaml

from hub import docs
from registry.manifest import FIELDS
from tests.conftest import CODE
from tests.hub_server import HubServer

FUNCTIONS = "/api/community/functions"
MISSING = [program for program in ("bash", "curl", "jq") if not shutil.which(program)]
pytestmark = [
    pytest.mark.main_flow,
    pytest.mark.skipif(
        bool(MISSING), reason=f"the recipes need {', '.join(MISSING)}: install them"
    ),
]
MANIFEST = {
    "name": "image-resizer",
    "version": "1.0.0",
    "description": "Resize images on the edge.",
    "category": "media",
    "language": "typescript",
    "license": "MIT",
    "entrypoint": "index.ts",
}
# How each runner calls a step.
GITHUB = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]
GITLAB = ["sh", "-e", "-c"]


def recipes(name):
    """The YAML blocks of a page: release by tag, then a draft for each branch."""
    text = (docs.DOCS / f"{name}.md").read_text()
    return [
        yaml.safe_load(b) for b in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    ]


def github_script(recipe):
    (job,) = recipe["jobs"].values()
    (step,) = [step for step in job["steps"] if "run" in step]
    assert step["shell"] == "bash"
    assert step["env"]["AEROSTACK_API_KEY"] == "${{ secrets.AEROSTACK_API_KEY }}"
    return step["run"]


def gitlab_script(recipe):
    (job,) = recipe.values()
    assert job["image"] == "node:20-alpine"
    assert job["before_script"] == ["apk add --no-cache curl jq"]
    return "\n".join(job["script"])


class Project:
    """A checkout with one function in it, and the key a runner has."""

    def __init__(self, folder, server, key):
        self.folder, self.server, self.key = folder, server, key
        self.write()

    def write(self, code=CODE, **changes):
        text = json.dumps(MANIFEST | changes)
        (self.folder / "aerostack.json").write_text(text)
        (self.folder / "index.ts").write_text(code)

    def run(self, shell, script, **variables):
        """(exit status, what it printed) of a recipe's step."""
        environment = {
            "PATH": os.environ["PATH"],
            "AEROSTACK_API_KEY": self.key,
            **variables,
        }
        done = subprocess.run(
            [*shell, script.replace(docs.EXAMPLE_HUB, self.server.url)],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout + done.stderr

    def versions(self, slug="image-resizer"):
        _, found = self.server.call("GET", f"{FUNCTIONS}/alice/{slug}/versions")
        return [v["version"] for v in found.get("versions", [])]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with HubServer(tmp_path_factory.mktemp("hub")) as server:
        server.key = server.account()
        yield server


@pytest.fixture(params=["github", "gitlab"])
def runner(request, server, tmp_path):
    """runner(which, tag="" or branch="", **manifest) -> (status, output)."""
    # A name of its own for each test: one server serves them all.
    count = server.projects = getattr(server, "projects", 0) + 1
    name = f"tool-{'abcdefghijklmnopqrstuvwxyz'[count]}-{request.param}"
    project = Project(tmp_path, server, server.key)

    def runner(which, *, tag="", branch="", key=None, **changes):
        project.key = key or server.key
        project.write(**{"name": name} | changes)
        if request.param == "github":
            script = github_script(recipes("github-actions")[which])
            kind = {"GITHUB_REF_TYPE": "tag" if tag else "branch"}
            return project.run(GITHUB, script, GITHUB_REF_NAME=tag or branch, **kind)
        script = gitlab_script(recipes("gitlab-ci")[which])
        kind = {"CI_COMMIT_TAG": tag} if tag else {"CI_COMMIT_BRANCH": branch}
        return project.run(GITLAB, script, **kind)

    runner.slug, runner.project = name, project
    return runner


RELEASE, BRANCHES = 0, 1


def test_tag_releases_and_a_repeat_changes_nothing(runner):
    status, said = runner(RELEASE, tag="v1.0.0")
    again, said_again = runner(RELEASE, tag="v1.0.0")

    assert (status, again) == (0, 0), said + said_again
    expected = f"{runner.slug} 1.0.0 is published"
    assert expected in said
    assert expected in said_again
    assert runner.project.versions(runner.slug) == ["1.0.0"]


def test_tag_that_is_not_the_version_releases_nothing(runner):
    status, said = runner(RELEASE, tag="v2.0.0")

    assert status != 0
    assert "aerostack.json says 1.0.0" in said
    assert runner.project.versions(runner.slug) == []


def test_branch_makes_a_draft_and_leaves_what_is_live(runner):
    assert runner(BRANCHES, tag="v1.0.0")[0] == 0
    status, said = runner(BRANCHES, branch="feature", version="1.1.0")

    assert status == 0, said
    assert f"{runner.slug} 1.1.0 is draft" in said
    assert runner.project.versions(runner.slug) == ["1.0.0"]

    assert runner(BRANCHES, tag="v1.1.0", version="1.1.0")[0] == 0
    assert runner.project.versions(runner.slug) == ["1.1.0", "1.0.0"]


@pytest.mark.parametrize("which", [RELEASE, BRANCHES])
def test_refused_release_fails_and_says_why(runner, which):
    assert runner(which, tag="v1.0.0")[0] == 0
    status, said = runner(which, tag="v1.0.0", code="export const other = 1;\n")

    assert status != 0
    assert "is already published with other content" in said
    assert "Bump `version` in aerostack.json" in said


def test_wrong_key_fails_and_says_what_to_do(runner):
    status, said = runner(RELEASE, tag="v1.0.0", key="ac_secret_wrong")

    assert status != 0
    assert "Run `aerostack login` again" in said


def test_hub_that_does_not_answer_fails_the_job(runner, monkeypatch):
    monkeypatch.setattr(runner.project.server, "url", "http://127.0.0.1:9")
    status, said = runner(RELEASE, tag="v1.0.0")

    assert status != 0
    assert "curl: (7)" in said


@pytest.mark.parametrize("page", ["github-actions", "gitlab-ci"])
def test_several_files_and_a_readme(page, server, tmp_path):
    name = f"layered-{page}"
    project = Project(tmp_path, server, server.key)
    project.write(name=name, code="export { core } from './core';\n")
    (tmp_path / "core.ts").write_text("export const core = 1;\n")
    (tmp_path / "README.md").write_text("# Layered\n")
    text = (docs.DOCS / f"{page}.md").read_text()
    blocks = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    script = "config=$(cat aerostack.json)\n" + "\n".join(blocks)
    if page == "github-actions":
        script = script.strip() + " > body.json"

    assert project.run(GITLAB, script) == (0, "")
    body = json.loads((tmp_path / "body.json").read_text())
    status, made = server.call("POST", f"{FUNCTIONS}/ci/publish", body, server.key)
    _, found = server.call("GET", f"{FUNCTIONS}/alice/{name}")

    assert (status, made["status"]) == (201, "published")
    assert set(found["function"]["files"]) == {"index.ts", "core.ts"}
    assert found["function"]["readme"].startswith("# Layered")


def test_manifests_in_the_docs_hold_known_keys_only():
    shown = [
        json.loads(block)
        for path in sorted(docs.DOCS.glob("*.md"))
        for block in re.findall(r"```json\n(\{\n.*?)```", path.read_text(), re.DOTALL)
        if '"category"' in block
    ]

    assert len(shown) >= 2
    for manifest in shown:
        assert set(manifest) <= {*FIELDS, "$schema"}
