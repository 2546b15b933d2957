"""Signing up, in and out; passwords; the e-mail address; sessions."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import URLResolver
from django.utils import timezone

from accounts import urls
from accounts.models import Account, Event, Switch
from tests.conftest import PASSWORD, make_account

NEW_PASSWORD = "an entirely different sentence"
SIGN_UP = {"username": "dave", "email": "dave@example.com", "password1": PASSWORD}


@pytest.fixture
def signed_in(alice, client):
    sign_in(client)
    return client


def sign_in(client, email="alice@example.com", password=PASSWORD, **extra):
    form = {"login": email, "password": password}
    return client.post("/account/login/", form, **extra)


def is_signed_in(client) -> bool:
    return client.get("/account/profile").status_code == 200


def link_in(message) -> str:
    """The path of the first link in a mail, without the Hub's address."""
    address = re.search(r"https?://\S+/account/\S+/", message.body)[0]
    assert address.startswith("http://localhost:8000/")
    return address.removeprefix("http://localhost:8000")


def confirm_again(client, path):
    """Pass the page that asks for the password before a critical change."""
    response = client.get(path)
    if response.status_code == 302:
        response = client.post(response["Location"], {"password": PASSWORD})
        assert response["Location"] == path
    return client.get(path)


# --- signing up


def test_sign_up_needs_the_link_in_the_mail(client, db):
    client.post("/account/signup/", SIGN_UP)

    assert not is_signed_in(client)
    assert (
        sign_in(Client(), "dave@example.com")["Location"] == "/account/confirm-email/"
    )
    message = mail.outbox[0]
    assert message.to == ["dave@example.com"]
    path = link_in(message)
    assert "Yes, confirm" in client.get(path).text
    client.post(path)
    assert is_signed_in(client)
    assert Event.objects.filter(verb="create_account", subject="dave").count() == 1


def test_sign_up_link_in_another_browser_confirms_without_signing_in(client, db):
    client.post("/account/signup/", SIGN_UP)
    other = Client()

    other.post(link_in(mail.outbox[0]))

    assert not is_signed_in(other)
    assert sign_in(other, "dave@example.com")["Location"] == "/admin/"


def test_confirmation_link_works_once(client, db):
    client.post("/account/signup/", SIGN_UP)
    path = link_in(mail.outbox[0])
    client.post(path)

    assert "no longer works" in Client().get(path).text
    assert Client().post(path).status_code == 404


@pytest.mark.parametrize(
    "username",
    ["Dave", "d", "admin", "a_b", "-dave", "d" * 40, "d ave", "d\u0430ve", ""],
)
def test_sign_up_refuses_a_bad_username(client, db, username):
    response = client.post("/account/signup/", SIGN_UP | {"username": username})

    assert "invalid-feedback" in response.text
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    "password", ["short", "password1234", "dave@example.com", "x" * 129]
)
def test_sign_up_refuses_a_weak_password(client, db, password):
    response = client.post("/account/signup/", SIGN_UP | {"password1": password})

    assert "invalid-feedback" in response.text
    assert not Account.objects.exists()


def test_sign_up_with_a_taken_address_answers_as_always(client, alice):
    taken = client.post("/account/signup/", SIGN_UP | {"email": "ALICE@example.com"})
    free = Client().post("/account/signup/", SIGN_UP)

    assert (taken.status_code, taken["Location"]) == (
        free.status_code,
        free["Location"],
    )
    assert Account.objects.count() == 2
    assert mail.outbox[0].to == ["alice@example.com"]
    assert "have an account already" in mail.outbox[0].subject


def test_sign_up_is_not_blocked_by_a_change_nobody_confirmed(signed_in, alice):
    alice.emailaddress_set.create(email="dave@example.com", verified=False)

    Client().post("/account/signup/", SIGN_UP)

    assert Account.objects.filter(username="dave").exists()


