"""Drafts, the frozen versions made of them, and what people later did to those."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from registry.models.functions import LISTS, Function, pages_subject


class DraftQuerySet(models.QuerySet):
    def open(self):
        """Not published since the last change."""
        return self.filter(version=None)

    def owned_by(self, account):
        return self.filter(function__owner=account)


class Draft(models.Model):
    """Work towards a version. A function may have many."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    function = models.ForeignKey(Function, models.CASCADE, related_name="drafts")
    via = models.CharField(max_length=20)  # the door it came in by
    manifest = models.JSONField(default=dict)  # aerostack.json; may be incomplete
    files = models.JSONField(default=dict)  # path -> text
    readme = models.TextField(blank=True)
    stored_bytes = models.PositiveIntegerField(default=0)  # publishing.quotas.size_of
    # Counts the saves; a save names the one it started from (If-Match).
    revision = models.PositiveIntegerField(default=1)
    # The version it was published as; empty again once it is changed.
    version = models.ForeignKey(
        "Version", models.PROTECT, null=True, blank=True, related_name="drafts"
    )
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = DraftQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["function", "-updated_at"], name="draft_newest"),
            # What an account's open drafts hold, without reading them. With the empty
            # ``version``, or SQLite looks at each row for it.
            models.Index(
                fields=["function", "stored_bytes", "version"],
                name="draft_open",
                condition=models.Q(version=None),
            ),
        ]

    def __str__(self):
        return f"{self.function} draft {self.id}"

    @property
    def number(self) -> str:
        """The version it would be published as; may be empty."""
        return self.manifest.get("version") or ""

    @property
    def entrypoint(self) -> str:
        return self.manifest.get("entrypoint") or ""

    @property
    def code(self) -> str:
        """The entrypoint's text; empty when there is none."""
        return self.files.get(self.entrypoint, "")


class BlobQuerySet(models.QuerySet):
    def readable(self):
        """Files of a published version that staff took neither down nor away."""
        uses = VersionFile.objects.readable().filter(blob=models.OuterRef("pk"))
        removed = models.Q(removal__confirmed_at__isnull=False)
        return self.filter(models.Exists(uses)).exclude(removed)


class Blob(models.Model):
    """One text, stored once under the SHA-256 of its UTF-8 bytes.

    Database triggers refuse UPDATE and DELETE; see registry/immutability.py.
    """

    sha256 = models.CharField(max_length=64, primary_key=True)
    size = models.PositiveIntegerField()  # bytes
    text = models.TextField()

    objects = BlobQuerySet.as_manager()

    def __str__(self):
        return self.sha256[:12]


class VersionQuerySet(models.QuerySet):
    def live(self):
        """Neither yanked nor quarantined: offered to new installs."""
        return self.filter(yank=None, quarantine=None)

    def readable(self):
        """Public: neither the version nor its whole function is quarantined."""
        return self.filter(quarantine=None, function__quarantine=None)

    def quarantined(self):
        """Taken down by staff, by itself."""
        return self.filter(quarantine__isnull=False)

    def newest_first(self):
        """By SemVer precedence, highest first."""
        return self.order_by("-sort_key")


class Version(models.Model):
    """One published snapshot. Rows are inserted, never updated or deleted; database
    triggers see to it (registry/immutability.py)."""

    function = models.ForeignKey(Function, models.PROTECT, related_name="versions")
    number = models.CharField(max_length=64)  # SemVer 2.0.0, as the author wrote it
    precedence = models.CharField(max_length=64)  # number without build metadata
    sort_key = models.CharField(max_length=255)  # semver.Semver.sort_key
    is_prerelease = models.BooleanField()
    manifest = models.JSONField()
    readme = models.ForeignKey(
        Blob, models.PROTECT, null=True, blank=True, related_name="+"
    )
    integrity = models.CharField(max_length=60)  # integrity.of_files
    size = models.PositiveIntegerField()  # bytes of all files
    # publishing.quotas.size_of. NULL: published before it was kept; then ``size``.
    stored_bytes = models.PositiveIntegerField(null=True, blank=True)
    draft_uid = models.UUIDField()  # the draft it was made of
    published_by = models.CharField(max_length=39)  # username; outlives the account
    via = models.CharField(max_length=20)
    published_at = models.DateTimeField(default=timezone.now)

    objects = VersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["function", "precedence"], name="version_number_used_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["function", "is_prerelease", "-sort_key"], name="version_order"
            ),
            # What an account's versions hold, without reading them.
            models.Index(
                fields=["function", "stored_bytes", "size"], name="version_bytes"
            ),
        ]

    def __str__(self):
        return f"{self.function}@{self.number}"

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise TypeError("a published version never changes; publish a new one")
        super().save(*args, **kwargs)

    @property
    def cache_subjects(self) -> tuple[str, ...]:
        """What a change of this version makes stale."""
        return pages_subject(self.function_id), LISTS

    @property
    def is_yanked(self) -> bool:
        return hasattr(self, "yank")

    @property
    def is_quarantined(self) -> bool:
        return hasattr(self, "quarantine")

    @property
    def entrypoint(self) -> str:
        return self.manifest["entrypoint"]


