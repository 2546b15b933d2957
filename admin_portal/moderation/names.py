"""Staff's pages of names: claims, reserved names, redirects and exceptions."""

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from accounts.models import ReservedName
from admin_portal.moderation.forms import ExceptionForm, GroundsForm, NameForm
from admin_portal.moderation.pages import Action, perform, searched, staff, staff_page
from registry import moderation
from registry.models import Case, Function, NameException, Redirect
from registry.moderation.log import page_by_id
from registry.names import look_alike, slugify
from registry.publishing.claims import IDLE_CLAIM

MAX_CLOSE = 500
STATES = {
    "": "All",
    "published": "Published",
    "drafts": "Drafts only",
    "idle": "Idle",
    "held": "On hold",
    "quarantined": "Quarantined",
    "reserved": "Reserved",
    "redirected": "Redirected",
    "excepted": "Exceptions",
}


@staff_page()
def name_list(request: HttpRequest):
    state = request.GET.get("state", "")
    state = state if state in STATES else ""
    query = searched(request)
    rows, kind = _rows(state, query)
    page = page_by_id(rows, before=request.GET.get("before", ""))
    if kind == "functions":
        _note_close_names(page.rows)
    context = {
        "query": query,
        "state": state,
        "states": STATES,
        "kind": kind,
        "rows": page.rows,
        "next": page.next,
        "pager_query": urlencode({"q": query, "state": state}),
        "now": timezone.now(),
        "page_name": "names",
    }
    return staff(request, "names", **context)


def _rows(state: str, query: str):
    """The matching rows of a state, and the name of the template part for them."""
    if state == "reserved":
        rows = ReservedName.objects.select_related("by")
        return rows.filter(name__contains=query.lower()), "reserved"
    if state == "redirected":
        found = Q(slug__contains=query) | Q(username=query)
        rows = Redirect.objects.select_related("function__owner")
        return rows.filter(found), "redirects"
    if state == "excepted":
        rows = NameException.objects.select_related("account", "by")
        return rows.filter(slug__contains=query), "exceptions"
    functions = Function.objects.select_related("owner", "quarantine", "hold")
    if query:
        normal = look_alike(slugify(query)) or query
        functions = functions.filter(
            Q(slug__contains=query) | Q(look_alike=normal) | Q(owner__username=query)
        )
    return _in_state(functions, state), "functions"


def _in_state(functions: QuerySet[Function], state: str) -> QuerySet[Function]:
    drafts = functions.filter(published_at=None)
    return {
        "published": functions.published(),
        "drafts": drafts,
        "idle": drafts.filter(active_at__lt=timezone.now() - IDLE_CLAIM),
        "held": functions.filter(hold__isnull=False),
        "quarantined": functions.quarantined(),
    }.get(state, functions)


def _note_close_names(functions: list[Function]) -> None:
    """Add to each function the others with look-alike names."""
    forms = {function.look_alike for function in functions}
    close = Function.objects.filter(look_alike__in=forms).select_related("owner")
    close = list(close[:MAX_CLOSE])
    queued = Case.objects.filter(kind="look_alike", function__in=functions)
    rivals = {
        case.function_id: case.rival
        for case in queued.select_related("rival__owner")
        if case.rival_id
    }
    for function in functions:
        function.close_names = [
            other
            for other in close
            if other.look_alike == function.look_alike and other.pk != function.pk
        ]
        if function.pk in rivals:
            function.close_names.append(rivals[function.pk])


@staff_page("GET", "HEAD", "POST")
def reserve_name(request: HttpRequest):
    action = Action(
        title="Reserve a name",
        says=(
            "Nobody can take it as a username or slug from now on.",
            "Whoever has such a name keeps it.",
        ),
        label="Reserve it",
        do=lambda _, data, grounds, by: moderation.reserve_name(
            data["name"], grounds, by=by
        ),
        form=NameForm,
        done="The name is reserved.",
    )
    return _perform(request, action, "", about="name", state="reserved")


@staff_page("GET", "HEAD", "POST")
def except_name(request: HttpRequest):
    action = Action(
        title="Make an exception for a close name",
        says=(
            "The account may use the slug although it reads like another's.",
            "Everyone else is still refused.",
        ),
        label="Make the exception",
        do=lambda _, data, grounds, by: moderation.except_name(
            data["slug"], data["account"], grounds, by=by
        ),
        form=ExceptionForm,
        done="The account may use the slug.",
    )
    return _perform(request, action, "", about="name", state="excepted")


@staff_page("GET", "HEAD", "POST")
def act_on_name(request: HttpRequest, kind, pk):
    """Release a reserved name, or withdraw an exception."""
    if kind == "reserved":
        row = get_object_or_404(ReservedName, pk=pk)
        action = Action(
            title="Release the name {}",
            says=("Anybody can take it as a username or slug.",),
            label="Release it",
            do=lambda row, data, grounds, by: moderation.release_name(
                row, grounds, by=by
            ),
            form=GroundsForm,
            done="The name is released.",
        )
        return _perform(request, action, row, about=f"name {row.name}", state=kind)
    if kind != "excepted":
        raise Http404("There is no such list.")
    row = get_object_or_404(NameException.objects.select_related("account"), pk=pk)
    action = Action(
        title="Withdraw the exception {}",
        says=("The account can't take the slug any more.",),
        label="Withdraw it",
        do=lambda row, data, grounds, by: moderation.withdraw_exception(
            row, grounds, by=by
        ),
        done="The exception is withdrawn.",
    )
    about = f"name {row.slug} for {row.account.username}"
    return _perform(request, action, row, about=about, state=kind)


def _perform(request, action: Action, subject, *, about: str, state: str):
    back = f"{reverse('admin_portal:moderate_names')}?state={state}"
    return perform(request, action, subject, about=about, back=back)
