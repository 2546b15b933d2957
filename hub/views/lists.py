"""Home, browse, search and author pages: many functions at once."""

from functools import partial

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render

from accounts.models import Account
from hub import facets
from hub.list_query import MAX_QUERY_CHARACTERS, NAMES, ListQuery
from hub.public import PublicNotFound, public_page
from hub.results import plain, results_of
from registry import search
from registry.catalog import lists, vocabulary
from registry.models import LISTS, Category

HOME_ROWS = 6
INSTEAD_ROWS = 3  # shown where nothing was found

_lists_page = partial(public_page, subjects=[LISTS])


@_lists_page()
def home(request: HttpRequest):
    categories = _active_categories()
    installed = lists.page(sort="installs", limit=HOME_ROWS).rows
    context = {
        "categories": categories,
        "function_count": sum(category.function_count for category in categories),
        "recent": plain(lists.page(sort="recent", limit=HOME_ROWS).rows),
        "installed": plain(row for row in installed if row.install_count),
    }
    return render(request, "hub/home.html", context)


@_lists_page(query=NAMES)
def function_list(request: HttpRequest):
    return _render_list(request, ListQuery.from_address(request.GET))


@_lists_page(query=NAMES)
def category_detail(request: HttpRequest, category: str):
    known = vocabulary.category_called(category)
    if known and known.slug != category:
        return redirect(f"/categories/{known.slug}", permanent=True)
    query = ListQuery.from_address(request.GET, category=category)
    return _render_list(request, query)


@_lists_page(query=NAMES)
def tag_detail(request: HttpRequest, tag: str):
    return _render_list(request, ListQuery.from_address(request.GET, tag=tag.lower()))


@_lists_page(query=["q"])
def suggest_functions(request: HttpRequest):
    """For the search box (static/hub/search.js)."""
    functions = search.suggest(request.GET.get("q", "")[:MAX_QUERY_CHARACTERS])
    shown = [
        {"name": row.path, "description": row.description, "url": row.url}
        for row in functions
    ]
    return JsonResponse({"functions": shown})


@_lists_page(query=NAMES)
def author_detail(request: HttpRequest, username: str):
    author = get_object_or_404(Account, username=username)
    query = ListQuery.from_address(request.GET, author=username)
    found = query.find(want_facets=False)
    context = {
        "author": author,
        "found": found,
        "results": results_of(found),
        "next_url": found.next and f"{request.path}?cursor={found.next}",
        "first_url": "cursor" in request.GET and request.path,
        "section": "functions",
    }
    return render(request, "hub/author_detail.html", context)


def _render_list(request: HttpRequest, query: ListQuery):
    """A browse, category, tag or search page."""
    categories = vocabulary.categories()
    category = _category(query.category, categories) if query.category else None
    found = query.find()
    instead = [] if found.rows else lists.page(sort="installs", limit=INSTEAD_ROWS).rows
    context = {
        "query": query,
        "q": query.q,
        "canonical": settings.HUB_URL + query.url(),
        "category": category,
        "found": found,
        "results": results_of(found),
        "instead": plain(instead),
        "categories": facets.categories(query, found, categories),
        "groups": facets.groups(query, found),
        "tags": facets.tags(query, found),
        "labels": facets.labels(query),
        "orders": facets.orders(query) if found.rows and not found.lines else [],
        "all_url": query.url(category=""),
        "next_url": found.next and query.url(cursor=found.next),
        "first_url": query.cursor and query.url(),
        "section": "functions",
    }
    return render(request, "hub/function_list.html", context)


def _active_categories() -> list[Category]:
    return [each for each in vocabulary.categories() if each.retired_at is None]


def _category(slug: str, categories: list[Category]) -> Category:
    """The one of that slug, or that had it. Raises PublicNotFound."""
    found = next((each for each in categories if each.slug == slug), None)
    if found is None or found.merged_into_id:
        found = vocabulary.category_called(slug)
    if found is None:
        names = ", ".join(each.slug for each in categories if not each.retired_at)
        raise PublicNotFound(f"There is no such category. The Hub has: {names}.")
    return found
