"""How the API answers: JSON on every status, refusals in one shape per family."""

import json
import logging
import uuid

from django.http import HttpResponse

from core.http.public import make_public
from registry import errors

JSON = "application/json"
PRIVATE = "private, no-store"
CLI_PREFIX = "/api/v1/cli/"

log = logging.getLogger(__name__)


def answer(value: object, status: int = 200) -> HttpResponse:
    """``value`` as JSON, for the caller alone."""
    response = _as_json(value, status)
    response.headers["Cache-Control"] = PRIVATE
    return response


def public_answer(value: object, *args, **options) -> HttpResponse:
    """``value`` as JSON, the same for everyone. Arguments as of ``make_public``."""
    return make_public(_as_json(value, 200), *args, **options)


def _as_json(value: object, status: int) -> HttpResponse:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return HttpResponse(text, JSON, status)


def refusal(error: errors.RegistryError, path: str) -> HttpResponse:
    """A refusal in the shape that clients of ``path`` read: those of ``/api/v1/cli/``
    look for ``error.message``, all others print ``error`` as it is."""
    body = {"code": error.code, "message": error.message, "fix": error.fix}
    if path.startswith(CLI_PREFIX):
        body = {"error": body}
    else:
        body = {"error": error.message, **body}
        if error.field:
            body["field"] = error.field
        faults = error.faults or [error]
        if len(faults) > 1 or any(fault.extra for fault in faults):
            body["details"] = [fault.as_fault() for fault in faults]
    response = answer(body, error.status)
    if isinstance(error, errors.Unauthorized):
        response.headers["WWW-Authenticate"] = 'Bearer realm="Aerostack Hub"'
    if isinstance(error, errors.UnsupportedMediaType):
        response.headers["Accept-Encoding"] = "identity"  # RFC 9110, 12.5.3
    return response


def failure(path: str, *, log_exception: bool) -> HttpResponse:
    """A fault of ours: says nothing but the id under which it stands in the log."""
    request_id = uuid.uuid4().hex
    log.error(
        "Request %s to %s failed.", request_id, path, exc_info=log_exception or None
    )
    error = errors.Internal(
        f"Something went wrong on our side. The request id is {request_id}."
    )
    response = refusal(error, path)
    response.headers["X-Request-Id"] = request_id
    return response
