"""What is left to do after the files of a function are copied, as lines to paste."""

import shlex
from dataclasses import dataclass
from urllib.parse import quote

from django.conf import settings

from registry.models import Function, Version


@dataclass(frozen=True)
class Steps:
    """Each is empty where the function needs no such step."""

    npm_command: str
    dev_vars: str  # the lines of .dev.vars, values left open
    mount: str  # the lines of a Hono app that serve the function's route
    shadcn_command: str
    curl_command: str  # fetches the install manifest without our command


def steps_of(function: Function, version: Version) -> Steps:
    """version: published, or standing in for a draft."""
    manifest = version.manifest
    packages = " ".join(map(shlex.quote, manifest.get("npmDependencies") or []))
    address = f"{settings.HUB_URL}/api/community/functions/{function.path}/install"
    return Steps(
        npm_command=f"npm install {packages}" if packages else "",
        dev_vars="".join(f"{name}=\n" for name in manifest.get("envVars") or []),
        mount=_mount(function.slug, manifest),
        shadcn_command=(
            f"npx shadcn@latest add {settings.HUB_URL}/r/{function.path}"
            f"@{version.number}.json"
        ),
        curl_command=f"curl -s '{address}?version={quote(version.number)}'",
    )


def _mount(slug: str, manifest: dict) -> str:
    export, route = manifest.get("routeExport"), manifest.get("routePath")
    if not export or not route:
        return ""
    return (
        f"import {{ {export} }} from './services/{slug}';\n"
        f"app.route('{route}', {export});\n"
    )
