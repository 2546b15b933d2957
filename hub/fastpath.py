"""Public answers kept as ready bytes, given before Django is asked.

Wraps the WSGI application. An answer that was public and sealed (hub/http.py) is kept
per address and encoding, with the version key it was made under; while that key holds
(accounts/freshness.py), the same bytes, or a 304, go out at once. The key is read
before the page is made: a write in between makes the kept page stale, never wrong.

Hot pages outlive a write that is none of theirs, and the process: as long as all they
depend on is as it was (hub/kept.py), they are given from memory or from a file
(hub/kept_store.py).
"""

import logging
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from http import HTTPStatus

from django.conf import settings

from accounts import freshness, replicas
from accounts.limits import client_of
from hub import kept
from hub.http import IMMUTABLE, REVALIDATE, accepts_gzip
from hub.kept_store import PageStore, Stored, key_of, release
from registry import installs

MAX_QUERY_CHARACTERS = 300
NOT_KEPT = ("/static/", "/media/", "/admin", "/account", "/healthz", "/readyz")
# A view that serves an install says so here; each serving counts (registry/installs).
INSTALLED = "hub.installed_version"
# Set where If-None-Match was taken out of a request, to have the whole page made.
CONDITIONAL = "hub.is_conditional"
READ = "hub.read"  # what a view takes out of a request instead of reading it again
# Questions about a page that Django answers (RFC 9110, 13.1 and 14.2).
UNANSWERED = frozenset({"HTTP_RANGE", "HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE"})
OF_A_304 = frozenset({"Cache-Control", "ETag", "Vary", "Content-Security-Policy"})
COUNTED = {
    "HTTP_USER_AGENT": "User-Agent",
    "HTTP_IF_NONE_MATCH": "If-None-Match",
    "HTTP_IF_MODIFIED_SINCE": "If-Modified-Since",
}

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Kept:
    """A 200 as it was sent. ``key``: the version key it was last known to be right
    under. ``depends``: the key of its fingerprint; None for a page without one.
    ``installed``: the id of the version it installs, if it does."""

    key: tuple
    depends: str | None
    headers: list[tuple[str, str]]
    not_modified: list[tuple[str, str]]
    body: bytes
    etag: str
    installed: int | None


