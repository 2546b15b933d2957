"""What the Hub lists of a function, kept in step with its versions."""

from django.utils import timezone

from core.db.prepared import Prepared, execute, insert_all, update
from registry import search
from registry.catalog.vocabulary import replaced_tags
from registry.manifest import Manifest
from registry.models import (
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
LATEST = Prepared(
    lambda function: (
        Version.objects.live()
        .filter(function=function)
        .order_by("is_prerelease", "-sort_key")[:1]
    )
)
COUNT_STEP = (
    "UPDATE registry_category SET function_count = function_count + %s WHERE id = %s"
)
DELETE_TAG = "DELETE FROM registry_functiontag WHERE function_id = %s AND tag = %s"
TAKEN_DOWN = Prepared(
    lambda function: FunctionQuarantine.objects.filter(function=function).values_list(
        "pk"
    )
)


def after_publish(
    function: Function,
    version: Version,
    manifest: Manifest,
    category_id: int,
    *,
    is_first: bool,
) -> None:
    """Bring ``function``, locked and not taken down, up to date with its new
    ``version``, which may be its first.

    A version below the latest (a backport) leaves the listing as it is. Search
    follows when the version is derived from (derived.enqueue).
    """
    now = timezone.now()
    function.published_at = function.published_at or now
    function.updated_at = function.active_at = now
    latest = version if is_first else latest_of(function)
    listing = {}
    if latest == version:
        listing["category_id"] = category_id
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
    is_listed = latest is not None and not TAKEN_DOWN(function.pk)
    _write(function, latest, is_listed=is_listed, **listing)
    search.index(function)


def latest_of(function: Function) -> Version | None:
    """The highest live stable version, else the highest live pre-release."""
    return LATEST.first(function.pk)


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
    update(function, *WRITTEN)
    _set_tag_rows(function, had, set(function.tags) if function.is_listed else set())
    # Last: many publish into one category, and wait for its row.
    _count_category(before, function.category_id if function.is_listed else None)


def _count_category(before: int | None, after: int | None) -> None:
    if before == after:
        return
    steps = [(pk, step) for pk, step in ((before, -1), (after, 1)) if pk]
    for pk, step in sorted(steps):  # always in one order, or two could deadlock
        execute(COUNT_STEP, step, pk)


def _set_tag_rows(function: Function, had: set[str], has: set[str]) -> None:
    for tag in sorted(had - has):
        execute(DELETE_TAG, function.pk, tag)
    insert_all(
        [
            FunctionTag(function=function, tag=tag, updated_at=function.updated_at)
            for tag in sorted(has - had)
        ]
    )
