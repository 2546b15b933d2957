"""Render untrusted text as safe HTML. Only this module marks HTML as safe.

``source_html`` and ``readme_html`` are pure and run in the worker (``sandbox.py``);
their output is stored per blob and RENDERER. If they fail, ``plain_html`` shows the
escaped text, and the page says why. See docs/rendering.md.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
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
    "plain",
    "plain_html",
    "readme_html",
    "render",
    "rendered",
    "resolve_relative",
    "safe",
    "source_html",
]

RENDERER = 2  # raise it whenever the HTML changes for the same text
README = "readme"
MAX_LINE_CHARACTERS = 5_000  # some lexers take quadratic time on one line
MAX_LINES = 20_000  # each costs about 90 bytes of HTML, however short it is
MAX_SOURCE_HTML_BYTES = 2_000_000
FIRST_HEADING = re.compile(r"\s*<h2[^>]*>([^<]*)</h2>")


class TooComplex(SandboxError):
    """The text is too costly to render. The message says which limit it breaks."""


@dataclass(frozen=True)
class Rendered:
    """HTML for a page, and whether rendering succeeded."""

    html: SafeString
    complete: bool
    reason: str = ""  # a sentence for people if not complete
    prose: str = ""  # of a README that was read whole: see prose.py
    is_pending: bool = False  # it will be made soon

    def without_title(self, titles: set[str]) -> "Rendered":
        """Without a first heading that only repeats one of ``titles`` (lower case)."""
        heading = FIRST_HEADING.match(self.html)
        if heading is None or heading[1].casefold() not in titles:
            return self
        return replace(self, html=safe(self.html[heading.end() :]))

    def with_links(self, base: str) -> "Rendered":
        """With relative links and images leading to files under ``base``, a URL that
        ends in a slash."""
        return replace(self, html=safe(resolve_relative(self.html, base)))


def render(kind: str, text: str, timeout: float = 2.0) -> Rendered:
    """Render ``text`` in the worker and wait; plain text if that fails.

    kind: ``readme``, or the language of a source file (see ``language_of``).
    timeout: seconds to wait at most.
    """
    try:
        return rendered(kind, text, timeout=timeout)
    except SandboxError as error:
        return plain(kind, text, str(error))


def rendered(kind: str, text: str, **how) -> Rendered:
    """``render`` for who handles failures. how: of ``sandbox.run``.

    Raises SandboxError.
    """
    task = (html_and_prose, text) if kind == README else (source_html, text, kind)
    made = sandbox.run(*task, **how)
    html, words = (made, "") if isinstance(made, str) else made
    return Rendered(safe(html), complete=True, prose=words)


def plain(kind: str, text: str, reason: str) -> Rendered:
    """What stands for a text that was not rendered. reason: a sentence for people."""
    html = plain_html(text, numbered=kind != README)
    return Rendered(html, complete=False, reason=reason)


def warm_up() -> None:
    """In the worker: load what the tasks of this module need."""
    for language in LANGUAGES:
        source_html("let a = 1;\n", language)
    fences = "".join(f"```{language}\na = 1\n```\n" for language in LANGUAGES)
    html_and_prose(f"# A\n\n- `b` [c](d)\n\n|e|f|\n|-|-|\n|g|h|\n\n{fences}")


def source_html(text: str, language: str) -> str:
    """Highlighted source with a linked number for each line. Runs in the worker.

    A line is ``<span class="line" id="L12"><a href="#L12" data-line="12" ...></a>``,
    its code and a line feed; numbers are drawn by CSS, so they are never copied.

    Raises TooComplex for very long lines, OutputTooLarge above the output limit.
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
    """``readme.readme_html``, imported on call, so that only the worker loads it."""
    from registry.content import readme

    return readme.readme_html(text)


def plain_html(text: str, numbered: bool = True) -> SafeString:
    """``text`` escaped, in the line structure of ``source_html``; linear and cheap.

    numbered: link line numbers, unless there are more than MAX_LINES lines.
    """
    text = _with_line_feeds(text)
    html = marker(text)(escape(text, quote=False))
    if numbered and html.count("\n") <= MAX_LINES:
        return safe(_numbered(html.split("\n")))
    return safe(f'<pre class="source source--plain" tabindex="0">{html}</pre>')


def safe(html: str) -> SafeString:
    """Mark HTML made by this module, fresh or stored, as safe for a template."""
    return SafeString(html)  # mark_safe, but five times as fast


def script_data(value: object) -> SafeString:
    """JSON for ``<script type="application/ld+json">``. ``<``, ``>`` and ``&`` are
    written as JSON escapes, so the value can't end the element."""
    text = json.dumps(value)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return mark_safe(text)


def html_and_prose(readme: str) -> tuple[str, str]:
    """What is kept of a README. Runs in the worker."""
    return readme_html(readme), prose_of(readme)


def _with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _numbered(lines: Iterable[str]) -> str:
    lines = list(lines)
    if not lines[-1]:
        lines.pop()  # the last line feed starts no new line
    numbered = "".join(
        f'<span class="line" id="L{n}"><a href="#L{n}" data-line="{n}" tabindex="-1"'
        f' aria-label="Line {n}"></a>{html}\n</span>'
        for n, html in enumerate(lines, 1)
    )
    return f'<pre class="source" tabindex="0"><code>{numbered}</code></pre>'
