"""``functions adopt``: find the version that copied files came from, and track it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from aerostack_cli.app import App, common_options, examples
from aerostack_cli.errors import CliError, Conflict, HubRefusal
from aerostack_cli.lockfile import installed_from
from aerostack_cli.paths import is_slug, is_username, stays_inside
from aerostack_cli.refs import Ref
from aerostack_cli.snapshot import is_version, sha256
from aerostack_cli.versions import is_newer
from aerostack_cli.workspace import Workspace, open_workspace

MAX_FILES = 50
_SOURCES = {".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".json"}


@click.command(
    epilog=examples(
        "aerostack functions adopt services/image-resizer\n"
        "aerostack functions adopt src/lib/resize.ts"
    )
)
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say where the files came from.")
@common_options
def adopt(app: App, path, dry_run):
    """Find the published version that PATH was copied from.

    PATH is a file or a folder. Files are found by their hash, so an edited copy is
    not; one file that is as published is enough for a folder. When the place of the
    files fits the version's, it is recorded in aerostack.lock, and status, diff and
    update work for it from then on.
    """
    workspace = open_workspace(app.out)
    files = _files(workspace, path)
    hub = app.hub()
    found = []
    for name in app.out.progress(sorted(files), "Asking"):
        found += [(name, version) for version in _published(hub, files[name])]
    if not found:
        raise CliError(
            f"No published version at {hub.url} holds a file of {path}.",
            code="NOT_FOUND",
            fix="A copy that was edited cannot be found; install the function anew.",
        )
    ref, directory = _likeliest(found)
    if directory is not None and not dry_run:
        _record(workspace, hub, ref, directory)
    recorded = directory is not None and not dry_run
    app.out.data({"ref": str(ref), "directory": directory, "recorded": recorded})
    app.out.line(f"{path} comes from {ref}", fg="green")
    if recorded:
        app.out.note(f"   Recorded in aerostack.lock for {directory}/")
    elif directory is None:
        app.out.note("   It stands under another name, so it was not recorded.")
        app.out.note(f"   To track it: aerostack functions install {ref}")


def _files(workspace: Workspace, path: Path) -> dict[str, bytes]:
    """The source files at ``path``: path in the project -> content."""
    root, path = workspace.root.resolve(), path.resolve()
    if not path.is_relative_to(root):
        raise CliError(f"{path} is outside the project {root}.", code="INVALID_PATH")
    places = sorted(path.rglob("*")) if path.is_dir() else [path]
    names = [
        place.relative_to(root).as_posix()
        for place in places
        if place.is_file() and place.suffix in _SOURCES
    ]
    names = [name for name in names if stays_inside(name)]
    if len(names) > MAX_FILES:
        raise CliError(
            f"{path} holds {len(names)} source files; no function has so many.",
            code="PAYLOAD_TOO_LARGE",
            fix="Name the folder of one function.",
        )
    return {name: workspace.read(name) or b"" for name in names}


def _published(hub, data: bytes) -> list[dict]:
    """The published versions with a file ``data``, also if its line ends were changed
    to CRLF."""
    lf = data.replace(b"\r\n", b"\n")
    for digest in dict.fromkeys((sha256(data), sha256(lf))):
        try:
            return [item for item in hub.file(digest)[1] if _is_version(item)]
        except HubRefusal as error:
            if error.status != 404:
                raise
    return []


def _is_version(item: dict) -> bool:
    return (
        is_username(item.get("author"))
        and is_slug(item.get("slug"))
        and is_version(item.get("version"))
        and isinstance(item.get("path"), str)
    )


def _likeliest(found: list[tuple[str, dict]]) -> tuple[Ref, str | None]:
    """The version that has most of the files (the newest if equal), and the folder its
    paths are relative to (None if the paths differ)."""
    votes: Counter = Counter()
    for name, item in found:
        ref = Ref(item["author"], item["slug"], item["version"])
        fits = f"/{name}".endswith(f"/{item['path']}")
        directory = name[: -len(item["path"])].rstrip("/") if fits else None
        votes[ref, directory or None] += 1
    ranked = [
        ((count, directory is not None), ref, directory)
        for (ref, directory), count in votes.items()
    ]
    best, *others = ranked
    for other in others:
        newer = is_newer(other[1].version, best[1].version)
        if other[0] > best[0] or (other[0] == best[0] and newer):
            best = other
    return best[1], best[2]


def _record(workspace: Workspace, hub, ref: Ref, directory: str) -> None:
    if ref.slug in workspace.installed:
        raise Conflict(
            f"{ref.slug} is in aerostack.lock already.",
            fix=f"Run `aerostack functions remove {ref.slug}` first.",
        )
    snapshot = hub.snapshot(ref)
    plan = workspace.plan()
    entry = installed_from(snapshot, hub.url, directory)
    workspace.plan_entry(plan, entry, snapshot.main)
    plan.apply()
