"""query -> functions, for every door that lists them."""

from dataclasses import dataclass
from functools import cached_property

from django.db.models import QuerySet

from registry import paging
from registry.models import Function

COUNTED_AT_MOST = 1000  # exact up to here


@dataclass(frozen=True)
class Found:
    """A page of functions, and the cursor of the next one."""

    rows: list[Function]
    next: str
    matching: QuerySet

    @cached_property
    def total(self) -> int:
        """Exact up to COUNTED_AT_MOST, then a bound. Counted when asked for."""
        return self.matching.order_by()[: COUNTED_AT_MOST + 1].count()


def find(
    text: str = "",
    *,
    category: str = "",
    tag: str = "",
    author: str = "",
    sort: str = paging.DEFAULT_SORT,
    limit: int = 20,
    cursor: str = "",
) -> Found:
    """The listed functions that match everything asked for.

    Raises ValidationError(field="cursor").
    """
    functions = Function.objects.listed().described()
    if category:
        functions = functions.filter(category__slug=category)
    if tag:
        functions = functions.tagged(tag)
    if author:
        functions = functions.filter(owner__username=author)
    if text:
        functions = functions.matching(text)
    if sort == "relevance":
        sort = "installs"
    page = paging.page(functions, sort=sort, cursor=cursor, limit=limit)
    return Found(page.rows, page.next, functions)