class VersionFileQuerySet(models.QuerySet):
    def readable(self):
        """Of versions that are public."""
        return self.filter(version__in=Version.objects.readable())


class VersionFile(models.Model):
    """One file of a version: a path and the blob that holds its text."""

    version = models.ForeignKey(Version, models.PROTECT, related_name="files")
    path = models.CharField(max_length=155)
    blob = models.ForeignKey(Blob, models.PROTECT, related_name="uses")

    objects = VersionFileQuerySet.as_manager()

    class Meta:
        ordering = ["path"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "path"], name="version_path_used_once"
            )
        ]

    def __str__(self):
        return self.path


class Yank(models.Model):
    """Hides one version from new installs. Its own row, so the snapshot stays whole."""

    version = models.OneToOneField(Version, models.PROTECT, related_name="yank")
    reason = models.CharField(max_length=300)
    replacement = models.CharField(max_length=64, blank=True)  # a version number
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self):
        return f"{self.version} yanked"


class Deprecation(models.Model):
    """Tells readers and consumers to move on. The function stays installable."""

    function = models.OneToOneField(
        Function, models.PROTECT, related_name="deprecation"
    )
    message = models.CharField(max_length=300)
    successor = models.CharField(max_length=120, blank=True)  # username/slug
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self):
        return f"{self.function} deprecated"


class Removal(models.Model):
    """The one way a blob's text may go: asked for by one staff member and confirmed
    by another. Hash, size and every version that names it stay."""

    blob = models.OneToOneField(Blob, models.PROTECT, related_name="removal")
    reason = models.CharField(max_length=300)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+"
    )
    requested_at = models.DateTimeField(default=timezone.now)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(confirmed_by=None)
                | ~models.Q(confirmed_by=models.F("requested_by")),
                name="removal_confirmed_by_another",
            )
        ]

    def __str__(self):
        return f"removal of {self.blob}"


class Rendering(models.Model):
    """HTML derived from a blob by one renderer version. May be dropped and remade."""

    blob = models.ForeignKey(Blob, models.CASCADE, related_name="renderings")
    kind = models.CharField(max_length=20)  # a language, or "readme"
    renderer = models.PositiveIntegerField()  # rendering.RENDERER
    html = models.TextField()
    # False when the worker gave up: html is the plain text, and reason says why.
    is_complete = models.BooleanField()
    reason = models.CharField(max_length=200, blank=True)
    # Of a README, what search cuts excerpts from (content/prose.py). NULL: rendered
    # before this was kept.
    prose = models.TextField(null=True)  # noqa: DJ001

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["blob", "kind", "renderer"], name="rendering_made_once"
            )
        ]

    def __str__(self):
        return f"{self.blob} as {self.kind}"


class Inspection(models.Model):
    """What the code of a version says, as inspection.inspect found it."""

    version = models.OneToOneField(Version, models.CASCADE, related_name="inspection")
    inspector = models.PositiveIntegerField()  # inspection.INSPECTOR
    report = models.JSONField()  # {"findings": [...], "facts": {...}}

    def __str__(self):
        return f"{self.version} inspected"


class SecretWaiver(models.Model):
    """An author's word that something that looks like a credential is none."""

    function = models.ForeignKey(Function, models.CASCADE, related_name="waivers")
    rule = models.CharField(max_length=60)
    value_hash = models.CharField(max_length=64)  # keyed; the value is not kept
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["function", "rule", "value_hash"], name="secret_waived_once"
            )
        ]

    def __str__(self):
        return f"{self.rule} waived"
