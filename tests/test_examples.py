"""The demo functions: what a fresh Hub shows must be what it asks of authors."""

import json
import re
from pathlib import Path

import pytest

from registry import inspection, names, secrets, semver
from registry.content import invisible
from registry.manifest import Manifest

EXAMPLES = Path(__file__).parents[1] / "examples"
CATEGORIES = {
    *("auth", "payments", "media", "email", "ai"),
    *("database", "utility", "analytics", "notifications", "storage"),
}
LATEST = sorted(path.parent for path in EXAMPLES.glob("*/aerostack.json"))
OLDER = sorted(path.parent for path in EXAMPLES.glob("*/versions/*/aerostack.json"))
DEMO = json.loads((EXAMPLES / "demo.json").read_text())

README_LINES = {"latest": range(40, 121), "older": range(15, 121)}


def name_of(folder: Path) -> str:
    return folder.relative_to(EXAMPLES).as_posix()


each_version = pytest.mark.parametrize("folder", [*LATEST, *OLDER], ids=name_of)


def manifest_of(folder: Path) -> dict:
    return json.loads((folder / "aerostack.json").read_text())


def source_of(folder: Path) -> dict[str, str]:
    """path -> text of the scripts; older versions are functions of their own."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode()
        for path in sorted(folder.rglob("*.[jt]s"))
        if path.relative_to(folder).parts[0] != "versions"
    }


def package(module: str) -> str:
    """`hono/cookie` -> `hono`, `@scope/name/part` -> `@scope/name`."""
    return "/".join(module.split("/")[: 2 if module.startswith("@") else 1])


def test_there_are_24_functions_of_every_kind():
    manifests = [manifest_of(folder) for folder in LATEST]
    layered = [folder for folder in LATEST if list(folder.rglob("core.[jt]s"))]
    languages = [manifest["language"] for manifest in manifests]

    assert len(LATEST) == 24
    assert {manifest["category"] for manifest in manifests} == CATEGORIES
    assert languages.count("typescript") > languages.count("javascript") >= 4
    assert len(layered) >= 7
    assert sum(manifest["drizzleSchema"] for manifest in manifests) >= 4
    assert any(manifest["entrypoint"].startswith("src/") for manifest in manifests)
    assert len({folder.parents[1] for folder in OLDER}) >= 6


def test_image_resizer_is_the_one_of_the_cli_guide():
    manifest = manifest_of(EXAMPLES / "image-resizer")

    assert manifest["version"] == "1.0.0"
    assert manifest["category"] == "media"
    assert manifest["routePath"] == "/api/image-resize"
    assert manifest["routeExport"] == "imageResizerRoute"
    assert manifest["envVars"] == ["IMAGE_MAX_WIDTH", "IMAGE_QUALITY"]


def test_demo_json_names_every_folder_once():
    slugs = [entry["slug"] for entry in DEMO["functions"]]
    authors = [author["username"] for author in DEMO["authors"]]
    owners = {entry["slug"]: entry["author"] for entry in DEMO["functions"]}

    assert sorted(slugs) == [folder.name for folder in LATEST]
    assert authors[0] == "demo"
    assert all(author["display_name"] and author["bio"] for author in DEMO["authors"])
    assert set(owners.values()) == set(authors)
    assert owners["image-resizer"] == owners["rate-limiter"] == "demo"


def test_demo_json_yanks_and_deprecates_what_exists():
    paths = {f"{entry['author']}/{entry['slug']}" for entry in DEMO["functions"]}
    yanks = [(e["slug"], y) for e in DEMO["functions"] for y in e.get("yank", [])]
    deprecations = [e["deprecate"] for e in DEMO["functions"] if "deprecate" in e]

    assert len(yanks) == len(deprecations) == 1
    for slug, yank in yanks:
        assert yank["reason"]
        for number in (yank["version"], yank["replacement"]):
            assert (EXAMPLES / slug / "versions" / number).is_dir()
    assert deprecations[0]["message"]
    assert deprecations[0]["successor"] in paths


def test_slugs_do_not_read_alike():
    assert len({names.look_alike(folder.name) for folder in LATEST}) == len(LATEST)


@each_version
def test_manifest_is_whole(folder):
    raw = manifest_of(folder)
    manifest = Manifest.parse(raw, categories=CATEGORIES)

    assert not manifest.warnings
    assert not manifest.extras
    assert (folder / raw["entrypoint"]).is_file()
    assert raw["entrypoint"].endswith(".js") == (raw["language"] == "javascript")
    assert names.slugify(raw["name"]) == name_of(folder).split("/")[0]
    assert ("routePath" in raw) == ("routeExport" in raw)


@pytest.mark.parametrize("folder", OLDER, ids=name_of)
def test_older_version_is_older(folder):
    latest = manifest_of(folder.parents[1])["version"]

    assert manifest_of(folder)["version"] == folder.name
    assert semver.parse(folder.name).sort_key < semver.parse(latest).sort_key


@each_version
def test_code_and_manifest_agree(folder):
    manifest, files = manifest_of(folder), source_of(folder)
    report = inspection.inspect(manifest, files)
    imported = {
        package(one["module"])
        for one in report["facts"]["imports"]
        if not one["module"].startswith(".")
    }
    declared = [text.rpartition("@")[0] for text in manifest["npmDependencies"]]
    read = set(re.findall(r"\benv\.([A-Za-z_]\w*)", "\n".join(files.values())))

    assert report["findings"] == []
    assert imported == set(declared)
    assert read == set(manifest["envVars"])
    assert manifest["drizzleSchema"] == bool(report["facts"]["tables"])


@each_version
def test_text_is_clean(folder):
    files = source_of(folder) | {
        name: (folder / name).read_bytes().decode()
        for name in ("README.md", "aerostack.json")
    }

    assert secrets.find_secrets(files) == []
    for text in files.values():
        assert "\r" not in text
        assert text.endswith("\n")
        assert not list(invisible.find_invisible(text))


@each_version
def test_readme_shows_how_to_use_it(folder):
    readme = (folder / "README.md").read_text()
    wanted = README_LINES["latest" if folder in LATEST else "older"]
    environment = readme.partition("## Environment")[2]

    assert len(readme.splitlines()) in wanted
    assert readme.startswith(f"# {manifest_of(folder)['name']}\n")
    assert re.search(r"^```(ts|js|sh|html)$", readme, re.MULTILINE)
    for name in manifest_of(folder)["envVars"]:
        assert f"| `{name}` |" in environment
