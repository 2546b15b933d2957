"""One decorator per endpoint: who may call it, what it takes, how it is documented.

An endpoint's view gets a request with ``account``, ``key`` and ``json`` set, and
returns a JSON-able value, a pair (status, value), or a response. Refusals become
JSON here and nowhere else. The same declarations make the URLs and the OpenAPI
document.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps

from django.db import InterfaceError, OperationalError
from django.http import HttpResponse

from accounts import keys
from accounts.models import Account
from accounts.quotas import Quota
from api.answers import PRIVATE, answer, failure, refusal
from api.body import read_object
from core.db import replicas
from core.http.limits import Limit, Usage, client_address, count
from registry import errors
from registry.publishing import quotas
from registry.publishing.claims import require_within

log = logging.getLogger(__name__)

WRITES = Limit("writes", 600, 60)
PROJECT_KEY_REFUSED = (
    "A project key can read and install, never publish. Use an account key (`ac_...`)."
)


@dataclass(frozen=True)
class Endpoint:
    """One method of one path, for the URLs and the OpenAPI document.

    path: with ``{name}`` parameters, below /api. caller: "anyone", "any key" or
    "account key". body and answers name schemas in api/schemas.py.
    """

    method: str
    path: str
    view: Callable
    summary: str
    caller: str = "anyone"
    scope: str = ""
    body: str = ""
    query: tuple[str, ...] = ()
    answers: Mapping[int, str] = field(default_factory=dict)
    refusals: tuple[type[errors.RegistryError], ...] = ()


ENDPOINTS: list[Endpoint] = []


def endpoint(
    method: str,
    path: str,
    *,
    summary: str,
    answers: Mapping[int, str],
    caller: str = "anyone",
    scope: str = "",
    body: str = "",
    query: tuple[str, ...] = (),
    limit: Limit | None = None,
    quota: Quota | None = None,
    refusals: tuple[type[errors.RegistryError], ...] = (),
):
    """Declare a view as the endpoint ``method path``; see Endpoint.

    limit: of requests, by account or address. quota: where anyone may call, it counts
    those who send an account key, instead of ``limit``.
    """
    limit = limit or (WRITES if scope else None)

    def decorate(view):
        if method == "GET" and caller == "anyone":
            view = replicas.reads_replica(view)

        @wraps(view)
        def wrapped(request, **kwargs):
            usage = None
            try:
                _let_in(request, caller, scope)
                usage = _count(request, limit, quota)
                request.json = read_object(request) if body else None
                made = view(request, **kwargs)
            except errors.RegistryError as error:
                made = refusal(error, request.path_info)
                if isinstance(error, errors.RateLimited):
                    usage = error.usage
            response = _as_response(made)
            for name, value in (usage.headers if usage else {}).items():
                response.headers[name] = value
            return response

        if method == "GET" and caller == "anyone":
            wrapped.query_keys = query  # see core/http/public.py
        ENDPOINTS.append(
            Endpoint(
                method,
                path,
                wrapped,
                summary,
                caller,
                scope,
                body,
                query,
                answers,
                refusals,
            )
        )
        return wrapped

    return decorate


def by_method(views: Mapping[str, Callable]) -> Callable:
    """One Django view for a path: the endpoint of the request's method, else 405."""
    allowed = sorted(views.keys() | ({"HEAD"} if "GET" in views else set()))

    def dispatch(request, **kwargs):
        method = "GET" if request.method == "HEAD" else request.method
        if method not in views:
            error = errors.MethodNotAllowed(
                f"{errors.shown(request.method)} is not a method of this address."
            )
            response = refusal(error, request.path_info)
            response.headers["Allow"] = ", ".join(allowed)
            return response
        try:
            response = views[method](request, **kwargs)
        except (OperationalError, InterfaceError):
            log.exception("The database did not answer.")
            error = errors.Unavailable("The database does not answer.")
            response = refusal(error, request.path_info)
        except Exception:
            response = failure(request.path_info, log_exception=True)
        return _without_body(response) if request.method == "HEAD" else response

    dispatch.query_keys = getattr(views.get("GET"), "query_keys", None)
    return dispatch


def _without_body(response: HttpResponse) -> HttpResponse:
    """A HEAD's answer. Public ones lose their body when they are sealed."""
    if response.headers["Cache-Control"] == PRIVATE:
        response.headers["Content-Length"] = str(len(response.content))
        response.content = b""
    return response


def require_within_key(request, slug: str) -> None:
    """Raise Forbidden when the key's function patterns leave ``slug`` out."""
    require_within(request.key.patterns, slug)


def _let_in(request, caller: str, scope: str) -> None:
    request.account = request.key = None
    if caller == "anyone":
        return
    try:
        key = keys.read_key(sent_key(request))
    except keys.InvalidKey:
        raise errors.Unauthorized from None
    request.key, request.account = key, key.account
    if caller == "account key" and not key.is_account_key:
        raise errors.Forbidden(PROJECT_KEY_REFUSED)
    require_scope(request, scope)


def require_scope(request, scope: str) -> None:
    """Raise Forbidden when the key lacks ``scope``; "" needs none."""
    if scope and scope not in request.key.scopes:
        raise errors.Forbidden(
            f"This key lacks the scope {scope}. Make an account key (`ac_...`) that "
            "has it."
        )


def sent_key(request) -> str:
    """The key in the headers, or "". Query and cookies are never looked at."""
    sent = request.headers.get("X-API-Key", "").strip()
    if sent:
        return sent
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _count(request, limit: Limit | None, quota: Quota | None) -> Usage | None:
    if quota and (account := caller_of(request)):
        return quotas.count(quota, account)
    if limit is None:
        return None
    who = request.account.username if request.account else client_address(request)
    usage = count(limit, who)
    errors.refuse_over(
        usage, f"More than {limit.count} requests in {limit.seconds} seconds."
    )
    return usage


def caller_of(request) -> Account | None:
    """Whose account key came along to an endpoint for anyone, if one did."""
    try:
        key = keys.read_key(sent_key(request))
    except keys.InvalidKey:
        return None
    return key.account if key.is_account_key else None


def _as_response(made: object) -> HttpResponse:
    if isinstance(made, HttpResponse):
        return made
    status, value = made if isinstance(made, tuple) else (200, made)
    return answer(value, status)
