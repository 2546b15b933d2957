"""One page of functions after another, at the same cost however deep (keyset)."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Q

from registry import errors

DEFAULT_SORT = "recent"
MAX_ID = 2**63 - 1  # what both databases hold
# sort -> (column, whether the largest comes first)
SORTS = {
    "recent": ("updated_at", True),
    "installs": ("install_count", True),
    "stars": ("star_count", True),
    "name": ("slug", False),
}


@dataclass(frozen=True)
class Page:
    """Some rows, and the cursor that asks for those after them ("" at the end)."""

    rows: list
    next: str


def page(functions, *, sort: str, cursor: str = "", limit: int) -> Page:
    """The ``limit`` functions after ``cursor``, in the order ``sort``.

    functions: a Function queryset, not yet ordered. sort: a key of SORTS.
    cursor: a ``Page.next`` of the same sort, or "" for the first page.

    Raises ValidationError(field="cursor") when the cursor is not one of ours.
    """
    column, descends = SORTS[sort]
    sign, closer = ("-", "lt") if descends else ("", "gt")
    if cursor:
        value, row_id = _decode(cursor, sort)
        # The first condition alone lets the index start at the right place.
        functions = functions.filter(**{f"{column}__{closer}e": value}).filter(
            Q(**{f"{column}__{closer}": value}) | Q(**{f"id__{closer}": row_id})
        )
    rows = list(functions.order_by(f"{sign}{column}", f"{sign}id")[: limit + 1])
    if len(rows) <= limit:
        return Page(rows, "")
    return Page(rows[:limit], _encode(rows[limit - 1], sort))


def _encode(function, sort: str) -> str:
    value = getattr(function, SORTS[sort][0])
    value = value.isoformat() if isinstance(value, datetime) else value
    text = json.dumps([sort, value, function.pk], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str, sort: str):
    """The (value, id) that ``_encode`` put in; anyone may have written it."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True)
        kind, value, row_id = json.loads(text)
        usable = _is_whole(value)
        if sort == "recent":
            value = datetime.fromisoformat(value).astimezone(UTC)
            usable = True
        elif sort == "name":
            usable = type(value) is str and value.isascii() and value.isprintable()
        if kind != sort or not usable or not _is_whole(row_id):
            raise ValueError
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise errors.ValidationError(
            f"The cursor {errors.shown(cursor)} is not one the Hub gave for this "
            "order. Start without a cursor.",
            field="cursor",
        ) from None
    return value, row_id


def _is_whole(value) -> bool:
    return type(value) is int and 0 <= value <= MAX_ID
