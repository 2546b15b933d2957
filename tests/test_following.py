"""Stars, follows and the digest: what changes, what is recorded, who is told."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import signing
from django.db import IntegrityError, transaction

from accounts.deletion import delete_account
from accounts.models import Account, Event
from core.cache import versions as cache
from registry import errors, following, moderation, publishing
from registry.models import Digest, Follow, Function, Star, Version
from registry.moderation import Grounds
from tests.conftest import make_account
from tests.test_races import at_once
from tests.unchanged import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def function(publish):
    return publish().function


@pytest.fixture
def other(publish):
    return publish(name="other-thing").function


VERBS = {
    "star": lambda function, by: following.star(function, by=by, via="hub"),
    "unstar": lambda function, by: following.unstar(function, by=by, via="hub"),
    "follow": lambda function, by: following.follow(function, by=by, via="hub"),
    "unfollow": lambda function, by: following.unfollow(function, by=by, via="hub"),
    "choose_digest": lambda function, by: following.choose_digest(
        by, "daily", by=by, via="hub"
    ),
}


def set_up(function, by, verb):
    """What ``verb`` would take away is there."""
    if verb.startswith("un"):
        VERBS[verb.removeprefix("un")](function, by)


@pytest.mark.parametrize("verb", VERBS)
def test_read_only_mode_changes_no_star_follow_or_digest(function, bob, staff, verb):
    set_up(function, bob, verb)
    moderation.throw_switch("read_only", Grounds("We move."), by=staff)

    with refused(errors.ReadOnly, "We move."):
        VERBS[verb](function, bob)


@pytest.mark.parametrize("verb", VERBS)
def test_audit_says_who_did_what_by_which_door(function, bob, verb):
    set_up(function, bob, verb)

    VERBS[verb](function, bob)

    event = Event.objects.order_by("id").last()
    subject = "bob" if verb == "choose_digest" else "alice/image-resizer"
    assert (event.verb, event.subject, event.actor) == (verb, subject, bob)
    assert event.via == "hub"
    assert event.data == {"actor": "bob"} | (
        {"every": "daily"} if verb == "choose_digest" else {}
    )


@pytest.mark.parametrize("verb", VERBS)
def test_stars_change_public_pages_and_follows_do_not(
    function, bob, verb, django_capture_on_commit_callbacks
):
    set_up(function, bob, verb)
    page = [function.pages_subject]
    anything, before = cache.current([cache.ANYTHING]), cache.current(page)

    with django_capture_on_commit_callbacks(execute=True):
        VERBS[verb](function, bob)

    is_public = verb in ("star", "unstar")
    assert (cache.current(page) != before) is is_public
    assert (cache.current([cache.ANYTHING]) != anything) is is_public


@pytest.mark.parametrize("verb", ["star", "follow"])
def test_what_staff_took_down_is_neither_starred_nor_followed(
    function, other, bob, staff, verb
):
    moderation.quarantine_function(function, Grounds("Spam.", "spam"), by=staff)

    with refused(errors.NotFound, "no such function"):
        VERBS[verb](function, bob)


@pytest.mark.parametrize("verb", ["unstar", "unfollow"])
def test_what_staff_took_down_is_left(function, bob, staff, verb):
    set_up(function, bob, verb)
    moderation.quarantine_function(function, Grounds("Spam.", "spam"), by=staff)

    assert VERBS[verb](function, bob)


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


def test_stars_of_others_and_for_others_stay(function, other, alice, bob):
    for each in (function, other):
        following.star(each, by=bob, via="hub")

    assert following.unstar(function, by=bob, via="hub")

    assert not following.is_starred(function, bob)
    assert following.is_starred(other, bob)
    assert not following.is_starred(other, alice)
    assert [function.star_count, other.star_count] == [0, 1]
    assert dict(Function.objects.values_list("slug", "star_count")) == {
        "image-resizer": 0,
        "other-thing": 1,
    }


def test_star_corrects_a_wrong_count_of_its_function_alone(function, other, bob):
    Function.objects.update(star_count=7)

    following.star(function, by=bob, via="hub")

    counts = dict(Function.objects.values_list("slug", "star_count"))
    assert counts == {"image-resizer": 1, "other-thing": 7}


def test_search_puts_a_starred_function_before_its_like(function, other, bob, client):
    def found():
        path = "/api/community/functions?search=edge"
        return [f["slug"] for f in client.get(path).json()["functions"]]

    first, last = found()
    starred = function if function.slug == last else other

    following.star(starred, by=bob, via="hub")

    assert found() == [last, first]


@pytest.mark.django_db(transaction=True)
def test_stars_at_once_are_all_counted(function):
    accounts = [make_account(f"reader-{n}") for n in range(8)]

    at_once(lambda by: following.star(function, by=by, via="hub"), accounts)

    assert Function.objects.get().star_count == 8


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


def test_unfollowing_leaves_what_others_follow(function, other, alice, bob):
    for each, by in [(function, bob), (other, bob), (function, alice)]:
        following.follow(each, by=by, via="hub")

    assert following.unfollow(function, by=bob, via="hub")

    assert not following.is_followed(function, bob)
    assert following.is_followed(other, bob)
    assert following.is_followed(function, alice)
    assert not following.is_followed(other, alice)


@pytest.fixture
def authors(db):
    """2000 accounts to follow."""
    made = (Account(username=f"a-{n}", email=f"a-{n}@a.example") for n in range(2000))
    return Account.objects.bulk_create(made)


def followed_by(account, authors):
    Follow.objects.bulk_create(Follow(account=account, author=a) for a in authors)


def test_account_follows_2000_things(authors, function, alice, bob):
    followed_by(bob, authors[:1999])
    assert following.follow(alice, by=bob, via="hub")

    with refused(errors.Conflict, "2000 things already"):
        following.follow(function, by=bob, via="hub")

    assert not following.follow(alice, by=bob, via="hub")  # once more changes nothing
    assert following.follow(function, by=alice, via="hub")


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


@pytest.mark.parametrize("word", ["hourly", "", "Daily"])
def test_choose_digest_refuses_another_word(bob, word):
    with refused(errors.ValidationError, "daily, weekly or never") as caught:
        following.choose_digest(bob, word, by=bob, via="account")

    assert caught.value.field == "every"


def test_digest_is_of_one_account(daily, alice):
    following.choose_digest(alice, "weekly", by=alice, via="account")

    assert dict(Digest.objects.values_list("account__username", "every")) == {
        "alice": "weekly",
        "bob": "daily",
    }


def test_link_in_a_mail_is_in_the_audit_without_an_actor(daily):
    following.choose_digest(daily.account, "never", by=None, via="hub")

    event = Event.objects.order_by("id").last()
    assert (event.actor, event.subject) == (None, "bob")


def test_digest_that_starts_again_leaves_out_what_came_before(daily, publish, bob):
    following.choose_digest(bob, "never", by=bob, via="account")
    publish()
    following.choose_digest(bob, "daily", by=bob, via="account")

    again = Digest.objects.get()

    assert following.news_for(again, datetime.now(UTC)) == []
    new = publish(version="1.1.0")
    assert following.news_for(again, datetime.now(UTC)) == [new]


def test_another_period_still_tells_what_was_not_told(daily, publish, bob):
    version = publish()

    following.choose_digest(bob, "weekly", by=bob, via="account")

    digest = Digest.objects.get()
    assert digest.told_until == daily.told_until
    assert following.news_for(digest, datetime.now(UTC)) == [version]


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


def test_news_are_of_followed_functions_without_their_author(publish, bob):
    followed = publish()
    publish(name="other-thing")
    following.follow(followed.function, by=bob, via="hub")
    digest = following.choose_digest(bob, "daily", by=bob, via="account")
    Digest.objects.update(told_until=datetime.now(UTC) - timedelta(days=1))
    digest.refresh_from_db()

    assert following.news_for(digest, datetime.now(UTC)) == [followed]


def test_news_leave_out_ones_own_function_that_is_followed(daily, publish, bob):
    own = publish(by=bob, name="own-thing")
    following.follow(own.function, by=bob, via="hub")

    assert following.news_for(daily, datetime.now(UTC)) == []


def test_news_are_of_what_the_account_itself_follows(daily, publish, bob):
    carol = make_account("carol")
    theirs = publish(by=carol, name="other-thing")
    dave = make_account("dave")
    for each in (theirs.function, carol):
        following.follow(each, by=dave, via="hub")

    assert following.news_for(daily, datetime.now(UTC)) == []


def test_news_are_later_than_the_last_mail_and_no_later_than_the_next(daily, publish):
    version = publish()
    at, moment = version.published_at, timedelta(microseconds=1)

    def news(since, until):
        daily.told_until = since
        return following.news_for(daily, until)

    assert news(at - moment, at) == [version]
    assert news(at, at + moment) == []
    assert news(at - moment, at - moment) == []


@pytest.mark.parametrize("verb", ["quarantine_function", "quarantine_version"])
def test_news_leave_out_what_staff_took_down(daily, publish, staff, verb):
    version = publish()
    about = version.function if verb == "quarantine_function" else version

    getattr(moderation, verb)(about, Grounds("Spam.", "spam"), by=staff)

    assert following.news_for(daily, datetime.now(UTC)) == []


def test_news_are_the_newest_100_first(daily, publish):
    first = publish()
    fields = {f.attname: getattr(first, f.attname) for f in Version._meta.fields}
    del fields["id"]
    twins = [
        Version(**fields | {"number": number, "precedence": number, "published_at": at})
        for number, at in (
            (f"1.1.{n}", first.published_at + timedelta(seconds=n // 2))
            for n in range(1, 102)
        )
    ]
    Version.objects.bulk_create(twins)

    news = following.news_for(daily, datetime.now(UTC) + timedelta(hours=1))

    assert [v.number for v in news] == [f"1.1.{n}" for n in range(101, 1, -1)]


def test_only_one_process_mails_a_digest(daily, alice):
    now = datetime.now(UTC)
    again = Digest.objects.get()
    theirs = Digest.objects.create(
        account=alice, every="daily", told_until=daily.told_until
    )

    assert following.mark_told(daily, now)
    assert not following.mark_told(again, now)

    assert Digest.objects.get(account=daily.account).told_until == now
    assert following.mark_told(theirs, now)


def test_digests_are_due_when_their_period_is_over(daily):
    now = datetime.now(UTC)
    assert list(following.digests_due(now)) == [daily]

    Digest.objects.update(every="weekly")
    assert list(following.digests_due(now)) == []
    assert list(following.digests_due(now + timedelta(days=6))) == [daily]

    Digest.objects.update(every="never")
    assert list(following.digests_due(now + timedelta(days=60))) == []


@pytest.mark.parametrize(("every", "days"), [("daily", 1), ("weekly", 7)])
def test_digest_is_due_to_the_moment(daily, every, days):
    Digest.objects.update(every=every)
    due = daily.told_until + timedelta(days=days)

    assert list(following.digests_due(due)) == [daily]
    assert list(following.digests_due(due - timedelta(microseconds=1))) == []


def test_suspended_account_gets_no_digest(daily, bob, staff):
    moderation.suspend_account(bob, Grounds("Spam.", "spam"), by=staff)

    assert list(following.digests_due(datetime.now(UTC))) == []


def test_link_that_stops_mail_works_for_years_and_for_its_account(
    bob, alice, time_machine
):
    token = following.stop_token(bob)

    time_machine.move_to(datetime.now(UTC) + timedelta(days=10 * 365))

    assert following.account_of(token) == bob
    assert following.account_of(following.stop_token(alice)) == alice


def test_link_that_the_hub_did_not_sign_for_it_is_nobodys(bob):
    for another_use in (signing.dumps(bob.pk), signing.dumps(bob.pk, salt="other")):
        assert following.account_of(another_use) is None
    for made_up in ("", "x", "1:abc", following.stop_token(bob) + "x"):
        assert following.account_of(made_up) is None


def test_link_of_a_deleted_account_is_nobodys(bob):
    token = following.stop_token(bob)
    delete_account(bob, by=bob)

    assert following.account_of(token) is None
