"""What other programs read of the Hub: registry formats, site maps, search."""

from functools import partial

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.html import escape

from core.http.public import make_public
from hub import docs, maps, shadcn
from hub.public import public_page
from registry import errors
from registry.catalog import functions
from registry.installs import counting
from registry.models import LISTS, Category, Function

SITEMAP_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
)


@public_page
def shadcn_item(request, username, item):
    """One function, or ``slug@version``, as ``npx shadcn add`` reads it."""
    slug, _, number = item.partition("@")
    try:
        version = functions.find_version(slug, username=username, number=number)
    except errors.RegistryError as error:
        # The command prints `message`.
        refusal = {"error": error.code, "message": f"{error.message} {error.fix}"}
        return JsonResponse(refusal, status=error.status)
    subjects = [version.function.pages_subject]
    count = partial(counting.count, version.pk)
    return make_public(JsonResponse(shadcn.item(version)), subjects, on_send=count)


@public_page(subjects=[LISTS])
def shadcn_registry(request):
    functions = Function.objects.listed().select_related("owner")
    functions = functions.order_by("-install_count", "-id")[: shadcn.MAX_LISTED]
    return JsonResponse(shadcn.registry(functions))


@public_page(subjects=[LISTS])
def sitemap_index(request):
    context = {"files": maps.files(), "hub_url": settings.HUB_URL}
    return render(request, "hub/sitemap_index.xml", context, "application/xml")


@public_page(subjects=[LISTS])
def sitemap(request, section, number):
    # Up to 50,000 addresses: joined here, because a template takes ten times as long.
    rows = [
        f"<url><loc>{escape(each.url)}</loc>"
        + (f"<lastmod>{each.changed}</lastmod>" if each.changed else "")
        + "</url>"
        for each in maps.addresses(section, number)
    ]
    text = "\n".join([*SITEMAP_HEAD, *rows, "</urlset>\n"])
    return HttpResponse(text, "application/xml")


@public_page(subjects=())
def opensearch(request):
    context = {"hub_url": settings.HUB_URL}
    mime = "application/opensearchdescription+xml"
    return render(request, "hub/opensearch.xml", context, mime)


@public_page(subjects=())
def llms(request):
    context = {
        "hub_url": settings.HUB_URL,
        "entries": docs.entries(),
        "categories": Category.objects.active(),
    }
    return render(request, "hub/llms.txt", context, "text/plain; charset=utf-8")
