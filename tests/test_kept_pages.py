"""Hot pages that outlive a write and the process: always what Django would make now."""

import re
from dataclasses import replace

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection

from accounts.deletion import delete_account
from core.cache import freshness
from hub import kept
from hub.fastpath import FastPath
from hub.kept_store import PageStore
from registry import fingerprints, following, moderation, publishing
from registry.content import derived
from registry.installs import counting
from registry.listing import editing
from registry.models import Category, Function, Inspection, Rendering, Screenshot
from registry.moderation import Grounds
from tests.conftest import CODE, make_account
from tests.wsgi_front import Counted, ask

GROUNDS = Grounds("It has to be.", "legal")
PAGE = "/functions/alice/image-resizer"
INSTALL = f"/api/community{PAGE}/install"
KINDS = {
    "page": (PAGE, ""),
    "pinned page": (f"{PAGE}/v/1.0.0", ""),
    "source": (f"{PAGE}/source/index.ts", ""),
    "pinned source": (f"{PAGE}/v/1.0.0/source/index.ts", ""),
    "uses": (f"{PAGE}/uses", ""),
    "pinned uses": (f"{PAGE}/v/1.0.0/uses", ""),
    "install": (f"{PAGE}/install", ""),
    "pinned install": (f"{PAGE}/v/1.0.0/install", ""),
    "versions": (f"{PAGE}/versions", ""),
    "shadcn": ("/r/alice/image-resizer.json", ""),
    "shadcn by version": ("/r/alice/image-resizer@1.0.0.json", ""),
    "raw": (f"{PAGE}/raw/1.0.0/index.ts", ""),
    "manifest": (INSTALL, ""),
    "manifest by version": (INSTALL, "version=1.0.0"),
    "manifest as it lies": (INSTALL, "version=1.0.0&layout=source"),
}

# Rows that are inserted and never changed; a version's id stands for its own.
UNCHANGING = {"registry_version", "registry_versionfile", "registry_blob"}


@pytest.fixture
def django():
    return Counted()


@pytest.fixture
def process(django, tmp_path):
    """process(max_bytes) -> the front of one more process, on one folder of pages."""

    def process(max_bytes=2**20):
        return FastPath(django, max_bytes, PageStore(tmp_path / "pages", 2**28))

    return process


@pytest.fixture
def scene(transactional_db, publish, alice):
    """Two finished versions, with a listing that was edited."""
    publish()
    version = publish(version="1.1.0", code=f"{CODE}// more\n")
    function = version.function
    wanted = replace(
        editing.listing_of(function),
        readme="# Resizer\n\nEdited.\n",
        examples=[{"title": "Use", "language": "typescript", "code": "answer();"}],
    )
    editing.edit_listing(function, wanted, by=alice, via="admin")
    Screenshot.objects.create(
        function=function, sha256="a" * 64, width=10, height=10, alt="Before"
    )
    for each in function.versions.all():
        derived.make(each.pk)
    return Function.objects.get()


def edited(function, **changes):
    wanted = replace(editing.listing_of(function), **changes)
    editing.edit_listing(function, wanted, by=function.owner, via="admin")


def version_of(function, number="1.0.0"):
    return function.versions.get(number=number)


# --- every change that a page must follow: name -> what does it


def publish_next(function, publish, **_):
    derived.make(publish(version="1.2.0", code=f"{CODE}// 1.2\n").pk)


def publish_unfinished(function, publish, **_):
    publish(version="1.2.0", code=f"{CODE}// 1.2\n", readme="# Another\n")


def edit_readme(function, **_):
    edited(function, readme="# Resizer\n\nEdited again.\n")


def no_readme(function, **_):
    edited(function, readme="")


def edit_tags(function, **_):
    edited(function, tags=["edge", "image"])


def edit_examples(function, **_):
    example = {"title": "Use", "language": "typescript", "code": "answer(1);"}
    edited(function, examples=[example])


def remove_screenshots(function, **_):
    edited(function, screenshots=[])


def star(function, bob, **_):
    following.star(function, by=bob, via="admin")


