"""Lists of functions, for every door: a page after another, or functions by their ids.

Pages are found by keyset: a cursor names the last row of the page before, and an index
in the order of the list begins there. So every page costs the same, however deep it is
and however many functions there are.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import BooleanField, F, Func, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan, LessThan

from core.db.any_of import AnyOf
from core.db.prepared import Prepared
from registry import errors
from registry.models import Category, Function

DEFAULT_SORT = "recent"
# sort -> (field, whether the largest comes first)
SORTS = {
    "recent": ("updated_at", True),
    "installs": ("install_count", True),
    "stars": ("star_count", True),
    "name": ("slug", False),
}
MAX_ID = 2**63 - 1  # what both databases hold


class FunctionRow(NamedTuple):
    """A function as a list shows it. category: its slug, or ""."""

    pk: int
    uid: UUID
    slug: str
    name: str
    description: str
    license: str
    latest_number: str
    tags: list[str]
    updated_at: datetime
    install_count: int
    star_count: int
    is_listed: bool
    readme_id: str | None
    username: str
    category: str
    category_label: str
    is_deprecated: bool

    @property
    def path(self) -> str:
        """``username/slug``, as clients and pages write it."""
        return f"{self.username}/{self.slug}"

    @property
    def url(self) -> str:
        return f"/functions/{self.username}/{self.slug}"

    @property
    def is_demoted(self) -> bool:
        """Whether lists show it as one not to begin with."""
        return self.is_deprecated or not self.is_listed


# What the fields of FunctionRow are read from, where it isn't the field of that name.
_EXPRESSIONS = {
    "username": "owner__username",
    "category": Coalesce("category__slug", Value("")),
    "category_label": Coalesce("category__label", Value("")),
    "is_deprecated": Q(deprecation__isnull=False),
}
_FIELDS = [_EXPRESSIONS.get(field, field) for field in FunctionRow._fields]


@dataclass(frozen=True)
class ListPage:
    """Some rows, and the cursor that asks for those after them ("" at the end)."""

    rows: Sequence
    next: str


# --- by their ids

_LISTED = Prepared(
    lambda pks: (
        Function.objects.listed().filter(pk__in=AnyOf(pks)).values_list(*_FIELDS)
    )
)
_READABLE = Prepared(
    lambda pks: (
        Function.objects.readable().filter(pk__in=AnyOf(pks)).values_list(*_FIELDS)
    )
)


def in_order(pks: Sequence[int], *, with_yanked: bool = False) -> list[FunctionRow]:
    """The listed functions of these ids, in the order of the ids.

    with_yanked: those too whose versions are all yanked.
    """
    if not pks:
        return []
    ask = _READABLE if with_yanked else _LISTED
    rows = {row[0]: row for row in ask(AnyOf.pack(pks))}
    return [FunctionRow._make(rows[pk]) for pk in pks if pk in rows]


# --- a page after another

FIRST_ROWS = 25  # of a list of all functions, whose query is prepared


def page(
    functions: QuerySet | None = None,
    *,
    sort: str = DEFAULT_SORT,
    cursor: str = "",
    limit: int,
) -> ListPage:
    """The ``limit`` listed functions after ``cursor``, in the order ``sort``.

    functions: a query set of Function, of which an index in that order can be walked;
    None is all. sort: a key of SORTS. cursor: a ``ListPage.next`` of the same list, or
    "" for the first page.

    Raises ValidationError(field="cursor") when the cursor is not one of ours.
    """
    if functions is None and not cursor and limit < FIRST_ROWS:
        return page_of(_FIRST[sort](), sort=sort, limit=limit)
    functions = Function.objects.all() if functions is None else functions
    pks = after(cursor, functions.listed(), sort).values_list("pk", flat=True)
    return page_of(list(pks[: limit + 1]), sort=sort, limit=limit)


def page_of(pks: Sequence[int], *, sort: str, limit: int) -> ListPage:
    """The first ``limit`` of the functions of these ids, which are in the order
    ``sort``. There is a next page where there are more ids."""
    # In two steps, the ids and then their rows: a query set that joins all of a row
    # takes Django longer to put together than both take the database.
    rows = in_order(pks[:limit])
    has_more = len(pks) > limit and rows
    return ListPage(rows, cursor_of(rows[-1], sort) if has_more else "")


def after(cursor: str, rows: QuerySet, sort: str, *, pk: str = "pk") -> QuerySet:
    """``rows`` in the order ``sort``, beginning after ``cursor``. Raises as ``page``.

    rows: of Function, or of a model that has a copy of the field to sort by. pk: the
    name of the field with the function's id.
    """
    field, descends = SORTS[sort]
    if cursor:
        value, last = position(cursor, sort)
        beyond = LessThan if descends else GreaterThan
        here = Value(value, rows.model._meta.get_field(field)), Value(last)
        # As pairs, an index of both finds the place, among equal values too. (SQLite
        # looks for the first alone where the other is the number of its rows.)
        rows = rows.filter(beyond(_pair(F(field), F(pk)), _pair(*here)))
    direction = "-" if descends else ""
    return rows.order_by(f"{direction}{field}", f"{direction}{pk}")


def _pair(*expressions) -> Func:
    """SQL's row value ``(a, b)``."""
    return Func(*expressions, function="", output_field=BooleanField())


def _first(sort: str) -> Prepared:
    ordered = after("", Function.objects.listed(), sort)
    return Prepared(lambda: ordered.values_list("pk", flat=True)[:FIRST_ROWS])


_FIRST = {sort: _first(sort) for sort in SORTS}


# --- how many

_COUNTS = Prepared(lambda: Category.objects.values_list("function_count", flat=True))


def count() -> int:
    """How many functions are listed, by the counters of the categories."""
    return sum(_COUNTS())


# --- cursors


def cursor_of(row: FunctionRow, sort: str) -> str:
    """The cursor that asks for what comes after ``row``."""
    value = getattr(row, SORTS[sort][0])
    if isinstance(value, datetime):
        value = value.astimezone(UTC).isoformat()
    text = json.dumps([sort, value, row.pk], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def position(cursor: str, sort: str) -> tuple:
    """The (value, id) that ``cursor_of`` put in; anyone may have written it.

    Raises as ``page``.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True)
        kind, value, pk = json.loads(text)
        usable = _is_whole(value)
        if sort == "recent":
            value = datetime.fromisoformat(value).astimezone(UTC)
            usable = True
        elif sort == "name":
            usable = type(value) is str and value.isascii() and value.isprintable()
        if kind != sort or not usable or not _is_whole(pk):
            raise ValueError
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise errors.ValidationError(
            f"The cursor {errors.shown(cursor)} is not one the Hub gave for this "
            "order. Start without a cursor.",
            field="cursor",
        ) from None
    return value, pk


def _is_whole(value) -> bool:
    return type(value) is int and 0 <= value <= MAX_ID
