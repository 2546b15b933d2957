"""Two versions of a function, compared.

A comparison takes the worker up to two seconds and a thread as long. So one client gets
20 a minute, and a process makes two at once. A page in memory is neither.
"""

import threading

from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse

from core.http.limits import Limit, client_address, count
from hub import differences
from hub.function_page import FunctionPage, function_page, render_page
from hub.public import PublicNotFound, TakenDown
from registry import errors
from registry.catalog import functions
from registry.models import Version

VIEWS = {"unified": "Unified", "split": "Split"}
MAX_OPTIONS = 300
COMPARISONS = Limit("comparisons", 20, 60)
AT_ONCE = 2  # of a process; it has eight threads (config/gunicorn.py)

_places = threading.BoundedSemaphore(AT_ONCE)


@function_page(query=["view"])
def compare_versions(request: HttpRequest, page: FunctionPage, span: str):
    """``span``: ``1.0.0...1.1.0``, from and to."""
    old, new = _two(page, *span.partition("...")[::2])
    changes = _compared(request, old, new)
    page.is_pending = bool(changes.reason)  # the worker was busy, perhaps
    view = request.GET.get("view", "")
    view = view if view in VIEWS else "unified"
    return render_page(
        request,
        page,
        "compare",
        old=old,
        new=new,
        changes=changes,
        files=[_shown(file, view) for file in changes.files],
        uses=differences.new_uses(old, new),
        not_read=differences.not_read(old, new),
        manifest=differences.manifest_changes(old, new),
        numbers=_numbers(page),
        view=view,
        views=VIEWS,
    )


@function_page(query=["from", "to"])
def choose_versions(request: HttpRequest, page: FunctionPage):
    """The picker's form leads to the comparison; without a choice, the last step."""
    numbers = _numbers(page)
    if len(numbers) < 2:
        raise PublicNotFound(
            f"{page.function} has one version; there is nothing to compare."
        )
    new, old = request.GET.get("to") or numbers[0], request.GET.get("from") or ""
    if not old:
        at = numbers.index(new) if new in numbers else 0
        old = numbers[min(at + 1, len(numbers) - 1)]
    _two(page, old, new)
    names = [page.function.owner.username, page.function.slug, f"{old}...{new}"]
    return redirect(reverse("hub:compare_versions", args=names))


def _compared(request: HttpRequest, old: Version, new: Version):
    """``differences.compared``. Raises RateLimited and Unavailable."""
    usage = count(COMPARISONS, client_address(request))
    errors.refuse_over(usage, f"More than {COMPARISONS.count} comparisons in a minute.")
    if not _places.acquire(blocking=False):
        raise errors.Unavailable(
            "Other versions are being compared at the moment. Try again in a second."
        )
    try:
        return differences.compared(old, new)
    finally:
        _places.release()


def _two(page: FunctionPage, *numbers: str) -> list[Version]:
    """The versions of these numbers, in this order. Raises PublicNotFound."""
    versions = page.function.versions.readable().filter(number__in=numbers)
    known = {each.number: each for each in versions.select_related("inspection")}
    for number in numbers:
        if number not in known:
            _refuse(page, number)
    return [known[number] for number in numbers]


def _refuse(page: FunctionPage, number: str) -> None:
    """Raise PublicNotFound, with staff's reason for a quarantined version."""
    if not number:
        raise PublicNotFound("Two versions are compared: 1.0.0...1.1.0, for example.")
    try:
        functions.find_version(page.function.slug, number=number)
    except errors.Quarantined as error:
        raise TakenDown(error.message) from error
    except errors.NotFound as error:
        raise PublicNotFound(error.message) from error


def _numbers(page: FunctionPage) -> list[str]:
    versions = page.function.versions.readable().newest_first()
    return list(versions.values_list("number", flat=True)[:MAX_OPTIONS])


def _shown(file: dict, view: str) -> dict:
    """``file`` with the lines of its hunks as the chosen view shows them."""
    hunks = []
    for hunk in file["hunks"]:
        lines = differences.paired(hunk["lines"])
        lines = lines if view == "split" else differences.unified(lines)
        hunks.append({"head": hunk["head"], "lines": lines})
    return file | {"hunks": hunks}