@pytest.mark.parametrize("again", [{"email": "x@example.com"}, {"username": "dora"}])
def test_sign_up_nobody_confirmed_lapses_after_a_week(client, db, again):
    client.post("/account/signup/", SIGN_UP)
    Client().post("/account/signup/", SIGN_UP | again)
    assert Account.objects.get().username == "dave"

    Account.objects.update(joined_at=timezone.now() - timedelta(days=8))
    Client().post("/account/signup/", SIGN_UP | again)

    account = Account.objects.get()
    assert (account.username, account.email) != ("dave", "dave@example.com")
    assert Event.objects.filter(verb="drop_sign_up", subject="dave").count() == 1


def test_page_of_a_lapsed_sign_up_is_gone(
    client, db, settings, django_capture_on_commit_callbacks
):
    settings.PAGE_CACHE_BYTES = 2**20
    reader = Client()
    client.post("/account/signup/", SIGN_UP)
    assert reader.get("/users/dave").status_code == 200

    Account.objects.update(joined_at=timezone.now() - timedelta(days=8))
    with django_capture_on_commit_callbacks(execute=True):
        Client().post("/account/signup/", SIGN_UP | {"username": "dora"})

    assert reader.get("/users/dave").status_code == 404


def test_confirmed_sign_up_never_lapses(alice, client):
    Account.objects.update(joined_at=timezone.now() - timedelta(days=800))
    form = SIGN_UP | {"username": "alice", "email": "alice@example.com"}

    response = client.post("/account/signup/", form)

    assert "is taken" in response.text
    assert Account.objects.get() == alice


# --- signing in and out


def test_sign_in_and_out(signed_in):
    assert is_signed_in(signed_in)

    assert "Sign out?" in signed_in.get("/account/logout/").text
    assert is_signed_in(signed_in)
    signed_in.post("/account/logout/")
    assert not is_signed_in(signed_in)


def test_sign_in_gives_a_new_session(alice, client):
    client.get("/account/login/")
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    client.cookies["sessionid"] = planted

    sign_in(client)

    assert client.session.session_key != planted
    assert not Session.objects.filter(session_key=planted).exists()


def test_sign_in_refuses_a_suspended_account(alice, client):
    Account.objects.update(is_active=False)

    response = sign_in(client, follow=True)

    assert "This account is suspended" in response.text
    assert not is_signed_in(client)


def test_suspension_ends_the_session(signed_in):
    Account.objects.update(is_active=False)

    assert not is_signed_in(signed_in)


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://evil.example/",
        "http://127.0.0.1/",
        "javascript:alert(1)",
        "/\n/evil.example",
    ],
)
def test_sign_in_leads_nowhere_else(alice, client, target):
    response = client.post(
        f"/account/login/?next={target}",
        {"login": "alice@example.com", "password": PASSWORD, "next": target},
    )

    assert response["Location"] == "/admin/"


def test_sign_in_returns_to_the_page_that_asked(alice, client):
    asked = client.get("/account/keys")
    response = client.post(
        asked["Location"], {"login": "alice@example.com", "password": PASSWORD}
    )

    assert response["Location"] == "/account/keys"


def test_wrong_password_and_unknown_address_read_the_same(alice, client):
    def answer(email):
        text = sign_in(client, email, "wrong").text.replace(email, "")
        return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)

    assert answer("alice@example.com") == answer("nobody@example.com")


# --- limits


def test_sign_in_stops_after_five_failures(alice, client, settings):
    settings.ACCOUNT_RATE_LIMITS = {}
    for number in range(5):
        sign_in(client, password="wrong", REMOTE_ADDR=f"192.0.2.{number}")

    response = sign_in(client, REMOTE_ADDR="192.0.2.9")

    assert "Too many attempts" in response.text
    assert not is_signed_in(client)


def test_a_flood_does_not_wash_the_count_away(alice, client, settings):
    settings.ACCOUNT_RATE_LIMITS = {}
    for number in range(5):
        sign_in(client, password="wrong", REMOTE_ADDR=f"192.0.2.{number}")
    for number in range(400):
        cache.set(f"~{number}", number)

    assert "Too many attempts" in sign_in(client, REMOTE_ADDR="192.0.2.9").text


