"""The docs in a real browser: accessible, narrow enough, useful without scripts."""

import pytest

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = [
    "/docs/",
    "/docs/github-actions",
    "/docs/universal-adapter",
    "/docs/endpoints",
    "/docs/cli",
    "/docs/settings",
    "/docs/inspection",
    "/docs/performance",
    "/docs/search?q=publish",
]
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_nothing_and_nothing_sticks_out(
    open_browser, axe_finds_nothing, theme, viewport
):
    page = open_browser(color_scheme=theme, viewport=viewport)
    for path in PAGES:
        page.goto(path)
        axe_finds_nothing(page)
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_figures_keep_the_head_that_says_what_they_are(open_browser):
    page = open_browser(viewport=PHONE)
    heads = ".docs .prose thead"

    page.goto("/docs/performance")
    growth = page.locator(heads, has_text="CPU ms: 1,000")
    assert growth.evaluate("head => getComputedStyle(head).position") == "static"
    page.goto("/docs/inspection")
    rules = page.locator(heads, has_text="severity")
    assert rules.evaluate("head => getComputedStyle(head).position") == "absolute"


def test_recipe_is_copied_as_it_stands(open_browser, live_server):
    page = open_browser(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/docs/github-actions")
    page.get_by_role("button", name="Copy code").first.click()
    copied = page.evaluate("navigator.clipboard.readText()")

    assert copied.startswith("name: Publish to the Hub\non:\n  push:\n")
    assert copied == page.locator("#code-1").inner_text()
    assert "/api/community/functions/ci/publish" in copied


def test_everything_is_there_without_scripts(open_browser):
    page = open_browser(java_script_enabled=False, viewport=DESKTOP)
    page.goto("/docs/")
    page.get_by_label("Search the docs").fill("VERSION_CONFLICT")
    page.get_by_label("Search the docs").press("Enter")
    page.get_by_role("link", name="VERSION_CONFLICT", exact=True).click()

    assert page.url.endswith("/docs/errors#version_conflict")
    assert page.locator("tr#version_conflict").is_visible()
    assert page.get_by_role("button", name="Copy code").count() == 0


def test_contents_lead_to_their_headings(open_browser):
    page = open_browser(viewport=DESKTOP)
    page.goto("/docs/manifest")
    contents = page.get_by_role("navigation", name="On this page")
    contents.get_by_role("link", name="Limits").click()

    assert page.url.endswith("/docs/manifest#limits")
    assert page.locator("h2#limits").is_visible()


def test_pages_can_be_chosen_on_a_phone(open_browser):
    page = open_browser(viewport=PHONE)
    page.goto("/docs/overview")
    pages = page.locator("nav[aria-label='Pages of the docs']")
    assert not pages.get_by_text("GitLab CI").is_visible()
    page.get_by_text("All pages").click()
    pages.get_by_role("link", name="GitLab CI").click()

    assert page.get_by_role("heading", level=1).inner_text() == "GitLab CI"
