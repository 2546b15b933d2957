"""Home, browse, search and author pages: many functions at once."""

from django.conf import settings
from django.http import JsonResponse
from django.shortcuts import redirect, render

from hub import narrowing
from hub.fastpath import READ
from hub.http import public_page
from hub.list_page import AuthorPage, HomePage, ListPage, Suggestions
from hub.listing import Wanted
from hub.results import plain_rows, rows_of
from registry import search
from registry.vocabulary import category_called


@public_page
def home(request):
    page = request.META.pop(READ, None) or HomePage.read()
    context = {
        "categories": page.categories,
        "listed": sum(category.function_count for category in page.categories),
        "recent": plain_rows(page.recent, "h3"),
        "installed": plain_rows(page.installed, "h3"),
    }
    return render(request, "hub/home.html", context)


@public_page
def function_list(request):
    wanted = Wanted.from_query(request.GET)
    title = f"Results for “{wanted.q}”" if wanted.q else "Functions"
    return _list_page(request, wanted, title)


@public_page
def category_detail(request, category):
    known = None if READ in request.META else category_called(category)
    if known and known.slug != category:
        return redirect(f"/categories/{known.slug}", permanent=True)
    return _list_page(request, Wanted.from_query(request.GET, category=category))


@public_page
def tag_detail(request, tag):
    wanted = Wanted.from_query(request.GET, tag=tag.lower())
    return _list_page(request, wanted, f"Functions tagged “{wanted.tag}”")


@public_page
def suggest_functions(request):
    """For the search box (static/hub/search.js)."""
    found = request.META.pop(READ, None) or Suggestions.read(request.GET)
    shown = [
        {"name": row.path, "description": row.description, "url": row.url}
        for row in found.functions
    ]
    return JsonResponse({"functions": shown})


@public_page
def author_detail(request, username):
    page = request.META.pop(READ, None) or AuthorPage.read(username, request.GET)
    found = page.found
    context = {
        "author": page.author,
        "rows": rows_of(found, level="h3", of_author=True),
        "total": _total(found.total),
        "next_url": found.next and f"{request.path}?cursor={found.next}",
        "first_url": "cursor" in request.GET and request.path,
        "section": "functions",
    }
    return render(request, "hub/author_detail.html", context)


def _list_page(request, wanted: Wanted, title: str = ""):
    page = request.META.pop(READ, None) or ListPage.read(wanted)
    found, category = page.found, page.category
    context = {
        "title": title or category.label,
        "lead": category.description if category and not title else "",
        "canonical": settings.HUB_URL + wanted.url(),
        "q": wanted.q,
        "category": category,
        "categories": narrowing.categories(page.categories, wanted, found.facets),
        "groups": narrowing.groups(wanted, found.facets),
        "tags": narrowing.tags(wanted, found.facets),
        "all_url": wanted.url(category=""),
        "total": _total(found.total),
        "labels": wanted.labels,
        "sorts": wanted.sorts,
        "found": found,
        "rows": rows_of(found),
        "instead": plain_rows(page.instead, "h3"),
        "next_url": found.next and wanted.url(cursor=found.next),
        "first_url": wanted.cursor and wanted.url(),
        "section": "functions",
    }
    return render(request, "hub/function_list.html", context)


def _total(count: int) -> str:
    if count > search.COUNTED_AT_MOST:
        return f"{search.COUNTED_AT_MOST:,}+ functions"
    return f"{count:,} function{'' if count == 1 else 's'}"
