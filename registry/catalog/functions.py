"""Which function and which version is meant: the one reader for every door.

What is public is decided by ``Version.objects.readable()`` and
``Function.objects.readable()``. What they leave out is refused with the reason.
"""

from django.db.models import F, Prefetch
from django.db.models.lookups import IsNull

from core.db.prepared import Prepared
from registry import errors
from registry.models import Function, Redirect, Version


def _versions():
    """Readable versions with their function, and what is told about both."""
    versions = Version.objects.readable()
    return versions.select_related(
        "yank", "function__owner", "function__category", "function__deprecation"
    )


LATEST = Prepared(
    lambda slug: _versions().filter(function__slug=slug, function__latest=F("pk"))
)
NUMBERED = Prepared(
    lambda slug, precedence, number: _versions().filter(
        function__slug=slug, precedence=precedence, number=number
    )
)


def find_version(slug: str, *, username: str = "", number: str = "") -> Version:
    """The version ``number`` of a function, yanked or not; else its latest live one.

    username: of the owner, without a leading ``@``; "" finds the function by its slug
    alone. A name that the function was renamed from finds it too, and stands in
    ``function.renamed_from``.

    Returns it with ``function`` (owner, category, deprecation) and ``yank`` loaded.
    Raises NotFound, with staff's reason for what is quarantined.
    """
    version = _version(slug, number)
    if version and username in ("", version.function.owner.username):
        return version
    function = find_function(slug, username=username)
    version = _version(function.slug, number)
    if version is None:
        raise _no_version(function, number)
    version.function.renamed_from = function.renamed_from
    return version


def find_function(slug: str, *, username: str = "") -> Function:
    """The function itself. Takes and raises the same as ``find_version``."""
    functions = Function.objects.published().described().select_related("quarantine")
    function = functions.filter(slug=slug).first()
    if function and username not in ("", function.owner.username):
        function = None  # slugs are one name space
    if function is None:
        function = _renamed(functions, slug, username)
    if hasattr(function, "quarantine"):
        raise errors.Quarantined(function.path, function.quarantine)
    if function.latest_id is None:
        _require_readable_version(function)
    return function


def _version(slug: str, number: str) -> Version | None:
    if number:
        return NUMBERED.first(slug, number.partition("+")[0], number)
    return LATEST.first(slug)


def _renamed(functions, slug: str, username: str) -> Function:
    """The function that was renamed from ``slug``. Raises NotFound."""
    left = Redirect.objects.filter(slug=slug)
    if username:
        left = left.filter(username=username)
    left = left.prefetch_related(Prefetch("function", functions)).first()
    if left is None:
        raise errors.NotFound(f"There is no published function {errors.shown(slug)}.")
    left.function.renamed_from = str(left)
    return left.function


def _require_readable_version(function: Function) -> None:
    """Raise Quarantined where staff took every version down."""
    is_taken_down = IsNull(F("quarantine"), False)
    versions = function.versions.select_related("quarantine")
    # In one query: staff may act between two.
    first = versions.order_by(is_taken_down, "-sort_key")[0]
    if first.is_quarantined:
        raise errors.Quarantined(f"{function.path} {first.number}", first.quarantine)


def _no_version(function: Function, number: str) -> errors.NotFound:
    """Why a readable function has no such version."""
    if not number:
        return errors.NotFound(
            f"{function.path} has no live version. Ask for one by number."
        )
    taken_down = function.versions.quarantined().filter(number=number)
    version = taken_down.select_related("quarantine").first()
    if version:
        return errors.Quarantined(f"{function.path} {number}", version.quarantine)
    return errors.NoSuchVersion(
        f"{function.path} has no version {errors.shown(number)}."
    )
