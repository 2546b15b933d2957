"""``functions yank`` and ``functions deprecate``: retract what was published."""

from __future__ import annotations

from dataclasses import replace

import click

from aerostack_cli.app import App, common_options, examples
from aerostack_cli.errors import UsageError
from aerostack_cli.refs import Ref, parse_ref


@click.command(
    epilog=examples(
        'aerostack functions yank image-resizer@1.0.0 --reason "leaks memory"\n'
        "aerostack functions yank image-resizer@1.0.0 --undo"
    )
)
@click.argument("ref", metavar="SLUG@VERSION")
@click.option("--reason", help="Why; shown to everyone who has it.")
@click.option("--replacement", metavar="VERSION", help="The version to use instead.")
@click.option("--undo", is_flag=True, help="Offer the version again.")
@common_options
def yank(app: App, ref, reason, replacement, undo):
    """Hide one of your versions from new installs.

    Whoever has it can still install it by its exact number, and is told why not to.
    """
    wanted = _mine(app, parse_ref(ref))
    if not wanted.version:
        raise UsageError("Name the version, like image-resizer@1.0.0.")
    body = _body(undo, "--reason", reason=reason, replacement=replacement)
    answer = app.account_hub().yank(wanted, body)
    app.out.data(answer)
    app.out.line(f"{'Offered again' if undo else 'Yanked'}: {wanted}", fg="green")


@click.command(
    epilog=examples(
        'aerostack functions deprecate image-resizer --message "no longer kept" '
        "--successor alice/pictures\n"
        "aerostack functions deprecate image-resizer --undo"
    )
)
@click.argument("ref", metavar="SLUG")
@click.option("--message", help="Why, and what to do; shown to everyone.")
@click.option("--successor", metavar="REF", help="The function to use instead.")
@click.option("--undo", is_flag=True, help="Take the deprecation back.")
@common_options
def deprecate(app: App, ref, message, successor, undo):
    """Tell everyone not to start using one of your functions."""
    wanted = _mine(app, parse_ref(ref))
    body = _body(undo, "--message", message=message, successor=successor)
    answer = app.account_hub().deprecate(wanted, body)
    app.out.data(answer)
    done = "No longer deprecated" if undo else "Deprecated"
    app.out.line(f"{done}: {replace(wanted, version='')}", fg="green")


def _mine(app: App, ref: Ref) -> Ref:
    return ref if ref.username else replace(ref, username=app.account_hub().username())


def _body(undo: bool, option: str, **fields) -> dict | None:
    """The request body; None for --undo. The first of ``fields`` is required."""
    if undo:
        return None
    if not next(iter(fields.values())):
        raise UsageError(f"Say why with {option}, or take it back with --undo.")
    return {name: value for name, value in fields.items() if value}
