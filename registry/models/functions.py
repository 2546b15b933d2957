"""A function's name and what the Hub lists of it."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

# What every page that lists functions depends on (core/cache/versions.py).
LISTS = "lists"


class CategoryQuerySet(models.QuerySet):
    def active(self):
        """Those a manifest may name, in the order staff gave them."""
        return self.filter(retired_at=None)


class Category(models.Model):
    """One of a closed list, kept by staff."""

    slug = models.CharField(max_length=40, unique=True)
    label = models.CharField(max_length=60)
    description = models.CharField(max_length=200, blank=True)
    position = models.PositiveIntegerField(default=0)
    retired_at = models.DateTimeField(null=True, blank=True)
    # Where its functions go, once it was merged; moving them takes its time.
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Listed functions in it: pages must not count a million rows.
    function_count = models.PositiveIntegerField(default=0)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        ordering = ["position", "slug"]

    def __str__(self):
        return self.slug


class NameClaim(models.Model):
    """One account's hold on a name and on all that read like it.

    ``look_alike`` is names.look_alike(slug); it is unique, so two accounts can't
    hold names that a reader would confuse. Its owner may use close names.
    """

    look_alike = models.CharField(max_length=64, unique=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self):
        return f"{self.look_alike} ({self.owner})"


class FunctionQuerySet(models.QuerySet):
    def listed(self):
        """On the Hub: a live version exists and staff have not taken it down."""
        return self.filter(is_listed=True)

    def published(self):
        """Ever published, also when every version is yanked by now."""
        return self.exclude(published_at=None)

    def readable(self):
        """Public: published, not quarantined, and a version of it is not either. Its
        pages answer."""
        versions = self.model._meta.get_field("versions").related_model.objects
        left = versions.readable().filter(function=models.OuterRef("pk"))
        # Only where there is no live version do the others have to be looked at.
        has_version = models.Q(latest__isnull=False) | models.Exists(left)
        return self.published().filter(has_version, quarantine=None)

    def quarantined(self):
        """Taken down by staff."""
        return self.filter(quarantine__isnull=False)

    def owned_by(self, account):
        return self.filter(owner=account)

    def named(self, username: str, slug: str):
        return self.filter(owner__username=username, slug=slug)

    def tagged(self, tag: str):
        return self.filter(tag_rows__tag=tag)

    def described(self):
        """With what a page says beside the name, in the same query."""
        return self.select_related("owner", "category", "deprecation")


class Function(models.Model):
    """A claim on a slug, plus what the Hub lists: taken from the latest version when
    it is published, and (README, tags, category) editable ever after."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="functions"
    )
    slug = models.CharField(max_length=80, unique=True)
    look_alike = models.CharField(max_length=64, db_index=True)
    created_at = models.DateTimeField(default=timezone.now)
    # The last push, save or publish; a claim idle for long may be taken over.
    active_at = models.DateTimeField(default=timezone.now)

    # --- the listing
    name = models.CharField(max_length=120, blank=True)
    description = models.CharField(max_length=300, blank=True)
    readme = models.ForeignKey(
        "Blob", models.PROTECT, null=True, blank=True, related_name="+"
    )
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True)
    tags = models.JSONField(default=list, blank=True)  # also rows, for filtering
    language = models.CharField(max_length=20, blank=True)
    runtime = models.CharField(max_length=20, blank=True)
    license = models.CharField(max_length=200, blank=True)
    latest = models.ForeignKey(
        "Version", models.PROTECT, null=True, blank=True, related_name="+"
    )
    # latest.number, so that a list needs no join.
    latest_number = models.CharField(max_length=64, blank=True)
    is_listed = models.BooleanField(default=False)
    published_at = models.DateTimeField(null=True, blank=True)  # the first time
    updated_at = models.DateTimeField(default=timezone.now)  # publish or listing edit
    star_count = models.PositiveIntegerField(default=0)
    install_count = models.PositiveIntegerField(default=0)

    objects = FunctionQuerySet.as_manager()
    # ``username/slug`` it was asked for by, where that is an address it has left.
    renamed_from = ""

    class Meta:
        indexes = [
            models.Index(
                fields=["-updated_at", "-id"],
                name="function_recent",
                condition=models.Q(is_listed=True),
            ),
            models.Index(
                fields=["-star_count", "-id"],
                name="function_stars",
                condition=models.Q(is_listed=True),
            ),
            models.Index(
                fields=["-install_count", "-id"],
                name="function_installs",
                condition=models.Q(is_listed=True),
            ),
            models.Index(
                fields=["category", "-updated_at", "-id"],
                name="function_category_recent",
                condition=models.Q(is_listed=True),
            ),
            models.Index(
                fields=["category", "-install_count", "-id"],
                name="function_category_installs",
                condition=models.Q(is_listed=True),
            ),
            models.Index(
                fields=["category", "-star_count", "-id"],
                name="function_category_stars",
                condition=models.Q(is_listed=True),
            ),
            models.Index(
                fields=["category", "slug", "id"],
                name="function_category_name",
                condition=models.Q(is_listed=True),
            ),
            models.Index(fields=["owner", "-updated_at", "-id"], name="function_owner"),
        ]

    def __str__(self):
        return self.path

    @property
    def path(self) -> str:
        """``username/slug``, as clients and pages write it."""
        return f"{self.owner.username}/{self.slug}"

    @property
    def url(self) -> str:
        return f"/functions/{self.path}"

    @property
    def is_deprecated(self) -> bool:
        return hasattr(self, "deprecation")

    @property
    def pages_subject(self) -> str:
        """What the pages of this function depend on (core/cache/versions.py)."""
        return pages_subject(self.pk)

    @property
    def cache_subjects(self) -> tuple[str, ...]:
        """What a change of this function makes stale: its pages, and lists."""
        return self.pages_subject, LISTS


def pages_subject(function_id: int) -> str:
    return f"function:{function_id}"


class FunctionTag(models.Model):
    """One tag of a listed function, for filtering by it."""

    function = models.ForeignKey(Function, models.CASCADE, related_name="tag_rows")
    tag = models.CharField(max_length=30)
    # The function's, so that a tag's functions are walked in that order; kept by
    # registry/listing/sync.py.
    updated_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tag", "function"], name="function_tag_used_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["tag", "-updated_at", "-function"], name="function_tag_recent"
            )
        ]

    def __str__(self):
        return self.tag


class Redirect(models.Model):
    """An address its function no longer has: another slug, or an earlier owner's.
    It leads to the function for good."""

    slug = models.CharField(max_length=80)
    username = models.CharField(max_length=39)  # the owner's when it was left
    function = models.ForeignKey(Function, models.CASCADE, related_name="redirects")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["slug", "username"], name="redirect_leads_to_one"
            )
        ]

    def __str__(self):
        return f"{self.username}/{self.slug}"
