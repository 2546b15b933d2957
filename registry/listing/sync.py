"""What the Hub lists of a function, kept in step with its versions."""

from django.db.models import F
from django.utils import timezone

from registry import search
from registry.catalog.vocabulary import replaced_tags
from registry.manifest import Manifest
from registry.models import (
    Category,
    Function,
    FunctionQuarantine,
    FunctionTag,
    Version,
)

# Taken from the latest version; README, tags and category are the author's to edit.
OF_THE_LATEST = ("name", "description", "language", "runtime", "license")
WRITTEN = (
    *OF_THE_LATEST,
    *("category", "readme", "tags", "latest", "latest_number", "is_listed"),
    *("published_at", "updated_at", "active_at"),
)


def after_publish(
    function: Function, version: Version, manifest: Manifest, category: Category
) -> None:
    """Bring ``function``, locked and not taken down, up to date with its new
    ``version``. category: the manifest's.

    A version below the latest (a backport) leaves the listing as it is. Search
    follows when the version is derived from (derived.enqueue).
    """
    now = timezone.now()
    function.published_at = function.published_at or now
    function.updated_at = function.active_at = now
    # The only live version is the latest.
    latest = latest_of(function) if function.latest_id else version
    listing = {}
    if latest == version:
        listing["category"] = category
        if version.readme_id:
            listing["readme_id"] = version.readme_id
        if manifest["tags"]:
            listing["tags"] = manifest["tags"]
    _write(function, latest, is_listed=latest is not None, **listing)


def refresh(function: Function, latest: Version | None, **listing) -> None:
    """Point ``function`` at its latest live version and store what is listed.

    listing: category, readme_id or tags to change along. Counters of categories and
    the rows of tags follow, and what search knows.
    """
    taken_down = FunctionQuarantine.objects.filter(function=function)
    is_listed = latest is not None and not taken_down.exists()
    _write(function, latest, is_listed=is_listed, **listing)
    search.index(function)


def latest_of(function: Function) -> Version | None:
    """The highest live stable version, else the highest live pre-release."""
    live = Version.objects.live().filter(function=function)
    return live.order_by("is_prerelease", "-sort_key").first()


def _write(
    function: Function, latest: Version | None, *, is_listed: bool, **listing
) -> None:
    before = function.category_id if function.is_listed else None
    had = set(function.tags) if function.is_listed else set()
    function.latest = latest
    function.latest_number = latest.number if latest else ""
    function.is_listed = is_listed
    if latest:
        for name in OF_THE_LATEST:
            setattr(function, name, latest.manifest[name])
    for name, value in listing.items():
        setattr(function, name, value)
    function.tags = replaced_tags(function.tags)
    function.save(update_fields=WRITTEN)
    _set_tag_rows(function, had, set(function.tags) if function.is_listed else set())
    # Last: many publish into one category, and wait for its row.
    _count_category(before, function.category_id if function.is_listed else None)


def _count_category(before: int | None, after: int | None) -> None:
    if before == after:
        return
    steps = [(pk, step) for pk, step in ((before, -1), (after, 1)) if pk]
    for pk, step in sorted(steps):  # always in one order, or two could deadlock
        Category.objects.filter(pk=pk).update(function_count=F("function_count") + step)


def _set_tag_rows(function: Function, had: set[str], has: set[str]) -> None:
    if had - has:
        FunctionTag.objects.filter(function=function, tag__in=had - has).delete()
    if had & has:
        rows = FunctionTag.objects.filter(function=function)
        rows.update(updated_at=function.updated_at)
    FunctionTag.objects.bulk_create(
        [
            FunctionTag(function=function, tag=tag, updated_at=function.updated_at)
            for tag in sorted(has - had)
        ],
        ignore_conflicts=True,
    )
