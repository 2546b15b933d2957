"""Home, browse and author pages: many functions at once."""

from django.conf import settings
from django.shortcuts import get_object_or_404, render

from accounts.models import Account
from hub.http import NotHere, public_page
from hub.listing import Wanted
from registry import search
from registry.models import Category, Function

HOME_ROWS = 6
BAR_WIDTH = 44  # pixels, of the category shape in _categories


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
    return _list_page(request, Wanted.from_query(request.GET, category=category))


@public_page
def tag_detail(request, tag):
    wanted = Wanted.from_query(request.GET, tag=tag.lower())
    return _list_page(request, wanted, f"Functions tagged “{wanted.tag}”")


@public_page
def author_detail(request, username):
    author = get_object_or_404(Account, username=username)
    wanted = Wanted.from_query(request.GET, author=username)
    found = wanted.found()
    context = {
        "author": author,
        "functions": found.rows,
        "total": _total(found.total),
        "next_url": _author_url(request, found.next),
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
        "categories": _categories(categories, wanted),
        "all_url": wanted.url(category=""),
        "listed": sum(each.function_count for each in categories),
        "total": _count(wanted, found, categories),
        "filters": wanted.filters,
        "sorts": wanted.sorts,
        "functions": found.rows,
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
    names = ", ".join(category.slug for category in categories)
    raise NotHere(f"There is no such category. The Hub has: {names}.")


def _categories(categories: list[Category], wanted: Wanted) -> list[dict]:
    """The category list beside the results, with a bar for each one's share."""
    most = max([category.function_count for category in categories], default=0)
    return [
        {
            "label": category.label,
            "url": wanted.url(category=category.slug),
            "count": category.function_count,
            "bar": round(BAR_WIDTH * category.function_count / most) if most else 0,
            "chosen": category.slug == wanted.category,
        }
        for category in categories
    ]


def _count(wanted: Wanted, found: search.Found, categories: list[Category]) -> str:
    """How many functions there are, from the stored counters where they say it."""
    if wanted.tag or wanted.author or wanted.q:
        return _total(found.total)
    chosen = [c for c in categories if wanted.category in ("", c.slug)]
    return _total(sum(category.function_count for category in chosen), exact=True)


def _total(count: int, exact: bool = False) -> str:
    if count > search.COUNTED_AT_MOST and not exact:
        return f"{search.COUNTED_AT_MOST:,}+ functions"
    return f"{count:,} function{'' if count == 1 else 's'}"


def _author_url(request, cursor: str) -> str:
    return cursor and f"{request.path}?cursor={cursor}"
