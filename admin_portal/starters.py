"""Starter files of a new function."""

from django.db import transaction

from registry import publishing
from registry.models import Draft

ROUTE = """\
import {{ Hono }} from 'hono';

export const {export} = new Hono();

{export}.get('/', (c) => c.json({{ ok: true }}));
"""
UTILITY = """\
/** Says hello to `name`. */
export function greet(name: string): string {
  return `Hello, ${name}!`;
}
"""
README = """\
# {name}

{description}

## Usage

Say what it needs, and show one call.
"""


@transaction.atomic
def start(chosen: dict, *, by, via: str) -> Draft:
    """Make a draft of a new function with starter files.

    chosen: the cleaned data of NewFunctionForm. Raises as ``new_draft`` and
    ``save_draft``; then nothing was written.
    """
    draft = publishing.new_draft(chosen["name"], by=by, via=via)
    body = _body(draft, chosen)
    return publishing.save_draft(draft, body, by=by, via=via, whole=True).draft


def _body(draft: Draft, chosen: dict) -> dict:
    name = chosen["name"].strip()
    is_route = chosen["starter"] == "route"
    export = f"{_camel(draft.function.slug)}Route"
    manifest = draft.manifest | {
        "description": chosen["description"],
        "category": chosen["category"],
        "license": chosen["license"],
        "entrypoint": "index.ts",
    }
    if is_route:
        manifest |= {
            "routePath": f"/api/{draft.function.slug}",
            "routeExport": export,
            "npmDependencies": ["hono"],
        }
    code = ROUTE.format(export=export) if is_route else UTILITY
    readme = README.format(name=name, description=chosen["description"] or "…")
    return {
        "config_schema": manifest,
        "files": {"index.ts": code},
        "readme": draft.readme or readme,
    }


def _camel(slug: str) -> str:
    first, *rest = slug.split("-")
    joined = first + "".join(word.capitalize() for word in rest)
    return joined if joined[0].isalpha() else f"fn{joined}"
