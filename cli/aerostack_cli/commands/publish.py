"""``functions publish <id>``: make a draft live; ``publish [dir]``: push it first."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from aerostack_cli.app import App, common_options, examples
from aerostack_cli.commands.push import push_draft, show_files
from aerostack_cli.errors import CliError, HubRefusal
from aerostack_cli.project import read_function


@click.command(epilog=examples("aerostack functions publish 018f6d0c-5d1e-7cc3"))
@click.argument("draft_id", metavar="ID")
@common_options
def publish(app: App, draft_id):
    """Make the draft ID live on the Hub.

    ID is what push printed; the slug of one of your functions means its newest
    open draft.
    """
    with app.out.waiting("Publishing"):
        answer = app.account_hub().publish(draft_id)
    show_published(app, answer)


@click.command(
    "publish", epilog=examples("aerostack publish .\naerostack publish ./rate-limiter")
)
@click.argument("directory", type=click.Path(path_type=Path), default=".")
@click.option("--dry-run", is_flag=True, help="List what would be sent; send nothing.")
@common_options
def publish_directory(app: App, directory, dry_run):
    """Push DIRECTORY and publish it in one go.

    When the Hub refuses to publish, the draft just pushed is removed again, so
    that nothing is left behind.
    """
    function = read_function(directory)
    if dry_run:
        show_files(app, function)
        return
    draft = push_draft(app, function)
    try:
        with app.out.waiting("Publishing"):
            answer = app.account_hub().publish(str(draft["id"]))
    except HubRefusal as error:
        _take_back(app, draft, error)
        raise
    except CliError as error:
        later = f"aerostack functions publish {draft['id']}"
        error.details.append(f"The draft is on the Hub; publish it with: {later}")
        raise
    if answer.get("already_published"):
        with contextlib.suppress(CliError):
            app.account_hub().delete_draft(str(draft["id"]))
    show_published(app, answer)


def _take_back(app: App, draft: dict, error: HubRefusal) -> None:
    """Delete the draft that could not be published; warn if that fails too."""
    try:
        app.account_hub().delete_draft(str(draft["id"]))
    except CliError:
        app.out.warn(f"the draft {draft['id']} was kept on the Hub.")
    else:
        error.details.append("Nothing was published; the draft was removed again.")


def show_published(app: App, answer: dict) -> None:
    """Print what is live now, where, and how to install it."""
    slug, version, page = (answer.get(key) for key in ("slug", "version", "url"))
    owner = str(page or "").removeprefix("/functions/").partition("/")[0]
    hub_url = answer.get("hub_url") or f"{app.hub_url}{page}"
    app.out.data(answer)
    if answer.get("already_published"):
        app.out.note(f"{slug} {version} was published already, with the same content.")
    else:
        app.out.note("Published successfully!", fg="green")
    app.out.note(f"   Slug: {slug}")
    app.out.note(f"   Version: {version}")
    app.out.note(f"   Status: {answer.get('status')}")
    app.out.note(f"   Hub URL: {hub_url}")
    app.out.note()
    app.out.note(f"Install it with: aerostack functions install {owner}/{slug}")
    if app.out.quiet:
        app.out.line(hub_url)
