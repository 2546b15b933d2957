"""Images of a function for other sites: badges and the Open Graph image."""

import base64
import hashlib
import json

from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from hub import badges, og_image
from hub.function_page import FunctionPage, function_page
from hub.public import PublicNotFound
from registry.content import sandbox

KEPT_SECONDS = 24 * 3600
DRAWING_SECONDS = 4.0


@function_page
def function_badge(request: HttpRequest, page: FunctionPage, kind: str):
    badge = badges.badge(kind, page.function)
    if badge is None:
        raise PublicNotFound("The badges are version, installs and license.")
    return render(request, "hub/badge.svg", badge, content_type="image/svg+xml")


@function_page
def function_card(request: HttpRequest, page: FunctionPage):
    """1200 by 630 pixels, drawn in the worker and kept under what it shows."""
    function = page.function
    card = {
        "author": function.owner.username,
        "slug": function.slug,
        "version": page.version.number,
        "description": function.description,
        "license": function.license,
        "category": function.category.label,
        "command": page.command,
    }
    try:
        png = _png_of(card)
    except sandbox.SandboxError:
        response = HttpResponse("Try again in a moment.", "text/plain", status=503)
        response.headers["Retry-After"] = "30"
        return response
    return HttpResponse(png, "image/png")


def _png_of(card: dict[str, str]) -> bytes:
    shown = json.dumps([og_image.DRAWING, card], sort_keys=True)
    key = f"card:{hashlib.sha256(shown.encode()).hexdigest()}"
    cache = caches["drawn"]
    png = cache.get(key)
    if png is None:
        drawn = sandbox.run(og_image.draw, card, timeout=DRAWING_SECONDS)
        png = base64.b64decode(drawn)
        cache.set(key, png, KEPT_SECONDS)
    return png
