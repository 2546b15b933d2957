"""Reporting a function, and the public log of what staff decided."""

from django import forms
from django.conf import settings
from django.contrib.syndication.views import Feed
from django.http import HttpRequest, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import escape
from django.views.decorators.csrf import csrf_protect

from core.http.limits import client_address, count
from core.http.methods import WITH_FORM, answers
from hub.feeds import AtomFeed
from hub.function_page import find_page, redirect_to
from hub.public import personal_page, public_page, too_many
from registry import errors, moderation
from registry.models import Decision, Function
from registry.models.moderation import REPORT_REASONS, RULES
from registry.moderation.log import page_by_id, public_decisions
from registry.moderation.reports import MAX_TEXT_CHARACTERS, REPORTS

MAX_FEED_ENTRIES = 50
MAX_LISTED_VERSIONS = 100


class ReportForm(forms.Form):
    """What a reader tells staff. The registry checks it again."""

    reason = forms.ChoiceField(
        label="What is wrong?",
        choices=[(reason, RULES[reason]) for reason in REPORT_REASONS],
        widget=forms.RadioSelect,
    )
    version = forms.ChoiceField(required=False, label="In which version?")
    text = forms.CharField(
        required=False,
        max_length=MAX_TEXT_CHARACTERS,
        label="What should staff look at?",
        help_text="A file and line help most. Staff alone read this.",
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def __init__(self, *args, function: Function, **kwargs):
        super().__init__(*args, **kwargs)
        numbers = function.versions.newest_first().values_list("number", flat=True)
        listed = [(number, number) for number in numbers[:MAX_LISTED_VERSIONS]]
        self.fields["version"].choices = [("", "All, or I can't say"), *listed]


@personal_page
@csrf_protect
@answers(*WITH_FORM)
def report_function(request: HttpRequest, username, slug):
    """The one page about a function with a form that needs no account."""
    page = find_page(username, slug)
    function = page.function
    if function.renamed_from:
        return redirect_to(page, request, username, slug)
    if request.method != "POST":
        return _form(request, function, ReportForm(function=function))
    try:
        usage = count(REPORTS, client_address(request))
        errors.refuse_over(usage, f"More than {REPORTS.count} reports in an hour.")
    except errors.RateLimited as refused:
        return too_many(request, refused)
    return _take(request, function, ReportForm(request.POST, function=function))


def _take(request: HttpRequest, function: Function, form: ReportForm):
    if not form.is_valid():
        return _form(request, function, form)
    try:
        moderation.report(
            function,
            by=request.user if request.user.is_authenticated else None,
            source=client_address(request),
            via="hub",
            **form.cleaned_data,
        )
    except errors.RegistryError as error:
        form.add_error(None, f"{error.message} {error.fix}")
        return _form(request, function, form, status=error.status)
    return redirect(f"{request.path}?sent=1")


def _form(request, function: Function, form: ReportForm, status: int = 200):
    context = {"function": function, "form": form, "sent": "sent" in request.GET}
    return render(request, "hub/report.html", context, status=status)


@public_page(query=["before"])
def moderation_log(request: HttpRequest):
    page = page_by_id(public_decisions(), before=request.GET.get("before", ""))
    context = {
        "decisions": page.rows,
        "next_url": page.next and f"{request.path}?before={page.next}",
        "first_url": request.GET.get("before") and request.path,
        "canonical": settings.HUB_URL + request.path,
    }
    return render(request, "hub/moderation.html", context)


@public_page(query=["before"])
def moderation_json(request: HttpRequest):
    page = page_by_id(public_decisions(), before=request.GET.get("before", ""))
    address = settings.HUB_URL + request.path
    return JsonResponse(
        {
            "decisions": [_as_json(decision) for decision in page.rows],
            "next": f"{address}?before={page.next}" if page.next else None,
        }
    )


def _as_json(decision: Decision) -> dict:
    return {
        "id": str(decision.pk),
        "action": decision.action,
        "rule": decision.rule,
        "subject": decision.subject,
        "reason": decision.reason,
        "outcome": decision.outcome,
        "decidedAt": decision.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


class DecisionFeed(Feed):
    """The newest decisions as Atom (RFC 4287)."""

    feed_type = AtomFeed
    title = "Decisions of the Hub's staff"
    subtitle = "What staff decided, by which rule and why."

    def link(self):
        return settings.HUB_URL + reverse("hub:moderation_log")

    def feed_url(self):
        return settings.HUB_URL + reverse("hub:moderation_feed")

    def items(self):
        return public_decisions().order_by("-id")[:MAX_FEED_ENTRIES]

    def item_title(self, decision):
        return f"{decision.words}: {decision.subject}"

    def item_description(self, decision):
        return escape(f"{decision.get_rule_display()}. {decision.reason}")

    def item_link(self, decision):
        return f"{self.link()}?before={decision.pk + 1}"

    def item_guid(self, decision):
        return f"{self.link()}#d{decision.pk}"

    def item_pubdate(self, decision):
        return decision.at

    def item_updateddate(self, decision):
        return decision.at


moderation_feed = public_page(DecisionFeed())
