"""From draft to version: preview, version bump, waivers, publish."""

from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from accounts.quotas import PREVIEWS, VALIDATIONS
from admin_portal import checking
from admin_portal.conflict import texts_of
from admin_portal.draft_edit import Contents
from admin_portal.forms import WaiveForm
from admin_portal.pages import VIA, author_page, own_draft, own_function, say_no
from admin_portal.preview import DraftPage
from registry import errors, publishing
from registry.content.comparison import compare
from registry.errors import RegistryError
from registry.models import Draft, Version
from registry.publishing import drafts as draft_verbs
from registry.publishing import quotas
from registry.publishing.rehearsal import rehearse
from registry.publishing.waivers import unwaived


@author_page("GET", "HEAD")
def preview_draft(request: HttpRequest, draft_id, tab="readme", path=""):
    """The Hub's page of the function, made from the saved draft."""
    draft = own_draft(request, draft_id)
    quotas.count(PREVIEWS, request.user)
    return DraftPage(draft).render(request, tab, path)


@author_page("GET", "HEAD")
def compare_draft(request: HttpRequest, draft_id):
    draft = own_draft(request, draft_id)
    quotas.count(PREVIEWS, request.user)
    live = draft.function.latest
    context = {
        "draft": draft,
        "function": draft.function,
        "live": live,
        "changes": _changes(live, draft),
        "account_section": "functions",
    }
    return render(request, "admin_portal/compare_draft.html", context)


@author_page("GET", "HEAD", "POST")
def publish_draft(request: HttpRequest, draft_id):
    """Show what publishing will do; publish when confirmed."""
    draft = own_draft(request, draft_id)
    if request.method == "POST":
        return _publish(request, draft)
    quotas.count(VALIDATIONS, request.user)
    live = draft.function.latest
    context = {
        "draft": draft,
        "function": draft.function,
        "live": live,
        "told": rehearse(draft),
        "changes": _changes(live, draft),
        "address": request.build_absolute_uri(draft.function.url),
        "account_section": "functions",
        **checking.inspect(draft).as_context(),
    }
    return render(request, "admin_portal/publish_draft.html", context)


def _publish(request: HttpRequest, draft: Draft):
    try:
        publication = publishing.publish(
            draft, by=request.user, via=VIA, revision=_revision(request)
        )
    except errors.EditConflict:
        messages.error(
            request,
            "The draft was changed since this page was opened; nothing was published. "
            "Below is what would be published now.",
        )
        return redirect("admin_portal:publish_draft", draft.pk)
    except RegistryError as error:
        say_no(request, error)
        return redirect("admin_portal:publish_draft", draft.pk)
    if publication.already_published:
        messages.info(request, "This very content was published before.")
    function = reverse("admin_portal:function_detail", args=[draft.function.slug])
    return redirect(f"{function}?published={publication.version.number}")


@author_page("POST")
def bump_draft(request: HttpRequest, draft_id):
    """Set the draft's version number to the one that the publish page suggested."""
    draft = own_draft(request, draft_id)
    number, revision = request.POST.get("version", ""), _revision(request)
    contents = Contents.of(draft)
    contents.manifest = contents.manifest | {"version": number}
    try:
        publishing.save_draft(
            draft,
            contents.like(draft).as_body(),
            by=request.user,
            via=VIA,
            revision=revision,
            whole=True,
        )
    except RegistryError as error:
        say_no(request, error)
    else:
        messages.success(request, f"The draft's version is {number} now.")
    return redirect("admin_portal:publish_draft", draft.pk)


@author_page("GET", "HEAD", "POST")
def waive_secrets(request: HttpRequest, draft_id):
    """Waive a finding that looks like a credential, with a written reason."""
    draft = own_draft(request, draft_id)
    secrets = unwaived(draft.function, draft.files)
    form = WaiveForm(request.POST or None, count=len(secrets))
    if form.is_valid():
        secret = secrets[form.cleaned_data["which"]]
        reason = form.cleaned_data["reason"]
        try:
            publishing.waive_secret(
                draft.function, secret, reason=reason, by=request.user
            )
        except RegistryError as error:
            say_no(request, error)
        else:
            messages.success(request, "Waived. The reason is kept with the function.")
        return redirect("admin_portal:waive_secrets", draft.pk)
    context = {
        "draft": draft,
        "function": draft.function,
        "secrets": secrets,
        "form": form,
        "account_section": "functions",
    }
    return render(request, "admin_portal/waive_secrets.html", context)


@author_page("POST")
def withdraw_waiver(request: HttpRequest, slug, pk):
    function = own_function(request, slug)
    waiver = get_object_or_404(function.waivers, pk=pk)
    publishing.withdraw_waiver(waiver, by=request.user)
    messages.success(request, "The waiver is withdrawn.")
    return redirect("admin_portal:function_detail", slug)


def _revision(request: HttpRequest) -> int:
    """The revision that the page showed; 0, which no draft has, if missing."""
    text = request.POST.get("revision", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _changes(live: Version | None, draft: Draft):
    """The changes from the live version to the draft: source, manifest and README."""
    old = {}
    if live is not None:
        readme = live.readme.text if live.readme_id else ""
        files = draft_verbs.files_of(live)
        old = texts_of(Contents(live.manifest, files, readme))
    return compare(old, texts_of(Contents.of(draft)))
