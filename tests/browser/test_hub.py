"""The public pages in a real browser: scripts, themes, no scripts, accessibility."""

import gzip
from pathlib import Path

import pytest

from registry.content import derived

STATIC = Path(__file__).resolve().parent.parent.parent / "static"
pytestmark = pytest.mark.django_db(transaction=True)
FUNCTION = "/functions/alice/image-resizer"
CODE = "".join(f"export const n{n} = {n};\n" for n in range(1, 41))
HTML_BYTES, CSS_BYTES, SCRIPT_BYTES = 60_000, 60_000, 40_000  # compressed


@pytest.fixture
def open_page(open_browser):
    """open_page(path, **context options) -> Page, at ``path``."""

    def open_page(path, **options):
        page = open_browser(**options)
        page.goto(path)
        return page

    yield open_page
    # A page that is not there says so in the console, as it should.
    said = open_browser.complaints
    said[:] = [line for line in said if "404 (Not Found)" not in line]


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
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing(open_page, resizer, axe_finds_nothing, theme, width):
    page = open_page("/", color_scheme=theme, viewport={"width": width, "height": 900})
    for path in PATHS:
        page.goto(path)
        axe_finds_nothing(page)


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


# --- what a page may weigh


def packed(body):
    return len(gzip.compress(body, 5))


@pytest.mark.parametrize(
    "path",
    ["/", "/functions/", FUNCTION, f"{FUNCTION}/source", f"{FUNCTION}/uses", "/docs/"],
)
def test_page_keeps_its_budget(open_browser, live_server, resizer, path):
    page = open_browser(viewport={"width": 390, "height": 844})
    answers = []
    page.on("response", lambda answer: answers.append(answer))
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => list.getEntries().forEach("
        "entry => { window.shift += entry.value })).observe("
        "{type: 'layout-shift', buffered: true})"
    )

    page.goto(path)
    page.wait_for_load_state("networkidle")

    weights = {"document": 0, "stylesheet": 0, "script": 0}
    for answer in answers:
        assert answer.url.startswith(live_server.url), answer.url
        kind = answer.request.resource_type
        if kind in weights:
            weights[kind] += packed(answer.body())
    assert 0 < weights["document"] < HTML_BYTES
    assert 0 < weights["stylesheet"] < CSS_BYTES
    assert weights["script"] < SCRIPT_BYTES
    # A thousandth is less than one pixel of the page; a swap of fonts rounds to that.
    assert round(page.evaluate("window.shift"), 3) == 0


# --- what strangers may try


HOSTILE_README = """
# Hello <script>window.broken = 1</script>

<img src=x onerror="window.broken = 2"> <svg onload="window.broken = 3"></svg>
[a](javascript:window.broken=4) [b](JaVaScRiPt:window.broken=5)
[c](data:text/html,<script>window.broken=6</script>)
[d](java&#x0A;script:alert(7))
<a href="x" onclick="window.broken = 8">e</a>
<iframe srcdoc="<script></script>"></iframe>
<form action="/account/logout/"><button>f</button></form>
<style>body{display:none}</style>
![tracker](https://evil.example/pixel.png) ![t](//evil.example/p.png)
{{7*7}} ${window.x}
"""


def test_a_hostile_readme_is_inert(open_page, publish, live_server):
    version = publish(readme=HOSTILE_README, description="<b>{{7*7}}</b> ${x}")
    derived.make(version.pk)
    page = open_page("/functions/")
    asked = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(FUNCTION)
    readme = page.locator(".readme, .prose, main").first
    for link in readme.locator("a").all():
        assert (
            not (link.get_attribute("href") or "")
            .lower()
            .startswith(("javascript:", "data:", "vbscript:", "//"))
        )
        assert link.get_attribute("onclick") is None

    assert page.evaluate("window.broken") is None
    assert (
        page.locator("main iframe, main style, main form[action*=logout]").count() == 0
    )
    assert page.locator("main script:not([type='application/ld+json'])").count() == 0
    assert page.is_visible("text={{7*7}}")
    assert all(url.startswith(live_server.url) for url in asked)


def test_reference_amplification_shows_the_text_and_says_so(open_page, publish):
    readme = "[a]: " + "x" * 6000 + "\n\n" + "[a] " * 12_000
    version = publish(readme=readme)
    derived.make(version.pk)

    page = open_page(FUNCTION)

    assert len(page.content()) < 1_500_000
    assert "x" * 100 in page.content()
