"""Highlight source text as HTML, line by line. Runs in the worker.

A few short classes replace Pygments' ninety: less HTML, and a theme small enough to
check every colour for contrast (static/hub/source.css).
"""

import functools
from collections.abc import Callable, Iterator
from html import escape
from itertools import chain

from pygments.lexers.configs import TOMLLexer
from pygments.lexers.data import JsonLexer
from pygments.lexers.markup import MarkdownLexer
from pygments.lexers.shell import BashLexer
from pygments.lexers.sql import SqlLexer
from pygments.token import Token

from registry.content.invisible import marker
from registry.content.lexing import QuickJavascriptLexer, QuickTypeScriptLexer

# Only these of Pygments' six hundred lexers are used, as any lexer may hang. Markdown
# must not highlight its code blocks, which would load the others.
LEXERS: dict[str, Callable] = {
    "typescript": QuickTypeScriptLexer,
    "tsx": QuickTypeScriptLexer,
    "javascript": QuickJavascriptLexer,
    "json": JsonLexer,
    "markdown": functools.partial(MarkdownLexer, handlecodeblocks=False),
    "bash": BashLexer,
    "sql": SqlLexer,
    "toml": TOMLLexer,
}
CLASSES = {
    Token.Comment: "c",
    Token.Keyword: "k",
    Token.Keyword.Constant: "m",
    Token.Keyword.Type: "t",
    Token.Operator.Word: "k",
    Token.Name.Attribute: "a",
    Token.Name.Builtin: "b",
    Token.Name.Class: "t",
    Token.Name.Constant: "m",
    Token.Name.Decorator: "d",
    Token.Name.Function: "f",
    Token.Name.Tag: "k",
    Token.Literal.Number: "m",
    Token.Literal.String: "s",
    Token.Literal.String.Interpol: "i",
    Token.Literal.String.Regex: "r",
    Token.Generic.Heading: "h",
    Token.Generic.Subheading: "h",
    Token.Generic.Emph: "e",
    Token.Generic.Strong: "h",
}


def highlighted(text: str, language: str) -> Iterator[str]:
    """The HTML of each line of ``text``, without its line end. Line ends must be LF."""
    lexer = LEXERS[language](stripnl=False, ensurenl=False)
    mark = marker(text)
    line: list[str] = []
    # Pygments drops a byte order mark, but it has to be shown.
    bom = [(Token.Text, "\ufeff")] if text.startswith("\ufeff") else []
    for css, value in _joined_tokens(chain(bom, lexer.get_tokens(text))):
        if "<" in value or ">" in value or "&" in value:
            value = escape(value, quote=False)
        if "\n" not in value:
            line.append(_span(css, mark(value)))
            continue
        first, *more = value.split("\n")
        line.append(_span(css, mark(first)))
        for part in more:
            yield "".join(line)
            line = [_span(css, mark(part))]
    yield "".join(line)


def _joined_tokens(tokens) -> list[tuple[str, str]]:
    """(class, text) of the tokens, with neighbours of one class joined.

    Adds two rules that the lexers lack: a name before ``(`` is a function, and a
    keyword after ``.`` is a name (``Array.from``). One pass, because this is a hot
    loop.
    """
    runs: list[tuple[str, str]] = []
    css, pieces = "", []  # the current run
    name, before, last = None, "", ""
    for kind, value in tokens:
        if name is not None:  # now the token after the name is known
            new = "f" if value[:1] == "(" else ""
            if new != css:
                runs.append((css, "".join(pieces)))
                css, pieces = new, []
            pieces.append(name)
            name = None
        new, is_name, is_keyword = _TOKEN_CLASSES[kind]
        if is_name or (
            is_keyword and last[-1:] == "." and f"{before}{last}"[-2:] != ".."
        ):
            name = value
        else:
            if new != css:
                runs.append((css, "".join(pieces)))
                css, pieces = new, []
            pieces.append(value)
        if value:
            before, last = last, value
    runs.append((css, "".join(pieces)))
    if name is not None:
        runs.append(("", name))
    return runs


class _TokenClasses(dict):
    """Token type -> (class, is it just a name?, is it a keyword?)."""

    def __missing__(self, kind):
        known = kind
        while known is not None and known not in CLASSES:
            known = known.parent
        look = CLASSES.get(known, ""), kind in Token.Name.Other, kind in Token.Keyword
        return self.setdefault(kind, look)


_TOKEN_CLASSES = _TokenClasses()


def _span(css: str, html: str) -> str:
    return f'<span class="{css}">{html}</span>' if css and html else html
