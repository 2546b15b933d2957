"""Authors' pages: decisions that concern them, appeals, and transfers."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404, redirect, render

from admin_portal.moderation.forms import AccountField
from admin_portal.pages import author_page, own_function, say_no
from registry import moderation
from registry.errors import RegistryError
from registry.models import Decision, TransferOffer
from registry.moderation.log import page_by_id
from registry.moderation.reports import MAX_TEXT_CHARACTERS

ANSWERS = {
    "accept": (moderation.accept_transfer, "The function is yours."),
    "refuse": (moderation.refuse_transfer, "You refused the function."),
    "withdraw": (moderation.withdraw_transfer, "The offer is withdrawn."),
}


class AppealForm(forms.Form):
    text = forms.CharField(
        label="Why is the decision wrong?",
        max_length=MAX_TEXT_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 6}),
    )


class OfferForm(forms.Form):
    to = AccountField(label="To the account", max_length=40)


@author_page("GET", "HEAD")
def decision_list(request: HttpRequest):
    """Staff's decisions on the account and its functions."""
    decisions = request.user.decisions_about.prefetch_related("reversals", "appeals")
    page = page_by_id(decisions, before=request.GET.get("before", ""))
    for decision in page.rows:
        decision.may_appeal = moderation.may_appeal(decision)
        decision.answers = [
            appeal.decision for appeal in decision.appeals.all() if appeal.decision_id
        ]
    context = {"decisions": page.rows, "next": page.next}
    return _render(request, "decisions", context)


@author_page("GET", "HEAD", "POST")
def appeal_decision(request: HttpRequest, pk):
    decision = get_object_or_404(Decision, pk=pk, account=request.user)
    form = AppealForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            moderation.appeal(decision, form.cleaned_data["text"], by=request.user)
        except RegistryError as error:
            say_no(request, error)
        else:
            messages.success(request, "Staff will look at it again.")
        return redirect("admin_portal:decisions")
    return _render(request, "appeal", {"decision": decision, "form": form})


@author_page("GET", "HEAD", "POST")
def offer_function(request: HttpRequest, slug):
    function = own_function(request, slug)
    form = OfferForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        to = form.cleaned_data["to"]
        try:
            moderation.offer_transfer(function, to, by=request.user)
        except RegistryError as error:
            field = error.field if error.field in form.fields else None
            form.add_error(field, f"{error.message} {error.fix}")
        else:
            messages.success(request, f"{slug} is offered to {to}; they can accept it.")
            return redirect("admin_portal:offers")
    return _render(request, "offer", {"function": function, "form": form})


@author_page("GET", "HEAD")
def offer_list(request: HttpRequest):
    offers = TransferOffer.objects.filter(outcome="")
    offers = offers.select_related("function__owner", "to", "by").order_by("-id")
    context = {
        "received": offers.filter(to=request.user),
        "made": offers.filter(by=request.user),
    }
    return _render(request, "offers", context)


@author_page("GET", "HEAD", "POST")
def answer_offer(request: HttpRequest, pk, answer):
    if answer not in ANSWERS:
        raise Http404("There is no such answer.")
    party = "by" if answer == "withdraw" else "to"
    offers = TransferOffer.objects.select_related("function__owner", "by", "to")
    offer = get_object_or_404(offers, pk=pk, **{party: request.user})
    if request.method == "POST":
        verb, message = ANSWERS[answer]
        try:
            verb(offer, by=request.user)
        except RegistryError as error:
            say_no(request, error)
        else:
            messages.success(request, message)
        return redirect("admin_portal:offers")
    return _render(request, "answer_offer", {"offer": offer, "answer": answer})


def _render(request, template: str, context: dict):
    context |= {"account_section": "functions"}
    return render(request, f"admin_portal/moderation/{template}.html", context)
