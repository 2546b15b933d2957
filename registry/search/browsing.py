"""Functions without words to find them by: all, or those that filters leave."""

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from core.db.any_of import AnyOf
from core.db.prepared import Prepared
from registry.catalog import lists
from registry.catalog.lists import FunctionRow, ListPage
from registry.models import Category, Function, FunctionTag, SearchDocument
from registry.search import facets
from registry.search.engines import engine
from registry.search.matching import column
from registry.search.query import Query
from registry.search.rank_keys import DEMOTED, function_id_of
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
        tag = query.filters[0][1].lower()
        page = _tagged(tag, cursor, limit)
        return page.rows, page.next, _tag_counted(tag), {}
    answer = engine().filter(query.tokens, COUNTED_AT_MOST + 1, want_facets)
    if answer.total <= COUNTED_AT_MOST:
        page = some_of(answer.sample, sort, cursor, limit)
    else:
        with engine().bounded():
            page = _walked(query, sort, cursor, limit)
    found = facets.of(answer) if want_facets else {}
    return page.rows, page.next, answer.total, found


def some_of(rank_keys: list[int], sort: str, cursor: str, limit: int) -> ListPage:
    """A page of the functions that have these rank keys, some thousands at most."""
    pks = AnyOf.pack(map(function_id_of, rank_keys))
    if cursor or limit >= lists.FIRST_ROWS:
        found = list(_sorted(pks, sort, cursor)[: limit + 1])
    else:
        found = _FIRST_SORTED[sort](pks)
    return lists.page_of(found, sort=sort, limit=limit)


def _sorted(pks, sort: str, cursor: str = "") -> QuerySet:
    """The ids of ``pks``, packed, that come after ``cursor``, in order."""
    functions = Function.objects.listed().filter(pk__in=AnyOf(pks))
    field, descends = lists.SORTS[sort]
    # No index has the order of an expression. By the field itself a planner that sees
    # the limit walks all functions in that order, and looks for each among these.
    order = Coalesce(field, field)
    ordered = (order.desc(), "-pk") if descends else (order.asc(), "pk")
    functions = lists.after(cursor, functions, sort).order_by(*ordered)
    return functions.values_list("pk", flat=True)


def _first_sorted(sort: str) -> Prepared:
    return Prepared(lambda pks: _sorted(pks, sort)[: lists.FIRST_ROWS])


_FIRST_SORTED = {sort: _first_sorted(sort) for sort in lists.SORTS}


def _walked(query: Query, sort: str, cursor: str, limit: int) -> ListPage:
    """A page of many functions, by an index in the wanted order."""
    tags = [value.lower() for name, value in query.filters if name == "tag"]
    if not tags or sort != "recent":
        having = [_having(name, value) for name, value in query.filters]
        functions = Function.objects.filter(*having)
        return lists.page(functions, sort=sort, cursor=cursor, limit=limit)
    having = [
        _having(name, value, of="function__", pk="function_id")
        for name, value in query.filters
        if (name, value.lower()) != ("tag", tags[0])
    ]
    return _tagged(tags[0], cursor, limit, *having)


def _tagged(tag: str, cursor: str, limit: int, *having: Q | Exists) -> ListPage:
    """A page of a tag's functions in order of time, of which a tag has an index."""
    if having or cursor or limit >= lists.FIRST_ROWS:
        tagged = FunctionTag.objects.filter(*having, tag=tag)
        found = list(_in_order_of_time(tagged, cursor)[: limit + 1])
    else:
        found = _FIRST_TAGGED(tag)
    return lists.page_of(found, sort="recent", limit=limit)


def _in_order_of_time(tagged: QuerySet, cursor: str = "") -> QuerySet:
    """The ids of functions with a tag that come after ``cursor``."""
    tagged = lists.after(cursor, tagged, "recent", pk="function_id")
    return tagged.values_list("function_id", flat=True)


_FIRST_TAGGED = Prepared(
    lambda tag: _in_order_of_time(FunctionTag.objects.filter(tag=tag))[
        : lists.FIRST_ROWS
    ]
)


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
    popular = SearchDocument.objects.filter(is_hot=True, rank_key__lt=DEMOTED)
    found = popular.order_by("rank_key").values_list("rank_key", flat=True)
    return list(found[:COUNTED_AT_MOST])


def _all_counted() -> int:
    return min(lists.count(), COUNTED_AT_MOST + 1)


def _tag_counted(tag: str) -> int:
    some = "SELECT 1 FROM registry_functiontag WHERE tag = %s LIMIT %s"
    (found,) = column(
        f"SELECT count(*) FROM ({some}) AS counted", [tag, COUNTED_AT_MOST + 1]
    )
    return found
