"""What a list of functions was asked for: read from the address, and back into one."""

from dataclasses import dataclass, fields, replace
from urllib.parse import urlencode

from django.urls import reverse

from hub.http import NotHere
from registry import errors, paging, search

PAGE_ROWS = 20
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

    def found(self) -> search.Found:
        """Raises NotHere when the cursor is not one of ours."""
        is_narrowed = bool(self.q or self.chosen)
        try:
            return search.find(
                self.q,
                sort=self.order,
                cursor=self.cursor,
                limit=PAGE_ROWS,
                want_facets=is_narrowed,
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
        other = replace(self, **{"cursor": ""} | changes)
        query = {name: value for name, value in vars(other).items() if value}
        if (
            other.sort not in other.orders
            or other.sort == replace(other, sort="").order
        ):
            query.pop("sort", None)
        asked = query.keys() - {"sort", "cursor"}
        if asked == {"category"}:
            path = reverse("hub:category_detail", args=[query.pop("category")])
        elif asked == {"tag"}:
            path = reverse("hub:tag_detail", args=[query.pop("tag")])
        else:
            path = reverse("hub:function_list")
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
