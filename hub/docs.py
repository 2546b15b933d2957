"""The documentation under /docs/: found in docs/*.md, rendered once, kept.

The text is the Hub's own, so it is rendered here rather than in the worker, by the
renderer that READMEs have. A page is made again when its file changes.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string

from registry.content.links import ID_PREFIX, IMAGE, REL
from registry.content.rendering import readme_html, safe

DOCS = Path(__file__).resolve().parents[1] / "docs"
# Stands in the text for this Hub's own address.
EXAMPLE_HUB = "https://hub.example.com"
OPERATORS = "Run a Hub"  # they choose the address themselves, so theirs stays
ORDER = {
    "Start": {
        "overview": ("Overview", "What the Hub is, and the first five minutes."),
        "lifecycle": ("Life cycle", "From a draft to a version, and what comes after."),
        "using-functions": (
            "Using functions",
            "Install, keep up to date, verify; what the lock is for.",
        ),
        "search": ("Finding functions", "What can be typed, and what comes first."),
        "reporting": ("Reporting", "What to do about a function, or a weakness."),
    },
    "Publish": {
        "admin": ("Admin", "Write, polish and publish in the browser."),
        "cli": ("Command line", "Every command of aerostack, with its options."),
        "github-actions": ("GitHub Actions", "Release by tag, drafts by branch."),
        "gitlab-ci": ("GitLab CI", "The same with curl and jq."),
        "manifest": ("aerostack.json", "Every field, every limit, and the schema."),
        "accounts": ("Accounts and keys", "Sign-in, second factor, keys and scopes."),
    },
    "Build": {
        "universal-adapter": (
            "Universal adapter",
            "Core, schema, adapter: one function that fits every project.",
        ),
        "inspection": ("Inspection", "What is checked in the code, and why."),
        "rendering": ("Rendering", "How source and README become a page."),
    },
    "Reference": {
        "api": ("API", "Keys, JSON, lists, limits and the table of endpoints."),
        "endpoints": ("Endpoints", "Parameters, bodies and answers of each one."),
        "errors": ("Errors", "Every code, what it means and what to do."),
        "security": ("Security", "What is promised, what is not, how to report."),
        "statistics": ("Statistics", "What is counted as an install, and how."),
        "integrations": (
            "Feeds and badges",
            "Atom, mail, badges, shadcn, site maps: what other programs read.",
        ),
    },
    OPERATORS: {
        "self-hosting": ("Self-hosting", "From a first start to an upgrade."),
        "scaling": ("Growing", "From one machine to several: steps, limits, cost."),
        "settings": ("Settings", "Every variable, its default, what it does."),
        "moderation": ("Moderation", "The guide for staff."),
        "architecture": ("Architecture", "What lives where; one publish, followed."),
        "screenshots": ("Screenshots", "A picture of every page, by one command."),
        "performance": ("Performance", "What was measured, and how to repeat it."),
    },
}
OTHERS = "More"
UNNAMED_ROWS = {"endpoints"}  # the same keys stand in many of its tables

HEADING = re.compile(rf'<h([3-6]) id="{ID_PREFIX}([^"]+)">(.*?)</h\1>', re.DOTALL)
LINK = re.compile(rf'<a (data-relative|href)="([^"]*)"(?: rel="{REL}")?')
CODE = re.compile(
    r'<div class="highlight"><pre tabindex="0"><code>(.*?)</code></pre></div>',
    re.DOTALL,
)
ROW = re.compile(r"<tr>(\s*<td>)<code>([^<]+)</code></td>")
TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True)
class Entry:
    """A page in the side navigation."""

    name: str
    label: str
    about: str = ""

    @property
    def url(self) -> str:
        return f"/docs/{self.name}"


@dataclass(frozen=True)
class Heading:
    """A heading on a page. ``level`` is 2 or 3."""

    level: int
    id: str
    text: str


@dataclass(frozen=True)
class Page:
    """One rendered page. ``html`` is what comes after the title."""

    name: str
    title: str
    about: str
    html: str
    headings: tuple[Heading, ...]

    @property
    def url(self) -> str:
        return f"/docs/{self.name}"


def sections() -> dict[str, list[Entry]]:
    """Every page that exists, by section, in reading order.

    A file that ORDER does not know yet comes last, under its name.
    """
    there = {path.stem for path in DOCS.glob("*.md")}
    found = {
        section: [Entry(name, *words) for name, words in pages.items() if name in there]
        for section, pages in ORDER.items()
    }
    known = {entry.name for entries in found.values() for entry in entries}
    found[OTHERS] = [
        Entry(name, name.replace("-", " ").capitalize())
        for name in sorted(there - known)
    ]
    return {section: entries for section, entries in found.items() if entries}


def entries() -> list[Entry]:
    """Every page, in reading order."""
    return [entry for of_section in sections().values() for entry in of_section]


def page(name: str) -> Page | None:
    """The page of ``docs/<name>.md`` with this Hub's address filled in, or None."""
    if not re.fullmatch(r"[a-z0-9-]{1,60}", name):
        return None
    path = DOCS / f"{name}.md"
    try:
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
    address = EXAMPLE_HUB if name in ORDER[OPERATORS] else settings.HUB_URL
    return _made(name, changed, address)


