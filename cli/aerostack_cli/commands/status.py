"""``functions status``: compare installed functions with disk and Hub."""

from __future__ import annotations

import click

from aerostack_cli.app import App, common_options, examples
from aerostack_cli.errors import ExitStatus, HubRefusal
from aerostack_cli.lockfile import Installed
from aerostack_cli.merging import has_markers
from aerostack_cli.snapshot import notices
from aerostack_cli.versions import is_newer, newest_live
from aerostack_cli.workspace import Workspace, open_workspace

CONNECTIONS = 8


@click.command(
    epilog=examples(
        "aerostack functions status\n"
        "aerostack functions status --ci        # fails unless all are clean\n"
        "aerostack functions status --json"
    )
)
@click.argument("slugs", metavar="[SLUG]...", nargs=-1)
@click.option("--ci", is_flag=True, help="Exit with 1 unless every state is clean.")
@click.option("--offline", is_flag=True, help="Compare with the lock only.")
@common_options
def status(app: App, slugs, ci, offline):
    """Show the state of installed functions.

    States: clean, or any of modified (files edited or missing), outdated (a newer
    version is there), yanked and deprecated (the installed version is), gone (the
    Hub does not list the installed version).
    """
    workspace = open_workspace(app.out)
    entries = workspace.chosen(slugs)
    reports = _reports(app, workspace, entries, offline)
    app.out.data({"functions": reports})
    _show(app, workspace, reports)
    if ci and any(item["states"] != ["clean"] for item in reports):
        return ExitStatus.REFUSED
    return ExitStatus.DONE


def _reports(app: App, workspace: Workspace, entries, offline: bool) -> list[dict]:
    """The reports, as --json prints them. Several Hub requests run at once."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=1 if offline else CONNECTIONS) as pool:
        made = pool.map(lambda e: _report(app, workspace, e, offline), entries)
        return list(app.out.progress(made, "Asking", total=len(entries)))


def _report(app: App, workspace: Workspace, entry: Installed, offline: bool) -> dict:
    files = workspace.file_states(entry)
    modified = sorted(entry.path(name) for name in files if files[name] != "clean")
    newest, known, said = ("", [], []) if offline else _hub_states(app, entry)
    states = (["modified"] if modified else []) + known
    return {
        "slug": entry.slug,
        "version": entry.version,
        "states": states or ["clean"],
        "newest": newest,
        "modified": modified,
        "notices": said,
    }


def _hub_states(app: App, entry: Installed) -> tuple[str, list[str], list[str]]:
    """The newest version, the states that depend on the Hub, and notes on them."""
    try:
        versions = app.installed_hub(entry.hub).versions(entry.newest_ref)
    except HubRefusal as error:
        if error.status != 404:
            raise
        return "", ["gone"], ["the Hub does not have this function any more"]
    newest = newest_live(versions)
    states = ["outdated"] if is_newer(newest, entry.version) else []
    installed = [item for item in versions if item.get("version") == entry.version]
    if not installed:
        return newest, [*states, "gone"], ["the Hub does not list this version"]
    said = dict(zip(("yanked", "deprecated"), notices(installed[0]), strict=True))
    told = {state: reason for state, reason in said.items() if reason}
    return newest, [*states, *told], [f"{s}: {reason}" for s, reason in told.items()]


def _how_modified(workspace: Workspace, path: str) -> str:
    data = workspace.read(path)
    if data is None:
        return "missing"
    return "to merge by hand" if has_markers(data) else "edited"


def _show(app: App, workspace: Workspace, reports: list[dict]) -> None:
    if not reports:
        app.out.note("Nothing is installed here. Try: aerostack functions search")
    app.out.table(
        ["Function", "Version", "State", "Newest"],
        [
            [item["slug"], item["version"], ", ".join(item["states"]), item["newest"]]
            for item in reports
        ],
    )
    for item in reports:
        for path in item["modified"]:
            app.out.note(f"   {_how_modified(workspace, path)}: {path}")
        for said in item["notices"]:
            app.out.note(f"   {item['slug']}: {said}")
