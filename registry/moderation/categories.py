"""Categories and tags: add, rename, order, merge, retire, move.

Renaming and merging touch many functions. The decision is one short transaction. The
functions and their search documents follow in batches of one transaction each, so that
no writer waits long. Each batch selects rows that are not moved yet, so the work can be
resumed at any time.
"""

import re
import time

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from accounts.models import Account
from core.cache import versions
from registry import errors, search
from registry.listing import sync
from registry.manifest import TAG
from registry.models import (
    Category,
    CategoryAlias,
    Decision,
    Function,
    FunctionTag,
    SearchDocument,
    TagRule,
)
from registry.moderation.deciding import Grounds, decide, locked

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])\Z")
BATCH_FUNCTIONS = 500  # holds SQLite's write lock for about 100 ms
BATCH_TAGGED = 200
MAX_MOVED_AT_ONCE = 500
WORK_SECONDS = 5.0  # of batches in one request
PAUSE_SECONDS = 0.01  # between batches, for other writers of SQLite


@transaction.atomic
def add_category(
    slug: str, label: str, description: str, grounds: Grounds, *, by: Account
) -> Decision:
    """Add a category at the end of the list.

    slug: 2 to 40 of a-z, 0-9 and hyphens. Raises as ``decide``; ValidationError;
    Conflict when a category has or had the slug.
    """
    slug = _checked_slug(slug)
    made = decide("add_category", f"category {slug}", grounds, by=by)
    _require_free(slug)
    last = Category.objects.order_by("-position").first()
    Category.objects.create(
        slug=slug,
        label=_line(label, 60, "label"),
        description=_line(description, 200, "description", may_be_empty=True),
        position=last.position + 1 if last else 0,
    )
    return made


@transaction.atomic
def edit_category(
    category: Category,
    slug: str,
    label: str,
    description: str,
    grounds: Grounds,
    *,
    by: Account,
) -> Decision:
    """Change a category's slug, label and description. Its old slug stays valid.

    Raises as ``decide``; ValidationError; Conflict when another category has or had the
    slug, or this one was merged.
    """
    slug, seen_as = _checked_slug(slug), _subject(category)
    category = _locked(category)
    made = decide("edit_category", seen_as, grounds, by=by, slug=slug)
    _require_unmerged(category)
    old = category.slug
    if slug != old:
        category.aliases.filter(slug=slug).delete()  # an old slug of its own
        _require_free(slug)
        CategoryAlias.objects.create(slug=old, category=category)
    category.slug = slug
    category.label = _line(label, 60, "label")
    category.description = _line(description, 200, "description", may_be_empty=True)
    category.save()
    return made


@transaction.atomic
def order_categories(slugs: list[str], grounds: Grounds, *, by: Account) -> Decision:
    """Show the active categories in the order of ``slugs``.

    Raises as ``decide``; Conflict when ``slugs`` are not the active categories.
    """
    made = decide("order_categories", "categories", grounds, by=by)
    active = {c.slug: c for c in Category.objects.active().select_for_update()}
    if sorted(slugs) != sorted(active):
        raise errors.Conflict("The categories changed meanwhile.")
    for position, slug in enumerate(slugs):
        active[slug].position = position
    Category.objects.bulk_update(active.values(), ["position"])
    return made


@transaction.atomic
def retire_category(category: Category, grounds: Grounds, *, by: Account) -> Decision:
    """Take a category out of use. Functions in it keep it until they are moved.

    Raises as ``decide``; Conflict when it is retired, or the only active one.
    """
    seen_as, category = _subject(category), _locked(category)
    made = decide("retire_category", seen_as, grounds, by=by)
    _require_active(category)
    if Category.objects.active().count() == 1:
        raise errors.Conflict("The Hub needs at least one category.")
    category.retired_at = timezone.now()
    category.save(update_fields=["retired_at"])
    return made


@transaction.atomic
def reopen_category(category: Category, grounds: Grounds, *, by: Account) -> Decision:
    """Put a retired category back into use.

    Raises as ``decide``; Conflict when it is in use, or was merged.
    """
    seen_as, category = _subject(category), _locked(category)
    made = decide("reopen_category", seen_as, grounds, by=by)
    _require_unmerged(category)
    if category.retired_at is None:
        raise errors.Conflict(f"{category.slug} is in use.")
    category.retired_at = None
    category.save(update_fields=["retired_at"])
    return made