def test_a_spoofed_forwarded_address_is_not_another_client(alice, client, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "2/m/ip"}
    settings.TRUSTED_PROXIES = ["10.0.0.1"]
    for number in range(2):
        client.post(
            "/account/login/",
            {"login": f"x{number}@example.com", "password": "wrong"},
            REMOTE_ADDR="192.0.2.1",
            HTTP_X_FORWARDED_FOR=f"198.51.100.{number}",
        )

    response = sign_in(
        client, REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR="198.51.100.9"
    )

    assert "Too many attempts" in response.text


def test_reset_stops_after_five_mails(alice, client, settings):
    settings.ACCOUNT_RATE_LIMITS = {}
    for number in range(6):
        response = client.post(
            "/account/password/reset/",
            {"email": "alice@example.com"},
            REMOTE_ADDR=f"192.0.2.{number}",
        )

    assert response.status_code == 429
    assert "Too many attempts" in response.text
    assert len(mail.outbox) == 5


def test_limits_can_be_switched_off(alice, client):
    for _ in range(12):
        sign_in(client, password="wrong")

    assert sign_in(client).status_code == 302


# --- passwords


def ask_for_reset(client=None, **extra):
    """Ask for a new password as alice; the path of the link in the mail."""
    form = {"email": "alice@example.com"}
    (client or Client()).post("/account/password/reset/", form, **extra)
    return link_in(mail.outbox[-1])


def reset_with(path, password=NEW_PASSWORD):
    client = Client()
    response = client.get(path)
    if response.status_code == 302:
        form = {"password1": password, "password2": password}
        response = client.post(response["Location"], form, follow=True)
    return response


def test_reset_changes_the_password_and_ends_sessions(signed_in):
    response = reset_with(ask_for_reset())

    assert "new password is saved" in response.text
    assert not is_signed_in(signed_in)
    assert sign_in(Client(), password=NEW_PASSWORD).status_code == 302
    assert mail.outbox[-1].subject == "[Aerostack Hub] Your password was reset"
    assert Event.objects.filter(verb="reset_password").count() == 1


def test_reset_link_works_once_and_so_do_its_siblings(alice):
    first, second = ask_for_reset(), ask_for_reset()
    reset_with(second)

    for path in (first, second):
        response = reset_with(path, "yet another sentence here")
        assert "no longer works" in response.text
    assert sign_in(Client(), password=NEW_PASSWORD).status_code == 302


def test_reset_link_dies_when_the_address_changes(alice):
    path = ask_for_reset()
    Account.objects.update(email="new@example.com")
    alice.emailaddress_set.update(email="new@example.com")

    assert "no longer works" in reset_with(path).text


def test_reset_answers_the_same_for_an_unknown_address(alice, client):
    def answer(email):
        response = client.post("/account/password/reset/", {"email": email})
        return response.status_code, response["Location"]

    assert answer("alice@example.com") == answer("nobody@example.com")
    assert [message.to for message in mail.outbox] == [
        ["alice@example.com"],
        ["nobody@example.com"],
    ]


def test_reset_refuses_a_forged_host(alice, client):
    form = {"email": "alice@example.com"}
    response = client.post("/account/password/reset/", form, HTTP_HOST="evil.example")

    assert response.status_code == 400
    assert not mail.outbox


@pytest.mark.parametrize(
    "extra", [{"HTTP_HOST": "127.0.0.1"}, {"HTTP_X_FORWARDED_HOST": "evil.example"}]
)
def test_reset_link_has_the_hubs_own_address(alice, extra):
    assert ask_for_reset(**extra).startswith("/account/password/reset/key/")


def test_password_change_ends_other_sessions(signed_in):
    other = Client()
    sign_in(other)

    signed_in.post(
        "/account/password/change/",
        {
            "oldpassword": PASSWORD,
            "password1": NEW_PASSWORD,
            "password2": NEW_PASSWORD,
        },
    )

    assert is_signed_in(signed_in)
    assert not is_signed_in(other)
    assert mail.outbox[-1].subject == "[Aerostack Hub] Your password was changed"


