"""Badges: small SVG pictures with a label and a value, for READMEs elsewhere."""

from django.contrib.humanize.templatetags.humanize import intcomma

from registry.models import Function

PADDING, MAX_CHARACTERS = 8, 40  # px, characters
# Widths in 11-px Verdana, roughly; textLength settles the rest.
WIDTHS = {"ijlI.,:;'|!": 3.6, "frt()-/ ": 4.6, "mwMW%@": 10.2}
OTHER_WIDTH = 7.0
BLUE, GREEN, GREY = "#3d48c9", "#17693f", "#5a6371"  # 4.5:1 and more under white


def badge(kind: str, function: Function) -> dict | None:
    """Label, value, colour and measures (px) of a badge; None for an unknown kind."""
    if kind == "version":
        # A function whose versions were all yanked has no latest.
        value, colour = function.latest_number or "yanked", BLUE
        value = f"v{value}" if function.latest_number else value
        return _measured("aerostack", value, colour if function.latest_id else GREY)
    if kind == "installs":
        return _measured("installs", intcomma(function.install_count), BLUE)
    if kind == "license":
        colour = GREEN if function.license else GREY
        return _measured("license", function.license or "none stated", colour)
    return None


def _measured(label: str, value: str, colour: str) -> dict:
    value = value if len(value) <= MAX_CHARACTERS else value[: MAX_CHARACTERS - 1] + "…"
    left, right = _width(label), _width(value)
    return {
        "label": label,
        "value": value,
        "colour": colour,
        "left": left,
        "right": right,
        "width": left + right,
        # textLength makes any font fill the same width.
        "label_length": left - 2 * PADDING,
        "value_length": right - 2 * PADDING,
        "label_x": left // 2,
        "value_x": left + right // 2,
    }


def _width(text: str) -> int:
    widths = (
        next((w for group, w in WIDTHS.items() if character in group), OTHER_WIDTH)
        for character in text
    )
    width = round(sum(widths)) + 2 * PADDING
    return width + width % 2
