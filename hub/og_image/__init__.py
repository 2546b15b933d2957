"""The picture that social sites show of a function (Open Graph)."""

DRAWING = 1  # raised when the drawing changes: pictures are kept under it


def draw(card: dict[str, str]) -> str:
    """``drawing.as_png(card)``. Runs in the worker: what drawing needs is loaded there
    alone."""
    from hub.og_image import drawing

    return drawing.as_png(card)


def warm_up() -> None:
    """In the worker: load what ``draw`` needs."""
    names = "author", "slug", "version", "description", "license", "category", "command"
    draw(dict.fromkeys(names, "Aā"))  # a letter of each font file
