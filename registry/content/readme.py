"""Make safe HTML of a README in Markdown. Runs in the worker.

Three steps: Markdown with GitHub's extensions; nh3, which drops every tag, attribute
and URL scheme not listed here; and a rewriter of links, images, ids and headings.
"""

import functools
import re
from html import escape
from html.parser import HTMLParser

import nh3
from markdown import Markdown
from pymdownx.slugs import slugify

from registry.content.highlight import highlighted
from registry.content.invisible import marker
from registry.content.languages import LANGUAGES, known_language
from registry.content.links import ID_PREFIX, REL
from registry.content.sandbox import OutputTooLarge, SandboxError

MAX_README_HTML_BYTES = 1_000_000

# Python-Markdown takes quadratic time on these within one block (its issue #798): 500
# brackets 0.03 s, 8,000 brackets 6 s. MAX_COST limits the sum of squares.
COSTLY = "[<`*_~&\\"
MAX_COST = 4_000_000
MAX_EXPANSION_BYTES = 1_000_000  # if every bracket used the longest link definition
MAX_TABLE_CELLS = 50_000
MAX_QUOTE_DEPTH = 40

TAGS = set(
    "a abbr b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img"
    " input ins kbd li ol p pre q s samp span strong sub summary sup table tbody td"
    " tfoot th thead tr u ul var".split()
)
ATTRIBUTES = {
    "*": {"id"},
    "a": {"href", "title"},
    "abbr": {"title"},
    "details": {"open"},
    "img": {"src", "alt"},
    "input": {"type", "checked"},
    "ol": {"start"},
    **dict.fromkeys(("div", "p", "td", "th"), {"align"}),
}
CLASSES = {
    "div": {"highlight"},
    "span": set("c k m t a b d f s i r h e".split()),
    "li": {"task-list-item"},
    "ul": {"task-list"},
}
SCHEMES = {"http", "https", "mailto"}

ABSOLUTE = re.compile(
    r"(?:https?://[^/\s\\]|mailto:)[^\s\x00-\x1f\\]*\Z", re.IGNORECASE
)
SEGMENT = r"[A-Za-z0-9_@+-][A-Za-z0-9._@+-]*"
RELATIVE = re.compile(rf"(?:\./|/(?!/))?({SEGMENT}(?:/{SEGMENT})*/?(?:#[\w.-]*)?)\Z")
# Inline text never crosses a blank line, list item, table row or heading.
BLOCK_START = re.compile(r"\n(?=[ \t>]*(?:\n|[-*+|#]|\d+\.))")
DEFINITION = re.compile(r"^[ >]{0,12}\[[^\]\n]{1,200}\]:[^\n]+", re.MULTILINE)


class ReadmeTooComplex(SandboxError):
    sentence = "This README is too complex to be formatted."


def readme_html(text: str) -> str:
    """A README as HTML without scripts, styles, remote images or a first heading.

    Links and images that are paths are left as ``data-relative`` for
    ``resolve_relative``, so that the HTML does not depend on where it is shown.

    Raises ReadmeTooComplex for a README known to be slow, OutputTooLarge above
    MAX_README_HTML_BYTES.
    """
    text = text.removeprefix("\ufeff")
    _check_cost(text)
    clean = nh3.clean(
        _converted(text),
        tags=TAGS,
        clean_content_tags={"script", "style"},
        attributes=ATTRIBUTES,
        allowed_classes=CLASSES,
        url_schemes=SCHEMES,
        link_rel=None,
    )
    html = _Rewriter(marker(text)).rewrite(clean)
    if len(html.encode(errors="replace")) > MAX_README_HTML_BYTES:
        raise OutputTooLarge()
    return html


def _check_cost(text: str) -> None:
    cost = cells = columns = 0
    for block in BLOCK_START.split(_without_fences(text)):
        cost += sum(map(block.count, COSTLY)) ** 2
        columns = max(columns, block.count("|")) if "|" in block else 0
        cells += columns
    depth = max(m[0].count(">") for m in re.finditer(r"^[ \t>]*", text, re.MULTILINE))
    longest = max((len(m[0]) for m in DEFINITION.finditer(text)), default=0)
    if (
        cost > MAX_COST
        or cells > MAX_TABLE_CELLS
        or depth > MAX_QUOTE_DEPTH
        or longest * text.count("[") > MAX_EXPANSION_BYTES
    ):
        raise ReadmeTooComplex()


def _without_fences(text: str) -> str:
    """``text`` without its fenced code, which is cheap to render."""
    outside, fence = [], ""
    for line in text.split("\n"):
        mark = line.lstrip(" \t>")[:3]
        if mark in ("```", "~~~") and fence in ("", mark):
            fence = "" if fence else mark
        elif not fence:
            outside.append(line)
    return "\n".join(outside)


def _converted(text: str) -> str:
    try:
        return _markdown().reset().convert(text)
    except Exception:
        _markdown.cache_clear()  # its state may be broken
        raise


