"""The signed-in pages of stars and follows, and the mail they lead to."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.management import call_command

from registry import following
from registry.models import Digest, Follow, Function, Star

pytestmark = pytest.mark.django_db

FUNCTION = "/functions/alice/image-resizer"
FOLLOWING = "/account/following"


@pytest.fixture
def function(publish):
    return publish().function


@pytest.fixture
def signed_in(client, bob):
    client.force_login(bob)
    return client


PAGES = (f"{FUNCTION}/star", f"{FUNCTION}/follow", "/users/alice/follow", FOLLOWING)


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_for_the_signed_in_and_never_kept(client, function, bob, page):
    anonymous = client.get(page)
    assert anonymous.status_code == 302
    assert anonymous["Location"] == f"/account/login/?next={page}"
    assert client.post(page, {"do": "add"}).status_code == 302
    assert not Star.objects.exists()
    assert not Follow.objects.exists()

    client.force_login(bob)
    response = client.get(page)

    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert "private" in response["Cache-Control"]


def test_star_and_take_it_back(signed_in, function):
    page = signed_in.post(f"{FUNCTION}/star", {"do": "add"}, follow=True)
    assert "You starred" in page.content.decode()
    assert Function.objects.get().star_count == 1

    page = signed_in.post(f"{FUNCTION}/star", {"do": "remove"}, follow=True)
    assert "Your star is gone." in page.content.decode()
    assert Function.objects.get().star_count == 0


def test_star_needs_the_form(client, function, bob):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(bob)

    assert strict.post(f"{FUNCTION}/star", {"do": "add"}).status_code == 403
    assert not Star.objects.exists()


def test_follow_a_function_and_its_author(signed_in, function, bob, alice):
    for page in (f"{FUNCTION}/follow", "/users/alice/follow"):
        assert signed_in.post(page, {"do": "add"}).status_code == 302

    shown = signed_in.get(FOLLOWING).content.decode()

    assert 'href="/functions/alice/image-resizer"' in shown
    assert 'href="/users/alice"' in shown
    assert shown.count("csrfmiddlewaretoken") >= 3

    gone = signed_in.post(
        "/users/alice/follow", {"do": "remove", "from": "list"}, follow=True
    )
    assert gone.redirect_chain == [(FOLLOWING, 302)]
    assert not following.is_followed(alice, bob)


def test_following_oneself_is_refused_in_words(signed_in):
    page = signed_in.post("/users/bob/follow", {"do": "add"}, follow=True)

    assert "You can&#x27;t follow yourself." in page.content.decode()
    assert not Follow.objects.exists()


def test_function_page_is_the_same_for_everyone(client, function, bob):
    anonymous = client.get(FUNCTION)
    following.star(function, by=bob, via="hub")
    Function.objects.update(star_count=0)
    client.force_login(bob)
    signed_in = client.get(FUNCTION)

    assert signed_in.content == anonymous.content
    assert not signed_in.cookies


def test_pages_of_a_draft_are_not_there(signed_in, push):
    push()

    assert signed_in.get(f"{FUNCTION}/star").status_code == 404
    assert signed_in.post(f"{FUNCTION}/follow", {"do": "add"}).status_code == 404


def test_list_costs_the_same_at_any_length(signed_in, publish, bob, queries):
    following.follow(publish(name="first-one").function, by=bob, via="hub")
    one = queries(signed_in, FOLLOWING)

    for n in range(6):
        made = publish(name=f"another-number{n}").function
        following.follow(made, by=bob, via="hub")
        following.star(made, by=bob, via="hub")

    assert queries(signed_in, FOLLOWING) == one


# --- the digest


@pytest.fixture
def digest(signed_in, alice, bob):
    following.follow(alice, by=bob, via="hub")
    signed_in.post(FOLLOWING, {"every": "daily"})
    Digest.objects.update(told_until=datetime.now(UTC) - timedelta(days=1, hours=1))
    return Digest.objects.get(account=bob)


def test_digest_is_mailed_once(digest, publish):
    publish(description="Resizes. Café & <b>more</b>.")

    call_command("send_digests")
    call_command("send_digests")

    (message,) = mail.outbox
    assert message.to == ["bob@example.com"]
    assert message.subject == "[Aerostack Hub] 1 new version of what you follow"
    assert "alice/image-resizer@1.0.0" in message.body
    assert "Resizes. Café & <b>more</b>." in message.body
    assert "/functions/alice/image-resizer/v/1.0.0" in message.body
    assert not getattr(message, "alternatives", [])


def test_digest_without_news_is_not_sent(digest):
    call_command("send_digests")

    assert mail.outbox == []


def test_link_in_the_mail_stops_it_without_signing_in(digest, publish, client):
    publish()
    call_command("send_digests")
    path = re.search(
        r"https?://[^/]+(/account/following/stop/\S+)", mail.outbox[0].body
    )
    client.logout()

    assert client.get(path[1]).status_code == 200  # as a mail scanner would
    assert Digest.objects.get().every == "daily"

    page = client.post(path[1])

    assert "No more of these mails" in page.content.decode()
    assert Digest.objects.get().every == "never"


def test_forged_link_stops_nothing(digest, client):
    page = client.post(f"{FOLLOWING}/stop/1:abc")

    assert page.status_code == 404
    assert Digest.objects.get().every == "daily"


def test_unknown_choice_is_refused_in_words(signed_in):
    page = signed_in.post(FOLLOWING, {"every": "hourly"}, follow=True)

    assert "Choose daily, weekly or never." in page.content.decode()
    assert not Digest.objects.exists()
