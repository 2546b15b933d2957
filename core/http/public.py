"""Public answers: the same bytes for everyone, so that any cache may hold them.

A view declares its answer public with ``make_public``. PageCacheMiddleware
(core/cache/middleware.py) then packs it, names its bytes with a strong ETag, keeps it
in memory, and answers conditional requests.

A public page has one address. Its view says in an attribute ``query_keys`` which keys
of a query it reads, and sees no others, nor the order, nor a key twice, nor the port.
So nobody can make it anew by asking for ``?x=1``, ``?x=2`` and so on, and nothing that
is not part of the address can get into a page that is kept. A view without the
attribute is never kept.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.urls import Resolver404, resolve
from isal import igzip

from core.cache.versions import ANYTHING

REVALIDATE = "public, no-cache"
# For bytes that can never change. Shared caches still ask again after a minute, so that
# a quarantine or a removal takes effect.
IMMUTABLE = "public, max-age=31536000, s-maxage=60, immutable"
MIN_GZIP_BYTES = 256  # below this the gzip header eats what it saves
# ISA-L's level 1 packs as small as zlib's 3 in a fifth of the time. zlib's 6 saves 8 %
# more and takes nine times as long.
GZIP_LEVEL = 1
PACKED_ALREADY = frozenset({"image/webp", "image/png"})


@dataclass(frozen=True, slots=True)
class Public:
    """What a public response says of itself.

    subjects: what its content depends on (core/cache/versions.py). is_kept: False for
    what is only so at the moment. on_send: called each time the whole answer is sent,
    made or kept, with ``client`` (limits.client_address), ``method`` and ``headers``
    (conditions, Range and User-Agent) of the request.
    """

    subjects: Sequence[str]
    is_kept: bool
    on_send: Callable[..., None] | None


def make_public(
    response: HttpResponse,
    subjects: Sequence[str] = (ANYTHING,),
    *,
    cache: str = REVALIDATE,
    is_kept: bool = True,
    on_send: Callable[..., None] | None = None,
) -> HttpResponse:
    """Declare ``response`` the same for everyone.

    subjects: what its content depends on. A view that names none gets an answer that
    every public write makes stale. cache: REVALIDATE, or IMMUTABLE for bytes that can
    never change; only a 200 is sent so. is_kept, on_send: see Public.
    """
    is_found = response.status_code == 200
    response.headers["Cache-Control"] = cache if is_found else REVALIDATE
    response.public = Public(tuple(subjects), is_kept, on_send)
    return response


def make_one_address(request: HttpRequest, host: str) -> str | None:
    """Reduce ``request`` to the one address of a public page, and return its host.

    host: as ``get_host`` returned it. None, and no change, for what is not public.
    """
    if (keys := _query_keys(request.path_info, settings.ROOT_URLCONF)) is None:
        return None
    meta = request.META
    meta["HTTP_HOST"] = split_domain_port(host)[0]
    if asked := meta.get("QUERY_STRING", ""):
        # Of a key that is there twice, the last counts, as in Django's QueryDict.
        given = dict(parse_qsl(asked, keep_blank_values=True)) if keys else {}
        pairs = [(key, given[key]) for key in keys if key in given]
        meta["QUERY_STRING"] = urlencode(pairs)
    return meta["HTTP_HOST"]


@lru_cache(maxsize=5_000)
def _query_keys(path: str, urlconf: str) -> tuple[str, ...] | None:
    try:
        return getattr(resolve(path, urlconf).func, "query_keys", None)
    except Resolver404:
        return None


def depends_on_who_asks(response: HttpResponse) -> bool:
    """Whether the response is not the same for everyone, whatever its view declared: it
    sets a cookie, or varies on more than Accept-Encoding."""
    varies = {name.strip().lower() for name in response.get("Vary", "").split(",")}
    return bool(response.cookies) or not varies <= {"", "accept-encoding"}


def pack(response: HttpResponse) -> None:
    """Compress the content of ``response`` with gzip, if that makes it smaller.

    Equal content gives equal bytes: no time stands in them.
    """
    content_type = response.headers["Content-Type"]
    if len(response.content) >= MIN_GZIP_BYTES and content_type not in PACKED_ALREADY:
        response.content = igzip.compress(response.content, GZIP_LEVEL, mtime=0)
        response.headers["Content-Encoding"] = "gzip"


def etag_of(content: bytes) -> str:
    """The strong ETag of the very bytes that are sent."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


@lru_cache(maxsize=200)
def accepts_gzip(header: str) -> bool:
    """Whether an Accept-Encoding allows gzip (RFC 9110, 12.5.3: ``q=0`` forbids it)."""
    quality = {}
    for part in header.lower().split(","):
        coding, _, weight = part.partition(";")
        quality[coding.strip()] = weight.replace(" ", "").removeprefix("q=") or "1"
    try:
        return float(quality.get("gzip") or quality.get("*") or 0) > 0
    except ValueError:
        return False


def raw_text(text: str) -> HttpResponse:
    """The bytes of a published file, as text that no browser will ever run."""
    response = HttpResponse(text, "text/plain; charset=utf-8")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
