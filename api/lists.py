"""The query strings of list endpoints, read and checked."""

from dataclasses import dataclass

from registry import errors, paging, vocabulary

MAX_LIMIT, DEFAULT_LIMIT = 100, 20
SORTS = ("relevance", *paging.SORTS)


@dataclass(frozen=True)
class Listing:
    """What a list endpoint was asked for."""

    category: str
    tag: str
    author: str
    search: str
    sort: str
    limit: int
    cursor: str


def read(query) -> Listing:
    """``request.GET`` as a Listing. Raises ValidationError for sort and limit.

    A limit above MAX_LIMIT is lowered to it.
    """
    search = query.get("search", "").strip()
    sort = query.get("sort") or ("relevance" if search else paging.DEFAULT_SORT)
    if sort not in SORTS:
        raise errors.ValidationError(
            f"sort is {errors.shown(sort)}; use one of: {', '.join(SORTS)}.",
            field="sort",
        )
    if sort == "relevance" and not search:
        sort = paging.DEFAULT_SORT
    return Listing(
        category=_category(query.get("category", "")),
        tag=query.get("tag", "").lower(),
        author=query.get("author", "").removeprefix("@"),
        search=search,
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
