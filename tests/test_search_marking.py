"""Found words as a page marks them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry import search
from registry.content import derived
from registry.models import Rendering


def test_words_found_are_marked_as_parts():
    stems = frozenset({"imag", "email"})

    assert search.marked("Images <b>by</b> e-mail.", stems) == [
        ("Images", True),
        (" <b>by</b> ", False),
        ("e-mail", True),
        (".", False),
    ]
    assert search.excerpt("Resizer\nTakes any image there is.", stems) == [
        ("Takes any ", False),
        ("image", True),
        (" there is.", False),
    ]
    assert search.excerpt("Nothing here.", stems) == []


def test_excerpt_is_cut_from_the_line_of_the_word():
    line = "Words before it " * 20 + "an émail there " + "and words after it " * 20

    parts = search.excerpt(f"First line.\n{line}\nLast line.", frozenset({"email"}))

    text = "".join(text for text, _ in parts)
    assert text.startswith("…")
    assert text.endswith("…")
    assert len(text) <= 182
    assert ("émail", True) in parts
    assert "line" not in text


def test_excerpts_come_from_the_prose_that_was_derived(publish, queries_made):
    version = publish(readme="# Resizer\n\nTakes **any** [image](x.md) there is.\n")
    stems = frozenset({"imag"})
    before, asked_before = queries_made(lambda: _excerpt_of(version, stems))

    derived.make(version.pk)
    after, asked_after = queries_made(lambda: _excerpt_of(version, stems))

    assert (
        before
        == after
        == [("Takes any ", False), ("image", True), (" there is.", False)]
    )
    assert (asked_before, asked_after) == (2, 1)
    rendered = Rendering.objects.get(blob=version.readme_id, kind="readme")
    assert rendered.prose == "Resizer\nTakes any image there is."


def test_readme_rendered_before_has_an_excerpt_too(publish):
    version = publish(readme="Takes any image.\n")
    derived.make(version.pk)
    Rendering.objects.update(prose=None)

    assert ("image", True) in _excerpt_of(version, frozenset({"imag"}))


def test_readme_that_was_not_read_whole_has_none(publish):
    version = publish(readme="<" * 9000 + "\n\nTakes any image.\n")
    derived.make(version.pk)

    assert not Rendering.objects.get(kind="readme").is_complete
    assert _excerpt_of(version, frozenset({"imag"})) == []


def _excerpt_of(version, stems) -> list:
    return search.excerpts([version.readme_id], stems)[version.readme_id]


@pytest.fixture
def queries_made():
    def made(do):
        with CaptureQueriesContext(connection) as captured:
            return do(), len(captured)

    return made


@pytest.mark.parametrize(
    "text",
    [
        "E-Mails, e.mail's and x/e_mail--email",
        "remail mailing EMAIL9 e-m-a-i-l",
        "under_score email\temail\nMail",
    ],
)
def test_words_are_marked_alike_beside_letters_that_are_not_ascii(text):
    """Texts of ASCII take a quicker way, which has to find the same."""
    stems = frozenset({"email", "mail", "x"})

    quick = search.marked(text, stems)

    assert search.marked(f"{text} …", stems) == [*quick[:-1], *_with_end(quick[-1])]
    assert any(hit for _, hit in quick)


def _with_end(part: tuple[str, bool]) -> list[tuple[str, bool]]:
    shown, hit = part
    return [part, (" …", False)] if hit else [(f"{shown} …", False)]
