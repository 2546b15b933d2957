"""A headless Chromium in front of the running server, http://localhost:<port>."""

import os
from pathlib import Path

import pytest

CHROMIUM = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
FLAGS = """
    --headless --no-sandbox --disable-gpu --disable-quic --no-first-run
    --disable-background-networking --disable-component-update --disable-sync
""".split()
TIMEOUT = 15_000  # milliseconds for anything a page should do at once


def pytest_collection_modifyitems(items):
    missing = pytest.mark.skipif(
        not Path(CHROMIUM).exists(),
        reason=f"no Chromium at {CHROMIUM}; install it or name one in CHROMIUM",
    )
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(missing)


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_browser(chromium, live_server):
    """open_browser(**options) -> a page of a fresh profile; addresses are paths.

    options: of Playwright's new_context, such as ``color_scheme`` or
    ``java_script_enabled``. A page that logs an error or is refused something by
    the content security policy fails the test at its end.
    """
    contexts, complaints = [], []

    def note(message):
        if message.type == "error" and "favicon" not in message.location["url"]:
            complaints.append(f"{message.location['url']}: {message.text}")

    def open_browser(**options):
        context = chromium.new_context(base_url=live_server.url, **options)
        context.set_default_timeout(TIMEOUT)
        contexts.append(context)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    open_browser.complaints = complaints
    yield open_browser
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(open_browser):
    return open_browser()


@pytest.fixture
def axe_finds_nothing():
    """axe_finds_nothing(page): no violation, or the test fails and names each."""
    from axe_playwright_python.sync_playwright import Axe

    def axe_finds_nothing(page):
        found = [
            f"{violation['id']}: {node['target']} {node['html'][:120]}"
            for violation in Axe().run(page).response["violations"]
            for node in violation["nodes"]
        ]
        assert found == [], page.url

    return axe_finds_nothing
