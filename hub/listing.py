"""What a list of functions was asked for: read from the address, and back into one."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.urls import reverse

from hub.http import NotHere
from registry import errors, paging, search

PAGE_ROWS = 20
MAX_QUERY_CHARACTERS = 200
SORT_LABELS = {
    "recent": "Recent",
    "installs": "Installs",
    "stars": "Stars",
    "name": "Name",
}


@dataclass(frozen=True)
class Wanted:
    """The functions a reader wants. Anything unknown in an address falls back to
    the default, but for a cursor, which is refused: it would show the wrong page."""

    category: str = ""
    tag: str = ""
    author: str = ""
    q: str = ""
    sort: str = paging.DEFAULT_SORT
    cursor: str = ""

    @classmethod
    def from_query(cls, query, **fixed) -> "Wanted":
        """query: the request's GET. fixed: what the path itself says."""
        given = {name: query.get(name, "").strip() for name in cls.__annotations__}
        given["q"] = " ".join(given["q"][:MAX_QUERY_CHARACTERS].split())
        given["tag"] = given["tag"].lower()
        given["author"] = given["author"].removeprefix("@").lower()
        if given["sort"] not in paging.SORTS:
            given["sort"] = paging.DEFAULT_SORT
        return cls(**given | fixed)

    def found(self) -> search.Found:
        """Raises NotHere when the cursor is not one of ours."""
        try:
            return search.find(
                self.q,
                category=self.category,
                tag=self.tag,
                author=self.author,
                sort=self.sort,
                cursor=self.cursor,
                limit=PAGE_ROWS,
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
        if other.sort == paging.DEFAULT_SORT:
            del query["sort"]
        chosen = query.keys() & {"category", "tag", "author", "q"}
        if chosen == {"category"}:
            path = reverse("hub:category_detail", args=[query.pop("category")])
        elif chosen == {"tag"}:
            path = reverse("hub:tag_detail", args=[query.pop("tag")])
        else:
            path = reverse("hub:function_list")
        return f"{path}?{urlencode(query)}" if query else path

    @property
    def filters(self) -> list[dict]:
        """What narrows the list, each with the address of the list without it."""
        labels = {
            "category": self.category,
            "tag": f"#{self.tag}",
            "author": f"by {self.author}",
            "q": f"“{self.q}”",
        }
        return [
            {"label": label, "without": self.url(**{name: ""})}
            for name, label in labels.items()
            if getattr(self, name)
        ]

    @property
    def sorts(self) -> list[dict]:
        return [
            {"label": label, "url": self.url(sort=sort), "chosen": sort == self.sort}
            for sort, label in SORT_LABELS.items()
        ]
