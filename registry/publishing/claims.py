"""Who holds a name."""

from datetime import timedelta
from typing import NamedTuple

from django.db.models import Exists, Subquery
from django.utils import timezone

from accounts.models import Account
from core.db.prepared import Prepared, insert
from registry import errors, switches
from registry.models import Function, NameClaim, NameException, Redirect
from registry.names import look_alike
from registry.publishing import resemblance

IDLE_CLAIM = timedelta(days=90)

OWN = Prepared(
    lambda owner, slug: Function.objects.filter(owner=owner, slug=slug).select_related(
        "category"
    )
)
OWN_ONCE = Prepared(
    lambda owner, slug: Function.objects.filter(
        owner=owner, redirects__slug=slug
    ).select_related("category")
)
LOCKED = Prepared(lambda pk: Function.objects.select_for_update().filter(pk=pk))
# Of one account and one slug, in the order of NameStatus's fields.
NAME_STATUS = Prepared(
    lambda owner, slug: Account.objects.filter(pk=owner).values_list(
        Subquery(Function.objects.filter(owner=owner, slug=slug).values("pk")),
        Subquery(
            Function.objects.filter(owner=owner, redirects__slug=slug).values("pk")[:1]
        ),
        Exists(Redirect.objects.filter(slug=slug)),
        Exists(switches.stopping("new_slugs")),
    )
)
CLAIM = Prepared(lambda form: NameClaim.objects.filter(look_alike=form))
LOCKED_CLAIM = Prepared(
    lambda form: NameClaim.objects.select_for_update().filter(look_alike=form)
)


class NameStatus(NamedTuple):
    """What an account finds under a slug. own, renamed: ids of functions of its own
    that have it, or had it before a rename. is_left: does it lead to some function that
    has another name by now? is_stopped: did staff turn off what claiming needs?"""

    own: int | None
    renamed: int | None
    is_left: bool
    is_stopped: bool

    @classmethod
    def at(cls, slug: str, owner: Account) -> "NameStatus":
        """Raises Unauthorized: the account was deleted since its key was checked."""
        found = NAME_STATUS.first(owner.pk, slug)
        if found is None:
            raise errors.Unauthorized
        return cls._make(found)


def claim(slug: str, owner: Account) -> tuple[Function, bool]:
    """The function ``slug`` of ``owner``, made when it is new; and whether it is.

    Call inside a transaction. Names that read alike are one claim: its owner may use
    them all, nobody else any, unless staff made an exception. A slug that the
    owner's function was renamed from finds the function. A claim that never
    published and has been idle for IDLE_CLAIM passes to the next account that asks.

    Raises DuplicateSlug, ReadOnly, Unauthorized. Source: docs/architecture.md, "Names".
    """
    look = NameStatus.at(slug, owner)
    if look.is_stopped:
        switches.require()
    found = look.own or look.renamed
    function = found and LOCKED.first(found)
    if function:  # not deleted since the look before
        if function.owner_id != owner.pk:  # transferred since
            raise _duplicate(slug, function)
        function.owner = owner
        return function, False
    if look.is_left:
        raise errors.DuplicateSlug(
            f"The name {errors.shown(slug)} leads to another account's function.",
            field="slug",
        )
    if look.is_stopped:
        switches.require("new_slugs")
    take_name(slug, owner)
    function, is_new = _function(slug, owner)
    if function.owner_id != owner.pk:
        raise _duplicate(slug, function)
    if is_new:
        resemblance.note(function)
    return function, is_new


def named(slug: str, owner: Account) -> Function | None:
    """``owner``'s function that is called ``slug``, or was before a rename."""
    look = NameStatus.at(slug, owner)
    if look.own:
        return OWN.first(owner.pk, slug)
    return OWN_ONCE.first(owner.pk, slug) if look.renamed else None


def _function(slug: str, owner: Account) -> tuple[Function, bool]:
    """A new function of that slug, or the one there is, whoever's, locked; and whether
    it is new."""
    made = Function(slug=slug, owner=owner, look_alike=look_alike(slug))
    if insert(made, unless_there=True):
        return made, True
    there = Function.objects.select_for_update(of=("self",)).select_related("owner")
    return there.get(slug=slug), False


def take_name(slug: str, owner: Account) -> None:
    """Make sure that ``owner`` holds the claim ``slug`` needs. Raises DuplicateSlug."""
    form = look_alike(slug)
    held = None
    while held is None:
        if insert(NameClaim(look_alike=form, owner=owner), unless_there=True):
            return
        held = LOCKED_CLAIM.first(form)
    if held.owner_id != owner.pk and not _is_excepted(slug, owner.pk):
        _take_over(held, slug, owner)


def require_claim(function: Function) -> None:
    """Raise DuplicateSlug when the name was given to someone else meanwhile."""
    held = CLAIM.first(look_alike(function.slug))
    if held and held.owner_id == function.owner_id:
        return
    if "--" not in function.slug and _is_excepted(function.slug, function.owner_id):
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


def release_if_unused(look_alike: str, owner_id: int) -> None:
    """Give up a claim, unless one of its owner's functions or redirects needs it."""
    standing = Function.objects.filter(look_alike=look_alike, owner=owner_id)
    if not standing.exclude(slug__contains="--").exists():
        NameClaim.objects.filter(look_alike=look_alike, owner=owner_id).delete()


def _is_excepted(slug: str, account_id: int) -> bool:
    return NameException.objects.filter(slug=slug, account=account_id).exists()


def _take_over(held: NameClaim, slug: str, owner: Account) -> None:
    functions = Function.objects.select_for_update().filter(
        look_alike=held.look_alike, owner=held.owner_id
    )
    standing = [function for function in functions if not is_idle(function)]
    if standing or not functions:
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
