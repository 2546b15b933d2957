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

from hub.drawn_lists import list_html
from hub.http import HTML, Page, PublicNotFound
from hub.listing import MAX_QUERY_CHARACTERS, PAGE_ROWS, Wanted, as_asked
from registry import search, shapes
from registry.asked import FunctionList
from registry.catalog import listed, paging
from registry.catalog.listed import CategoryRow, FunctionRow
from registry.catalog.vocabulary import category_called

HOME_ROWS = 6
INSTEAD_ROWS = 3  # shown where nothing was found
_AUTHOR = """
SELECT username, display_name, bio, CAST(links AS text), joined_at
FROM accounts_account WHERE username = %s"""
# Beside a list. A README whose text staff removed is found no longer, and no row of a
# list says so; but how many were removed does.
_BESIDE = """
SELECT slug, label, description, function_count, retired_at IS NULL,
    (SELECT count(*) FROM registry_removal WHERE confirmed_at IS NOT NULL)
FROM registry_category ORDER BY position, slug"""


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
        beside = listed.fetched(_BESIDE)
        categories = [CategoryRow._make(row[:-1]) for row in beside if row[-2]]
        category = _category(wanted.category, categories)
        found = wanted.found()
        return cls(
            wanted,
            found,
            categories,
            category,
            [] if found.rows else _most_installed(INSTEAD_ROWS),
            beside[0][-1] if found.stems and beside else 0,
        )

    @classmethod
    def _everything(cls, wanted: Wanted) -> "ListPage":
        with as_asked():
            page, found = paging.overview(**_of(wanted))
        count = sum(category.function_count for category in found.categories)
        total = min(count, search.COUNTED_AT_MOST + 1)
        return cls(
            wanted,
            search.Found(page.rows, page.next, total),
            [row for row in found.categories if row.is_active],
            None,
            [] if page.rows else _most_installed(INSTEAD_ROWS),
            0,
            found.said,
        )

    @classmethod
    def fingerprint(cls, wanted: Wanted) -> "tuple | ListPage":
        """What the page has ``said``, where that is known without reading it, or the
        page read. Raises as ``read``."""
        if not wanted.is_narrowed:
            with as_asked():
                said = paging.overview_said(**_of(wanted))
            if said and None not in said:
                return said
        return cls.read(wanted)

    @property
    def said(self) -> tuple:
        return self.read_as or (
            self.wanted,
            self.found.said,
            self.categories,
            self.category,
            self.instead,
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
        authors = listed.fetched(_AUTHOR, [username])
        if not authors:
            raise Http404
        wanted = Wanted.from_query(query, author=username)
        return cls(Author._make(authors[0]), wanted.found(want_facets=False))

    @property
    def said(self) -> tuple:
        return self.author, self.found.said


@dataclass(frozen=True)
class HomePage:
    """The first page. ``installed``: the most installed."""

    categories: Sequence[CategoryRow]
    recent: Sequence[FunctionRow]
    installed: Sequence[FunctionRow]

    @classmethod
    def read(cls) -> "HomePage":
        return cls(
            [row for row in listed.categories() if row.is_active],
            paging.page(sort="recent", limit=HOME_ROWS).rows,
            _most_installed(HOME_ROWS, ("f.install_count > 0", ())),
        )

    @property
    def said(self) -> tuple:
        return tuple(self.categories), tuple(self.recent), tuple(self.installed)


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


def _most_installed(count: int, *among: listed.Where) -> list[FunctionRow]:
    return paging.page(*among, sort="installs", limit=count).rows
