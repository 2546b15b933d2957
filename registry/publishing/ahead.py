"""What a push is going to ask, asked in one exchange with PostgreSQL.

An exchange costs more than most of the answers. The rules stay where they are and ask
as ever: what was foreseen here they get at once, anything else they ask themselves.
"""

from contextlib import AbstractContextManager

from accounts.models import Account
from accounts.names import HELD
from core.db.prepared import asked_ahead
from registry.catalog.vocabulary import ACTIVE, TAG_RULES
from registry.names import slugify
from registry.publishing import intake
from registry.publishing.claims import NAME_STATUS

MAX_TAGS, MAX_TAG_CHARACTERS = 20, 30  # past these, the manifest refuses them


def of_push(submission: intake.Submission, by: Account) -> AbstractContextManager:
    """May the name be taken, whose is it, which categories and tags are accepted?"""
    name = submission.slug or submission.manifest.get("name")
    slug = slugify(name) if isinstance(name, str) else ""
    tags = _looked_up(submission.manifest.get("tags"))
    return asked_ahead(
        (HELD, slug), (NAME_STATUS, by.pk, slug), (ACTIVE,), (TAG_RULES, tags)
    )


def _looked_up(tags) -> tuple[str, ...]:
    """A manifest's tags as they are compared with the rules; none that can't be."""
    if not isinstance(tags, list) or len(tags) > MAX_TAGS:
        return ()
    return tuple(
        tag.strip().lower()
        for tag in tags
        if isinstance(tag, str) and tag.isprintable() and len(tag) <= MAX_TAG_CHARACTERS
    )
