"""The strength meter beside a new password: honest, heard, and never in the way."""

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str

from tests.browser.test_accounts import sign_in


def words(page, password, **known) -> str:
    for name, value in known.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("#id_password1").fill(password)
    return page.locator(".strength [aria-live=polite]").inner_text()


def level(page) -> float:
    return page.get_by_label("Password strength").evaluate("meter => meter.value")


@pytest.mark.django_db(transaction=True)
def test_meter_says_what_is_weak(page, axe_finds_nothing):
    page.goto("/account/signup/")
    assert (words(page, ""), level(page)) == ("", 0)
    assert words(page, "short") == "Too short: 7 more characters needed."
    assert words(page, "x7-Kq.mP3!v") == "Too short: 1 more character needed."

    for weak in [
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "123456789012345",
        "P4ssw0rdPassword2024",
        "qwertyuiopasdf",
        "ytrewq0987654321",
    ]:
        assert words(page, weak).startswith("Weak: "), weak
        assert level(page) == 1
    axe_finds_nothing(page)

    assert words(page, "correct horse battery") == "Strong."
    assert level(page) == 4


@pytest.mark.django_db(transaction=True)
def test_meter_knows_what_the_form_knows(page):
    page.goto("/account/signup/")
    known = {"username": "margarethe", "email": "margarethe@lighthouse.example"}

    assert words(page, "margarethe-lighthouse") == "Strong."
    assert words(page, "margarethe-lighthouse", **known).startswith("Weak: ")


@pytest.mark.django_db(transaction=True)
def test_meter_stands_on_every_page_for_a_new_password(page, alice):
    token = default_token_generator.make_token(alice)
    path = f"{user_pk_to_url_str(alice)}-{token}"
    page.goto(f"/account/password/reset/key/{path}/")
    assert words(page, "aaaaaaaaaaaaaaaa").startswith("Weak: ")

    sign_in(page)
    page.goto("/account/password/change/")
    assert words(page, "aaaaaaaaaaaaaaaa").startswith("Weak: ")
    page.goto("/account/login/")
    assert page.locator("meter").count() == 0


@pytest.mark.django_db(transaction=True)
def test_the_server_decides_whatever_the_meter_says(page):
    page.goto("/account/signup/")
    page.locator("#id_username").fill("dave")
    page.locator("#id_email").fill("dave@example.com")
    assert words(page, "international") == "Good."  # long, and among the common ones
    page.get_by_role("button", name="Create account").click()

    page.get_by_text("too common").wait_for()
    assert page.url.endswith("/account/signup/")
