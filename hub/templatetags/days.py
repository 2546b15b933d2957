"""``{{ moment|day }}``: the UTC day of a moment, as ``9 Nov 2026``.

Django's ``date:"j M Y"`` reads its format anew for each value: eight times as long, a
tenth of the time that a list of functions takes.
"""

from datetime import UTC, date, datetime
from functools import lru_cache

from django import template
from django.utils.dateformat import format as format_date

register = template.Library()


@register.filter(expects_localtime=False)
def day(moment: datetime | date) -> str:
    """moment: aware, or a date."""
    if isinstance(moment, datetime):
        moment = moment.astimezone(UTC).date()
    return _formatted(moment)


@lru_cache(maxsize=1_000)
def _formatted(value: date) -> str:
    return format_date(value, "j M Y")
