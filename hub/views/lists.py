"""Home, browse, search and author pages: many functions at once."""

from django.http import HttpResponse
from django.shortcuts import redirect, render

from hub.drawn_lists import counted, list_html
from hub.fastpath import READ
from hub.http import public_page
from hub.list_page import AuthorPage, HomePage, ListPage, Suggestions
from hub.listing import Wanted
from hub.results import plain_rows, rows_of
from registry.catalog.vocabulary import category_called


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
    return _list_page(request, Wanted.from_query(request.GET))


@public_page
def category_detail(request, category):
    known = None if READ in request.META else category_called(category)
    if known and known.slug != category:
        return redirect(f"/categories/{known.slug}", permanent=True)
    return _list_page(request, Wanted.from_query(request.GET, category=category))


@public_page
def tag_detail(request, tag):
    return _list_page(request, Wanted.from_query(request.GET, tag=tag.lower()))


@public_page
def suggest_functions(request):
    """For the search box (static/hub/search.js)."""
    page = (request.META.pop(READ, None) or Suggestions.read(request.GET)).page()
    return HttpResponse(page.content, page.content_type)


@public_page
def author_detail(request, username):
    page = request.META.pop(READ, None) or AuthorPage.read(username, request.GET)
    found = page.found
    context = {
        "author": page.author,
        "rows": rows_of(found, level="h3", of_author=True),
        "total": counted(found.total),
        "next_url": found.next and f"{request.path}?cursor={found.next}",
        "first_url": "cursor" in request.GET and request.path,
        "section": "functions",
    }
    return render(request, "hub/author_detail.html", context)


def _list_page(request, wanted: Wanted):
    page = request.META.pop(READ, None) or ListPage.read(wanted)
    return HttpResponse(list_html(page))
