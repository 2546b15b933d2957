"""What every page of staff has in common: who sees it, and how an action is asked."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods

from accounts.models import Account
from admin_portal.moderation.forms import WhyForm
from registry import moderation
from registry.errors import NotFound, RegistryError
from registry.models import Case

MAX_QUERY_CHARACTERS = 100


def staff_page(*methods: str):
    """A page for staff, kept by no cache; for everyone else it is not there."""

    def decorate(view):
        answer = require_http_methods(list(methods or ("GET", "HEAD")))(view)

        @cache_control(private=True, no_store=True)
        @wraps(view)
        def wrapped(request, *args, **kwargs):
            try:
                if not request.user.is_authenticated:
                    raise NotFound("There is nothing at this address.")
                moderation.require_staff(request.user)
                return answer(request, *args, **kwargs)
            except NotFound as error:
                raise Http404(error.message) from error

        return wrapped

    return decorate


@dataclass(frozen=True)
class Action:
    """Something staff can do to one thing, and what its page says first.

    title: may name the thing, ``{}``. says: what it changes, a sentence each; or a
    function of the thing that gives them. do: called with the thing, the form's
    cleaned values, the Grounds and the moderator.
    """

    title: str
    says: tuple[str, ...] | Callable
    label: str
    do: Callable
    form: type[WhyForm] = WhyForm
    is_grave: bool = False
    done: str = "Done."

    def consequences(self, subject) -> tuple[str, ...]:
        return self.says(subject) if callable(self.says) else self.says


def perform(request: HttpRequest, action: Action, subject, *, about, back: str):
    """Show what ``action`` would do to ``subject``; do it when it is confirmed.

    about: what decisions on it are found by (moderation.latest_seen). A case named
    in the query is closed by it. A refusal shows the form again, as it was typed.
    """
    case = open_case(request.GET.get("case", ""), request.user)
    initial = {"seen": moderation.latest_seen(about)}
    if case and case.kind == "report" and (report := case.reports.first()):
        initial["rule"] = report.reason
    posted = request.POST if request.method == "POST" else None
    form = action.form(posted, initial=initial, subject=subject)
    status = 200
    if form.is_valid():
        try:
            action.do(subject, form.values, form.grounds(case), request.user)
        except NotFound:
            raise
        except RegistryError as error:
            form.refuse(error)
            status = error.status
        else:
            messages.success(request, action.done)
            return redirect(back)
    context = {
        "action": action,
        "title": action.title.format(subject),
        "consequences": action.consequences(subject),
        "form": form,
        "case": case,
        "back": back,
    }
    return staff(request, "act", status=status, **context)


def open_case(pk: str, by: Account) -> Case | None:
    """The case of that id, decided or not: the verb says which. Raises Http404."""
    if not pk:
        return None
    if not (pk.isascii() and pk.isdecimal() and len(pk) < 19):
        raise Http404("There is no such case.")
    case = Case.objects.select_related("function__owner").filter(pk=int(pk)).first()
    if case is None:
        raise Http404("There is no such case.")
    return case


def staff(request: HttpRequest, template: str, *, status: int = 200, **context):
    """Render one of staff's templates."""
    context |= {"account_section": "moderation"}
    name = f"admin_portal/moderation/{template}.html"
    return render(request, name, context, status=status)


def searched(request: HttpRequest) -> str:
    """What was typed into the page's search field."""
    return request.GET.get("q", "")[:MAX_QUERY_CHARACTERS].strip()
