"""Accounts, keys and the audit."""

import secrets
from collections.abc import Iterable

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.names import check_username
from core.cache import versions


class AccountManager(BaseUserManager):
    def create_user(self, username, email, password=None, **fields):
        account = self.model(
            username=username, email=self.normalize_email(email), **fields
        )
        account.set_password(password)
        account.full_clean(exclude=["password"])
        account.save(using=self._db)
        return account

    def get_by_natural_key(self, username):
        return self.get(username=username)


class Account(AbstractBaseUser):
    """A person or a bot. Its username is in the address of its functions."""

    username = models.CharField(
        max_length=39,
        unique=True,
        validators=[check_username],
        help_text="2 to 39 characters: a to z, 0 to 9 and hyphens. It can't be "
        "changed: it is in the address of everything you publish.",
    )
    email = models.EmailField(unique=True)
    display_name = models.CharField(max_length=80, blank=True)
    bio = models.CharField(max_length=300, blank=True)
    links = models.JSONField(default=list, blank=True)  # up to 5 https addresses
    is_staff = models.BooleanField(default=False)
    # False while suspended: no sign-in, keys stop, published functions stay.
    is_active = models.BooleanField(default=True)
    # Set by staff. Until a second factor exists, signed-in pages redirect to its
    # set-up.
    needs_second_factor = models.BooleanField(default=False)
    # Quotas that staff raised: name -> limit, in the unit of accounts/quotas.py.
    raised_quotas = models.JSONField(default=dict, blank=True)
    # When the quota of new names will be full again; empty: it is.
    slugs_full_at = models.DateTimeField(null=True, blank=True)
    joined_at = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email"]
    objects = AccountManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="account_email_used_once")
        ]

    def __str__(self):
        return self.username

    @property
    def shown_name(self) -> str:
        return self.display_name or self.username


class UsernameClaim(models.Model):
    """A username's normal form (names.look_alike), which one account may have.

    Unique, so that two sign-ups at once can't take names that read alike. It outlives
    its account, as the name does. Of usernames that read alike since before this rule,
    the oldest has the claim.
    """

    look_alike = models.CharField(max_length=39, unique=True)
    account = models.OneToOneField(
        Account, models.SET_NULL, null=True, related_name="username_claim"
    )

    def __str__(self):
        return self.look_alike


class ReservedName(models.Model):
    """A username or slug that nobody may take, reserved by staff or by deleting an
    account.

    ``*`` stands for any characters: "aws-*" reserves every name that begins with
    "aws-". The fixed words that addresses and clients need are in accounts/names.py.
    """

    name = models.CharField(max_length=64, unique=True)
    reason = models.CharField(max_length=200)
    by = models.ForeignKey(Account, models.PROTECT, null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self):
        return self.name


class Switch(models.Model):
    """While a row exists, staff have turned that part off; see accounts/switches.py."""

    name = models.CharField(max_length=20, unique=True)  # a key of SWITCHES
    reason = models.CharField(max_length=300)  # shown to users
    by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    def __str__(self):
        return self.name


class Project(models.Model):
    """A deployment that consumes functions. Project keys belong to one."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="projects")
    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=58)
    url = models.URLField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "slug"], name="project_slug_used_once"
            )
        ]

    def __str__(self):
        return self.name


class ApiKeyQuerySet(models.QuerySet):
    def usable(self, now=None):
        """Keys not revoked and not expired at ``now`` (default: the current time), of
        accounts that are not suspended."""
        return self.filter(
            models.Q(expires_at=None) | models.Q(expires_at__gt=now or timezone.now()),
            revoked_at=None,
            account__is_active=True,
        )


class ApiKey(models.Model):
    """An account key (project is empty) or a project key. Only a hash is kept."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="keys")
    project = models.ForeignKey(
        Project, models.CASCADE, null=True, blank=True, related_name="keys"
    )
    name = models.CharField(max_length=80)
    hash = models.CharField(max_length=64, unique=True)  # keys.hash_secret
    hint = models.CharField(max_length=20)  # first characters, to tell keys apart
    scopes = models.JSONField(default=list)  # of keys.SCOPES; empty for project keys
    patterns = models.JSONField(default=list)  # slug globs; empty: every function
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    def __str__(self):
        return f"{self.hint} ({self.name})"

    @property
    def is_account_key(self) -> bool:
        return self.project_id is None


class Event(models.Model):
    """One thing someone did. Written by the verb, in the verb's transaction."""

    # PROTECT would prevent deleting accounts. ``data`` keeps the name.
    actor = models.ForeignKey(
        Account, models.SET_NULL, null=True, blank=True, related_name="events"
    )
    verb = models.CharField(max_length=40)
    subject = models.CharField(max_length=200)  # "alice/slug", "alice/slug@1.0.0", ...
    via = models.CharField(max_length=20)  # the door: api, cli, ci, admin, system
    data = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["actor", "-id"], name="event_by_actor"),
            models.Index(fields=["subject", "-id"], name="event_by_subject"),
            models.Index(fields=["verb", "-id"], name="event_by_verb"),
            models.Index(fields=["via", "-id"], name="event_by_via"),
        ]

    def __str__(self):
        return f"{self.verb} {self.subject}"


def record(
    verb: str,
    subject: object,
    *,
    by: Account | None,
    via: str,
    stale: Iterable[str] | None = None,
    **data,
) -> None:
    """Write the one Event of a verb, and make stale the public answers it changes. Call
    it inside the verb's transaction.

    verb: imperative, such as "publish". subject: what it was done to; its ``str``.
    stale: subjects of answers (core/cache/versions.py), () for a verb that changes
    nothing public. By default the ``cache_subjects`` of ``subject``; where it has none,
    every answer. data: JSON-able details; the actor's name is added, for after the
    account is gone.
    """
    if stale is None:
        stale = getattr(subject, "cache_subjects", [versions.EVERYTHING])
    if stale:
        versions.bump_on_commit(*stale)
    Event.objects.create(
        actor=by,
        verb=verb,
        subject=str(subject)[:200],
        via=via,
        data={"actor": by.username if by else None, **data},
    )


def random_password() -> str:
    """A password for an account made by a script: 24 URL-safe characters."""
    return secrets.token_urlsafe(18)
