"""Stars, follows and digests.

Each verb is one transaction, writes one Event when it changes something, and may be
repeated without effect. All raise ReadOnly in read-only mode.
"""

from datetime import datetime, timedelta

from django.core import signing
from django.db import transaction
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Account, record
from registry import errors, search, switches
from registry.models import Digest, Follow, Function, Star, Version

PERIODS = {Digest.DAILY: timedelta(days=1), Digest.WEEKLY: timedelta(days=7)}
MAX_DIGEST_VERSIONS = 100  # in one mail
STOP_SALT = "registry.following.stop"
MAX_FOLLOWS = 2000  # of one account


@transaction.atomic
def star(function: Function, *, by: Account, via: str) -> bool:
    """Give ``function`` a star. Returns whether that was new.

    Raises NotFound unless the function is readable.
    """
    switches.require()
    _require_readable(function)
    _, is_new = Star.objects.get_or_create(function=function, account=by)
    if is_new:
        _count_stars(function)
        record("star", function, by=by, via=via)
    return is_new


@transaction.atomic
def unstar(function: Function, *, by: Account, via: str) -> bool:
    """Remove a star. Returns whether there was one."""
    switches.require()
    gone, _ = Star.objects.filter(function=function, account=by).delete()
    if gone:
        _count_stars(function)
        record("unstar", function, by=by, via=via)
    return bool(gone)


@transaction.atomic
def follow(subject: Function | Account, *, by: Account, via: str) -> bool:
    """Follow a function or an author.
    Returns whether that was new.

    Raises NotFound for a function that is not readable; Conflict when ``subject`` is
    ``by``, or beyond MAX_FOLLOWS.
    """
    switches.require()
    if isinstance(subject, Function):
        _require_readable(subject)
    elif subject == by:
        raise errors.Conflict("You can't follow yourself.")
    is_full = Follow.objects.filter(account=by).count() >= MAX_FOLLOWS
    if is_full and not is_followed(subject, by):
        raise errors.Conflict(f"You follow {MAX_FOLLOWS} things already.")
    _, is_new = Follow.objects.get_or_create(account=by, **_target(subject))
    if is_new:
        record("follow", subject, by=by, via=via, stale=())
    return is_new


@transaction.atomic
def unfollow(subject: Function | Account, *, by: Account, via: str) -> bool:
    """Stop following. Returns whether it was followed."""
    switches.require()
    gone, _ = Follow.objects.filter(account=by, **_target(subject)).delete()
    if gone:
        record("unfollow", subject, by=by, via=via, stale=())
    return bool(gone)


@transaction.atomic
def choose_digest(account: Account, every: str, *, by: Account | None, via: str):
    """Set how often ``account`` gets a digest: "daily", "weekly" or "never".

    Versions published before are never mailed. by: None for the link in a mail, which
    works without signing in.

    Raises ValidationError for another word.
    """
    switches.require()
    if every not in dict(Digest.CHOICES):
        raise errors.ValidationError("Choose daily, weekly or never.", field="every")
    digests = Digest.objects.select_for_update()
    digest, is_new = digests.get_or_create(account=account)  # at first: never
    if not is_new and digest.every == every:
        return digest
    if digest.every == Digest.NEVER:
        digest.told_until = timezone.now()
    digest.every = every
    digest.save(update_fields=["every", "told_until"])
    record("choose_digest", account, by=by, via=via, every=every, stale=())
    return digest


def is_starred(function: Function, account: Account) -> bool:
    return Star.objects.filter(function=function, account=account).exists()


def is_followed(subject: Function | Account, account: Account) -> bool:
    return Follow.objects.filter(account=account, **_target(subject)).exists()


# --- digests


def digests_due(now: datetime):
    """The digests that are due at ``now``, with their accounts."""
    due = Digest.objects.none()
    for every, period in PERIODS.items():
        due |= Digest.objects.filter(every=every, told_until__lte=now - period)
    return due.filter(account__is_active=True).select_related("account").order_by("pk")


def news_for(digest: Digest, until: datetime) -> list[Version]:
    """Live versions for the next mail, newest first, at most MAX_DIGEST_VERSIONS.

    These are versions that the account follows, published since its last mail, without
    its own.
    """
    follows = Follow.objects.filter(account=digest.account_id)
    followed = Function.objects.listed().filter(
        pk__in=follows.values("function")
    ) | Function.objects.listed().filter(owner__in=follows.values("author"))
    versions = (
        Version.objects.live()
        .filter(
            function__in=followed.values("pk"),
            published_at__gt=digest.told_until,
            published_at__lte=until,
        )
        .exclude(function__owner=digest.account_id)
        .select_related("function__owner")
    )
    return list(versions.order_by("-published_at", "-pk")[:MAX_DIGEST_VERSIONS])


def mark_told(digest: Digest, until: datetime) -> bool:
    """Claim the mail up to ``until``. Returns False if another process claimed it."""
    return bool(
        Digest.objects.filter(pk=digest.pk, told_until=digest.told_until).update(
            told_until=until
        )
    )


def stop_token(account: Account) -> str:
    """The signed token in the link that stops digests. It never expires."""
    return signing.dumps(account.pk, salt=STOP_SALT)


def account_of(stop_token: str) -> Account | None:
    """The account of a ``stop_token``; None if the signature is wrong."""
    try:
        pk = signing.loads(stop_token, salt=STOP_SALT)
    except signing.BadSignature:
        return None
    return Account.objects.filter(pk=pk).first()


# --- helpers


def _require_readable(function: Function) -> None:
    if not Function.objects.readable().filter(pk=function.pk).exists():
        raise errors.NotFound("There is no such function.")


def _target(subject: Function | Account) -> dict:
    is_function = isinstance(subject, Function)
    return {"function" if is_function else "author": subject}


def _count_stars(function: Function) -> None:
    """Store the number of stars. Counting again also corrects earlier errors."""
    Function.objects.select_for_update().get(pk=function.pk)
    stars = (
        Star.objects.filter(function=OuterRef("pk"))
        .order_by()
        .values("function")
        .annotate(n=Count("pk"))
        .values("n")
    )
    Function.objects.filter(pk=function.pk).update(
        star_count=Coalesce(Subquery(stars), 0)
    )
    search.reorder([function.pk])
    function.refresh_from_db(fields=["star_count"])