def test_password_change_needs_the_current_one(signed_in):
    signed_in.post(
        "/account/password/change/",
        {"oldpassword": "no", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
    )

    assert not mail.outbox
    assert sign_in(Client()).status_code == 302


# --- the e-mail address


def change_email(client, email="new@example.com"):
    confirm_again(client, "/account/email/")
    response = client.post("/account/email/", {"email": email, "action_add": ""})
    if "reauthenticate" in response["Location"]:
        response = client.post(response["Location"], {"password": PASSWORD})
    return response


def test_email_changes_once_the_new_one_is_confirmed(signed_in, alice):
    change_email(signed_in)
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"

    signed_in.post(link_in(mail.outbox[-1]))

    alice.refresh_from_db()
    assert alice.email == "new@example.com"
    assert alice.emailaddress_set.get().email == "new@example.com"
    assert mail.outbox[-1].to == ["alice@example.com"]
    assert "changed from alice@example.com to new@example.com" in mail.outbox[-1].body
    assert sign_in(Client(), "new@example.com")["Location"] == "/admin/"


def test_email_change_asks_for_the_password_first(signed_in, alice):
    response = signed_in.post(
        "/account/email/", {"email": "new@example.com", "action_add": ""}
    )

    assert response["Location"].startswith("/account/reauthenticate/")
    assert alice.emailaddress_set.count() == 1


def test_email_of_another_account_is_not_taken_over(signed_in, alice):
    make_account("bob")
    change_email(signed_in, "bob@example.com")

    response = signed_in.get(link_in(mail.outbox[-1]))

    assert "This address is taken" in response.text
    signed_in.post(link_in(mail.outbox[-1]))
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"


def test_email_squatted_by_an_unconfirmed_sign_up_goes_to_its_owner(signed_in, alice):
    Client().post("/account/signup/", SIGN_UP)
    change_email(signed_in, "dave@example.com")

    signed_in.post(link_in(mail.outbox[-1]))

    alice.refresh_from_db()
    assert alice.email == "dave@example.com"
    assert not Account.objects.filter(username="dave").exists()


# --- sessions


def test_sessions_are_listed_and_end_one_by_one(signed_in):
    other = Client()
    sign_in(other, HTTP_USER_AGENT="Other <b>browser</b>")
    page = signed_in.get("/account/sessions/").text
    assert "Other &lt;b&gt;browser&lt;/b&gt;" in page

    (end,) = re.findall(r"/account/sessions/\d+/end", page)
    signed_in.post(end)

    assert not is_signed_in(other)
    assert is_signed_in(signed_in)


def test_all_other_sessions_end_at_once(signed_in):
    other = Client()
    sign_in(other)

    signed_in.post("/account/sessions/")

    assert not is_signed_in(other)
    assert is_signed_in(signed_in)


def test_session_of_another_account_is_not_found(signed_in):
    make_account("bob")
    bob = Client()
    sign_in(bob, "bob@example.com")
    pk = Account.objects.get(username="bob").usersession_set.get().pk

    assert signed_in.post(f"/account/sessions/{pk}/end").status_code == 404
    assert is_signed_in(bob)


# --- every page


def routes(patterns=None, prefix="/account/"):
    """Every route of accounts.urls, as Django writes it."""
    for pattern in urls.urlpatterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif "(?P" not in route:
            yield route


def fill(route, **arguments) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda m: str(arguments[m[1]]), route)


ROUTES = sorted(set(routes()))
PATHS = [fill(route, pk=1, slug="shop") for route in ROUTES]


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("/account/login?next=/admin/", "/account/login/?next=/admin/"),
        ("/account/keys/", "/account/keys"),
        ("/account/profile/", "/account/profile"),
    ],
)
def test_other_spelling_of_an_address_redirects(client, db, asked, answered):
    assert client.get(asked)["Location"] == answered
    assert client.post(asked).status_code == 405


def test_sign_up_can_be_switched_off(client, db):
    Switch.objects.create(name="sign_up", reason="Too many robots.")

    for response in (
        client.get("/account/signup/"),
        client.post("/account/signup/", SIGN_UP),
    ):
        assert "Sign-up is closed" in response.text
    assert not Account.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_sign_up_sent_twice_at_once_makes_one_account(client):
    def send(_):
        try:
            return Client().post("/account/signup/", SIGN_UP).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(4)))

    assert set(answers) <= {200, 302}
    assert Account.objects.count() == 1
    assert Event.objects.filter(verb="create_account").count() == 1
