"""How public pages are sent: the same bytes for everyone, checkable, compressed.

A cache in front of the Hub may keep every answer made here: it carries a strong
ETag over the very bytes sent, varies on Accept-Encoding alone and sets no cookie
(docs/architecture.md, "Reads survive").
"""

import hashlib
import re
from functools import lru_cache, partial, wraps
from typing import NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe
from isal import igzip

from core.db import replicas
from registry import errors

REVALIDATE = "public, no-cache"
# The bytes can never change; shared caches ask again after a minute all the same, so
# that a quarantine or a removal takes effect.
IMMUTABLE = "public, max-age=31536000, s-maxage=60, immutable"
HTML = "text/html; charset=utf-8"  # as Django's HttpResponse says it
MIN_GZIP_BYTES = 256  # below this the gzip header eats what it saves
# ISA-L's level 1 makes the bytes of zlib's 3 in a fifth of the time, which was a fifth
# of making a page; zlib's 6 makes 8 % less in nine times as long.
GZIP_LEVEL = 1

_GZIP = re.compile(r"(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=([0-9.]+))?\s*(?:,|$)")


class Page(NamedTuple):
    """A public page that was made, before it is sealed. ``content``: in UTF-8.
    ``installed``: the id of the version it installs, if it does."""

    content_type: str
    content: bytes
    cache: str = REVALIDATE
    installed: int | None = None


class SealMiddleware:
    """Seals what another door (the API) declared public by its Cache-Control line."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        cache = response.headers.get("Cache-Control", "")
        is_public = cache in (REVALIDATE, IMMUTABLE)
        if not is_public or getattr(response, "is_sealed", False):
            return response
        return seal(request, response, cache)


class PublicNotFound(Http404):
    """A 404 whose sentence is meant for the reader."""

    template = "404.html"


class TakenDown(PublicNotFound):
    """What staff took down; the sentence is their reason."""

    template = "hub/tombstone.html"


def public_page(view, cache: str = REVALIDATE):
    """Serve ``view`` to GET and HEAD as a public page.

    cache: REVALIDATE, or IMMUTABLE for bytes that can never change. A 404 raised
    inside is sent as a page too, and so is an Unavailable. Rows may come from a
    replica (core/db/replicas.py).
    """
    view = replicas.reads_replica(view)

    @require_safe
    @wraps(view)
    def wrapped(request, *args, **kwargs):
        try:
            response = view(request, *args, **kwargs)
        except Http404 as missing:
            meant = isinstance(missing, PublicNotFound)
            template = missing.template if meant else PublicNotFound.template
            reason = str(missing) if meant else ""
            response = render(request, template, {"reason": reason}, status=404)
        except errors.Unavailable as busy:
            response = render(
                request, "503.html", {"reason": busy.message}, status=busy.status
            )
        return seal(request, response, cache)

    return wrapped


immutable_page = partial(public_page, cache=IMMUTABLE)


def seal(request: HttpRequest, response: HttpResponse, cache: str) -> HttpResponse:
    """Compress ``response`` when asked to, name its bytes, and answer 304 or HEAD.

    cache: the Cache-Control line; REVALIDATE or IMMUTABLE. An answer other than
    200 is never IMMUTABLE.
    """
    ok = response.status_code == 200
    response.headers["Cache-Control"] = cache if ok else REVALIDATE
    response.headers["Vary"] = "Accept-Encoding"
    wants_gzip = accepts_gzip(request.headers.get("Accept-Encoding", ""))
    content_type = response.headers["Content-Type"]
    if wants_gzip and is_worth_packing(response.content, content_type):
        response.content = packed(response.content)
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Content-Length"] = str(len(response.content))
    if ok:
        response.headers["ETag"] = etag_of(response.content)
        response = get_conditional_response(
            request, response.headers["ETag"], None, response
        )
    if request.method == "HEAD":
        # Of a 304 or 412 too, which get_conditional_response makes without.
        length = response.headers.get("Content-Length", "0")
        response.content = b""
        response.headers["Content-Length"] = length
    response.is_sealed = True
    return response


def is_worth_packing(content: bytes, content_type: str) -> bool:
    """Whether gzip makes ``content`` smaller."""
    return len(content) >= MIN_GZIP_BYTES and content_type != "image/webp"


def packed(content: bytes) -> bytes:
    """``content`` as gzip; equal pages are equal bytes, for no time stands in it.
    (On processors of another kind they may be others: a page is sent once more there.)
    """
    return igzip.compress(content, GZIP_LEVEL, mtime=0)


def etag_of(content: bytes) -> str:
    """The strong ETag of the very bytes that are sent."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


@lru_cache(maxsize=200)
def accepts_gzip(header: str) -> bool:
    """Whether an Accept-Encoding allows gzip (RFC 9110, 12.5.3: ``q=0`` forbids it)."""
    found = _GZIP.search(header)
    if not found:
        return False
    try:
        return found[1] is None or float(found[1]) > 0
    except ValueError:
        return False


def raw_text(text: str) -> HttpResponse:
    """The bytes of a published file, as text that no browser will ever run."""
    response = HttpResponse(text, "text/plain; charset=utf-8")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
