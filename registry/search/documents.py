"""Writing what search reads: one row per published function."""

import logging
from collections.abc import Iterable

from django.db import DatabaseError, connection, transaction
from django.db.models import Value
from django.db.models.functions import Replace

from core.db.any_of import AnyOf
from core.db.prepared import Prepared
from registry.models import Function, SearchDocument
from registry.search import rows, spelling
from registry.search.engines import engine, insert
from registry.search.matching import Match
from registry.search.rank_keys import HOT_ROWS
from registry.search.rows import Row
from registry.search.text import token

log = logging.getLogger(__name__)

FIELDS = (*Row._fields[:-1], "is_hot")
COLUMNS = [SearchDocument._meta.get_field(field).column for field in FIELDS]
CHANGING = [column for column in COLUMNS if column != "function_id"]
INSERT = f"INSERT INTO registry_searchdocument AS kept ({', '.join(COLUMNS)}) "
# A row that is already so isn't written again: each index would have to follow.
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
        .filter(pk__in=AnyOf(ids))
        .order_by("pk")
        .values_list("pk")
    )
)
HOT = Prepared(
    lambda ids: SearchDocument.objects.filter(
        function__pk__in=AnyOf(ids), is_hot=True
    ).values_list("pk")
)
LAST = "SELECT max(place) FROM registry_searchdocument"
EDGE = "SELECT place FROM registry_searchdocument ORDER BY place LIMIT 1 OFFSET %s"


def index(*functions: Function) -> None:
    """Write the search documents of ``functions`` anew, in the caller's transaction.

    Called by whatever changes a listing, and when a version has been inspected: only
    then are its code and the hosts that it contacts known. A failure is logged and
    undoes nothing else; ``rebuild`` repairs it.
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
    """Write the rows of these functions, in the caller's transaction. Returns them."""
    # Locked before they are read, so that no publish comes in between.
    LOCKED(AnyOf.pack(ids))
    published = rows.facts_of(ids)
    gone = {*ids} - {function.pk for function in published}
    if gone:
        SearchDocument.objects.filter(pk__in=gone).delete()
    written = rows.rows_of(published)
    store(written, edge=_present_edge())
    return written


def store(written: list[Row], *, edge: int | None, replace: bool = True) -> None:
    """Insert rows; each is of the popular tier when its rank key is up to ``edge``.

    replace: whether a row that exists already is overwritten. Rows are inserted in the
    order of their rank keys, which is quickest for SQLite's full-text tables.
    """
    values = [
        (*row[:-1], edge is None or row.rank_key <= edge)
        for row in sorted(written, key=lambda row: row.rank_key)
    ]
    if values:
        insert(INSERT, values, REPLACE if replace else KEEP)


def reorder(function_ids: Iterable[int]) -> None:
    """Update the rank keys of functions whose installs or stars changed.

    Much quicker than ``index``; most changes are too small to change a key.
    """
    ids = list(function_ids)
    documents = SearchDocument.objects.filter(pk__in=ids).exclude(names="")
    known = dict(documents.values_list("pk", "rank_key"))
    with connection.cursor() as cursor:
        for function in rows.facts_of(ids):
            rank_key = rows.rank_key(function)
            if known.get(function.pk, rank_key) != rank_key:
                cursor.execute(
                    "UPDATE registry_searchdocument SET place = %s "
                    "WHERE function_id = %s",
                    [rank_key, function.pk],
                )


def recategorize(old: str, new: str, *, limit: int) -> int:
    """Move up to ``limit`` rows from one category's slug to another. Returns how many.

    Much quicker than ``index``, as nothing of the functions is read.
    """
    before, after = token("category", old), token("category", new)
    found = engine().some(Match(tokens=(before,)), limit)
    return SearchDocument.objects.filter(rank_key__in=found).update(
        category=new, facets=Replace("facets", Value(before), Value(after))
    )


def settle() -> None:
    """Make the popular tier hold exactly the most popular documents."""
    edge = _edge()
    documents = SearchDocument.objects
    if edge is None:
        documents.filter(is_hot=False).update(is_hot=True)
        return
    documents.filter(is_hot=True, rank_key__gt=edge).update(is_hot=False)
    documents.filter(is_hot=False, rank_key__lte=edge).update(is_hot=True)


def _present_edge() -> int | None:
    """The last rank key that is in the popular tier now. ``_edge`` counts all its rows,
    which takes milliseconds."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT ({engine().last_popular}), ({LAST})")
        last_popular, last = cursor.fetchone()
    return _edge() if last_popular in (None, last) else last_popular


def _edge() -> int | None:
    """The last rank key of the popular tier; None while all documents fit into it."""
    with connection.cursor() as cursor:
        cursor.execute(EDGE, [HOT_ROWS - 1])
        found = cursor.fetchone()
    return found[0] if found else None


def _make_room(ids: list[int]) -> None:
    """Where one of these functions came into the popular tier and it is full, take the
    last ones out of it."""
    if not HOT(AnyOf.pack(ids)):
        return
    edge = _edge()
    if edge is not None:
        leaving = SearchDocument.objects.filter(is_hot=True, rank_key__gt=edge)
        leaving.update(is_hot=False)
