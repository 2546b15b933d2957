"""The choices beside a list: categories, languages, licenses, ... with counts."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from django.utils.safestring import SafeString

from hub.listing import FLAG_LABELS, Wanted
from registry.drawing.frames import filled, joined

BAR_WIDTH = 44  # pixels, of the picture of a category's share
VALUES_SHOWN = 6
GROUPS = {"language": "Language", "runtime": "Runtime", "license": "License"}
WRITTEN = {"typescript": "TypeScript", "javascript": "JavaScript"}
CATEGORY, CHOICE = "hub/_category_choice.html", "hub/_choice.html"
GROUP, TAG = "hub/_choices.html", "hub/_tag.html"


class CategoryRow(NamedTuple):
    """A category beside a list. function_count: of listed functions."""

    slug: str
    label: str
    description: str
    function_count: int
    is_active: bool

    @classmethod
    def of(cls, category) -> "CategoryRow":
        shown = category.slug, category.label, category.description
        return cls(*shown, category.function_count, category.retired_at is None)


def categories(
    listed: Sequence[CategoryRow], wanted: Wanted, facets: dict[str, list]
) -> SafeString:
    """The categories, with how many of the results are in each.

    facets: of the results. Without them the stored counters say it, if the list is
    not narrowed. Once a category is chosen, the others' counts are unknown.
    """
    if not wanted.is_narrowed:
        return _all_categories(tuple(listed), wanted.at_the_start)
    counts: dict[str, int] = dict(facets.get("category", []))
    if facets and not wanted.category:
        listed = [each for each in listed if each.slug in counts]
    return _categories(listed, wanted, counts)


@lru_cache(64)
def _all_categories(listed: tuple[CategoryRow, ...], wanted: Wanted) -> SafeString:
    """They change when something is published, and stand beside every list of all."""
    counts = {each.slug: each.function_count for each in listed}
    return _categories(listed, wanted, counts)


def _categories(
    listed: Sequence[CategoryRow], wanted: Wanted, counts: dict[str, int]
) -> SafeString:
    most = max(counts.values(), default=0) or 1
    return joined(
        filled(
            CATEGORY,
            {
                "url": wanted.url(category=each.slug),
                "label": each.label,
                "count": f"{counts[each.slug]:,}" if each.slug in counts else "",
                "bar": str(round(BAR_WIDTH * counts.get(each.slug, 0) / most)),
            },
            chosen=each.slug == wanted.category,
        )
        for each in listed
    )


def groups(wanted: Wanted, facets: dict[str, list]) -> SafeString:
    """Further choices, where the results differ in them."""
    made = []
    for name, title in GROUPS.items():
        values = facets.get(name, [])[:VALUES_SHOWN]
        if len(values) > 1 or getattr(wanted, name):
            choices = (_choice(wanted, name, value, count) for value, count in values)
            made.append(_group(title, choices))
    flags = [
        _choice(wanted, flag, "1", count)
        for flag in FLAG_LABELS
        for _, count in facets.get(flag, [])
    ]
    return joined([*made, _group("What it needs", flags)] if flags else made)


def tags(wanted: Wanted, facets: dict[str, list]) -> SafeString:
    """The most frequent tags of the results, but for the chosen one."""
    return joined(
        filled(TAG, {"label": tag, "url": wanted.url(tag=tag), "count": str(count)})
        for tag, count in facets.get("tag", [])
        if tag != wanted.tag
    )


def _group(title: str, choices: Iterable[SafeString]) -> SafeString:
    return filled(GROUP, {"title": title, "choices": joined(choices)})


def _choice(wanted: Wanted, name: str, value: str, count: int) -> SafeString:
    chosen = getattr(wanted, name).lower() == value.lower()
    values = {
        "url": wanted.url(**{name: "" if chosen else value}),
        "label": FLAG_LABELS.get(name) or WRITTEN.get(value, value),
        "count": f"{count:,}",
    }
    return filled(CHOICE, values, chosen=chosen)
