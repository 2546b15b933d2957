"""Who holds a name."""

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from accounts.keys import may_touch
from accounts.models import Account
from core.db.prepared import Prepared
from registry import errors, switches
from registry.models import Function, NameClaim, NameException, Redirect
from registry.names import look_alike
from registry.publishing import resemblance
from registry.publishing.quotas import Budget

IDLE_CLAIM = timedelta(days=90)

# What each push asks. Those that lock have no join: PostgreSQL reads a row again after
# it waited for its lock, but not what is joined to it.
OWN = Prepared(
    lambda owner, slug: (
        Function.objects.owned_by(owner).filter(slug=slug).select_related("category")
    )
)
OWN_BEFORE_A_RENAME = Prepared(
    lambda owner, slug: (
        Function.objects.owned_by(owner)
        .filter(redirects__slug=slug)
        .select_related("category")
    )
)
LOCKED = Prepared(lambda pk: Function.objects.select_for_update().filter(pk=pk))
LOCKED_CALLED = Prepared(
    lambda slug: Function.objects.select_for_update().filter(slug=slug)
)
LOCKED_CLAIM = Prepared(
    lambda form: NameClaim.objects.select_for_update().filter(look_alike=form)
)
CLAIM = Prepared(lambda form: NameClaim.objects.filter(look_alike=form))
REDIRECT = Prepared(lambda slug: Redirect.objects.filter(slug=slug))


def named(slug: str, owner: Account) -> Function | None:
    """``owner``'s function that is called ``slug``, or was before a rename."""
    return OWN.first(owner.pk, slug) or OWN_BEFORE_A_RENAME.first(owner.pk, slug)


def claim(
    slug: str, owner: Account, *, found: Function | None, budget: Budget
) -> tuple[Function, bool]:
    """The function ``slug`` of ``owner``, locked, made when it is new; and whether it
    is new.

    Call inside a transaction. Names that read alike are one claim: its owner may use
    them all, nobody else any, unless staff made an exception. A claim that never
    published and has been idle for IDLE_CLAIM passes to the next account that asks.

    found: what ``named`` says of the slug. Only what may have changed since is asked
    again: whether the function is still there, and whose it is.
    budget: the owner's; a new name is taken from it.

    Raises DuplicateSlug, ReadOnly, RateLimited. Source: docs/architecture.md, "Names".
    """
    function = LOCKED.first(found.pk) if found else None
    if function is None or is_given_up(function):
        return _claim_new(slug, owner, budget)
    if function.owner_id != owner.pk:  # transferred since
        raise _duplicate(slug, function)
    switches.require()
    function.owner = owner
    return function, False


def require_within(patterns: Sequence[str], slug: str) -> None:
    """Raise Forbidden when a key limited to ``patterns`` does not reach ``slug``."""
    if not may_touch(patterns, slug):
        raise errors.Forbidden(
            f"This key is limited to functions that match {', '.join(patterns)}."
        )


def _claim_new(slug: str, owner: Account, budget: Budget) -> tuple[Function, bool]:
    """Take a name that no function of ``owner`` had a moment ago."""
    switches.require("new_slugs")
    if REDIRECT(slug):
        raise errors.DuplicateSlug(
            f"The name {errors.shown(slug)} leads to another account's function.",
            field="slug",
        )
    take_name(slug, owner)
    # The claim is locked, so nobody else makes a function of this name meanwhile.
    function = LOCKED_CALLED.first(slug)
    if function is None:
        budget.take_slug()
        form = look_alike(slug)
        function = Function.objects.create(slug=slug, owner=owner, look_alike=form)
        resemblance.note(function)
        return function, True
    if function.owner_id != owner.pk:
        raise _duplicate(slug, function)
    function.owner = owner
    return function, False


def take_name(slug: str, owner: Account) -> None:
    """Make sure that ``owner`` holds the claim ``slug`` needs. Raises DuplicateSlug."""
    wanted = NameClaim(look_alike=look_alike(slug), owner=owner)
    held = None
    while held is None:  # given up between the two statements: try again
        # Where the name is taken this does nothing, and the transaction goes on.
        NameClaim.objects.bulk_create([wanted], ignore_conflicts=True)
        held = LOCKED_CLAIM.first(wanted.look_alike)
    if held.owner_id != owner.pk and not _is_excepted(slug, owner.pk):
        _take_over(held, slug, owner)


def require_claim(function: Function) -> None:
    """Raise DuplicateSlug when the name was given to someone else meanwhile."""
    if not is_given_up(function):
        held = CLAIM.first(look_alike(function.slug))
        if held and held.owner_id == function.owner_id:
            return
        if _is_excepted(function.slug, function.owner_id):
            return
    raise errors.DuplicateSlug(
        f"The name of {errors.shown(function.slug)} was given up: idle for "
        f"{IDLE_CLAIM.days} days, or released by staff.",
        field="slug",
    )


def is_idle(function: Function) -> bool:
    """Never published, and not touched for IDLE_CLAIM."""
    return (
        not function.published_at and function.active_at < timezone.now() - IDLE_CLAIM
    )


def give_up(function: Function) -> None:
    """Part ``function``, never published, from its name; the drafts stay its
    author's. "--" is in no slug, so no name is taken."""
    Function.objects.filter(pk=function.pk).update(
        slug=f"{function.slug[:50]}--{function.pk}"
    )


def is_given_up(function: Function) -> bool:
    return "--" in function.slug


def release_if_unused(form: str, owner_id: int) -> None:
    """Give up the claim on ``form``, a normal form, unless one of its owner's functions
    or redirects needs it."""
    standing = Function.objects.filter(look_alike=form, owner=owner_id)
    needed = standing.exclude(slug__contains="--").exists()
    if not needed and not _has_left(form, owner_id):
        NameClaim.objects.filter(look_alike=form, owner=owner_id).delete()


def _has_left(form: str, owner_id: int) -> bool:
    """Whether an old address of the owner's functions reads like ``form``."""
    left = Redirect.objects.filter(function__owner=owner_id)
    return any(look_alike(slug) == form for slug in left.values_list("slug", flat=True))


def _is_excepted(slug: str, account_id: int) -> bool:
    return NameException.objects.filter(slug=slug, account=account_id).exists()


def _take_over(held: NameClaim, slug: str, owner: Account) -> None:
    functions = Function.objects.select_for_update().filter(
        look_alike=held.look_alike, owner=held.owner_id
    )
    standing = [function for function in functions if not is_idle(function)]
    if standing or not functions or _has_left(held.look_alike, held.owner_id):
        raise _duplicate(slug, standing[0] if standing else None)
    for function in functions:
        give_up(function)
    held.owner = owner
    held.save(update_fields=["owner"])


def _duplicate(slug: str, function: Function | None) -> errors.DuplicateSlug:
    if function is None or not function.published_at:
        what = f"The name {errors.shown(slug)} is taken by another account."
    elif function.slug == slug:
        what = f"The name {errors.shown(slug)} is taken by {function.owner.username}."
    else:
        what = (
            f"The name {errors.shown(slug)} reads like {errors.shown(function.slug)}, "
            f"which is taken by {function.owner.username}."
        )
    return errors.DuplicateSlug(what, field="slug")
