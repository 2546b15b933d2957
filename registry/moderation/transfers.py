"""Transfer of a function to another account: by offer, or forced by staff."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import keys
from accounts.models import Account, record
from registry import errors, search, switches
from registry.models import (
    Decision,
    Function,
    NameClaim,
    NameException,
    Redirect,
    TransferOffer,
)
from registry.moderation.deciding import VIA, Grounds, decide, locked
from registry.names import look_alike
from registry.publishing import drafts


@transaction.atomic
def offer_transfer(function: Function, to: Account, *, by: Account) -> TransferOffer:
    """Offer ``function`` to another account. Nothing changes until it accepts.

    Raises NotFound (``by`` doesn't own it), ValidationError, Conflict (offered already,
    quarantined or on hold).
    """
    function = drafts.owned(function.pk, by)
    _check_receiver(function, to)
    if hasattr(function, "quarantine") or hasattr(function, "hold"):
        raise errors.Conflict(f"Staff stopped {function.slug}; it can't change hands.")
    try:
        with transaction.atomic():
            offer = TransferOffer.objects.create(function=function, to=to, by=by)
    except IntegrityError:
        raise errors.Conflict(
            f"{function.slug} is on offer already; withdraw that first."
        ) from None
    record("offer_transfer", function, by=by, via=VIA, to=to.username, stale=())
    return offer


@transaction.atomic
def accept_transfer(offer: TransferOffer, *, by: Account) -> Function:
    """Accept an offer: become the owner of the function, its drafts and its name.

    Raises NotFound (not offered to ``by``), Conflict (the offer is closed), ReadOnly.
    """
    function, offer = _open(offer, to=by)
    if offer.by_id != function.owner_id or not function.owner.is_active:
        raise errors.Conflict("Who offered it can't give it away any more.")
    record("accept_transfer", function, by=by, via=VIA, owner=function.owner.username)
    _close(offer, "accepted")
    return _move(function, by, by=by)


@transaction.atomic
def refuse_transfer(offer: TransferOffer, *, by: Account) -> None:
    """Refuse an offer. Raises NotFound, Conflict, ReadOnly."""
    function, offer = _open(offer, to=by)
    _close(offer, "refused")
    record("refuse_transfer", function, by=by, via=VIA, stale=())


@transaction.atomic
def withdraw_transfer(offer: TransferOffer, *, by: Account) -> None:
    """Withdraw one's own offer. Raises NotFound, Conflict, ReadOnly."""
    function, offer = _open(offer, by=by)
    _close(offer, "withdrawn")
    record("withdraw_transfer", function, by=by, via=VIA, stale=())


@transaction.atomic
def force_transfer(
    function: Function, to: Account, grounds: Grounds, *, by: Account
) -> Decision:
    """Give ``function`` to another account without asking its owner.

    The new owner gets the drafts too. Open offers and keys limited to the function end.
    Old addresses lead to the new one.

    Raises as ``decide``; OwnDecision when ``to`` is ``by``; ValidationError.
    """
    function = locked(function)
    made = decide(
        "force_transfer", function, grounds, by=by, function=function, to=to.username
    )
    if to.pk == by.pk:
        raise errors.OwnDecision("You can't give a function to yourself.")
    _check_receiver(function, to)
    _move(function, to, by=by)
    return made


def _check_receiver(function: Function, to: Account) -> None:
    if not to.is_active or to.pk == function.owner_id:
        raise errors.ValidationError(
            f"{to.username} owns it already, or is suspended.", field="to"
        )


def _open(offer: TransferOffer, **party) -> tuple[Function, TransferOffer]:
    switches.require()
    if not TransferOffer.objects.filter(pk=offer.pk, **party).exists():
        raise errors.NotFound("There is no such offer.")
    function = locked(offer.function)
    fresh = TransferOffer.objects.select_for_update().get(pk=offer.pk)
    if fresh.outcome:
        raise errors.Conflict(f"The offer was {fresh.outcome} meanwhile.")
    return function, fresh


def _close(offer: TransferOffer, outcome: str) -> None:
    offer.outcome, offer.closed_at = outcome, timezone.now()
    offer.save(update_fields=["outcome", "closed_at"])


def _move(function: Function, to: Account, *, by: Account) -> Function:
    """Make ``to`` the owner of ``function``, a locked row, as ``by`` decided; end the
    old owner's rights."""
    before = function.owner
    function.owner = to
    function.save(update_fields=["owner"])
    slugs = {function.slug, *function.redirects.values_list("slug", flat=True)}
    for normal_form in {look_alike(slug) for slug in slugs}:
        _move_claim(normal_form, before, to)
    NameException.objects.filter(slug=function.slug, account=before).delete()
    _except_if_needed(function, to)
    Redirect.objects.filter(slug=function.slug, username=to.username).delete()
    if function.published_at:
        Redirect.objects.get_or_create(
            slug=function.slug,
            username=before.username,
            defaults={"function": function},
        )
    for offer in function.offers.filter(outcome=""):
        _close(offer, "ended")
    keys.end_patterns(before, slugs, by=by, via=VIA)
    search.index(function)
    return function


def _move_claim(normal_form: str, before: Account, to: Account) -> None:
    """Give the claim on a name to ``to``. The old owner gets exceptions for functions
    that share the claim."""
    NameClaim.objects.filter(look_alike=normal_form, owner=before).update(owner=to)
    kept = Function.objects.owned_by(before).filter(look_alike=normal_form)
    for function in kept.select_related("owner"):
        _except_if_needed(function, before)


def _except_if_needed(function: Function, owner: Account) -> None:
    claim = NameClaim.objects.filter(look_alike=function.look_alike).first()
    if claim and claim.owner_id != owner.pk:
        NameException.objects.get_or_create(
            slug=function.slug,
            account=owner,
            defaults={"rule": "upkeep", "reason": "Kept when a close name moved."},
        )
