"""``functions diff``: my edits, or what a newer version would bring."""

from __future__ import annotations

import click

from aerostack_cli.app import App, common_options, examples
from aerostack_cli.commands.install import unified_diff
from aerostack_cli.lockfile import Installed
from aerostack_cli.merging import matches
from aerostack_cli.updating import BaseTexts
from aerostack_cli.workspace import Workspace, open_workspace


@click.command(
    epilog=examples(
        "aerostack functions diff image-resizer            # my edits\n"
        "aerostack functions diff image-resizer --newest   # what an update brings"
    )
)
@click.argument("slugs", metavar="[SLUG]...", nargs=-1)
@click.option(
    "--newest", is_flag=True, help="Compare the installed and newest version."
)
@common_options
def diff(app: App, slugs, newest):
    """Show how installed functions differ.

    By default your files against the version that was installed; with --newest
    the installed version against the newest one, your edits aside.
    """
    workspace = open_workspace(app.out)
    found = []
    for entry in app.out.progress(workspace.chosen(slugs), "Fetching"):
        hub = app.installed_hub(entry.hub)
        with app.out.waiting(f"Fetching {entry.slug}"):
            compare = _to_newest if newest else _my_edits
            found += compare(workspace, entry, hub)
    files = [{"path": path, "diff": "".join(lines)} for path, lines in found]
    app.out.data({"files": files})
    for _path, lines in found:
        app.out.diff(lines)
    if not found:
        app.out.note("No differences.")


def _my_edits(workspace: Workspace, entry: Installed, hub) -> list[tuple]:
    source = BaseTexts(entry, hub)
    found = []
    for name, digest in sorted(entry.files.items()):
        path = entry.path(name)
        mine = workspace.read(path)
        if mine is not None and matches(mine, digest):
            continue
        base = source.text(digest)
        old = None if base is None else base.encode()
        found.append((path, _lines(old, mine, path, entry.version, "yours")))
    return found


def _to_newest(workspace: Workspace, entry: Installed, hub) -> list[tuple]:
    new = hub.snapshot(entry.newest_ref)
    source = BaseTexts(entry, hub)
    found = []
    for name in sorted({**entry.files, **new.files}):
        old_hash, new_hash = entry.files.get(name), new.hashes.get(name)
        if old_hash == new_hash:
            continue
        old = source.text(old_hash) if old_hash else None
        texts = [None if t is None else t.encode() for t in (old, new.files.get(name))]
        path = entry.path(name)
        found.append((path, _lines(*texts, path, entry.version, new.version)))
    return found


def _lines(old, new, path, before, after) -> list[str]:
    return unified_diff(old, new, f"{path} ({before})", f"{path} ({after})")
