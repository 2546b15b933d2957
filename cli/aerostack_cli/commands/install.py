"""``functions install``: copy published functions into this project."""

from __future__ import annotations

import difflib
import shlex

import click

from aerostack_cli.app import App, common_options, examples
from aerostack_cli.imports import touches
from aerostack_cli.installing import Install, plan_install
from aerostack_cli.plan import Plan, read_bytes
from aerostack_cli.refs import Ref, parse_ref
from aerostack_cli.snapshot import Snapshot
from aerostack_cli.workspace import Workspace, open_workspace


@click.command(
    epilog=examples(
        "aerostack functions install alice/image-resizer\n"
        "aerostack functions install image-resizer@1.2.0\n"
        "aerostack functions install alice/image-resizer --diff\n"
        "aerostack functions install        # everything in aerostack.lock"
    )
)
@click.argument("refs", metavar="[REF]...", nargs=-1)
@click.option("--dry-run", is_flag=True, help="List what would change; write nothing.")
@click.option("--diff", "show_diff", is_flag=True, help="Show it as a diff instead.")
@click.option("--force", is_flag=True, help="Overwrite files that were edited.")
@common_options
def install(app: App, refs, dry_run, show_diff, force):
    """Copy published functions into services/<slug>/.

    REF is username/slug, slug, or either with @version. Without a REF everything
    in aerostack.lock is put back as it was installed.

    aerostack.toml gets a [[services]] block per function, aerostack.lock the
    version and the hash of every file. Nothing is written before everything is
    known to be safe, and then all of it or nothing.
    """
    wanted = [parse_ref(ref) for ref in refs]
    workspace = open_workspace(app.out)
    sources = _sources(app, workspace, wanted)
    plan = workspace.plan()
    installs = []
    for hub, ref in app.out.progress(sources, "Fetching"):
        with app.out.waiting(f"Fetching {ref}"):
            snapshot = hub.snapshot(ref)
        if snapshot.slug != ref.slug:
            app.out.warn(f"{ref.slug} is called {snapshot.slug} now.")
        installs.append(plan_install(workspace, plan, snapshot, hub.url, force=force))
    if dry_run or show_diff:
        _show_changes(app, plan, installs, as_diff=show_diff)
        return
    changes = sorted(plan.changes())
    plan.apply()
    app.out.data({"functions": [_as_json(item) for item in installs], "wrote": changes})
    for item in installs:
        _show(app, item, "Installed" if changes else "Installed already:")


def _sources(app: App, workspace: Workspace, wanted: list[Ref]) -> list[tuple]:
    """(Hub, Ref) of each function to install."""
    if wanted:
        return [(app.hub(), ref) for ref in wanted]
    entries = workspace.chosen(())
    return [(app.installed_hub(entry.hub), entry.ref) for entry in entries]


def _show(app: App, item: Install, verb: str) -> None:
    snapshot, out = item.snapshot, app.out
    out.line(f"{verb} {snapshot.ref} in {item.entry.directory}/", fg="green")
    if snapshot.renamed_from:
        out.warn(
            f"{snapshot.renamed_from} is now {snapshot.author}/{snapshot.slug}; "
            "use that name from now on."
        )
    if snapshot.yanked:
        out.warn(f"{snapshot.ref} was yanked: {snapshot.yanked}")
    if snapshot.deprecated:
        out.warn(f"{snapshot.ref} is deprecated: {snapshot.deprecated}")
    for path in item.kept:
        out.warn(f"{path} is not in this version; your edited copy was kept.")
    show_needs(app, snapshot)
    _show_touches(app, snapshot)


def show_needs(app: App, snapshot: Snapshot) -> None:
    """Print what the user still has to do: packages, variables, migration."""
    if snapshot.packages:
        packages = " ".join(shlex.quote(package) for package in snapshot.packages)
        app.out.note(f"   Packages: npm install {packages}")
    if snapshot.variables:
        app.out.note("   Set in .dev.vars:")
        for name in snapshot.variables:
            app.out.note(f"      {name}=")
    if snapshot.route:
        app.out.note(f"   Route: {snapshot.route}")
    if snapshot.has_tables:
        app.out.note("   Tables: a Drizzle schema; generate and run a migration.")


def _show_touches(app: App, snapshot: Snapshot) -> None:
    found = touches(snapshot.files)
    labels = {"hosts": "Talks to", "bindings": "Reads c.env", "packages": "Imports"}
    for kind, label in labels.items():
        if found[kind]:
            app.out.note(f"   {label}: {', '.join(found[kind])}")


def _as_json(item: Install) -> dict:
    snapshot = item.snapshot
    return {
        "slug": snapshot.slug,
        "author": snapshot.author,
        "version": snapshot.version,
        "integrity": snapshot.integrity,
        "directory": item.entry.directory,
        "files": sorted(snapshot.files),
        "packages": snapshot.packages,
        "variables": snapshot.variables,
        "migration": snapshot.has_tables,
        "yanked": snapshot.yanked,
        "deprecated": snapshot.deprecated,
        "touches": touches(snapshot.files),
        "kept": item.kept,
    }


def _show_changes(app: App, plan: Plan, installs: list[Install], *, as_diff) -> None:
    changes = [
        (path, read_bytes(plan.root / path), content)
        for path, content in sorted(plan.changes().items())
    ]
    listed = [{"path": path, "change": _kind(old, new)} for path, old, new in changes]
    functions = [_as_json(item) for item in installs]
    app.out.data({"functions": functions, "changes": listed})
    for path, old, new in changes:
        if as_diff:
            app.out.diff(unified_diff(old, new, f"a/{path}", f"b/{path}"))
        else:
            app.out.line(f"   {_kind(old, new):7} {path}")
    app.out.note("Nothing was written." if changes else "Nothing would change.")


def _kind(old: bytes | None, new: bytes | None) -> str:
    if old is None:
        return "add"
    return "remove" if new is None else "change"


def unified_diff(old: bytes | None, new: bytes | None, before, after) -> list[str]:
    """Lines of a unified diff between two files, either of which may be missing."""

    def lines(data):
        return (data or b"").decode("utf-8", "replace").splitlines(keepends=True)

    return list(difflib.unified_diff(lines(old), lines(new), before, after))
