"""Credentials in the source: refused on publish, unless the author says why not."""

from django.db import transaction
from django.utils.crypto import salted_hmac

from accounts.models import Account, record
from registry import errors
from registry.models import Function, SecretWaiver
from registry.publishing import drafts
from registry.publishing.retractions import sentence
from registry.secrets import Secret, find_secrets


def refuse_secrets(function: Function, files: dict[str, str]) -> None:
    """Raise SecretFound, naming each place, unless every find is waived."""
    errors.refuse(_fault(secret) for secret in unwaived(function, files))


def unwaived(function: Function, files: dict[str, str]) -> list[Secret]:
    """The credentials in ``files`` that no waiver of ``function`` covers."""
    found = find_secrets(files)
    if not found:
        return []
    waived = set(function.waivers.values_list("rule", "value_hash"))
    return [s for s in found if (s.rule, hash_value(s.value)) not in waived]


@transaction.atomic
def waive_secret(
    function: Function, secret: Secret, *, reason: str, by: Account, via: str = "admin"
) -> SecretWaiver:
    """Record that ``secret`` is no credential, with the author's reason.

    Holds per function, rule and keyed hash of the value; the value is not kept.

    Raises NotFound (not its owner's), ValidationError.
    """
    function = drafts.owned(function.pk, by)
    reason = sentence(reason, "reason")
    waiver, _ = SecretWaiver.objects.update_or_create(
        function=function,
        rule=secret.rule,
        value_hash=hash_value(secret.value),
        defaults={"reason": reason, "by": by},
    )
    record(
        "waive_secret",
        function,
        by=by,
        via=via,
        rule=secret.rule,
        reason=reason,
        stale=(),
    )
    return waiver


@transaction.atomic
def withdraw_waiver(waiver: SecretWaiver, *, by: Account, via: str = "admin") -> None:
    """Take a waiver back. Raises NotFound unless ``by`` owns the function."""
    function = drafts.owned(waiver.function_id, by)
    waiver.delete()
    record("withdraw_waiver", function, by=by, via=via, rule=waiver.rule, stale=())


def hash_value(value: str) -> str:
    """Keyed SHA-256 (hex): tells a value again, tells nothing of it."""
    return salted_hmac("registry.waivers", value, algorithm="sha256").hexdigest()


def _fault(secret: Secret) -> errors.SecretFound:
    return errors.SecretFound(
        f"{secret.path}:{secret.line} looks like a credential ({secret.rule}).",
        field=f"files[{secret.path}]",
        path=secret.path,
        line=secret.line,
        rule=secret.rule,
        value=secret.masked,
    )
