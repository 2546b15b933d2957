"""Functions without words to find them by: all, or those that filters leave."""

from registry import listed, paging
from registry.models import SearchDocument
from registry.search import facets
from registry.search.engines import engine
from registry.search.matching import Match
from registry.search.places import SUNK, function_at
from registry.search.query import Query
from registry.search.text import token

COUNTED_AT_MOST = 1000  # exact up to here

Browsed = tuple[list[listed.FunctionRow], str, int, dict]  # as Found begins


def everything(sort: str, limit: int, cursor: str) -> Browsed:
    """All there are, which is never counted: the counters are kept."""
    page = paging.page(sort=_order(sort), cursor=cursor, limit=limit)
    return page.rows, page.next, min(listed.count(), COUNTED_AT_MOST + 1), {}


def filtered(
    query: Query, sort: str, limit: int, cursor: str, want_facets: bool
) -> Browsed:
    """Few: exactly those; many: an index in the wanted order is walked, which finds a
    page soon because there are many."""
    sort = _order(sort)
    tags = [value.lower() for name, value in query.filters if name == "tag"]
    if len(query.filters) == len(tags) == 1 and sort == "recent" and not want_facets:
        among = [_tagged(tags[0], [], cursor, limit)]
        return *_page(among, sort, cursor, limit), _tag_count(tags[0]), {}
    among, places, total = [], [], 0
    if not query.tokens:
        places, total = _popular(), min(listed.count(), COUNTED_AT_MOST + 1)
    else:
        places = engine().some(Match(tokens=query.tokens), COUNTED_AT_MOST + 1)
        total = len(places)
    if query.tokens and total <= COUNTED_AT_MOST:
        among = [at(places, sort, cursor, limit)]
    elif query.tokens:
        among = [_having(name, value) for name, value in query.filters]
        if tags and sort == "recent":
            among = [_tagged(tags[0], among, cursor, limit)]
    counted = facets.count(places[:COUNTED_AT_MOST]) if want_facets else {}
    return *_page(among, sort, cursor, limit), total, counted


def at(places: list[int], sort: str, cursor: str, limit: int) -> listed.Where:
    """The next page of the functions at these places, with one more.

    Put in order before anything else may be: a planner that sees the page's limit
    would rather walk all functions in that order and look each up among the places.
    """
    column, descends = paging.SORTS[sort]
    direction, closer = ("DESC", "<") if descends else ("ASC", ">")
    those, given = engine().rows([function_at(place) for place in places])
    after, values = "", [given]
    if cursor:
        value, row_id = paging.position(cursor, sort)
        value = listed.stored(value) if sort == "recent" else value
        after = f"WHERE value {closer} %s OR (value = %s AND id {closer} %s)"
        values += [value, value, row_id]
    found = listed.fetched(
        f"SELECT id FROM (SELECT id, {column} AS value FROM registry_function "
        f"WHERE is_listed AND id IN ({those}) LIMIT 1000000) AS those {after} "
        f"ORDER BY value {direction}, id {direction} LIMIT {limit + 1:d}",
        values,
    )
    return listed.with_ids([row[0] for row in found])


def _order(sort: str) -> str:
    return "installs" if sort == "relevance" else sort


def _page(among: list[listed.Where], sort: str, cursor: str, limit: int):
    page = paging.page(*among, sort=sort, cursor=cursor, limit=limit)
    return page.rows, page.next


def _popular() -> list[int]:
    popular = SearchDocument.objects.filter(is_hot=True, place__lt=SUNK)
    places = popular.order_by("place").values_list("place", flat=True)
    return list(places[:COUNTED_AT_MOST])


def _having(name: str, value: str) -> listed.Where:
    """A filter on the functions themselves, for walking in another order."""
    if name == "category":
        found = "(SELECT id FROM registry_category WHERE slug = %s)"
        return f"f.category_id = {found}", [value]
    if name == "author":
        found = "(SELECT id FROM accounts_account WHERE username = %s)"
        return f"f.owner_id = {found}", [value]
    if name == "tag":
        found = "registry_functiontag t WHERE t.function_id = f.id AND t.tag = %s"
        return f"EXISTS (SELECT 1 FROM {found})", [value.lower()]
    found = "registry_searchdocument s WHERE s.function_id = f.id AND s.facets LIKE %s"
    return f"EXISTS (SELECT 1 FROM {found})", [f"%{token(name, value)}%"]


def _tagged(
    tag: str, among: list[listed.Where], cursor: str, limit: int
) -> listed.Where:
    """The next page of a tag in order of time, with one function more: a tag knows
    when its functions were updated, so only these are looked at."""
    conditions, values = ["t.tag = %s"], [tag]
    if cursor:
        value, row_id = paging.position(cursor, "recent")
        value = listed.stored(value)
        conditions.append(
            "t.updated_at <= %s AND (t.updated_at < %s OR t.function_id < %s)"
        )
        values += [value, value, row_id]
    for condition, given in among:
        conditions.append(f"({condition})")
        values += given
    joined = "JOIN registry_function f ON f.id = t.function_id" if among else ""
    found = listed.fetched(
        f"SELECT t.function_id FROM registry_functiontag t {joined} "
        f"WHERE {' AND '.join(conditions)} "
        f"ORDER BY t.updated_at DESC, t.function_id DESC LIMIT {limit + 1:d}",
        values,
    )
    return listed.with_ids([row[0] for row in found])


def _tag_count(tag: str) -> int:
    ((found,),) = listed.fetched(
        "SELECT count(*) FROM "
        "(SELECT 1 FROM registry_functiontag WHERE tag = %s LIMIT %s) AS found",
        [tag, COUNTED_AT_MOST + 1],
    )
    return found
