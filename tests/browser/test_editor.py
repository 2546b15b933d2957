"""The Admin in a browser: from an empty account to a function on the Hub."""

import re

import pytest
from playwright.sync_api import expect

from registry import publishing
from registry.listing import editing
from registry.models import Draft, Version

pytestmark = pytest.mark.django_db(transaction=True)
READY = "[data-monaco-host][data-ready=true]"


@pytest.fixture
def signed_in(open_browser, client, alice, live_server):
    """signed_in(**options) -> a page of alice's."""

    def signed_in(**options):
        page = open_browser(**options)
        client.force_login(alice)
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
        page.context.add_cookies([cookie | {"url": live_server.url}])
        return page

    return signed_in


@pytest.fixture
def edit(signed_in):
    """edit(draft, **options) -> a page with the draft open in Monaco."""

    def edit(draft, **options):
        page = signed_in(**options)
        page.goto(f"/admin/functions/edit/{draft.pk}")
        page.wait_for_selector(READY)
        return page

    return edit


def open_file(page, name):
    page.get_by_role("navigation", name="Files of the draft").get_by_role(
        "button", name=name
    ).first.click()


def type_in_editor(page, text):
    """Replace what the open file holds."""
    page.locator(".monaco-editor .view-lines").first.click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(text)


def forgive(open_browser, status):
    """The browser logs a refused save; where that is the scene, it is no fault."""
    kept = [c for c in open_browser.complaints if f"status of {status}" not in c]
    open_browser.complaints[:] = kept


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


@pytest.mark.main_flow
def test_write_check_preview_publish_and_see_it_on_the_hub(signed_in):
    page = signed_in()
    page.goto("/admin/")
    page.get_by_role("link", name="New function").first.click()
    page.get_by_label("Name").fill("Image Resizer")
    page.get_by_label("Description").fill("Resizes images on the edge.")
    page.get_by_label("Category").select_option("media")
    press(page, "Create the draft")
    page.wait_for_selector(READY)

    type_in_editor(
        page,
        "import { z } from 'zod';\n"
        "import { Hono } from 'hono';\n"
        "export const imageResizerRoute = new Hono();\n"
        "imageResizerRoute.get('/', (c) => c.json(z.object({})));\n",
    )
    press(page, "Validate")
    findings = page.get_by_role("tabpanel", name="Findings")
    expect(findings).to_contain_text("zod")
    findings.get_by_role("link", name="index.ts:1").click()
    expect(page.locator(".monaco-editor .squiggly-warning").first).to_be_visible()

    page.get_by_role("tab", name="Details").click()
    page.get_by_label("npm packages").fill("hono\nzod")
    press(page, "Validate")
    expect(findings).to_contain_text("Nothing found")

    press(page, "Preview")
    expect(page.get_by_text("This is how the page will look")).to_be_visible()
    page.get_by_role("link", name="Publish…").click()
    expect(page.get_by_role("heading", name="Publish image-resizer")).to_be_visible()
    press(page, "Publish 1.0.0")
    expect(page.get_by_text("image-resizer 1.0.0 is live")).to_be_visible()
    page.get_by_role("link", name="alice/image-resizer").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("image-resizer")
    expect(page.get_by_text("Resizes images on the edge.").first).to_be_visible()
    assert Version.objects.get().via == "admin"


def test_a_draft_pushed_by_a_client_is_finished_here(edit, api):
    pushed = api.push(readme=None).json()
    page = edit(Draft.objects.get(pk=pushed["id"]))

    open_file(page, "README.md")
    type_in_editor(page, "# Image resizer\n\nWritten in the browser.")
    expect(
        page.locator("[data-readme-preview] h1, [data-readme-preview] h2")
    ).to_have_text("Image resizer")
    press(page, "Publish…")
    press(page, "Publish 1.0.0")

    expect(page.get_by_role("heading", name="is live")).to_be_visible()
    assert "Written in the browser." in Version.objects.get().readme.text