@lru_cache(maxsize=64)
def _made(name: str, changed: int, address: str) -> Page:
    text = (DOCS / f"{name}.md").read_text().replace(EXAMPLE_HUB, address)
    first, _, rest = text.partition("\n")
    # As on GitHub, "\|" in a table's code is a bar; Python-Markdown keeps the stroke.
    html = _with_links(readme_html(rest).replace(r"\|", "|"))
    html = _with_copy_buttons(html if name in UNNAMED_ROWS else _with_row_ids(html))
    html, headings = _with_anchors(html)
    title = first.removeprefix("# ").strip()
    return Page(name, title, _first_sentence(html), safe(html), tuple(headings))


def _with_anchors(html: str) -> tuple[str, list[Heading]]:
    """Headings one level up again (the title is a template's h1), linked to."""
    headings: list[Heading] = []

    def linked(match: re.Match) -> str:
        level, at, inside = int(match[1]) - 1, match[2], match[3]
        text = unescape(TAG.sub("", inside))
        if level < 4:
            headings.append(Heading(level, at, text))
        link = f'<a class="headerlink" href="#{at}" aria-hidden="true" tabindex="-1">#'
        return f'<h{level} id="{at}">{inside}{link}</a></h{level}>'

    return HEADING.sub(linked, html), headings


def _with_links(html: str) -> str:
    """Links to other files lead to their pages, ids are those of the headings."""

    def led(match: re.Match) -> str:
        kind, target = match.groups()
        if kind == "data-relative":
            file, _, at = target.partition("#")
            place = f"docs/{file.removesuffix('.md')}" if file.endswith(".md") else file
            target = f"/{place}" + (f"#{at}" if at else "")
        return f'<a href="{target.replace(f"#{ID_PREFIX}", "#")}"'

    # docs/pictures/ is served as static files.
    html = IMAGE.sub(
        lambda image: (
            f'<img src="/static/{image[1].replace("pictures/", "docs/", 1)}" '
            f'alt="{image[2]}">'
        ),
        html,
    )
    return LINK.sub(led, html)


def _with_row_ids(html: str) -> str:
    """A table row that begins with a name in code can be linked to by it: #hub_url."""
    taken: set[str] = set()

    def named(match: re.Match) -> str:
        at = re.sub(r"[^a-z0-9_]+", "-", unescape(match[2]).lower()).strip("-")
        if not at or at in taken or f'id="{ID_PREFIX}{at}"' in html:
            return match[0]
        taken.add(at)
        return f'<tr id="{at}">{match[1]}<code>{match[2]}</code></td>'

    return ROW.sub(named, html)


def _with_copy_buttons(html: str) -> str:
    count = 0

    def buttoned(match: re.Match) -> str:
        nonlocal count
        count += 1
        at = f"code-{count}"
        button = render_to_string("hub/docs_copy.html", {"id": at}).strip()
        return (
            f'<div class="highlight"><pre tabindex="0"><code id="{at}">{match[1]}'
            f"</code></pre>{button}</div>"
        )

    return CODE.sub(buttoned, html)


def _first_sentence(html: str) -> str:
    """For search engines: the first paragraph up to its first full stop."""
    found = re.search(r"<p>(.*?)</p>", html, re.DOTALL)
    text = " ".join(unescape(TAG.sub("", found[1])).split()) if found else ""
    return re.split(r"(?<=\.)\s", text, maxsplit=1)[0][:200]
