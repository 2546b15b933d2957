"""Writing what search reads: one row per published function."""

import logging
from collections.abc import Iterable

from django.db import DatabaseError, connection, transaction
from django.db.models import Value
from django.db.models.functions import Replace

from core.db.prepared import Prepared
from registry.models import Function, SearchDocument
from registry.search import rows, spelling
from registry.search.engines import engine, insert
from registry.search.matching import Match
from registry.search.places import HOT_ROWS
from registry.search.rows import Row
from registry.search.text import token

log = logging.getLogger(__name__)

COLUMNS = (*Row._fields[:-1], "is_hot")
CHANGING = tuple(column for column in COLUMNS if column != "function_id")
INSERT = f"INSERT INTO registry_searchdocument AS kept ({', '.join(COLUMNS)}) "
# What stays as it is isn't written: no index has to follow.
REPLACE = (
    " ON CONFLICT (function_id) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in CHANGING)
    + " WHERE "
    + " OR ".join(f"kept.{c} IS DISTINCT FROM excluded.{c}" for c in CHANGING)
)
KEEP = " ON CONFLICT (function_id) DO NOTHING"
LOCKED = Prepared(
    lambda ids: (
        Function.objects.select_for_update()
        .filter(pk__in=ids)
        .order_by("pk")
        .values_list("pk")
    )
)
HOT = Prepared(
    lambda ids: SearchDocument.objects.filter(
        function__pk__in=ids, is_hot=True
    ).values_list("place")
)
LAST = "SELECT max(place) FROM registry_searchdocument"
EDGE = "SELECT place FROM registry_searchdocument ORDER BY place LIMIT 1 OFFSET %s"


def index(*functions: Function) -> None:
    """Bring what search knows of ``functions`` up to date, in the caller's transaction.

    Called by whatever changes a listing, and when a version has been inspected, which
    is when its code and what it reaches are known. A failure is logged and undoes
    nothing else; rebuild makes up for it.
    """
    ids = [function.pk for function in functions]
    try:
        with transaction.atomic():
            spelling.learn(word for row in write(ids) for word in row.words)
            _make_room(ids)
    except DatabaseError:
        if len(functions) > 1:  # one of them must not take the others with it
            for function in functions:
                index(function)
            return
        slug = functions[0].slug
        log.exception("%s can't be found as it is: run rebuild_search.", slug)


def write(ids: list[int]) -> list[Row]:
    """Write the rows of these functions, in the caller's transaction; those rows."""
    # Locked before they are read, so that no publish comes in between.
    LOCKED(tuple(ids))
    date_tags(ids)
    listed = rows.listed(ids)
    gone = {*ids} - {function.pk for function in listed}
    if gone:
        SearchDocument.objects.filter(pk__in=gone).delete()
    written = rows.rows_of(listed)
    store(written, edge=_present_edge())
    return written


def date_tags(ids: list[int]) -> None:
    """Give the tags of these functions the time their function was last updated."""
    those, value = engine().rows(ids)
    newest = "(SELECT updated_at FROM registry_function f WHERE f.id = function_id)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE registry_functiontag SET updated_at = {newest} "
            f"WHERE function_id IN ({those}) AND updated_at IS DISTINCT FROM {newest}",
            [value],
        )


def store(written: list[Row], *, edge: int | None, replace: bool = True) -> None:
    """Write ``written``, each into the popular tier when its place is before ``edge``.

    replace: whether a row that is there already gives way. In order of place: that is
    the order SQLite's full-text tables take quickly.
    """
    values = [
        (*row[:-1], edge is None or row.place <= edge)
        for row in sorted(written, key=lambda row: row.place)
    ]
    if values:
        insert(INSERT, values, REPLACE if replace else KEEP)


def reorder(function_ids: Iterable[int]) -> None:
    """Give functions whose installs or stars changed their place in popularity.

    Much quicker than ``index``; most changes are too small to move a function.
    """
    ids = list(function_ids)
    documents = SearchDocument.objects.filter(pk__in=ids).exclude(names="")
    places = dict(documents.values_list("pk", "place"))
    with connection.cursor() as cursor:
        for function in rows.listed(ids):
            place = rows.place(function)
            if places.get(function.pk, place) != place:
                cursor.execute(
                    "UPDATE registry_searchdocument SET place = %s "
                    "WHERE function_id = %s",
                    [place, function.pk],
                )


def recategorize(old: str, new: str, *, limit: int) -> int:
    """File up to ``limit`` rows of one category's slug under another; how many.

    Much quicker than ``index``: nothing of the functions is read.
    """
    before, after = token("category", old), token("category", new)
    places = engine().some(Match(tokens=(before,)), limit)
    return SearchDocument.objects.filter(place__in=places).update(
        category=new, facets=Replace("facets", Value(before), Value(after))
    )


def settle() -> None:
    """Put exactly the most popular into the popular tier."""
    edge = _edge()
    documents = SearchDocument.objects
    if edge is None:
        documents.filter(is_hot=False).update(is_hot=True)
        return
    documents.filter(is_hot=True, place__gt=edge).update(is_hot=False)
    documents.filter(is_hot=False, place__lte=edge).update(is_hot=True)


def _present_edge() -> int | None:
    """As ``_edge``, of the tier as it is now: to count through it takes milliseconds,
    and in a large registry nearly no row is near."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT ({engine().last_popular}), ({LAST})")
        last_popular, last = cursor.fetchone()
    return _edge() if last_popular in (None, last) else last_popular


def _edge() -> int | None:
    """The last place of the popular tier; None while everything fits into it."""
    with connection.cursor() as cursor:
        cursor.execute(EDGE, [HOT_ROWS - 1])
        found = cursor.fetchone()
    return found[0] if found else None


def _make_room(ids: list[int]) -> None:
    """Where a function is new to the full popular tier, the last one leaves it."""
    if not HOT(tuple(ids)):
        return
    edge = _edge()
    if edge is not None:
        leaving = SearchDocument.objects.filter(is_hot=True, place__gt=edge)
        leaving.update(is_hot=False)
