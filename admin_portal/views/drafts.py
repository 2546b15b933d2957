"""Drafts: start, edit, save, merge, check, delete."""

from csp.decorators import csp_update
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.quotas import PREVIEWS, VALIDATIONS
from admin_portal import checking, conflict, starters
from admin_portal.draft_edit import DraftEdit, read_edit, show_draft
from admin_portal.forms import NewFunctionForm
from admin_portal.pages import (
    VIA,
    as_json,
    author_page,
    own_draft,
    popular_tags,
    say_no,
    wants_json,
)
from registry import errors, publishing
from registry.content.rendering import README
from registry.content.rendering import render as render_text
from registry.errors import RegistryError
from registry.licenses import IDENTIFIERS
from registry.manifest import json_schema
from registry.models import Category, Draft
from registry.paths import MAX_README_BYTES
from registry.publishing import quotas

PANELS = {"check": "findings"}
# Monaco inserts style elements; no other page allows that.
editor_policy = csp_update({"style-src": ["'unsafe-inline'"], "worker-src": ["'self'"]})


@author_page("GET", "HEAD", "POST")
def new_function(request: HttpRequest):
    form = NewFunctionForm(request.POST or None, categories=_categories())
    if form.is_valid():
        try:
            draft = starters.start(form.cleaned_data, by=request.user, via=VIA)
        except RegistryError as error:
            field = error.field if error.field in form.fields else "name"
            if isinstance(error, errors.QuotaExceeded):
                field = None  # another name would not help
            form.add_error(field, f"{error.message} {error.fix}")
        else:
            return redirect("admin_portal:edit_draft", draft.pk)
    context = {"form": form, "licenses": IDENTIFIERS, "account_section": "functions"}
    return render(request, "admin_portal/new_function.html", context)


@editor_policy
@author_page("GET", "HEAD", "POST")
def edit_draft(request: HttpRequest, draft_id):
    draft = own_draft(request, draft_id)
    if request.method == "POST":
        return _save(request, draft)
    return _editor(request, draft, show_draft(draft, categories=_categories()))


def _save(request: HttpRequest, draft: Draft) -> HttpResponse:
    uploads = request.FILES.getlist("upload")
    edit = read_edit(request.POST, uploads, draft=draft, categories=_categories())
    try:
        errors.refuse(edit.faults)
        saved = publishing.save_draft(
            draft,
            edit.contents(draft).as_body(),
            by=request.user,
            via=VIA,
            revision=_revision(request, edit),
            whole=True,
        )
    except RegistryError as error:
        return _not_saved(request, draft, edit, error)
    if wants_json(request):
        answer = {"revision": saved.draft.revision, "warnings": saved.warnings}
        return JsonResponse(answer)
    for warning in saved.warnings:
        messages.warning(request, warning)
    return _redirect_after_save(request, draft)


def _not_saved(request, draft: Draft, edit: DraftEdit, error: RegistryError):
    """The form again, as typed; for a conflict, both versions."""
    if wants_json(request):
        return as_json(error)
    if isinstance(error, errors.EditConflict):
        mine = conflict.texts_of(edit.contents(draft))
        return _conflict(request, draft.pk, mine, error)
    edit.faults = error.faults or [error]
    return _editor(request, draft, edit, status=error.status)


def _redirect_after_save(request: HttpRequest, draft: Draft) -> HttpResponse:
    """Redirect to the page that the pressed button names."""
    then = request.POST.get("then")
    if then in ("preview", "publish"):
        return redirect(f"admin_portal:{then}_draft", draft.pk)
    messages.success(request, "The draft is saved.")
    editor = reverse("admin_portal:edit_draft", args=[draft.pk])
    return redirect(editor + ("?panel=check" if then == "validate" else ""))


