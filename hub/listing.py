"""What a list of functions was asked for: read from the address, and back into one."""

from dataclasses import dataclass, fields, replace
from urllib.parse import quote, urlencode

from hub.http import NotHere
from registry import errors, paging, search

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


@dataclass(frozen=True)
class Wanted:
    """The functions a reader wants; "" is anything. Flags are "1" or "".

    Anything unknown in an address falls back to the default, but for a cursor, which
    is refused: it would show the wrong page.
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

    @classmethod
    def from_query(cls, query, **fixed) -> "Wanted":
        """query: the request's GET. fixed: what the path itself says."""
        given = {field.name: query.get(field.name, "").strip() for field in fields(cls)}
        given["q"] = " ".join(given["q"][:MAX_QUERY_CHARACTERS].split())
        given["tag"] = given["tag"].lower()
        given["author"] = given["author"].removeprefix("@").lower()
        for flag in FLAG_LABELS:
            given[flag] = given[flag] if given[flag] == "1" else ""
        wanted = cls(**given | fixed)
        return wanted if wanted.sort in wanted.orders else replace(wanted, sort="")

    @property
    def orders(self) -> list[str]:
        """The orders there are: relevance needs words."""
        return [sort for sort in SORT_LABELS if self.q or sort != RELEVANCE]

    @property
    def order(self) -> str:
        default = RELEVANCE if self.q else paging.DEFAULT_SORT
        return self.sort or default

    @property
    def chosen(self) -> dict[str, str]:
        """The filters that are set, without the words."""
        return {name: getattr(self, name) for name in FILTERS if getattr(self, name)}

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q or self.chosen)

    def found(self, *, want_facets: bool = True) -> search.Found:
        """want_facets: where the list is narrowed.

        Raises NotHere when the cursor is not one of ours.
        """
        try:
            return search.find(
                self.q,
                sort=self.order,
                cursor=self.cursor,
                limit=PAGE_ROWS,
                want_facets=want_facets and self.is_narrowed,
                with_yanked=True,
                **self.chosen,
            )
        except errors.ValidationError as error:
            raise NotHere(
                "This address names a page of a list that doesn't exist. "
                "Start from the first page."
            ) from error

    def url(self, **changes) -> str:
        """The address of this list with ``changes``; without a cursor unless given."""
        given = vars(self) | {"cursor": ""} | changes
        query = {name: value for name, value in given.items() if value}
        usual = RELEVANCE if given["q"] else paging.DEFAULT_SORT
        if given["sort"] == usual or (given["sort"] == RELEVANCE and not given["q"]):
            query.pop("sort", None)
        path = "/functions/"
        asked = tuple(query.keys() - {"sort", "cursor"})
        if asked in PATHS and "/" not in query[asked[0]]:
            path = PATHS[asked] + quote(query.pop(asked[0]), safe=IN_A_PATH)
        return f"{path}?{urlencode(query)}" if query else path

    @property
    def labels(self) -> list[dict]:
        """What narrows the list, each with the address of the list without it."""
        words = {"q": f"“{self.q}”"} if self.q else {}
        said = {"tag": "#{}", "author": "by {}"}
        filters = {
            name: FLAG_LABELS.get(name) or said.get(name, "{}").format(value)
            for name, value in self.chosen.items()
        }
        return [
            {"label": label, "without": self.url(**{name: ""})}
            for name, label in {**words, **filters}.items()
        ]

    @property
    def sorts(self) -> list[dict]:
        return [
            {
                "label": SORT_LABELS[sort],
                "url": self.url(sort=sort),
                "chosen": sort == self.order,
            }
            for sort in self.orders
        ]
