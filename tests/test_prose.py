"""A README's prose: its text without its Markdown."""

import time

import pytest

from registry.content.prose import MAX_PROSE_CHARACTERS, prose_of


@pytest.mark.parametrize(
    ("readme", "prose"),
    [
        ("# Resizer\n\nKeeps *the* **ratio**.\n", "Resizer\nKeeps the ratio."),
        ("Setext\n======\n\n---\n", "Setext"),
        ("```ts\nimage()\n```\n~~~\n```\ncode\n~~~\nAfter.", "After."),
        ("Open.\n```\nnever closed", "Open."),
        ("- one\n* two\n1. three\n> four", "one\ntwo\nthree\nfour"),
        (
            'See [the docs](https://x.test/a "t") and <b>this</b>.',
            "See the docs and this.",
        ),
        (
            "[![CI](a.svg)](https://x.test) [name][ref]\n\n[ref]: https://y.test",
            "CI name",
        ),
        ("Use `resize_all()` now.", "Use resize_all() now."),
        ("|a|b|\n|-|-|\n|c|d|\n\nText.", "Text.\na b\nc d"),
        (
            "> - ### Deep _one_ __two__ C# a => b, 1 < 2",
            "Deep one two C# a => b, 1 < 2",
        ),
        ("", ""),
    ],
)
def test_prose_is_the_text_of_a_readme(readme, prose):
    assert prose_of(readme) == prose


@pytest.mark.parametrize("text", ["word ", "é ", "a\n", "[a](b) ", "| cell | "])
def test_prose_is_bounded(text):
    assert 0 < len(prose_of(text * 100_000)) <= MAX_PROSE_CHARACTERS


@pytest.mark.parametrize(
    "hostile",
    [
        "[",
        "![",
        "[a](",
        "<",
        "<a",
        "`",
        "[a][",
        "](",
        "*_",
        "|",
        "1. ",
        "~~~\n",
        "_",
        "a_",
        "> ",
        "# ",
    ],
)
def test_no_readme_takes_long(hostile):
    began = time.process_time()

    prose_of(hostile * 50_000)

    assert time.process_time() - began < 0.5
