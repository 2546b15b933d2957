"""The picture that social sites show of a function (Open Graph), for who has it drawn.

hub/drawn_card.py draws, in the worker: no web process loads what that takes.
"""

CARD = 1  # raised when the drawing changes: pictures are kept under it


def draw(card: dict[str, str]) -> str:
    """``hub.drawn_card.as_png(card)``. Runs in the worker."""
    from hub import drawn_card

    return drawn_card.as_png(card)
