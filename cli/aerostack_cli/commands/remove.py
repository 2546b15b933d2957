"""``functions remove``: take an installed function out again."""

from __future__ import annotations

import click

from aerostack_cli.app import App, common_options, examples
from aerostack_cli.workspace import open_workspace


@click.command(epilog=examples("aerostack functions remove image-resizer"))
@click.argument("slugs", metavar="SLUG...", nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, help="List what would go; remove nothing.")
@common_options
def remove(app: App, slugs, dry_run):
    """Take installed functions out of the project.

    That is off the disk, aerostack.toml and aerostack.lock. Only files that are as
    installed are removed. What you edited stays and is listed.
    """
    workspace = open_workspace(app.out)
    plan = workspace.plan()
    kept = []
    for entry in workspace.chosen(slugs):
        for name, state in workspace.file_states(entry).items():
            if state == "clean":
                plan.remove(entry.path(name))
            elif state == "modified":
                kept.append(entry.path(name))
        workspace.plan_removal(plan, entry)
    gone = sorted(path for path, data in plan.writes.items() if data is None)
    if not dry_run:
        plan.apply()
    app.out.data({"removed": gone, "kept": sorted(kept)})
    app.out.line(f"{'Would remove' if dry_run else 'Removed'} {', '.join(slugs)}.")
    for path in gone:
        app.out.note(f"   removed {path}")
    for path in sorted(kept):
        app.out.line(f"   kept {path}, which you edited", fg="yellow")
