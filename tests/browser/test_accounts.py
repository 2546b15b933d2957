"""The account pages in a real browser: the flows that need one, and axe."""

import re
import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail

from accounts.keys import create_key
from accounts.models import Account
from accounts.projects import create_project
from tests.conftest import PASSWORD


def link_in(message) -> str:
    return re.search(r"https?://[^/]+(/account/\S+/)", message.body)[1]


def sign_in(page, username="alice"):
    page.goto("/account/login/")
    page.get_by_label("E-mail address").fill(f"{username}@example.com")
    page.get_by_label("Password", exact=False).first.fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/account/login/" not in url)


def go_confirmed(page, path):
    """Go to a page that asks for the password before a critical change."""
    page.goto(path)
    if "reauthenticate" in page.url:
        page.locator("input[type=password]").fill(PASSWORD)
        page.get_by_role("button", name="Confirm").click()
        page.wait_for_url(lambda url: "reauthenticate" not in url)


def add_authenticator(page):
    """Give the browser a device that answers passkey dialogs by itself."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def sign_out(page):
    page.goto("/account/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url(lambda url: "/logout/" not in url)


def code_of(secret: str) -> str:
    """The code an app shows now, early enough in its half minute to be typed."""
    left = 30 - time.time() % 30
    if left < 5:
        time.sleep(left)
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


@pytest.mark.main_flow
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.django_db(transaction=True)
def test_sign_up_confirm_and_sign_in(open_browser, scripts):
    page = open_browser(java_script_enabled=scripts)
    page.goto("/account/signup/")
    page.get_by_label("Username").fill("dave")
    page.get_by_label("E-mail address").fill("dave@example.com")
    page.locator("#id_password1").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.get_by_role("heading", name="Look into your mail").wait_for()

    page.goto(link_in(mail.outbox[0]))
    page.get_by_role("button", name="Yes, confirm").click()
    page.goto("/account/profile")
    page.get_by_role("heading", name="Profile").wait_for()

    sign_out(page)
    sign_in(page, "dave")
    page.goto("/account/profile")
    page.get_by_role("heading", name="Profile").wait_for()


def test_key_is_made_shown_once_and_revoked(page, alice):
    sign_in(page)
    page.goto("/account/keys")
    page.get_by_label("Name").fill("laptop")
    page.get_by_label("publish: publish drafts as permanent versions").uncheck()
    page.get_by_role("button", name="Make the key").click()
    secret = page.locator("#new-key").inner_text()
    assert secret.startswith("ac_secret_")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    page.locator(".copy[data-done]").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == secret

    assert use(page, secret).status == 200

    page.goto("/account/keys")
    assert secret not in page.content()
    assert alice.keys.get().scopes == ["draft:write"]
    page.get_by_role("link", name="Revoke laptop").click()
    page.get_by_role("button", name="Revoke the key").click()
    page.get_by_text("has stopped working").wait_for()
    assert not alice.keys.usable().exists()
    assert use(page, secret).status == 401


def use(page, secret):
    """The API's answer to a client that shows this key."""
    headers = {"X-API-Key": secret}
    return page.request.post("/api/v1/cli/validate", headers=headers)


def test_password_can_be_looked_at(page, db):
    page.goto("/account/login/")
    page.locator("#id_password").fill("typed")
    page.get_by_role("button", name="Show the password").click()

    assert page.locator("#id_password").get_attribute("type") == "text"


def test_passkey_is_added_and_signs_in_alone(page, alice):
    add_authenticator(page)
    sign_in(page)
    go_confirmed(page, "/account/second-factor/webauthn/add/")
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Add passkey").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    assert "passkey was added" in mail.outbox[-1].subject
    sign_out(page)

    page.goto("/account/login/?next=/account/keys")
    page.get_by_role("button", name="Sign in with a passkey").click()

    page.get_by_role("heading", name="Account keys").wait_for()


def test_passkey_is_a_second_factor_after_the_password(page, alice):
    add_authenticator(page)
    sign_in(page)
    go_confirmed(page, "/account/second-factor/webauthn/add/")
    page.get_by_label("Sign in with this passkey alone").uncheck()
    page.get_by_role("button", name="Add passkey").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    sign_out(page)

    sign_in(page)
    page.goto("/account/profile")
    page.get_by_role("heading", name="Second factor").wait_for()
    assert "/account/second-factor/authenticate/" in page.url
    page.get_by_role("button", name="Use a passkey").click()

    page.wait_for_url(lambda url: "/account/" not in url)
    page.goto("/account/profile")
    page.get_by_role("heading", name="Profile").wait_for()


def test_passkey_that_is_missing_is_explained(page, alice):
    page.goto("/account/login/")
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    page.evaluate(
        "() => { navigator.credentials.get = () => Promise.reject(new Error()); }"
    )
    page.get_by_role("button", name="Sign in with a passkey").click()

    page.get_by_role("alert").filter(has_text="No passkey was used").wait_for()


def test_app_is_set_up_and_asked_for(page, alice):
    sign_in(page)
    go_confirmed(page, "/account/second-factor/totp/activate/")
    secret = page.locator("#totp-secret").inner_text()
    page.get_by_label("Code from the app").fill(code_of(secret))
    page.get_by_role("button", name="Switch on").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    codes = page.locator("#recovery-codes").inner_text().split()
    assert len(codes) == 10
    sign_out(page)

    sign_in(page)
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Sign in", exact=True).click()

    page.wait_for_url(lambda url: "/account/" not in url)
    page.goto("/account/second-factor/")
    page.get_by_text("9 of your codes are unused").wait_for()


OUTSIDE = """
    login/ signup/ inactive/ confirm-email/ confirm-email/x:y/
    password/reset/ password/reset/done/ password/reset/key/1-x/
    password/reset/key/done/
""".split()
INSIDE = """
    profile keys projects projects/shop projects/shop/edit projects/shop/delete
    email/ password/change/ second-factor/ second-factor/webauthn/ sessions/ delete
    logout/ reauthenticate/?next=/account/profile
""".split()
CONFIRMED = """
    second-factor/totp/activate/ second-factor/webauthn/add/
    second-factor/recovery-codes/generate/
""".split()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_axe_finds_nothing(open_browser, axe_finds_nothing, alice, scheme, width):
    project = create_project(
        alice, name="Shop", slug="shop", url="https://shop.example"
    )
    create_key(alice, name="production", project=project, via="system")
    key, _ = create_key(alice, name="laptop", via="system")
    Account.objects.update(links=["https://example.com"])
    page = open_browser(color_scheme=scheme, viewport={"width": width, "height": 900})

    def look(path):
        page.goto(f"/account/{path}")
        axe_finds_nothing(page)
        wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wider <= 0, f"{path} is {wider} px wider than {width}"

    for path in OUTSIDE:
        look(path)
    page.goto("/account/login/")
    page.locator("#id_login").fill("alice@example.com")
    page.locator("#id_password").fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_text("is not right").wait_for()
    axe_finds_nothing(page)
    sign_in(page)
    for path in [*INSIDE, f"keys/{key.pk}/revoke"]:
        look(path)
    go_confirmed(page, "/account/second-factor/totp/activate/")
    for path in CONFIRMED:
        look(path)
    page.goto("/account/keys")
    page.get_by_label("Name").fill("new")
    page.get_by_role("button", name="Make the key").click()
    page.locator("#new-key").wait_for()
    axe_finds_nothing(page)
