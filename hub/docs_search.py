"""Search in the documentation: a small index in memory, made from the pages.

An entry is what stands under one heading, or one table row that can be linked to
(an error code, a setting). All words of a query have to be there, or else as many
as possible; words in titles count more than words in the text.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser

from hub import docs

MAX_QUERY_CHARACTERS = 200
MAX_WORDS = 8
MAX_RESULTS = 20
EXCERPT_CHARACTERS = 180
HEADINGS = {"h2", "h3", "h4", "h5"}
UNHEARD = frozenset(
    "a an and are as at be can do does for from how i in is it my of on or the this"
    " to what when where with".split()
)
ENDINGS = ("ions", "ion", "ing", "ed", "es", "e", "s")  # the longer ones first
MIN_STEM_CHARACTERS = 3
WORD = re.compile(r"[^\W_]+")


@dataclass
class Section:
    """What a result leads to: a place on a page, and the text found there."""

    page: str
    url: str
    title: str = ""
    text: str = ""
    title_words: set[str] = field(default_factory=set)
    page_words: set[str] = field(default_factory=set)
    words: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    page: str
    url: str
    title: str
    excerpt: list[tuple[str, bool]]  # pieces of text; is it a word of the query?


def search(query: str) -> list[Result]:
    """What the documentation says about ``query``, best first, at most MAX_RESULTS."""
    wanted = _wanted(query[:MAX_QUERY_CHARACTERS])
    if not wanted:
        return []
    asked = " ".join(query.lower().split())
    index = _index(*(docs.page(entry.name) for entry in docs.entries()))
    scored = [(_score(section, wanted, asked), section) for section in index]
    best = sorted((s for s in scored if s[0][0]), key=lambda s: s[0], reverse=True)
    most = best[0][0][0] if best else 0
    return [
        Result(s.page, s.url, s.title, _excerpt(s.text, wanted))
        for score, s in best[:MAX_RESULTS]
        if score[0] == most  # those that have fewer of the words say little
    ]


def _wanted(query: str) -> list[str]:
    words = [_stem(word) for word in WORD.findall(query.lower())]
    kept = [word for word in words if word not in UNHEARD] or words
    return list(dict.fromkeys(kept))[:MAX_WORDS]


def _stem(word: str) -> str:
    """Without the most common endings: ``migrating`` and ``migrations`` are one."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= MIN_STEM_CHARACTERS:
            return word.removesuffix(ending)
    return word


def _score(section: Section, wanted: list[str], asked: str) -> tuple[int, float]:
    """(how many of the words are there, how well)."""
    found, score = 0, 0.0
    for word in wanted:
        in_title = _matches(word, section.title_words)
        times = sum(n for w, n in section.words.items() if w.startswith(word))
        on_page = _matches(word, section.page_words)
        found += bool(in_title or times or on_page)
        score += 6 * in_title + 2 * on_page + (times > 0) + 0.5 * (times > 1)
    if section.title_words == set(wanted):
        score += 50 if section.title.lower() == asked else 10
    return found, score / (1 + len(section.title_words) / 20)


def _matches(word: str, among: set[str]) -> float:
    """1 for the word itself, a half for one that begins with it, else 0."""
    if word in among:
        return 1
    return 0.5 if any(other.startswith(word) for other in among) else 0


def _excerpt(text: str, wanted: list[str]) -> list[tuple[str, bool]]:
    alternatives = "|".join(map(re.escape, wanted))
    marks = re.compile(rf"(?<![^\W_])(?:{alternatives})[^\W_]*", re.IGNORECASE)
    first = marks.search(text)
    start = max(0, first.start() - 60) if first else 0
    start = text.rfind(" ", 0, start) + 1 if start else 0
    piece = text[start : start + EXCERPT_CHARACTERS]
    if start + EXCERPT_CHARACTERS < len(text):
        piece = piece.rpartition(" ")[0] + " …"
    piece = ("… " if start else "") + piece
    pieces, at = [], 0
    for match in marks.finditer(piece):
        pieces += [(piece[at : match.start()], False), (match[0], True)]
        at = match.end()
    return [*pieces, (piece[at:], False)]


@lru_cache(maxsize=2)
def _index(*pages: docs.Page) -> list[Section]:
    sections = []
    for page in pages:
        reader = _Reader(page)
        reader.feed(page.html)
        reader.close()
        sections += reader.sections
    for section in sections:
        section.text = " ".join(section.text.split())
        section.title_words = _words(section.title)
        section.page_words = _words(section.page)
        for word in WORD.findall(section.text.lower()):
            stem = _stem(word)
            section.words[stem] = section.words.get(stem, 0) + 1
    return sections


def _words(text: str) -> set[str]:
    return {_stem(word) for word in WORD.findall(text.lower())}


class _Reader(HTMLParser):
    """Cuts a page at its headings and at the table rows that have an id."""

    def __init__(self, page: docs.Page):
        super().__init__(convert_charrefs=True)
        self._page = page
        self.sections = [Section(page.title, page.url, page.title)]
        self._under = self._current = self.sections[0]
        self._title_ends = ""  # the tag that ends the title being read
        self._silent = 0  # inside a copy button or the link of a heading

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "button" or attrs.get("class") == "headerlink" or self._silent:
            self._silent += tag in ("button", "a", "span")
        elif tag in HEADINGS and "id" in attrs:
            self._under = self._current = self._begun(attrs["id"])
            self._title_ends = tag
        elif tag == "tr" and "id" in attrs:
            self._current = self._begun(attrs["id"])
            self._title_ends = "td"

    def handle_endtag(self, tag):
        if self._silent:
            self._silent -= tag in ("button", "a", "span")
        elif tag == self._title_ends:
            self._title_ends = ""
            self._current.title = self._current.title.strip()
        elif tag == "tr":
            self._current = self._under
        elif tag in ("p", "li", "td", "th", "pre"):
            self._current.text += " "

    def handle_data(self, data):
        if self._silent:
            return
        if self._title_ends:
            self._current.title += data
        else:
            self._current.text += data

    def _begun(self, at: str) -> Section:
        section = Section(self._page.title, f"{self._page.url}#{at}")
        self.sections.append(section)
        return section
