"""query -> functions, for every door that lists them."""

import base64
import json
from dataclasses import dataclass, field, replace

from registry import errors
from registry.catalog import lists
from registry.catalog.lists import FunctionRow
from registry.search import browsing, code, facets, spelling
from registry.search.browsing import COUNTED_AT_MOST
from registry.search.code import Line
from registry.search.engines import engine
from registry.search.matching import SAMPLED, Answer, Match, Question
from registry.search.places import function_at
from registry.search.query import Query, parse
from registry.search.text import stem

MAX_DEPTH = 200  # results in order of relevance; other orders go on to the end
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
    sort: str = lists.DEFAULT_SORT,
    limit: int = 20,
    cursor: str = "",
    want_facets: bool = False,
    with_yanked: bool = False,
    **filters,
) -> Found:
    """The listed functions that match everything asked for.

    text: words and qualifiers (docs/search.md); anything is answered. sort: a key of
    lists.SORTS, or "relevance". limit: rows. cursor: a ``Found.next`` of the same
    question. with_yanked: a function of which every version is yanked is found by
    its very name. filters: category, tag, author, language, runtime, license (text;
    empty is no filter); no_dependencies, no_network, has_tables (true or false).

    Raises ValidationError(field="cursor"), Unavailable (it took too long).
    """
    query = parse(text, **filters)
    if not (query.had_text or query.tokens or want_facets):
        return Found(*browsing.everything(sort, limit, cursor))
    if query.had_text and not query.code:  # statements that have bounds of their own
        searched = _Search(query, with_yanked)
        if sort == "relevance":
            return _relevant(searched, limit, cursor, want_facets)
        return _sorted(searched, sort, limit, cursor, want_facets)
    if query.code:
        with engine().bounded():
            return _code(query, limit)
    return Found(*browsing.filtered(query, sort, limit, cursor, want_facets))


def suggest(text: str) -> list[FunctionRow]:
    """The functions that ``text``, still being typed, most likely means; SUGGESTED
    at most."""
    query = parse(text)
    if not query.words:
        return []
    searched = _Search(query)
    places = searched.look(limit=SUGGESTED, with_readme=False)
    return searched.rows(places)


class _Search:
    """One query with words, and what it was found to mean: where nothing has the words
    they are corrected; then some of them are enough."""

    def __init__(self, query: Query, with_yanked: bool = False):
        self.query = query
        self.with_yanked = with_yanked
        self.is_partial = False
        self.asked = Question(query.words or ("",), query.tokens, query.is_open)
        self.answer = Answer()

    def look(self, **wanted) -> list[int]:
        """At most ``limit`` places, the best first. wanted: of a Question."""
        if not self.query.words:
            return []
        self.asked = replace(self.asked, with_yanked=self.with_yanked, **wanted)
        self.answer = engine().look(self.asked)
        if not self.answer.places:
            corrected = spelling.correct(self.asked.words)
            if corrected != self.asked.words:
                self.asked = replace(self.asked, words=corrected)
                self.answer = engine().look(self.asked)
        if not self.answer.places and len(self.asked.words) > 1:
            self.is_partial = True
            self.answer = self._partial()
        return self.answer.places

    def _partial(self) -> Answer:
        """What has some of the words; counted where all are put in another order."""
        places = engine().ranked(self.match, self.asked.limit)
        made = Answer(places, self.answer.completed, total=len(places))
        if not (places and self.asked.with_sample):
            return made
        every = self.some(made.total)
        if len(every) < COUNTED_AT_MOST:
            return replace(made, total=len(every), sample=every)
        return replace(made, total=COUNTED_AT_MOST + 1, sample=every[:SAMPLED])

    def rows(self, places: list[int]) -> list[FunctionRow]:
        """The functions at these places, in their order."""
        pks = [function_at(place) for place in places]
        return lists.in_order(pks, with_yanked=self.with_yanked)

    @property
    def sample(self) -> list[int]:
        """The places of all results; of too many those of popular ones."""
        if self.answer.sample is not None:
            return self.answer.sample
        if self.answer.total <= len(self.answer.places):
            return self.answer.places
        places = self.some(self.answer.total)
        return places if len(places) < COUNTED_AT_MOST else places[:SAMPLED]

    @property
    def facets(self) -> facets.Facets:
        if not self.answer.places:
            return {}
        if self.answer.kinds is not None:
            return facets.of(self.answer)
        return facets.count(self.sample)

    def some(self, total: int) -> list[int]:
        """All of ``total`` results; of too many only popular ones."""
        return engine().some(
            self.match, COUNTED_AT_MOST, hot_is_enough=total > COUNTED_AT_MOST
        )

    @property
    def match(self) -> Match:
        """The widest of the steps."""
        match = self.asked.match(self.answer.completed)
        return replace(match, any_group=self.is_partial)

    @property
    def told(self) -> dict:
        """What ``Found`` says of it."""
        if not self.answer.places:
            return {}
        is_corrected = self.asked.words != self.query.words
        words = (word for group in self.match.groups for word in group)
        return {
            "corrected": " ".join(self.asked.words) if is_corrected else "",
            "is_partial": self.is_partial,
            "stems": frozenset(map(stem, words)),
        }


def _relevant(search: _Search, limit: int, cursor: str, want_facets: bool) -> Found:
    offset = _offset(cursor)
    end = min(offset + limit, MAX_DEPTH)
    places = search.look(
        limit=end + 1,
        most=COUNTED_AT_MOST + 1,
        want_facets=want_facets,
    )
    has_more = len(places) > end and end < MAX_DEPTH
    return Found(
        rows=search.rows(places[offset:end]),
        next=_encode(end) if has_more else "",
        total=search.answer.total,
        facets=search.facets if want_facets else {},
        **search.told,
    )


def _sorted(
    search: _Search, sort: str, limit: int, cursor: str, want_facets: bool
) -> Found:
    """In another order; of more than COUNTED_AT_MOST only SAMPLED popular ones."""
    counted = COUNTED_AT_MOST + 1
    if not search.look(
        limit=1, most=counted, want_facets=want_facets, with_sample=True
    ):
        return Found([])
    page = browsing.some_of(search.sample, sort, cursor, limit)
    return Found(
        page.rows,
        page.next,
        search.answer.total,
        facets=search.facets if want_facets else {},
        **search.told,
    )


def _code(query: Query, limit: int) -> Found:
    within = None
    if query.words:
        groups = tuple((word,) for word in query.words)
        match = Match(groups, query.tokens)
        within = set(engine().some(match, COUNTED_AT_MOST))
    lines = code.find(query.code, query.tokens, within, limit)
    return Found(rows=lists.in_order(list(lines)), total=len(lines), lines=lines)


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
