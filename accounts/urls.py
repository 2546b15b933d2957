"""Account pages, under /account/."""

from functools import wraps

from allauth.account.urls import urlpatterns as account_patterns
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.cache import cache_control
from django.views.generic import RedirectView

from accounts import mail, views
from core.http.methods import READING, answers, methods_of

# No transaction around these: checking a password takes 0.2 s, during which SQLite
# could serve no other writer. They record no Event.
SIGNING_IN = {"account_login", "account_reauthenticate"}
# Pages of the second factor for who is not signed in yet.
BEFORE_SIGNING_IN = {"mfa_authenticate", "mfa_login_webauthn"}
# allauth marks the codes as shown whatever the method is.
SHOWN_ONCE = {"mfa_view_recovery_codes", "mfa_download_recovery_codes"}


class SlashRedirect(RedirectView):
    """Redirects an address with a trailing slash to the one without, or back."""

    http_method_names = ["get", "head"]
    query_string = True


def in_transaction(view):
    """Run POSTs to ``view`` in one transaction: the change, its Event and the sessions
    it ends. Its mails are sent after the commit."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        if request.method != "POST":
            return view(request, *args, **kwargs)
        with mail.held_back(), transaction.atomic():
            try:
                return view(request, *args, **kwargs)
            except ImmediateHttpResponse as answer:  # how allauth returns early
                return answer.response

    return wrapped


def guard(patterns: list[URLPattern | URLResolver]) -> None:
    """Forbid every cache, the browser's included, to keep pages of ``patterns``, make
    their POSTs transactions, except those of SIGNING_IN, and have each say which
    methods it answers.

    allauth asks to confirm a sign-in before a second factor is changed, and keeps what
    was posted in the session meanwhile. Who is not signed in must not store that much.
    """
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            guard(pattern.url_patterns)
            continue
        no_store = cache_control(private=True, no_store=True)
        if not methods_of(pattern.callback):  # a page to read
            pattern.callback = answers(*READING)(pattern.callback)
        pattern.callback = no_store(pattern.callback)
        if pattern.name not in SIGNING_IN:
            pattern.callback = in_transaction(pattern.callback)
        name = pattern.name or ""
        if name in SHOWN_ONCE:
            pattern.callback = answers("GET")(pattern.callback)
        if name.startswith("mfa_") and name not in BEFORE_SIGNING_IN:
            pattern.callback = login_required(pattern.callback)


urlpatterns = [
    path("", views.home, name="account_home"),
    path("profile", views.edit_profile, name="account_profile"),
    path("keys", views.list_keys, name="account_keys"),
    path("keys/<int:pk>/revoke", views.revoke_key, name="account_revoke_key"),
    path("projects", views.list_projects, name="account_projects"),
    path("projects/<slug:slug>", views.project_detail, name="account_project"),
    path("projects/<slug:slug>/edit", views.edit_project, name="account_edit_project"),
    path(
        "projects/<slug:slug>/delete",
        views.delete_project,
        name="account_delete_project",
    ),
    path("sessions/<int:pk>/end", views.end_session, name="account_end_session"),
    path("delete", views.delete, name="account_delete"),
    *account_patterns,
    path("second-factor/", include("allauth.mfa.urls")),
    path("sessions/", include("allauth.usersessions.urls")),
    re_path(
        r"^(?P<name>profile|keys|projects|delete)/$",
        SlashRedirect.as_view(url="/account/%(name)s"),
    ),
    re_path(
        r"^(?P<name>login|logout|signup|email|sessions|second-factor)$",
        SlashRedirect.as_view(url="/account/%(name)s/"),
    ),
]
guard(urlpatterns)