@transaction.atomic
def merge_category(
    category: Category, into: Category, grounds: Grounds, *, by: Account
) -> Decision:
    """Merge ``category`` into another.

    Its slug stands for the other one at once; its functions are moved in batches
    (``resume_merges``).

    Raises as ``decide``; Conflict when it was merged, the other is not in use, or both
    are the same.
    """
    into = _locked(into)
    seen_as, category = _subject(category), _locked(category)
    made = decide("merge_category", seen_as, grounds, by=by, into=into.slug)
    _require_unmerged(category)
    _require_active(into)
    if category.pk == into.pk:
        raise errors.Conflict("A category can't be merged into itself.")
    category.merged_into = into
    category.retired_at = category.retired_at or timezone.now()
    category.save(update_fields=["merged_into", "retired_at"])
    category.aliases.update(category=into)
    CategoryAlias.objects.create(slug=category.slug, category=into)
    return made


@transaction.atomic
def move_functions(
    functions: list[Function], into: Category, grounds: Grounds, *, by: Account
) -> Decision:
    """Move up to MAX_MOVED_AT_ONCE functions to another category.

    Raises as ``decide`` (for every function), ValidationError; Conflict when the
    category is not in use.
    """
    if not 0 < len(functions) <= MAX_MOVED_AT_ONCE:
        raise errors.ValidationError(
            f"Name 1 to {MAX_MOVED_AT_ONCE} functions.", field="functions"
        )
    seen_as, into = _subject(into), _locked(into)
    made = decide(
        "move_functions",
        seen_as,
        grounds,
        by=by,
        functions=[function.path for function in functions],
    )
    _require_active(into)
    for function in sorted(functions, key=lambda function: function.pk):
        function = locked(function)
        if function.owner_id == by.pk:
            raise errors.OwnDecision(f"{function} is a function of your own.")
        sync.refresh(function, function.latest, category=into)
    return made


def count_left() -> int:
    """How many functions are not moved yet, at most: some may be counted twice."""
    merged = Function.objects.filter(category__merged_into__isnull=False)
    aliases = CategoryAlias.objects.values("slug")
    return merged.count() + SearchDocument.objects.filter(category__in=aliases).count()


def resume_merges(*, seconds: float = WORK_SECONDS) -> int:
    """Move functions of merged and renamed categories for ``seconds``.

    Returns how many are left.
    """
    end = time.monotonic() + seconds
    while (move_batch() or refile_batch()) and time.monotonic() < end:
        time.sleep(PAUSE_SECONDS)
    return count_left()


@transaction.atomic
def refile_batch() -> int:
    """Give up to BATCH_FUNCTIONS search documents their new slug. Returns how many."""
    for alias in CategoryAlias.objects.select_related("category"):
        done = search.recategorize(
            alias.slug, alias.category.slug, limit=BATCH_FUNCTIONS
        )
        if done:
            versions.bump_on_commit(versions.EVERYTHING)
            return done
    return 0


@transaction.atomic
def move_batch() -> int:
    """Move up to BATCH_FUNCTIONS functions of a merged category. Returns how many."""
    merged = Category.objects.exclude(merged_into=None)
    category = merged.filter(Exists(Function.objects.filter(category=OuterRef("pk"))))
    category = category.first()
    if category is None:
        return 0
    functions = Function.objects.select_for_update().filter(category=category)
    rows = functions.order_by("pk").values_list("pk", "is_listed")[:BATCH_FUNCTIONS]
    rows = list(rows)
    pks = [pk for pk, _ in rows]
    listed = sum(is_listed for _, is_listed in rows)
    Function.objects.filter(pk__in=pks).update(category=category.merged_into_id)
    steps = [(category.pk, -listed), (category.merged_into_id, listed)]
    for pk, step in sorted(steps):  # the lock order of publishing: no deadlock
        Category.objects.filter(pk=pk).update(function_count=F("function_count") + step)
    versions.bump_on_commit(versions.EVERYTHING)
    return len(rows)


# --- tags


