"""The choices beside and above a list: categories, filters, tags, orders."""

from collections.abc import Iterable
from dataclasses import dataclass

from hub.list_query import FLAG_LABELS, SORT_LABELS, ListQuery
from registry.models import Category
from registry.search import Found

BAR_WIDTH = 44  # pixels, of the picture of a category's share
VALUES_SHOWN = 6
GROUPS = {"language": "Language", "runtime": "Runtime", "license": "License"}
VALUE_LABELS = {"typescript": "TypeScript", "javascript": "JavaScript"}


@dataclass(frozen=True, slots=True)
class Choice:
    """A link to the same list, asked otherwise.

    count: functions it would list, as text; "" where that is unknown. bar: its share of
    the largest count, in pixels.
    """

    label: str
    url: str
    is_chosen: bool = False
    count: str = ""
    bar: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    choices: list[Choice]


def categories(
    query: ListQuery, found: Found, all_: Iterable[Category]
) -> list[Choice]:
    """The active ones among ``all_``, with how many of the results are in each.

    A list that is not narrowed has the stored counts. Once a category is chosen, the
    counts of the others are unknown.
    """
    shown = [each for each in all_ if each.retired_at is None]
    if query.is_narrowed:
        counts = dict(found.facets.get("category", []))
        if found.facets and not query.category:
            shown = [each for each in shown if each.slug in counts]
    else:
        counts = {each.slug: each.function_count for each in shown}
    most = max(counts.values(), default=0) or 1
    return [
        Choice(
            each.label,
            query.url(category=each.slug),
            is_chosen=each.slug == query.category,
            count=f"{counts[each.slug]:,}" if each.slug in counts else "",
            bar=round(BAR_WIDTH * counts.get(each.slug, 0) / most),
        )
        for each in shown
    ]


def groups(query: ListQuery, found: Found) -> list[Group]:
    """Filters that the results differ in, or that are set."""
    made = []
    for name, title in GROUPS.items():
        values = found.facets.get(name, [])[:VALUES_SHOWN]
        if len(values) > 1 or getattr(query, name):
            choices = [_choice(query, name, value, count) for value, count in values]
            made.append(Group(title, choices))
    flags = [
        _choice(query, flag, "1", count)
        for flag in FLAG_LABELS
        for _, count in found.facets.get(flag, [])
    ]
    return [*made, Group("What it needs", flags)] if flags else made


def tags(query: ListQuery, found: Found) -> list[Choice]:
    """The most frequent tags of the results, without the chosen one."""
    return [
        Choice(tag, query.url(tag=tag), count=f"{count:,}")
        for tag, count in found.facets.get("tag", [])
        if tag != query.tag
    ]


def labels(query: ListQuery) -> list[Choice]:
    """What narrows the list, each with the address of the list without it."""
    words = {"q": f"“{query.q}”"} if query.q else {}
    written = {"tag": "#{}", "author": "by {}"}
    filters = {
        name: FLAG_LABELS.get(name) or written.get(name, "{}").format(value)
        for name, value in query.filters.items()
    }
    given = (words | filters).items()
    return [Choice(label, query.url(**{name: ""})) for name, label in given]


def orders(query: ListQuery) -> list[Choice]:
    return [
        Choice(SORT_LABELS[sort], query.url(sort=sort), is_chosen=sort == query.order)
        for sort in query.orders
    ]


def _choice(query: ListQuery, name: str, value: str, count: int) -> Choice:
    is_chosen = getattr(query, name).lower() == value.lower()
    return Choice(
        FLAG_LABELS.get(name) or VALUE_LABELS.get(value, value),
        query.url(**{name: "" if is_chosen else value}),
        is_chosen,
        f"{count:,}",
    )
