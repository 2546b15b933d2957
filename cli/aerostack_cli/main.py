"""The command tree. Errors become exit statuses here."""

from __future__ import annotations

import importlib
import sys

import click

from aerostack_cli import __version__
from aerostack_cli.errors import CliError, ExitStatus, UsageError
from aerostack_cli.output import Output

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 88}


class LazyGroup(click.Group):
    """A group that imports the module of a command only when it is used.

    modules: by command name, ``module:attribute`` below ``commands``.
    """

    def __init__(self, *args, modules: dict[str, str], **kwargs):
        super().__init__(*args, **kwargs)
        self._modules = modules

    def list_commands(self, context) -> list[str]:
        return sorted({*self.commands, *self._modules})

    def get_command(self, context, name) -> click.Command | None:
        if name not in self._modules:
            return super().get_command(context, name)
        module, _, attribute = self._modules[name].partition(":")
        module = importlib.import_module(f"aerostack_cli.commands.{module}")
        return getattr(module, attribute)


@click.group(
    cls=LazyGroup,
    context_settings=_SETTINGS,
    modules={
        "completion": "completion:completion",
        "login": "login:login",
        "logout": "login:logout",
        "publish": "publish:publish_directory",
        "whoami": "login:whoami",
    },
)
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


@cli.group(
    cls=LazyGroup,
    modules={
        "adopt": "adopt:adopt",
        "deprecate": "retract:deprecate",
        "diff": "diff:diff",
        "info": "info:info",
        "init": "init:init",
        "install": "install:install",
        "list": "list:list_mine",
        "open": "open:open_page",
        "publish": "publish:publish",
        "pull": "pull:pull",
        "push": "push:push",
        "remove": "remove:remove",
        "search": "search:search",
        "status": "status:status",
        "update": "update:update",
        "validate": "validate:validate",
        "verify": "verify:verify",
        "yank": "retract:yank",
    },
)
def functions():
    """Write, publish, find, install and update functions."""


def main(args: list[str] | None = None) -> None:
    """Run the command and exit with its status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(args))


def run(args: list[str] | None = None) -> int:
    """Run the command; return its exit status. Errors are printed, not raised."""
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
