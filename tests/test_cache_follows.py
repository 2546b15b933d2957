"""What is in memory is what would be made now: after each of all changes, at every
public address of the URLconf, in every process."""

import gzip
import io
from dataclasses import replace
from itertools import product
from zlib import crc32

import pytest
from PIL import Image

from accounts.deletion import delete_account
from accounts.profile_forms import ProfileForm
from core.cache import versions
from core.http.public import etag_of
from registry import following, moderation, publishing, search
from registry.content import derived
from registry.installs import counting
from registry.listing import editing
from registry.models import (
    Case,
    Category,
    Decision,
    Function,
    Inspection,
    Rendering,
    SearchDocument,
    Version,
)
from registry.moderation import Grounds
from tests.conftest import CODE, make_account
from tests.routes import VALUES, addresses, routes
from tests.wsgi_front import ask, process

GROUNDS = Grounds("It has to be.", "legal")
# The function that changes, and bob's, which stays as it is.
FUNCTIONS = [
    {"username": "alice", "slug": "image-resizer"},
    {"username": "bob", "slug": "thumbnailer"},
]
LATER = [{"username": name, "slug": "picture-resizer"} for name in ("alice", "bob")]
LIST = ["q=resizer", "q=edited", "q=code:answer", "q=nothing+such", "sort=stars"]
LIST += ["q=resize&sort=stars", "sort=installs", "category=media", "tag=image"]
LIST += ["language=typescript&no_network=1", "author=alice", "cursor=x"]
API_LIST = ["search=resizer", "category=media", "author=alice", "sort=stars", "sort=x"]
API_LIST += ["sort=installs&limit=1", "search=resize&category=media&tag=image"]
# route -> query strings that are asked besides none
QUERIES = {
    "functions/": LIST,
    "functions/suggest": ["q=ima"],
    "docs/search": ["q=publish"],
    "functions/<username>/<slug>/compare/<span>": ["view=split"],
    "api/community/functions": API_LIST,
    "api/community/functions/<username>/<slug>": ["version=1.0.0"],
    "api/community/functions/<username>/<slug>/install": [
        "version=1.0.0",
        "version=1.1.0&layout=source",
    ],
}


@pytest.fixture(autouse=True)
def _lists_show_installs_at_once(monkeypatch):
    monkeypatch.setattr(counting, "LISTS_SECONDS", 0)


