"""All events, filtered and exported."""

import csv

from django import forms
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.http import urlencode

from admin_portal.moderation.pages import staff, staff_page
from registry.moderation.log import EventFilter, page_by_id

COLUMNS = ("at", "actor", "verb", "subject", "via", "data")
# Spreadsheets run cells that start with these (OWASP, "CSV Injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
MAX_EXPORTED = 100_000
CHUNK = 2000


class FilterForm(forms.Form):
    actor = forms.CharField(required=False, max_length=39)
    subject = forms.CharField(required=False, max_length=200, label="Subject begins")
    verb = forms.CharField(required=False, max_length=40)
    via = forms.ChoiceField(
        required=False,
        label="Door",
        choices=[("", "Any")]
        + [(via, via) for via in ("admin", "api", "cli", "ci", "hub", "system")],
    )
    since = forms.DateTimeField(
        required=False,
        label="From (UTC)",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d"],
    )
    until = forms.DateTimeField(
        required=False,
        label="Until (UTC)",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d"],
    )

    @property
    def wanted(self) -> EventFilter:
        """The filter; invalid fields are ignored."""
        self.is_valid()
        return EventFilter(**self.cleaned_data)


@staff_page()
def event_list(request: HttpRequest):
    form = FilterForm(request.GET)
    page = page_by_id(form.wanted.events(), before=request.GET.get("before", ""))
    asked = {name: request.GET[name] for name in form.fields if request.GET.get(name)}
    context = {
        "form": form,
        "events": page.rows,
        "query": urlencode(asked),
        "next": page.next,
        "is_filtered": bool(asked),
        "page_name": "events",
    }
    return staff(request, "events", **context)


@staff_page()
def export_events(request: HttpRequest):
    events = FilterForm(request.GET).wanted.events()
    response = StreamingHttpResponse(_lines(events), "text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="events.csv"'
    return response


class _Echo:
    """A file for csv.writer whose ``write`` returns the line."""

    def write(self, line: str) -> str:
        return line


def _lines(events):
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    before, left = "", MAX_EXPORTED
    while left > 0:
        page = page_by_id(events, before=before, limit=min(CHUNK, left))
        for event in page.rows:
            yield writer.writerow(map(safe_cell, _cells(event)))
        before, left = page.next, left - CHUNK
        if not before:
            return


def _cells(event) -> tuple:
    actor = event.data.get("actor") or ""
    data = "; ".join(f"{k}={v}" for k, v in event.data.items() if k != "actor")
    at = event.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return at, actor, event.verb, event.subject, event.via, data


def safe_cell(text: str) -> str:
    """``text`` as a cell that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
