"""Readers' reports, collected in one case per function."""

from django.db import transaction
from django.db.models import Sum
from django.utils.crypto import salted_hmac

from accounts.models import Account, record
from core.http.limits import Limit
from registry import errors, switches
from registry.models import Case, Decision, Function, Report
from registry.models.moderation import REPORT_REASONS
from registry.moderation.deciding import Grounds, decide, locked

MAX_TEXT_CHARACTERS = 2000
REPORTS = Limit("reports", 10, 3600)  # of one client, by all doors together
ANONYMOUS_WEIGHT, ACCOUNT_WEIGHT, AUTHOR_WEIGHT = 1, 3, 5
# All anonymous reports of a case together weigh at most one author's report.
ANONYMOUS_CEILING = 5
DISTRUSTED_AFTER = 3  # dismissed reports, when more than were upheld
DISMISSALS = {
    "report": "dismiss_reports",
    "dispute": "keep_name",
    "look_alike": "allow_name",
}


@transaction.atomic
def report(
    function: Function,
    *,
    reason: str,
    by: Account | None,
    source: str,
    via: str,
    text: str = "",
    version: str = "",
) -> Report:
    """Report ``function`` to staff.

    All reports of one function form one case. Reports alone never change the function.
    reason: of REPORT_REASONS; a "name" report by an account opens a dispute over the
    name. source: identifies the client, stored as a keyed hash; a second report from it
    changes nothing. text: at most MAX_TEXT_CHARACTERS. version: a version number of the
    function, or "".

    Raises NotFound (not published), ValidationError, ReadOnly.
    """
    switches.require("reports")
    function = locked(function)
    if not function.published_at:
        raise errors.NotFound("There is no such function.")
    _check(function, reason, text, version)
    kind = "dispute" if reason == "name" and by else "report"
    case, is_new = Case.objects.get_or_create(
        kind=kind,
        function=function,
        decision=None,
        defaults={"claimant": by, "text": text} if kind == "dispute" else {},
    )
    hashed = _source(by, source)
    known = case.reports.filter(source=hashed).first()
    if known:
        return known
    made = Report.objects.create(
        case=case,
        reason=reason,
        text=text,
        version=version,
        reporter=by,
        source=hashed,
        weight=weight_of(by),
    )
    _weigh(case)
    record("report", function, by=by, via=via, report=made.pk, reason=reason, stale=())
    return made


@transaction.atomic
def dismiss_case(case: Case, grounds: Grounds, *, by: Account) -> Decision:
    """Close a case of reports, a dispute or a look-alike name without action.

    Raises as ``decide``; Conflict when it is an appeal.
    """
    if case.kind not in DISMISSALS:
        raise errors.Conflict("An appeal is granted or rejected, not dismissed.")
    function = locked(case.function)
    grounds = Grounds(grounds.reason, grounds.rule, case, grounds.seen)
    return decide(DISMISSALS[case.kind], function, grounds, by=by, function=function)


def weight_of(reporter: Account | None) -> int:
    """The weight of one report: more from authors, less from accounts whose reports
    were dismissed more often than upheld."""
    if reporter is None:
        return ANONYMOUS_WEIGHT
    upheld, dismissed = record_of(reporter)
    if dismissed >= DISTRUSTED_AFTER and dismissed > upheld:
        return ANONYMOUS_WEIGHT
    is_author = Function.objects.owned_by(reporter).listed().exists()
    return AUTHOR_WEIGHT if is_author else ACCOUNT_WEIGHT


def record_of(reporter: Account) -> tuple[int, int]:
    """The numbers of the reporter's reports that were upheld and dismissed."""
    decided = Report.objects.filter(reporter=reporter, case__decision__isnull=False)
    dismissals = list(DISMISSALS.values())
    dismissed = decided.filter(case__decision__action__in=dismissals).count()
    return decided.count() - dismissed, dismissed


def _check(function: Function, reason: str, text: str, version: str) -> None:
    if reason not in REPORT_REASONS:
        raise errors.ValidationError(
            f"The reason {errors.shown(reason)} is not one of: "
            f"{', '.join(REPORT_REASONS)}.",
            field="reason",
        )
    if len(text) > MAX_TEXT_CHARACTERS or "\0" in text:
        raise errors.ValidationError(
            f"The text has more than {MAX_TEXT_CHARACTERS} characters, or a NUL.",
            field="text",
        )
    if version and not function.versions.filter(number=version).exists():
        raise errors.ValidationError(
            f"{function.slug} has no version {errors.shown(version)}.", field="version"
        )


def _source(by: Account | None, source: str) -> str:
    who = f"account {by.pk}" if by else f"address {source}"
    return salted_hmac("registry.reports", who, algorithm="sha256").hexdigest()


def _weigh(case: Case) -> None:
    def total(**which):
        return case.reports.filter(**which).aggregate(sum=Sum("weight"))["sum"] or 0

    nameless = min(total(reporter=None), ANONYMOUS_CEILING)
    case.weight = nameless + total(reporter__isnull=False)
    case.report_count = case.reports.count()
    case.save(update_fields=["weight", "report_count"])
