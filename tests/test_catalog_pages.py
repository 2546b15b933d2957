"""What a function's page has read beside the version it shows."""

import pytest

from registry import errors
from registry.catalog import pages
from registry.content import derived
from registry.content.rendering import RENDERER
from registry.models import (
    Function,
    Inspection,
    Rendering,
    Screenshot,
    UsageExample,
)

pytestmark = pytest.mark.django_db

FIRST, SECOND = "# First\n\nOne.\n", "# Second\n\nTwo.\n"
either = pytest.mark.parametrize("with_readme", [False, True])


def page(number="", **options):
    return pages.find_page("alice", "image-resizer", number, **options)


def rendered(blob, html, **fields):
    fields = {"kind": "readme", "renderer": RENDERER, "is_complete": True} | fields
    return Rendering.objects.create(blob=blob, html=html, **fields)


@either
def test_a_page_is_found_by_the_whole_number_with_its_build(
    publish, django_assert_num_queries, with_readme
):
    publish(version="1.0.0+a")

    with django_assert_num_queries(1):
        shown = page("1.0.0+a", with_readme=with_readme)
    assert shown.version.number == "1.0.0+a"
    assert shown.url == "/functions/alice/image-resizer/v/1.0.0+a"
    for other in ("1.0.0", "1.0.0+b"):
        with pytest.raises(errors.NoSuchVersion):
            page(other, with_readme=with_readme)


# --- the README


def test_the_latest_shows_the_listings_readme_and_a_number_its_own(
    publish, django_assert_num_queries
):
    first = publish(readme=FIRST)
    second = publish(version="1.1.0", code="export const b = 1;\n", readme=SECOND)
    rendered(first.readme, "<p>One.</p>")
    rendered(second.readme, "<p>Two.</p>")
    Function.objects.update(readme=first.readme)  # as edited since

    for number, html in (("", "One."), ("1.0.0", "One."), ("1.1.0", "Two.")):
        assert html in page(number).readme.html
        with django_assert_num_queries(1):
            assert html in page(number, with_readme=True).readme.html


@either
def test_a_readme_is_shown_as_the_present_renderer_made_it(publish, with_readme):
    version = publish()
    rendered(version.readme, "<p>Of old.</p>", renderer=RENDERER - 1)
    rendered(version.readme, "<p>As source.</p>", kind="markdown")

    for number in ("", "1.0.0"):
        shown = page(number, with_readme=with_readme)
        assert "Resizes images." in shown.readme.html
        assert shown.is_pending
    rendered(version.readme, "<p>Made.</p>")
    for number in ("", "1.0.0"):
        shown = page(number, with_readme=with_readme)
        assert shown.readme.html == "<p>Made.</p>"
        assert not shown.is_pending


@either
def test_a_readme_that_was_given_up_says_why(publish, with_readme):
    version = publish()
    rendered(version.readme, "<p>Plain.</p>", is_complete=False, reason="Too long.")

    for number in ("", "1.0.0"):
        readme = page(number, with_readme=with_readme).readme
        assert (readme.complete, readme.reason) == (False, "Too long.")


@either
def test_a_readme_does_not_begin_with_the_functions_name(publish, with_readme):
    publish(name="Image Resizer", readme="# Image Resizer\n\nOne.\n")
    publish(version="1.1.0", name="Image Resizer", readme="# image-resizer\n\nTwo.\n")
    publish(version="1.2.0", name="Image Resizer", readme="# Why\n\nThree.\n")
    derived.make(*Function.objects.values_list("versions", flat=True))

    for number, has_heading in (("1.0.0", False), ("1.1.0", False), ("1.2.0", True)):
        html = page(number, with_readme=with_readme).readme.html
        assert ("<h2" in html) is has_heading


# --- what is beside it


def test_a_page_has_the_examples_and_screenshots_of_its_function(
    publish, django_assert_num_queries
):
    function, other = publish().function, publish(name="csv-export").function
    UsageExample.objects.create(function=other, title="Another", code="x")
    Screenshot.objects.create(
        function=other, sha256="a" * 64, alt="Another", width=1, height=1
    )

    with django_assert_num_queries(1):
        shown = page()
        assert not shown.examples
        assert not shown.screenshots
    UsageExample.objects.create(function=function, title="One", code="x")
    assert [each.title for each in page().examples] == ["One"]
    assert not page().screenshots
    Screenshot.objects.create(
        function=function, sha256="b" * 64, alt="One", width=1, height=1
    )
    assert [each.alt for each in page().screenshots] == ["One"]


def test_a_page_has_the_report_of_its_version(publish, django_assert_num_queries):
    first = publish()
    publish(version="1.1.0", code="export const b = 1;\n")
    report = {"facts": {"hosts": []}, "findings": []}
    Inspection.objects.create(version=first, inspector=1, report=report)

    with django_assert_num_queries(2):
        assert page("1.0.0").report == report
        assert page().report == {}


def test_source_that_is_not_highlighted_yet_is_shown_plain(publish):
    version = publish()

    shown = page()
    source = shown.source_of(shown.file("index.ts"))
    assert "export const answer" in source.html
    assert shown.is_pending
    blob = version.files.get().blob
    rendered(blob, "<b>export</b>", kind="typescript")
    shown = page()
    assert shown.source_of(shown.file("index.ts")).html == "<b>export</b>"
    assert not shown.is_pending
