"""Lists of functions: their rows, their pages, and what is public."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.utils import timezone

from registry import errors, publishing
from registry.catalog import lists
from registry.models import Function, FunctionQuarantine


@pytest.fixture
def functions(publish):
    """Five functions; four have equally many installs and stars."""
    made = [publish(name=f"csv-{number}").function for number in range(5)]
    Function.objects.filter(pk=made[2].pk).update(install_count=3, star_count=3)
    return made


def test_row_has_the_types_of_its_fields(publish, alice):
    version = publish(tags=["image", "cdn"], license="MIT")
    publishing.deprecate(version.function, message="Use another.", by=alice, via="cli")

    (row,) = lists.page(limit=1).rows

    function = Function.objects.get()
    assert row.pk == function.pk
    assert row.uid == function.uid
    assert isinstance(row.uid, UUID)
    assert row.tags == ["image", "cdn"]
    assert row.updated_at == function.updated_at
    assert timezone.is_aware(row.updated_at)
    assert row.is_listed is True
    assert row.is_deprecated is True
    assert (row.category, row.category_label) == ("media", "Media")
    assert row.path == "alice/image-resizer"
    assert row.url == "/functions/alice/image-resizer"


@pytest.mark.parametrize("sort", lists.SORTS)
@pytest.mark.parametrize("limit", [1, 2, 5, lists.FIRST_ROWS])
def test_pages_hold_each_function_once(functions, sort, limit):
    field, descends = lists.SORTS[sort]
    found, cursor = [], ""
    while True:
        page = lists.page(sort=sort, cursor=cursor, limit=limit)
        found += page.rows
        cursor = page.next
        if not cursor:
            break

    order = [(getattr(row, field), row.pk) for row in found]
    assert order == sorted(order, reverse=descends)
    assert {row.pk for row in found} == {function.pk for function in functions}
    assert len(found) == len(functions)


def test_cursor_is_the_one_clients_hold():
    """Clients keep cursors: what they say must not change."""
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    cursor = "WyJyZWNlbnQiLCIyMDI2LTAxLTAyVDAzOjA0OjA1KzAwOjAwIiw3XQ"

    assert lists.position(cursor, "recent") == (at, 7)
    row = lists.FunctionRow(7, *[None] * 7, at, *[None] * 8)
    assert lists.cursor_of(row, "recent") == cursor


@pytest.mark.parametrize("cursor", ["x", "WyJuYW1lIiwiYSIsMV0", "W10", "é", "=", "AA"])
def test_cursor_of_another_list_is_refused(db, cursor):
    with pytest.raises(errors.ValidationError, match="cursor"):
        lists.page(cursor=cursor, limit=1)


def test_functions_are_read_in_the_order_of_their_ids(functions):
    pks = [functions[3].pk, functions[0].pk, 10**12, functions[4].pk]

    rows = lists.in_order(pks)

    assert [row.pk for row in rows] == [pks[0], pks[1], pks[3]]
    assert lists.in_order([]) == []


def test_yanked_function_is_read_only_where_asked(publish, alice):
    version = publish()
    publishing.yank(version, reason="Broken.", by=alice, via="cli")
    pks = [version.function_id]

    assert lists.in_order(pks) == []
    (row,) = lists.in_order(pks, with_yanked=True)
    assert row.is_listed is False


def test_quarantined_function_is_in_no_list(functions, alice):
    hidden = functions[1]
    Function.objects.filter(pk=hidden.pk).update(is_listed=False)
    FunctionQuarantine.objects.create(function=hidden, by=alice, reason="x")

    assert lists.in_order([hidden.pk], with_yanked=True) == []
    assert hidden.pk not in [row.pk for row in lists.page(limit=9).rows]
    assert not Function.objects.readable().filter(pk=hidden.pk).exists()
