"""Public answers kept as ready bytes, given before Django is asked.

Wraps the WSGI application. An answer that was public and sealed (hub/http.py) is kept
per address and encoding, with the version key it was made under; while that key holds
(core/cache/freshness.py), the same bytes, or a 304, go out at once. The key is read
before the page is made: a write in between makes the kept page stale, never wrong.

Hot pages outlive a write that is none of theirs, and the process: as long as all they
depend on is as it was (hub/kept.py), they are given from memory or from a file
(hub/kept_store.py). Those that have to be made are drawn here, of what was read, once
Django has made one of their kind and so said with which headers.
"""

import logging
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from http import HTTPStatus

from django.conf import settings

from core.cache import freshness
from core.db import replicas
from core.http.limits import client_of
from hub import kept
from hub.http import (
    IMMUTABLE,
    REVALIDATE,
    accepts_gzip,
    etag_of,
    is_worth_packing,
    packed,
)
from hub.kept_store import PageStore, Stored, key_of, release
from registry.installs import counting

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
        # What Django says of a page of a kind, by whether it is packed.
        self._headers: dict[tuple[kept.Kind, bool], list[tuple[str, str]]] = {}
        self._lock = threading.Lock()
        self._hosts = frozenset(h for h in settings.ALLOWED_HOSTS if h != "*")

    def keeping_nothing(self) -> "FastPath":
        """One in front of the same application, with no page in it."""
        return FastPath(self._application, 0)

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
        asked, depends, reading = kept.asked(address[0], address[1]), None, None
        if asked and self._is_to_be_compared(asked, page, address):
            depends, reading = _depends(asked)
            page = self._still_right(page, address, key, depends)
            if page is not None:
                return self._give(page, address, environ, start_response)
        if environ["REQUEST_METHOD"] == "HEAD":
            return self._application(environ, start_response)
        if asked and asked.kind.read and not reading:
            depends, reading = _read(asked)
        page = self._made_early(asked, address[2], key, depends, reading)
        if page is not None:
            self._keep_everywhere(address, page)
            return self._give(page, address, environ, start_response)
        given = (depends, reading)
        return self._make(asked, address, key, given, environ, start_response)

    def _is_to_be_compared(self, asked: kept.Asked, page: Kept | None, address) -> bool:
        """Whether there is a page that may still be right. (Where only the whole
        reading tells, it is needed either way.)"""
        if asked.kind.is_quick:
            return False
        if asked.kind.read is None or page is not None:
            return True
        return self._store is not None and self._store.has(address)

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

    def _made_early(self, asked, wants_gzip, key, depends, reading) -> Kept | None:
        """The page made of ``reading``, with the headers that Django gave to another
        page of its kind; None where Django must make it."""
        page = reading.page() if hasattr(reading, "page") else None
        if page is None:
            return None
        content = page.content
        is_packed = wants_gzip and is_worth_packing(content, page.content_type)
        headers = self._headers.get((asked.kind, is_packed))
        if headers is None:
            return None
        body = packed(content) if is_packed else content
        own = {"ETag": etag_of(body), "Content-Length": str(len(body))}
        named = [(name, own.get(name, value)) for name, value in headers]
        return _as_kept(Stored(named, body, page.installed), key, depends)

    def _make(self, asked, address, key, given, environ, start_response):
        """Ask Django for the whole page, keep it, and give it or a 304."""
        depends, reading = given
        passed = environ.copy()
        if passed.pop("HTTP_IF_NONE_MATCH", None):
            passed[CONDITIONAL] = True
        if address[2]:
            passed["HTTP_ACCEPT_ENCODING"] = "gzip"
        if reading:
            passed[READ] = reading
        said = []
        answer = self._application(passed, lambda *given: said.append(given))
        try:
            body = b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        status, headers = said[-1][:2]
        if not _is_keepable(status, headers):
            start_response(status, headers)
            return [body]
        if asked:
            is_packed = ("Content-Encoding", "gzip") in headers
            self._headers[asked.kind, is_packed] = headers
        made = Stored(headers, body, passed.get(INSTALLED))
        if not reading or READ in passed:  # else it was made of that very thing
            depends = self._settled(asked, key, depends)
        page = _as_kept(made, key, depends)
        self._keep_everywhere(address, page)
        if _matches(environ.get("HTTP_IF_NONE_MATCH"), page.etag):
            start_response("304 Not Modified", page.not_modified)
            return []
        start_response(status, _for_proxy(headers, environ))
        return [body]

    @staticmethod
    def _settled(asked, key, depends: str | None) -> str | None:
        """``depends``, if that and ``key`` stayed so while the page was made: else a
        part of the page may be older, and a part newer. (The key tells what was
        changed and changed back.)"""
        if depends is None or _depends(asked)[0] != depends:
            return None
        return depends if freshness.key() == key else None

    def _keep_everywhere(self, address, page: Kept) -> None:
        self._keep(address, page)
        if self._store and page.depends:
            made = Stored(page.headers, page.body, page.installed)
            self._store.put(address, page.depends, made)

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


def in_front_of(application) -> FastPath:
    """``application`` with the pages kept that the settings give room to."""
    store = None
    if settings.PAGE_STORE_BYTES and not settings.DEBUG:  # templates change under it
        try:
            store = PageStore(settings.DATA_DIR / "pages", settings.PAGE_STORE_BYTES)
            release()  # now, before an upgrade changes files under this process
        except OSError as error:
            log.warning("No page is kept on disk: %s", error)
    return FastPath(application, settings.PAGE_CACHE_BYTES, store)


@replicas.reads_replica
def _depends(asked: kept.Asked) -> tuple[str | None, kept.Reading | None]:
    """The key of what the page depends on, and the reading that the page can be made
    of, where it was read whole (hub/kept.py)."""
    found = asked.fingerprint()
    if found is None or isinstance(found, tuple):
        return found and key_of(found), None
    return found.said and key_of(found.said), found


@replicas.reads_replica
def _read(asked: kept.Asked) -> tuple[str | None, kept.Reading | None]:
    """The same, of all that the page is made of."""
    found = asked.read()
    if found is None or asked.kind.is_quick:
        return None, found
    return found.said and key_of(found.said), found


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
    counting.count(
        version_id,
        client=client_of(environ),
        method=environ["REQUEST_METHOD"],
        headers={COUNTED[key]: environ[key] for key in COUNTED if key in environ},
    )
