"""The public pages in a real browser: scripts, themes, no scripts, accessibility."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from registry import derived

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no Chromium at {CHROMIUM}"),
]
FUNCTION = "/functions/alice/image-resizer"
CODE = "".join(f"export const n{n} = {n};\n" for n in range(1, 41))


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, live_server):
    """open_page(path, **context options) -> Page; fails on any console error."""
    contexts, complaints = [], []

    def open_page(path, **options):
        context = chromium.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(f"{said.type} {said.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [said for said in complaints if "404 (Not Found)" not in said] == []


@pytest.fixture
def resizer(publish):
    """Two versions of a function of several files, with everything derived made."""
    shown = {"code": None, "npmDependencies": ["hono"]}
    readme = (
        "# Image resizer\n\n```ts\nresize(1)\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    for number in ("1.0.0", "1.1.0"):
        files = {"index.ts": CODE, "core.ts": f"export const core = '{number}';\n"}
        version = publish(version=number, readme=readme, files=files, **shown)
        derived.make(version.pk)
    return version


def marked(page) -> list[str]:
    lines = page.locator(".line--marked")
    return [lines.nth(n).get_attribute("id") for n in range(lines.count())]


def test_line_range_is_marked_from_the_address_and_by_clicks(open_page, resizer):
    page = open_page(f"{FUNCTION}/source#L10-L12")
    assert marked(page) == ["L10", "L11", "L12"]

    page.click("a[data-line='3']")
    assert page.url.endswith("#L3")
    page.click("a[data-line='5']", modifiers=["Shift"])

    assert page.url.endswith("#L3-L5")
    assert marked(page) == ["L3", "L4", "L5"]


def test_wrap_switch_is_remembered(open_page, resizer):
    page = open_page(f"{FUNCTION}/source")
    assert page.locator(".source--wrap").count() == 0

    page.check(".wrap-switch")
    page.goto(f"{FUNCTION}/source/core.ts")

    assert page.locator(".source--wrap").count() == 1


def test_copy_button_copies_the_command(open_page, resizer):
    allowed = ["clipboard-read", "clipboard-write"]
    page = open_page(FUNCTION, permissions=allowed)

    page.click(".fn-get .copy")

    page.wait_for_selector(".fn-get .copy[data-done]")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "aerostack functions install alice/image-resizer"
    assert page.text_content("#announcer") == "Copied"


def test_theme_follows_the_system_until_it_is_chosen(open_page, db):
    page = open_page("/", color_scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background)

    page.click(".theme-switch")  # system -> light
    light = page.evaluate(background)
    page.reload()

    assert light != dark
    assert page.evaluate(background) == light
    assert page.get_attribute("html", "data-theme") == "light"


def test_slash_goes_to_the_search_box(open_page, resizer):
    page = open_page(FUNCTION)

    page.keyboard.press("/")
    page.keyboard.type("resiz")
    page.keyboard.press("Enter")

    page.wait_for_url("**/functions/?q=resiz")
    assert page.locator(".function-row").count() == 1


def test_suggestions_lead_to_the_function_by_keyboard(open_page, resizer):
    page = open_page("/functions/")

    page.type(".site-search input", "resi", delay=20)
    page.wait_for_selector(".suggestions [role=option]")
    page.keyboard.press("ArrowDown")
    assert page.get_attribute("#q", "aria-activedescendant") == "q-suggestions-0"
    page.keyboard.press("Enter")

    page.wait_for_url(f"**{FUNCTION}")


def test_pages_read_well_without_scripts(open_page, resizer):
    page = open_page(f"{FUNCTION}/source#L7", java_script_enabled=False)

    assert page.locator(".line").count() == 40
    assert not page.locator(".copy").first.is_visible()
    assert not page.locator(".theme-switch").is_visible()
    page.click("text=Versions")
    page.click(".version-row a:text('1.0.0')")
    assert page.locator("h1").inner_text().startswith("image-resizer")


def test_skip_link_is_the_first_stop_and_leads_to_the_page(open_page, db):
    page = open_page("/")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "main"


PATHS = [
    "/",
    "/functions/",
    "/functions/?q=image",
    "/functions/?q=code:export",
    "/functions/?q=nothing-like-it",
    "/categories/media",
    "/users/alice",
    FUNCTION,
    f"{FUNCTION}/source",
    f"{FUNCTION}/uses",
    f"{FUNCTION}/versions",
    f"{FUNCTION}/install",
    f"{FUNCTION}/v/1.0.0",
    f"{FUNCTION}/compare/1.0.0...1.1.0",
    f"{FUNCTION}/compare/1.0.0...1.1.0?view=split",
    "/functions/alice/nope",
]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(open_page, resizer, theme):
    page = open_page("/", color_scheme=theme, viewport={"width": 1280, "height": 900})
    found = {}
    for path in PATHS:
        page.goto(path)
        violations = Axe().run(page).response["violations"]
        found |= {
            f"{path} {each['id']}": [node["html"][:120] for node in each["nodes"][:3]]
            for each in violations
        }

    assert found == {}


def test_nothing_is_wider_than_a_phone_or_asked_from_elsewhere(
    open_page, resizer, live_server
):
    page = open_page("/", viewport={"width": 360, "height": 740})
    asked = []
    page.on("request", lambda request: asked.append(request.url))

    for path in PATHS:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path

    assert [url for url in asked if not url.startswith(live_server.url)] == []
