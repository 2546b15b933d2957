"""How the API answers: JSON on every status, refusals in one shape per family."""

import logging
import uuid

from django.http import HttpResponse

from registry import errors
from registry.shapes import JSON, as_json

PUBLIC = "public, no-cache"  # the same for everyone; sealed with an ETag on its way out
IMMUTABLE = "public, max-age=31536000, s-maxage=60, immutable"
PRIVATE = "private, no-store"
CLI_PREFIX = "/api/v1/cli/"

log = logging.getLogger(__name__)


def answer(value: object, status: int = 200, *, cache: str = PRIVATE) -> HttpResponse:
    """``value`` as JSON."""
    response = HttpResponse(as_json(value), JSON, status)
    response.headers["Cache-Control"] = cache
    return response


def refusal(error: errors.RegistryError, path: str) -> HttpResponse:
    """A refusal in the shape that clients of ``path`` read: those of ``/api/v1/cli/``
    look for ``error.message``, all others print ``error`` as it is."""
    said = {"code": error.code, "message": error.message, "fix": error.fix}
    if path.startswith(CLI_PREFIX):
        said = {"error": said}
    else:
        said = {"error": error.message, **said}
        if error.field:
            said["field"] = error.field
        faults = error.faults or [error]
        if len(faults) > 1 or any(fault.extra for fault in faults):
            said["details"] = [fault.as_fault() for fault in faults]
    response = answer(said, error.status)
    if isinstance(error, errors.Unauthorized):
        response.headers["WWW-Authenticate"] = 'Bearer realm="Aerostack Hub"'
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