def test_ctrl_s_saves_and_the_fields_follow_aerostack_json(edit, push):
    draft = push()
    page = edit(draft)

    page.get_by_label("Tags").fill("cdn, edge")
    open_file(page, "aerostack.json")
    expect(page.locator(".view-lines")).to_contain_text("edge")
    type_in_editor(page, '{"name": "image-resizer", "license": "ISC", "mine": [1]}')
    expect(page.get_by_label("License")).to_have_value("ISC")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-status]")).to_contain_text("Saved")

    draft.refresh_from_db()
    assert draft.manifest["license"] == "ISC"
    assert draft.manifest["mine"] == [1]
    assert draft.revision == 2


def test_broken_json_keeps_the_fields_as_they_are(open_browser, edit, push):
    draft = push()
    page = edit(draft)

    open_file(page, "aerostack.json")
    type_in_editor(page, '{"name" 1')
    expect(page.get_by_text("not one JSON object just now")).to_be_visible()
    page.keyboard.press("Control+s")

    expect(page.locator("[data-notices]")).to_contain_text("can't be read")
    draft.refresh_from_db()
    assert draft.revision == 1
    forgive(open_browser, 400)


def test_files_are_added_renamed_and_deleted(edit, push):
    draft = push(
        files={"index.ts": "export const a = 1;\n", "old.ts": "1\n"}, code=None
    )
    page = edit(draft)

    press(page, "Add")
    page.locator("#path-dialog-path").fill("src/core.ts")
    press(page, "OK")
    type_in_editor(page, "export const core = 1;\n")
    open_file(page, "old.ts")
    press(page, "Delete")
    open_file(page, "index.ts")
    press(page, "Rename")
    page.locator("#path-dialog-path").fill("old.ts")
    press(page, "OK")
    expect(page.locator("dialog")).to_be_visible()  # the name is taken
    page.locator("#path-dialog-path").fill("main.ts")
    press(page, "OK")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-status]")).to_contain_text("Saved")

    draft.refresh_from_db()
    assert draft.files == {
        "main.ts": "export const a = 1;\n",
        "src/core.ts": "export const core = 1;\n",
    }


def test_a_folder_is_uploaded_without_what_is_no_source(edit, push, tmp_path):
    draft = push()
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "node_modules" / "x").mkdir(parents=True)
    (folder / "src" / "core.ts").write_text("export const core = 1;\n")
    (folder / "README.md").write_text("# From disk\n")
    (folder / ".env").write_text("SECRET=1")
    (folder / "logo.png").write_bytes(b"\x89PNG\xff")
    (folder / "node_modules" / "x" / "index.js").write_text("x")
    page = edit(draft)

    page.set_input_files("input[data-upload-folder]", str(folder))
    notice = page.locator("[data-notice=intake]")
    expect(notice).to_contain_text("Added 1, replaced 1")
    expect(notice).to_contain_text("logo.png left out: not UTF-8 text")
    press(page, "Save")
    expect(page.locator("[data-status]")).to_contain_text("Saved")

    draft.refresh_from_db()
    assert sorted(draft.files) == ["index.ts", "src/core.ts"]
    assert draft.readme == "# From disk\n"


def test_unsaved_work_survives_a_reload(edit, push):
    draft = push()
    page = edit(draft)
    type_in_editor(page, "export const kept = 'unsaved';")
    page.reload()
    page.wait_for_selector(READY)

    expect(page.locator("[data-notices]")).to_contain_text("Unsaved work")
    press(page, "Restore")
    expect(page.locator(".view-lines")).to_contain_text("unsaved")
    press(page, "Save")
    expect(page.locator("[data-status]")).to_contain_text("Saved")

    draft.refresh_from_db()
    assert draft.files["index.ts"] == "export const kept = 'unsaved';"
    page.reload()
    page.wait_for_selector(READY)
    expect(page.get_by_text("Unsaved work")).to_have_count(0)


