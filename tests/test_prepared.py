"""Prepared questions: asked with other values, they find what a query set finds."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, ApiKey
from core.db.any_of import AnyOf
from core.db.prepared import Prepared
from registry.models import Draft, Function, TagRule, Version
from tests.conftest import make_account

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


@pytest.mark.parametrize("tags", [(), ("a",), ("b", "ü"), ("ü", "b", "nothing")])
def test_many_values_are_one_parameter(db, tags):
    TagRule.objects.bulk_create(TagRule(tag=tag, becomes="x") for tag in "abü")
    asked = Prepared(
        lambda tags: TagRule.objects.filter(tag__in=AnyOf(tags, "text")).values_list(
            "tag", flat=True
        )
    )

    for _ in range(2):
        assert sorted(asked(AnyOf.pack(tags))) == sorted({*tags} & {*"abü"})


def test_many_values_are_packed_without_backslashes():
    """PostgreSQL would drop them, and with them what they stand for."""
    assert AnyOf.pack(["größe", "grün"]) == '["größe", "grün"]'


def test_of_one_column_it_finds_that_one_whatever_it_sorts_by(alice, bob):
    """To sort rows that are distinct, the database is asked for what it sorts by."""
    named = Prepared(
        lambda name: (
            Account.objects.filter(username__gt=name)
            .values_list("username", flat=True)
            .order_by("-email")
            .distinct()
        )
    )

    assert named("") == ["bob", "alice"]


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
            function__owner=owner, function__pk__in=AnyOf(ids)
        )
    )

    assert owned(alice.pk, AnyOf.pack([version.function_id, 0])) == [version]
    assert owned(alice.pk + 1, AnyOf.pack([version.function_id])) == []


def test_rows_have_every_field_and_nothing_is_read_later(publish):
    version = publish()
    joined = Prepared(
        lambda pk: Version.objects.select_related("function").filter(pk=pk)
    )

    found = joined.first(version.pk)

    assert not found.get_deferred_fields() | found.function.get_deferred_fields()


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


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_took_the_place_of_another_is_asked():
    BY_NAME("alice")
    asked, before = [], connections["default"]

    def note(execute, sql, params, many, context):
        asked.append(params)
        return execute(sql, params, many, context)

    connections["default"] = before.copy()
    try:
        with connections["default"].execute_wrapper(note):
            assert BY_NAME("alice") == []
    finally:
        connections["default"].close()
        connections["default"] = before

    assert [list(params) for params in asked] == [["alice"]]


def test_an_expired_key_is_none(alice):
    usable = Prepared(lambda now: ApiKey.objects.usable(now).values_list("name"))
    now = timezone.now()
    ApiKey.objects.create(account=alice, name="k", hash="h", expires_at=now)

    assert usable(now - timedelta(seconds=1)) == [("k",)]
    assert usable(now) == []


def test_questions_are_logged_with_their_values(alice):
    with CaptureQueriesContext(connection) as seen:
        BY_NAME("alice")

    assert len(seen) == 1
    assert "alice" in seen[0]["sql"]


def test_wrappers_of_the_connection_are_asked_first(alice):
    def refuse(execute, sql, params, many, context):
        raise DatabaseError(f"not now: {params}")

    with (
        connection.execute_wrapper(refuse),
        pytest.raises(DatabaseError, match="alice"),
    ):
        BY_NAME("alice")


def test_other_rows_than_models_and_values_list_are_refused(db):
    with pytest.raises(TypeError, match="values_list"):
        Prepared(lambda name: Account.objects.filter(username=name).values())("alice")
