"""What was done and decided, a page at a time; the same cost however deep."""

from dataclasses import dataclass, fields
from datetime import datetime

from accounts.models import Event
from registry.catalog.lists import MAX_ID, ListPage
from registry.models import Decision

PAGE_ROWS = 50


def page_by_id(rows, *, before: str = "", limit: int = PAGE_ROWS) -> ListPage:
    """The ``limit`` newest of ``rows``, a queryset, whose id is below ``before``.

    before: a ``ListPage.next``, or "". Anything else shows the first page.
    """
    if before.isascii() and before.isdecimal() and len(before) < 20:
        rows = rows.filter(pk__lt=min(int(before), MAX_ID))
    rows = list(rows.order_by("-pk")[: limit + 1])
    return ListPage(rows[:limit], str(rows[limit - 1].pk) if len(rows) > limit else "")


def public_decisions():
    """The public log: what was decided, about what, by which rule, and what became
    of it. Who reported is in none of it."""
    decisions = Decision.objects.filter(is_public=True)
    return decisions.prefetch_related("reversals", "appeals")


@dataclass(frozen=True)
class EventFilter:
    """Which events are wanted; empty fields ask for nothing.

    actor: a username. subject: how it begins. since, until: moments with a zone.
    """

    actor: str = ""
    subject: str = ""
    verb: str = ""
    via: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def events(self):
        """Those events, unordered."""
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