def test_unsaved_work_survives_a_lost_session(open_browser, edit, push, alice, client):
    draft = push()
    page = edit(draft)
    type_in_editor(page, "export const kept = 1;")
    client.logout()
    press(page, "Save")

    expect(page.locator("[data-status]")).to_contain_text("you are signed out")
    client.force_login(alice)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    page.context.add_cookies([cookie | {"url": page.url}])
    press(page, "Save again")

    expect(page.locator("[data-status]")).to_contain_text("Saved")
    draft.refresh_from_db()
    assert draft.files["index.ts"] == "export const kept = 1;"
    forgive(open_browser, 401)


def test_two_tabs_cannot_overwrite_each_other(open_browser, edit, push):
    draft = push()
    first = edit(draft)
    second = first.context.new_page()
    second.goto(f"/admin/functions/edit/{draft.pk}")
    second.wait_for_selector(READY)

    type_in_editor(second, "export const second = 2;\n")
    press(second, "Save")
    expect(second.locator("[data-status]")).to_contain_text("Saved")
    expect(first.locator("[data-notices]")).to_contain_text("saved in another tab")
    type_in_editor(first, "export const first = 1;\n")
    press(first, "Save")

    expect(first.get_by_role("heading", level=1)).to_have_text(
        "The draft was changed elsewhere"
    )
    expect(first.locator("main")).to_contain_text("export const second = 2;")
    first.get_by_label("Mine, to mend by hand").fill("export const both = 3;\n")
    press(first, "Save as chosen")
    first.wait_for_selector(READY)
    draft.refresh_from_db()
    assert draft.files["index.ts"] == "export const both = 3;\n"
    forgive(open_browser, 412)


def test_the_whole_page_is_usable_by_keyboard(edit, push):
    page = edit(push())

    page.locator(".monaco-editor .view-lines").first.click()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.monaco-editor') !== null")
    page.keyboard.press("Control+m")
    expect(page.locator("[data-tab-mode]")).to_have_text("Tab leaves the editor.")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.monaco-editor') === null")

    reached = set()
    page.get_by_role("link", name="Skip to content").focus()
    for _ in range(80):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "(e => e.closest('.monaco-editor') ? 'code' : e.dataset.action ||"
                " e.name && e.value && e.name + '=' + e.value || e.name ||"
                " e.dataset.panelTab || e.className)(document.activeElement)"
            )
        )
    assert {"then=save", "then=validate", "then=publish", "add", "code"} <= reached
    assert {"details", "version=1.0.0"} <= reached


def test_the_panels_follow_the_arrow_keys(edit, push):
    page = edit(push())

    page.get_by_role("tab", name="Details").focus()
    page.keyboard.press("ArrowRight")

    expect(page.get_by_role("tab", name="Findings")).to_be_focused()
    expect(page.get_by_role("tabpanel", name="Findings")).to_be_visible()


def test_a_large_file_stays_fluent(edit, push):
    lines = [f"export const value{n} = {n};" for n in range(14_000)]
    draft = push(files={"index.ts": "\n".join(lines)}, code=None)
    page = edit(draft)

    page.locator(".monaco-editor .view-lines").first.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("// typed at the very end of it")

    expect(page.locator(".view-lines")).to_contain_text("typed at the very end of it")
    press(page, "Save")
    expect(page.locator("[data-status]")).to_contain_text("Saved")
    draft.refresh_from_db()
    assert draft.files["index.ts"].endswith("// typed at the very end of it")


