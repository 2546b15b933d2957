"""Reporting a function to the Hub's staff."""

from api.decorators import caller_of, endpoint
from core.http.limits import client_address
from registry import errors, moderation
from registry.catalog import functions
from registry.moderation.reports import REPORTS

BODY = (errors.InvalidJson, errors.PayloadTooLarge, errors.UnsupportedMediaType)


@endpoint(
    "POST",
    "/community/reports",
    summary="Report a function to the Hub's staff",
    body="Report",
    answers={202: "Reported"},
    limit=REPORTS,
    refusals=(
        errors.NotFound,
        errors.ValidationError,
        errors.RateLimited,
        errors.ReadOnly,
        *BODY,
    ),
)
def report_function(request):
    sent = {
        name: _text(request.json, name)
        for name in ("function", "reason", "text", "version")
    }
    username, _, slug = sent.pop("function").removeprefix("@").partition("/")
    if not username or not slug:
        raise errors.ValidationError("function is not username/slug.", field="function")
    made = moderation.report(
        functions.find_function(slug, username=username),
        by=caller_of(request),
        source=client_address(request),
        via="api",
        **sent,
    )
    return 202, {"id": str(made.pk)}


def _text(body: dict, name: str) -> str:
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise errors.ValidationError(f"{name} is not text.", field=name)
    return value
