"""Lists of functions: their rows, their pages, and what is public."""

import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
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
    assert row.license == "MIT"
    assert row.latest_number == "1.0.0"
    assert row.readme_id == version.readme_id
    assert row.path == "alice/image-resizer"
    assert row.url == "/functions/alice/image-resizer"


@pytest.mark.parametrize(
    ("sort", "field", "descends"),
    [
        ("recent", "updated_at", True),
        ("installs", "install_count", True),
        ("stars", "star_count", True),
        ("name", "slug", False),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 5, 25])
def test_pages_hold_each_function_once(functions, sort, field, descends, limit):
    found, cursor = [], ""
    while True:
        page = lists.page(sort=sort, cursor=cursor, limit=limit)
        assert page.rows
        found += page.rows
        assert len(found) <= len(functions)
        cursor = page.next
        if not cursor:
            break

    order = [(getattr(row, field), row.pk) for row in found]
    assert order == sorted(order, reverse=descends)
    assert {row.pk for row in found} == {function.pk for function in functions}


@pytest.fixture
def many(publish):
    """many(count) makes that many listed functions, newest first."""

    def many(count):
        model = publish(name="tool-0").function
        made = [
            Function(
                owner=model.owner,
                slug=f"tool-{number}",
                look_alike=f"tool{number}",
                is_listed=True,
                latest=model.latest,
                published_at=model.published_at,
                updated_at=model.updated_at - timedelta(seconds=number),
            )
            for number in range(1, count)
        ]
        Function.objects.bulk_create(made)
        return [model, *made]

    return many


@pytest.mark.parametrize("limit", [1, 24, 25, 26, 27])
def test_a_first_page_ends_where_the_next_begins(many, limit):
    slugs = [function.slug for function in many(27)]

    first = lists.page(limit=limit)

    assert [row.slug for row in first.rows] == slugs[:limit]
    rest = lists.page(cursor=first.next, limit=30).rows if first.next else []
    assert [row.slug for row in rest] == slugs[limit:]


def test_a_page_is_of_the_functions_it_is_asked_of(functions, publish, bob):
    own = publish(name="pdf-export", by=bob).function
    publish(name="zip-export")

    page = lists.page(Function.objects.owned_by(bob), limit=1)

    assert [row.pk for row in page.rows] == [own.pk]
    assert page.next == ""
    assert lists.page(Function.objects.none(), limit=1) == lists.ListPage([], "")


def test_a_page_whose_functions_went_meanwhile_is_the_last(functions):
    pks = [functions[0].pk, functions[1].pk]
    Function.objects.filter(pk=pks[0]).update(is_listed=False)

    assert lists.page_of(pks, sort="name", limit=1) == lists.ListPage([], "")


def test_a_page_that_begins_after_a_function_that_went_goes_on(functions):
    first = lists.page(sort="name", limit=2)
    Function.objects.filter(pk=first.rows[-1].pk).update(is_listed=False)

    rest = lists.page(sort="name", cursor=first.next, limit=9).rows

    assert [row.slug for row in rest] == ["csv-2", "csv-3", "csv-4"]


def test_the_number_of_functions_is_of_those_listed(functions, publish, push, alice):
    publish(name="pdf-export", category="utility")
    push(name="zip-export")
    assert lists.count() == 6

    version = functions[0].latest
    publishing.yank(version, reason="Broken.", by=alice, via="cli")

    assert lists.count() == 5


@pytest.mark.parametrize(
    ("is_listed", "is_deprecated", "is_demoted"),
    [
        (True, False, False),
        (True, True, True),
        (False, False, True),
        (False, True, True),
    ],
)
def test_what_is_deprecated_or_has_no_live_version_is_demoted(
    publish, alice, is_listed, is_deprecated, is_demoted
):
    version = publish()
    if is_deprecated:
        publishing.deprecate(version.function, message="Old.", by=alice, via="cli")
    if not is_listed:
        publishing.yank(version, reason="Broken.", by=alice, via="cli")

    (row,) = lists.in_order([version.function_id], with_yanked=True)

    assert row.is_demoted is is_demoted


def test_a_row_of_a_function_without_a_category_says_so(publish):
    publish()
    Function.objects.update(category=None)

    (row,) = lists.page(limit=1).rows

    assert (row.category, row.category_label) == ("", "")


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


AT = "2026-01-02T03:04:05+00:00"
TWO_63 = 2**63  # one above what both databases hold


