"""The pages that list functions, as HTML made of what was read for them."""

from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.safestring import SafeString

from hub import narrowing
from hub.listing import SORT_LABELS, Wanted
from hub.results import plain_rows, rows_of
from registry import search
from registry.drawing.frames import filled, joined

if TYPE_CHECKING:
    from hub.list_page import ListPage

PAGE, LABEL, ORDER = (
    "hub/function_list.html",
    "hub/_narrowed.html",
    "hub/_order.html",
)


def list_html(page: "ListPage") -> SafeString:
    """A browse, category, tag or search page."""
    wanted, found = page.wanted, page.found
    is_ordered = found.rows and not found.lines
    values = {
        **_head(page),
        "q": wanted.q,
        "canonical": settings.HUB_URL + wanted.url(),
        "categories": narrowing.categories(page.categories, wanted, found.facets),
        "groups": narrowing.groups(wanted, found.facets),
        "tags": narrowing.tags(wanted, found.facets),
        "all_url": wanted.url(category=""),
        "total": counted(found.total),
        "labels": _labels(wanted),
        "sorts": _sorts(wanted.at_the_start) if is_ordered else "",
        "corrected": found.corrected,
        "rows": joined(rows_of(found), "\n"),
        "instead": joined(plain_rows(page.instead, "h3"), "\n"),
        "next_url": found.next and wanted.url(cursor=found.next),
        "first_url": wanted.cursor and wanted.url(),
    }
    return filled(
        PAGE,
        values,
        section="functions",
        is_partial=found.is_partial,
        in_category=page.category is not None,
    )


def counted(functions: int) -> str:
    """How many functions there are, in words; search counts no further than it says."""
    if functions > search.COUNTED_AT_MOST:
        return f"{search.COUNTED_AT_MOST:,}+ functions"
    return f"{functions:,} function{'' if functions == 1 else 's'}"


def _head(page: "ListPage") -> dict[str, str]:
    wanted, category = page.wanted, page.category
    if wanted.of == "category":
        return {"title": category.label, "lead": category.description}
    if wanted.of == "tag":
        return {"title": f"Functions tagged “{wanted.tag}”"}
    return {"title": f"Results for “{wanted.q}”" if wanted.q else "Functions"}


def _labels(wanted: Wanted) -> SafeString:
    return joined(
        (filled(LABEL, {"label": label, "url": url}) for label, url in wanted.labels),
        " ",
    )


@lru_cache(256)
def _sorts(wanted: Wanted) -> SafeString:
    return joined(
        filled(
            ORDER,
            {"label": SORT_LABELS[sort], "url": wanted.url(sort=sort)},
            chosen=sort == wanted.order,
        )
        for sort in wanted.orders
    )
