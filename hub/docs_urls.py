"""Addresses of the documentation and of aerostack.json's schema."""

from django.urls import path

from hub.views import docs

urlpatterns = [
    path("docs", docs.docs_without_slash),
    path("docs/", docs.docs_index, name="docs_index"),
    path("docs/search", docs.docs_search_page, name="docs_search"),
    path("docs/<str:name>", docs.docs_page, name="docs_page"),
    path(docs.SCHEMA_PATH.lstrip("/"), docs.manifest_schema, name="manifest_schema"),
]
