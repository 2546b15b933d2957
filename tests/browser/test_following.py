"""Starring, following and the page of installs, as a reader meets them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from playwright.sync_api import expect

from registry.models import Digest, Follow, Function, InstallCount

pytestmark = pytest.mark.django_db(transaction=True)

FUNCTION = "/functions/alice/image-resizer"


@pytest.fixture
def function(publish):
    version = publish()
    today = datetime.now(UTC).date()
    for ago in range(0, 60, 3):
        InstallCount.objects.create(
            version=version, day=today - timedelta(days=ago), installs=60 - ago
        )
    return version.function


@pytest.fixture
def sign_in(live_server):
    """sign_in(page, account): its browser has a session of ``account``."""

    def sign_in(page, account):
        client = Client()
        client.force_login(account)
        value = client.cookies["sessionid"].value
        cookie = {"name": "sessionid", "value": value, "url": live_server.url}
        page.context.add_cookies([cookie])

    return sign_in


def test_reader_stars_a_function_and_follows_it(page, function, bob, sign_in):
    sign_in(page, bob)
    page.goto(FUNCTION)
    page.get_by_role("link", name="Star", exact=True).click()
    page.get_by_role("button", name="Star", exact=True).click()
    expect(
        page.get_by_role("heading", name="You starred image-resizer")
    ).to_be_visible()
    page.get_by_role("link", name="Back to the function").click()
    expect(page.get_by_role("link", name="Star 1")).to_be_visible()

    page.get_by_role("link", name="Follow", exact=True).click()
    page.get_by_role("button", name="Follow").click()
    page.get_by_role("link", name="choose daily or weekly").click()
    page.get_by_label("Weekly").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Mail about what you follow: weekly.")).to_be_visible()

    assert Function.objects.get().star_count == 1
    assert Digest.objects.get(account=bob).every == "weekly"

    page.get_by_role("button", name="Stop following alice/image-resizer").click()
    expect(
        page.get_by_text("You no longer follow alice/image-resizer.")
    ).to_be_visible()
    assert not Follow.objects.exists()


def test_installs_page_shows_the_newest_days_on_a_phone(open_browser, function):
    page = open_browser(viewport={"width": 390, "height": 800})
    page.goto(f"{FUNCTION}/installs")

    assert page.evaluate("document.documentElement.scrollWidth") == 390
    last = page.locator(".install-plot .bar").last.bounding_box()
    assert 0 < last["x"] < 390

    page.get_by_text("The same as a table").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("60")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(
    open_browser, axe_finds_nothing, function, bob, sign_in, theme
):
    page = open_browser(color_scheme=theme)
    sign_in(page, bob)
    for path in (
        f"{FUNCTION}/installs",
        f"{FUNCTION}/star",
        f"{FUNCTION}/follow",
        "/users/alice/follow",
        "/users/alice",
        "/account/following",
        "/docs/statistics",
        "/docs/integrations",
    ):
        page.goto(path)
        axe_finds_nothing(page)
