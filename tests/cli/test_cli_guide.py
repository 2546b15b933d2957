"""The product's own guides, step by step, with the real command against the real
Hub: publishing via the CLI from login to install, and every error of its table."""

import json
import re
import shutil
import time
import tomllib

import pytest

from tests.cli.conftest import ROOT, tree, write_function

# index.ts and aerostack.json as the guide prints them.
GUIDE_SOURCE = """\
import { Hono } from 'hono';

export const imageResizerRoute = new Hono<{ Bindings: { DB: D1Database } }>();

imageResizerRoute.get('/resize', async (c) => {
  const url = c.req.query('url');
  const width = parseInt(c.req.query('width') ?? '800');

  if (!url) {
    return c.json({ error: 'url query param required' }, 400);
  }

  // Your image resizing logic using Cloudflare Images API
  return c.json({
    original: url,
    resized: `${url}?width=${width}&format=webp`,
    width,
  });
});

imageResizerRoute.get('/health', (c) =>
  c.json({ module: 'image-resizer', ok: true })
);
"""
GUIDE_MANIFEST = {
    "description": "Resize and transform images on the edge using Cloudflare Workers.",
    "tags": ["image", "media", "resize", "cdn"],
    "routePath": "/api/image-resize",
    "routeExport": "imageResizerRoute",
    "npmDependencies": [],
    "envVars": ["IMAGE_MAX_WIDTH", "IMAGE_QUALITY"],
    "drizzleSchema": False,
}
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.fixture
def alice(process, real_hub):
    """The command as alice runs it, logged in to the real Hub."""
    return as_user(process, real_hub, "alice")


@pytest.fixture
def bob(process, real_hub):
    return as_user(process, real_hub, "bob")


def as_user(process, real_hub, name):
    env = {"AEROSTACK_API_URL": real_hub.url, "AEROSTACK_API_KEY": real_hub.keys[name]}

    def command(*args, **options):
        return process(*args, env=env, **options)

    return command


def guide_function(folder, **fields):
    return write_function(
        folder, files={"index.ts": GUIDE_SOURCE}, **{**GUIDE_MANIFEST, **fields}
    )


def test_the_guide_from_login_to_install(process, real_hub, project, tmp_path):
    guide_function(project / "my-image-resizer")
    env = {"AEROSTACK_API_URL": real_hub.url}

    login = process("login", stdin=real_hub.keys["alice"] + "\n", env=env)
    assert login.out == f"Logged in to {real_hub.url} as alice (account key).\n"

    pushed = process("functions", "push", "./my-image-resizer/index.ts")
    assert pushed.status == 0, pushed.err
    draft_id = re.search(f"^{UUID}$", pushed.out, re.MULTILINE)[0]
    assert pushed.out == (
        "Pushing function 'image-resizer' to Aerostack...\n"
        "Pushed successfully!\n"
        "   Slug: image-resizer\n"
        "   Status: draft\n"
        f"   Admin URL: {real_hub.url}/admin/functions/edit/{draft_id}\n"
        f"\n{draft_id}\n\n"
        f"Publish it with: aerostack functions publish {draft_id}\n"
    )

    published = process("functions", "publish", draft_id)
    assert published.status == 0, published.err
    assert f"{real_hub.url}/functions/alice/image-resizer" in published.out

    app = tmp_path / "app"
    app.mkdir()
    installed = process("functions", "install", "alice/image-resizer", cwd=app)
    assert installed.status == 0, installed.err
    assert "IMAGE_MAX_WIDTH=" in installed.out
    files = tree(app)
    assert files["services/image-resizer/index.ts"] == GUIDE_SOURCE.encode()
    assert tomllib.loads(files["aerostack.toml"].decode()) == {
        "services": [
            {"name": "image-resizer", "main": "services/image-resizer/index.ts"}
        ]
    }
    assert process("functions", "status", "--ci", cwd=app).status == 0
    assert process("functions", "verify", cwd=app).status == 0


def test_the_guides_last_example_publishes_this_folder(alice, project, tmp_path):
    folder = tmp_path / "example-functions" / "rate-limiter"
    shutil.copytree(ROOT / "examples" / "rate-limiter", folder)

    done = alice("publish", ".", cwd=folder)

    assert done.status == 0, done.err
    assert done.out.startswith("Pushing function 'rate-limiter' to Aerostack...\n")
    assert "Published successfully!" in done.out
    installed = alice("functions", "install", "rate-limiter")
    assert installed.status == 0, installed.err
    for name in ("index.ts", "core.ts", "adapter.ts"):
        written = (project / "services/rate-limiter" / name).read_bytes()
        assert written == (folder / name).read_bytes()
    again = alice("publish", ".", cwd=folder)
    assert again.status == 0, again.err
    assert "was published already" in again.out
    drafts = alice("functions", "list", "--json").json["functions"]
    assert [f["status"] for f in drafts if f["slug"] == "rate-limiter"] == ["published"]


