"""Moderation in a real browser: its three main flows, and axe on every page."""

import pytest

from registry import moderation
from registry.models import Case, Function, Removal
from registry.moderation import Grounds
from tests.conftest import PASSWORD, make_account

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def signed_in(open_browser):
    """signed_in("mod") -> a page of a browser of their own, signed in."""

    def signed_in(username, **options):
        page = open_browser(**options)
        page.goto("/account/login/")
        page.get_by_label("E-mail address").fill(f"{username}@example.com")
        page.get_by_label("Password", exact=False).first.fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda url: "/account/login/" not in url)
        return page

    return signed_in


def decide(page, label, reason, rule="other"):
    """Give the grounds on an action's page and confirm it."""
    page.get_by_label("Rule").select_option(rule)
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name=label).click()
    page.get_by_role("main").get_by_text("What this changes").wait_for(state="detached")


def test_dispute_over_a_name_ends_in_a_rename(
    signed_in, open_browser, publish, staff, bob
):
    publish()
    claimant = signed_in("bob")
    claimant.goto("/functions/alice/image-resizer")
    claimant.get_by_role("link", name="Report this function").click()
    claimant.get_by_label("A name that confuses").check()
    claimant.get_by_label("What should staff look at?").fill("It is our trademark.")
    claimant.get_by_role("button", name="Send the report").click()
    claimant.get_by_role("heading", name="Thank you").wait_for()

    desk = signed_in("mod")
    desk.goto("/admin/moderation/")
    desk.get_by_role("link", name="alice/image-resizer").click()
    desk.get_by_text("It is our trademark.").first.wait_for()
    desk.get_by_role("link", name="Rename…").click()
    desk.get_by_label("New slug").fill("picture-sizer")
    decide(desk, "Rename the function", "The trademark is bob's.", "name")

    reader = open_browser()
    reader.goto("/functions/alice/image-resizer/versions")
    assert reader.url.endswith("/functions/alice/picture-sizer/versions")
    reader.goto("/moderation")
    assert "The trademark is bob's." in reader.inner_text("main")
    assert Case.objects.get().decision.action == "rename_function"


def test_category_is_merged_into_another(signed_in, open_browser, publish, staff):
    publish()
    desk = signed_in("mod")
    desk.goto("/admin/moderation/categories")
    desk.get_by_role("link", name="Merge… Media").click()
    assert "1 listed functions move" in desk.inner_text("main")
    desk.get_by_label("Into").select_option("ai")
    decide(desk, "Merge them", "One is enough.", "upkeep")

    row = desk.get_by_role("row").filter(has_text="Images, audio")
    assert "in ai" in row.inner_text()
    reader = open_browser()
    reader.goto("/categories/media")
    assert reader.url.endswith("/categories/ai")
    reader.get_by_role("link", name="image-resizer").first.wait_for()


def test_report_leads_to_quarantine_and_appeal(
    signed_in, open_browser, publish, staff, alice
):
    publish()
    second = make_account("mod2", is_staff=True)
    reader = open_browser()
    reader.goto("/functions/alice/image-resizer/report")
    reader.get_by_label("Malware").check()
    reader.get_by_label("What should staff look at?").fill("index.ts posts the key.")
    reader.get_by_role("button", name="Send the report").click()
    reader.get_by_role("heading", name="Thank you").wait_for()

    desk = signed_in("mod")
    desk.goto("/admin/moderation/")
    desk.get_by_role("link", name="alice/image-resizer").click()
    desk.get_by_role("link", name="Quarantine the function…").click()
    decide(desk, "Quarantine the function", "It posts the key.", "malware")
    reader.goto("/functions/alice/image-resizer")
    assert "It posts the key." in reader.inner_text("main")
    open_browser.complaints.clear()  # the tombstone is a 404

    author = signed_in("alice")
    author.goto("/admin/decisions")
    author.get_by_role("link", name="Appeal…").click()
    author.get_by_label("Why is the decision wrong?").fill("It is a public test key.")
    author.get_by_role("button", name="Send the appeal").click()
    author.get_by_text("under appeal").wait_for()

    other = signed_in(second.username)
    other.goto("/admin/moderation/?kind=appeal")
    other.get_by_role("link", name="alice/image-resizer").click()
    other.get_by_role("link", name="Grant…").click()
    decide(other, "Grant the appeal", "It is a test key indeed.")

    reader.goto("/functions/alice/image-resizer")
    assert "image-resizer" in reader.inner_text("h1")
    reader.goto("/moderation")
    assert "taken back" in reader.inner_text("main")


