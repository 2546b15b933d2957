"""``functions verify``: check installed files against the lock and the Hub."""

from __future__ import annotations

import click

from aerostack_cli.app import App, common_options, examples
from aerostack_cli.errors import ExitStatus, HubRefusal, UntrustedAnswer
from aerostack_cli.lockfile import Installed
from aerostack_cli.output import count
from aerostack_cli.snapshot import integrity_of
from aerostack_cli.workspace import Workspace, open_workspace


@click.command(
    epilog=examples("aerostack functions verify\naerostack functions verify --json")
)
@click.argument("slugs", metavar="[SLUG]...", nargs=-1)
@common_options
def verify(app: App, slugs):
    """Check every installed file against the lock and the Hub.

    Exits with 1 when a file was changed or is missing, when the lock does not
    agree with itself, or when the Hub now serves other content for the version.
    """
    workspace = open_workspace(app.out)
    entries = workspace.chosen(slugs)
    reports = {
        entry.slug: _faults(app, workspace, entry)
        for entry in app.out.progress(entries, "Verifying")
    }
    functions = [
        {"slug": entry.slug, "version": entry.version, "faults": reports[entry.slug]}
        for entry in entries
    ]
    app.out.data({"ok": not any(reports.values()), "functions": functions})
    for entry in entries:
        faults = reports[entry.slug]
        verdict = count(len(faults), "fault") if faults else "verified"
        colour = "red" if faults else "green"
        files = count(len(entry.files), "file")
        app.out.line(f"{entry.slug} {entry.version}: {files}, {verdict}", fg=colour)
        for fault in faults:
            app.out.line(f"   {fault}")
    return ExitStatus.REFUSED if any(reports.values()) else ExitStatus.DONE


def _faults(app: App, workspace: Workspace, entry: Installed) -> list[str]:
    faults = [
        f"{entry.path(name)} is {state}"
        for name, state in workspace.file_states(entry).items()
        if state != "clean"
    ]
    if integrity_of(entry.files) != entry.integrity:
        faults.append("aerostack.lock: the integrity is not that of its files")
    return faults + _hub_faults(app, entry)


def _hub_faults(app: App, entry: Installed) -> list[str]:
    try:
        snapshot = app.installed_hub(entry.hub).snapshot(entry.ref)
    except HubRefusal as error:
        if error.status != 404:
            raise
        return [f"{entry.hub} has {entry.ref} no more"]
    except UntrustedAnswer as error:
        return [error.message]
    if snapshot.hashes != entry.files:
        return [f"{entry.hub} serves other files for {entry.ref} than were installed"]
    return []