@pytest.fixture
def story(transactional_db, publish, alice, bob, staff, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return Story(publish, alice, bob, staff)


class Reader:
    """Asks every public address: of Django without a cache, and of one of two processes
    that have one."""

    def __init__(self):
        self.uncached, self.plain, self.packed = process(0), process(), process()
        self.public: set[str] = set()  # routes that answered something public
        self.shown: set[str] = set()  # those that did with more than "not found"
        self.private: set[str] = set()  # routes that are not asked again
        self.values = VALUES
        self.functions = FUNCTIONS

    def check(self) -> None:
        for route in sorted({*routes()} - self.private):
            for path, query in self.addresses(route):
                self._check(route, path, query)

    def addresses(self, route: str) -> list[tuple[str, str]]:
        """(path, query) of all that is asked of a route."""
        queries = ["", *QUERIES.get(route, [])]
        return [*product(addresses(route, self.values, self.functions), queries)]

    def _check(self, route: str, path: str, query: str) -> None:
        expected = ask(self.uncached, path, query)
        if expected[1].get("Cache-Control", "").startswith("public"):
            self.public.add(route)
        elif route not in self.public:
            # The API refuses privately what it shows to everyone once it is there.
            if expected[1].get("Content-Type") != "application/json":
                self.private.add(route)
            return
        if expected[0] < "4":
            self.shown.add(route)
        # Each address is one process's own, and asked for in one way: in both ways it
        # would take half as long again.
        if crc32(f"{path}?{query}".encode()) % 2:
            assert ask(self.plain, path, query) == expected, f"{path}?{query}"
        else:
            packed = ask(self.packed, path, query, HTTP_ACCEPT_ENCODING="gzip")
            assert _unpacked(packed) == expected, f"{path}?{query}, packed"


def _unpacked(answer):
    """``answer`` as it would be without gzip."""
    status, headers, body = answer
    if headers.pop("Content-Encoding", "") == "gzip":
        assert headers.get("ETag", etag_of(body)) == etag_of(body)
        body = gzip.decompress(body)
        headers["Content-Length"] = str(len(body))
        if "ETag" in headers:
            headers["ETag"] = etag_of(body)
    return status, headers, body


class Story:
    """All changes that a public page may have to follow."""

    def __init__(self, publish, alice, bob, staff):
        self.publish, self.staff = publish, staff
        self.alice, self.bob = alice, bob
        self.second = make_account("second", is_staff=True)
        self.reader = Reader()

    @property
    def function(self) -> Function:
        return Function.objects.earliest("pk")

    def version(self, number="1.0.0"):
        return self.function.versions.get(number=number)

    def edit(self, **changes):
        function = self.function
        wanted = replace(editing.listing_of(function), **changes)
        editing.edit_listing(function, wanted, by=function.owner, via="admin")

    def category(self, slug="media"):
        return Category.objects.get(slug=slug)

    def remove(self, blob):
        removal = moderation.request_removal(
            self.function, blob, GROUNDS, by=self.staff
        )
        self.reader.check()
        moderation.confirm_removal(self.function, removal, GROUNDS, by=self.second)

    # --- the beginning

    def publishes(self):
        self.publish()

    def is_derived(self):
        derived.make(self.version().pk)

    def is_starred(self):
        following.star(self.function, by=self.bob, via="admin")

    def is_installed(self):
        pk = self.version().pk
        counting.count(pk, client="192.0.2.9", method="GET", headers={})
        assert counting.flush()

    def publishes_another_version(self):
        derived.make(self.publish(version="1.1.0", code=f"{CODE}// more\n").pk)

    def edits_the_readme(self):
        self.edit(readme="# Resizer\n\nEdited.\n")

    def edits_tags(self):
        self.edit(tags=["edge", "image"])

    def edits_examples(self):
        example = {"title": "Use", "language": "typescript", "code": "answer();"}
        self.edit(examples=[example])

    def adds_a_screenshot(self):
        picture = io.BytesIO()
        Image.new("RGB", (60, 40)).save(picture, "PNG")
        made = editing.add_screenshot(
            self.function, picture.getvalue(), alt="Before", by=self.alice, via="admin"
        )
        code = self.version().files.get(path="index.ts").blob_id
        self.reader.values = VALUES | {"sha256": [made.sha256, code]}

    def somebody_publishes_another_function(self):
        made = self.publish(name="thumbnailer", by=self.bob, tags=["image"])
        derived.make(made.pk)

    # --- versions

    def publishes_what_is_not_derived_yet(self):
        code = f"{CODE}// 1.2\n"
        self.publish(version="1.2.0", code=code, readme="# Another\n")

    def has_that_derived(self):
        derived.make(self.version("1.2.0").pk)

    def publishes_a_close_function(self):
        self.publish(name="image-crop", description="Resize by cropping.")

    def yanks_the_latest(self, number="1.1.0"):
        version = self.version(number)
        publishing.yank(version, reason="Bad.", by=self.alice, via="api")

    def yanks_the_first(self):
        self.yanks_the_latest("1.0.0")

    def takes_a_yank_back(self):
        publishing.unyank(self.version(), by=self.alice, via="api")

    def yanks_all(self):
        for version in self.function.versions.filter(yank=None):
            self.yanks_the_latest(version.number)

    # --- the listing

    def edits_the_readme_again(self):
        self.edit(readme="# Resizer\n\nEdited again.\n")

    def has_no_readme(self):
        self.edit(readme="")

    def edits_other_tags(self):
        self.edit(tags=["picture"])

    def edits_other_examples(self):
        example = {"title": "Use", "language": "typescript", "code": "answer(1);"}
        self.edit(examples=[example])

    def removes_screenshots(self):
        self.edit(screenshots=[])

    def restores_an_older_listing(self):
        editing.restore_listing(self.function, 2, by=self.alice, via="admin")

    # --- what is said of it

    def deprecates(self):
        publishing.deprecate(self.function, message="Old.", by=self.alice, via="api")

    def deprecates_otherwise(self):
        publishing.deprecate(self.function, message="Older.", by=self.alice, via="api")

    def takes_that_back(self):
        publishing.undeprecate(self.function, by=self.alice, via="api")

    def is_starred_no_more(self):
        following.unstar(self.function, by=self.bob, via="admin")

    def loses_a_star_with_its_account(self):
        carol = make_account("carol")
        following.star(self.function, by=carol, via="admin")
        self.reader.check()
        delete_account(carol, by=carol)

    def author_changes_the_profile(self):
        form = ProfileForm({"display_name": "Alice B."}, instance=self.alice)
        form.save()

    # --- taken down

    def has_a_version_quarantined(self):
        moderation.quarantine_version(self.version(), GROUNDS, by=self.staff)

    def has_it_back(self):
        moderation.lift_version_quarantine(self.version(), GROUNDS, by=self.staff)

    def has_the_latest_quarantined(self):
        moderation.quarantine_version(self.version("1.1.0"), GROUNDS, by=self.staff)

    def has_that_back(self):
        version = self.version("1.1.0")
        moderation.lift_version_quarantine(version, GROUNDS, by=self.staff)

    def is_quarantined(self):
        moderation.quarantine_function(self.function, GROUNDS, by=self.staff)

    def is_let_out(self):
        moderation.lift_function_quarantine(self.function, GROUNDS, by=self.staff)

    def has_its_author_appeal(self):
        moderation.appeal(Decision.objects.first(), "It is not.", by=self.alice)

    def has_the_appeal_granted(self):
        case = Case.objects.get(kind="appeal")
        moderation.answer_appeal(case, GROUNDS, by=self.second, grant=True)

    def has_its_author_suspended(self):
        moderation.suspend_account(self.function.owner, GROUNDS, by=self.staff)

    def has_its_readme_removed(self):
        self.remove(self.version().readme)

    def has_a_file_removed(self):
        self.remove(self.version().files.get(path="index.ts").blob)

    # --- names

    def is_asked_for_by_later_names(self):
        self.reader.functions = [*FUNCTIONS, *LATER]

    def is_renamed(self):
        moderation.rename_function(
            self.function, "picture-resizer", GROUNDS, by=self.staff
        )

    def is_transferred(self):
        offer = moderation.offer_transfer(self.function, self.bob, by=self.alice)
        self.reader.check()
        moderation.accept_transfer(offer, by=self.bob)

    def has_its_first_author_deleted(self):
        delete_account(self.alice, by=self.alice)

    # --- categories and tags

    def category_gets_a_description(self):
        moderation.edit_category(
            self.category(), "media", "Media", "Sights.", GROUNDS, by=self.staff
        )

    def categories_get_another_order(self):
        slugs = [each.slug for each in Category.objects.active()]
        moderation.order_categories(slugs[::-1], GROUNDS, by=self.staff)

    def category_is_renamed(self):
        moderation.edit_category(
            self.category(), "pictures", "Pictures", "", GROUNDS, by=self.staff
        )
        self.reader.check()
        moderation.categories.resume_merges()

    def moves_to_another_category(self):
        moderation.move_functions(
            [self.function], self.category("utility"), GROUNDS, by=self.staff
        )

    def category_is_merged(self):
        moderation.merge_category(
            self.category("pictures"), self.category("utility"), GROUNDS, by=self.staff
        )
        self.reader.check()
        moderation.categories.resume_merges()

    def category_is_retired(self):
        moderation.retire_category(self.category("utility"), GROUNDS, by=self.staff)

    def loses_a_tag(self):
        moderation.replace_tag("image", "", GROUNDS, by=self.staff)
        self.reader.check()
        moderation.categories.retag()

    # --- what is made of it (no verb takes it away: these say so themselves)

    def loses_what_was_rendered(self):
        Rendering.objects.all().delete()
        versions.bump(versions.EVERYTHING)

    def is_rendered_again(self):
        # A page that shows a text unfinished has its version derived.
        derived.make(*Version.objects.values_list("pk", flat=True))

    def is_rendered_otherwise(self):
        Rendering.objects.update(html="<p>Drawn otherwise</p>")
        versions.bump(versions.EVERYTHING)

    def is_inspected_otherwise(self):
        host = {"host": "api.example", "path": "index.ts", "line": 1}
        report = {"findings": [], "facts": {"hosts": [host]}}
        Inspection.objects.update(report=report)
        versions.bump(versions.EVERYTHING)

    def loses_what_was_inspected(self):
        Inspection.objects.all().delete()
        versions.bump(versions.EVERYTHING)

    def is_inspected_again(self):
        derived.make(*Version.objects.values_list("pk", flat=True))

    def is_found_no_more(self):
        SearchDocument.objects.all().delete()
        versions.bump(versions.EVERYTHING)

    def is_found_again(self):
        search.rebuild()


BEGINNING = [
    Story.publishes,
    Story.is_derived,
    Story.is_starred,
    Story.is_installed,
    Story.publishes_another_version,
    Story.edits_the_readme,
    Story.edits_tags,
    Story.edits_examples,
    Story.adds_a_screenshot,
    Story.somebody_publishes_another_function,
]
# Each begins where the beginning ends.
CHAPTERS = {
    "versions": [
        Story.publishes_what_is_not_derived_yet,
        Story.has_that_derived,
        Story.publishes_a_close_function,
        Story.yanks_the_latest,
        Story.yanks_the_first,
        Story.takes_a_yank_back,
        Story.yanks_all,
        Story.takes_a_yank_back,
    ],
    "listing": [
        Story.edits_the_readme_again,
        Story.has_no_readme,
        Story.edits_other_tags,
        Story.edits_other_examples,
        Story.removes_screenshots,
        Story.restores_an_older_listing,
    ],
    "what is said": [
        Story.deprecates,
        Story.deprecates_otherwise,
        Story.takes_that_back,
        Story.is_starred_no_more,
        Story.loses_a_star_with_its_account,
        Story.author_changes_the_profile,
    ],
    "taken down": [
        Story.has_a_version_quarantined,
        Story.has_it_back,
        Story.has_the_latest_quarantined,
        Story.has_that_back,
        Story.is_quarantined,
        Story.is_let_out,
        Story.is_quarantined,
        Story.has_its_author_appeal,
        Story.has_the_appeal_granted,
        Story.has_its_author_suspended,
        Story.has_a_file_removed,
        Story.has_its_readme_removed,
    ],
    "names": [
        Story.is_asked_for_by_later_names,
        Story.is_renamed,
        Story.is_transferred,
        Story.has_its_first_author_deleted,
        Story.has_its_author_suspended,
    ],
    "categories": [
        Story.category_gets_a_description,
        Story.categories_get_another_order,
        Story.category_is_renamed,
        Story.moves_to_another_category,
        Story.category_is_merged,
        Story.category_is_retired,
        Story.loses_a_tag,
    ],
    "what is made of it": [
        Story.loses_what_was_rendered,
        Story.is_rendered_again,
        Story.is_rendered_otherwise,
        Story.loses_what_was_inspected,
        Story.is_inspected_again,
        Story.is_inspected_otherwise,
        Story.is_found_no_more,
        Story.is_found_again,
    ],
}


def tell(story, steps) -> None:
    for step in steps:
        step(story)
        story.reader.check()


def test_every_page_follows_the_beginning(story):
    tell(story, BEGINNING)

    assert not story.reader.private & story.reader.public
    assert story.reader.shown == story.reader.public  # of each route something is seen
    assert set(QUERIES) <= story.reader.public


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_page_follows(story, chapter):
    for step in BEGINNING:
        step(story)
    story.reader.check()

    tell(story, CHAPTERS[chapter])
