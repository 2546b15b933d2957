"""What a list of functions was asked for: read from the address, and back into one."""

from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from urllib.parse import quote, quote_plus

from hub.http import PublicNotFound
from registry import errors, search
from registry.catalog import lists

PAGE_ROWS = 20
IN_A_PATH = "!$&'()*+,;=~:@"  # stand for themselves there (RFC 3986, 3.3)
PATHS = {("category",): "/categories/", ("tag",): "/tags/"}
MAX_QUERY_CHARACTERS = 200
RELEVANCE = "relevance"
SORT_LABELS = {
    RELEVANCE: "Relevance",
    "recent": "Recent",
    "installs": "Installs",
    "stars": "Stars",
    "name": "Name",
}
FLAG_LABELS = {
    "no_dependencies": "No npm packages",
    "no_network": "No network",
    "has_tables": "Has tables",
}
FILTERS = (*search.FILTERS, *FLAG_LABELS)


@contextmanager
def as_asked():
    """Raises PublicNotFound where a cursor is refused."""
    try:
        yield
    except errors.ValidationError as error:
        raise PublicNotFound(
            "This address names a page of a list that doesn't exist. "
            "Start from the first page."
        ) from error


@dataclass(frozen=True)
class Wanted:
    """The functions a reader wants; "" is anything. Flags are "1" or "".

    Anything unknown in an address falls back to the default, but for a cursor, which
    is refused: it would show the wrong page. ``of``: what the path itself names,
    "category", "tag", "author" or nothing of it.
    """

    category: str = ""
    tag: str = ""
    author: str = ""
    language: str = ""
    runtime: str = ""
    license: str = ""
    no_dependencies: str = ""
    no_network: str = ""
    has_tables: str = ""
    q: str = ""
    sort: str = ""  # "" is the default order; see ``order``
    cursor: str = ""
    of: str = ""

    @classmethod
    def from_query(cls, query, **fixed) -> "Wanted":
        """query: the request's GET. fixed: what the path itself says."""
        given = {name: query.get(name, "").strip() for name in NAMES}
        given["q"] = " ".join(given["q"][:MAX_QUERY_CHARACTERS].split())
        given["tag"] = given["tag"].lower()
        given["author"] = given["author"].removeprefix("@").lower()
        for flag in FLAG_LABELS:
            given[flag] = given[flag] if given[flag] == "1" else ""
        wanted = cls(**given | fixed, of="".join(fixed))
        return wanted if wanted.sort in wanted.orders else replace(wanted, sort="")

    @property
    def orders(self) -> list[str]:
        """The orders there are: relevance needs words."""
        return [sort for sort in SORT_LABELS if self.q or sort != RELEVANCE]

    @property
    def order(self) -> str:
        default = RELEVANCE if self.q else lists.DEFAULT_SORT
        return self.sort or default

    @cached_property
    def at_the_start(self) -> "Wanted":
        """The same from its first page on."""
        return replace(self, cursor="")

    @property
    def chosen(self) -> dict[str, str]:
        """The filters that are set, without the words."""
        return {name: getattr(self, name) for name in FILTERS if getattr(self, name)}

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q or self.chosen)

    def found(self, *, want_facets: bool = True) -> search.Found:
        """want_facets: where the list is narrowed.

        Raises PublicNotFound when the cursor is not one of ours.
        """
        with as_asked():
            return search.find(
                self.q,
                sort=self.order,
                cursor=self.cursor,
                limit=PAGE_ROWS,
                want_facets=want_facets and self.is_narrowed,
                with_yanked=True,
                **self.chosen,
            )

    def url(self, **changes) -> str:
        """The address of this list with ``changes``; without a cursor unless given."""
        given = self._given | changes
        query = {name: value for name, value in given.items() if value}
        usual = RELEVANCE if given["q"] else lists.DEFAULT_SORT
        if given["sort"] == usual or (given["sort"] == RELEVANCE and not given["q"]):
            query.pop("sort", None)
        path = "/functions/"
        asked = tuple(query.keys() - {"sort", "cursor"})
        if asked in PATHS and "/" not in query[asked[0]]:
            path = PATHS[asked] + quote(query.pop(asked[0]), safe=IN_A_PATH)
        pairs = [f"{name}={_quoted(value)}" for name, value in query.items()]
        return f"{path}?{'&'.join(pairs)}" if pairs else path

    @cached_property
    def _given(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in NAMES} | {"cursor": ""}

    @property
    def labels(self) -> list[tuple[str, str]]:
        """What narrows the list, each with the address of the list without it."""
        words = {"q": f"“{self.q}”"} if self.q else {}
        said = {"tag": "#{}", "author": "by {}"}
        filters = {
            name: FLAG_LABELS.get(name) or said.get(name, "{}").format(value)
            for name, value in self.chosen.items()
        }
        given = (words | filters).items()
        return [(label, self.url(**{name: ""})) for name, label in given]


NAMES = tuple(f.name for f in fields(Wanted) if f.name != "of")  # in an address


@lru_cache(4_096)
def _quoted(value: str) -> str:
    return quote_plus(value)
