"""query -> functions, for every door that lists them."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from registry import errors, listed, paging
from registry.listed import FunctionRow
from registry.models import SearchDocument
from registry.search import code, facets, spelling
from registry.search.code import Line
from registry.search.engines import Match, engine
from registry.search.places import SUNK, function_at
from registry.search.query import Query, parse
from registry.search.text import stem, token

COUNTED_AT_MOST = 1000  # exact up to here
MAX_DEPTH = 200  # results in order of relevance; other orders go on to the end
PREFIXED = 10  # names that begin with the query, before all other results
COMPLETIONS = 8
SUGGESTED = 8


@dataclass(frozen=True)
class Found:
    """A page of functions.

    total: exact up to COUNTED_AT_MOST, then COUNTED_AT_MOST + 1. next: the cursor of
    the next page, or "". facets: see facets.py; empty unless asked for. corrected:
    the words searched instead, where nothing had those that were typed. is_partial:
    nothing had all the words; these have some. stems: of the words found, for marking
    them. lines: function id -> what ``code:`` found.
    """

    rows: list[FunctionRow]
    next: str = ""
    total: int = 0
    facets: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    corrected: str = ""
    is_partial: bool = False
    stems: frozenset[str] = frozenset()
    lines: dict[int, list[Line]] = field(default_factory=dict)


def find(
    text: str = "",
    *,
    sort: str = paging.DEFAULT_SORT,
    limit: int = 20,
    cursor: str = "",
    want_facets: bool = False,
    with_yanked: bool = False,
    **filters,
) -> Found:
    """The listed functions that match everything asked for.

    text: words and qualifiers (docs/search.md); anything is answered. sort: a key of
    paging.SORTS, or "relevance". limit: rows. cursor: a ``Found.next`` of the same
    question. with_yanked: a function of which every version is yanked is found by
    its very name. filters: category, tag, author, language, runtime, license (text;
    empty is no filter); no_dependencies, no_network, has_tables (true or false).

    Raises ValidationError(field="cursor"), Unavailable (it took too long).
    """
    query = parse(text, **filters)
    if not (query.had_text or query.tokens or want_facets):
        return _all(sort, limit, cursor)
    with engine().bounded():
        if query.code:
            return _code(query, limit)
        if not query.had_text:
            return _browse(query, sort, limit, cursor, want_facets)
        search = _Search(query, with_yanked)
        if sort == "relevance":
            return _relevant(search, limit, cursor, want_facets)
        return _sorted(search, sort, limit, cursor, want_facets)


def suggest(text: str) -> list[FunctionRow]:
    """The functions that ``text``, still being typed, most likely means; SUGGESTED
    at most."""
    query = parse(text)
    if not query.words:
        return []
    with engine().bounded():
        search = _Search(query, with_yanked=False)
        return _functions(search.places(SUGGESTED, readme=False))


class _Search:
    """One query with words, and what it was found to mean.

    Results come in steps, each asked only while the page isn't full: the very name,
    names that begin so, all words in name, tags or description (ranked among the
    popular, then in order of popularity), the same with the last word completed, and
    the README. Nothing at all: the words are corrected; then some words are enough.
    """

    def __init__(self, query: Query, with_yanked: bool):
        self.engine = engine()
        self.query = query
        self.words = query.words
        self.with_yanked = with_yanked
        self.is_partial = False
        self._completed: tuple[str, ...] | None = None

    def places(self, limit: int, *, readme: bool = True) -> list[int]:
        """At most ``limit``, the best first."""
        if not self.words:
            return []
        found = self._collect(limit, readme)
        if not found:
            corrected = spelling.correct(self.words)
            if corrected != self.words:
                self.words, self._completed = corrected, None
                found = self._collect(limit, readme)
        if not found and len(self.words) > 1:
            self.is_partial = True
            found = self.engine.ranked(self.match, limit)
        return found

    def count(self) -> int:
        """How many results there are; not counted further than one too many."""
        typed = tuple((word,) for word in self.words)
        exact = replace(self.match, groups=typed)
        return self.engine.count(exact, self.match, COUNTED_AT_MOST + 1)

    def some(self, total: int) -> list[int]:
        """All of ``total`` results; of too many only popular ones."""
        return self.engine.some(
            self.match, COUNTED_AT_MOST, hot_is_enough=total > COUNTED_AT_MOST
        )

    @property
    def match(self) -> Match:
        """The widest of the steps."""
        *others, last = self.words
        groups = (*((word,) for word in others), (last, *self._completions()))
        return Match(groups, self.query.tokens, any_group=self.is_partial)

    @property
    def corrected(self) -> str:
        return "" if self.words == self.query.words else " ".join(self.words)

    @property
    def stems(self) -> frozenset[str]:
        return frozenset(stem(word) for group in self.match.groups for word in group)

    def _collect(self, limit: int, readme: bool) -> list[int]:
        found: dict[int, None] = {}
        for places in self._steps(limit, readme):
            found |= dict.fromkeys(places)
            if len(found) >= limit:
                break
        return list(found)[:limit]

    def _steps(self, limit: int, readme: bool) -> Iterator[list[int]]:
        exact = Match(tuple((word,) for word in self.words), self.query.tokens)
        yield self._named()
        yield self.engine.ranked(exact, limit)
        yield self.engine.popular(exact, "narrow", limit)
        if self._completions():
            yield self.engine.ranked(self.match, limit)
            yield self.engine.popular(self.match, "narrow", limit)
        if readme:
            yield self.engine.popular(exact, "wide", limit)
            if self._completions():
                yield self.engine.popular(self.match, "wide", limit)

    def _named(self) -> list[int]:
        slug = "-".join(self.words)
        exact = SearchDocument.objects.filter(slug=slug)
        for word in self.query.tokens:
            exact = exact.filter(facets__contains=word)
        if not self.with_yanked:
            exact = exact.exclude(names="")
        begun = self.engine.named(slug, self.query.tokens, PREFIXED)
        return [
            *exact.values_list("place", flat=True),
            *(place for place in begun if place < SUNK),
        ]

    def _completions(self) -> tuple[str, ...]:
        if not self.query.is_open:
            return ()
        if self._completed is None:
            words = self.engine.completions(self.words[-1], COMPLETIONS)
            self._completed = tuple(words)
        return self._completed


def _relevant(search: _Search, limit: int, cursor: str, want_facets: bool) -> Found:
    offset = _offset(cursor)
    end = min(offset + limit, MAX_DEPTH)
    places = search.places(end + 1)
    is_all = len(places) <= end
    total = len(places) if is_all else max(search.count(), len(places))
    counted = {}
    if want_facets and places:
        counted = facets.count(places if is_all else search.some(total))
    more = not is_all and end < MAX_DEPTH
    return Found(
        rows=_functions(places[offset:end], with_yanked=search.with_yanked),
        next=_encode(end) if more else "",
        total=total,
        facets=counted,
        **_told(search, places),
    )


def _sorted(
    search: _Search, sort: str, limit: int, cursor: str, want_facets: bool
) -> Found:
    """In another order; of more than COUNTED_AT_MOST only the popular ones."""
    if not search.places(1):
        return Found([])
    total = search.count()
    places = search.some(total)
    page = paging.page(_at(places), sort=sort, cursor=cursor, limit=limit)
    counted = facets.count(places) if want_facets else {}
    told = _told(search, places)
    return Found(rows=page.rows, next=page.next, total=total, facets=counted, **told)


def _told(search: _Search, places: list[int]) -> dict:
    if not places:
        return {}
    return {
        "corrected": search.corrected,
        "is_partial": search.is_partial,
        "stems": search.stems,
    }


def _all(sort: str, limit: int, cursor: str) -> Found:
    """Everything there is, which is never counted: the counters are kept."""
    sort = "installs" if sort == "relevance" else sort
    page = paging.page(sort=sort, cursor=cursor, limit=limit)
    total = min(listed.count(), COUNTED_AT_MOST + 1)
    return Found(rows=page.rows, next=page.next, total=total)


def _browse(
    query: Query, sort: str, limit: int, cursor: str, want_facets: bool
) -> Found:
    """Without words. Few: exactly those; many: the order's index is walked, which
    finds a page soon because there are many."""
    among: list[listed.Where] = []
    if query.tokens:
        match = Match(tokens=query.tokens)
        places = engine().some(match, COUNTED_AT_MOST + 1)
        if len(places) <= COUNTED_AT_MOST:
            among = [_at(places)]
        else:
            among = [_having(name, value) for name, value in query.filters]
        total = len(places)
    else:
        popular = SearchDocument.objects.filter(is_hot=True, place__lt=SUNK)
        popular = popular.order_by("place").values_list("place", flat=True)
        places = list(popular[:COUNTED_AT_MOST])
        total = min(listed.count(), COUNTED_AT_MOST + 1)
    sort = "installs" if sort == "relevance" else sort
    page = paging.page(*among, sort=sort, cursor=cursor, limit=limit)
    counted = facets.count(places[:COUNTED_AT_MOST]) if want_facets else {}
    return Found(rows=page.rows, next=page.next, total=total, facets=counted)


def _having(name: str, value: str) -> listed.Where:
    """A filter on the functions themselves, for walking in another order."""
    if name == "category":
        found = "(SELECT id FROM registry_category WHERE slug = %s)"
        return f"f.category_id = {found}", [value]
    if name == "author":
        found = "(SELECT id FROM accounts_account WHERE username = %s)"
        return f"f.owner_id = {found}", [value]
    if name == "tag":
        found = "registry_functiontag t WHERE t.function_id = f.id AND t.tag = %s"
        return f"EXISTS (SELECT 1 FROM {found})", [value.lower()]
    found = "registry_searchdocument s WHERE s.function_id = f.id AND s.facets LIKE %s"
    return f"EXISTS (SELECT 1 FROM {found})", [f"%{token(name, value)}%"]


def _code(query: Query, limit: int) -> Found:
    within = None
    if query.words:
        groups = tuple((word,) for word in query.words)
        match = Match(groups, query.tokens)
        within = set(engine().some(match, COUNTED_AT_MOST))
    lines = code.find(query.code, query.tokens, within, limit)
    return Found(
        rows=listed.in_order(list(lines), listed.LISTED), total=len(lines), lines=lines
    )


def _functions(places: list[int], *, with_yanked: bool = False) -> list[FunctionRow]:
    ids = [function_at(place) for place in places]
    return listed.in_order(ids, listed.PUBLISHED if with_yanked else listed.LISTED)


def _at(places: list[int]) -> listed.Where:
    return listed.with_ids([function_at(place) for place in places])


def _encode(offset: int) -> str:
    text = json.dumps(["relevance", offset], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _offset(cursor: str) -> int:
    """What ``_encode`` put in; anyone may have written it."""
    if not cursor:
        return 0
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        kind, offset = json.loads(
            base64.b64decode(padded, altchars=b"-_", validate=True)
        )
        if kind != "relevance" or type(offset) is not int or not 0 < offset < MAX_DEPTH:
            raise ValueError
    except (ValueError, TypeError, RecursionError):
        raise errors.ValidationError(
            f"The cursor {errors.shown(cursor)} is not one the Hub gave for this "
            "order. Start without a cursor.",
            field="cursor",
        ) from None
    return offset
