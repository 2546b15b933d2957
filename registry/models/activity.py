"""Install counts, stars, follows and mail digests."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from registry.models.functions import Function
from registry.models.versions import Version


class InstallCount(models.Model):
    """How many clients installed one version on one day (UTC)."""

    version = models.ForeignKey(Version, models.PROTECT, related_name="install_counts")
    day = models.DateField()
    installs = models.PositiveIntegerField(default=0)
    automated = models.PositiveIntegerField(default=0)  # crawlers and link previews

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "day"], name="install_count_once_a_day"
            )
        ]

    def __str__(self):
        return f"{self.version}: {self.installs} on {self.day}"


class InstallSighting(models.Model):
    """A client that installed a version today, so that it is not counted twice.

    Deleted when the day is over, with the salt that made ``client``.
    """

    version = models.ForeignKey(Version, models.CASCADE, related_name="+")
    day = models.DateField(db_index=True)
    client = models.CharField(max_length=32)  # salted hash of the address
    is_automated = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "day", "client", "is_automated"],
                name="install_sighting_once",
            )
        ]

    def __str__(self):
        return f"{self.client[:6]} on {self.day}"


class DaySalt(models.Model):
    """The random salt with which all processes hash the clients of a day."""

    day = models.DateField(unique=True)
    salt = models.CharField(max_length=64)

    def __str__(self):
        return f"salt of {self.day}"


class Star(models.Model):
    """An account's star for a function. It stays, without the account, when that is
    deleted."""

    function = models.ForeignKey(Function, models.CASCADE, related_name="stars")
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="stars"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "function"], name="star_given_once"
            )
        ]

    def __str__(self):
        return f"{self.account} likes {self.function}"


class Follow(models.Model):
    """An account follows a function or an author."""

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="follows"
    )
    function = models.ForeignKey(
        Function, models.CASCADE, null=True, blank=True, related_name="followers"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="followers",
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "function"], name="follow_function_once"
            ),
            models.UniqueConstraint(
                fields=["account", "author"], name="follow_author_once"
            ),
            models.CheckConstraint(
                condition=models.Q(function=None) ^ models.Q(author=None),
                name="follow_one_thing",
            ),
        ]

    def __str__(self):
        return f"{self.account} follows {self.function or self.author}"


class Digest(models.Model):
    """How often an account gets mail about what it follows, and up to when it was
    mailed."""

    DAILY, WEEKLY, NEVER = "daily", "weekly", "never"
    CHOICES = [(DAILY, "Daily"), (WEEKLY, "Weekly"), (NEVER, "Never")]

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="digest"
    )
    every = models.CharField(max_length=10, choices=CHOICES, default=NEVER)
    # Versions published later than this are for the next mail.
    told_until = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["every", "told_until"], name="digest_due")]

    def __str__(self):
        return f"{self.account}: {self.every}"
