"""HTTP client for a Hub.

An answer is read within limits of size and time and returned as one JSON object;
anything else raises a CliError. Reads are retried. A write is retried only if the Hub
cannot have acted on it.
"""

from __future__ import annotations

import json
import random
import threading
import time
from urllib.parse import urljoin, urlsplit

from aerostack_cli import __version__
from aerostack_cli.config import is_loopback
from aerostack_cli.errors import (
    HubRefusal,
    NetworkError,
    OutcomeUnknown,
    UntrustedAnswer,
)

# A version has at most 2 MiB of text, up to 12 MiB as JSON.
MAX_ANSWER_BYTES = 16 * 1024 * 1024
MAX_ANSWER_SECONDS = 120
TIMEOUT_SECONDS = 30
CONNECT_TIMEOUT_SECONDS = 10
MAX_REDIRECTS = 5
ATTEMPTS = 4
ATTEMPT_SECONDS = 0.5  # before the second attempt; doubles each time
MAX_RETRY_AFTER_SECONDS = 60

# From a proxy that lost the Hub's answer: a write may have been done.
_GATEWAY_STATUSES = {502, 504}
# The Hub refused before doing anything.
_BUSY_STATUSES = {429, 503}
_REDIRECTS = {301, 302, 303, 307, 308}


class Client:
    """A client of one Hub.

    base_url: as config.hub_address returns it.
    key: sent to that Hub alone, never along a redirect to another host.
    allow_http: follow redirects to plain http on other machines.
    """

    def __init__(self, base_url, *, key=None, allow_http=False):
        self.base_url = base_url
        self.key = key
        self.allow_http = allow_http
        self._sessions: dict[str, object] = {}
        self._lock = threading.Lock()  # ``request`` is called from several threads

    def request(self, method, path, *, params=None, body=None, repeatable=True) -> dict:
        """Send a request; return the JSON object of the answer, ``{}`` for 204.

        path: below the base URL, quoted.
        body: an object, sent as JSON.
        repeatable: sending the request twice does no harm.

        Raises HubRefusal, NetworkError, OutcomeUnknown (the answer to a request that is
        not repeatable was lost), UntrustedAnswer.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._once(method, path, params, body)
            except _Retry as retry:
                if retry.may_be_done and not repeatable:
                    raise OutcomeUnknown(
                        f"{retry.reason} after the request was sent, so it is not "
                        "known whether the Hub acted on it."
                    ) from retry
                wait = retry.wait_seconds(attempt)
                if attempt == ATTEMPTS or wait > MAX_RETRY_AFTER_SECONDS:
                    raise retry.final() from retry
                time.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        for session in self._sessions.values():
            session.close()

    def _once(self, method, path, params, body) -> dict:
        import httpx2

        url = self.base_url + path
        for _ in range(MAX_REDIRECTS + 1):
            try:
                response, content = self._send(method, url, params, body)
            except httpx2.InvalidURL as error:
                raise UntrustedAnswer(
                    f"{url} is no address, or redirects to none ({error})."
                ) from error
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                raise _Retry(f"{self.base_url} cannot be reached ({error})") from error
            except httpx2.DecodingError as error:
                raise UntrustedAnswer(
                    f"{self.base_url} sent a compressed answer that is damaged."
                ) from error
            except httpx2.TransportError as error:
                reason = str(error) or type(error).__name__
                raise _Retry(
                    f"The connection to {self.base_url} broke ({reason})",
                    may_be_done=True,
                ) from error
            if response.status_code not in _REDIRECTS:
                return _read_answer(response, content, self.base_url)
            url, params = self._redirect_target(method, response), None
        raise NetworkError(f"{self.base_url} redirects without end.")

    def _send(self, method, url, params, body):
        headers = {}
        if self.key and _origin(url) == _origin(self.base_url):
            headers["X-API-Key"] = self.key
        session = self._session(urlsplit(url).scheme)
        extra = {} if body is None else {"json": body}
        started = time.monotonic()
        with session.stream(
            method, url, params=params, headers=headers, **extra
        ) as response:
            return response, _read_body(response, started, self.base_url)

    def _session(self, scheme: str):
        """One pool per scheme, because loading certificates takes longer than most
        commands and plain http doesn't need them."""
        with self._lock:
            if scheme not in self._sessions:
                self._sessions[scheme] = _new_session(verify=scheme == "https")
            return self._sessions[scheme]

    def _redirect_target(self, method, response) -> str:
        """The address of a redirect.

        Writes are never redirected: a redirected POST becomes a GET, whose page would
        look like success.
        """
        here = str(response.url)
        target = urljoin(here, response.headers.get("location", ""))
        if method != "GET":
            raise NetworkError(
                f"{self.base_url} redirects to {target}; nothing was sent there.",
                fix="Give the Hub's own address with --hub or AEROSTACK_API_URL.",
            )
        if not self._may_follow(urlsplit(here), urlsplit(target)):
            raise UntrustedAnswer(f"{here} redirects to {target}, which is not safe.")
        return target

    def _may_follow(self, here, target) -> bool:
        """Whether a redirect is safe: not from elsewhere to this machine, and not from
        https to http."""
        if is_loopback(target.hostname):
            return is_loopback(here.hostname) and target.scheme in ("http", "https")
        stays_plain = self.allow_http and here.scheme == "http"
        return target.scheme == "https" or (target.scheme == "http" and stays_plain)


