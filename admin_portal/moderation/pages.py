"""What staff's pages share: access, and the confirmation of actions."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control

from accounts.models import Account
from admin_portal.moderation.forms import GroundsForm
from core.http.methods import READING, answers
from registry import moderation
from registry.errors import NotFound, RegistryError
from registry.models import Case

MAX_QUERY_CHARACTERS = 100


def is_hidden_from(request: HttpRequest) -> bool:
    """Whether staff's pages look missing to who asks."""
    try:
        moderation.require_staff(request.user)
    except NotFound:
        return True
    return False


def staff_page(*methods: str):
    """Decorate a view as staff's page: never cached, and 404 for everyone else."""

    def decorate(view):
        checked = answers(*(methods or READING))(view)

        @cache_control(private=True, no_store=True)
        @wraps(checked)
        def wrapped(request, *args, **kwargs):
            if is_hidden_from(request):
                raise Http404("There is nothing at this address.")
            try:
                return checked(request, *args, **kwargs)
            except NotFound as error:
                raise Http404(error.message) from error

        wrapped.is_hidden_from = is_hidden_from

        return wrapped

    return decorate


@dataclass(frozen=True)
class Action:
    """An action of staff on one subject, with the text of its page.

    title: ``{}`` stands for the subject. says: sentences on what it changes, or a
    function from the subject to them. do: called with the subject, the form's cleaned
    values, the Grounds and the moderator.
    """

    title: str
    says: tuple[str, ...] | Callable
    label: str
    do: Callable
    form: type[GroundsForm] = GroundsForm
    is_grave: bool = False
    done: str = "Done."

    def consequences(self, subject) -> tuple[str, ...]:
        return self.says(subject) if callable(self.says) else self.says


def perform(request: HttpRequest, action: Action, subject, *, about, back: str):
    """Show what ``action`` would do to ``subject``; do it when confirmed.

    about: the argument of moderation.latest_seen. back: where to redirect. The action
    closes a case named in the query. A refusal shows the form again, as typed.
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
    """The case of that id, decided or not (the verb refuses a decided one). Raises
    Http404."""
    if not pk:
        return None
    if not (pk.isascii() and pk.isdecimal() and len(pk) < 19):
        raise Http404("There is no such case.")
    case = Case.objects.select_related("function__owner").filter(pk=int(pk)).first()
    if case is None:
        raise Http404("There is no such case.")
    return case


def staff(request: HttpRequest, template: str, *, status: int = 200, **context):
    """Render a template of staff's pages."""
    context |= {"account_section": "moderation"}
    name = f"admin_portal/moderation/{template}.html"
    return render(request, name, context, status=status)


def searched(request: HttpRequest) -> str:
    """The text of the page's search field."""
    return request.GET.get("q", "")[:MAX_QUERY_CHARACTERS].strip()
