"""How much one account may keep, and how often it may ask: all quotas, declared.

A quota's limit is a setting, which staff can raise for one account
(registry/moderation/accounts.py). What is used is counted where it is kept: keys and
projects in accounts/, names, drafts and versions in registry/publishing/quotas.py.
Source: docs/api.md, "Quotas".
"""

from dataclasses import dataclass

from django.conf import settings

from accounts.models import Account
from core.db.prepared import Prepared
from core.http import limits

MIB = 2**20  # bytes
MINUTE = 60  # seconds
MORE = "or ask the Hub's staff for more."
# Without the joins and without the lock of a key: what refers to the account can still
# be inserted by others meanwhile.
LOCKED = Prepared(
    lambda pk: Account.objects.select_for_update(no_key=True).filter(pk=pk)
)


@dataclass(frozen=True)
class Quota:
    """One limit of an account.

    name: its key in ``Account.raised_quotas``, and in headers. setting: where its
    default is. label: for tables and forms. unit: "" (things), "MiB", "a day" or "a
    minute". says, fix: the refusal, with ``{used}``, ``{limit}`` and ``{added}``.
    """

    name: str
    setting: str
    label: str
    unit: str = ""
    says: str = ""
    fix: str = ""

    def text(self, amount: int) -> str:
        """``amount``, in bytes for a quota in MiB, for people."""
        if self.unit != "MiB":
            return f"{amount:,} {self.unit}".strip()
        return f"{amount / MIB:,.1f}".removesuffix(".0") + " MiB"


NEW_SLUGS = Quota("new-slugs", "QUOTA_NEW_SLUGS", "New names at once")
NEW_SLUGS_A_DAY = Quota(
    "new-slugs-a-day", "QUOTA_NEW_SLUGS_A_DAY", "New names after those", "a day"
)
OPEN_DRAFTS = Quota(
    "open-drafts",
    "QUOTA_OPEN_DRAFTS",
    "Open drafts",
    says="You have {used} open drafts, of {limit} at most.",
    fix=f"Publish or delete drafts, {MORE}",
)
DRAFT_BYTES = Quota(
    "draft-mb",
    "QUOTA_DRAFT_MB",
    "Size of open drafts",
    "MiB",
    says="Your open drafts have {used}, of {limit} at most; this adds {added}.",
    fix=f"Publish or delete drafts, {MORE}",
)
PUBLISHED_BYTES = Quota(
    "published-mb",
    "QUOTA_PUBLISHED_MB",
    "Size of published versions",
    "MiB",
    says="Your published versions have {used}, of {limit} at most; this adds {added}.",
    fix=f"Published versions stay. Leave files out, {MORE}",
)
KEYS = Quota(
    "keys",
    "QUOTA_KEYS",
    "Keys in use",
    says="You have {used} keys in use, of {limit} at most.",
    fix=f"Revoke one you no longer need, {MORE}",
)
PROJECTS = Quota(
    "projects",
    "QUOTA_PROJECTS",
    "Projects",
    says="You have {used} projects, of {limit} at most.",
    fix=f"Delete one you don't need, {MORE}",
)
VALIDATIONS = Quota("validate", "QUOTA_VALIDATIONS", "Validations", "a minute")
PREVIEWS = Quota("preview", "QUOTA_PREVIEWS", "Previews", "a minute")
QUOTAS = {
    quota.name: quota
    for quota in (
        NEW_SLUGS,
        NEW_SLUGS_A_DAY,
        OPEN_DRAFTS,
        DRAFT_BYTES,
        PUBLISHED_BYTES,
        KEYS,
        PROJECTS,
        VALIDATIONS,
        PREVIEWS,
    )
}


class Exceeded(Exception):
    """It would be more than a quota allows. ``str()`` is a sentence for the person, and
    ``quota.fix`` the next step. used, limit: things or bytes."""

    def __init__(self, quota: Quota, *, used: int, limit: int, added: int):
        amounts = {"used": used, "limit": limit, "added": added}
        super().__init__(
            quota.says.format(**{k: quota.text(v) for k, v in amounts.items()})
        )
        self.quota, self.used, self.limit = quota, used, limit


def limit_of(quota: Quota, account: Account) -> int:
    """How much ``account`` may have: the Hub's limit, or what staff raised it to, if
    that is more. In bytes for a quota in MiB."""
    limit = max(
        getattr(settings, quota.setting), account.raised_quotas.get(quota.name, 0)
    )
    return limit * (MIB if quota.unit == "MiB" else 1)


def require(quota: Quota, account: Account, *, used: int, added: int = 1) -> None:
    """Raise Exceeded when ``added`` to what is used is more than the limit.

    Who is above a limit already keeps what they have, and may go down.
    """
    limit = limit_of(quota, account)
    if added > 0 and used + added > limit:
        raise Exceeded(quota, used=used, limit=limit, added=added)


def locked(account: Account) -> Account:
    """``account`` as it stands, locked until the transaction ends, so that two requests
    at once are counted one after the other.

    Lock it before anything else: who waits for an account holds no function's row.

    Raises Account.DoesNotExist.
    """
    found = LOCKED.first(account.pk)
    if found is None:
        raise Account.DoesNotExist
    return found


def count(quota: Quota, account: Account) -> limits.Usage | None:
    """Count one request in this minute. None when limits are off (RATE_LIMITS=0)."""
    limit = limits.Limit(quota.name, limit_of(quota, account), MINUTE)
    return limits.count(limit, account.username)
