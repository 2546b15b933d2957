"""Functions without words to find them by: all, or those that filters leave."""

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce

from registry.catalog import lists
from registry.catalog.lists import FunctionRow, ListPage
from registry.models import Category, Function, FunctionTag, SearchDocument
from registry.search import facets
from registry.search.engines import engine, one_of
from registry.search.places import SUNK, function_at
from registry.search.query import Query
from registry.search.text import token

COUNTED_AT_MOST = 1000  # exact up to here

Browsed = tuple[list[FunctionRow], str, int, dict]  # as Found begins


def everything(sort: str, limit: int, cursor: str) -> Browsed:
    """All functions, which are never counted: the counters are kept."""
    page = lists.page(sort=_order(sort), cursor=cursor, limit=limit)
    return page.rows, page.next, _all_counted(), {}


def filtered(
    query: Query, sort: str, limit: int, cursor: str, want_facets: bool
) -> Browsed:
    """Those that have all filters. Where they are few, these are put in order; where
    they are many, an index in that order is walked, which soon finds a page."""
    sort = _order(sort)
    if not query.tokens:
        page = lists.page(sort=sort, cursor=cursor, limit=limit)
        found = facets.count(_popular()) if want_facets else {}
        return page.rows, page.next, _all_counted(), found
    names = [name for name, _ in query.filters]
    if names == ["tag"] and sort == "recent" and not want_facets:
        page = _walked(query, sort, cursor, limit)
        return page.rows, page.next, _tag_counted(query.filters[0][1]), {}
    answer = engine().filter(query.tokens, COUNTED_AT_MOST + 1, want_facets)
    if answer.total <= COUNTED_AT_MOST:
        page = some_of(answer.sample, sort, cursor, limit)
    else:
        with engine().bounded():
            page = _walked(query, sort, cursor, limit)
    found = facets.of(answer) if want_facets else {}
    return page.rows, page.next, answer.total, found


def some_of(places: list[int], sort: str, cursor: str, limit: int) -> ListPage:
    """A page of the functions at these places, some thousands at most."""
    pks = [function_at(place) for place in places]
    functions = Function.objects.listed().filter(pk__in=one_of(pks))
    field, descends = lists.SORTS[sort]
    # No index has the order of an expression. By the field itself a planner that sees
    # the limit walks all functions in that order, and looks for each among the places.
    order = Coalesce(field, field)
    functions = lists.after(cursor, functions, sort).order_by(
        *((order.desc(), "-pk") if descends else (order.asc(), "pk"))
    )
    found = functions.values_list("pk", flat=True)[: limit + 1]
    return lists.page_of(list(found), sort=sort, limit=limit)


def _walked(query: Query, sort: str, cursor: str, limit: int) -> ListPage:
    """A page of many functions, by an index in the wanted order."""
    tags = [value.lower() for name, value in query.filters if name == "tag"]
    if not tags or sort != "recent":
        having = [_having(name, value) for name, value in query.filters]
        functions = Function.objects.filter(*having)
        return lists.page(functions, sort=sort, cursor=cursor, limit=limit)
    # A tag has an index of its functions in order of time.
    having = [
        _having(name, value, of="function__", pk="function_id")
        for name, value in query.filters
        if (name, value.lower()) != ("tag", tags[0])
    ]
    tagged = FunctionTag.objects.filter(*having, tag=tags[0])
    tagged = lists.after(cursor, tagged, sort, pk="function_id")
    found = tagged.values_list("function_id", flat=True)[: limit + 1]
    return lists.page_of(list(found), sort=sort, limit=limit)


def _having(name: str, value: str, *, of: str = "", pk: str = "pk") -> Q | Exists:
    """A filter of a query as a condition on functions.

    of, pk: how a query set of another model names its function's fields and its id.
    """
    if name == "category":
        return Q(**{f"{of}category": _only(Category.objects.filter(slug=value))})
    if name == "author":
        accounts = get_user_model().objects.filter(username=value)
        return Q(**{f"{of}owner": _only(accounts)})
    if name == "tag":
        tags = FunctionTag.objects.filter(function=OuterRef(pk), tag=value.lower())
        return Exists(tags)
    return Exists(
        SearchDocument.objects.filter(
            function=OuterRef(pk), facets__contains=token(name, value)
        )
    )


def _only(found):
    """The id, as a value: joined, the table would keep a planner from the index of its
    functions in the wanted order."""
    return found.values("pk")[:1]


def _order(sort: str) -> str:
    return "installs" if sort == "relevance" else sort


def _popular() -> list[int]:
    popular = SearchDocument.objects.filter(is_hot=True, place__lt=SUNK)
    places = popular.order_by("place").values_list("place", flat=True)
    return list(places[:COUNTED_AT_MOST])


def _all_counted() -> int:
    return min(lists.count(), COUNTED_AT_MOST + 1)


def _tag_counted(tag: str) -> int:
    return FunctionTag.objects.filter(tag=tag.lower())[: COUNTED_AT_MOST + 1].count()
