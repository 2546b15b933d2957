"""Published functions in the format of shadcn registries, so that ``npx shadcn add``
copies them. Source: https://ui.shadcn.com/docs/registry/registry-item-json."""

from collections.abc import Iterable

from django.conf import settings

from registry.installs.layout import files_to_install
from registry.installs.steps import steps_of
from registry.models import Function, Version

SCHEMAS = "https://ui.shadcn.com/schema"
MAX_LISTED = 1000  # functions in /r/registry.json, the most installed first


def item(version: Version) -> dict:
    """``version`` as a registry item with its files.

    Every file names its own target, so that the project needs no components.json.
    ``~/`` is the project's root, whether or not its code is under src/.
    """
    function, manifest = version.function, version.manifest
    made = {
        "$schema": f"{SCHEMAS}/registry-item.json",
        "name": function.slug,
        "type": "registry:item",
        "title": manifest["name"],
        "description": manifest["description"],
        "author": f"{function.owner.username} <{settings.HUB_URL}{function.url}>",
        "dependencies": manifest["npmDependencies"],
        "files": [
            {
                "path": f"services/{function.slug}/{file.path}",
                "type": "registry:file",
                "target": f"~/services/{function.slug}/{file.path}",
                "content": file.content,
            }
            for file in files_to_install(version, flat=True)
        ],
        "docs": _docs(version),
        "categories": [function.category.slug],
        "meta": {
            "version": version.number,
            "license": manifest["license"],
            "integrity": version.integrity,
        },
    }
    if manifest["envVars"]:
        made["envVars"] = dict.fromkeys(manifest["envVars"], "")
    return made


def registry(functions: Iterable[Function]) -> dict:
    """``functions`` as a registry's index; their names are those that ``add`` takes."""
    return {
        "$schema": f"{SCHEMAS}/registry.json",
        "name": "aerostack-hub",
        "homepage": settings.HUB_URL,
        "items": [
            {
                "name": function.path,
                "type": "registry:item",
                "title": function.name,
                "description": function.description,
            }
            for function in functions
        ],
    }


def _docs(version: Version) -> str:
    """What the command prints when it is done."""
    function = version.function
    steps = steps_of(function, version)
    lines = [f"{function.path} {version.number} is in services/{function.slug}/."]
    if version.is_yanked:
        lines.append(f"This version was yanked: {version.yank.reason}")
    if hasattr(function, "deprecation"):
        lines.append(f"Deprecated: {function.deprecation.message}")
    if steps.dev_vars:
        names = ", ".join(version.manifest["envVars"])
        lines.append(f"Set its variables: {names}")
    if version.manifest["drizzleSchema"]:
        lines.append("It brings tables: run npx drizzle-kit generate, then migrate.")
    if steps.mount:
        lines.append(f"Mount its route:\n{steps.mount.rstrip()}")
    return "\n".join(lines)
