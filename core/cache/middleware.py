"""The one cache: public answers as ready bytes, in the memory of each process.

An answer enters it only where its view declared it public, under the one address that
public pages have (core/http/public.py). It is given again as long as the version of its
subjects is the one it was made under (core/cache/versions.py).
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.response import ResponseHeaders
from django.utils.cache import get_conditional_response

from core.cache import versions
from core.http.limits import client_address
from core.http.public import (
    REVALIDATE,
    accepts_gzip,
    depends_on_who_asks,
    etag_of,
    make_one_address,
    pack,
)

MAX_ADDRESS_CHARACTERS = 600  # of a path and query whose answer is kept
CONDITIONS = {
    "HTTP_IF_MATCH": "If-Match",
    "HTTP_IF_MODIFIED_SINCE": "If-Modified-Since",
    "HTTP_IF_NONE_MATCH": "If-None-Match",
    "HTTP_IF_UNMODIFIED_SINCE": "If-Unmodified-Since",
}
NOT_MODIFIED_HEADERS = ("cache-control", "etag", "vary")  # RFC 9110, 15.4.5
ENTRY_BYTES = 3_000  # of memory for an answer's address and headers, about
# What ``on_send`` gets: reading all headers takes longer than sending the answer.
SENT_HEADERS = CONDITIONS | {"HTTP_RANGE": "Range", "HTTP_USER_AGENT": "User-Agent"}

Address = tuple[str, str, str, bool]  # host, path, query, whether gzip is accepted


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """A 200 as it was made: its headers, and its body as it is sent."""

    version: versions.Version
    subjects: Sequence[str]
    on_send: Callable[..., None] | None
    headers: ResponseHeaders
    body: bytes

    @property
    def size(self) -> int:
        """Bytes of memory, about."""
        return len(self.body) + ENTRY_BYTES

    def is_right(self) -> bool:
        """Whether nothing that it depends on has changed since."""
        return versions.current(self.subjects) == self.version

    def response(self) -> HttpResponse:
        response = HttpResponse(self.body)
        response.headers = CheckedHeaders(self.headers)
        return response


class CheckedHeaders(ResponseHeaders):
    """A copy of headers that Django has checked, or of those called ``names``. Setting
    each anew would check it again, which takes a tenth of the time of an answer from
    memory."""

    def __init__(self, headers: ResponseHeaders, names: Sequence[str] = ()):
        store = headers._store
        self._store = {name: store[name] for name in names or store}


class PageCacheMiddleware:
    """Seals public answers, keeps them, and gives them again.

    Stands behind SecurityMiddleware, so that plain HTTP is redirected before it, and
    before all that costs something, so that an answer in memory costs nothing else.
    """

    def __init__(self, get_response):
        self.get_response = get_response
        # While templates are being edited, nothing is kept.
        self.answers = AnswerStore(0 if settings.DEBUG else settings.PAGE_CACHE_BYTES)

    def __call__(self, request):
        address = _address(request)
        answer, response = self.answers.get(address) if address else None, None
        if answer is None or not answer.is_right():
            answer, response = self._make(request, address)
        return _send(request, answer, response) if answer else response

    def _make(self, request, address: Address | None):
        """The view's response, sealed and kept if it is public; and as CachedAnswer."""
        before = versions.current([versions.ANYTHING])
        response = self.get_response(request)
        public = getattr(response, "public", None)
        if public is None:
            # Also a 404 or 405: a shared cache may keep those that don't say.
            response.headers.setdefault("Cache-Control", "private, no-store")
            return None, response
        if depends_on_who_asks(response):
            response.headers["Cache-Control"] = "private, no-store"
            return None, response
        response.headers["Vary"] = "Accept-Encoding"
        if accepts_gzip(request.headers.get("Accept-Encoding", "")):
            pack(response)
        response.headers["Content-Length"] = str(len(response.content))
        if response.status_code != 200:
            return None, _without_body(request, response)
        response.headers["ETag"] = etag_of(response.content)
        answer = CachedAnswer(
            version=versions.current(public.subjects),
            subjects=public.subjects,
            on_send=public.on_send,
            headers=CheckedHeaders(response.headers),
            body=response.content,
        )
        # A write while the page was made may be in a part of it only.
        is_kept = address and public.is_kept
        if is_kept and versions.current([versions.ANYTHING]) == before:
            self.answers.put(address, answer)
        return answer, response


class AnswerStore:
    """Answers by address, the least recently used dropped first. Thread-safe.

    max_bytes: of all answers; one that takes more than an eighth of it is not kept.
    """

    def __init__(self, max_bytes: int):
        self.max_bytes = max_bytes
        self._answers: OrderedDict[Address, CachedAnswer] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, address: Address) -> CachedAnswer | None:
        with self._lock:
            answer = self._answers.get(address)
            if answer is not None:
                self._answers.move_to_end(address)
            return answer

    def put(self, address: Address, answer: CachedAnswer) -> None:
        if answer.size > self.max_bytes // 8:
            return
        with self._lock:
            before = self._answers.pop(address, None)
            self._bytes += answer.size - (before.size if before else 0)
            self._answers[address] = answer
            while self._bytes > self.max_bytes:
                _, oldest = self._answers.popitem(last=False)
                self._bytes -= oldest.size

    def __len__(self) -> int:
        return len(self._answers)


def _address(request: HttpRequest) -> Address | None:
    """What an answer is kept under; None for a request whose answer never is."""
    if request.method not in ("GET", "HEAD"):
        return None
    if len(request.path) > MAX_ADDRESS_CHARACTERS:
        return None
    try:
        host = make_one_address(request, request.get_host())
    except DisallowedHost:
        return None  # the view's own middleware refuses it, in its own format
    query = request.META.get("QUERY_STRING", "")
    if host is None or len(request.path) + len(query) > MAX_ADDRESS_CHARACTERS:
        return None
    encoding = request.META.get("HTTP_ACCEPT_ENCODING", "")
    return host, request.path, query, accepts_gzip(encoding)


def _send(request: HttpRequest, answer: CachedAnswer, response: HttpResponse | None):
    """What this request gets of ``answer``: all of it, 304, 412, or not its body.

    response: the one that ``answer`` was just made of; None for an answer from memory.
    """
    meta = request.META
    if any(condition in meta for condition in CONDITIONS):
        instead = get_conditional_response(request, answer.headers["ETag"])
        if instead:
            if instead.status_code == 304:
                instead.headers = CheckedHeaders(answer.headers, NOT_MODIFIED_HEADERS)
            return instead
    if response is None:
        response = answer.response()
    if "HTTP_X_FORWARDED_FOR" in meta and response["Cache-Control"] == REVALIDATE:
        # nginx may keep it to the end of this second. It counts whole seconds, so that
        # "one second" could be nearly two.
        response.headers["X-Accel-Expires"] = f"@{int(time.time())}"
    if answer.on_send:
        headers = {SENT_HEADERS[key]: meta[key] for key in SENT_HEADERS if key in meta}
        client = client_address(request)
        answer.on_send(client=client, method=request.method, headers=headers)
    return _without_body(request, response)


def _without_body(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if request.method == "HEAD":
        length = response.headers.get("Content-Length", "0")
        response.content = b""
        response.headers["Content-Length"] = length
    return response
