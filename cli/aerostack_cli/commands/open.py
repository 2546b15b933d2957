"""``functions open``: a function's page, or its editor, in the browser."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from aerostack_cli.app import App, common_options, examples
from aerostack_cli.errors import CliError
from aerostack_cli.project import read_function
from aerostack_cli.refs import Ref, parse_ref


@click.command(
    "open",
    epilog=examples(
        "aerostack functions open alice/image-resizer\n"
        "aerostack functions open --edit        # the function of this folder"
    ),
)
@click.argument("ref", required=False)
@click.option("--edit", is_flag=True, help="Open your newest draft in the editor.")
@click.option("--print", "only_print", is_flag=True, help="Print the address only.")
@common_options
def open_page(app: App, ref, edit, only_print):
    """Open a function's page, or its editor, in the browser.

    REF is username/slug or slug. Without a REF it is the function of the current
    folder.
    """
    wanted = parse_ref(ref) if ref else Ref("", read_function(Path()).slug)
    address = _editor(app, wanted) if edit else _page(app, wanted)
    app.out.data({"url": address})
    app.out.line(address)
    if not only_print and not app.out.as_json and sys.stdout.isatty():
        click.launch(address)


def _page(app: App, ref: Ref) -> str:
    if ref.username:
        return app.hub().page(ref)
    snapshot = app.hub().snapshot(ref)
    return app.hub().page(Ref(snapshot.author, snapshot.slug))


def _editor(app: App, ref: Ref) -> str:
    hub = app.account_hub()
    mine = [item for item in hub.mine() if item.get("slug") == ref.slug]
    drafts = [item for item in mine if item.get("status") == "draft"] or mine
    if not drafts:
        raise CliError(
            f"You have no function '{ref.slug}' at {hub.url}.",
            code="NOT_FOUND",
            fix="`aerostack functions list` lists what you have.",
        )
    return hub.editor(str(drafts[0].get("id")))
