"""What clients ask a list of functions for, read and checked."""

from collections.abc import Mapping
from dataclasses import dataclass

from registry import errors, search
from registry.catalog import lists, vocabulary

MAX_LIMIT, DEFAULT_LIMIT = 100, 20
SORTS = ("relevance", *lists.SORTS)


@dataclass(frozen=True)
class ListQuery:
    """What a list endpoint is asked for."""

    category: str
    tag: str
    author: str
    search: str
    sort: str
    limit: int
    cursor: str

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "ListQuery":
        """query: the query string's. A limit above MAX_LIMIT is lowered to it.

        Raises ValidationError for sort and limit.
        """
        words = query.get("search", "").strip()
        return cls(
            category=_category(query.get("category", "")),
            tag=query.get("tag", "").lower(),
            author=query.get("author", "").removeprefix("@"),
            search=words,
            sort=_sort(query.get("sort", ""), words),
            limit=_limit(query.get("limit") or str(DEFAULT_LIMIT)),
            cursor=query.get("cursor", ""),
        )

    def find(self) -> search.Found:
        """Raises ValidationError for a cursor that is not ours, and Unavailable."""
        return search.find(
            self.search,
            category=self.category,
            tag=self.tag,
            author=self.author,
            sort=self.sort,
            limit=self.limit,
            cursor=self.cursor,
        )


def _sort(asked: str, words: str) -> str:
    sort = asked or ("relevance" if words else lists.DEFAULT_SORT)
    if sort not in SORTS:
        raise errors.ValidationError(
            f"sort is {errors.shown(sort)}; use one of: {', '.join(SORTS)}.",
            field="sort",
        )
    return lists.DEFAULT_SORT if sort == "relevance" and not words else sort


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
