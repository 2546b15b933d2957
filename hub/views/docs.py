"""The documentation, search in it, and the schema of aerostack.json."""

import json

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render

from hub import docs, docs_search
from hub.public import PublicNotFound, public_page
from registry import manifest
from registry.catalog.vocabulary import active_categories

SCHEMA_PATH = "/schema/aerostack.json"


@public_page(subjects=())
def docs_without_slash(request):
    return redirect("hub:docs_index", permanent=True)


@public_page(subjects=())
def docs_index(request):
    return _render(request, "hub/docs_index.html")


@public_page(subjects=())
def docs_page(request, name):
    return _page(request, name)


@public_page(subjects=(), query=["q"])
def docs_search_page(request):
    """Results for ``?q=``; without it, the page about searching for functions."""
    if "q" not in request.GET:
        return _page(request, "search")
    query = request.GET["q"][: docs_search.MAX_QUERY_CHARACTERS]
    found = docs_search.search(query)
    return _render(request, "hub/docs_search.html", query=query.strip(), results=found)


@public_page(subjects=())
def manifest_schema(request):
    """aerostack.json as JSON Schema, with this Hub's categories, for editors."""
    schema = manifest.json_schema(active_categories(), settings.HUB_URL + SCHEMA_PATH)
    text = json.dumps(schema, indent=2, ensure_ascii=False)
    return HttpResponse(text, "application/schema+json")


def _page(request, name):
    page = docs.page(name)
    if page is None:
        raise PublicNotFound(
            "The docs have no page of this name. All of them are at /docs/."
        )
    entries = docs.entries()
    at = [entry.name for entry in entries].index(name)
    return _render(
        request,
        "hub/docs_page.html",
        page=page,
        previous=entries[at - 1] if at else None,
        next=entries[at + 1] if at + 1 < len(entries) else None,
        canonical=settings.HUB_URL + page.url,
    )


def _render(request, template, **context):
    shared = {"section": "docs", "sections": docs.sections()}
    return render(request, template, shared | context)