def cursor_with(*values, text=None) -> str:
    """A cursor that anyone can write."""
    text = json.dumps(values) if text is None else text
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("sort", "values"),
    [
        ("recent", ["recent", AT, 7]),
        ("recent", ["recent", AT, 0]),
        ("recent", ["recent", AT, TWO_63 - 1]),
        ("installs", ["installs", 0, 7]),
        ("installs", ["installs", TWO_63 - 1, 7]),
        ("stars", ["stars", 3, 7]),
        ("name", ["name", "a", 7]),
        ("name", ["name", "ab", 7]),
        ("name", ["name", "abc", 7]),
    ],
    ids=str,
)
def test_a_cursor_says_its_order_a_value_and_an_id(db, sort, values):
    value, pk = lists.position(cursor_with(*values), sort)

    assert pk == values[2]
    assert value == (datetime.fromisoformat(AT) if sort == "recent" else values[1])
    assert lists.page(sort=sort, cursor=cursor_with(*values), limit=1).rows == []


@pytest.mark.parametrize(
    ("sort", "values"),
    [
        ("recent", ["stars", AT, 7]),
        ("recent", ["recent", "soon", 7]),
        ("recent", ["recent", 5, 7]),
        ("recent", ["recent", None, 7]),
        ("recent", ["recent", "0001-01-01T00:00:00+23:59", 7]),
        ("recent", ["recent", AT, "7"]),
        ("recent", ["recent", AT, None]),
        ("recent", ["recent", AT, True]),
        ("recent", ["recent", AT, -1]),
        ("recent", ["recent", AT, 7.0]),
        ("recent", ["recent", AT, TWO_63]),
        ("recent", ["recent", AT]),
        ("recent", ["recent", AT, 7, 7]),
        ("installs", ["stars", 3, 7]),
        ("installs", ["installs", -1, 7]),
        ("installs", ["installs", TWO_63, 7]),
        ("installs", ["installs", "3", 7]),
        ("installs", ["installs", True, 7]),
        ("installs", ["installs", None, 7]),
        ("stars", ["stars", 3.5, 7]),
        ("stars", ["stars", [3], 7]),
        ("name", ["recent", "a", 7]),
        ("name", ["name", 5, 7]),
        ("name", ["name", None, 7]),
        ("name", ["name", "\u00e9", 7]),
        ("name", ["name", "a\0", 7]),
        ("name", ["name", "a\n", 7]),
        ("name", ["name", "a", TWO_63]),
    ],
    ids=ascii,
)
def test_a_cursor_that_says_something_else_is_refused(db, sort, values):
    with pytest.raises(errors.ValidationError) as caught:
        lists.page(sort=sort, cursor=cursor_with(*values), limit=1)

    assert caught.value.field == "cursor"
    assert caught.value.message.endswith("Start without a cursor.")


@pytest.mark.parametrize(
    "text", ["", "7", "null", "{}", '"abc"', "[" * 100_000, "nonsense", "[1,2"]
)
def test_a_cursor_that_is_no_list_of_three_is_refused(db, text):
    with pytest.raises(errors.ValidationError):
        lists.page(cursor=cursor_with(text=text) or "-", limit=1)


@pytest.mark.parametrize("character", ["!", "\n", " ", "%", "\u00e9"], ids=ascii)
def test_a_cursor_has_no_other_characters(db, character):
    cursor = cursor_with("recent", AT, 7)

    with pytest.raises(errors.ValidationError):
        lists.page(cursor=cursor[:8] + character + cursor[8:], limit=1)


def test_functions_are_read_in_the_order_of_their_ids(functions):
    pks = [functions[3].pk, functions[0].pk, 10**12, functions[4].pk]

    rows = lists.in_order(pks)

    assert [row.pk for row in rows] == [pks[0], pks[1], pks[3]]
    assert lists.in_order([]) == []


@pytest.mark.parametrize("with_yanked", [False, True])
def test_no_other_function_is_read_for_the_rows_of_a_list(
    functions, with_yanked, django_assert_num_queries
):
    with django_assert_num_queries(1) as asked:
        lists.in_order([functions[0].pk], with_yanked=with_yanked)

    with connection.cursor() as cursor:
        cursor.execute(asked[0]["sql"])
        assert [row[0] for row in cursor.fetchall()] == [functions[0].pk]


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
