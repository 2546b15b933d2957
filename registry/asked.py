"""What clients ask a list of functions for, read and checked, and what they get."""

from collections.abc import Mapping
from dataclasses import dataclass

from registry import errors, search
from registry.catalog import lists, vocabulary

MAX_LIMIT, DEFAULT_LIMIT = 100, 20
SORTS = ("relevance", *lists.SORTS)


@dataclass(frozen=True)
class Asked:
    """What a list endpoint was asked for."""

    category: str
    tag: str
    author: str
    search: str
    sort: str
    limit: int
    cursor: str


@dataclass(frozen=True)
class FunctionList:
    """The answer: everything that it is made of, read at once."""

    asked: Asked
    found: search.Found

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "FunctionList":
        """query: the query string's. Raises as ``read`` and ``search.find``."""
        asked = read(query)
        found = search.find(
            asked.search,
            category=asked.category,
            tag=asked.tag,
            author=asked.author,
            sort=asked.sort,
            limit=asked.limit,
            cursor=asked.cursor,
        )
        return cls(asked, found)

    @property
    def said(self) -> tuple:
        """The reading as one value: equal answers, equal values."""
        return self.asked, repr(self.found)


def read(query: Mapping[str, str]) -> Asked:
    """``query`` as Asked. Raises ValidationError for sort and limit.

    A limit above MAX_LIMIT is lowered to it.
    """
    words = query.get("search", "").strip()
    sort = query.get("sort") or ("relevance" if words else lists.DEFAULT_SORT)
    if sort not in SORTS:
        raise errors.ValidationError(
            f"sort is {errors.shown(sort)}; use one of: {', '.join(SORTS)}.",
            field="sort",
        )
    if sort == "relevance" and not words:
        sort = lists.DEFAULT_SORT
    return Asked(
        category=_category(query.get("category", "")),
        tag=query.get("tag", "").lower(),
        author=query.get("author", "").removeprefix("@"),
        search=words,
        sort=sort,
        limit=_limit(query.get("limit") or str(DEFAULT_LIMIT)),
        cursor=query.get("cursor", ""),
    )


def _category(slug: str) -> str:
    """The slug by now, where a category was renamed or merged since."""
    known = vocabulary.category_called(slug) if slug else None
    return known.slug if known else slug


def _limit(raw: str) -> int:
    if not raw.isascii() or not raw.isdecimal() or len(raw) > 9 or int(raw) < 1:
        raise errors.ValidationError(
            f"limit is {errors.shown(raw)}; use 1 to {MAX_LIMIT}.", field="limit"
        )
    return min(int(raw), MAX_LIMIT)
