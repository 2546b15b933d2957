"""What search reads: one narrow row per function, and the words there are.

Written by registry/search/documents.py alone. The databases derive their full-text
indexes from these rows by themselves (registry/search/schema.py).
"""

from django.db import models

from registry.models.functions import Function


class SearchDocument(models.Model):
    """A published function as search sees it; text is folded (search.text.fold)."""

    function = models.OneToOneField(
        Function, models.CASCADE, primary_key=True, related_name="search_document"
    )
    # Popularity as one unique number (search/rank_keys.py): the smaller, the earlier.
    rank_key = models.BigIntegerField(unique=True, db_column="place")
    # Of the popular tier, the only documents that are ranked by their text.
    is_hot = models.BooleanField(default=False)
    slug = models.CharField(max_length=80)
    category = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=20, blank=True)
    runtime = models.CharField(max_length=20, blank=True)
    license = models.CharField(max_length=200, blank=True)
    no_dependencies = models.BooleanField(default=False)
    no_network = models.BooleanField(default=False)
    has_tables = models.BooleanField(default=False)
    # One made-up word for each filter that the function passes (text.token).
    facets = models.TextField(blank=True)
    names = models.TextField()  # slug and name
    tags = models.TextField(blank=True)
    description = models.TextField(blank=True)
    # Long texts last: SQLite reads through them to the columns after them.
    readme = models.TextField(blank=True)
    code = models.TextField(blank=True)  # the distinct identifiers of the source

    def __str__(self):
        return self.slug


class SearchWord(models.Model):
    """A word of names, tags and descriptions, for completing and for spelling."""

    word = models.CharField(max_length=32, primary_key=True)
    documents = models.PositiveIntegerField(default=1)  # as of the last rebuild

    def __str__(self):
        return self.word


class SearchSpelling(models.Model):
    """A word as it looks with one letter missing, or none: how typos find it."""

    spelling = models.CharField(max_length=32)
    word = models.ForeignKey(SearchWord, models.CASCADE, related_name="spellings")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["spelling", "word"], name="search_spelling_used_once"
            )
        ]

    def __str__(self):
        return self.spelling