def install(function, **_):
    counting.count(
        version_of(function).pk, client="192.0.2.9", method="GET", headers={}
    )
    counting.flush()


def yank_latest(function, alice, **_):
    publishing.yank(version_of(function, "1.1.0"), reason="Bad.", by=alice, via="api")


def yank_first(function, alice, **_):
    publishing.yank(version_of(function), reason="Bad.", by=alice, via="api")


def unyank(function, alice, between, **_):
    yank_first(function, alice)
    between()
    publishing.unyank(version_of(function), by=alice, via="api")


def deprecate(function, alice, **_):
    publishing.deprecate(function, message="Old.", by=alice, via="api")


def deprecate_otherwise(function, alice, between, **_):
    deprecate(function, alice)
    between()
    publishing.deprecate(function, message="Very old.", by=alice, via="api")


def undeprecate(function, alice, between, **_):
    deprecate(function, alice)
    between()
    publishing.undeprecate(function, by=alice, via="api")


def quarantine_version(function, staff, **_):
    moderation.quarantine_version(version_of(function), GROUNDS, by=staff)


def quarantine_function(function, staff, **_):
    moderation.quarantine_function(function, GROUNDS, by=staff)


def lift_function(function, staff, between, **_):
    quarantine_function(function, staff)
    between()
    moderation.lift_function_quarantine(function, GROUNDS, by=staff)


def lift_version(function, staff, between, **_):
    quarantine_version(function, staff)
    between()
    moderation.lift_version_quarantine(version_of(function), GROUNDS, by=staff)


def rename(function, staff, **_):
    moderation.rename_function(function, "picture-resizer", GROUNDS, by=staff)


def transfer(function, bob, alice, **_):
    offer = moderation.offer_transfer(function, bob, by=alice)
    moderation.accept_transfer(offer, by=bob)


def delete_author(function, bob, alice, **_):
    transfer(function, bob, alice)
    delete_account(alice, by=alice)


def delete_reader(function, bob, between, **_):
    star(function, bob)
    between()
    delete_account(bob, by=bob)


def rename_owner(function, alice, **_):
    alice.display_name = "Alice L."
    alice.save()
    freshness.touch()


def rename_category(function, staff, **_):
    category = Category.objects.get(slug="media")
    moderation.edit_category(category, "pictures", "Pictures", "", GROUNDS, by=staff)


def merge_category(function, staff, **_):
    into = Category.objects.get(slug="utility")
    moderation.merge_category(
        Category.objects.get(slug="media"), into, GROUNDS, by=staff
    )
    moderation.categories.resume_merges()


def move_category(function, staff, **_):
    into = Category.objects.get(slug="utility")
    moderation.move_functions([function], into, GROUNDS, by=staff)


def retire_category(function, staff, **_):
    moderation.retire_category(Category.objects.get(slug="media"), GROUNDS, by=staff)


def block_tag(function, staff, **_):
    moderation.replace_tag("image", "", GROUNDS, by=staff)
    moderation.categories.retag()


def remove_readme(function, staff, **_):
    second = make_account("second", is_staff=True)
    blob = version_of(function).readme
    removal = moderation.request_removal(function, blob, GROUNDS, by=staff)
    moderation.confirm_removal(function, removal, GROUNDS, by=second)


def remove_file(function, staff, **_):
    second = make_account("second", is_staff=True)
    blob = version_of(function).files.get(path="index.ts").blob
    removal = moderation.request_removal(function, blob, GROUNDS, by=staff)
    moderation.confirm_removal(function, removal, GROUNDS, by=second)


def lose_renderings(function, **_):
    Rendering.objects.all().delete()
    freshness.touch()


def render_again(function, between, **_):
    Rendering.objects.all().delete()
    freshness.touch()
    between()
    for each in function.versions.all():
        derived.make(each.pk)
    Rendering.objects.update(html="<p>Drawn otherwise</p>")
    freshness.touch()


def inspect_again(function, **_):
    host = {"host": "api.example", "path": "index.ts", "line": 1}
    report = {"findings": [], "facts": {"hosts": [host]}}
    Inspection.objects.update(report=report)
    freshness.touch()


