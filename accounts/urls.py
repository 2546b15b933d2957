"""Account pages, under /account/."""

from allauth.account.urls import urlpatterns as account_patterns
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.cache import cache_control


def keep_private(patterns: list[URLPattern | URLResolver]) -> None:
    """No cache may keep a page of ``patterns``, the browser's own included."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            keep_private(pattern.url_patterns)
        else:
            no_store = cache_control(private=True, no_store=True)
            pattern.callback = no_store(pattern.callback)


urlpatterns = [
    *account_patterns,
    path("second-factor/", include("allauth.mfa.urls")),
    path("sessions/", include("allauth.usersessions.urls")),
]
keep_private(urlpatterns)
