"""Stars, follows and the digest: what changes, what is recorded, who is told."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.deletion import delete_account
from accounts.models import Event
from registry import errors, following, publishing
from registry.models import Digest, Follow, Function, Star
from tests.conftest import make_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def function(publish):
    return publish().function


def verbs(account) -> list[str]:
    events = Event.objects.filter(actor=account).exclude(verb="create_account")
    return list(events.order_by("id").values_list("verb", flat=True))


# --- stars


def test_star_counts_and_records_once(function, bob):
    assert following.star(function, by=bob, via="hub")
    assert not following.star(function, by=bob, via="hub")

    assert Function.objects.get().star_count == 1
    assert following.is_starred(function, bob)
    assert verbs(bob) == ["star"]


def test_unstar_takes_it_back(function, bob, alice):
    following.star(function, by=bob, via="hub")
    following.star(function, by=alice, via="hub")

    assert following.unstar(function, by=bob, via="hub")
    assert not following.unstar(function, by=bob, via="hub")

    assert Function.objects.get().star_count == 1
    assert verbs(bob) == ["star", "unstar"]


def test_star_refuses_what_was_never_published(push, bob):
    function = push().function

    with pytest.raises(errors.NotFound):
        following.star(function, by=bob, via="hub")

    assert not Star.objects.exists()
    assert verbs(bob) == []


def test_star_of_a_deleted_account_still_counts(function, bob):
    following.star(function, by=bob, via="hub")

    delete_account(bob, by=bob)

    assert Star.objects.get().account is None
    assert Function.objects.get().star_count == 1


# --- follows


def test_follow_a_function_and_an_author(function, alice, bob):
    assert following.follow(function, by=bob, via="hub")
    assert following.follow(alice, by=bob, via="hub")
    assert not following.follow(alice, by=bob, via="hub")

    assert following.is_followed(function, bob)
    assert following.is_followed(alice, bob)
    assert verbs(bob) == ["follow", "follow"]


def test_unfollow_leaves_the_other_alone(function, alice, bob):
    following.follow(function, by=bob, via="hub")
    following.follow(alice, by=bob, via="hub")

    assert following.unfollow(alice, by=bob, via="hub")
    assert not following.unfollow(alice, by=bob, via="hub")

    assert following.is_followed(function, bob)
    assert not following.is_followed(alice, bob)


def test_follow_refuses_oneself(alice):
    with pytest.raises(errors.Conflict):
        following.follow(alice, by=alice, via="hub")

    assert not Follow.objects.exists()


def test_follow_is_of_one_thing(function, alice, bob):
    with pytest.raises(IntegrityError), transaction.atomic():
        Follow.objects.create(account=bob, function=function, author=alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        Follow.objects.create(account=bob)


# --- the digest


@pytest.fixture
def daily(bob, alice):
    """bob follows alice and wants a daily mail; he was last told a day ago."""
    following.follow(alice, by=bob, via="hub")
    digest = following.choose_digest(bob, "daily", by=bob, via="account")
    digest.told_until = datetime.now(UTC) - timedelta(days=1, minutes=1)
    digest.save()
    return digest


def test_choose_digest_records_a_change_only(bob):
    following.choose_digest(bob, "weekly", by=bob, via="account")
    following.choose_digest(bob, "weekly", by=bob, via="account")
    following.choose_digest(bob, "never", by=bob, via="account")

    assert Digest.objects.get().every == "never"
    assert verbs(bob) == ["choose_digest", "choose_digest"]


def test_choose_digest_refuses_another_word(bob):
    with pytest.raises(errors.ValidationError):
        following.choose_digest(bob, "hourly", by=bob, via="account")

    assert not Digest.objects.exists()


def test_news_are_what_was_followed_and_came_since(daily, publish, bob):
    stranger = make_account("carol")
    publish(by=stranger, name="other-thing")
    mine = publish()
    publish(by=bob, name="own-thing")
    following.follow(mine.function, by=bob, via="hub")  # twice followed, told once

    news = following.news_for(daily, datetime.now(UTC))

    assert [str(version) for version in news] == ["alice/image-resizer@1.0.0"]


def test_news_leave_out_what_was_yanked_or_told(daily, publish, alice):
    version = publish()
    assert following.news_for(daily, datetime.now(UTC)) == [version]

    publishing.yank(version, reason="Broken.", by=alice, via="admin")
    assert following.news_for(daily, datetime.now(UTC)) == []

    publishing.unyank(version, by=alice, via="admin")
    daily.told_until = datetime.now(UTC)
    assert following.news_for(daily, datetime.now(UTC)) == []


def test_only_one_process_mails_a_digest(daily):
    now = datetime.now(UTC)
    again = Digest.objects.get()

    assert following.mark_told(daily, now)
    assert not following.mark_told(again, now)


def test_digests_are_due_when_their_period_is_over(daily):
    now = datetime.now(UTC)
    assert list(following.digests_due(now)) == [daily]

    Digest.objects.update(every="weekly")
    assert list(following.digests_due(now)) == []
    assert list(following.digests_due(now + timedelta(days=6))) == [daily]

    Digest.objects.update(every="never")
    assert list(following.digests_due(now + timedelta(days=60))) == []
