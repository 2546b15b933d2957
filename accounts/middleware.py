"""Requests that are refused or redirected before any view runs."""

from allauth.mfa.utils import is_mfa_enabled
from django.shortcuts import redirect, render

from accounts import switches
from accounts.passwords import FACTORS


class RequireSecondFactorMiddleware:
    """Redirects accounts that must set up a second factor to that page.

    Applies to signed-in pages only: public pages must not depend on who asks.
    """

    signed_in_pages = ("/account/", "/admin")
    left_open = (
        "/account/second-factor/",
        "/account/reauthenticate/",
        "/account/logout/",
    )

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        path = request.path_info
        if (
            path.startswith(self.signed_in_pages)
            and not path.startswith(self.left_open)
            and request.user.is_authenticated
            and request.user.needs_second_factor
            and not is_mfa_enabled(request.user, FACTORS)
        ):
            return redirect("mfa_index")
        return self.get_response(request)


class ReadOnlyMiddleware:
    """In read-only mode, refuses changes under /account/ except signing in and out. For
    everything else the registry's verbs check the mode (registry/switches.py)."""

    changing = ("POST", "PUT", "PATCH", "DELETE")
    left_open = (
        "/account/login/",
        "/account/logout/",
        "/account/reauthenticate/",
        "/account/second-factor/authenticate/",
        "/account/second-factor/reauthenticate/",
    )

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        path = request.path_info
        if (
            request.method in self.changing
            and path.startswith("/account/")
            and not path.startswith(self.left_open)
            and switches.is_off(switches.READ_ONLY)
        ):
            return render(request, "account/read_only.html", status=503)
        return self.get_response(request)
