"""Found words as a page marks them."""

import pytest

from registry import search


def test_words_found_are_marked_as_parts():
    stems = frozenset({"imag", "email"})

    assert search.marked("Images <b>by</b> e-mail.", stems) == [
        ("Images", True),
        (" <b>by</b> ", False),
        ("e-mail", True),
        (".", False),
    ]
    readme = (
        "# Resizer\n\n```ts\nimage()\n```\n\nTakes **any** [image](x.md) there is.\n"
    )
    assert search.excerpt(readme, stems) == [
        ("Takes any ", False),
        ("image", True),
        (" there is.", False),
    ]
    assert search.excerpt("Nothing here.", stems) == []


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
