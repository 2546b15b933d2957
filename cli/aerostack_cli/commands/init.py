"""``functions init``: the files of a new function."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import click

from aerostack_cli.app import App, common_options, examples
from aerostack_cli.errors import Conflict, InvalidManifest
from aerostack_cli.manifest import CATEGORIES, FILE_NAME, check_manifest, slug_of
from aerostack_cli.plan import Plan, read_bytes, recover
from aerostack_cli.scripts import mixes_scripts

_SOURCE = """\
import {{ Hono }} from 'hono';

export const {route} = new Hono();

{route}.get('/', (c) => c.json({{ module: '{slug}', ok: true }}));
"""
_README = """\
# {slug}

{description}

## Use

```sh
aerostack functions install {slug}
```

It answers at `/api/{slug}`.
"""


@click.command(
    epilog=examples(
        "aerostack functions init\n"
        "aerostack functions init rate-limiter --category utility "
        '--description "Limits requests."'
    )
)
@click.argument("directory", type=click.Path(path_type=Path), default=".")
@click.option("--name", help="Name of the function; default: that of DIRECTORY.")
@click.option("--description", help="One sentence.")
@click.option("--category", help=f"One of: {', '.join(CATEGORIES)}.")
@click.option("--license", "license_id", help="SPDX identifier.")
@common_options
def init(app: App, directory, name, description, category, license_id):
    """Make the files of a new function.

    These are aerostack.json, index.ts and README.md in DIRECTORY. Asks for what is
    not given, when there is a terminal. What is written passes validation.
    """
    folder = directory.absolute()
    asked = name or _ask("Name", _default_name(folder))
    slug = slug_of(asked)
    sentence = f"What {slug} does."
    manifest = _manifest(
        slug,
        description or _ask("Description", sentence),
        category or _ask("Category", "utility", click.Choice(CATEGORIES)),
        license_id or _ask("License", "MIT"),
    )
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    if faults := check_manifest(manifest | {"name": asked}, text):
        raise InvalidManifest(
            "These answers make no valid aerostack.json; nothing was written.",
            fix="Run the command again with other answers.",
            details=[fault.message for fault in faults],
        )
    _write(folder, manifest, text)
    app.out.data({"directory": str(folder), "manifest": manifest})
    app.out.line(f"Made the function '{slug}' in {folder}", fg="green")
    app.out.note(f"Next: aerostack functions validate {directory}")


def _ask(question: str, default: str, kind=None) -> str:
    if not sys.stdin.isatty():
        return default
    return click.prompt(question, default=default, type=kind, err=True)


def _manifest(slug, description, category, license_id) -> dict:
    return {
        "name": slug,
        "version": "1.0.0",
        "description": description,
        "category": category,
        "language": "typescript",
        "runtime": "cloudflare-worker",
        "license": license_id,
        "tags": [],
        "entrypoint": "index.ts",
        "routePath": f"/api/{slug}",
        "routeExport": _route_name(slug),
        "npmDependencies": ["hono"],
        "envVars": [],
        "drizzleSchema": False,
    }


def _route_name(slug: str) -> str:
    """``image-resizer`` as ``imageResizerRoute``."""
    head, *tail = slug.split("-")
    name = head + "".join(word.capitalize() for word in tail) + "Route"
    return name if re.match(r"[a-z]", name) else f"_{name}"


def _default_name(folder: Path) -> str:
    """The folder's name as a slug; "" where the Hub would refuse the name."""
    name = folder.resolve().name
    return "" if mixes_scripts(name) else slug_of(name)


def _write(folder: Path, manifest: dict, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    recover(folder)
    words = {
        "slug": manifest["name"],
        "route": manifest["routeExport"],
        "description": manifest["description"],
    }
    contents = {
        FILE_NAME: text,
        "index.ts": _SOURCE.format(**words),
        "README.md": _README.format(**words),
    }
    present = [name for name in contents if read_bytes(folder / name) is not None]
    if present:
        raise Conflict(
            f"{folder} has {', '.join(present)} already; nothing was written.",
            fix="Choose another directory.",
        )
    plan = Plan(folder)
    for name, content in contents.items():
        plan.write(name, content.encode("utf-8", "replace"))
    plan.apply()
