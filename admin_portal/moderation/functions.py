"""Staff's pages of a function, its versions and its files."""

from django.db.models import Count, Q
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from admin_portal.moderation.forms import SlugForm, TransferForm
from admin_portal.moderation.pages import Action, open_case, perform, staff, staff_page
from admin_portal.pages import events_of
from registry import moderation
from registry.content.rendering import (
    README,
    RENDERER,
    Rendered,
    language_of,
    plain_html,
    safe,
)
from registry.inspection.reports import unread
from registry.models import Blob, Function, Removal, Version
from registry.moderation import content
from registry.moderation.reports import record_of
from registry.publishing.claims import is_idle

HISTORY = 30
MAX_REPORTS = 100
MAX_SHARED = 20

FUNCTION_ACTIONS = {
    "quarantine": Action(
        title="Quarantine {}",
        says=(
            "It leaves every list and search, and can't be installed or read.",
            "Its pages say that it was quarantined, when and why.",
            "Its author sees the reason and can appeal. You can lift it at any time.",
        ),
        label="Quarantine the function",
        do=lambda f, data, grounds, by: moderation.quarantine_function(
            f, grounds, by=by
        ),
        is_grave=True,
        done="The function is quarantined.",
    ),
    "lift": Action(
        title="Lift the quarantine of {}",
        says=("It is listed, found and installed again, as it was before.",),
        label="Lift the quarantine",
        do=lambda f, data, grounds, by: moderation.lift_function_quarantine(
            f, grounds, by=by
        ),
        done="The function is back.",
    ),
    "hold": Action(
        title="Hold the name of {}",
        says=(
            "Nothing new can be published under it. What is live stays.",
            "Its author sees the reason and can appeal.",
        ),
        label="Hold the name",
        do=lambda f, data, grounds, by: moderation.hold_name(f, grounds, by=by),
        is_grave=True,
        done="The name is on hold.",
    ),
    "free": Action(
        title="Lift the hold on {}",
        says=("Its author can publish under the name again.",),
        label="Lift the hold",
        do=lambda f, data, grounds, by: moderation.lift_hold(f, grounds, by=by),
        done="The name is free to publish under.",
    ),
    "rename": Action(
        title="Rename {}",
        says=lambda f: (
            (
                f"{f.url} and every address below it lead to the new one, for good.",
                "Installing the old slug gives the function and says its new name.",
                "Nobody else can ever take the old slug.",
            )
            if f.published_at
            else ("It was never published: nothing leads from the old slug.",)
        ),
        label="Rename the function",
        do=lambda f, data, grounds, by: moderation.rename_function(
            f, data["slug"], grounds, by=by
        ),
        form=SlugForm,
        is_grave=True,
        done="The function has its new name.",
    ),
    "release": Action(
        title="Release the name of {}",
        says=(
            "The name can be claimed by somebody else; in a dispute the claimant "
            "gets it.",
            "The drafts stay with their author, who can't publish them under it.",
        ),
        label="Release the name",
        do=lambda f, data, grounds, by: moderation.release_claim(f, grounds, by=by),
        is_grave=True,
        done="The name is released.",
    ),
    "transfer": Action(
        title="Transfer {}",
        says=(
            "The other account owns it at once, with its drafts and its name.",
            "The owner's rights end: open offers are closed, and keys limited to it "
            "stop.",
            "Addresses under the old owner lead to the new one.",
        ),
        label="Transfer the function",
        do=lambda f, data, grounds, by: moderation.force_transfer(
            f, data["to"], grounds, by=by
        ),
        form=TransferForm,
        is_grave=True,
        done="The function has a new owner.",
    ),
}
VERSION_ACTIONS = {
    "quarantine": Action(
        title="Quarantine {}",
        says=(
            "This version can't be installed or read; the others stay as they are.",
            "Its page says that it was quarantined, when and why. You can lift it.",
        ),
        label="Quarantine the version",
        do=lambda v, data, grounds, by: moderation.quarantine_version(
            v, grounds, by=by
        ),
        is_grave=True,
        done="The version is quarantined.",
    ),
    "lift": Action(
        title="Lift the quarantine of {}",
        says=("This version is offered and installed again.",),
        label="Lift the quarantine",
        do=lambda v, data, grounds, by: moderation.lift_version_quarantine(
            v, grounds, by=by
        ),
        done="The version is back.",
    ),
}