def _new_session(*, verify: bool):
    import httpx2

    return httpx2.Client(
        headers={
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": f"aerostack/{__version__}",
        },
        timeout=httpx2.Timeout(TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS),
        follow_redirects=False,
        verify=verify,
    )


class _Retry(Exception):
    """One attempt failed; another may succeed."""

    def __init__(self, reason, *, may_be_done=False, refusal=None, retry_after=None):
        super().__init__(reason)
        self.reason = reason
        self.may_be_done = may_be_done
        self.refusal = refusal
        self.retry_after = retry_after

    def wait_seconds(self, attempt: int) -> float:
        backoff = ATTEMPT_SECONDS * 2 ** (attempt - 1) * random.uniform(0.8, 1.2)
        return backoff if self.retry_after is None else self.retry_after

    def final(self) -> Exception:
        """The error to raise after the last attempt, with the Hub's message if it sent
        one."""
        if self.refusal is None:
            return NetworkError(f"{self.reason}.")
        error = NetworkError(
            self.refusal.message,
            code=self.refusal.code,
            fix=self.refusal.fix or NetworkError.fix,
            details=self.refusal.details,
        )
        if self.retry_after:
            error.fix = f"Wait {self.retry_after:.0f} seconds, then try again."
        return error


def _origin(url: str) -> tuple:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _read_body(response, started: float, base_url: str) -> bytes:
    """The decoded body. The limits hold whatever the headers say."""
    content = bytearray()
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > MAX_ANSWER_BYTES:
            raise UntrustedAnswer(
                f"{base_url} sent more than {MAX_ANSWER_BYTES // 2**20} MiB; "
                "the rest was not read."
            )
        if time.monotonic() - started > MAX_ANSWER_SECONDS:
            raise NetworkError(
                f"{base_url} was still sending after {MAX_ANSWER_SECONDS} seconds."
            )
    return bytes(content)


def _read_answer(response, content: bytes, base_url: str) -> dict:
    status = response.status_code
    if status == 204:
        return {}
    answer = _json_object(content)
    is_page = answer is None and status in (404, 405)
    if status >= 400 and not is_page:
        _raise_refusal(status, answer, response, base_url)
    if answer is None or status >= 300:
        kind = response.headers.get("content-type", "no content type").split(";")[0]
        raise UntrustedAnswer(
            f"{base_url} does not answer like a Hub (HTTP {status}, {kind}).",
            code="NOT_A_HUB",
            fix="Check the address given with --hub or AEROSTACK_API_URL.",
        )
    return answer


def _json_object(content: bytes) -> dict | None:
    try:
        answer = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _raise_refusal(status, answer, response, base_url) -> None:
    refusal = _refusal(status, answer, base_url)
    read_only = refusal.code == "READ_ONLY"
    if status in _GATEWAY_STATUSES or (status in _BUSY_STATUSES and not read_only):
        raise _Retry(
            refusal.message.rstrip("."),
            may_be_done=status in _GATEWAY_STATUSES,
            refusal=refusal,
            retry_after=_retry_after(response),
        )
    if status >= 500 and not read_only:
        raise NetworkError(
            refusal.message,
            code=refusal.code,
            fix=refusal.fix or "The fault is the Hub's; try again later.",
        )
    raise refusal


def _refusal(status: int, answer: dict | None, base_url: str) -> HubRefusal:
    """The refusal in an answer, from either of the Hub's two envelopes: ``{"error":
    text, "code", "fix"}`` and ``{"error": {"message", "code", "fix"}}``."""
    inner = (answer or {}).get("error")
    envelope = inner if isinstance(inner, dict) else answer or {}
    message = envelope.get("message") or envelope.get("error")
    if not isinstance(message, str):
        message = f"{base_url} answered HTTP {status} without saying why."
    code, fix = envelope.get("code"), envelope.get("fix")
    details = envelope.get("details")
    return HubRefusal(
        message,
        status=status,
        code=code if isinstance(code, str) else f"HTTP_{status}",
        fix=fix if isinstance(fix, str) else "",
        details=_further_details(details, message),
    )


def _further_details(details: object, message: str) -> list:
    """``details`` without the fault that ``message`` already states."""
    if not isinstance(details, list):
        return []
    sentences = [d.get("message") if isinstance(d, dict) else d for d in details]
    return [d for d, said in zip(details, sentences, strict=True) if said != message]


def _retry_after(response) -> float | None:
    value = response.headers.get("retry-after", "")
    return float(value) if value.isdecimal() and len(value) < 8 else None
