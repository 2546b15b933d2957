"""Prepared queries: asked with other values, they find what a fresh query set finds."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, ApiKey, Event
from core.db.prepared import (
    Prepared,
    asked_ahead,
    execute,
    insert,
    insert_all,
    together,
    update,
)
from registry.models import Draft, Function, TagRule, Version
from tests.conftest import make_account

RULE = "INSERT INTO registry_tagrule (tag, becomes, at) VALUES (%s, '', %s)"
BY_NAME = Prepared(lambda name: Account.objects.filter(username=name))
WITH_OWNER = Prepared(
    lambda pk: Function.objects.filter(pk=pk).select_related("owner", "category")
)


def test_each_call_has_its_own_values(alice, bob):
    assert BY_NAME("alice") == [alice]
    assert BY_NAME("bob") == [bob]
    assert BY_NAME("carol") == []
    assert BY_NAME.first("carol") is None


def test_values_are_never_part_of_the_sql(alice):
    assert BY_NAME("' OR 1=1 --") == []
    assert BY_NAME("%s") == []
    assert BY_NAME.first("alice") == alice


def test_joined_rows_cost_one_query(publish, django_assert_num_queries):
    function = publish().function
    WITH_OWNER(function.pk)

    with django_assert_num_queries(1):
        found = WITH_OWNER.first(function.pk)

        assert (found.owner, found.category.slug) == (function.owner, "media")


def test_what_is_found_is_read_anew_each_time(alice):
    BY_NAME("alice")
    Account.objects.update(display_name="Alice B.")

    assert BY_NAME.first("alice").display_name == "Alice B."


@pytest.mark.parametrize("tags", [(), ("a",), ("b", "c"), ("c", "b", "nothing")])
def test_tuples_are_for_in(db, tags):
    TagRule.objects.bulk_create(TagRule(tag=tag, becomes="x") for tag in "abc")
    asked = Prepared(
        lambda tags: TagRule.objects.filter(tag__in=tags).values_list("tag", flat=True)
    )

    for _ in range(2):
        assert sorted(asked(tags)) == sorted({*tags} & {*"abc"})


def test_times_and_uuids(push):
    draft = push()
    since = Prepared(lambda pk, at: Draft.objects.filter(pk=pk, created_at__gt=at))
    hour = timedelta(hours=1)

    assert since(draft.pk, timezone.now() - hour) == [draft]
    assert since(draft.pk, timezone.now() + hour) == []
    assert since(uuid.uuid4(), timezone.now() - hour) == []


def test_foreign_keys_and_joins(alice, publish):
    version = publish()
    owned = Prepared(
        lambda owner, ids: Version.objects.filter(
            function__owner=owner, function__pk__in=ids
        )
    )

    assert owned(alice.pk, (version.function_id, 0)) == [version]
    assert owned(alice.pk + 1, (version.function_id,)) == []


def test_a_wrong_number_of_values_is_refused(db):
    with pytest.raises(TypeError, match="needed"):
        Prepared(lambda one, two: Account.objects.filter(pk=one, username=two))(1)


@pytest.mark.django_db(transaction=True)
def test_each_thread_asks_on_its_own_connection():
    make_account("alice")
    BY_NAME("alice")
    found = []

    def ask():
        found.extend(account.username for account in BY_NAME("alice"))
        connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()

    assert found == ["alice"]


def test_an_expired_key_is_none(alice):
    usable = Prepared(lambda now: ApiKey.objects.usable(now).values_list("name"))
    now = timezone.now()
    ApiKey.objects.create(account=alice, name="k", hash="h", expires_at=now)

    assert usable(now - timedelta(seconds=1)) == [("k",)]
    assert usable(now) == []


# --- rows written


def test_an_inserted_row_is_the_one_that_save_would_store(alice):
    inserted = Event(actor=alice, verb="test", subject="é%s", via="api", data={"a": []})
    saved = Event(actor=alice, verb="test", subject="é%s", via="api", data={"a": []})
    saved.at = inserted.at

    assert insert(inserted)
    saved.save()

    rows = Event.objects.filter(pk__in=[inserted.pk, saved.pk])
    one, other = rows.values("actor", "verb", "subject", "via", "data", "at")
    assert one == other
    inserted.verb = "changed"
    inserted.save()  # knows that it is there
    assert Event.objects.get(pk=inserted.pk).verb == "changed"


def test_a_taken_value_leaves_the_transaction_whole(db):
    with transaction.atomic():
        assert insert(TagRule(tag="a", becomes="b"), unless_there=True)
        assert not insert(TagRule(tag="a", becomes="c"), unless_there=True)
        insert_all([TagRule(tag=tag, becomes="d") for tag in "abc"])

    rules = dict(TagRule.objects.values_list("tag", "becomes"))
    assert rules == {"a": "b", "b": "d", "c": "d"}


def test_a_taken_value_is_an_error_otherwise(db):
    insert(TagRule(tag="a", becomes="b"))

    with pytest.raises(IntegrityError), transaction.atomic():
        insert(TagRule(tag="a", becomes="c"))


def test_an_update_stores_the_named_fields_alone(push):
    draft = push()
    draft.readme, draft.files, draft.via = "new", {"a.ts": "%s"}, "admin"

    assert update(draft, "readme", "files")

    stored = Draft.objects.get(pk=draft.pk)
    assert (stored.readme, stored.files) == ("new", {"a.ts": "%s"})
    assert stored.via == "cli"
    Draft.objects.all().delete()
    assert not update(draft, "readme")


def test_statements_are_seen_by_whoever_looks_on(alice):
    with CaptureQueriesContext(connection) as seen:
        BY_NAME("alice")
        insert_all([TagRule(tag=tag, becomes="") for tag in "abcdef"])
        assert execute("UPDATE registry_tagrule SET becomes = %s", "c") == 6

    assert len(seen) == 3
    assert "alice" in seen[0]["sql"]


def test_what_is_written_together_is_all_there(push):
    draft = push()
    draft.readme = "new"

    with transaction.atomic(), together():
        insert_all([TagRule(tag=tag, becomes="") for tag in "abc"])
        rule = TagRule(tag="d", becomes="")
        assert insert(rule)
        update(draft, "readme")
        execute("UPDATE registry_tagrule SET becomes = %s WHERE id = %s", "x", rule.pk)
        assert BY_NAME.first("alice").username == "alice"

    rules = TagRule.objects.order_by("tag").values_list("tag", "becomes")
    assert list(rules) == [("a", ""), ("b", ""), ("c", ""), ("d", "x")]
    assert Draft.objects.get(pk=draft.pk).readme == "new"


def test_what_was_asked_ahead_is_answered_once(alice):
    with asked_ahead((BY_NAME, "alice"), (BY_NAME, "nobody")):
        first = BY_NAME.first("alice")
        Account.objects.filter(pk=alice.pk).update(username="al")
        assert BY_NAME("alice") == []  # asked again, so anew
        assert BY_NAME("nobody") == []

    assert first == alice
    assert BY_NAME.first("al") == alice


def test_answers_that_nobody_asked_for_are_gone_afterwards(alice):
    with asked_ahead((BY_NAME, "alice")):
        pass
    Account.objects.filter(pk=alice.pk).update(username="al")

    assert BY_NAME("alice") == []


def test_a_row_takes_the_place_of_the_one_with_its_unique_value(db):
    insert_all([TagRule(tag=tag, becomes="") for tag in "ab"])
    first = TagRule.objects.get(tag="a").pk

    with transaction.atomic(), together():
        rows = [TagRule(tag=tag, becomes="x") for tag in "ac"]
        insert_all(rows, replacing="tag")

    rules = TagRule.objects.order_by("tag").values_list("tag", "becomes")
    assert list(rules) == [("a", "x"), ("b", ""), ("c", "x")]
    assert TagRule.objects.get(tag="a").pk == first


def test_a_fault_among_what_is_written_together_undoes_it(db):
    def write():
        with transaction.atomic(), together():
            for tag in "aab":
                execute(RULE, tag, "2026-11-21 00:00:00+00:00")

    with pytest.raises(IntegrityError, match="(?i)unique"):
        write()

    assert not TagRule.objects.exists()