@pytest.mark.main_flow
def test_everything_works_without_javascript(signed_in):
    page = signed_in(java_script_enabled=False)
    page.goto("/admin/functions/new")
    page.get_by_label("Name").fill("Plain Form")
    page.get_by_label("Description").fill("Made without scripts.")
    page.get_by_label("Category").select_option("utility")
    page.get_by_label("A plain function").check()
    press(page, "Create the draft")
    page.get_by_label("Source").first.fill("export const plain = () => 'form';\n")
    page.locator("[data-documents]").get_by_label("Path").last.fill("src/core.ts")
    page.locator("[data-documents]").get_by_label("Source").last.fill(
        "export const core = 1;\n"
    )
    page.get_by_label("README, in Markdown").fill("# Plain")
    press(page, "Validate")
    expect(page.get_by_role("heading", name="Findings")).to_be_visible()
    expect(page.locator("[data-findings]")).to_contain_text("Nothing found")
    press(page, "Publish…")
    press(page, "Publish 1.0.0")

    expect(page.get_by_text("plain-form 1.0.0 is live")).to_be_visible()
    files = Version.objects.get().files.values_list("path", "blob__text")
    assert dict(files) == {
        "index.ts": "export const plain = () => 'form';\n",
        "src/core.ts": "export const core = 1;\n",
    }


def pages_of(alice, publish, push):
    """The address of every page of the Admin, each with something to show."""
    publish(readme="# One\n\n`code`")
    version = publish(version="1.1.0", code="export const b = 2;\n")
    publishing.yank(version, reason="Broken.", by=alice, via="admin")
    example = {"title": "Call it", "language": "bash", "code": "curl /api\n"}
    wanted = editing.Listing("# Two", ["image"], "media", examples=[example])
    editing.edit_listing(version.function, wanted, by=alice, via="admin")
    key = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    draft = push(
        version="1.2.0",
        files={"index.ts": f"import z from 'zod';\nexport const k = '{key}';\n"},
        code=None,
    )
    edit, function = (
        f"/admin/functions/edit/{draft.pk}",
        "/admin/functions/image-resizer",
    )
    return [
        "/admin/",
        "/admin/?q=nothing-like-it",
        "/admin/functions/new",
        edit,
        f"{edit}?panel=check",
        f"{edit}/preview",
        f"{edit}/preview/source",
        f"{edit}/preview/uses",
        f"{edit}/diff",
        f"{edit}/publish",
        f"{edit}/waive",
        f"{edit}/delete",
        function,
        f"{function}?published=1.0.0",
        f"{function}/versions/1.0.0/yank",
        f"{function}/deprecate",
        f"{function}/listing",
        f"{function}/listing/history",
        f"{function}/listing/history/1",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(
    signed_in, alice, publish, push, axe_finds_nothing, scheme
):
    page = signed_in(color_scheme=scheme)

    for path in pages_of(alice, publish, push):
        page.goto(path)
        if re.search(r"/edit/[0-9a-f-]+(\?.*)?$", path):
            page.wait_for_selector(READY)
        axe_finds_nothing(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_first_day(signed_in, axe_finds_nothing, scheme):
    page = signed_in(color_scheme=scheme)

    page.goto("/admin/")

    expect(page.get_by_text("You have no functions yet")).to_be_visible()
    axe_finds_nothing(page)


@pytest.mark.parametrize("scripts", [True, False])
def test_every_page_fits_a_phone(signed_in, alice, publish, push, scripts):
    phone = {"width": 390, "height": 844}
    page = signed_in(viewport=phone, java_script_enabled=scripts)

    for path in pages_of(alice, publish, push):
        page.goto(path)
        box = page.locator("html").bounding_box()
        assert box["width"] <= 390, path
        if scripts:
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= 390, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_where_two_versions_meet(
    open_browser, edit, push, alice, axe_finds_nothing, scheme
):
    draft = push()
    page = edit(draft, color_scheme=scheme)
    publishing.save_draft(draft, {"readme": "# Theirs"}, by=alice, via="cli")

    open_file(page, "README.md")
    type_in_editor(page, "# Mine")
    press(page, "Save")

    expect(page.get_by_role("heading", name="changed elsewhere")).to_be_visible()
    axe_finds_nothing(page)
    forgive(open_browser, 412)
