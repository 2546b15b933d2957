"""Staff's pages of accounts."""

from allauth.mfa.utils import is_mfa_enabled
from django.db.models import Count, Q
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode

from accounts.models import Account
from admin_portal.moderation.forms import QuotaForm, ResetQuotaForm
from admin_portal.moderation.pages import Action, perform, searched, staff, staff_page
from registry import moderation
from registry.moderation.accounts import subject_of
from registry.moderation.log import page_by_id
from registry.moderation.reports import record_of
from registry.publishing import quotas

SHOWN_EVENTS = 20
ACCOUNT_ACTIONS = {
    "suspend": Action(
        title="Suspend {}",
        says=(
            "They can't sign in, and their keys stop at once.",
            "Their published functions stay, and can be installed.",
        ),
        label="Suspend the account",
        do=lambda a, data, grounds, by: moderation.suspend_account(a, grounds, by=by),
        is_grave=True,
        done="The account is suspended.",
    ),
    "restore": Action(
        title="End the suspension of {}",
        says=("They can sign in, and their keys work again.",),
        label="End the suspension",
        do=lambda a, data, grounds, by: moderation.restore_account(a, grounds, by=by),
        done="The account works again.",
    ),
    "sign-out": Action(
        title="Sign {} out everywhere",
        says=("Every session in a browser ends. Keys go on.",),
        label="Sign them out",
        do=lambda a, data, grounds, by: moderation.force_sign_out(a, grounds, by=by),
        is_grave=True,
        done="They are signed out everywhere.",
    ),
    "require-factor": Action(
        title="Require a second factor of {}",
        says=("After signing in they are led to setting one up before anything else.",),
        label="Require it",
        do=lambda a, data, grounds, by: moderation.require_second_factor(
            a, grounds, by=by
        ),
        done="A second factor is required.",
    ),
    "waive-factor": Action(
        title="No longer require a second factor of {}",
        says=("Whether they have one is up to them.",),
        label="Leave it to them",
        do=lambda a, data, grounds, by: moderation.waive_second_factor(
            a, grounds, by=by
        ),
        done="A second factor is up to them.",
    ),
    "raise-quota": Action(
        title="Raise a limit of {}",
        says=("They may have more than others of one thing. The rest stays.",),
        label="Raise the limit",
        do=lambda a, data, grounds, by: moderation.raise_quota(
            a, data["name"], data["limit"], grounds, by=by
        ),
        form=QuotaForm,
        done="The limit is raised.",
    ),
    "reset-quota": Action(
        title="Set a limit of {} back",
        says=(
            "The Hub's limit holds for them again.",
            "They keep what they have above it, and can't add to it.",
        ),
        label="Set it back",
        do=lambda a, data, grounds, by: moderation.reset_quota(
            a, data["name"], grounds, by=by
        ),
        form=ResetQuotaForm,
        done="The Hub's limit holds again.",
    ),
}


@staff_page()
def account_list(request: HttpRequest):
    query = searched(request)
    state = request.GET.get("state", "")
    accounts = Account.objects.all()
    if query:
        accounts = accounts.filter(
            Q(username__contains=query.lower())
            | Q(email__iexact=query)
            | Q(display_name__icontains=query)
        )
    if state == "suspended":
        accounts = accounts.filter(is_active=False)
    elif state == "staff":
        accounts = accounts.filter(is_staff=True)
    page = page_by_id(accounts, before=request.GET.get("before", ""))
    _count(page.rows)
    context = {
        "query": query,
        "state": state,
        "states": {"": "All", "suspended": "Suspended", "staff": "Staff"},
        "rows": page.rows,
        "next": page.next,
        "pager_query": urlencode({"q": query, "state": state}),
        "page_name": "accounts",
    }
    return staff(request, "accounts", **context)


def _count(accounts: list[Account]) -> None:
    """Add to each account its numbers of unrevoked keys and of functions."""
    found = Account.objects.filter(pk__in=[account.pk for account in accounts])
    live = Q(keys__revoked_at=None, keys__isnull=False)
    keys = dict(found.values_list("pk").annotate(count=Count("keys", filter=live)))
    functions = dict(found.values_list("pk").annotate(count=Count("functions")))
    for account in accounts:
        account.key_count = keys[account.pk]
        account.function_count = functions[account.pk]


@staff_page()
def account_detail(request: HttpRequest, username):
    account = get_object_or_404(Account, username=username)
    decisions = account.decisions_about.prefetch_related("reversals", "appeals")
    context = {
        "account": account,
        "keys": account.keys.usable().count(),
        "has_factor": is_mfa_enabled(account),
        "functions": account.functions.select_related("owner")[:50],
        "decisions": decisions,
        "record": record_of(account),
        "uses": quotas.use_of(account),
        "events": account.events.order_by("-id")[:SHOWN_EVENTS],
        "page_name": "accounts",
    }
    return staff(request, "account", **context)


@staff_page("GET", "HEAD", "POST")
def act_on_account(request: HttpRequest, username, action):
    account = get_object_or_404(Account, username=username)
    if action not in ACCOUNT_ACTIONS:
        raise Http404("There is no such action.")
    back = reverse("admin_portal:moderate_account", args=[username])
    about = subject_of(account)
    return perform(request, ACCOUNT_ACTIONS[action], account, about=about, back=back)
