"""Templates drawn once and filled many times.

Django's templates take longer to draw a page of a list than all else of it together. So
a template here draws a *frame*: once for each kind of page there is (with results or
none, with a next page ...), with names in braces where values go. Values are put in
then, escaped; what was made of frames itself is safe already.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from html import escape

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from registry.content.rendering import safe

_needs_escaping = re.compile("[&<>\"']").search  # html.escape looks for each alone


def filled(template: str, values: dict[str, str], **fixed) -> SafeString:
    """``template`` with ``values``. To the template each value that isn't empty is a
    text, its name, so that it can ask whether it is there and nothing else.

    fixed: what the template itself is to know; of few different values.
    """
    there = {
        name: escape(value)
        if type(value) is not SafeString and _needs_escaping(value)
        else value
        for name, value in values.items()
        if value
    }
    draw = _drawn if settings.DEBUG else _frame  # templates change under it
    frame = draw(template, tuple(there), tuple(fixed.items()))
    return safe(frame.format_map(there))


def joined(parts: Iterable[SafeString], between: str = "") -> SafeString:
    """What was filled, one after the other. between: no text of anybody's."""
    return safe(between.join(parts))


def _drawn(template: str, names: tuple[str, ...], fixed: tuple) -> str:
    holes = {name: f"{{{name}}}" for name in names}
    return render_to_string(template, holes | dict(fixed)).strip()


_frame = lru_cache(500)(_drawn)  # a thousand function pages are of 32
