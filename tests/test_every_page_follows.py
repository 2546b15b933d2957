"""One long story, and after each of its steps every public page, in every process, is
what Django makes of the rows as they are."""

from dataclasses import replace

from django.core.handlers.wsgi import WSGIHandler

from accounts.deletion import delete_account
from hub.fastpath import FastPath
from hub.kept_store import PageStore
from registry import following, moderation, publishing
from registry.content import derived
from registry.installs import counting
from registry.listing import editing
from registry.models import Category, Function
from registry.moderation import Grounds
from tests.conftest import CODE, make_account
from tests.wsgi_front import Counted, ask

GROUNDS = Grounds("It has to be.", "legal")
NAME, LATER = "alice/image-resizer", ["alice/picture-resizer", "bob/picture-resizer"]
OF_EACH = """
/functions/{name} /functions/{name}/versions /api/community/functions/{name}/install
/functions/{name}/uses /functions/{name}/install /functions/{name}/source
/functions/{name}/source/index.ts
/functions/{name}/compare/1.0.0...1.1.0 /functions/{name}/raw/1.0.0/index.ts
/functions/{name}/v/1.0.0 /functions/{name}/v/1.0.0/source /functions/{name}/v/1.1.0
/functions/{name}/v/1.0.0/source/index.ts /functions/{name}/v/1.0.0/uses
/functions/{name}/badge/version.svg /functions/{name}/badge/installs.svg
/functions/{name}/installs /functions/{name}/installs.csv /feeds/functions/{name}.atom
/r/{name}.json /api/community/functions/{name} /api/community/functions/{name}/versions
/api/community/functions/{name}/install?version=1.0.0
/api/community/functions/{name}/install?version=1.1.0&layout=flat
""".split()
OF_ALL = """
/ /functions/ /functions/?q=resizer /functions/?q=edited /functions/?q=nothing+such
/functions/?sort=stars /functions/?category=media /functions/?tag=image
/functions/suggest?q=ima /categories/media /categories/pictures /categories/utility
/tags/image /tags/edge /users/alice /users/bob /sitemap.xml
/sitemap-functions-1.xml /llms.txt /r/registry.json /moderation /moderation.json
/feeds/moderation.atom /feeds/functions.atom /feeds/yanks.atom /schema/aerostack.json
/feeds/categories/media.atom /feeds/users/alice.atom /api/community/functions
/api/community/functions?q=resizer /api/community/functions?category=media
/api/community/functions?author=alice /api/community/functions?sort=stars
/api/community/functions/install/image-resizer
""".split()
OF_ONE = [page.format(name=NAME) for page in OF_EACH]
OF_LATER = [page.format(name=name) for name in LATER for page in OF_EACH[:3]]


class Story:
    """What happens, in the order of the methods; each is told by who does it."""

    def __init__(self, publish, staff):
        self.publish, self.staff = publish, staff
        self.bob = make_account("bob")
        publish()
        self.alice = self.function.owner

    @property
    def function(self) -> Function:
        return Function.objects.get(look_alike=self.look_alike)

    @property
    def look_alike(self) -> str:
        return Function.objects.earliest("pk").look_alike

    def version(self, number="1.0.0"):
        return self.function.versions.get(number=number)

    def edit(self, **changes):
        function = self.function
        wanted = replace(editing.listing_of(function), **changes)
        editing.edit_listing(function, wanted, by=function.owner, via="admin")

    def derives(self):
        derived.make(self.version().pk)

    def is_starred(self):
        following.star(self.function, by=self.bob, via="admin")

    def is_installed(self):
        pk = self.version().pk
        counting.count(pk, client="192.0.2.9", method="GET", headers={})
        counting.flush()

    def publishes_another_version(self):
        made = self.publish(version="1.1.0", code=f"{CODE}// more\n")
        derived.make(made.pk)

    def edits_the_readme(self):
        self.edit(readme="# Resizer\n\nEdited.\n")

    def edits_tags(self):
        self.edit(tags=["edge", "image"])

    def publishes_another_function(self):
        made = self.publish(name="thumbnailer", by=self.bob, tags=["image"])
        derived.make(made.pk)

    def yanks(self):
        publishing.yank(self.version("1.1.0"), reason="Bad.", by=self.alice, via="api")

    def takes_the_yank_back(self):
        publishing.unyank(self.version("1.1.0"), by=self.alice, via="api")

    def deprecates(self):
        publishing.deprecate(self.function, message="Old.", by=self.alice, via="api")

    def takes_that_back(self):
        publishing.undeprecate(self.function, by=self.alice, via="api")

    def is_quarantined(self):
        moderation.quarantine_function(self.function, GROUNDS, by=self.staff)

    def is_let_out(self):
        moderation.lift_function_quarantine(self.function, GROUNDS, by=self.staff)

    def has_a_version_quarantined(self):
        version = self.version("1.1.0")
        moderation.quarantine_version(version, GROUNDS, by=self.staff)

    def has_its_category_renamed(self):
        media = Category.objects.get(slug="media")
        moderation.edit_category(
            media, "pictures", "Pictures", "All kinds.", GROUNDS, by=self.staff
        )
        moderation.categories.resume_merges()

    def loses_a_tag(self):
        moderation.replace_tag("image", "", GROUNDS, by=self.staff)
        moderation.categories.retag()

    def is_renamed(self):
        moderation.rename_function(
            self.function, "picture-resizer", GROUNDS, by=self.staff
        )

    def is_unstarred_by_a_deleted_account(self):
        carol = make_account("carol")
        following.star(self.function, by=carol, via="admin")
        delete_account(carol, by=carol)

    def is_transferred(self):
        offer = moderation.offer_transfer(self.function, self.bob, by=self.alice)
        moderation.accept_transfer(offer, by=self.bob)

    def has_its_first_author_deleted(self):
        delete_account(self.alice, by=self.alice)

    def has_its_author_suspended(self):
        moderation.suspend_account(self.bob, GROUNDS, by=self.staff)


STEPS = [name for name in vars(Story) if name.split("_")[0].endswith("s")]


def test_every_page_is_what_it_would_be_made_now(
    transactional_db, publish, staff, tmp_path
):
    store = PageStore(tmp_path / "pages", 2**28)
    fronts = {
        "memory": FastPath(Counted(), 2**24, store),
        "files": FastPath(Counted(), 0, store),
    }
    story, found = Story(publish, staff), set()
    for step in STEPS:
        getattr(story, step)()
        for page in (*OF_ALL, *OF_ONE, *OF_LATER):
            path, _, query = page.partition("?")
            expected = ask(WSGIHandler(), path, query)
            found |= {page} if expected[0] == "200 OK" else set()
            for name, front in fronts.items():
                assert ask(front, path, query) == expected, (step, page, name)
    assert set(OF_ONE) <= found