@author_page("POST")
def resolve_draft(request: HttpRequest, draft_id):
    """Save the author's choices after an edit conflict."""
    draft = own_draft(request, draft_id)
    texts = conflict.resolved(draft, request.POST)
    revision = request.POST.get("revision", "")
    is_number = revision.isascii() and revision.isdecimal() and len(revision) < 10
    try:
        publishing.save_draft(
            draft,
            conflict.contents_of(texts, draft).as_body(),
            by=request.user,
            via=VIA,
            revision=int(revision) if is_number else 0,
            whole=True,
        )
    except RegistryError as error:
        if not isinstance(error, errors.EditConflict):
            say_no(request, error)
        return _conflict(request, draft.pk, texts, error)
    messages.success(request, "The draft is saved as you chose.")
    return redirect("admin_portal:edit_draft", draft.pk)


def _conflict(request, draft_id, mine: dict[str, str], error: RegistryError):
    context = conflict.context(own_draft(request, draft_id), mine)
    page = "admin_portal/edit_conflict.html"
    return render(request, page, context, status=error.status)


def _editor(request, draft: Draft, edit: DraftEdit, status=200) -> HttpResponse:
    panel = PANELS.get(request.GET.get("panel", ""), "details")
    context = {
        "draft": draft,
        "function": draft.function,
        "draft_name": draft.manifest.get("name") or draft.function.slug,
        "live": draft.function.latest,
        "entrypoint": draft.entrypoint,
        "revision": edit.revision,
        "manifest_was": edit.manifest_was,
        "edit": edit,
        "panel": panel,
        "licenses": IDENTIFIERS,
        "known_tags": popular_tags(),
        "schema": json_schema(_categories()),
        "login_url": reverse("account_login"),
        "in_editor": True,
    }
    if panel == "findings":
        context |= _check(request, draft)
    return render(request, "admin_portal/edit_draft.html", context, status=status)


def _check(request: HttpRequest, draft: Draft) -> dict:
    """Template context of the findings. Too many checks are no reason to show no
    editor."""
    try:
        quotas.count(VALIDATIONS, request.user)
    except errors.RateLimited as error:
        return {"not_checked": f"{error.message} {error.fix}"}
    return checking.check(draft).as_context()


@author_page("GET", "HEAD")
def check_draft(request: HttpRequest, draft_id):
    """The findings of the saved draft: JSON for scripts, else a redirect to the
    editor."""
    draft = own_draft(request, draft_id)
    if not wants_json(request):
        editor = reverse("admin_portal:edit_draft", args=[draft.pk])
        return redirect(f"{editor}?panel=check")
    quotas.count(VALIDATIONS, request.user)
    context = checking.check(draft).as_context() | {"draft": draft, "in_editor": True}
    html = render_to_string("admin_portal/_findings.html", context)
    return JsonResponse({"findings": context["findings"], "html": html})


@author_page("POST")
def render_readme(request: HttpRequest):
    """A README as the Hub shows it, as an HTML fragment."""
    quotas.count(PREVIEWS, request.user)
    text = request.POST.get("readme", "").replace("\r\n", "\n")[:MAX_README_BYTES]
    context = {"readme": render_text(README, text)}
    return render(request, "admin_portal/_readme.html", context)


@author_page("GET", "HEAD", "POST")
def delete_draft(request: HttpRequest, draft_id):
    draft = own_draft(request, draft_id)
    if request.method == "POST":
        slug = draft.function.slug
        try:
            publishing.delete_draft(draft, by=request.user, via=VIA)
        except RegistryError as error:
            say_no(request, error)
        else:
            messages.success(request, f"A draft of {slug} is deleted.")
        return redirect("admin_portal:my_functions")
    function = draft.function
    is_last = not function.published_at and function.drafts.count() == 1
    context = {"draft": draft, "is_last": is_last, "account_section": "functions"}
    return render(request, "admin_portal/delete_draft.html", context)


def _categories() -> list[str]:
    return list(Category.objects.active().values_list("slug", flat=True))


def _revision(request: HttpRequest, edit: DraftEdit) -> int:
    """The revision the form was loaded from; If-Match wins if sent."""
    tag = request.headers.get("If-Match", "").strip('"')
    is_number = tag.isascii() and tag.isdecimal() and len(tag) < 10
    return int(tag) if is_number else edit.revision
