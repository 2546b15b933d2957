"""Home, browse, search and author pages: many functions at once."""

from django.conf import settings
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from accounts.models import Account
from hub import narrowing
from hub.http import NotHere, public_page
from hub.listing import MAX_QUERY_CHARACTERS, Wanted
from hub.results import rows_of
from registry import search
from registry.models import Category, Function
from registry.vocabulary import category_called

HOME_ROWS = 6
INSTEAD_ROWS = 3  # shown where nothing was found


@public_page
def home(request):
    listed = Function.objects.listed().described()
    installed = listed.filter(install_count__gt=0)
    categories = list(Category.objects.active())
    context = {
        "categories": categories,
        "listed": sum(category.function_count for category in categories),
        "recent": listed.order_by("-updated_at", "-id")[:HOME_ROWS],
        "installed": installed.order_by("-install_count", "-id")[:HOME_ROWS],
    }
    return render(request, "hub/home.html", context)


@public_page
def function_list(request):
    wanted = Wanted.from_query(request.GET)
    title = f"Results for “{wanted.q}”" if wanted.q else "Functions"
    return _list_page(request, wanted, title)


@public_page
def category_detail(request, category):
    known = category_called(category)
    if known and known.slug != category:
        address = reverse("hub:category_detail", args=[known.slug])
        return redirect(address, permanent=True)
    return _list_page(request, Wanted.from_query(request.GET, category=category))


@public_page
def tag_detail(request, tag):
    wanted = Wanted.from_query(request.GET, tag=tag.lower())
    return _list_page(request, wanted, f"Functions tagged “{wanted.tag}”")


@public_page
def suggest_functions(request):
    """What the search box offers while a reader types (static/hub/search.js)."""
    functions = search.suggest(request.GET.get("q", "")[:MAX_QUERY_CHARACTERS])
    shown = [
        {
            "name": function.path,
            "description": function.description,
            "url": function.url,
        }
        for function in functions
    ]
    return JsonResponse({"functions": shown})


@public_page
def author_detail(request, username):
    author = get_object_or_404(Account, username=username)
    wanted = Wanted.from_query(request.GET, author=username)
    found = wanted.found()
    context = {
        "author": author,
        "rows": rows_of(found),
        "total": _total(found.total),
        "next_url": found.next and f"{request.path}?cursor={found.next}",
        "first_url": wanted.cursor and request.path,
        "section": "functions",
    }
    return render(request, "hub/author_detail.html", context)


def _list_page(request, wanted: Wanted, title: str = ""):
    categories = list(Category.objects.active())
    category = _category(wanted.category, categories)
    found = wanted.found()
    context = {
        "title": title or category.label,
        "lead": category.description if category and not title else "",
        "canonical": settings.HUB_URL + wanted.url(),
        "q": wanted.q,
        "category": category,
        "categories": narrowing.categories(categories, wanted, found.facets),
        "groups": narrowing.groups(wanted, found.facets),
        "tags": narrowing.tags(wanted, found.facets),
        "all_url": wanted.url(category=""),
        "total": _total(found.total),
        "labels": wanted.labels,
        "sorts": wanted.sorts,
        "found": found,
        "rows": rows_of(found),
        "instead": [] if found.rows else _instead(),
        "next_url": found.next and wanted.url(cursor=found.next),
        "first_url": wanted.cursor and wanted.url(),
        "section": "functions",
    }
    return render(request, "hub/function_list.html", context)


def _category(slug: str, categories: list[Category]) -> Category | None:
    if not slug:
        return None
    for category in categories:
        if category.slug == slug:
            return category
    retired = category_called(slug)  # still has what was not moved yet
    if retired:
        return retired
    names = ", ".join(category.slug for category in categories)
    raise NotHere(f"There is no such category. The Hub has: {names}.")


def _instead():
    listed = Function.objects.listed().described()
    return listed.order_by("-install_count", "-id")[:INSTEAD_ROWS]


def _total(count: int) -> str:
    if count > search.COUNTED_AT_MOST:
        return f"{search.COUNTED_AT_MOST:,}+ functions"
    return f"{count:,} function{'' if count == 1 else 's'}"
