"""Sitemaps (sitemaps.org 0.9): an index, and files of addresses by ranges of ids.

A range of ids costs the same wherever it lies, unlike the pages of a paginator; with
gaps in the ids a file merely holds fewer addresses.
"""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Exists, Max, OuterRef

from accounts.models import Account
from hub.public import PublicNotFound
from registry.models import Category, Function

MAX_URLS = 50_000  # of one file; the protocol's limit


@dataclass(frozen=True)
class Address:
    url: str
    changed: str = ""  # W3C date


def files() -> list[str]:
    """The names of all files of the index."""
    functions = Function.objects.aggregate(most=Max("id"))["most"] or 0
    accounts = Account.objects.aggregate(most=Max("id"))["most"] or 0
    return [
        "pages-1",
        *(f"functions-{n + 1}" for n in range(-(-functions // MAX_URLS))),
        *(f"authors-{n + 1}" for n in range(-(-accounts // MAX_URLS))),
    ]


def addresses(section: str, number: int) -> list[Address]:
    """Those in the file ``section-number``. Raises PublicNotFound."""
    if f"{section}-{number}" not in files():
        raise PublicNotFound("There is no such sitemap.")
    first = (number - 1) * MAX_URLS
    return _SECTIONS[section]({"id__gt": first, "id__lte": first + MAX_URLS})


def _pages(ids: dict) -> list[Address]:
    categories = Category.objects.active().values_list("slug", flat=True)
    paths = ["/", "/functions/", "/docs/", *(f"/categories/{c}" for c in categories)]
    return [Address(settings.HUB_URL + path) for path in paths]


def _functions(ids: dict) -> list[Address]:
    rows = Function.objects.listed().filter(**ids).order_by("id")
    rows = rows.values_list("owner__username", "slug", "updated_at")
    base = f"{settings.HUB_URL}/functions"
    return [
        Address(f"{base}/{username}/{slug}", f"{changed:%Y-%m-%d}")
        for username, slug, changed in rows.iterator()
    ]


def _authors(ids: dict) -> list[Address]:
    listed = Function.objects.listed().filter(owner=OuterRef("pk"))
    authors = Account.objects.filter(Exists(listed), **ids).order_by("id")
    usernames = authors.values_list("username", flat=True)
    return [Address(f"{settings.HUB_URL}/users/{name}") for name in usernames]


_SECTIONS = {"pages": _pages, "functions": _functions, "authors": _authors}