@staff_page()
def function_detail(request: HttpRequest, uid):
    function = _function(uid)
    versions = function.versions.select_related("yank", "quarantine", "inspection")
    versions = list(versions.newest_first()[:HISTORY])
    version = _shown_version(versions, request.GET.get("version", ""))
    context = {
        "function": function,
        "versions": versions,
        "version": version,
        "cases": function.cases.open(),
        "decisions": function.decisions.prefetch_related("reversals", "appeals"),
        "owner_decisions": _about_owner(function),
        "events": events_of(function)[:HISTORY],
        "is_idle": is_idle(function),
        "is_given_up": "--" in function.slug,
        "close_names": _close_names(function),
        **_content(version, request.GET.get("file", "")),
    }
    return staff(request, "function", **context)


@staff_page("GET", "HEAD", "POST")
def act_on_function(request: HttpRequest, uid, action):
    function = _function(uid)
    back = reverse("admin_portal:moderate_function", args=[function.uid])
    return perform(
        request, _known(FUNCTION_ACTIONS, action), function, about=function, back=back
    )


@staff_page("GET", "HEAD", "POST")
def act_on_version(request: HttpRequest, uid, number, action):
    function = _function(uid)
    version = get_object_or_404(function.versions, number=number)
    version.function = function
    back = reverse("admin_portal:moderate_function", args=[function.uid])
    return perform(
        request, _known(VERSION_ACTIONS, action), version, about=function, back=back
    )


@staff_page("GET", "HEAD", "POST")
def remove_file(request: HttpRequest, uid, sha256):
    """Request the removal of a file, or confirm or withdraw the request."""
    function = _function(uid)
    blob = get_object_or_404(
        Blob.objects.filter(_is_of(function)).distinct(), pk=sha256
    )
    removal = Removal.objects.filter(blob=blob).first()
    if removal is None:
        action = _asking(function)
    elif request.GET.get("do") == "withdraw":
        action = _withdrawing(function, removal)
    else:
        action = _confirming(function, removal)
    back = reverse("admin_portal:moderate_function", args=[function.uid])
    about = content.subject_of(function, blob)
    return perform(request, action, blob, about=about, back=back)


@staff_page()
def case_detail(request: HttpRequest, pk):
    case = open_case(str(pk), request.user)
    reports = case.reports.select_related("reporter").order_by("-weight", "id")
    reports = list(reports[:MAX_REPORTS])
    for report in reports:
        report.record = record_of(report.reporter) if report.reporter else None
    context = {"case": case, "function": case.function, "reports": reports}
    if case.function:
        versions = list(
            case.function.versions.select_related(
                "quarantine", "inspection", "readme"
            ).newest_first()[:HISTORY]
        )
        version = _shown_version(versions, request.GET.get("version", ""))
        context |= {
            "version": version,
            "owner_decisions": _about_owner(case.function),
            "events": events_of(case.function)[:10],
            **_content(version, request.GET.get("file", "")),
        }
    return staff(request, "case", **context)


CASE_ACTIONS = {
    "dismiss": Action(
        title="Close without doing anything",
        says=(
            "The function stays as it is, and the case leaves the queue.",
            "Reports that staff turn away make their reporter's next ones weigh less.",
        ),
        label="Close the case",
        do=lambda case, data, grounds, by: moderation.dismiss_case(
            case, grounds, by=by
        ),
        done="The case is closed.",
    ),
    "grant": Action(
        title="Grant the appeal",
        says=(
            "The decision is taken back in the public log.",
            "A quarantine, a hold or a suspension is lifted at once; put anything else "
            "right by hand.",
        ),
        label="Grant the appeal",
        do=lambda case, data, grounds, by: moderation.answer_appeal(
            case, grounds, by=by, grant=True
        ),
        done="The appeal is granted.",
    ),
    "reject": Action(
        title="Reject the appeal",
        says=("The decision stands, for good: a decision is appealed once.",),
        label="Reject the appeal",
        do=lambda case, data, grounds, by: moderation.answer_appeal(
            case, grounds, by=by, grant=False
        ),
        done="The appeal is rejected.",
    ),
}


