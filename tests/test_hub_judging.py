"""What pages compute for a reader who judges a function: uses, points, pictures."""

import pytest

from hub.svg.layers import layers_of
from hub.svg.timeline import timeline_of
from registry import search
from registry.catalog.file_tree import tree_of
from registry.content import derived
from registry.inspection import quality
from registry.models import Inspection

pytestmark = pytest.mark.django_db

LAYERED = {
    "core.ts": "export const twice = (n: number) => n * 2;\n",
    "schema.ts": (
        "import { sqliteTable, text } from 'drizzle-orm/sqlite-core';\n"
        "export const users = sqliteTable('users', { id: text('id') });\n"
    ),
    "adapter.ts": (
        "import { Hono } from 'hono';\n"
        "import { twice } from './core';\n"
        "import { users } from './schema';\n"
        "export const route = new Hono<{ Bindings: { DB: D1Database } }>();\n"
        "route.get('/twice', async (c) => {\n"
        "  await fetch('https://api.stripe.com/v1');\n"
        "  return c.json({ n: twice(1), key: c.env.STRIPE_KEY, on: !!c.env.DB });\n"
        "});\n"
    ),
    "index.ts": "export * from './adapter';\n",
}
README = "# Twice\n\n```ts\ntwice(2)\n```\n" + "It doubles numbers. " * 20


@pytest.fixture
def layered(publish):
    """layered(**changes) -> a version of several files, inspected."""

    def layered(**changes):
        shown = {
            "name": "twice",
            "code": None,
            "files": LAYERED,
            "readme": README,
            "npmDependencies": ["hono@^4", "drizzle-orm", "left-pad"],
            "envVars": ["STRIPE_KEY", "DB"],
            "drizzleSchema": True,
        }
        version = publish(**shown | changes)
        derived.make(version.pk)
        version.refresh_from_db()
        return version

    return layered


def page_of(client, path) -> str:
    return " ".join(client.get(path).content.decode().split())


def points(version) -> dict:
    report = version.inspection.report
    readme = version.readme.text if version.readme else ""
    return {
        point.name: point.is_met for point in quality.checklist(version, readme, report)
    }


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("hono@^4", "adapter.ts#L1"),
        ("drizzle-orm", "schema.ts#L1"),
        ("STRIPE_KEY", "adapter.ts#L7"),
        ("api.stripe.com", "adapter.ts#L6"),
        ("users", "schema.ts#L2"),
        ("GET /twice", "adapter.ts#L5"),
    ],
)
def test_uses_page_links_each_fact_to_the_line_that_shows_it(
    client, layered, name, place
):
    layered()

    page = page_of(client, "/functions/alice/twice/uses")

    start = page.index(f"<code>{name}</code>")
    assert f'href="/functions/alice/twice/source/{place}"' in page[start : start + 200]


def test_uses_page_says_where_manifest_and_code_disagree(client, layered):
    layered(envVars=["DB"])

    page = page_of(client, "/functions/alice/twice/uses")

    assert 'left-pad</code> <span class="note">nothing imports it' in page
    assert 'STRIPE_KEY</code> <span class="note">not in aerostack.json' in page


def test_uses_of_a_version_not_yet_inspected_come_from_its_manifest(client, publish):
    publish(name="twice", npmDependencies=["hono"])

    page = page_of(client, "/functions/alice/twice/uses")

    assert "<code>hono</code>" in page
    assert "nothing imports it" not in page
    assert "not been looked at yet" in page


def test_function_page_shows_what_it_touches(client, layered):
    layered()

    page = page_of(client, "/functions/alice/twice")

    touches = page[page.index("<h2>Touches</h2>") :]
    assert "api.stripe.com" in touches
    assert '<code>DB</code> <span class="note">D1</span>' in touches


def test_checklist_is_met_by_a_well_kept_function(layered):
    version = layered(npmDependencies=["hono", "drizzle-orm"])

    assert all(points(version).values()), points(version)


@pytest.mark.parametrize(
    ("changes", "open_points"),
    [
        ({"readme": "# Twice\n"}, {"README", "Example"}),
        ({"license": ""}, {"License"}),
        ({"envVars": ["DB"]}, {"Everything declared", "Clean inspection"}),
        (
            {"files": LAYERED | {"core.ts": "import { z } from 'hono';\n"}},
            {"Portable core", "Clean inspection"},
        ),
    ],
)
def test_checklist_says_what_to_improve(layered, changes, open_points):
    version = layered(**{"npmDependencies": ["hono", "drizzle-orm"]} | changes)

    unmet = {name for name, is_met in points(version).items() if not is_met}

    assert open_points == unmet


# Code that was not read whole: slow, broken and padded

SLOW = "f(a);\n" * 60_000
UNREAD = {
    "slow": SLOW,
    "broken": "export const broken = (;\n",
    "padded": "".join(f"f('http://localhost/{n}');\n" for n in range(501)),
}


@pytest.fixture(params=UNREAD.values(), ids=UNREAD)
def unread(request, layered, monkeypatch):
    """A well-kept version with one file that was not read whole, inspected."""
    if request.param == SLOW:
        monkeypatch.setattr(derived, "CHEAP_TEXT_SECONDS", 0.05)
        monkeypatch.setattr(derived, "TEXT_SECONDS", 0.05)
    changes = {"npmDependencies": ["hono", "drizzle-orm"]}
    return layered(files=LAYERED | {"more.ts": request.param}, **changes)


