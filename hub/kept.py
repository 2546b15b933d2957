"""Which public pages outlive a write, and how it is known that they are still right.

A page in memory is right as long as nothing at all was written (accounts/freshness.py).
A kind of page listed here is right for longer: as long as its *fingerprint* is the one
it was made under. That is a tuple of all the page depends on, read by one statement
(registry/fingerprints.py) in a fraction of the time that the page takes.

To add a kind: write its fingerprint there, and a ``Kind`` into KINDS here: a pattern of
the whole path, and a function that gets the query string and what the pattern's groups
matched (None for a group that did not). It returns the fingerprint, or None when Django
must answer: no such page, moved, taken down, a query it does not know. Everything the
page reads must be in it. The code, the templates, the settings and the day (UTC) are
seen to (hub/kept_store.py). tests/test_kept_pages.py proves each kind.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from registry import fingerprints

# A plus sign in a query means a space, so a number with build metadata is Django's.
INSTALLING = re.compile(
    r"(?:version=([0-9A-Za-z.-]+))?(?:(?:^|&)layout=(?:flat|source))?"
)
ONE = r"/functions/([^/]+)/([^/]+)"


class Kind(NamedTuple):
    """Pages of one kind: see above."""

    pattern: re.Pattern
    fingerprint: Callable[..., tuple | None]


def fingerprint(path: str, query: str) -> tuple | None:
    """What the page at this address depends on now; None when that isn't known.

    path, query: as in PATH_INFO and QUERY_STRING.
    """
    if not path.isascii():
        return None
    for kind in KINDS:
        found = kind.pattern.fullmatch(path)
        if found:
            return kind.fingerprint(query, *found.groups())
    return None


def _function_page(query, username, slug, number):
    if query:
        return None
    return fingerprints.function_page(username, slug, number or "")


def _source_page(query, username, slug, number, path):
    if query:
        return None
    return fingerprints.source_page(username, slug, path, number or "")


def _raw_file(query, username, slug, number, path):
    if query:
        return None
    return fingerprints.raw_file(username, slug, number, path)


def _install(query, username, slug):
    asked = INSTALLING.fullmatch(query)
    if asked is None:
        return None
    return fingerprints.install_manifest(username, slug, asked[1] or "")


KINDS = [
    Kind(re.compile(rf"{ONE}(?:/v/([^/]+))?"), _function_page),
    Kind(re.compile(rf"{ONE}(?:/v/([^/]+))?/source/(.+)"), _source_page),
    Kind(re.compile(rf"{ONE}/raw/([^/]+)/(.+)"), _raw_file),
    Kind(re.compile(rf"/api/community{ONE}/install"), _install),
]
