"""Text and filters -> the functions they find, for every door."""

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
from registry.search.matching import SAMPLED, Answer, Lookup, Match
from registry.search.query import Query, parse
from registry.search.rank_keys import function_id_of
from registry.search.text import stem

MAX_DEPTH = 200  # results in order of relevance; other orders go on to the end
SUGGESTED = 8


@dataclass(frozen=True)
class Found:
    """A page of the functions that a search found.

    next: the cursor of the next page, or "". total: exact up to COUNTED_AT_MOST, then
    COUNTED_AT_MOST + 1. facets: see facets.py; empty unless they were wanted.
    corrected: the words that were searched instead of the typed ones, which no function
    has. is_partial: no function has all the words; these have some. stems: of the words
    found, for marking them. lines: function id -> the lines that ``code:`` found.
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
    """The listed functions that match the text and all filters.

    text: words and qualifiers (docs/search.md); none is an error. sort: a key of
    lists.SORTS, or "relevance". limit: most rows. cursor: a ``Found.next`` of the same
    search. with_yanked: a function whose versions are all yanked is found by its exact
    name. filters: category, tag, author, language, runtime, license (text;
    empty is no filter); no_dependencies, no_network, has_tables (true or false).

    Raises ValidationError(field="cursor"), Unavailable (it took too long).
    """
    query = parse(text, **filters)
    if not (query.had_text or query.tokens or want_facets):
        return Found(*browsing.everything(sort, limit, cursor))
    if query.code:
        with engine().bounded():
            return _with_code(query, limit)
    if query.had_text:
        search = _Search(query, with_yanked)
        if sort == "relevance":
            return _by_relevance(search, limit, cursor, want_facets)
        return _in_another_order(search, sort, limit, cursor, want_facets)
    return Found(*browsing.filtered(query, sort, limit, cursor, want_facets))


def suggest(text: str) -> list[FunctionRow]:
    """The functions that someone who has typed ``text`` so far most likely means;
    SUGGESTED at most."""
    query = parse(text)
    if not query.words:
        return []
    search = _Search(query)
    return search.rows(search.run(limit=SUGGESTED, with_readme=False))


class _Search:
    """The search for one query with words.

    Where no function has all the words, their spelling is corrected. Where none has the
    corrected ones either, some of the words are enough.
    """

    def __init__(self, query: Query, with_yanked: bool = False):
        self.query = query
        self.is_partial = False
        self.lookup = Lookup(
            query.words or ("",), query.tokens, query.is_open, with_yanked=with_yanked
        )
        self.answer = Answer()

    def run(self, **options) -> list[int]:
        """The rank keys of at most ``limit`` functions, the best first. options: fields
        of a Lookup."""
        if not self.query.words:
            return []
        self.lookup = replace(self.lookup, **options)
        self.answer = engine().find(self.lookup)
        if not self.answer.rank_keys:
            corrected = spelling.correct(self.lookup.words)
            if corrected != self.lookup.words:
                self.lookup = replace(self.lookup, words=corrected)
                self.answer = engine().find(self.lookup)
        if not self.answer.rank_keys and len(self.lookup.words) > 1:
            self.is_partial = True
            self.answer = self._partial()
        return self.answer.rank_keys

    def _partial(self) -> Answer:
        """What has some of the words. All of it is counted for another order alone."""
        ranked = engine().ranked(self.match, self.lookup.limit)
        answer = Answer(ranked, self.answer.completed, total=len(ranked))
        if not (ranked and self.lookup.with_sample):
            return answer
        every = self._some(answer.total)
        if len(every) < COUNTED_AT_MOST:
            return replace(answer, total=len(every), sample=every)
        return replace(answer, total=COUNTED_AT_MOST + 1, sample=every[:SAMPLED])

    def rows(self, rank_keys: list[int]) -> list[FunctionRow]:
        """The functions that have these rank keys, in this order."""
        pks = [function_id_of(key) for key in rank_keys]
        return lists.in_order(pks, with_yanked=self.lookup.with_yanked)

    @property
    def sample(self) -> list[int]:
        """The rank keys of all results, or of popular ones where there are too many."""
        if self.answer.sample is not None:
            return self.answer.sample
        if self.answer.total <= len(self.answer.rank_keys):
            return self.answer.rank_keys
        some = self._some(self.answer.total)
        return some if len(some) < COUNTED_AT_MOST else some[:SAMPLED]

    @property
    def facets(self) -> facets.Facets:
        if not self.answer.rank_keys:
            return {}
        if self.answer.kinds is not None:
            return facets.of(self.answer)
        return facets.count(self.sample)

    @property
    def match(self) -> Match:
        """What the least fitting of the results has."""
        match = self.lookup.match(self.answer.completed)
        return replace(match, any_group=self.is_partial)

    @property
    def explanation(self) -> dict:
        """The fields of ``Found`` that say how the words were understood."""
        if not self.answer.rank_keys:
            return {}
        is_corrected = self.lookup.words != self.query.words
        words = (word for group in self.match.groups for word in group)
        return {
            "corrected": " ".join(self.lookup.words) if is_corrected else "",
            "is_partial": self.is_partial,
            "stems": frozenset(map(stem, words)),
        }

    def _some(self, total: int) -> list[int]:
        """All of ``total`` results, or popular ones where there are too many."""
        return engine().some(
            self.match, COUNTED_AT_MOST, hot_is_enough=total > COUNTED_AT_MOST
        )


def _by_relevance(search: _Search, limit: int, cursor: str, want_facets: bool) -> Found:
    offset = _offset(cursor)
    end = min(offset + limit, MAX_DEPTH)
    found = search.run(limit=end + 1, most=COUNTED_AT_MOST + 1, want_facets=want_facets)
    has_more = len(found) > end and end < MAX_DEPTH
    return Found(
        rows=search.rows(found[offset:end]),
        next=_encode(end) if has_more else "",
        total=search.answer.total,
        facets=search.facets if want_facets else {},
        **search.explanation,
    )


def _in_another_order(
    search: _Search, sort: str, limit: int, cursor: str, want_facets: bool
) -> Found:
    """Of more than COUNTED_AT_MOST results, SAMPLED popular ones are put in order."""
    most = COUNTED_AT_MOST + 1
    if not search.run(limit=1, most=most, want_facets=want_facets, with_sample=True):
        return Found([])
    page = browsing.some_of(search.sample, sort, cursor, limit)
    return Found(
        page.rows,
        page.next,
        search.answer.total,
        facets=search.facets if want_facets else {},
        **search.explanation,
    )


def _with_code(query: Query, limit: int) -> Found:
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
    """The offset that ``_encode`` put in; anyone may have written the cursor."""
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