@staff_page("GET", "HEAD", "POST")
def act_on_case(request: HttpRequest, pk, action):
    case = open_case(str(pk), request.user)
    about = case.function or case.appeal_of.subject
    back = reverse("admin_portal:moderation")
    return perform(request, _known(CASE_ACTIONS, action), case, about=about, back=back)


def _known(actions: dict[str, Action], name: str) -> Action:
    if name not in actions:
        raise Http404("There is no such action.")
    return actions[name]


def _function(uid) -> Function:
    functions = Function.objects.select_related(
        "owner", "category", "latest", "readme", "quarantine", "hold"
    )
    return get_object_or_404(functions, uid=uid)


def _shown_version(versions: list[Version], number: str) -> Version | None:
    chosen = [version for version in versions if version.number == number]
    return next(iter(chosen or versions), None)


def _content(version: Version | None, path: str) -> dict:
    """The version's content as readers see it: README, findings, one file."""
    if version is None:
        return {}
    files = list(version.files.select_related("blob__removal"))
    known = {file.path: file for file in files}
    file = known.get(path) or known.get(version.entrypoint)
    report = version.inspection.report if hasattr(version, "inspection") else {}
    return {
        "files": files,
        "file": file,
        "source": file and _rendered(file.blob, language_of(file.path)),
        "shown_readme": version.readme and _rendered(version.readme, README),
        "findings": report.get("findings", []),
        "unread": unread(report),
    }


def _rendered(blob: Blob, kind: str) -> Rendered:
    kept = blob.renderings.filter(kind=kind, renderer=RENDERER).first()
    if kept:
        return Rendered(safe(kept.html), kept.is_complete, kept.reason)
    return Rendered(plain_html(blob.text, numbered=kind != README), False, "")


def _about_owner(function: Function):
    decisions = function.owner.decisions_about.exclude(function=function)
    return decisions.prefetch_related("reversals", "appeals")[:HISTORY]


def _close_names(function: Function):
    close = Function.objects.filter(look_alike=function.look_alike)
    return close.exclude(pk=function.pk).select_related("owner")


def _is_of(function: Function) -> Q:
    return (
        Q(uses__version__function=function)
        | Q(pk=function.readme_id)
        | Q(pk__in=function.versions.exclude(readme=None).values("readme"))
    )


def _shared(blob: Blob) -> str:
    """A sentence that names the versions with the file."""
    versions = list(content.versions_with(blob)[:MAX_SHARED])
    if not versions:
        return "No version has it among its files; it is a README."
    count = content.versions_with(blob).count()
    functions = Function.objects.filter(versions__files__blob=blob)
    owners = functions.aggregate(owners=Count("owner", distinct=True))["owners"]
    named = ", ".join(str(version) for version in versions)
    more = " and others" if count > len(versions) else ""
    shared = f" They belong to {owners} accounts!" if owners > 1 else ""
    return f"It is in {count} version(s): {named}{more}.{shared}"


def _asking(function: Function) -> Action:
    return Action(
        title="Ask for the removal of file {}",
        says=lambda blob: (
            _shared(blob),
            "Nothing changes yet: another staff member has to confirm.",
        ),
        label="Ask for the removal",
        do=lambda blob, data, grounds, by: moderation.request_removal(
            function, blob, grounds, by=by
        ),
        is_grave=True,
        done="Somebody else has to confirm the removal now.",
    )


def _confirming(function: Function, removal: Removal) -> Action:
    return Action(
        title="Remove the text of file {} for good",
        says=lambda blob: (
            f"{removal.requested_by} asked for it: {removal.reason}",
            _shared(blob),
            "The text is emptied and can't be brought back. Its row, hash and size "
            "stay.",
            "Every version that has it is quarantined, because it can't be installed "
            "whole.",
        ),
        label="Remove the text for good",
        do=lambda blob, data, grounds, by: moderation.confirm_removal(
            function, removal, grounds, by=by
        ),
        is_grave=True,
        done="The text is removed.",
    )


def _withdrawing(function: Function, removal: Removal) -> Action:
    return Action(
        title="Withdraw the removal of file {}",
        says=("The file stays as it is.",),
        label="Withdraw it",
        do=lambda blob, data, grounds, by: moderation.withdraw_removal(
            function, removal, grounds, by=by
        ),
        done="The removal is withdrawn.",
    )
