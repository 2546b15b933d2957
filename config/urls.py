"""Which door answers which path."""

from django.urls import include, path

from config import health

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("api/", include("api.urls")),
    path("account/", include("accounts.urls")),
    path("", include("admin_portal.urls")),
    path("", include("hub.urls")),
]