def test_no_point_about_code_is_met_where_it_was_not_read(unread):
    assert unread.inspection.report["incomplete"]

    met = {name for name, is_met in points(unread).items() if is_met}

    assert met == {"README", "Example", "License"}


def test_uses_page_says_not_known_instead_of_none(unread, client):
    page = page_of(client, "/functions/alice/twice/uses")

    assert "The code was not read whole" in page
    assert unread.inspection.report["incomplete"] in page
    assert "None" not in page
    assert 'Everything declared<span class="visually-hidden">: yes' not in page
    assert "· portable" not in page


def test_version_without_an_inspection_says_not_known(client, publish):
    publish(name="twice", readme=README)

    page = page_of(client, "/functions/alice/twice/uses")
    touches = page_of(client, "/functions/alice/twice")

    assert 'Clean inspection<span class="visually-hidden">: not known' in page
    assert "Not known" in page
    assert "No host and no storage named" not in touches
    assert '<p class="small">None</p>' not in touches


def test_filters_by_what_code_does_not_do_leave_out_what_was_not_read(unread, publish):
    quiet = publish(name="quiet", code="export const a = 1;\n")
    assert not search.find("no:dependencies").rows  # not inspected yet
    derived.make(quiet.pk)

    for asked in ("no:network", "no:dependencies"):
        assert [row.pk for row in search.find(asked).rows] == [quiet.function_id]


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ("import { Hono } from 'hono';\n", "no:dependencies"),
        ("eval(text);\n", "no:network"),
        ("x(f\\u0065tch);\n", "no:network"),
        ("".join(f"let a{n}b;\n" for n in range(4001)) + "fetch(x);\n", "no:network"),
    ],
    ids=["undeclared", "evaluated", "escaped", "padded with words"],
)
def test_filters_by_what_code_does_not_do_look_at_the_code(publish, code, asked):
    derived.make(publish(code=code).pk)

    assert not search.find(asked).rows


def test_inspection_of_an_older_inspector_is_made_anew_for_its_readers(
    layered, client, settings, monkeypatch
):
    version = layered()
    Inspection.objects.update(inspector=1)
    settings.DERIVE_IN_BACKGROUND = True
    asked = []
    monkeypatch.setattr(derived, "schedule", lambda *about: asked.append(about))

    client.get("/functions/alice/twice/uses")

    assert asked == [(version.pk, "alice")]


def test_layers_are_drawn_with_the_imports_between_them(layered):
    version = layered()

    drawn = layers_of(version.inspection.report, list(LAYERED))

    assert [box.path for box in drawn.boxes] == [
        "index.ts",
        "adapter.ts",
        "core.ts",
        "schema.ts",
    ]
    # index -> adapter, adapter -> core, adapter -> schema
    assert len(drawn.arrows) == 3
    assert [box.is_portable for box in drawn.boxes] == [False, False, True, False]


def test_single_file_has_no_layers_to_draw(publish):
    version = publish()
    derived.make(version.pk)
    version.refresh_from_db()

    assert layers_of(version.inspection.report, ["index.ts"]) is None


def test_timeline_has_a_lane_for_each_major_version(publish, alice):
    versions = [publish(version=n) for n in ("1.0.0", "2.0.0-rc.1", "2.0.0", "1.0.1")]

    drawn = timeline_of(versions)

    assert [label for label, _ in drawn.lanes] == ["2.x", "1.x"]
    assert [dot.kind for dot in drawn.dots] == ["", "pre", "", ""]
    heights = [dot.y for dot in drawn.dots]
    assert heights[0] == heights[3] > heights[1] == heights[2]
    assert drawn.width > max(dot.x for dot in drawn.dots)


def test_timeline_of_one_version_is_not_drawn(publish):
    assert timeline_of([publish()]) is None


def test_tree_has_folders_first_and_lone_folders_as_one():
    paths = ["index.ts", "src/lib/a.ts", "src/lib/b.ts", "z/one.ts", "a", "a.b/c.ts"]

    tree = tree_of(sorted(paths), "src/lib/b.ts")

    assert [entry.name for entry in tree] == ["a.b", "src/lib", "z", "a", "index.ts"]
    assert [(e.path, e.is_shown) for e in tree[1].entries] == [
        ("src/lib/a.ts", False),
        ("src/lib/b.ts", True),
    ]


def test_check_of_a_draft_claims_nothing_for_what_was_not_read(push, alice, client):
    slow = {f"slow{n}.ts": "a:" * 250_000 for n in range(4)}  # 4 s of the parser
    draft = push(files=slow)
    client.force_login(alice)
    url = f"/admin/functions/edit/{draft.pk}/check"

    html = client.get(url, headers={"Accept": "application/json"}).json()["html"]

    assert "Only part of it was checked" in html
    assert "Nothing found in what was checked" in html
    assert "nothing in the source looks wrong" not in html


def test_staff_are_told_what_was_not_read(layered, client, staff):
    version = layered(files=LAYERED | {"more.ts": UNREAD["padded"]})
    client.force_login(staff)

    page = page_of(client, f"/admin/moderation/functions/{version.function.uid}")

    assert "there may be more to find. Only a part of more.ts was read." in page
    assert "The inspection found nothing" not in page