def assert_refused(done, code, sentence, fix):
    assert done.status == 1, done.err
    assert f"   Code: {code}\n" in done.err
    assert re.search(sentence, done.err)
    assert f"   Fix:  {fix}" in done.err


def test_error_invalid_category(alice, project):
    guide_function(project, name="pictures-one", category="Media")

    assert_refused(
        alice("functions", "push", "index.ts"),
        "INVALID_CATEGORY",
        r"Media.*auth, payments, media, email, ai, database, utility",
        "Check spelling and use lowercase",
    )


def test_error_missing_entrypoint(alice, project):
    guide_function(project, name="pictures-two", entrypoint="main.ts")

    assert_refused(
        alice("functions", "push", "index.ts"),
        "MISSING_ENTRYPOINT",
        r"entrypoint 'main\.ts' names no file",
        "Verify the path is relative to the function directory",
    )


@pytest.mark.parametrize("code", ["", " \n", "// nothing yet\n"])
def test_error_empty_code(alice, project, code):
    write_function(project, files={"index.ts": code}, name="pictures-three")

    assert_refused(
        alice("functions", "push", "index.ts"),
        "EMPTY_CODE",
        "index.ts",
        "Add at least one exported function",
    )


def test_error_duplicate_slug(alice, bob, project):
    guide_function(project, name="pictures-four")
    assert alice("functions", "push").status == 0

    assert_refused(
        bob("functions", "push"),
        "DUPLICATE_SLUG",
        "pictures-four",
        "Rename your function",
    )


def test_error_unauthorized(process, real_hub, project):
    guide_function(project, name="pictures-five")
    env = {"AEROSTACK_API_URL": real_hub.url, "AEROSTACK_API_KEY": "ac_secret_xxxx"}

    assert_refused(
        process("functions", "push", env=env),
        "UNAUTHORIZED",
        "key",
        "Run `aerostack login` again",
    )


def test_error_version_conflict(alice, project):
    guide_function(project, name="pictures-six")
    assert alice("publish").status == 0
    (project / "index.ts").write_text(GUIDE_SOURCE + "export const more = 1;\n")

    refused = alice("publish")

    assert_refused(
        refused, "VERSION_CONFLICT", r"1\.0\.0", "Bump `version` in aerostack.json"
    )
    assert "the draft was removed again" in refused.err
    mine = alice("functions", "list", "--json").json["functions"]
    assert [f["status"] for f in mine if f["slug"] == "pictures-six"] == ["published"]


def test_each_push_creates_a_new_draft(alice, project):
    guide_function(project, name="pictures-seven")

    first, second = alice("functions", "push", "-q"), alice("functions", "push", "-q")

    assert first.out != second.out
    mine = alice("functions", "list", "--json").json["functions"]
    ids = {item["id"] for item in mine if item["slug"] == "pictures-seven"}
    assert ids == {first.out.strip(), second.out.strip()}


def test_a_bare_file_can_be_pushed(alice, project):
    (project / "slug-tidier.ts").write_text("export const tidy = (s) => s.trim();\n")

    done = alice("functions", "push", "slug-tidier.ts")

    assert done.status == 0, done.err
    assert "   Slug: slug-tidier\n   Status: draft\n" in done.out
    assert "there is no aerostack.json" in done.err


def test_init_makes_no_slug_of_a_name_in_mixed_scripts(alice, project):
    named = alice("functions", "init", "tool", "--name", "p\u0430ypal")
    of_a_folder = alice("functions", "init", "p\u0430ypal")

    for made in (named, of_a_folder):
        assert made.status != 0
        assert "make no valid aerostack.json" in made.err
    assert "mixes ASCII letters" in named.err
    assert not list(project.rglob("aerostack.json"))


def test_what_init_writes_passes_validation_and_publishes(alice, project):
    made = alice("functions", "init", "hello-worker")
    folder = project / "hello-worker"

    checked = alice("functions", "validate", "hello-worker", "--json")
    published = alice("publish", "hello-worker")

    assert made.status == 0, made.err
    assert checked.json == {"ok": True, "diagnostics": []}
    assert published.status == 0, published.err
    assert json.loads((folder / "aerostack.json").read_text())["routeExport"] == (
        "helloWorkerRoute"
    )


