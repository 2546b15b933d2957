"""The account's own pages: profile, keys, projects, sessions, deletion.

Signing in, passwords, e-mail and second factor are django-allauth's views with
templates of ours.
"""

from allauth.account.internal.flows.logout import logout
from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import IntegrityError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters

from accounts import keys, profile_forms, projects, quotas
from accounts.deletion import StillOwns, delete_account
from accounts.models import record
from core.http.methods import READING, WITH_FORM, answers

MAX_OLD_KEYS = 20  # revoked or expired keys shown on a page
page = answers(*WITH_FORM)


@answers(*READING)
@login_required
def home(request):
    return redirect("account_profile")


@page
@login_required
def edit_profile(request):
    form = profile_forms.ProfileForm(request.POST or None, instance=request.user)
    if form.is_valid():
        form.save()
        messages.success(request, "Your profile is saved.")
        return redirect("account_profile")
    return render(request, "account/profile.html", _settings(form=form))


@page
@login_required
def list_keys(request):
    form = profile_forms.KeyForm(request.POST or None, account=request.user)
    context = {"form": form, "account_section": "keys"}
    if form.is_valid():
        context |= _new_key(request, form, scopes=form.cleaned_data["scopes"])
    context |= _key_lists(request.user.keys.filter(project=None))
    return render(request, "account/keys.html", context)


@page
@login_required
def revoke_key(request, pk):
    key = get_object_or_404(request.user.keys.select_related("project"), pk=pk)
    if request.method == "POST":
        keys.revoke_key(key, by=request.user)
        messages.success(request, f"The key “{key.name}” has stopped working.")
        if key.project:
            return redirect("account_project", key.project.slug)
        return redirect("account_keys")
    context = {"key": key, "account_section": "settings" if key.project else "keys"}
    return render(request, "account/key_revoke.html", context)


@page
@login_required
def list_projects(request):
    form = profile_forms.ProjectForm(request.POST or None, account=request.user)
    if form.is_valid():
        try:
            project = projects.create_project(request.user, **form.cleaned_data)
        except IntegrityError:  # the form was sent twice at once
            form.add_error("slug", "You have a project of that short name already.")
        except quotas.Exceeded as exceeded:
            form.add_error(None, f"{exceeded} {exceeded.quota.fix}")
        else:
            return redirect("account_project", project.slug)
    listed = request.user.projects.order_by("name")
    return render(
        request, "account/projects.html", _settings(form=form, projects=listed)
    )


@page
@login_required
def project_detail(request, slug):
    project = get_object_or_404(request.user.projects, slug=slug)
    form = profile_forms.ProjectKeyForm(request.POST or None, account=request.user)
    context = _settings(project=project, form=form)
    if form.is_valid():
        context |= _new_key(request, form, project=project)
    context |= _key_lists(project.keys)
    return render(request, "account/project.html", context)


@page
@login_required
def edit_project(request, slug):
    project = get_object_or_404(request.user.projects, slug=slug)
    form = profile_forms.ProjectForm(
        request.POST or None, instance=project, account=request.user
    )
    if form.is_valid():
        projects.change_project(project, **form.cleaned_data, by=request.user)
        messages.success(request, "The project is saved.")
        return redirect("account_project", slug)
    return render(
        request, "account/project_edit.html", _settings(form=form, project=project)
    )


@page
@login_required
def delete_project(request, slug):
    project = get_object_or_404(request.user.projects, slug=slug)
    if request.method == "POST":
        projects.delete_project(project, by=request.user)
        messages.success(request, f"The project “{project.name}” is deleted.")
        return redirect("account_projects")
    usable = project.keys.usable().count()
    return render(
        request,
        "account/project_delete.html",
        _settings(project=project, usable=usable),
    )


@answers("POST")
@login_required
def end_session(request, pk):
    session = get_object_or_404(UserSession, pk=pk, user=request.user)
    record("end_session", request.user, by=request.user, via="admin", stale=())
    end_sessions(request, [session])
    messages.success(request, "That session is signed out.")
    return redirect("usersessions_list")


@sensitive_post_parameters("password")
@page
@login_required
def delete(request):
    form = profile_forms.DeleteAccountForm(request.POST or None, account=request.user)
    context = _settings(form=form)
    if form.is_valid():
        try:
            delete_account(request.user, by=request.user)
        except StillOwns as error:
            context["in_the_way"] = error
        else:
            logout(request, show_message=False)
            messages.success(request, "Your account is deleted. Thank you for coming.")
            return redirect("account_login")
    return render(request, "account/delete.html", context)


def _settings(**context) -> dict:
    return {"account_section": "settings", **context}


def _new_key(request, form, *, project=None, scopes=()) -> dict:
    """Make the key that ``form`` describes; its secret is shown on this page only, with
    an empty form."""
    try:
        key, secret = keys.create_key(
            request.user,
            name=form.cleaned_data["name"],
            scopes=scopes,
            patterns=form.cleaned_data.get("patterns", ()),
            expires_at=form.expires_at,
            project=project,
        )
    except quotas.Exceeded as exceeded:  # another was made since the form was checked
        form.add_error(None, f"{exceeded} {exceeded.quota.fix}")
        return {}
    empty = type(form)(account=request.user)
    return {"new_key": key, "secret": secret, "form": empty}


def _key_lists(rows) -> dict:
    """Template context for ``rows`` of ApiKey: usable keys, and the newest old ones."""
    now = timezone.now()
    usable = rows.usable().order_by("-created_at", "-pk")
    stopped = rows.exclude(pk__in=usable.values("pk")).order_by("-created_at", "-pk")
    return {"keys": usable, "old_keys": stopped[:MAX_OLD_KEYS], "now": now}
