"""The table of aerostack.json's keys, and what is generated from it."""

import re
from collections.abc import Collection

from registry import semver
from registry.manifest.npm import DEPENDENCY
from registry.manifest.readers import (
    ENV_VAR,
    IDENTIFIER,
    LANGUAGES,
    MAX_DESCRIPTION_CHARACTERS,
    MAX_ENTRIES,
    MAX_NAME_CHARACTERS,
    MAX_TAGS,
    ROUTE,
    RUNTIMES,
    Field,
    list_of,
    one_of,
    read_category,
    read_dependency,
    read_description,
    read_entrypoint,
    read_env_var,
    read_flag,
    read_license,
    read_name,
    read_route_export,
    read_route_path,
    read_tag,
    read_version,
)


def _text(**rules) -> dict:
    return {"type": "string", **rules}


def _texts(most: int, **rules) -> dict:
    return {"type": "array", "maxItems": most, "items": _text(**rules)}


def _ecma(pattern: re.Pattern) -> str:
    return "^" + pattern.pattern.removesuffix(r"\Z") + "$"


FIELDS = {
    f.name: f
    for f in [
        Field(
            "name",
            str,
            "The function's name. Lower-cased and hyphenated it is the slug in the "
            "Hub's address, 2 to 58 characters.",
            read_name,
            _text(minLength=2, maxLength=MAX_NAME_CHARACTERS),
            required=True,
        ),
        Field(
            "version",
            str,
            "SemVer 2.0.0, at most 64 characters. Build metadata makes no new version.",
            read_version,
            _text(maxLength=semver.MAX_VERSION_CHARACTERS),
            required=True,
            default="1.0.0",
        ),
        Field(
            "description",
            str,
            "One paragraph for search results, at most 300 characters. Publishing "
            "needs it.",
            read_description,
            _text(maxLength=MAX_DESCRIPTION_CHARACTERS),
            required=True,
            default="",
        ),
        Field(
            "category",
            str,
            "One of the Hub's categories, in lower case.",
            read_category,
            _text(),
            required=True,
            listing=True,
        ),
        Field(
            "language",
            str,
            "typescript or javascript.",
            one_of("language", LANGUAGES),
            _text(enum=list(LANGUAGES)),
            required=True,
            default="typescript",
        ),
        Field(
            "runtime",
            str,
            "Where it runs: cloudflare-worker, node, bun, deno or any.",
            one_of("runtime", RUNTIMES),
            _text(enum=list(RUNTIMES)),
            required=True,
            default="cloudflare-worker",
        ),
        Field(
            "license",
            str,
            "An SPDX expression. Without one the page says that none is stated.",
            read_license,
            _text(maxLength=200),
            required=True,
            default="",
        ),
        Field(
            "entrypoint",
            str,
            "Relative path of the main source file, one of those sent.",
            read_entrypoint,
            _text(maxLength=155),
            required=True,
            default="",
        ),
        Field(
            "tags",
            list,
            "Search keywords, at most 10; made lower-case.",
            list_of("tags", MAX_TAGS, read_tag),
            _texts(MAX_TAGS, maxLength=30),
            default=[],
            listing=True,
        ),
        Field(
            "routePath",
            str,
            "Default HTTP route once installed, such as /api/image-resize.",
            read_route_path,
            _text(pattern=_ecma(ROUTE), maxLength=200),
            default="",
        ),
        Field(
            "routeExport",
            str,
            "The name under which the entrypoint or adapter exports its route.",
            read_route_export,
            _text(pattern=_ecma(IDENTIFIER)),
            default="",
        ),
        Field(
            "npmDependencies",
            list,
            "npm packages the consumer installs: name or name@range.",
            list_of("npmDependencies", MAX_ENTRIES, read_dependency),
            _texts(MAX_ENTRIES, pattern=_ecma(DEPENDENCY)),
            default=[],
        ),
        Field(
            "envVars",
            list,
            "Environment variables and bindings the consumer sets.",
            list_of("envVars", MAX_ENTRIES, read_env_var),
            _texts(MAX_ENTRIES, pattern=_ecma(ENV_VAR)),
            default=[],
        ),
        Field(
            "drizzleSchema",
            bool,
            "true when schema.ts exports Drizzle tables.",
            read_flag,
            {"type": "boolean"},
            default=False,
        ),
    ]
}
# Fields that can't be changed without a new version.
FROZEN = tuple(name for name, known in FIELDS.items() if not known.listing)


def json_schema(categories: Collection[str], schema_id: str = "") -> dict:
    """aerostack.json as JSON Schema 2020-12, for editors and the API's document."""
    properties = {
        name: {**known.schema, "description": known.about}
        for name, known in FIELDS.items()
    }
    properties["category"]["enum"] = list(categories)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    if schema_id:
        head["$id"] = schema_id
    return head | {
        "title": "aerostack.json",
        "type": "object",
        "required": [
            f.name for f in FIELDS.values() if f.required and f.default is None
        ],
        "properties": properties,
    }


def documentation() -> str:
    """The table of docs/manifest.md."""
    rows = ["| field | type | required | what |", "|---|---|---|---|"]
    kinds = {str: "string", list: "string[]", bool: "boolean"}
    for known in FIELDS.values():
        required = "yes" if known.required else "no"
        if known.default:
            required += f" (push: `{known.default}`)"
        rows.append(
            f"| `{known.name}` | {kinds[known.type]} | {required} | {known.about} |"
        )
    return "\n".join(rows)
