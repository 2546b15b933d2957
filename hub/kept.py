"""Which public pages outlive a write, and how it is known that they are still right.

A page in memory is right as long as nothing at all was written (core/cache/freshness.py).
A kind of page listed here is right for longer: as long as its *fingerprint* is the one
it was made under. That is a tuple of all the page depends on, read by one statement
(registry/fingerprints.py) in a fraction of the time that the page takes.

To add a kind: write its fingerprint there, and a ``Kind`` into KINDS here: a pattern of
the whole path, and functions that get the query string and what the pattern's groups
matched (None for a group that did not). ``fingerprint`` returns the fingerprint, or
None when Django must answer: no such page, moved, taken down, a query it does not know.
Everything the page reads must be in it. ``read`` returns a ``Reading``: all that the
page is made of, and its fingerprint, both read at once, for a page that has to be made.
Without ``read``, ``fingerprint`` may return such a reading itself: where nothing less
than all of it tells whether the page changed, as for most lists.

A reading that has a ``page`` is made into the page without Django's handler; its view
makes the same of it. The code, the templates, the settings and the day (UTC) are seen
to (hub/kept_store.py). tests/test_kept_pages.py and tests/test_kept_lists.py prove each
kind.
"""

import re
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import NamedTuple, Protocol

from django.db import Error
from django.http import Http404, QueryDict

from hub.list_page import ApiList, AuthorPage, HomePage, ListPage, Suggestions
from hub.listing import Wanted
from hub.one_page import Detail, InstallManifest, RawFile, Source
from registry import errors, fingerprints

# A plus sign in a query means a space, so a number with build metadata is Django's.
INSTALLING = re.compile(
    r"(?:version=([0-9A-Za-z.-]+))?(?:(?:^|&)layout=(?:flat|source))?"
)
ONE = r"/functions/([^/]+)/([^/]+)"


class Reading(Protocol):
    """All that a page is made of. ``said``: the same as a fingerprint; None where the
    page is not finished. It may have ``page() -> Page | None`` (hub/http.py)."""

    said: tuple | None


class Kind(NamedTuple):
    """Pages of one kind: see above. ``is_quick``: reading and making one costs less
    than finding out whether a file of it is still right, so that none is stored."""

    pattern: re.Pattern
    fingerprint: Callable[..., tuple | Reading | None]
    read: Callable[..., Reading | None] | None = None
    is_quick: bool = False


class Asked(NamedTuple):
    """An address of a kind."""

    kind: Kind
    query: str
    groups: tuple[str | None, ...]

    def fingerprint(self) -> tuple | Reading | None:
        """What the page depends on now; None when that isn't known."""
        return self.kind.fingerprint(self.query, *self.groups)

    def read(self) -> Reading | None:
        """All that the page is made of; None when Django must answer."""
        return self.kind.read(self.query, *self.groups)


def asked(path: str, query: str) -> Asked | None:
    """The kind of page at this address; None where it is none of those.

    path, query: as in PATH_INFO and QUERY_STRING.
    """
    if path.isascii():
        for kind in KINDS:
            if found := kind.pattern.fullmatch(path):
                return Asked(kind, query, found.groups())
    return None


def _function_page_said(query, username, slug, number):
    if query:
        return None
    return fingerprints.function_page(username, slug, number or "")


def _function_page(query, username, slug, number):
    return None if query else Detail.read(username, slug, number or "")


def _source_page_said(query, username, slug, number, path):
    if query:
        return None
    return fingerprints.source_page(username, slug, path, number or "")


def _source_page(query, username, slug, number, path):
    return None if query else Source.read(username, slug, number or "", path)


def _raw_file_said(query, username, slug, number, path):
    if query:
        return None
    return fingerprints.raw_file(username, slug, number, path)


def _raw_file(query, *named):
    return None if query else RawFile.read(*named)


def _install_said(query, username, slug):
    asked = INSTALLING.fullmatch(query)
    if asked is None:
        return None
    return fingerprints.install_manifest(username, slug, asked[1] or "")


def _install(query, username, slug):
    asked = INSTALLING.fullmatch(query)
    if asked is None:
        return None
    flat = not query.endswith("layout=source")
    return InstallManifest.read(username, slug, asked[1] or "", flat=flat)


def _tab(fingerprint):
    """The other tabs of a function, which Django makes."""

    def said(query, username, slug, number=""):
        return None if query else fingerprint(username, slug, number or "")

    return said


def _versions(query, username, slug):
    return None if query else fingerprints.versions_page(username, slug)


def _reading(read):
    """Pages that list functions: ``read`` says all that the view would read."""

    @wraps(read)
    def reading(query, *groups):
        if "\0" in query or "%00" in query:
            return None
        try:
            return read(query, *groups)
        except (Http404, errors.RegistryError, Error):
            return None  # Django finds the same, and says so

    return reading


def _given(query: str) -> QueryDict:
    """A query string as views get it."""
    return QueryDict(query.encode("latin-1"))


@lru_cache(256)
def _wanted(query: str, **fixed: str) -> Wanted:
    return Wanted.from_query(_given(query), **fixed)


@_reading
def _function_list_said(query):
    return ListPage.fingerprint(_wanted(query))


@_reading
def _function_list(query):
    return ListPage.read(_wanted(query))


@_reading
def _category(query, slug):
    page = ListPage.read(_wanted(query, category=slug))
    return page if page.category.is_active else None  # others may have moved


@_reading
def _tag(query, tag):
    return ListPage.read(_wanted(query, tag=tag.lower()))


@_reading
def _author(query, username):
    return AuthorPage.read(username, _given(query))


@_reading
def _home(query):
    return HomePage.read()


@_reading
def _api_list(query):
    return ApiList.read(_given(query))


@_reading
def _suggestions(query):
    return Suggestions.read(_given(query))


KINDS = [
    Kind(re.compile("/"), _home),
    Kind(re.compile("/functions/"), _function_list_said, _function_list),
    Kind(re.compile("/functions/suggest"), _suggestions),
    Kind(re.compile("/categories/([^/]+)"), _category),
    Kind(re.compile("/tags/([^/]+)"), _tag),
    Kind(re.compile("/users/([^/]+)"), _author),
    Kind(re.compile("/api/community/functions"), _api_list, _api_list, is_quick=True),
    Kind(re.compile(rf"{ONE}(?:/v/([^/]+))?"), _function_page_said, _function_page),
    Kind(
        re.compile(rf"{ONE}(?:/v/([^/]+))?/source/(.+)"),
        _source_page_said,
        _source_page,
    ),
    Kind(re.compile(rf"{ONE}(?:/v/([^/]+))?/uses"), _tab(fingerprints.uses_page)),
    Kind(re.compile(rf"{ONE}(?:/v/([^/]+))?/install"), _tab(fingerprints.install_page)),
    Kind(re.compile(rf"{ONE}/versions"), _versions),
    Kind(
        re.compile(r"/r/([^/]+)/([^/@]+)(?:@([^/]+))?\.json"),
        _tab(fingerprints.install_manifest),
    ),
    Kind(re.compile(rf"{ONE}/raw/([^/]+)/(.+)"), _raw_file_said, _raw_file),
    Kind(re.compile(rf"/api/community{ONE}/install"), _install_said, _install),
]