class FastPath:
    """The WSGI application with its public answers in front of it.

    max_bytes: of bodies kept, in this process; the least recently used go first.
    store: where pages lie for all processes; None: nowhere.
    """

    def __init__(self, application, max_bytes: int, store: PageStore | None = None):
        self._application = application
        self._max_bytes = max_bytes
        self._store = store
        self._kept: OrderedDict[tuple, Kept] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self._hosts = frozenset(h for h in settings.ALLOWED_HOSTS if h != "*")

    def __call__(self, environ, start_response):
        address = self._address(environ)
        if address is None:
            return self._application(environ, start_response)
        key = freshness.key()
        page = self._kept.get(address)
        if page is not None and page.key == key:
            return self._give(page, address, environ, start_response)
        with replicas.one_server():
            return self._look_further(page, address, key, environ, start_response)

    def _look_further(self, page: Kept | None, address, key, environ, start_response):
        """Give ``page``, if what it depends on is as it was; or make it again."""
        depends, reading = _depends(address)
        page = self._still_right(page, address, key, depends)
        if page is not None:
            return self._give(page, address, environ, start_response)
        if environ["REQUEST_METHOD"] == "HEAD":
            return self._application(environ, start_response)
        asked = environ | ({READ: reading} if reading else {})
        return self._make(address, key, depends, asked, start_response)

    def _address(self, environ) -> tuple | None:
        """What the answer depends on; None where it is none of ours to keep."""
        path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
        if (
            environ["REQUEST_METHOD"] not in ("GET", "HEAD")
            or path.startswith(NOT_KEPT)
            or len(query) > MAX_QUERY_CHARACTERS
            or not UNANSWERED.isdisjoint(environ)
            or environ.get("SCRIPT_NAME")  # it would stand in every link of the page
            or not self._is_for_us(environ.get("HTTP_HOST", ""))
            or (settings.HTTPS and environ["wsgi.url_scheme"] != "https")
        ):
            return None
        return path, query, accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))

    def _is_for_us(self, host: str) -> bool:
        name, colon, port = host.partition(":")
        is_port = port.isascii() and port.isdecimal()
        return name in self._hosts and (is_port or not colon)

    def _still_right(self, page: Kept | None, address, key, depends) -> Kept | None:
        """The page in memory, or the stored one, if what it depends on is as it was.

        page: the one in memory, made under an older ``key``.
        """
        if depends is None:
            return None
        if page is not None and page.depends == depends:
            page.key = key
            return page
        stored = self._store.get(address, depends) if self._store else None
        if stored is None:
            return None
        page = _as_kept(stored, key, depends)
        self._keep(address, page)
        return page

    def _give(self, page: Kept, address, environ, start_response):
        with self._lock:
            if address in self._kept:
                self._kept.move_to_end(address)
        if page.installed:
            _count(page.installed, environ)
        if _matches(environ.get("HTTP_IF_NONE_MATCH"), page.etag):
            start_response("304 Not Modified", page.not_modified)
            return []
        start_response("200 OK", _for_proxy(page.headers, environ))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [page.body]

    def _make(self, address, key, depends, environ, start_response):
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
        if not _is_keepable(status, headers):
            start_response(status, headers)
            return [body]
        made = Stored(headers, body, asked.get(INSTALLED))
        if READ not in environ or READ in asked:  # else it was made of that very thing
            depends = self._settled(address, key, depends)
        page = _as_kept(made, key, depends)
        self._keep(address, page)
        if self._store and page.depends:
            self._store.put(address, page.depends, made)
        if _matches(environ.get("HTTP_IF_NONE_MATCH"), page.etag):
            start_response("304 Not Modified", page.not_modified)
            return []
        start_response(status, _for_proxy(headers, environ))
        return [body]

    @staticmethod
    def _settled(address, key, depends: str | None) -> str | None:
        """``depends``, if that and ``key`` stayed so while the page was made: else a
        part of the page may be older, and a part newer. (The key tells what was
        changed and changed back.)"""
        if depends is None or _depends(address)[0] != depends:
            return None
        return depends if freshness.key() == key else None

    def _keep(self, address, page: Kept) -> None:
        if len(page.body) > self._max_bytes // 8:
            return
        with self._lock:
            before = self._kept.pop(address, None)
            self._bytes += len(page.body) - (len(before.body) if before else 0)
            self._kept[address] = page
            while self._bytes > self._max_bytes:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= len(oldest.body)


def in_front_of(application):
    """``application`` with the pages kept that the settings give room to."""
    store = None
    if settings.PAGE_STORE_BYTES and not settings.DEBUG:  # templates change under it
        try:
            store = PageStore(settings.DATA_DIR / "pages", settings.PAGE_STORE_BYTES)
            release()  # now, before an upgrade changes files under this process
        except OSError as error:
            log.warning("No page is kept on disk: %s", error)
    if store or settings.PAGE_CACHE_BYTES:
        return FastPath(application, settings.PAGE_CACHE_BYTES, store)
    return application


@replicas.reading
def _depends(address) -> tuple[str | None, object]:
    """The key of what the page depends on, and the reading that Django can make it
    of, where it was read whole (hub/kept.py)."""
    found = kept.fingerprint(address[0], address[1])
    if found is None or isinstance(found, tuple):
        return found and key_of(found), None
    return key_of(found.said), found


def _is_keepable(status, headers) -> bool:
    named = dict(headers)
    return (
        int(status.split()[0]) == HTTPStatus.OK
        and named.get("Cache-Control") in (REVALIDATE, IMMUTABLE)
        and "ETag" in named
        and "Set-Cookie" not in named
    )


def _as_kept(page: Stored, key, depends: str | None) -> Kept:
    return Kept(
        key=key,
        depends=depends,
        headers=page.headers,
        not_modified=[(n, value) for n, value in page.headers if n in OF_A_304],
        body=page.body,
        etag=dict(page.headers)["ETag"],
        installed=page.installed,
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


def _count(version_id: int, environ) -> None:
    installs.count(
        version_id,
        client=client_of(environ),
        method=environ["REQUEST_METHOD"],
        headers={COUNTED[key]: environ[key] for key in COUNTED if key in environ},
    )
