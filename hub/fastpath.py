"""Public answers kept as ready bytes, given before Django is asked.

Wraps the WSGI application. An answer that was public and sealed (hub/http.py) is kept
per address and encoding, with the version key it was made under; while that key holds
(accounts/freshness.py), the same bytes, or a 304, go out at once. The key is read
before the page is made: a write in between makes the kept page stale, never wrong.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from http import HTTPStatus

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest

from accounts import freshness
from accounts.limits import client_address
from hub.http import IMMUTABLE, REVALIDATE, accepts_gzip
from registry import installs

MAX_QUERY_CHARACTERS = 300
NOT_KEPT = ("/static/", "/media/", "/admin", "/account", "/healthz", "/readyz")
# A view that serves an install says so here; each serving counts (registry/installs).
INSTALLED = "hub.installed_version"
# Set where If-None-Match was taken out of a request, to have the whole page made.
CONDITIONAL = "hub.is_conditional"
OF_A_304 = frozenset({"Cache-Control", "ETag", "Vary", "Content-Security-Policy"})


@dataclass(frozen=True)
class Kept:
    """A 200 as it was sent. ``installed``: the version it installs, if it does."""

    key: tuple
    headers: list[tuple[str, str]]
    not_modified: list[tuple[str, str]]
    body: bytes
    etag: str
    installed: object


class FastPath:
    """The WSGI application with its public answers in front of it.

    max_bytes: of bodies kept, in this process; the least recently used go first.
    """

    def __init__(self, application, max_bytes: int):
        self._application = application
        self._max_bytes = max_bytes
        self._kept: OrderedDict[tuple, Kept] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self._hosts = frozenset(h for h in settings.ALLOWED_HOSTS if h != "*")

    def __call__(self, environ, start_response):
        address = self._address(environ)
        if address is None:
            return self._application(environ, start_response)
        key = freshness.key()
        kept = self._kept.get(address)
        if kept is not None and kept.key == key:
            return self._give(kept, address, environ, start_response)
        if environ["REQUEST_METHOD"] == "HEAD":
            return self._application(environ, start_response)
        return self._make(address, key, environ, start_response)

    def _address(self, environ) -> tuple | None:
        """What the answer depends on; None where it is none of ours to keep."""
        path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
        host = environ.get("HTTP_HOST", "").rpartition(":")[0] or environ.get(
            "HTTP_HOST", ""
        )
        if (
            environ["REQUEST_METHOD"] not in ("GET", "HEAD")
            or path.startswith(NOT_KEPT)
            or len(query) > MAX_QUERY_CHARACTERS
            or "HTTP_RANGE" in environ
            or host not in self._hosts
            or (settings.HTTPS and environ["wsgi.url_scheme"] != "https")
        ):
            return None
        return path, query, accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))

    def _give(self, kept: Kept, address, environ, start_response):
        with self._lock:
            if address in self._kept:
                self._kept.move_to_end(address)
        if kept.installed:
            _count(kept.installed, environ)
        if _matches(environ.get("HTTP_IF_NONE_MATCH"), kept.etag):
            start_response("304 Not Modified", kept.not_modified)
            return []
        start_response("200 OK", _for_proxy(kept.headers, environ))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [kept.body]

    def _make(self, address, key, environ, start_response):
        """Ask Django for the whole page, keep it, and give it or a 304."""
        asked = environ.copy()
        if asked.pop("HTTP_IF_NONE_MATCH", None):
            asked[CONDITIONAL] = True
        if address[2]:
            asked["HTTP_ACCEPT_ENCODING"] = "gzip"
        said = []
        answer = self._application(asked, lambda *given: said.append(given))
        try:
            body = b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        status, headers = said[-1][:2]
        kept = _keepable(status, headers, body, key, asked.get(INSTALLED))
        if kept is None:
            start_response(status, headers)
            return [body]
        self._keep(address, kept)
        if _matches(environ.get("HTTP_IF_NONE_MATCH"), kept.etag):
            start_response("304 Not Modified", kept.not_modified)
            return []
        start_response(status, _for_proxy(headers, environ))
        return [body]

    def _keep(self, address, kept: Kept) -> None:
        if len(kept.body) > self._max_bytes // 8:
            return
        with self._lock:
            before = self._kept.pop(address, None)
            self._bytes += len(kept.body) - (len(before.body) if before else 0)
            self._kept[address] = kept
            while self._bytes > self._max_bytes:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= len(oldest.body)


def _keepable(status, headers, body, key, installed) -> Kept | None:
    named = dict(headers)
    if (
        int(status.split()[0]) != HTTPStatus.OK
        or named.get("Cache-Control") not in (REVALIDATE, IMMUTABLE)
        or "ETag" not in named
        or "Set-Cookie" in named
    ):
        return None
    return Kept(
        key=key,
        headers=headers,
        not_modified=[(name, value) for name, value in headers if name in OF_A_304],
        body=body,
        etag=named["ETag"],
        installed=installed,
    )


def _for_proxy(headers, environ):
    """``headers``, and for nginx in front the end of the second in which it may keep
    the page: it counts whole seconds, so "one second" could be nearly two."""
    if "HTTP_X_FORWARDED_FOR" not in environ:
        return headers
    if ("Cache-Control", REVALIDATE) not in headers:
        return headers
    return [*headers, ("X-Accel-Expires", f"@{int(time.time())}")]


def _matches(header: str | None, etag: str) -> bool:
    """If-None-Match against one strong tag (RFC 9110, 13.1.2: weakly compared)."""
    if header is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return etag in tags or header.strip() == "*"


def _count(version, environ) -> None:
    request = WSGIRequest(environ)
    installs.count(
        version,
        client=client_address(request),
        method=request.method,
        headers=request.headers,
    )
