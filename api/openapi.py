"""The OpenAPI 3.1 document, made from the declared endpoints and their schemas."""

import re

from django.conf import settings

from api.answers import public_answer
from api.decorators import ENDPOINTS, Endpoint
from api.schemas import PARAMETERS, REFUSALS, schemas
from registry import errors

# Any endpoint may answer these; each operation lists its own besides.
ALWAYS = (errors.MethodNotAllowed, errors.Internal, errors.Unavailable)


def openapi_json(request):
    return public_answer(document(), subjects=())


openapi_json.query_keys = ()


def document() -> dict:
    """The whole document; categories are those of this Hub, now."""
    paths: dict[str, dict] = {}
    for endpoint in ENDPOINTS:
        of_path = paths.setdefault("/api" + endpoint.path, {})
        of_path[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Aerostack Hub",
            "version": "1",
            "description": "Publish, find and install reusable functions.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": settings.HUB_URL}],
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(endpoint: Endpoint) -> dict:
    made = {
        "operationId": endpoint.view.__name__,
        "summary": endpoint.summary,
        "parameters": _parameters(endpoint),
        "responses": _answers(endpoint) | _refusals(endpoint),
    }
    if endpoint.caller != "anyone":
        made["security"] = [{"key": []}, {"bearer": []}]
    if endpoint.scope:
        made["description"] = f"Needs a key with the scope `{endpoint.scope}`."
    if endpoint.body:
        made["requestBody"] = {"required": True, "content": _json(endpoint.body)}
    return made


def _parameters(endpoint: Endpoint) -> list[dict]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", endpoint.path)
    ]
    in_query = [
        {"name": name, "in": "query", **PARAMETERS[name]} for name in endpoint.query
    ]
    return in_path + in_query


def _answers(endpoint: Endpoint) -> dict:
    return {
        str(status): {"description": name or "Done."}
        | ({"content": _json(name)} if name else {})
        for status, name in endpoint.answers.items()
    }


def _refusals(endpoint: Endpoint) -> dict:
    kinds = {*endpoint.refusals, *ALWAYS}
    if endpoint.scope:
        kinds.add(errors.RateLimited)
    by_status: dict[int, set[str]] = {}
    for kind in kinds:
        by_status.setdefault(kind.status, set()).add(kind.code)
    family = REFUSALS["cli" if endpoint.path.startswith("/v1/cli/") else "community"]
    return {
        str(status): {"description": ", ".join(sorted(codes)), "content": _json(family)}
        for status, codes in sorted(by_status.items())
    }


def _json(schema: str) -> dict:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
