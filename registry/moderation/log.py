"""Pages of decisions and events. A deep page costs what the first one costs."""

from dataclasses import dataclass, fields
from datetime import datetime

from accounts.models import Event
from registry.catalog.lists import ListPage
from registry.models import Decision

PAGE_ROWS = 50


def page_by_id(rows, *, before: str = "", limit: int = PAGE_ROWS) -> ListPage:
    """The ``limit`` newest rows of the queryset ``rows`` with an id below ``before``.

    before: a ``ListPage.next``, or "". Anything else shows the first page.
    """
    if before.isascii() and before.isdecimal() and len(before) < 20:
        rows = rows.filter(pk__lt=int(before))
    rows = list(rows.order_by("-pk")[: limit + 1])
    return ListPage(rows[:limit], str(rows[limit - 1].pk) if len(rows) > limit else "")


def public_decisions():
    """The decisions of the public log. They never name who reported."""
    decisions = Decision.objects.filter(is_public=True)
    return decisions.prefetch_related("reversals", "appeals")


@dataclass(frozen=True)
class EventFilter:
    """A filter of events. An empty field filters nothing.

    actor: a username. subject: a prefix. since, until: datetimes with a time zone.
    """

    actor: str = ""
    subject: str = ""
    verb: str = ""
    via: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def events(self):
        """The matching events, unordered."""
        lookups = {
            "actor": "actor__username",
            "subject": "subject__startswith",
            "verb": "verb",
            "via": "via",
            "since": "at__gte",
            "until": "at__lt",
        }
        wanted = {
            lookups[field.name]: getattr(self, field.name)
            for field in fields(self)
            if getattr(self, field.name)
        }
        return Event.objects.filter(**wanted).select_related("actor")
