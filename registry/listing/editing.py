"""What a function's page shows beside a version's own content: README, tags,
category, pictures and examples. It can be edited on a live function and makes no new
version; every edit leaves a revision that can be restored.
"""

import base64
import hashlib
import json
from dataclasses import asdict, dataclass, field, replace

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from accounts.models import Account, record
from core.cache import versions
from registry import errors, paths
from registry.catalog.vocabulary import (
    accepted_categories,
    active_categories,
    replaced_tags,
)
from registry.content import rendering, sandbox
from registry.integrity import sha256_of
from registry.listing import screenshots, sync
from registry.manifest import Manifest, has_invisible
from registry.models import (
    Blob,
    Category,
    Function,
    ListingRevision,
    Rendering,
    Screenshot,
    UsageExample,
)
from registry.publishing import drafts

MAX_SCREENSHOTS = 8
MAX_EXAMPLES = 10
MAX_ALT_CHARACTERS = 200
MAX_TITLE_CHARACTERS = 80
MAX_EXAMPLE_CHARACTERS = 8_000
EXAMPLE_LANGUAGES = ("typescript", "javascript", "bash", "json", "toml")
DECODE_SECONDS = 8.0


@dataclass(frozen=True)
class Listing:
    """A function's listing as values.

    category: a slug, or "". screenshots: objects of sha256, alt, width, height.
    examples: objects of title, language, code. Both in the order shown.
    """

    readme: str = ""
    tags: list[str] = field(default_factory=list)
    category: str = ""
    screenshots: list[dict] = field(default_factory=list)
    examples: list[dict] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        """Tells two states apart; an edit names the one it was made on."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]


def listing_of(function: Function) -> Listing:
    """The listing of ``function`` as it stands."""
    shown = function.screenshots.values("sha256", "alt", "width", "height")
    return Listing(
        readme=function.readme.text if function.readme_id else "",
        tags=list(function.tags),
        category=function.category.slug if function.category_id else "",
        screenshots=list(shown),
        examples=list(function.examples.values("title", "language", "code")),
    )


@transaction.atomic
def edit_listing(
    function: Function,
    wanted: Listing,
    *,
    by: Account,
    via: str,
    fingerprint: str | None = None,
) -> Listing:
    """Make the listing of ``function`` what is ``wanted``.

    fingerprint: of the listing the edit was made on; None skips the comparison.
    Screenshots may only be those the function has, or had: add_screenshot adds one.
    What is the same already changes nothing and writes no Event.

    Raises NotFound (not its owner's), EditConflict, and one error carrying every
    fault of the values.
    """
    return _change(
        function, wanted, "edit_listing", by=by, via=via, fingerprint=fingerprint
    )


@transaction.atomic
def restore_listing(
    function: Function, number: int, *, by: Account, via: str
) -> Listing:
    """Bring the listing back to its revision ``number``; which is a new revision.

    A category that was retired meanwhile stays as it is now.

    Raises NotFound (not its owner's, or no such revision), and as ``edit_listing``.
    """
    function = drafts.owned(function.pk, by)
    revision = function.listing_revisions.filter(number=number).first()
    if revision is None:
        raise errors.NotFound(f"{function.slug} has no listing revision {number}.")
    wanted = listing_at(revision)
    if wanted.category not in active_categories():
        wanted = replace(wanted, category=listing_of(function).category)
    return _change(function, wanted, "restore_listing", by=by, via=via, restored=number)


def add_screenshot(
    function: Function, data: bytes, *, alt: str, by: Account, via: str
) -> Screenshot:
    """Show one more picture with ``function``, re-encoded (screenshots.py).

    data: a PNG, JPEG or WebP file, at most MAX_UPLOAD_BYTES. alt: what it shows, for
    those who don't see it.

    Raises NotFound (not its owner's), PayloadTooLarge, ValidationError.
    """
    picture = _picture(data)
    with transaction.atomic():
        function = drafts.owned(function.pk, by)
        before = listing_of(function)
        if picture["sha256"] in {shown["sha256"] for shown in before.screenshots}:
            raise errors.ValidationError(
                "This picture is shown already.", field="screenshot"
            )
        name = screenshot_name(picture["sha256"])
        if not default_storage.exists(name):
            content = base64.b64decode(picture["data"])
            default_storage.save(name, ContentFile(content))
        added = {key: picture[key] for key in ("sha256", "width", "height")}
        added["alt"] = alt.strip()
        wanted = replace(before, screenshots=[*before.screenshots, added])
        _change(
            function, wanted, "add_screenshot", by=by, via=via, new=picture["sha256"]
        )
        return function.screenshots.get(sha256=picture["sha256"])


def screenshot_name(sha256: str) -> str:
    """Where a picture lies in the media storage."""
    return f"screenshots/{sha256[:2]}/{sha256}.webp"


def listing_at(revision: ListingRevision) -> Listing:
    """The listing that ``revision`` keeps."""
    return Listing(
        readme=revision.readme.text if revision.readme_id else "",
        tags=revision.tags,
        category=revision.category.slug if revision.category_id else "",
        screenshots=revision.screenshots,
        examples=revision.examples,
    )


def _change(
    function: Function,
    wanted: Listing,
    verb: str,
    *,
    by: Account,
    via: str,
    fingerprint: str | None = None,
    new: str = "",
    **data,
) -> Listing:
    """Check, write, keep a revision, record. ``new``: a picture only just stored."""
    function = drafts.owned(function.pk, by)
    before = listing_of(function)
    if fingerprint is not None and fingerprint != before.fingerprint:
        raise errors.EditConflict(
            "The listing was changed elsewhere meanwhile; nothing was saved."
        )
    wanted = _checked(function, wanted, before, new)
    if wanted == before:
        return before
    # Readers see the edit at once, and its README's HTML (_kept) before ``record``'s
    # bump is due.
    versions.bump_on_commit(*function.cache_subjects)
    _keep_revision(function, before, by=None, via="system", only_first=True)
    _write(function, wanted, before)
    number = _keep_revision(function, wanted, by=by, via=via)
    record(verb, function, by=by, via=via, revision=number, **data)
    return wanted


def _checked(function, wanted: Listing, before: Listing, new: str) -> Listing:
    """``wanted`` with tags in their spelling. Raises every fault at once."""
    found = paths.check_readme(wanted.readme)
    categories, aliases = accepted_categories(function)
    manifest, faults = Manifest.read(
        {"tags": wanted.tags, "category": wanted.category},
        categories=categories,
        aliases=aliases,
        complete=bool(function.published_at),
    )
    found += [f for f in faults.found if f.field.startswith(("tags", "category"))]
    found += _screenshot_faults(function, wanted.screenshots, new)
    found += _example_faults(wanted.examples)
    errors.refuse(found)
    return replace(
        wanted,
        tags=replaced_tags(manifest["tags"]),
        category=manifest["category"],
    )


def _screenshot_faults(function: Function, shown: list[dict], new: str) -> list:
    known = {new, *function.screenshots.values_list("sha256", flat=True)}
    for revision in function.listing_revisions.values_list("screenshots", flat=True):
        known |= {kept["sha256"] for kept in revision}
    found = []
    if len(shown) > MAX_SCREENSHOTS:
        found.append(
            _fault(f"At most {MAX_SCREENSHOTS} screenshots fit.", "screenshot")
        )
    for index, picture in enumerate(shown):
        if picture["sha256"] not in known:
            found.append(_fault("This picture is not one of yours.", "screenshot"))
        if not _is_line(picture["alt"], MAX_ALT_CHARACTERS):
            message = (
                f"Say what screenshot {index + 1} shows, in 1 to {MAX_ALT_CHARACTERS} "
                "characters, for those who don't see it."
            )
            found.append(_fault(message, f"screenshots[{index}].alt"))
    return found


def _example_faults(examples: list[dict]) -> list:
    found = []
    if len(examples) > MAX_EXAMPLES:
        found.append(_fault(f"At most {MAX_EXAMPLES} examples fit.", "examples"))
    for index, example in enumerate(examples):
        at = f"examples[{index}]"
        if not _is_line(example["title"], MAX_TITLE_CHARACTERS):
            message = (
                f"Example {index + 1} needs a title of 1 to {MAX_TITLE_CHARACTERS} "
                "visible characters."
            )
            found.append(_fault(message, f"{at}.title"))
        if not 0 < len(example["code"].strip()) <= MAX_EXAMPLE_CHARACTERS:
            message = (
                f"Example {index + 1} needs 1 to {MAX_EXAMPLE_CHARACTERS} characters "
                "of code."
            )
            found.append(_fault(message, f"{at}.code"))
        if "\0" in example["code"] or example["language"] not in EXAMPLE_LANGUAGES:
            message = f"Example {index + 1} is in a language the Hub doesn't show."
            found.append(_fault(message, f"{at}.language"))
    return found


def _is_line(text: str, most: int) -> bool:
    return 0 < len(text) <= most and not has_invisible(text)


def _fault(message: str, at: str) -> errors.ValidationError:
    return errors.ValidationError(message, field=at)


def _write(function: Function, wanted: Listing, before: Listing) -> None:
    changes: dict = {"updated_at": timezone.now(), "tags": wanted.tags}
    if wanted.readme != before.readme:
        changes["readme_id"] = _kept(wanted.readme)
    if wanted.category != before.category:
        changes["category"] = Category.objects.get(slug=wanted.category)
    sync.refresh(function, function.latest, **changes)
    function.screenshots.all().delete()
    Screenshot.objects.bulk_create(
        Screenshot(function=function, position=position, **picture)
        for position, picture in enumerate(wanted.screenshots)
    )
    function.examples.all().delete()
    UsageExample.objects.bulk_create(
        UsageExample(function=function, position=position, **example)
        for position, example in enumerate(wanted.examples)
    )


def _keep_revision(
    function: Function, listing: Listing, *, by, via: str, only_first: bool = False
) -> int:
    """Keep ``listing`` as the next revision, unless ``only_first`` and it isn't.

    The first edit also keeps what was there before it, which publishing made.
    """
    last = function.listing_revisions.first()
    if only_first and last and listing_at(last) == listing:
        return last.number
    made = ListingRevision.objects.create(
        function=function,
        number=last.number + 1 if last else 1,
        readme_id=_kept(listing.readme),
        category=Category.objects.filter(slug=listing.category).first(),
        tags=listing.tags,
        screenshots=listing.screenshots,
        examples=listing.examples,
        by=by,
        via=via,
    )
    return made.number


def _kept(readme: str) -> str | None:
    """The hash ``readme`` is stored under; its HTML is made after the commit."""
    if not readme.strip():
        return None
    sha256 = sha256_of(readme)
    blob, _ = Blob.objects.get_or_create(
        sha256=sha256, defaults={"size": paths.size_of(readme), "text": readme}
    )
    if not blob.text:
        raise errors.Conflict("Staff removed this very text from the Hub.")
    transaction.on_commit(lambda: _render_readme(sha256), robust=True)
    return sha256


def _render_readme(sha256: str) -> None:
    made = {"blob_id": sha256, "kind": rendering.README, "renderer": rendering.RENDERER}
    if Rendering.objects.filter(**made).exists():
        return
    shown = rendering.render(rendering.README, Blob.objects.get(pk=sha256).text)
    Rendering.objects.bulk_create(
        [
            Rendering(
                html=shown.html,
                is_complete=shown.complete,
                reason=shown.reason[:200],
                prose=shown.prose,
                **made,
            )
        ],
        ignore_conflicts=True,
    )


def _picture(data: bytes) -> dict:
    if len(data) > screenshots.MAX_UPLOAD_BYTES:
        most = screenshots.MAX_UPLOAD_BYTES // 1024 // 1024
        raise errors.PayloadTooLarge(
            f"The picture is larger than {most} MiB.", field="screenshot"
        )
    encoded = base64.b64encode(data).decode()
    try:
        return sandbox.run(screenshots.reencode, encoded, timeout=DECODE_SECONDS)
    except sandbox.SandboxError as error:
        raise errors.ValidationError(str(error), field="screenshot") from error