def lose_inspections(function, **_):
    Inspection.objects.all().delete()
    freshness.touch()


CHANGES = [
    publish_next,
    publish_unfinished,
    edit_readme,
    no_readme,
    edit_tags,
    edit_examples,
    remove_screenshots,
    star,
    install,
    yank_latest,
    yank_first,
    unyank,
    deprecate,
    deprecate_otherwise,
    undeprecate,
    quarantine_version,
    quarantine_function,
    lift_function,
    lift_version,
    rename,
    transfer,
    delete_author,
    delete_reader,
    rename_owner,
    rename_category,
    merge_category,
    move_category,
    retire_category,
    block_tag,
    remove_readme,
    remove_file,
    lose_renderings,
    render_again,
    inspect_again,
    lose_inspections,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_every_kept_page_follows(
    change, scene, process, publish, alice, bob, staff, django
):
    one, other, without_memory = process(), process(), process(max_bytes=0)

    def warm():
        for path, query in KINDS.values():
            for front in (one, other, without_memory):
                ask(front, path, query)

    warm()
    change(scene, publish=publish, alice=alice, bob=bob, staff=staff, between=warm)

    for name, (path, query) in KINDS.items():
        expected = ask(WSGIHandler(), path, query)
        for front in (one, other, without_memory, process()):
            assert ask(front, path, query) == expected, name


# --- what is kept, and where


@pytest.mark.parametrize(("path", "query"), KINDS.values(), ids=KINDS.keys())
def test_a_kept_page_outlives_writes_and_the_process(
    path, query, scene, process, publish, django
):
    one = process()
    first = ask(one, path, query)
    publish(name="something-else")

    again = ask(one, path, query), ask(process(), path, query)
    no_memory = ask(process(max_bytes=0), path, query)

    assert first[0] == "200 OK"
    assert (*again, no_memory) == (first, first, first)
    assert django.asked == 1


DRAWN = {
    "page": (PAGE + "/v/{}", ""),
    "source": (PAGE + "/v/{}/source/index.ts", ""),
    "raw": (PAGE + "/raw/{}/index.ts", ""),
    "manifest": (INSTALL, "version={}"),
    "manifest as it lies": (INSTALL, "version={}&layout=source"),
}


@pytest.mark.parametrize("encoding", ["", "gzip"])
@pytest.mark.parametrize(("path", "query"), DRAWN.values(), ids=DRAWN.keys())
def test_a_second_page_of_a_kind_is_drawn_without_django(
    path, query, encoding, scene, process, django
):
    front = process()
    sent = {"HTTP_ACCEPT_ENCODING": encoding}
    ask(front, path.format("1.1.0"), query.format("1.1.0"), **sent)

    address = path.format("1.0.0"), query.format("1.0.0")
    drawn = ask(front, *address, **sent)

    assert django.asked == 1
    assert drawn == ask(WSGIHandler(), *address, **sent)
    etag = {"HTTP_IF_NONE_MATCH": drawn[1]["ETag"]}
    assert ask(process(0), *address, **sent, **etag)[0] == "304 Not Modified"


@pytest.mark.parametrize(("path", "query"), KINDS.values(), ids=KINDS.keys())
def test_a_kept_page_reads_no_table_that_its_fingerprint_does_not(path, query, scene):
    asked = []
    with connection.execute_wrapper(
        lambda run, *said: asked.append(said[0]) or run(*said)
    ):
        assert ask(WSGIHandler(), path, query)[0] == "200 OK"
    with pytest.MonkeyPatch.context() as patch:
        statements = []
        patch.setattr(fingerprints, "row", lambda *said: statements.append(said[0]))
        kept.asked(path, query).fingerprint()

    assert asked
    assert tables(*asked) <= tables(*statements) | UNCHANGING


def tables(*statements) -> set[str]:
    found = re.findall(r'(?:FROM|JOIN)\s+"?(\w+)"?', " ".join(statements))
    return set(found)
