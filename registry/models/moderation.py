"""Staff decisions, open cases, and rows that decisions create."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from registry.models.functions import Category, Function
from registry.models.versions import Version

RULES = {
    "malware": "Malware or a hidden purpose",
    "secret": "A credential or personal data",
    "license": "License or copyright",
    "name": "A name that confuses or belongs to someone else",
    "spam": "Spam",
    "legal": "A legal order",
    "upkeep": "Upkeep of the Hub",
    "other": "Something else",
}
REPORT_REASONS = ("malware", "secret", "license", "name", "spam", "other")


def _staff() -> models.ForeignKey:
    """The moderator. Null once that account is deleted."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )


class Decision(models.Model):
    """One decision of staff, with its reason. Rows are never changed.

    ``subject`` is text, so that it outlives renames: "alice/slug", "name aws-*",
    "category media", "account alice". ``account`` is whom it concerns: that account
    sees the decision with its reason, and may appeal once.
    """

    action = models.CharField(max_length=40)  # a key of moderation.ACTIONS
    rule = models.CharField(max_length=20, choices=list(RULES.items()))
    reason = models.CharField(max_length=300)
    subject = models.CharField(max_length=200)
    function = models.ForeignKey(
        Function, models.SET_NULL, null=True, blank=True, related_name="decisions"
    )
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="decisions_about",
    )
    # The decision that this one takes back.
    reverses = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="reversals"
    )
    is_public = models.BooleanField()  # in the public log
    by = _staff()
    by_name = models.CharField(max_length=39)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["subject", "-id"], name="decision_by_subject"),
            models.Index(fields=["is_public", "-id"], name="decision_public"),
        ]

    def __str__(self):
        return f"{self.action} {self.subject}"

    @property
    def words(self) -> str:
        return self.action.replace("_", " ")

    @property
    def outcome(self) -> str:
        """What happened to the decision since, in the words of the public log."""
        if any(self.reversals.all()):
            return "taken back"
        appeal = next(iter(self.appeals.all()), None)
        if appeal is None:
            return "stands"
        return "stands after an appeal" if appeal.decision_id else "under appeal"


class CaseQuerySet(models.QuerySet):
    def open(self):
        return self.filter(decision=None)


class Case(models.Model):
    """A case for staff. It is open until it has a ``decision``."""

    KINDS = {
        "report": "Reports",
        "dispute": "Name disputes",
        "look_alike": "Look-alike names",
        "appeal": "Appeals",
    }
    kind = models.CharField(max_length=20, choices=list(KINDS.items()))
    function = models.ForeignKey(
        Function, models.CASCADE, null=True, blank=True, related_name="cases"
    )
    # The popular function that a look-alike name resembles; ``note`` says how.
    rival = models.ForeignKey(
        Function, models.CASCADE, null=True, blank=True, related_name="+"
    )
    note = models.CharField(max_length=200, blank=True)
    # The account that claims the name, or appeals.
    claimant = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    text = models.TextField(blank=True)
    appeal_of = models.ForeignKey(
        Decision, models.PROTECT, null=True, blank=True, related_name="appeals"
    )
    report_count = models.PositiveIntegerField(default=0)
    weight = models.PositiveIntegerField(default=0)  # see moderation.reports
    opened_at = models.DateTimeField(default=timezone.now)
    decision = models.ForeignKey(
        Decision, models.PROTECT, null=True, blank=True, related_name="closes"
    )

    objects = CaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "function"],
                condition=models.Q(decision=None) & ~models.Q(kind="appeal"),
                name="case_open_once",
            ),
            models.UniqueConstraint(
                fields=["appeal_of"], name="decision_appealed_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["kind", "-weight", "id"],
                name="case_queue",
                condition=models.Q(decision=None),
            )
        ]

    def __str__(self):
        return f"{self.kind} {self.pk}"


class Report(models.Model):
    """A reader's report about a function."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="reports")
    reason = models.CharField(max_length=20)  # of REPORT_REASONS
    text = models.TextField(blank=True)
    version = models.CharField(max_length=64, blank=True)  # a number, as sent
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="reports",
    )
    # Keyed hash of the account or address, so that each reports a case once.
    source = models.CharField(max_length=64)
    weight = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "source"], name="report_once_per_source"
            )
        ]

    def __str__(self):
        return f"report {self.pk}"


class _StaffMark(models.Model):
    """A mark that staff set and can remove. Its Decision stays."""

    rule = models.CharField(max_length=20, choices=list(RULES.items()))
    reason = models.CharField(max_length=300)
    by = _staff()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True


class FunctionQuarantine(_StaffMark):
    """Takes a function out of lists, search and install; its page says why."""

    function = models.OneToOneField(Function, models.PROTECT, related_name="quarantine")

    def __str__(self):
        return f"{self.function} quarantined"


class VersionQuarantine(_StaffMark):
    """Takes one version out of install; its page says why."""

    version = models.OneToOneField(Version, models.PROTECT, related_name="quarantine")

    def __str__(self):
        return f"{self.version} quarantined"


class NameHold(_StaffMark):
    """Stops publishing under the name until staff have decided."""

    function = models.OneToOneField(Function, models.CASCADE, related_name="hold")

    def __str__(self):
        return f"{self.function} held"


class NameException(_StaffMark):
    """Lets one account use a slug although it reads like another's."""

    slug = models.CharField(max_length=80)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="name_exceptions"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["slug", "account"], name="name_excepted_once"
            )
        ]

    def __str__(self):
        return f"{self.slug} for {self.account}"


class TransferOffer(models.Model):
    """An owner's offer of a function to another account."""

    OUTCOMES = ("accepted", "refused", "withdrawn", "ended")
    function = models.ForeignKey(Function, models.CASCADE, related_name="offers")
    to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="offers"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    outcome = models.CharField(max_length=20, blank=True)  # of OUTCOMES; empty: open
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["function"],
                condition=models.Q(outcome=""),
                name="offer_open_once",
            )
        ]

    def __str__(self):
        return f"{self.function} to {self.to}"


class CategoryAlias(models.Model):
    """A former slug of a category. Clients may still send it."""

    slug = models.CharField(max_length=40, unique=True)
    category = models.ForeignKey(Category, models.CASCADE, related_name="aliases")

    def __str__(self):
        return f"{self.slug} is {self.category}"


class TagRule(models.Model):
    """A tag that is replaced by ``becomes``, or blocked if that is empty."""

    tag = models.CharField(max_length=30, unique=True)
    becomes = models.CharField(max_length=30, blank=True)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self):
        return f"{self.tag} becomes {self.becomes or 'nothing'}"
