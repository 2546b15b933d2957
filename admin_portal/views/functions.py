"""An author's functions: list, history, next version, yank and deprecate."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q
from django.http import HttpRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from accounts.models import Event
from admin_portal.forms import DeprecateForm, YankForm
from admin_portal.pages import VIA, author_page, events_of, own_function, say_no
from registry import errors, publishing
from registry.errors import RegistryError
from registry.models import Draft, Function, Version
from registry.publishing import quotas

WORDS = {
    "push": "made a draft",
    "save_draft": "changed a draft",
    "delete_draft": "deleted a draft",
    "publish": "published",
    "yank": "yanked",
    "unyank": "took back the yank of",
    "deprecate": "deprecated the function",
    "undeprecate": "took the deprecation back",
    "edit_listing": "edited the listing",
    "restore_listing": "restored an earlier listing",
    "add_screenshot": "added a screenshot",
    "waive_secret": "waived a credential",
    "withdraw_waiver": "withdrew a waiver",
}
PAGE_FUNCTIONS = 25
HISTORY_EVENTS = 50
MAX_QUERY_CHARACTERS = 100
STATES = {
    "live": Q(is_listed=True),
    "drafts": Q(drafts__version=None, drafts__isnull=False),
    "unpublished": Q(published_at=None),
    "gone": Q(published_at__isnull=False, is_listed=False),
    "deprecated": Q(deprecation__isnull=False),
}
STATE_LABELS = {
    "": "All",
    "live": "Live",
    "drafts": "With drafts",
    "unpublished": "Not published",
    "gone": "Off the Hub",
    "deprecated": "Deprecated",
}


@author_page("GET", "HEAD")
def my_functions(request: HttpRequest):
    state = request.GET.get("state", "")
    query = request.GET.get("q", "").replace("\0", "")[:MAX_QUERY_CHARACTERS].strip()
    functions = Function.objects.owned_by(request.user)
    owns_any = functions.exists()
    if state in STATES:
        functions = functions.filter(STATES[state]).distinct()
    if query:
        functions = functions.filter(
            Q(slug__icontains=query)
            | Q(name__icontains=query)
            | Q(description__icontains=query)
        )
    functions = functions.select_related("owner", "deprecation", "quarantine")
    functions = functions.prefetch_related(Prefetch("drafts", _open_drafts()))
    page = Paginator(functions.order_by("-active_at", "-id"), PAGE_FUNCTIONS)
    context = {
        "page": page.get_page(request.GET.get("page")),
        "owns_any": owns_any,
        "query": query,
        "state": state if state in STATES else "",
        "states": STATE_LABELS,
        "account_section": "functions",
    }
    return render(request, "admin_portal/my_functions.html", context)


def _open_drafts():
    """Open drafts, newest first, without their files: a list shows none."""
    return Draft.objects.open().defer("files", "readme").order_by("-updated_at")


@author_page("GET", "HEAD")
def limits(request: HttpRequest):
    """What the account uses of its quotas."""
    context = {"uses": quotas.use_of(request.user), "account_section": "functions"}
    return render(request, "admin_portal/limits.html", context)


@author_page("GET", "HEAD")
def function_detail(request: HttpRequest, slug):
    function = own_function(request, slug)
    marks = function.versions.select_related("yank", "quarantine")
    versions = marks.newest_first()
    number = request.GET.get("published", "")
    published = next((v for v in versions if v.number == number), None)
    context = {
        "function": function,
        "versions": versions,
        "published": published,
        "drafts": _open_drafts().filter(function=function),
        "deprecation": getattr(function, "deprecation", None),
        "waivers": function.waivers.select_related("by").order_by("-at"),
        "events": _events(function),
        "account_section": "functions",
    }
    return render(request, "admin_portal/function_detail.html", context)


def _events(function: Function) -> list[Event]:
    """Events of the function and its versions, newest first, each with ``words``."""
    events = list(events_of(function)[:HISTORY_EVENTS])
    for event in events:
        what = WORDS.get(event.verb, event.verb.replace("_", " "))
        number = event.subject.partition("@")[2]
        event.words = f"{what} {number}".strip()
    return events


@author_page("POST")
def start_next_version(request: HttpRequest, slug):
    function = own_function(request, slug)
    version = function.latest or function.versions.newest_first().first()
    if version is None:
        raise errors.NotFound("There is no version to go on from.")
    draft = publishing.next_draft(version, by=request.user, via=VIA)
    messages.success(
        request,
        f"A new draft of {version.number}. Publishing it will ask for a new number.",
    )
    return redirect("admin_portal:edit_draft", draft.pk)


@author_page("GET", "HEAD", "POST")
def yank(request: HttpRequest, slug, number):
    version = _version(request, slug, number)
    others = version.function.versions.live().exclude(pk=version.pk).newest_first()
    form = YankForm(request.POST or None, replacements=[v.number for v in others])
    if form.is_valid():
        try:
            publishing.yank(version, by=request.user, via=VIA, **form.cleaned_data)
        except RegistryError as error:
            form.add_error(_field_of(error, form), error.message)
        else:
            messages.success(request, f"{version.number} is yanked.")
            return redirect("admin_portal:function_detail", slug)
    context = {
        "form": form,
        "version": version,
        "function": version.function,
        "is_latest": version.pk == version.function.latest_id,
        "account_section": "functions",
    }
    return render(request, "admin_portal/yank.html", context)


@author_page("POST")
def unyank(request: HttpRequest, slug, number):
    version = _version(request, slug, number)
    try:
        publishing.unyank(version, by=request.user, via=VIA)
    except RegistryError as error:
        say_no(request, error)
    else:
        messages.success(request, f"{number} is offered to new installs again.")
    return redirect("admin_portal:function_detail", slug)


@author_page("GET", "HEAD", "POST")
def deprecate(request: HttpRequest, slug):
    function = own_function(request, slug)
    deprecation = getattr(function, "deprecation", None)
    initial = deprecation and {
        "message": deprecation.message,
        "successor": deprecation.successor,
    }
    form = DeprecateForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            publishing.deprecate(
                function, by=request.user, via=VIA, **form.cleaned_data
            )
        except RegistryError as error:
            form.add_error(_field_of(error, form), error.message)
        else:
            messages.success(request, f"{slug} is marked as deprecated.")
            return redirect("admin_portal:function_detail", slug)
    context = {"form": form, "function": function, "account_section": "functions"}
    return render(request, "admin_portal/deprecate.html", context)


@author_page("POST")
def undeprecate(request: HttpRequest, slug):
    function = own_function(request, slug)
    try:
        publishing.undeprecate(function, by=request.user, via=VIA)
    except RegistryError as error:
        say_no(request, error)
    else:
        messages.success(request, f"{slug} is no longer deprecated.")
    return redirect(reverse("admin_portal:function_detail", args=[slug]))


def _version(request: HttpRequest, slug: str, number: str) -> Version:
    function = own_function(request, slug)
    versions = function.versions.select_related("yank")
    version = get_object_or_404(versions, number=number)
    version.function = function
    return version


def _field_of(error: RegistryError, form) -> str | None:
    return error.field if error.field in form.fields else None