def test_validate_shows_the_inspections_findings_with_their_place(alice, project):
    guide_function(project, name="pictures-nine", routeExport="notThere")
    (project / "index.ts").write_text(
        "import { x } from 'left-pad';\nexport const y = x;\n"
    )

    done = alice("functions", "validate")

    assert done.status == 1
    for place in (
        r"index\.ts:1:\d+: warning: left-pad",
        r"index\.ts:\d+:\d+: error: notThere",
        r"aerostack\.json:20:5: warning: IMAGE_MAX_WIDTH",
    ):
        assert re.search(f"^{place}", done.out, re.MULTILINE)


def test_a_functions_life_for_those_who_installed_it(alice, project, tmp_path):
    source = guide_function(tmp_path / "source", name="lifeline")
    assert alice("publish", source).status == 0
    assert alice("functions", "install", "lifeline").status == 0

    def states():
        status = alice("functions", "status", "--json")
        return status.json["functions"][0]["states"]

    assert states() == ["clean"]

    path = project / "services/lifeline/index.ts"
    path.write_text(path.read_text().replace("'800'", "'1024'"))
    guide_function(source, name="lifeline", version="1.1.0")
    changed = GUIDE_SOURCE.replace("ok: true", "ok: 'yes'")
    (source / "index.ts").write_text(changed)
    assert alice("publish", source).status == 0
    reason = ["--reason", "wrong width", "--replacement", "1.1.0"]
    assert alice("functions", "yank", "lifeline@1.0.0", *reason).status == 0
    message = ["--message", "no longer kept"]
    assert alice("functions", "deprecate", "lifeline", *message).status == 0

    assert states() == ["modified", "outdated", "yanked", "deprecated"]
    told = alice("functions", "status", "--ci")
    assert told.status == 1
    assert "wrong width (use 1.1.0 instead)" in told.out
    assert "'1024'" in alice("functions", "diff", "lifeline").out
    assert "ok: 'yes'" in alice("functions", "diff", "lifeline", "--newest").out
    updated = alice("functions", "update", "--all")
    assert updated.status == 0, updated.err
    assert path.read_text() == changed.replace("'800'", "'1024'")

    assert alice("functions", "deprecate", "lifeline", "--undo").status == 0
    assert alice("functions", "yank", "lifeline@1.0.0", "--undo").status == 0
    assert states() == ["modified"]
    removed = alice("functions", "remove", "lifeline")
    assert "kept services/lifeline/index.ts" in removed.out
    assert sorted(tree(project)) == [
        "aerostack.lock",
        "aerostack.toml",
        "services/lifeline/index.ts",
    ]


def test_a_copied_file_finds_its_function_again(alice, project, tmp_path):
    source = guide_function(tmp_path / "source", name="foundling")
    (source / "index.ts").write_text(GUIDE_SOURCE + "// foundling\n")
    assert alice("publish", source).status == 0
    copied = project / "services/foundling/index.ts"
    copied.parent.mkdir(parents=True)
    copied.write_text(GUIDE_SOURCE + "// foundling\n")

    adopted = alice("functions", "adopt", "services/foundling")

    assert adopted.status == 0, adopted.err
    assert "comes from alice/foundling@1.0.0" in adopted.out
    assert alice("functions", "status", "--ci").status == 0
    copied.write_text("something else entirely")
    assert alice("functions", "adopt", copied).status == 1


def test_what_is_published_can_be_found_read_and_pulled(alice, project, tmp_path):
    source = guide_function(tmp_path / "source", name="findable-thing")
    (source / "README.md").write_text("# Findable\n")
    assert alice("publish", source).status == 0

    for _ in range(20):  # search hears of it a moment later
        found = alice("functions", "search", "findable")
        if "Nothing found" not in found.out:
            break
        time.sleep(0.1)
    told = alice("functions", "info", "findable-thing")
    pulled = alice("functions", "pull", "alice/findable-thing")
    opened = alice("functions", "open", "findable-thing")

    assert "alice/findable-thing\t1.0.0\t" in found.out
    assert re.search("Variables: +IMAGE_MAX_WIDTH, IMAGE_QUALITY", told.out)
    assert pulled.status == 0, pulled.err
    written = tree(project / "findable-thing")
    assert sorted(written) == ["README.md", "aerostack.json", "index.ts"]
    assert written["README.md"] == b"# Findable\n"
    kept = json.loads(written["aerostack.json"])
    given = json.loads((source / "aerostack.json").read_text())
    assert {key: kept[key] for key in given} == given
    assert opened.out.endswith("/functions/alice/findable-thing\n")
    assert alice("functions", "publish", "findable-thing").status == 0
