"""``functions update``: move to a newer version and keep your edits."""

from __future__ import annotations

import click

from aerostack_cli.app import App, common_options, examples
from aerostack_cli.commands.install import show_needs
from aerostack_cli.errors import ExitStatus, UsageError
from aerostack_cli.refs import Ref, parse_ref
from aerostack_cli.updating import Update, plan_update
from aerostack_cli.workspace import Workspace, open_workspace


@click.command(
    epilog=examples(
        "aerostack functions update image-resizer\n"
        "aerostack functions update image-resizer@2.1.0\n"
        "aerostack functions update --all --dry-run"
    )
)
@click.argument("refs", metavar="[SLUG[@VERSION]]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Update every function.")
@click.option("--dry-run", is_flag=True, help="Say what would change; write nothing.")
@common_options
def update(app: App, refs, everything, dry_run):
    """Move to a newer version and keep your own edits.

    Each file is merged three ways: the installed version is fetched by its hash,
    your edits and the author's are both kept. Where both changed the same lines,
    the file holds both between markers and is listed; the exit status is then 4.

    Nothing is written before the whole plan is known, and then all of it or
    nothing.
    """
    workspace = open_workspace(app.out)
    targets = _targets(workspace, refs, everything)
    plan = workspace.plan()
    updates = []
    for slug, version in app.out.progress(targets, "Fetching"):
        entry = workspace.entry(slug)
        hub = app.installed_hub(entry.hub)
        with app.out.waiting(f"Fetching {slug}"):
            updates.append(plan_update(workspace, plan, entry, hub, version))
    if not dry_run:
        plan.apply()
    app.out.data({"functions": [item.as_json() for item in updates]})
    for item in updates:
        _show(app, item, dry_run)
    if any(item.merge.conflicts for item in updates):
        return ExitStatus.CONFLICT
    return ExitStatus.DONE


def _targets(workspace: Workspace, refs, everything: bool) -> list[tuple[str, str]]:
    """(slug, version) to update; version ``""`` is the newest."""
    if everything == bool(refs):
        raise UsageError(
            "Name the functions to update, or say --all.",
            fix="`aerostack functions status` lists what is outdated.",
        )
    if everything:
        return [(slug, "") for slug in sorted(workspace.installed)]
    wanted = [parse_ref(ref) for ref in refs]
    return [(_slug(workspace, ref), ref.version) for ref in wanted]


def _slug(workspace: Workspace, ref: Ref) -> str:
    entry = workspace.entry(ref.slug)
    if ref.username not in ("", entry.author):
        raise UsageError(f"{ref.slug} is installed from {entry.author}.")
    return ref.slug


def _show(app: App, item: Update, dry_run: bool) -> None:
    out, slug = app.out, item.entry.slug
    if item.notice:
        out.warn(f"{slug} {item.notice}.")
    if item.to is None:
        out.note(f"{slug} {item.entry.version} is up to date.")
        return
    verb = "Would update" if dry_run else "Updated"
    out.line(f"{verb} {slug} {item.entry.version} -> {item.to.version}", fg="green")
    if item.to.yanked:
        out.warn(f"{item.to.ref} was yanked: {item.to.yanked}")
    if item.to.deprecated:
        out.warn(f"{item.to.ref} is deprecated: {item.to.deprecated}")
    for path, said in sorted(item.merge.actions):
        out.note(f"   {item.entry.path(path)}: {said}")
    show_needs(app, item.to)
    for path, said in sorted(item.merge.conflicts):
        out.line(f"   CONFLICT {item.entry.path(path)}: {said}", fg="red")
    if item.merge.conflicts and not dry_run:
        out.note("Settle each of these by hand and remove the markers.")
