"""What an author may say about a version or function later: yank, deprecate."""

from django.db import transaction

from accounts.models import Account, record
from registry import errors, search
from registry.listing import sync
from registry.manifest import has_invisible
from registry.models import Deprecation, Function, Version, Yank
from registry.publishing import drafts

MAX_SENTENCE_CHARACTERS = 300


@transaction.atomic
def yank(
    version: Version, *, reason: str, by: Account, via: str, replacement: str = ""
) -> Yank:
    """Hide ``version`` from new installs. It still answers to its exact number, and
    says why.

    reason: 1 to 300 characters, shown to readers. replacement: the number of a live
    version to use instead.

    Raises NotFound (not its owner's), Conflict (yanked already), ValidationError.
    """
    function = drafts.owned(version.function_id, by)
    reason = sentence(reason, "reason")
    if Yank.objects.filter(version=version).exists():
        raise errors.Conflict(f"Version {version.number} is yanked already.")
    if replacement and not _may_replace(function, version, replacement):
        raise errors.ValidationError(
            f"{errors.shown(replacement)} is no other live version of {function.slug}.",
            field="replacement",
        )
    made = Yank.objects.create(
        version=version, reason=reason, replacement=replacement, by=by
    )
    sync.refresh(function, sync.latest_of(function))
    record("yank", version, by=by, via=via, reason=reason)
    return made


@transaction.atomic
def unyank(version: Version, *, by: Account, via: str) -> None:
    """Offer ``version`` to new installs again.

    Raises NotFound (not its owner's), Conflict (not yanked).
    """
    function = drafts.owned(version.function_id, by)
    deleted, _ = Yank.objects.filter(version=version).delete()
    if not deleted:
        raise errors.Conflict(f"Version {version.number} is not yanked.")
    sync.refresh(function, sync.latest_of(function))
    record("unyank", version, by=by, via=via)


@transaction.atomic
def deprecate(
    function: Function, *, message: str, by: Account, via: str, successor: str = ""
) -> Deprecation:
    """Tell readers of ``function`` to move on; deprecating again replaces the words.

    message: 1 to 300 characters. successor: ``username/slug`` of a listed function.

    Raises NotFound (not its owner's), ValidationError.
    """
    function = drafts.owned(function.pk, by)
    if not function.published_at:
        raise errors.NotFound("There is no such function.")
    message = sentence(message, "message")
    successor = successor.removeprefix("@")
    username, _, slug = successor.partition("/")
    if successor and (
        successor == function.path
        or not Function.objects.listed().named(username, slug).exists()
    ):
        raise errors.ValidationError(
            f"{errors.shown(successor)} is no other function on this Hub.",
            field="successor",
        )
    made, _ = Deprecation.objects.update_or_create(
        function=function,
        defaults={"message": message, "successor": successor, "by": by},
    )
    search.index(function)
    record("deprecate", function, by=by, via=via, message=message)
    return made


@transaction.atomic
def undeprecate(function: Function, *, by: Account, via: str) -> None:
    """Take a deprecation back.

    Raises NotFound (not its owner's), Conflict (not deprecated).
    """
    function = drafts.owned(function.pk, by)
    deleted, _ = Deprecation.objects.filter(function=function).delete()
    if not deleted:
        raise errors.Conflict(f"{function.slug} is not deprecated.")
    search.index(function)
    record("undeprecate", function, by=by, via=via)


def sentence(value: object, field: str) -> str:
    """``value`` as words shown to readers: 1 to 300 visible characters.

    Raises ValidationError.
    """
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > MAX_SENTENCE_CHARACTERS or has_invisible(text):
        raise errors.ValidationError(
            f"Say the {field} in 1 to {MAX_SENTENCE_CHARACTERS} visible characters.",
            field=field,
        )
    return text


def _may_replace(function: Function, version: Version, number: str) -> bool:
    return (
        function.versions.live().filter(number=number).exclude(pk=version.pk).exists()
    )