@functools.cache
def _markdown() -> Markdown:
    """Cached: making it takes longer than rendering a short README."""
    return Markdown(
        extensions=[
            "tables",
            "sane_lists",
            "toc",
            "pymdownx.magiclink",
            "pymdownx.superfences",
            "pymdownx.tasklist",
            "pymdownx.tilde",
        ],
        extension_configs={
            "tables": {"use_align_attribute": True},
            "toc": {"marker": "", "slugify": slugify(case="lower")},
            "pymdownx.superfences": {
                "custom_fences": [{"name": "*", "class": "", "format": _fence}]
            },
            "pymdownx.tilde": {"subscript": False},
        },
        output_format="html",
    )


def _fence(source, language, css_class, options, md, **kwargs) -> str:
    """Fenced code, highlighted like source files."""
    language = known_language(language or "")
    if language in LANGUAGES:
        code = "\n".join(highlighted(source, language))
    else:
        code = escape(source, quote=False)
    return f'<div class="highlight"><pre><code>{code}</code></pre></div>'


class _Rewriter(HTMLParser):
    """Rebuilds nh3's output tag by tag, and escapes all text again."""

    VOID = {"br", "hr", "img", "input"}

    def __init__(self, mark):
        super().__init__(convert_charrefs=True)
        self._mark = mark
        self._html: list[str] = []
        self._ids: set[str] = set()
        self._links: list[bool] = []  # open <a>: was it written?
        self._tables = 0

    def rewrite(self, html: str) -> str:
        self.feed(html)
        self.close()
        return "".join(self._html)

    def handle_data(self, data):
        self._html.append(self._mark(escape(data, quote=False)))

    def handle_starttag(self, tag, attrs):
        attrs = {name: value or "" for name, value in attrs}
        special = {"a": self._link, "img": self._image, "input": self._checkbox}
        if tag in special:
            special[tag](attrs)
        elif tag == "table":
            self._table(attrs)
        else:
            self._open(_demoted(tag), self._common(tag, attrs))

    def handle_endtag(self, tag):
        if tag == "a":
            if self._links and self._links.pop():
                self._html.append("</a>")
        elif tag not in self.VOID:
            self._html.append(f"</{_demoted(tag)}>")
            if tag == "table":
                self._html.append("</div>")

    def _common(self, tag: str, attrs: dict[str, str]) -> dict[str, str]:
        kept = {k: v for k, v in attrs.items() if k not in ("id", "align")}
        if attrs.get("align") in ("left", "center", "right"):
            kept["align"] = attrs["align"]
        if (name := attrs.get("id")) and name not in self._ids:
            self._ids.add(name)
            kept["id"] = ID_PREFIX + name.removeprefix(ID_PREFIX)
        if tag == "pre":
            kept["tabindex"] = "0"  # focusable, so that the keyboard can scroll it
        return kept

    def _table(self, attrs):
        """Put a table in a box that scrolls, by keyboard too, with a unique name for
        screen readers (WCAG 2.2, 2.1.1 and 2.4.6)."""
        self._tables += 1
        name = f"Table {self._tables}" if self._tables > 1 else "Table"
        box = {"class": "table-scroll", "role": "region"}
        self._open("div", box | {"aria-label": name, "tabindex": "0"})
        self._open("table", self._common("table", attrs))

    def _link(self, attrs):
        target = attrs.pop("href", "").strip()
        if target.startswith("#"):
            place = {"href": f"#{ID_PREFIX}{target[1:].removeprefix(ID_PREFIX)}"}
        elif ABSOLUTE.match(target):
            place = {"href": target, "rel": REL}
        elif path := RELATIVE.match(target):
            place = {"data-relative": path[1], "rel": REL}
        else:
            place = {}
        self._links.append(bool(place))
        if place:
            self._open("a", place | self._common("a", attrs))

    def _image(self, attrs):
        source, alt = attrs.get("src", "").strip(), attrs.get("alt", "").strip()
        if any(self._links):
            self.handle_data(alt)  # links can't be nested
        elif path := RELATIVE.match(source):
            self._open("img", {"data-relative": path[1], "alt": alt})
        elif not ABSOLUTE.match(source):
            self.handle_data(alt)
        else:
            self._open("a", {"href": source, "rel": REL})
            self.handle_data(f"Image: {alt or source}")
            self._html.append("</a>")

    def _checkbox(self, attrs):
        if attrs.get("type") == "checkbox":
            box = {"type": "checkbox", "disabled": "", "aria-label": "to do"}
            if "checked" in attrs:
                box |= {"checked": "", "aria-label": "done"}
            self._open("input", box)

    def _open(self, tag: str, attrs: dict[str, str]) -> None:
        written = "".join(f' {name}="{escape(v)}"' for name, v in attrs.items())
        self._html.append(f"<{tag}{written}>")


def _demoted(tag: str) -> str:
    """``tag`` one heading level down, because the page has its own h1."""
    if len(tag) == 2 and tag[0] == "h" and tag[1] in "12345":
        return f"h{int(tag[1]) + 1}"
    return tag