@transaction.atomic
def replace_tag(tag: str, becomes: str, grounds: Grounds, *, by: Account) -> Decision:
    """Replace ``tag`` by ``becomes`` on every function, now and later.

    An empty ``becomes`` blocks the tag. Functions are changed in batches (``retag``).

    Raises as ``decide``; ValidationError; Conflict when the rule exists or would make a
    cycle.
    """
    tag, becomes = tag.strip().lower(), becomes.strip().lower()
    if not TAG.match(tag) or (becomes and not TAG.match(becomes)):
        raise errors.ValidationError(
            "A tag is 1 to 30 of a-z, 0-9, space and .+#-, starting with a letter or "
            "digit.",
            field="tag",
        )
    action = "merge_tag" if becomes else "block_tag"
    made = decide(action, f"tag {tag}", grounds, by=by, becomes=becomes)
    rule = TagRule.objects.filter(tag=tag).first()
    circle = tag == becomes or TagRule.objects.filter(tag=becomes).exists()
    if circle or (rule and rule.becomes == becomes):
        raise errors.Conflict(f"The tag {becomes or tag} is replaced already.")
    TagRule.objects.update_or_create(tag=tag, defaults={"becomes": becomes})
    TagRule.objects.filter(becomes=tag).update(becomes=becomes)
    return made


@transaction.atomic
def free_tag(rule: TagRule, grounds: Grounds, *, by: Account) -> Decision:
    """Let a replaced or blocked tag be used again.

    Functions that lost it don't get it back.

    Raises as ``decide``; Conflict when the tag has no rule.
    """
    made = decide("free_tag", f"tag {rule.tag}", grounds, by=by)
    deleted, _ = TagRule.objects.filter(tag=rule.tag).delete()
    if not deleted:
        raise errors.Conflict(f"The tag {rule.tag} is free.")
    return made


def retag(*, seconds: float = WORK_SECONDS) -> int:
    """Apply the tag rules to listed functions for ``seconds``.

    Functions that are not listed are changed when they are listed again. Returns how
    many are left.
    """
    end = time.monotonic() + seconds
    while retag_batch() and time.monotonic() < end:
        pass
    return _wrongly_tagged().count()


@transaction.atomic
def retag_batch() -> int:
    """Apply the tag rules to the next BATCH_TAGGED functions. Returns how many."""
    rows = _wrongly_tagged().order_by("function")
    pks = sorted(set(rows.values_list("function", flat=True)[:BATCH_TAGGED]))
    for pk in pks:
        function = locked(Function(pk=pk))
        sync.refresh(function, function.latest)
    versions.bump_on_commit(versions.EVERYTHING)
    return len(pks)


def _wrongly_tagged():
    return FunctionTag.objects.filter(tag__in=TagRule.objects.values("tag"))


# --- helpers


def _subject(category: Category) -> str:
    """The subject of decisions on a category, by the slug it has in this row. It may be
    called otherwise by now, but ``Grounds.seen`` is about the slug that was seen."""
    return f"category {category.slug}"


def _locked(category: Category) -> Category:
    """The category's row, re-read and locked."""
    return Category.objects.select_for_update().get(pk=category.pk)


def _require_unmerged(category: Category) -> None:
    if category.merged_into_id:
        raise errors.Conflict(f"{category.slug} was merged into another category.")


def _require_active(category: Category) -> None:
    _require_unmerged(category)
    if category.retired_at:
        raise errors.Conflict(f"{category.slug} is retired.")


def _require_free(slug: str) -> None:
    taken = Category.objects.filter(slug=slug).exists()
    if taken or CategoryAlias.objects.filter(slug=slug).exists():
        raise errors.Conflict(f"{slug} is, or was, the slug of another category.")


def _checked_slug(slug: str) -> str:
    if not SLUG.match(slug):
        raise errors.ValidationError(
            "Use 2 to 40 characters: a-z, 0-9 and hyphens, with a letter or digit at "
            "both ends.",
            field="slug",
        )
    return slug


def _line(text: str, most: int, field: str, *, may_be_empty: bool = False) -> str:
    text = " ".join(text.split())
    if len(text) > most or not (text or may_be_empty):
        raise errors.ValidationError(f"Use 1 to {most} characters.", field=field)
    return text
