"""Badges: small SVG pictures with a label and a value, for READMEs elsewhere."""

from django.contrib.humanize.templatetags.humanize import intcomma

from registry.models import Function

PADDING, CHARACTER, MAX_CHARACTERS = 8, 6.6, 40  # px, px of 11-px Verdana, characters
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
    width = round(len(text) * CHARACTER) + 2 * PADDING
    return width + width % 2
