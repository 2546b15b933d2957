"""The listing: edited on a live function, kept in revisions, with pictures."""

import io
from dataclasses import replace

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from accounts.models import Event
from registry import errors
from registry.content import derived
from registry.listing import editing
from registry.models import (
    Category,
    Function,
    FunctionTag,
    ListingRevision,
    Rendering,
    Version,
)


@pytest.fixture
def author(client, alice, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client.force_login(alice)
    return client


def url(name, *args):
    return reverse(f"admin_portal:{name}", args=args)


def png(shade=100) -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), (shade, 20, 20)).save(out, "PNG")
    return SimpleUploadedFile("../../evil.png", out.getvalue(), "image/png")


@pytest.fixture
def save(author):
    """save(function, **changes): open the listing, change fields, press Save."""

    def save(function, **changes):
        page = author.get(url("edit_listing", function.slug))
        context = page.context
        data = {"fingerprint": context["stored"].fingerprint}
        for formset in (context["pictures"], context["examples"]):
            for name in ("TOTAL_FORMS", "INITIAL_FORMS"):
                field = formset.management_form[name]
                data[field.html_name] = field.value()
            for form in formset:
                for field in form:
                    data[field.html_name] = field.value() or ""
        for field in context["form"]:
            value = field.field.prepare_value(field.value())
            data[field.html_name] = (value or "").replace("\n", "\r\n")
        return author.post(url("edit_listing", function.slug), data | changes)

    return save


def add_picture(author, function, shade=100, alt="The result"):
    return author.post(
        url("add_screenshot", function.slug), {"picture": png(shade), "alt": alt}
    )


def test_edit_listing_changes_the_page_and_no_version(save, publish):
    function = publish().function

    response = save(
        function, readme="# Better\r\n", tags="cdn, Fast", category="storage"
    )

    assert response.status_code == 302
    function = Function.objects.get()
    assert function.readme.text == "# Better\n"
    assert function.tags == ["cdn", "fast"]
    assert function.category.slug == "storage"
    tags = set(FunctionTag.objects.values_list("tag", flat=True))
    assert tags == {"cdn", "fast"}
    assert Category.objects.get(slug="storage").function_count == 1
    assert Category.objects.get(slug="media").function_count == 0
    version = Version.objects.get()
    assert version.readme.text == "# Image resizer\n\nResizes images.\n"
    assert Event.objects.filter(verb="edit_listing", via="admin").count() == 1


def test_saving_an_untouched_listing_writes_nothing(save, publish):
    function = publish().function
    events = Event.objects.count()

    save(function)

    assert not ListingRevision.objects.exists()
    assert Event.objects.count() == events


def test_every_edit_can_be_restored(author, save, publish):
    function = publish().function
    save(function, readme="# Two")
    save(function, readme="# Three", tags="")
    revisions = ListingRevision.objects.order_by("number")
    assert [r.readme.text[:5] for r in revisions] == ["# Ima", "# Two", "# Thr"]

    look = author.get(url("restore_listing", function.slug, 1))
    assert "Restore listing 1?" in look.content.decode()
    author.post(url("restore_listing", function.slug, 1))

    function = Function.objects.get()
    assert function.readme.text.startswith("# Image resizer")
    assert function.tags == ["image"]
    assert ListingRevision.objects.count() == 4
    history = author.get(url("listing_history", function.slug)).content.decode()
    assert "as published" in history
    assert history.count(">current<") == 1
    publish(version="2.0.0", code="export const b = 2;", readme="# Of 2.0.0")
    history = author.get(url("listing_history", function.slug)).content.decode()
    assert ">current<" not in history


def test_two_tabs_cannot_overwrite_a_listing(author, save, publish, alice):
    function = publish().function
    wanted = editing.Listing("# Theirs", ["image"], "media")
    page = author.get(url("edit_listing", function.slug))
    fingerprint = page.context["stored"].fingerprint
    editing.edit_listing(function, wanted, by=alice, via="cli")

    conflict = save(function, readme="# Mine", fingerprint=fingerprint)

    assert conflict.status_code == 412
    shown = conflict.content.decode()
    assert "# Mine" in shown
    assert "# Theirs" in shown
    assert Function.objects.get().readme.text == "# Theirs"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"tags": "<b>"}, "The tag"),
        ({"category": "nonsense"}, "Select a valid choice"),
        ({"readme": "x" * (256 * 1024 + 1)}, "more than 262144 bytes"),
        ({"examples-0-title": "Use it"}, "characters of code"),
        ({"examples-0-code": "call()"}, "needs a title"),
        ({"examples-0-title": "A", "examples-0-code": "x" * 9000}, "8000 characters"),
        (
            {
                "examples-0-title": "A",
                "examples-0-code": "x",
                "examples-0-language": "c",
            },
            "Select a valid choice",
        ),
        ({"examples-TOTAL_FORMS": "x"}, "not sent whole"),
    ],
)
def test_edit_listing_refuses_and_keeps_what_was_typed(
    save, publish, changes, sentence
):
    function = publish().function

    page = save(function, **{"readme": "# Kept"} | changes)

    assert page.status_code in (400, 413)
    assert sentence in page.content.decode().replace("&#x27;", "'")
    assert not ListingRevision.objects.exists()


def test_examples_keep_their_order(save, publish):
    function = publish().function
    save(function, **{"examples-0-title": "One", "examples-0-code": "one()\r\n"})
    save(
        function,
        **{
            "examples-0-ORDER": "2",
            "examples-1-title": "Zero",
            "examples-1-code": "zero()",
            "examples-1-language": "bash",
            "examples-1-ORDER": "1",
        },
    )

    shown = editing.listing_of(Function.objects.get()).examples
    assert [(e["title"], e["language"], e["code"]) for e in shown] == [
        ("Zero", "bash", "zero()\n"),
        ("One", "typescript", "one()\n"),
    ]


