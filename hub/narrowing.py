"""The choices beside a list: categories, languages, licenses, ... with counts."""

from collections.abc import Sequence

from hub.listing import FLAG_LABELS, Wanted
from registry.listed import CategoryRow

BAR_WIDTH = 44  # pixels, of the picture of a category's share
VALUES_SHOWN = 6
GROUPS = {"language": "Language", "runtime": "Runtime", "license": "License"}
WRITTEN = {"typescript": "TypeScript", "javascript": "JavaScript"}


def categories(
    listed: Sequence[CategoryRow], wanted: Wanted, facets: dict[str, list]
) -> list[dict]:
    """The categories, with how many of the results are in each.

    facets: of the results. Without them the stored counters say it, if the list is
    not narrowed. Once a category is chosen, the others' counts are unknown (None).
    """
    counts: dict[str, int] = dict(facets.get("category", []))
    if not wanted.is_narrowed:
        counts = {each.slug: each.function_count for each in listed}
    elif facets and not wanted.category:
        listed = [each for each in listed if each.slug in counts]
    most = max(counts.values(), default=0)
    return [
        {
            "label": each.label,
            "url": wanted.url(category=each.slug),
            "count": counts.get(each.slug),
            "bar": round(BAR_WIDTH * counts.get(each.slug, 0) / most) if most else 0,
            "chosen": each.slug == wanted.category,
        }
        for each in listed
    ]


def groups(wanted: Wanted, facets: dict[str, list]) -> list[dict]:
    """Further choices, where the results differ in them."""
    made = []
    for name, title in GROUPS.items():
        values = facets.get(name, [])[:VALUES_SHOWN]
        if len(values) > 1 or getattr(wanted, name):
            items = [_item(wanted, name, value, count) for value, count in values]
            made.append({"title": title, "choices": items})
    flags = [
        _item(wanted, flag, "1", count)
        for flag in FLAG_LABELS
        for _, count in facets.get(flag, [])
    ]
    if flags:
        made.append({"title": "What it needs", "choices": flags})
    return made


def tags(wanted: Wanted, facets: dict[str, list]) -> list[dict]:
    """The most frequent tags of the results, but for the chosen one."""
    return [
        {"label": tag, "url": wanted.url(tag=tag), "count": count}
        for tag, count in facets.get("tag", [])
        if tag != wanted.tag
    ]


def _item(wanted: Wanted, name: str, value: str, count: int) -> dict:
    chosen = getattr(wanted, name).lower() == value.lower()
    return {
        "label": FLAG_LABELS.get(name) or WRITTEN.get(value, value),
        "url": wanted.url(**{name: "" if chosen else value}),
        "count": count,
        "chosen": chosen,
    }
