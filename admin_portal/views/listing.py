"""The listing of a function: edit, history, restore, screenshots."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404, redirect, render

from accounts.quotas import PREVIEWS
from admin_portal.listing_forms import (
    Examples,
    ListingForm,
    Pictures,
    ScreenshotForm,
    wanted_listing,
)
from admin_portal.pages import VIA, author_page, own_function, popular_tags, say_no
from registry import errors
from registry.content.comparison import compare
from registry.content.rendering import README
from registry.content.rendering import render as render_text
from registry.errors import RegistryError
from registry.listing import editing
from registry.listing.screenshots import SHA256
from registry.models import Category, Function
from registry.publishing import quotas

MAX_REVISION_ROWS = 100


@author_page("GET", "HEAD", "POST")
def edit_listing(request: HttpRequest, slug):
    function = own_function(request, slug)
    stored = editing.listing_of(function)
    posted = request.POST if request.method == "POST" else None
    page = ListingPage(
        function,
        stored,
        ListingForm(
            posted,
            function=function,
            stored=stored,
            categories=_categories(function),
        ),
        Pictures(posted, prefix="pictures", initial=stored.screenshots),
        Examples(posted, prefix="examples", initial=stored.examples),
    )
    if posted is None:
        return page.render(request)
    try:
        wanted = wanted_listing(stored, page.form, page.pictures, page.examples)
        if posted.get("then") == "preview":
            quotas.count(PREVIEWS, request.user)
            return page.render(request, readme=render_text(README, wanted.readme))
        editing.edit_listing(
            function,
            wanted,
            by=request.user,
            via=VIA,
            fingerprint=posted.get("fingerprint", ""),
        )
    except RegistryError as error:
        say_no(request, error)
        return page.render(request, status=error.status)
    messages.success(request, "The listing is saved and live.")
    return redirect("admin_portal:edit_listing", slug)


@dataclass
class ListingPage:
    """The forms of a listing, and their page."""

    function: Function
    stored: editing.Listing
    form: ListingForm
    pictures: Pictures
    examples: Examples

    def render(self, request: HttpRequest, *, readme=None, status=200):
        """readme: the rendered README, for a preview. status: 412 is a conflict; the
        page then shows the difference to the live README, and saving again overwrites
        it."""
        changes = None
        if status == errors.EditConflict.status:
            mine = self.form.data.get("readme", "").replace("\r\n", "\n")
            changes = compare({"README.md": self.stored.readme}, {"README.md": mine})
        context = {
            **vars(self),
            "screenshot_form": ScreenshotForm(),
            "readme": readme,
            "is_conflict": status == errors.EditConflict.status,
            "changes": changes,
            "known_tags": popular_tags(),
            "account_section": "functions",
        }
        page = "admin_portal/edit_listing.html"
        return render(request, page, context, status=status)


@author_page("GET", "HEAD")
def listing_history(request: HttpRequest, slug):
    function = own_function(request, slug)
    revisions = function.listing_revisions.select_related("by", "category", "readme")
    revisions = list(revisions[:MAX_REVISION_ROWS])
    now = editing.listing_of(function)
    context = {
        "function": function,
        "revisions": revisions,
        # Publishing changes the listing too, and leaves no revision.
        "newest_is_live": revisions and editing.listing_at(revisions[0]) == now,
        "account_section": "functions",
    }
    return render(request, "admin_portal/listing_history.html", context)


@author_page("GET", "HEAD", "POST")
def restore_listing(request: HttpRequest, slug, revision):
    """Show what restoring a revision would change; restore it."""
    function = own_function(request, slug)
    kept = get_object_or_404(function.listing_revisions, number=revision)
    if request.method == "POST":
        try:
            editing.restore_listing(function, revision, by=request.user, via=VIA)
        except RegistryError as error:
            say_no(request, error)
        else:
            messages.success(request, f"The listing is back at revision {revision}.")
        return redirect("admin_portal:edit_listing", slug)
    quotas.count(PREVIEWS, request.user)
    now, then = editing.listing_of(function), editing.listing_at(kept)
    context = {
        "function": function,
        "revision": kept,
        "then": then,
        "now": now,
        "changes": compare({"README.md": now.readme}, {"README.md": then.readme}),
        "account_section": "functions",
    }
    return render(request, "admin_portal/restore_listing.html", context)


@author_page("POST")
def add_screenshot(request: HttpRequest, slug):
    function = own_function(request, slug)
    form = ScreenshotForm(request.POST, request.FILES)
    if not form.is_valid():
        for faults in form.errors.values():
            messages.error(request, " ".join(faults))
        return redirect("admin_portal:edit_listing", slug)
    try:
        editing.add_screenshot(
            function,
            form.cleaned_data["picture"].read(editing.screenshots.MAX_UPLOAD_BYTES + 1),
            alt=form.cleaned_data["alt"],
            by=request.user,
            via=VIA,
        )
    except RegistryError as error:
        say_no(request, error)
    else:
        messages.success(request, "The screenshot is shown on the page.")
    return redirect("admin_portal:edit_listing", slug)


@author_page("GET", "HEAD")
def screenshot(request: HttpRequest, slug, sha256):
    """A screenshot of the author's own function, published or not."""
    function = own_function(request, slug)
    if not SHA256.match(sha256) or not _has_picture(function, sha256):
        raise Http404("There is no such screenshot.")
    try:
        picture = default_storage.open(editing.screenshot_name(sha256))
    except FileNotFoundError as error:
        raise Http404("The picture's file is missing.") from error
    return FileResponse(picture, content_type="image/webp")


def _has_picture(function: Function, sha256: str) -> bool:
    if function.screenshots.filter(sha256=sha256).exists():
        return True
    kept = function.listing_revisions.values_list("screenshots", flat=True)
    return any(shown["sha256"] == sha256 for shots in kept for shown in shots)


def _categories(function: Function) -> list[str]:
    active = list(Category.objects.active().values_list("slug", flat=True))
    current = function.category.slug if function.category_id else ""
    return active if current in ("", *active) else [*active, current]
