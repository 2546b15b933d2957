"""``{% load heroicons %}``: the package's tags, with each icon drawn once.

Drawing copies and writes out an XML tree, which for the icons of one list of functions
took an eighth of the page's time. The package itself is no installed application, or
there would be two libraries of this name.
"""

from functools import lru_cache

from django import template
from heroicons.templatetags import heroicons

KEPT_ICONS = 1_000  # name, size and attributes; the templates have some hundred

register = template.Library()
for tag in (
    heroicons.heroicon_micro,
    heroicons.heroicon_mini,
    heroicons.heroicon_outline,
    heroicons.heroicon_solid,
):
    register.simple_tag(lru_cache(maxsize=KEPT_ICONS)(tag), name=tag.__name__)
