"""The quick lexers give Pygments' own tokens."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.lexers.javascript import JavascriptLexer, TypeScriptLexer

from registry.content.lexing import QuickJavascriptLexer, QuickTypeScriptLexer

ROOT = Path(__file__).resolve().parent.parent
PAIRS = [
    (TypeScriptLexer, QuickTypeScriptLexer),
    (JavascriptLexer, QuickJavascriptLexer),
]
SOURCES = sorted((ROOT / "examples").rglob("*.ts"))
# What opens, closes and changes a lexer's state, and a few words.
PIECES = st.lists(
    st.sampled_from(
        ["`", "${", "}", "{", "/", "*", "//", "'", '"', "\\", "\n", "\x85", " ", "#!"]
        + ["(", ")", "=>", ".", "?", "<a", "</", ">", "0x1", "1e3", "@b", "\ufeff", "é"]
        + ["let x", "function f", "class A", "constructor", "Array.from", "a: string"]
        + ["()", ":", ";", ",", "=", "==", "+", "-", "<", "<!--", "&&", "|", "$", "_"]
        + ["type", "module", "super", "in", "Error", "true", "n", "1", "42", ".5", "1e"]
        + ["\u0301", "\u200d", "\\u0041", "\t", "\n  "]
    ),
    max_size=40,
).map("".join)


def tokens(lexer, text):
    return list(lexer(stripnl=False, ensurenl=False).get_tokens(text))


@pytest.mark.parametrize(("slow", "quick"), PAIRS)
def test_sources_of_functions(slow, quick):
    assert SOURCES
    for path in SOURCES:
        text = path.read_text()

        assert tokens(quick, text) == tokens(slow, text), path


@pytest.mark.parametrize(("slow", "quick"), PAIRS)
@given(text=PIECES)
def test_whatever_is_open_at_the_end(slow, quick, text):
    assert tokens(quick, text) == tokens(slow, text)
