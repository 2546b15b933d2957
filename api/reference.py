"""The endpoints as pages for people: docs/endpoints.md and the table of docs/api.md.

Made from the declarations that make the URLs and the OpenAPI document;
``manage.py write_docs`` writes them, a test holds them against the code.
"""

from pymdownx.slugs import slugify

from api.decorators import ENDPOINTS, Endpoint
from api.openapi import ALWAYS
from api.schemas import PARAMETERS, REFUSALS, schemas
from registry import errors
from registry.manifest import FIELDS

IDENTITY, EVERYONE, AUTHORS = "Keys and identity", "For everyone", "For authors"
IN_PATH = {
    "username": "The owner; may begin with `@`.",
    "slug": "The function's slug.",
    "version": "A version number, such as `1.2.0`.",
    "sha256": "SHA-256 of the file, 64 hexadecimal digits.",
    "id": "A draft's id, as push answers it.",
}
INTRODUCTION = """\
# Endpoints

<!-- Made by api/reference.py: python3 run.py manage write_docs -->

What each endpoint takes, answers and refuses. [API](api.md) tells what they have in
common: keys, JSON, lists, limits and caching. Machines read the same as an
[OpenAPI 3.1 document](/api/openapi.json).

A refusal looks as [errors](errors.md) says. Beside those listed, any endpoint may
answer {always}.
"""


def table() -> str:
    """The table of docs/api.md; each row leads to its endpoint in docs/endpoints.md."""
    rows = ["| endpoint | who | what |", "|---|---|---|"]
    for endpoint in _in_order():
        rows.append(
            f"| {endpoint.method} `/api{endpoint.path}` | {_who(endpoint)} "
            f"| [{endpoint.summary}](endpoints.md#{_anchor(endpoint.summary)}) |"
        )
    return "\n".join(rows)


def page() -> str:
    """docs/endpoints.md. Reads the database: bodies know the active categories."""
    known = schemas()
    always = ", ".join(_code(kind) for kind in _sorted(ALWAYS))
    parts = [INTRODUCTION.format(always=always)]
    group = ""
    for endpoint in _in_order():
        if _group(endpoint) != group:
            group = _group(endpoint)
            parts.append(f"## {group}\n")
        parts.append(_endpoint(endpoint, known))
    parts.append(
        "## Objects\n\nWhat the answers hold. Keys marked * are always there.\n"
    )
    parts += [_object(name, known[name]) for name in _answered(known)]
    return "\n".join(parts)


def _in_order() -> list[Endpoint]:
    groups = [IDENTITY, EVERYONE, AUTHORS]
    return sorted(ENDPOINTS, key=lambda e: (groups.index(_group(e)), e.method != "GET"))


def _group(endpoint: Endpoint) -> str:
    if endpoint.path.startswith(("/v1/cli/", "/auth/")):
        return IDENTITY
    return EVERYONE if endpoint.caller == "anyone" else AUTHORS


def _who(endpoint: Endpoint) -> str:
    return endpoint.caller + (f", `{endpoint.scope}`" if endpoint.scope else "")


def _anchor(heading: str) -> str:
    return slugify(case="lower")(heading, "-")


def _endpoint(endpoint: Endpoint, known: dict) -> str:
    parts = [
        f"### {endpoint.summary}\n",
        f"```text\n{endpoint.method} /api{endpoint.path}\n```\n",
        f"Who: {_who(endpoint)}.\n",
        _parameters(endpoint),
        _body(endpoint, known),
        _answers(endpoint),
    ]
    return "\n".join(part for part in parts if part)


def _parameters(endpoint: Endpoint) -> str:
    segments = endpoint.path.split("/")
    in_path = [s[1:-1] for s in segments if s.startswith("{")]
    rows = [f"| `{name}` | path | {IN_PATH[name]} |" for name in in_path]
    for name in endpoint.query:
        of_query = PARAMETERS[name]
        choices = _choices(of_query["schema"])
        about = of_query["description"]
        if choices and "`" not in about:
            about += f" {choices}."
        rows.append(f"| `{name}` | query | {about} |")
    if not rows:
        return ""
    return "\n".join(["| parameter | in | what |", "|---|---|---|", *rows, ""])


def _body(endpoint: Endpoint, known: dict) -> str:
    if not endpoint.body:
        return ""
    schema = known[endpoint.body]
    has_manifest = FIELDS.keys() <= schema["properties"].keys()
    own = {
        name: value
        for name, value in schema["properties"].items()
        if not has_manifest or name not in FIELDS
    }
    head = "The body is a JSON object"
    if has_manifest:
        head += " of the keys of [aerostack.json](manifest.md#fields) and these"
    return f"{head}:\n\n{_keys(own, schema)}\n"


def _answers(endpoint: Endpoint) -> str:
    rows = [
        f"| {status} | {f'[{name}](#{name.lower()})' if name else 'no body'} |"
        for status, name in endpoint.answers.items()
    ]
    kinds = {*endpoint.refusals} | ({errors.RateLimited} if endpoint.scope else set())
    by_status: dict[int, list[str]] = {}
    for kind in _sorted(kinds):
        by_status.setdefault(kind.status, []).append(_code(kind))
    rows += [
        f"| {status} | {', '.join(codes)} |" for status, codes in by_status.items()
    ]
    return "\n".join(["| status | answer |", "|---|---|", *rows, ""])


def _sorted(kinds) -> list[type[errors.RegistryError]]:
    return sorted(set(kinds), key=lambda kind: (kind.status, kind.code))


def _code(kind: type[errors.RegistryError]) -> str:
    return f"[`{kind.code}`](errors.md#{kind.code.lower()})"


def _answered(known: dict) -> list[str]:
    """Names of the schemas that answers are made of, the inner ones included."""
    names: list[str] = []
    waiting = [n for e in _in_order() for n in e.answers.values() if n]
    waiting += REFUSALS.values()
    while waiting:
        name = waiting.pop(0)
        if name not in names:
            names.append(name)
            waiting += _references(known[name])
    return sorted(names)


def _references(schema) -> list[str]:
    if isinstance(schema, list):
        return [name for item in schema for name in _references(item)]
    if not isinstance(schema, dict):
        return []
    own = [schema["$ref"].rpartition("/")[2]] if "$ref" in schema else []
    return own + [name for value in schema.values() for name in _references(value)]


def _object(name: str, schema: dict) -> str:
    return f"### {name}\n\n{_keys(schema['properties'], schema)}\n"


def _keys(properties: dict, schema: dict) -> str:
    always = set(schema.get("required", ()))
    rows = ["| key | type |", "|---|---|"]
    for name, value in properties.items():
        about = value.get("description", "")
        kind = _type(value) + (f". {about}" if about else "")
        rows.append(f"| `{name}`{' *' if name in always else ''} | {kind} |")
    return "\n".join(rows)


def _type(schema: dict) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if choices := _choices(schema):
        return choices
    kinds = schema.get("type", "object")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return " or ".join(_named(kind, schema) for kind in kinds)


def _named(kind: str, schema: dict) -> str:
    if kind == "array":
        return f"list of: {_type(schema['items'])}"
    if kind == "object" and "properties" in schema:
        return "object of " + ", ".join(f"`{name}`" for name in schema["properties"])
    if kind == "object" and "additionalProperties" in schema:
        return "object" if "description" in schema else "object of path to text"
    if kind == "string":
        return "date and time" if schema.get("format") == "date-time" else "text"
    return {"boolean": "true or false", "null": "null"}.get(kind, kind)


def _choices(schema: dict) -> str:
    return " or ".join(f"`{choice}`" for choice in schema.get("enum", ()))
