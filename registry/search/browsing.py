"""Functions without words to find them by: all, or those that filters leave."""

from registry.catalog import listed, paging
from registry.models import SearchDocument
from registry.search import facets
from registry.search.engines import engine
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
    if _is_tag(query) and sort == "recent" and not want_facets:
        page = _page(_walked(query, sort, cursor, limit), sort, cursor, limit)
        return *page, _tag_count(query.filters[0][1].lower()), {}
    if not query.tokens:
        page = _page([], sort, cursor, limit)
        most = min(listed.count(), COUNTED_AT_MOST + 1)
        return *page, most, facets.count(_popular()) if want_facets else {}
    answer = engine().filter(query.tokens, COUNTED_AT_MOST + 1, want_facets)
    if answer.total <= COUNTED_AT_MOST:
        page = _page([at(answer.sample, sort, cursor, limit)], sort, cursor, limit)
    else:
        with engine().bounded():
            page = _page(_walked(query, sort, cursor, limit), sort, cursor, limit)
    return *page, answer.total, facets.of(answer) if want_facets else {}


def _is_tag(query: Query) -> bool:
    return [name for name, _ in query.filters] == ["tag"]


def _walked(query: Query, sort: str, cursor: str, limit: int) -> list[listed.Where]:
    """What the functions must have, of which there are many."""
    among = [_having(name, value) for name, value in query.filters]
    tags = [value.lower() for name, value in query.filters if name == "tag"]
    if tags and sort == "recent":
        among = [] if _is_tag(query) else among
        among = [_tagged(tags[0], among, cursor, limit)]
    return among


def at(places: list[int], sort: str, cursor: str, limit: int) -> listed.Where:
    """The next page of the functions at these places, with one more.

    Put in order before anything else may be: a planner that sees the page's limit
    would rather walk all functions in that order and look each up among the places.
    """
    column, descends = paging.SORTS[sort]
    direction, closer = ("DESC", "<") if descends else ("ASC", ">")
    those, given = listed.with_ids([function_at(place) for place in places])
    after, values = "", [*given]
    if cursor:
        value, row_id = paging.position(cursor, sort)
        value = listed.stored(value) if sort == "recent" else value
        after = f"WHERE value {closer} %s OR (value = %s AND id {closer} %s)"
        values += [value, value, row_id]
    return (
        f"f.id IN (SELECT id FROM (SELECT f.id, f.{column} AS value "
        f"FROM registry_function f WHERE f.is_listed AND {those} LIMIT 1000000) "
        f"AS those {after} ORDER BY value {direction}, id {direction} "
        f"LIMIT {limit + 1:d})",
        values,
    )


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