def test_a_screenshot_is_encoded_anew_and_named_by_its_hash(author, push):
    function = push().function

    add_picture(author, function)

    picture = function.screenshots.get()
    assert (picture.alt, picture.width, picture.height) == ("The result", 60, 40)
    name = editing.screenshot_name(picture.sha256)
    assert "evil" not in name
    with default_storage.open(name) as file:
        assert Image.open(file).format == "WEBP"
    answer = author.get(url("screenshot", function.slug, picture.sha256))
    assert answer["Content-Type"] == "image/webp"
    assert answer["Cache-Control"] == "private, no-store"
    assert b"".join(answer.streaming_content)[8:12] == b"WEBP"


def test_screenshots_are_ordered_described_and_removed(author, save, push):
    function = push().function
    for shade in (10, 90, 200):
        add_picture(author, function, shade, alt=f"Shade {shade}")

    save(
        function,
        **{
            "pictures-0-ORDER": "3",
            "pictures-1-DELETE": "on",
            "pictures-2-ORDER": "1",
            "pictures-2-alt": "The brightest",
        },
    )

    shown = editing.listing_of(Function.objects.get()).screenshots
    assert [picture["alt"] for picture in shown] == ["The brightest", "Shade 10"]


def test_a_removed_screenshot_comes_back_with_its_revision(author, save, push, alice):
    function = push().function
    add_picture(author, function)
    save(function, **{"pictures-0-DELETE": "on"})
    assert not function.screenshots.exists()

    editing.restore_listing(function, 2, by=alice, via="admin")

    assert function.screenshots.get().alt == "The result"


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a whole PNG"),
        (b"x" * (5 * 1024 * 1024 + 1), "larger than 5 MiB"),
    ],
)
def test_a_file_that_is_no_picture_is_refused(author, push, file, sentence):
    function = push().function

    page = author.post(
        url("add_screenshot", function.slug),
        {"picture": SimpleUploadedFile("a.png", file), "alt": "x"},
        follow=True,
    )

    assert sentence in page.content.decode()
    assert not function.screenshots.exists()


def test_the_same_picture_twice_and_one_too_many_are_refused(author, push, alice):
    function = push().function
    for number in range(editing.MAX_SCREENSHOTS):
        add_picture(author, function, number * 20)

    add_picture(author, function, 0)
    add_picture(author, function, 255)

    assert function.screenshots.count() == editing.MAX_SCREENSHOTS


def test_a_listing_takes_no_picture_of_others(publish, alice, bob):
    function = publish().function
    foreign = {"sha256": "0" * 64, "alt": "x", "width": 1, "height": 1}
    wanted = editing.Listing("# R", ["image"], "media", screenshots=[foreign])

    with pytest.raises(errors.ValidationError, match="not one of yours"):
        editing.edit_listing(function, wanted, by=alice, via="admin")
    with pytest.raises(errors.NotFound):
        editing.edit_listing(function, editing.Listing(), by=bob, via="admin")


def test_before_publishing_the_listing_is_pictures_and_examples(author, save, push):
    function = push().function

    page = author.get(url("edit_listing", function.slug))
    assert "id_readme" not in page.content.decode()
    save(function, **{"examples-0-title": "Call it", "examples-0-code": "call()"})

    assert function.examples.get().title == "Call it"
    function.refresh_from_db()
    assert not function.is_listed


def test_readme_preview_is_drawn_and_saves_nothing(save, publish):
    function = publish().function

    page = save(function, readme="## Sketch", then="preview")

    assert page.status_code == 200
    assert ">Sketch</h" in page.content.decode()
    assert not ListingRevision.objects.exists()


def test_pictures_and_examples_are_in_the_preview_before_publishing(author, save, push):
    draft = push()
    function = draft.function
    add_picture(author, function, alt="Before and after")
    save(function, **{"examples-0-title": "Call it", "examples-0-code": "call()"})

    page = author.get(url("preview_draft", draft.pk)).content.decode()

    picture = function.screenshots.get()
    assert f'alt="{picture.alt}"' in page
    assert url("screenshot", function.slug, picture.sha256) in page
    assert "Call it" in page


def test_an_edited_readme_is_rendered_again_with_its_version(save, publish):
    version = publish()
    save(version.function, readme="# Edited")
    Rendering.objects.all().delete()  # as after a change of the renderer

    derived.make(version.pk)

    edited = Function.objects.get().readme
    assert ">Edited</h" in Rendering.objects.get(blob=edited, kind="readme").html


def test_readers_see_an_edit_whose_readme_could_not_be_rendered(
    save, publish, settings, monkeypatch, django_capture_on_commit_callbacks
):
    settings.PAGE_CACHE_BYTES = 2**20
    function, reader = publish(readme="# Before").function, Client()
    assert b"Before" in reader.get(function.url).content

    def fail(*_):
        raise OSError("no worker could be started")

    monkeypatch.setattr(editing.rendering, "render", fail)
    with django_capture_on_commit_callbacks(execute=True):
        save(function, readme="# Edited")

    assert b"Edited" in reader.get(function.url).content


def test_tags_are_as_new_as_their_function(publish, alice):
    for version in ("1.0.0", "1.1.0"):
        function = publish(version=version, tags=["cdn", "image"]).function

        dates = FunctionTag.objects.values_list("updated_at", flat=True)
        assert list(dates) == [Function.objects.get().updated_at] * 2
    edited = replace(editing.listing_of(function), readme="# New")
    editing.edit_listing(function, edited, by=alice, via="admin")
    assert list(dates.all()) == [Function.objects.get().updated_at] * 2
