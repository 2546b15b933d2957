"""Who holds a name."""

from datetime import timedelta

from django.utils import timezone

from accounts.models import Account
from registry import errors
from registry.models import Function, NameClaim
from registry.names import look_alike

IDLE_CLAIM = timedelta(days=90)


def claim(slug: str, owner: Account) -> tuple[Function, bool]:
    """The function ``slug`` of ``owner``, made when it is new; and whether it is.

    Call inside a transaction. Names that read alike are one claim: its owner may use
    them all, nobody else any. A claim that never published and has been idle for
    IDLE_CLAIM passes to the next account that asks.

    Raises DuplicateSlug. Source: docs/architecture.md, "Names".
    """
    own = Function.objects.select_for_update().filter(slug=slug, owner=owner).first()
    if own:
        return own, False
    normal_form = look_alike(slug)
    held, _ = NameClaim.objects.get_or_create(
        look_alike=normal_form, defaults={"owner": owner}
    )
    held = NameClaim.objects.select_for_update().get(pk=held.pk)
    if held.owner_id != owner.pk:
        _take_over(held, slug, owner)
    function, is_new = Function.objects.get_or_create(
        slug=slug, defaults={"owner": owner, "look_alike": normal_form}
    )
    if function.owner_id != owner.pk:
        raise _duplicate(slug, function)
    return function, is_new


def require_claim(function: Function) -> None:
    """Raise DuplicateSlug when the name was given to someone else meanwhile."""
    held = NameClaim.objects.filter(look_alike=look_alike(function.slug)).first()
    if held is None or held.owner_id != function.owner_id:
        raise errors.DuplicateSlug(
            f"The name of {errors.shown(function.slug)} was given up after "
            f"{IDLE_CLAIM.days} idle days.",
            field="slug",
        )


def _take_over(held: NameClaim, slug: str, owner: Account) -> None:
    functions = Function.objects.select_for_update().filter(
        look_alike=held.look_alike, owner=held.owner_id
    )
    standing = [
        function
        for function in functions
        if function.published_at or function.active_at > timezone.now() - IDLE_CLAIM
    ]
    if standing or not functions:
        raise _duplicate(slug, standing[0] if standing else None)
    for function in functions:
        # The drafts stay their author's; "--" is in no slug, so no name is taken.
        Function.objects.filter(pk=function.pk).update(
            slug=f"{function.slug[:50]}--{function.pk}"
        )
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
