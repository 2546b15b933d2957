"""Print results, notes, tables, progress and errors.

Text from a Hub is not trusted: control, bidirectional and invisible characters are
printed as escapes, so that they can't move the cursor, change colours or reorder text.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from contextlib import contextmanager

import click

from aerostack_cli.errors import CliError

# C0 and C1 controls (less tab and newline), soft hyphen, Arabic letter mark, the
# Hangul fillers, Mongolian separators, zero-width and bidirectional marks, line
# and paragraph separators, variation selectors, BOM, lone surrogates, tags:
# Unicode's Default_Ignorable_Code_Point and Bidi_Control.
MIN_LAST_COLUMN = 10
COLUMN_GAP = 3

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)


def escape(text: object) -> str:
    """``text`` with every unsafe character written as ``\\xNN`` or ``\\uNNNN``."""

    def written_out(match):
        point = ord(match[0])
        if point < 0x100:
            return f"\\x{point:02x}"
        return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"

    return _UNSAFE.sub(written_out, str(text))


def count(number: int, noun: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _unbroken(text: object) -> str:
    return escape(text).replace("\n", "\\n")


def one_line(text: object) -> str:
    """``escape`` that also escapes tabs and newlines, for fields and tables."""
    return _unbroken(text).replace("\t", "\\t")


class Output:
    """Prints text, or one JSON document.

    as_json: print only results and errors, as JSON on standard output.
    quiet: print only results and errors.
    """

    def __init__(self, *, as_json: bool = False, quiet: bool = False):
        self.as_json = as_json
        self.quiet = quiet
        self._has_bar = False
        # None: click colours output on a terminal only.
        self._color = False if os.environ.get("NO_COLOR") else None

    def line(self, text: object = "", **style) -> None:
        """A line of the result, never wrapped or cut. ``style`` as click.style.

        A newline in ``text`` is escaped, because it could imitate a line of the
        command.
        """
        if not self.as_json:
            click.secho(_unbroken(text), color=self._color, **style)

    def note(self, text: object = "", **style) -> None:
        """A line on standard output that --quiet leaves out."""
        if not self.quiet:
            self.line(text, **style)

    def warn(self, text: object) -> None:
        """A warning on standard error."""
        if not self.as_json and not self.quiet:
            message = f"Warning: {one_line(text)}"
            click.secho(message, err=True, fg="yellow", color=self._color)

    def data(self, value: object) -> None:
        """The result as JSON, when JSON was asked for."""
        if self.as_json:
            click.echo(json.dumps(value, indent=2))

    def table(self, columns: list[str], rows: list[list]) -> None:
        """Aligned columns on a terminal; tab-separated lines, never cut, elsewhere."""
        if self.as_json or not rows:
            return
        cells = [[one_line(cell) for cell in row] for row in rows]
        if not sys.stdout.isatty():
            for row in cells:
                click.echo("\t".join(row))
            return
        _print_table(columns, cells)

    def diff(self, lines: list[str]) -> None:
        """A unified diff, coloured on a terminal."""
        colours = {"+": "green", "-": "red", "@": "cyan"}
        for line in lines:
            self.line(line.rstrip("\n").replace("\r", "\\r"), fg=colours.get(line[:1]))

    def error(self, error: CliError) -> None:
        """Print an error: message, details, code and fix."""
        if self.as_json:
            self.data(error.as_json())
            return
        label = click.style("Error:", fg="red", bold=True)
        click.echo(f"{label} {_unbroken(error.message)}", err=True, color=self._color)
        for detail in error.details:
            click.echo(f"   - {one_line(_sentence(detail))}", err=True)
        click.echo(f"   Code: {one_line(error.code)}", err=True)
        if error.fix:
            click.echo(f"   Fix:  {_unbroken(error.fix)}", err=True)

    def progress(self, items, label: str, *, total: int | None = None):
        """Iterate over ``items``, with a progress bar on a terminal if there are
        several.

        total: the number of items, if ``items`` has no length.
        """
        total = len(items) if total is None else total
        if total < 2 or not self._can_animate():
            yield from items
            return
        from rich.console import Console
        from rich.progress import track

        self._has_bar = True
        console = Console(stderr=True)
        yield from track(
            items, description=label, total=total, console=console, transient=True
        )

    @contextmanager
    def waiting(self, label: str):
        """Show a spinner while the body runs, after one second."""
        if self._has_bar or not self._can_animate():
            yield
            return
        spinner = _Spinner(label)
        timer = threading.Timer(1.0, spinner.start)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            spinner.stop()

    def _can_animate(self) -> bool:
        return not self.as_json and not self.quiet and sys.stderr.isatty()


def _print_table(columns: list[str], rows: list[list[str]]) -> None:
    """Print a table. Only the last column is cut or folded, so the others can be
    copied."""
    import shutil

    from rich import box
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    by_column = zip(columns, *rows, strict=True)
    *widths, _last = (max(map(cell_len, cells)) for cells in by_column)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column, width in zip(columns[:-1], widths, strict=True):
        table.add_column(column, no_wrap=True, min_width=width)
    table.add_column(columns[-1], overflow="fold", min_width=MIN_LAST_COLUMN)
    for row in rows:
        table.add_row(*[Text(cell) for cell in row])
    needed = sum(widths) + MIN_LAST_COLUMN + COLUMN_GAP * len(columns)
    terminal = shutil.get_terminal_size().columns
    Console(width=max(terminal, needed)).print(table)


class _Spinner:
    def __init__(self, label: str):
        self.label = label
        self.status = None
        self.lock = threading.Lock()
        self.stopped = False

    def start(self) -> None:
        from rich.console import Console
        from rich.text import Text

        with self.lock:
            if not self.stopped:
                self.status = Console(stderr=True).status(Text(self.label))
                self.status.start()

    def stop(self) -> None:
        with self.lock:
            self.stopped = True
            if self.status:
                self.status.stop()


def _sentence(detail: object) -> str:
    """A detail of a refusal as a line: field, then message."""
    if not isinstance(detail, dict):
        return str(detail)
    message = detail.get("message") or detail.get("error") or detail.get("code") or ""
    place = detail.get("field") or detail.get("path") or detail.get("file") or ""
    if line := detail.get("line"):
        place = f"{place}:{line}"
    return f"{place}: {message}" if place else str(message)
