"""The links of a rendered README, as far as they depend on where it is shown."""

import re
from html import escape

ID_PREFIX = "user-content-"  # an author's id never meets one of the page's own
REL = "nofollow ugc noopener"
LINK = re.compile(r'<a data-relative="([^"]*)"')
IMAGE = re.compile(r'<img data-relative="([^"]*)" alt="([^"]*)">')


def resolve_relative(html: str, links: str, images: str = "") -> str:
    """Point the relative links and images of ``readme_html``'s output somewhere.

    links: URL that ends in ``/``, before a linked file's path.
    images: the same for images; without it an image becomes a link to its file.
    """

    def image(match: re.Match) -> str:
        path, alt = match.groups()
        if images:
            return f'<img src="{escape(images)}{path}" alt="{alt}" loading="lazy">'
        return f'<a href="{escape(links)}{path}" rel="{REL}">{alt or path}</a>'

    html = LINK.sub(lambda match: f'<a href="{escape(links)}{match[1]}"', html)
    return IMAGE.sub(image, html)