def test_two_moderators_the_second_sees_the_first_decision(
    signed_in, publish, staff, open_browser
):
    function = publish().function
    make_account("mod2", is_staff=True)
    address = f"/admin/moderation/functions/{function.uid}"
    first, second = signed_in("mod"), signed_in("mod2")
    first.goto(f"{address}/quarantine")
    second.goto(f"{address}/hold")
    decide(first, "Quarantine the function", "It posts the key.", "malware")

    second.get_by_label("Reason").fill("Let us wait.")
    second.get_by_role("button", name="Hold the name").click()

    second.get_by_text("mod decided first").wait_for()
    assert second.get_by_label("Reason").input_value() == "Let us wait."
    open_browser.complaints.clear()  # the conflict is a 409


def scene(publish, staff, alice, bob):
    """Something on every page; returns the addresses."""
    function = publish().function
    Function.objects.update(install_count=100)
    publish(by=bob, name="image-resizers", code="export const other = 1;\n")
    moderation.report(
        function, reason="malware", by=bob, source="x", via="api", text="Look."
    )
    moderation.report(
        function, reason="name", by=bob, source="x", via="api", text="Our."
    )
    moderation.reserve_name("aws-*", Grounds("A trademark.", "name"), by=staff)
    moderation.replace_tag("casino", "", Grounds("Spam.", "spam"), by=staff)
    moderation.throw_switch("sign_up", Grounds("A wave of spam."), by=staff)
    held = moderation.hold_name(function, Grounds("Let us talk.", "name"), by=staff)
    blob = function.versions.get().files.get().blob
    moderation.request_removal(function, blob, Grounds("A key.", "secret"), by=staff)
    moderation.appeal(held, "It is a common word.", by=alice)
    assert Removal.objects.exists()
    staffs = [
        f"functions/{function.uid}",
        f"functions/{function.uid}/quarantine",
        f"functions/{function.uid}/transfer",
        f"functions/{function.uid}/files/{blob.pk}",
        *[f"cases/{case.pk}" for case in Case.objects.all()],
        "",
        "names",
        "names?state=reserved",
        "names?state=held&q=nothing",
        "categories",
        "categories/media/edit",
        "categories/order",
        "tags",
        "tags/replace",
        "accounts",
        "accounts/alice",
        "events",
        "switches",
    ]
    return [f"/admin/moderation/{path}" for path in staffs]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_staffs_pages(
    signed_in, axe_finds_nothing, publish, staff, alice, bob, scheme
):
    addresses = scene(publish, staff, alice, bob)
    desk = signed_in("mod", color_scheme=scheme, viewport={"width": 390, "height": 844})

    for address in addresses:
        desk.goto(address)
        axe_finds_nothing(desk)
        wide = desk.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, (address, wide)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_what_others_see(
    signed_in, open_browser, axe_finds_nothing, publish, staff, alice, bob, scheme
):
    scene(publish, staff, alice, bob)
    other = publish(name="some-other-name", code="export const x = 1;\n").function
    moderation.offer_transfer(other, bob, by=alice)
    decision = alice.decisions_about.latest("pk")
    options = {"color_scheme": scheme, "viewport": {"width": 390, "height": 844}}
    seen = {
        open_browser(**options): ["/moderation", f"{other.url}/report"],
        signed_in("alice", **options): [
            "/admin/decisions",
            f"/admin/decisions/{decision.pk}/appeal",
            "/admin/offers",
            "/admin/functions/some-other-name/transfer",
        ],
        signed_in("bob", **options): ["/admin/offers", "/admin/decisions"],
    }

    for page, addresses in seen.items():
        for address in addresses:
            page.goto(address)
            axe_finds_nothing(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, address


def test_pages_without_anything_say_what_to_do(signed_in, staff, axe_finds_nothing):
    desk = signed_in("mod")
    for path in ["", "names?state=held", "tags", "events?verb=nothing"]:
        desk.goto(f"/admin/moderation/{path}")
        assert desk.locator(".empty").count(), path
        axe_finds_nothing(desk)
