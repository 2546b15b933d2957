"""``functions info``: what a published function is and needs."""

from __future__ import annotations

import click

from aerostack_cli.app import App, common_options, examples
from aerostack_cli.refs import parse_ref
from aerostack_cli.snapshot import Snapshot, read_snapshot

MAX_VERSIONS_SHOWN = 10


@click.command(
    epilog=examples(
        "aerostack functions info alice/image-resizer\n"
        "aerostack functions info image-resizer@1.0.0 --json"
    )
)
@click.argument("ref")
@common_options
def info(app: App, ref):
    """Show what a published function is and what it needs.

    REF is username/slug or slug, with @version or without.
    """
    hub = app.hub()
    with app.out.waiting(f"Asking {hub.url}"):
        manifest = hub.install_manifest(parse_ref(ref))
        snapshot = read_snapshot(manifest)
        found = parse_ref(snapshot.ref)
        versions = hub.versions(found)
    kept = {key: value for key, value in manifest.items() if key != "function"}
    app.out.data({**kept, "versions": versions, "page": hub.page(found)})
    app.out.line(snapshot.ref, bold=True)
    app.out.line(snapshot.description)
    if snapshot.yanked:
        app.out.line(f"Yanked: {snapshot.yanked}", fg="red")
    if snapshot.deprecated:
        app.out.line(f"Deprecated: {snapshot.deprecated}", fg="yellow")
    facts = _facts(manifest, snapshot, versions)
    for label, value in {"Page": hub.page(found), **facts}.items():
        if value not in (None, ""):
            app.out.line(f"   {label + ':':11} {value}")
    name = f"{found.username}/{found.slug}"
    app.out.note(f"Install it with: aerostack functions install {name}")


def _facts(manifest: dict, snapshot: Snapshot, versions: list[dict]) -> dict:
    return {
        "License": snapshot.license or "none given",
        "Category": manifest.get("category"),
        "Tags": _list(manifest.get("tags")),
        "Stars": manifest.get("starCount"),
        "Installs": manifest.get("cloneCount"),
        "Route": snapshot.route,
        "Packages": _list(snapshot.packages),
        "Variables": _list(snapshot.variables),
        "Tables": "a Drizzle schema" if snapshot.has_tables else "",
        "Files": _list(sorted(snapshot.files)),
        "Integrity": snapshot.integrity,
        "Versions": _list([_version(item) for item in versions[:MAX_VERSIONS_SHOWN]]),
    }


def _list(values: object) -> str:
    return ", ".join(map(str, values)) if isinstance(values, list) else ""


def _version(item: dict) -> str:
    return f"{item.get('version')}{' (yanked)' if item.get('yanked') else ''}"
