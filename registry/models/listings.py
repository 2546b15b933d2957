"""The parts of a listing besides README and tags, and its history."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from registry.models.functions import Category, Function
from registry.models.versions import Blob


class Screenshot(models.Model):
    """A picture of a function. The file is WebP, encoded by the Hub and named by its
    hash."""

    function = models.ForeignKey(Function, models.CASCADE, related_name="screenshots")
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField()  # pixels
    height = models.PositiveIntegerField()
    alt = models.CharField(max_length=200)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["function", "sha256"], name="screenshot_shown_once"
            )
        ]

    def __str__(self):
        return self.alt


class UsageExample(models.Model):
    """Code that shows how a function is used."""

    function = models.ForeignKey(Function, models.CASCADE, related_name="examples")
    title = models.CharField(max_length=80)
    language = models.CharField(max_length=20, default="typescript")
    code = models.TextField()
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self):
        return self.title


class ListingRevision(models.Model):
    """A function's listing after one edit, for restoring it."""

    function = models.ForeignKey(
        Function, models.CASCADE, related_name="listing_revisions"
    )
    number = models.PositiveIntegerField()  # 1, 2, ... of this function
    readme = models.ForeignKey(
        Blob, models.PROTECT, null=True, blank=True, related_name="+"
    )
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="+"
    )
    tags = models.JSONField(default=list)
    screenshots = models.JSONField(default=list)  # rows of Screenshot, as objects
    examples = models.JSONField(default=list)  # rows of UsageExample, as objects
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    via = models.CharField(max_length=20)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["function", "number"], name="listing_revision_used_once"
            )
        ]

    def __str__(self):
        return f"{self.function} listing {self.number}"
