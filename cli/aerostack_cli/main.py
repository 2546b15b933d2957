"""The command tree, and the one place where errors become exit statuses."""

from __future__ import annotations

import errno
import sys

import click

from aerostack_cli import __version__
from aerostack_cli.commands.adopt import adopt
from aerostack_cli.commands.completion import completion
from aerostack_cli.commands.diff import diff
from aerostack_cli.commands.info import info
from aerostack_cli.commands.init import init
from aerostack_cli.commands.install import install
from aerostack_cli.commands.list import list_mine
from aerostack_cli.commands.login import login, logout, whoami
from aerostack_cli.commands.open import open_page
from aerostack_cli.commands.publish import publish, publish_directory
from aerostack_cli.commands.pull import pull
from aerostack_cli.commands.push import push
from aerostack_cli.commands.remove import remove
from aerostack_cli.commands.retract import deprecate, yank
from aerostack_cli.commands.search import search
from aerostack_cli.commands.status import status
from aerostack_cli.commands.update import update
from aerostack_cli.commands.validate import validate
from aerostack_cli.commands.verify import verify
from aerostack_cli.errors import CliError, ExitStatus, UsageError
from aerostack_cli.output import Output

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 88}


@click.group(context_settings=_SETTINGS)
@click.version_option(__version__, "--version", "-V", prog_name="aerostack")
def cli():
    """Publish functions to an Aerostack Hub, and install other people's.

    \b
    Examples:
      aerostack login
      aerostack functions push ./my-image-resizer/index.ts
      aerostack functions publish <id>
      aerostack functions install alice/image-resizer

    Exit status: 0 done, 1 refused, 2 usage, 3 network, 4 conflict.
    """


@cli.group()
def functions():
    """Write, publish, find, install and update functions."""


for _command in (login, logout, whoami, publish_directory, completion):
    cli.add_command(_command)
_AUTHORS = (init, validate, push, publish, list_mine, open_page, yank, deprecate)
_CONSUMERS = (search, info, pull, install, status, diff, update, remove, verify, adopt)
for _command in _AUTHORS + _CONSUMERS:
    functions.add_command(_command)


def main(args: list[str] | None = None) -> None:
    """Run the command and exit with its status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(args))


def run(args: list[str] | None = None) -> int:
    """Run the command; its exit status. Errors are printed, never raised."""
    out = Output(as_json="--json" in (sys.argv[1:] if args is None else args))
    try:
        result = cli.main(args=args, prog_name="aerostack", standalone_mode=False)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        if out.as_json:
            out.error(UsageError(error.format_message()))
        else:
            error.show()
        return ExitStatus.USAGE
    except CliError as error:
        out.error(error)
        return error.exit_status
    except (click.Abort, KeyboardInterrupt):
        click.echo("\nStopped. Nothing was changed.", err=True)
        return ExitStatus.INTERRUPTED
    except OSError as error:
        return _report_system_error(error, out)
    return result if isinstance(result, int) else ExitStatus.DONE


def _report_system_error(error: OSError, out: Output) -> int:
    if error.errno == errno.EPIPE:
        sys.stdout = None  # the reader has left: nothing more can be told
        return ExitStatus.DONE
    place = f" ({error.filename})" if error.filename else ""
    reason = error.strerror or str(error)
    out.error(
        CliError(
            f"{reason}{place}. The project was left as it was.",
            code="SYSTEM_ERROR",
            fix="Make room or correct the permissions, then run the command again.",
        )
    )
    return ExitStatus.REFUSED
