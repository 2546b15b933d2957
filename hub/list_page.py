"""What the pages that list functions are made of, each read at once.

A reading holds everything that its page shows, so that a page is known to be right as
long as reading again gives the same (hub/kept.py); and a page that isn't is made of
what was read to find that out. ``said`` is a reading as one value, equal in every
process where the pages are equal.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.http import Http404, QueryDict

from accounts.models import Account
from hub.drawn_lists import list_html
from hub.http import HTML, Page, PublicNotFound
from hub.listing import MAX_QUERY_CHARACTERS, PAGE_ROWS, Wanted, as_asked
from hub.narrowing import CategoryRow
from registry import search, shapes
from registry.asked import FunctionList
from registry.catalog import lists, vocabulary
from registry.catalog.lists import FunctionRow
from registry.catalog.vocabulary import category_called
from registry.models import Function, Removal

HOME_ROWS = 6
INSTEAD_ROWS = 3  # shown where nothing was found


@dataclass(frozen=True)
class ListPage:
    """Browse, category, tag and search pages. ``category``: the one asked for.
    ``instead``: what is shown where nothing was found."""

    wanted: Wanted
    found: search.Found
    categories: Sequence[CategoryRow]
    category: CategoryRow | None
    instead: Sequence[FunctionRow]
    removed: int
    read_as: tuple | None = None  # one value for all of it, where the database said it

    @classmethod
    def read(cls, wanted: Wanted) -> "ListPage":
        """Raises PublicNotFound (no such category, or no such page), Unavailable."""
        if not wanted.is_narrowed:
            return cls._everything(wanted)
        categories = _active_categories()
        category = _category(wanted.category, categories)
        found = wanted.found()
        return cls(
            wanted,
            found,
            categories,
            category,
            [] if found.rows else _most_installed(INSTEAD_ROWS),
            Removal.objects.exclude(confirmed_at=None).count() if found.stems else 0,
        )

    @classmethod
    def _everything(cls, wanted: Wanted) -> "ListPage":
        with as_asked():
            page = lists.page(**_of(wanted))
        total = min(lists.count(), search.COUNTED_AT_MOST + 1)
        return cls(
            wanted,
            search.Found(page.rows, page.next, total),
            _active_categories(),
            None,
            [] if page.rows else _most_installed(INSTEAD_ROWS),
            0,
        )

    @classmethod
    def fingerprint(cls, wanted: Wanted) -> "tuple | ListPage":
        """What the page has ``said``, where that is known without reading it, or the
        page read. Raises as ``read``."""
        return cls.read(wanted)

    @property
    def said(self) -> tuple:
        return self.read_as or (
            self.wanted,
            repr(self.found),
            self.categories,
            self.category,
            repr(self.instead),
            self.removed,
        )

    def page(self) -> Page:
        return Page(HTML, list_html(self).encode())


class ApiList(FunctionList):
    """What clients of the API get of a list."""

    def page(self) -> Page:
        return Page(shapes.JSON, shapes.function_list(self))


class Author(NamedTuple):
    """An account as its page shows it; ``links`` as JSON."""

    username: str
    display_name: str
    bio: str
    links: str
    joined_at: datetime

    @property
    def shown_name(self) -> str:
        return self.display_name or self.username

    @property
    def link_list(self) -> list[str]:
        return json.loads(self.links)


@dataclass(frozen=True)
class AuthorPage:
    """The page of an author."""

    author: Author
    found: search.Found

    @classmethod
    def read(cls, username: str, query: QueryDict) -> "AuthorPage":
        """Raises Http404 (no such account), PublicNotFound (no such page), Unavailable."""
        account = Account.objects.filter(username=username).first()
        if account is None:
            raise Http404
        wanted = Wanted.from_query(query, author=username)
        author = Author(
            account.username,
            account.display_name,
            account.bio,
            json.dumps(account.links),
            account.joined_at,
        )
        return cls(author, wanted.found(want_facets=False))

    @property
    def said(self) -> tuple:
        return self.author, repr(self.found)


@dataclass(frozen=True)
class HomePage:
    """The first page. ``installed``: the most installed."""

    categories: Sequence[CategoryRow]
    recent: Sequence[FunctionRow]
    installed: Sequence[FunctionRow]

    @classmethod
    def read(cls) -> "HomePage":
        return cls(
            _active_categories(),
            lists.page(sort="recent", limit=HOME_ROWS).rows,
            _most_installed(HOME_ROWS, Function.objects.filter(install_count__gt=0)),
        )

    @property
    def said(self) -> str:
        return repr((self.categories, self.recent, self.installed))


@dataclass(frozen=True)
class Suggestions:
    """What the search box offers while a reader types."""

    functions: Sequence[FunctionRow]

    @classmethod
    def read(cls, query: QueryDict) -> "Suggestions":
        return cls(search.suggest(query.get("q", "")[:MAX_QUERY_CHARACTERS]))

    @property
    def said(self) -> tuple:
        return tuple((row.path, row.description) for row in self.functions)

    def page(self) -> Page:
        shown = [
            {"name": row.path, "description": row.description, "url": row.url}
            for row in self.functions
        ]
        return Page(shapes.JSON, json.dumps({"functions": shown}).encode())


def _of(wanted: Wanted) -> dict:
    return {"sort": wanted.order, "cursor": wanted.cursor, "limit": PAGE_ROWS}


def _category(slug: str, categories: Sequence[CategoryRow]) -> CategoryRow | None:
    if not slug:
        return None
    for category in categories:
        if category.slug == slug:
            return category
    retired = category_called(slug)  # still has what was not moved yet
    if retired:
        shown = retired.slug, retired.label, retired.description
        return CategoryRow(*shown, retired.function_count, is_active=False)
    names = ", ".join(category.slug for category in categories)
    raise PublicNotFound(f"There is no such category. The Hub has: {names}.")


def _active_categories() -> list[CategoryRow]:
    known = map(CategoryRow.of, vocabulary.categories())
    return [category for category in known if category.is_active]


def _most_installed(count: int, among=None) -> list[FunctionRow]:
    return lists.page(among, sort="installs", limit=count).rows
