"""Relative links and images of a rendered README."""

import re
from html import escape

ID_PREFIX = "user-content-"  # keeps authors' ids apart from the page's
REL = "nofollow ugc noopener"
LINK = re.compile(r'<a data-relative="([^"]*)"')
IMAGE = re.compile(r'<img data-relative="([^"]*)" alt="([^"]*)">')


def resolve_relative(html: str, links: str, images: str = "") -> str:
    """Give the relative links and images in ``readme_html``'s output their addresses.

    links: URL ending in ``/`` that a linked path is appended to.
    images: the same for images; when empty, an image becomes a link to its file.
    """

    def image(match: re.Match) -> str:
        path, alt = match.groups()
        if images:
            return f'<img src="{escape(images)}{path}" alt="{alt}" loading="lazy">'
        return f'<a href="{escape(links)}{path}" rel="{REL}">{alt or path}</a>'

    html = LINK.sub(lambda match: f'<a href="{escape(links)}{match[1]}"', html)
    return IMAGE.sub(image, html)
