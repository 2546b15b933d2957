"""One page of functions after another, at the same cost however deep (keyset)."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from registry import errors
from registry.catalog import listed

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

    rows: list[listed.FunctionRow]
    next: str


def page(*among: listed.Where, sort: str, cursor: str = "", limit: int) -> Page:
    """The ``limit`` listed functions after ``cursor``, in the order ``sort``.

    among: conditions. sort: a key of SORTS. cursor: a ``Page.next`` of the same sort,
    or "" for the first page.

    Raises ValidationError(field="cursor") when the cursor is not one of ours.
    """
    where, order = _asked(among, sort, cursor)
    return _page(listed.rows(where, order=order, limit=limit + 1), sort, limit)


def overview(
    *, sort: str, cursor: str = "", limit: int
) -> tuple[Page, listed.Overview]:
    """``page`` of all there are, and the categories read with it.

    Raises as ``page``.
    """
    where, order = _asked((), sort, cursor)
    found = listed.overview(where, order=order, limit=limit + 1)
    return _page(found.rows, sort, limit), found


def overview_said(*, sort: str, cursor: str = "", limit: int) -> tuple | None:
    """What the ``overview`` says (registry/catalog/listed.py). Raises as ``page``."""
    where, order = _asked((), sort, cursor)
    return listed.overview_said(where, order=order, limit=limit + 1)


def _asked(among, sort: str, cursor: str) -> tuple[list[listed.Where], str]:
    """Which functions, and in which order."""
    column, descends = SORTS[sort]
    direction, closer = ("DESC", "<") if descends else ("ASC", ">")
    conditions = [listed.LISTED, *among]
    if cursor:
        value, row_id = position(cursor, sort)
        value = listed.stored(value) if isinstance(value, datetime) else value
        # The first condition alone lets the index start at the right place.
        after = (
            f"f.{column} {closer}= %s AND (f.{column} {closer} %s OR f.id {closer} %s)"
        )
        conditions.append((after, [value, value, row_id]))
    return conditions, f"f.{column} {direction}, f.id {direction}"


def _page(rows: list[listed.FunctionRow], sort: str, limit: int) -> Page:
    if len(rows) <= limit:
        return Page(rows, "")
    return Page(rows[:limit], _encode(rows[limit - 1], sort))


def _encode(row: listed.FunctionRow, sort: str) -> str:
    value = row.updated if sort == "recent" else getattr(row, SORTS[sort][0])
    value = value.isoformat() if isinstance(value, datetime) else value
    text = json.dumps([sort, value, row.pk], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def position(cursor: str, sort: str) -> tuple:
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
