"""API keys: making, reading and recognising them. The only code that sees a secret.

A key is ``ac_secret_`` (account) or ``ak_secret_`` (project) and 42 base62
characters: 36 random ones and a CRC-32 of everything before it in the last 6.
The checksum lets a typing error be refused without a query and a leaked key be
recognised in source. See docs/api.md, "Keys".
"""

import hmac
import re
import secrets
import string
import zlib
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts import mail, quotas, switches
from accounts.models import Account, ApiKey, Project, record
from core.db.any_of import AnyOf
from core.db.prepared import Prepared

SCOPES = ("draft:write", "publish", "yank", "listing:write")
ACCOUNT_PREFIX, PROJECT_PREFIX = "ac_secret_", "ak_secret_"
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM_CHARACTERS, CHECK_CHARACTERS = 36, 6
SHAPE = re.compile(r"(?:ac|ak)_secret_[0-9A-Za-z]{42}\Z")
# Each request with a key asks this.
BY_HASH = Prepared(
    lambda hashes, now: (
        ApiKey.objects.usable(now)
        .filter(hash__in=AnyOf(hashes, "text"))
        .select_related("account", "project")
    )
)
# Last use is written at most this often: a key's reads should not become writes.
LAST_USE_STEP = timedelta(minutes=5)


class InvalidKey(Exception):
    """Missing, malformed, unknown, expired or revoked; the caller can't tell which."""


def new_secret(prefix: str) -> str:
    """A fresh secret with its checksum; about 214 bits of randomness."""
    body = prefix + "".join(secrets.choice(BASE62) for _ in range(RANDOM_CHARACTERS))
    return body + checksum(body)


def checksum(body: str) -> str:
    """CRC-32 of ``body`` as 6 base62 characters, most significant first."""
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECK_CHARACTERS):
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return digits


def is_well_formed(secret: str) -> bool:
    """Does ``secret`` have a key's shape and a right checksum? Asks no database."""
    return bool(SHAPE.match(secret)) and hmac.compare_digest(
        checksum(secret[:-CHECK_CHARACTERS]), secret[-CHECK_CHARACTERS:]
    )


def hash_secret(secret: str, key: str | None = None) -> str:
    """Keyed SHA-256 of ``secret`` (hex). A stolen table is no list of keys."""
    return salted_hmac(
        "accounts.keys", secret, secret=key or settings.SECRET_KEY, algorithm="sha256"
    ).hexdigest()


@transaction.atomic
def create_key(
    account: Account,
    *,
    name: str,
    scopes: Iterable[str] = SCOPES,
    patterns: Iterable[str] = (),
    expires_at: datetime | None = None,
    project: Project | None = None,
    by: Account | None = None,
    via: str = "admin",
) -> tuple[ApiKey, str]:
    """Make a key for ``account``, or for its ``project``, and mail the owner.

    Nothing is mailed when an operator's script makes it (``via="system"``).

    scopes: of SCOPES. patterns: slug globs the key is limited to; none means all.

    Returns the row and the secret, which is not kept and can't be shown again.
    Raises ValueError for an unknown scope, switches.SwitchedOff while staff let no keys
    be made, and quotas.Exceeded, but not for an operator's script.
    """
    if via != "system":
        switches.require("key_creation")
        require_room(quotas.locked(account))
    scopes = [] if project else sorted(set(scopes), key=SCOPES.index)
    secret = new_secret(PROJECT_PREFIX if project else ACCOUNT_PREFIX)
    key = ApiKey.objects.create(
        account=account,
        project=project,
        name=name,
        hash=hash_secret(secret),
        hint=secret[:14],
        scopes=scopes,
        patterns=list(patterns),
        expires_at=expires_at,
    )
    record(
        "create_key", f"key {key.pk}", by=by or account, via=via, name=name, stale=()
    )
    if via != "system":  # an operator's script: nothing but the key is printed
        _mail_after_commit(key, "key_created")
    return key, secret


def require_room(account: Account) -> None:
    """Raise quotas.Exceeded when ``account`` has as many usable keys as it may."""
    used = ApiKey.objects.usable().filter(account=account).count()
    quotas.require(quotas.KEYS, account, used=used)


@transaction.atomic
def revoke_key(key: ApiKey, *, by: Account, via: str = "admin") -> None:
    """Stop ``key`` for good and mail its owner. Revoking twice changes nothing."""
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(
        revoked_at=timezone.now()
    ):
        record("revoke_key", f"key {key.pk}", by=by, via=via, name=key.name, stale=())
        _mail_after_commit(key, "key_revoked")


@transaction.atomic
def end_patterns(
    account: Account, slugs: Collection[str], *, by: Account, via: str
) -> None:
    """End what the account's keys may do to functions of these names, which went to
    somebody else: a key limited to them is revoked."""
    for key in ApiKey.objects.usable().filter(account=account, project=None):
        left = [pattern for pattern in key.patterns if pattern not in slugs]
        if left == key.patterns:
            continue
        if left:
            key.patterns = left
            key.save(update_fields=["patterns"])
        else:  # no pattern would mean every function
            revoke_key(key, by=by, via=via)


def _mail_after_commit(key: ApiKey, name: str) -> None:
    transaction.on_commit(
        lambda: mail.notify(key.account, f"account/email/{name}", key=key)
    )


def read_key(secret: str) -> ApiKey:
    """The usable key whose secret this is, with account and project loaded.

    Raises InvalidKey; for a wrong shape or checksum without asking the database.
    """
    if not is_well_formed(secret):
        raise InvalidKey
    now = timezone.now()
    secret_keys = (None, *settings.SECRET_KEY_FALLBACKS)
    hashes = [hash_secret(secret, secret_key) for secret_key in secret_keys]
    key = BY_HASH.first(AnyOf.pack(hashes), now)
    if key is None:
        raise InvalidKey
    if key.last_used_at is None or now - key.last_used_at > LAST_USE_STEP:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key


def may_touch(patterns: Sequence[str], slug: str) -> bool:
    """Does a key limited to these globs reach ``slug``? Without any it has no limit."""
    return not patterns or any(fnmatchcase(slug, glob) for glob in patterns)
