"""What an account may claim, keep as drafts and publish (docs/api.md, "Quotas").

The quotas and their limits are declared in accounts/quotas.py.
"""

import json
import math
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts import quotas
from accounts.models import Account
from accounts.quotas import Quota, limit_of
from core.db.prepared import Prepared
from core.http.limits import Limit, Usage
from registry import errors, paths
from registry.models import Draft, Version

# Both are answered by an index alone (draft_open, version_bytes): no draft's content
# is read. 10,000 versions of one account in 1,000 functions take 1 to 3 ms.
OPEN_DRAFTS = Prepared(
    lambda owner: (
        Draft.objects.open()
        .owned_by(owner)
        .values("function__owner")
        .annotate(drafts=Count("function"), held=Sum("stored_bytes"))
        .values_list("drafts", "held")
    )
)
PUBLISHED = Prepared(
    lambda owner: (
        Version.objects.filter(function__owner=owner)
        .values("function__owner")
        .annotate(held=Sum(Coalesce("stored_bytes", "size")))
        .values_list("held", flat=True)
    )
)


@dataclass(frozen=True)
class Use:
    """One line of an account's quotas, as texts. used: "" where it is not kept."""

    quota: Quota
    used: str
    limit: str
    is_raised: bool


class Budget:
    """What ``account`` may still use. The verbs get it from ``locked``.

    is_exempt: nothing is refused, and no new name is counted.
    """

    def __init__(self, account: Account, *, is_exempt: bool = False):
        self.account, self.is_exempt = account, is_exempt

    def take_slug(self) -> None:
        """Count one new name. Raises RateLimited.

        A bucket of NEW_SLUGS names, filled again at the pace of NEW_SLUGS_A_DAY. When
        it will be full is all that has to be stored.
        """
        if self.is_exempt or not settings.RATE_LIMITS:
            return
        account, now = self.account, timezone.now()
        burst, a_day, one = _pace(account)
        full_at = max(account.slugs_full_at or now, now) + one
        wait = full_at - now - burst * one
        if wait > timedelta():
            raise _too_many_names(burst, a_day, one, wait)
        account.slugs_full_at = full_at
        account.save(update_fields=["slugs_full_at"])

    def require_draft(
        self, size: int, *, was: int | None = None, is_written: bool = False
    ) -> None:
        """Raise QuotaExceeded when there is no room for an open draft of ``size``.

        size: of ``size_of``. was: its size before, where it was open before.
        is_written: it is stored already, by this transaction.
        """
        if self.is_exempt:
            return
        drafts, held = _open_drafts(self.account)
        if is_written:
            drafts, held = drafts - (was is None), held - size + (was or 0)
        if was is None:
            self._require(quotas.OPEN_DRAFTS, used=drafts, added=1)
        self._require(quotas.DRAFT_BYTES, used=held, added=size - (was or 0))

    def require_published(self, size: int) -> None:
        """Raise QuotaExceeded when there is no room for a version of ``size``."""
        if not self.is_exempt:
            held = _published(self.account)
            self._require(quotas.PUBLISHED_BYTES, used=held, added=size)

    def _require(self, quota: Quota, **amounts: int) -> None:
        try:
            quotas.require(quota, self.account, **amounts)
        except quotas.Exceeded as exceeded:
            raise errors.QuotaExceeded.of(exceeded) from None


def locked(account: Account, *, is_exempt: bool = False) -> Budget:
    """The budget of ``account``, whose row stays locked until the transaction ends.

    Call it before any other row is locked. is_exempt: for seeding, imports and
    manage.py.

    Raises Unauthorized: the account was deleted since its key was checked.
    """
    try:
        return Budget(quotas.locked(account), is_exempt=is_exempt)
    except Account.DoesNotExist:
        raise errors.Unauthorized from None


def size_of(manifest: dict, files: dict[str, str], readme: str) -> int:
    """The bytes, as UTF-8, that a draft or a version of this content counts for."""
    texts = [json.dumps(manifest, ensure_ascii=False), readme, *files.values()]
    return sum(map(paths.size_of, texts))


def count(quota: Quota, account: Account) -> Usage | None:
    """Count a validation or a preview in this minute. Raises RateLimited."""
    usage = quotas.count(quota, account)
    what = quota.label.lower()
    errors.refuse_over(
        usage,
        f"More than {limit_of(quota, account):,} {what} in {quotas.MINUTE} seconds.",
    )
    return usage


def use_of(account: Account) -> list[Use]:
    """What ``account`` uses of each quota, for its own page and for staff's."""
    drafts, held = _open_drafts(account)
    used = {
        quotas.NEW_SLUGS: _slugs_taken(account),
        quotas.OPEN_DRAFTS: drafts,
        quotas.DRAFT_BYTES: held,
        quotas.PUBLISHED_BYTES: _published(account),
        quotas.KEYS: account.keys.usable().count(),
        quotas.PROJECTS: account.projects.count(),
    }
    return [
        Use(
            quota,
            quota.text(used[quota]) if quota in used else "",
            quota.text(limit_of(quota, account)),
            quota.name in account.raised_quotas,
        )
        for quota in quotas.QUOTAS.values()
    ]


def _open_drafts(account: Account) -> tuple[int, int]:
    """How many, and their bytes."""
    return OPEN_DRAFTS.first(account.pk) or (0, 0)


def _published(account: Account) -> int:
    return PUBLISHED.first(account.pk) or 0


def _pace(account: Account) -> tuple[int, int, timedelta]:
    """New names at once, a day, and the time until there is one more."""
    a_day = limit_of(quotas.NEW_SLUGS_A_DAY, account)
    return limit_of(quotas.NEW_SLUGS, account), a_day, timedelta(days=1) / a_day


def _slugs_taken(account: Account) -> int:
    burst, _, one = _pace(account)
    left = (account.slugs_full_at or timezone.now()) - timezone.now()
    return min(burst, max(0, math.ceil(left / one)))


def _too_many_names(
    burst: int, a_day: int, one: timedelta, wait: timedelta
) -> errors.RateLimited:
    seconds = math.ceil(wait.total_seconds())
    limit = Limit(
        quotas.NEW_SLUGS.name, burst, math.ceil((burst * one).total_seconds())
    )
    error = errors.RateLimited(
        f"An account may claim {burst:,} new names at once, and then {a_day:,} a day. "
        f"Your next one is free in {math.ceil(seconds / 60):,} minutes.",
        usage=Usage(limit, burst + 1, seconds),
    )
    error.fix = f"Wait, push to a function you have, {quotas.MORE}"
    return error
