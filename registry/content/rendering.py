"""Untrusted text -> HTML that is safe to show; the one place that says so.

``source_html`` and ``readme_html`` are pure and run in the worker (``sandbox.py``);
their output is kept per blob and RENDERER. Where they fail, ``plain_html`` shows
the same text, only escaped, and the page says why. See docs/rendering.md.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString, mark_safe

from registry.content import sandbox
from registry.content.invisible import marker
from registry.content.languages import LANGUAGES, language_of
from registry.content.links import resolve_relative
from registry.content.prose import prose_of
from registry.content.sandbox import OutputTooLarge, SandboxError

__all__ = [
    "LANGUAGES",
    "RENDERER",
    "Rendered",
    "language_of",
    "plain_html",
    "readme_html",
    "render",
    "render_later",
    "resolve_relative",
    "safe",
    "source_html",
]

RENDERER = 2  # raise it whenever the HTML made from the same text changes
README = "readme"
MAX_LINE_CHARACTERS = 5_000  # some lexers take quadratic time on one line
MAX_LINES = 20_000  # each costs about 90 bytes of HTML, however short it is
MAX_SOURCE_HTML_BYTES = 2_000_000


class TooComplex(SandboxError):
    """A text that is known beforehand to be costly; says which rule it breaks."""


@dataclass(frozen=True)
class Rendered:
    """What a page shows, and whether that is all it should have shown."""

    html: SafeString
    complete: bool
    reason: str = ""  # a sentence for people where ``complete`` is False
    prose: str = ""  # of a README that was read whole: see prose.py


def render(kind: str, text: str, timeout: float = 2.0) -> Rendered:
    """Render ``text`` in the worker and wait for it; plain text where that fails.

    kind: ``readme``, or the language of a source file (see ``language_of``).
    timeout: seconds to wait at most.
    """
    try:
        made = sandbox.run(*_task(kind, text), timeout=timeout)
    except SandboxError as error:
        return _plain(kind, text, error)
    return _rendered(made)


def render_later(
    kind: str, text: str, done: Callable[[Rendered], None], timeout: float = 10.0
) -> None:
    """``render`` in the background: ``done(rendered)`` is called in another thread.

    timeout: seconds, counted from when the worker takes the text up.

    Raises SandboxBusy at once when too much is waiting already.
    """

    def settle(made, error):
        done(_plain(kind, text, error) if error else _rendered(made))

    sandbox.submit(*_task(kind, text), timeout=timeout, done=settle)


def source_html(text: str, language: str) -> str:
    """Highlighted source with a linked number for each line. Runs in the worker.

    A line is ``<span class="line" id="L12"><a href="#L12" data-line="12" ...></a>``,
    its code and a line feed; numbers are drawn by CSS, so they are never copied.

    Raises TooComplex on very long lines, OutputTooLarge past the output limit.
    """
    from registry.content.highlight import (
        highlighted,  # memory that only the worker needs
    )

    text = _with_line_feeds(text)
    if language not in LANGUAGES:
        return plain_html(text)
    longest = max(map(len, text.split("\n")))
    if longest > MAX_LINE_CHARACTERS:
        raise TooComplex(
            f"A line of this file has {longest:,} characters; up to"
            f" {MAX_LINE_CHARACTERS:,} are highlighted."
        )
    if text.count("\n") > MAX_LINES:
        raise TooComplex(f"This file has more than {MAX_LINES:,} lines.")
    html = _numbered(highlighted(text, language))
    if len(html.encode(errors="replace")) > MAX_SOURCE_HTML_BYTES:
        raise OutputTooLarge()
    return html


def readme_html(text: str) -> str:
    """``readme.readme_html``, loaded where it is called: in the worker."""
    from registry.content import readme

    return readme.readme_html(text)


def plain_html(text: str, numbered: bool = True) -> SafeString:
    """``text`` escaped, in the line structure of ``source_html``; linear and cheap.

    numbered: without it, and for more than MAX_LINES lines, there are no line links.
    """
    text = _with_line_feeds(text)
    html = marker(text)(escape(text, quote=False))
    if numbered and html.count("\n") <= MAX_LINES:
        return safe(_numbered(html.split("\n")))
    return safe(f'<pre class="source source--plain" tabindex="0">{html}</pre>')


def safe(html: str) -> SafeString:
    """Mark HTML made by this module, fresh or stored, as safe for a template."""
    return SafeString(html)  # what mark_safe makes of a text, in a fifth of the time


def script_data(value: object) -> SafeString:
    """JSON for a ``<script type="application/ld+json">``; nothing in it can end the
    element, since what HTML reads there is written as JSON escapes."""
    text = json.dumps(value)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return mark_safe(text)


def html_and_prose(readme: str) -> tuple[str, str]:
    """What is kept of a README. Runs in the worker."""
    return readme_html(readme), prose_of(readme)


def _task(kind: str, text: str) -> tuple:
    return (html_and_prose, text) if kind == README else (source_html, text, kind)


def _rendered(made: str | list[str]) -> Rendered:
    """What the worker made of a task."""
    html, words = (made, "") if isinstance(made, str) else made
    return Rendered(safe(html), complete=True, prose=words)


def _plain(kind: str, text: str, error: SandboxError) -> Rendered:
    html = plain_html(text, numbered=kind != README)
    return Rendered(html, complete=False, reason=str(error))


def _with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _numbered(lines: Iterable[str]) -> str:
    lines = list(lines)
    if not lines[-1]:
        lines.pop()  # the end of the last line is not one more line
    numbered = "".join(
        f'<span class="line" id="L{n}"><a href="#L{n}" data-line="{n}" tabindex="-1"'
        f' aria-label="Line {n}"></a>{html}\n</span>'
        for n, html in enumerate(lines, 1)
    )
    return f'<pre class="source" tabindex="0"><code>{numbered}</code></pre>'
