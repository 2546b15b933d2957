"""Which function and which version an address means, for every door."""

import pytest

from registry import errors, moderation, publishing
from registry.catalog import functions, pages
from registry.models import (
    Draft,
    Function,
    Redirect,
    Version,
)
from registry.moderation import Grounds

pytestmark = pytest.mark.django_db

GROUNDS = Grounds("It holds a password.", "secret")


@pytest.fixture
def releases(publish):
    """releases(*numbers) -> the versions of one function, in that order."""

    def releases(*numbers, **changes):
        return [
            publish(version=number, code=f"export const v = '{number}';\n", **changes)
            for number in numbers
        ]

    return releases


def found(slug="image-resizer", **asked) -> str:
    """What ``asked`` finds, as path@number; or the refusal's sentence."""
    try:
        version = functions.find_version(slug, **asked)
    except errors.NotFound as error:
        return error.message
    return f"{version.function.path}@{version.number}"


def yank(version, alice):
    publishing.yank(version, reason="Broken.", by=alice, via="cli")


# --- one version


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({}, "alice/image-resizer@1.1.0"),
        ({"username": "alice"}, "alice/image-resizer@1.1.0"),
        ({"number": "1.0.0"}, "alice/image-resizer@1.0.0"),
        ({"username": "alice", "number": "1.0.0"}, "alice/image-resizer@1.0.0"),
        ({"username": "bob"}, "There is no published function 'image-resizer'."),
        (
            {"username": "bob", "number": "1.0.0"},
            "There is no published function 'image-resizer'.",
        ),
        ({"number": "3.0.0"}, "alice/image-resizer has no version '3.0.0'."),
        ({"slug": "nothing"}, "There is no published function 'nothing'."),
        ({"slug": "Image-Resizer"}, "There is no published function 'Image-Resizer'."),
    ],
)
def test_an_address_means_the_latest_version_or_the_one_it_names(
    releases, bob, publish, asked, answer
):
    releases("1.0.0", "1.1.0", "2.0.0-beta.1", "0.9.0")
    publish(name="another", by=bob)

    assert found(**asked) == answer


def test_a_missing_version_is_told_from_a_missing_function(releases):
    releases("1.0.0")

    with pytest.raises(errors.NoSuchVersion):
        functions.find_version("image-resizer", number="3.0.0")
    with pytest.raises(errors.NotFound) as caught:
        functions.find_version("nothing", number="3.0.0")
    assert type(caught.value) is errors.NotFound


def test_a_number_is_the_whole_number_with_its_build(releases):
    releases("1.0.0+a", "2.0.0")

    assert found(number="1.0.0+a") == "alice/image-resizer@1.0.0+a"
    for other in ("1.0.0", "1.0.0+b", "1.0.0+", "2.0.0+a"):
        assert f"has no version '{other}'" in found(number=other)


def test_a_number_is_of_the_function_that_was_asked_for(publish, releases):
    publish(name="csv-export")
    releases("1.0.0", "1.1.0")

    assert found(number="1.0.0") == "alice/image-resizer@1.0.0"
    assert found("csv-export", number="1.0.0") == "alice/csv-export@1.0.0"
    assert found("csv-export", number="1.1.0") == (
        "alice/csv-export has no version '1.1.0'."
    )


def test_what_was_found_is_loaded_whole(releases, alice, django_assert_num_queries):
    (version,) = releases("1.0.0")
    publishing.deprecate(version.function, message="Old.", by=alice, via="cli")

    for asked in ({}, {"number": "1.0.0"}):
        with django_assert_num_queries(1):
            version = functions.find_version("image-resizer", **asked)
            assert version.function.owner.username == "alice"
            assert version.function.category.slug == "media"
            assert version.function.deprecation.message == "Old."
            assert not version.is_yanked


def test_a_yanked_version_is_found_by_its_number_alone(releases, alice):
    first, second = releases("1.0.0", "1.1.0")
    yank(second, alice)

    assert found() == "alice/image-resizer@1.0.0"
    assert found(number="1.1.0") == "alice/image-resizer@1.1.0"
    yank(first, alice)
    assert found() == (
        "alice/image-resizer has no live version. Ask for one by number."
    )
    assert functions.find_version("image-resizer", number="1.0.0").is_yanked


def test_a_draft_is_found_by_nobody(push):
    push()

    assert found() == "There is no published function 'image-resizer'."
    assert found(number="1.0.0") == "There is no published function 'image-resizer'."


# --- an address that was left


@pytest.fixture
def moved(releases, staff):
    """A function that was alice/image-resizer and is alice/picture-sizer."""
    first, _ = releases("1.0.0", "1.1.0")
    moderation.rename_function(first.function, "picture-sizer", GROUNDS, by=staff)
    return first.function


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({}, "alice/picture-sizer@1.1.0"),
        ({"username": "alice"}, "alice/picture-sizer@1.1.0"),
        ({"number": "1.0.0"}, "alice/picture-sizer@1.0.0"),
        ({"username": "bob"}, "There is no published function 'image-resizer'."),
        ({"number": "3.0.0"}, "alice/picture-sizer has no version '3.0.0'."),
    ],
)
def test_an_old_address_leads_to_the_function(moved, bob, asked, answer):
    assert found(**asked) == answer


def test_an_old_address_is_no_other_one(moved):
    for asked in ({}, {"username": "alice"}):
        assert found("nothing", **asked) == "There is no published function 'nothing'."


def test_what_an_old_address_found_says_so(moved):
    by_old = functions.find_version("image-resizer")
    by_new = functions.find_version("picture-sizer")

    assert by_old.function.renamed_from == "alice/image-resizer"
    assert by_new.function.renamed_from == ""
    old = functions.find_function("image-resizer", username="alice")
    assert (old.pk, old.renamed_from) == (moved.pk, "alice/image-resizer")
    assert functions.find_function("picture-sizer").renamed_from == ""


def test_of_two_that_left_a_name_the_owner_says_which(publish, bob):
    """The slug was bob's before it was alice's; both functions have moved on."""
    one = publish(name="csv-export").function
    two = publish(name="pdf-export", by=bob).function
    Redirect.objects.create(slug="export", username="bob", function=two)
    Redirect.objects.create(slug="export", username="alice", function=one)

    assert found("export", username="alice") == "alice/csv-export@1.0.0"
    assert found("export", username="bob") == "bob/pdf-export@1.0.0"


def test_the_present_owner_of_a_name_comes_before_a_former_one(releases, publish, bob):
    releases("1.0.0")
    other = publish(name="csv-export", by=bob).function
    Redirect.objects.create(slug="image-resizer", username="bob", function=other)

    assert found() == "alice/image-resizer@1.0.0"
    assert found(username="bob") == "bob/csv-export@1.0.0"


# --- what staff took down


def test_a_quarantined_function_is_refused_with_the_reason(releases, staff):
    (version,) = releases("1.0.0")
    moderation.quarantine_function(version.function, GROUNDS, by=staff)

    for asked in ({}, {"username": "alice"}, {"number": "1.0.0"}):
        said = found(**asked)
        assert said.startswith("alice/image-resizer was quarantined on ")
        assert said.endswith(": It holds a password.")
    with pytest.raises(errors.Quarantined):
        functions.find_function("image-resizer")


def test_a_quarantined_function_is_refused_at_its_old_address_too(moved, staff):
    moderation.quarantine_function(moved, GROUNDS, by=staff)

    assert found().startswith("alice/picture-sizer was quarantined on ")


def test_of_a_quarantined_version_the_others_stay(releases, staff):
    _, second = releases("1.0.0", "1.1.0")
    moderation.quarantine_version(second, GROUNDS, by=staff)

    assert found() == "alice/image-resizer@1.0.0"
    assert found(number="1.1.0").startswith("alice/image-resizer 1.1.0 was quarantined")
    assert found(number="1.1.0").endswith(": It holds a password.")
    assert functions.find_function("image-resizer")


def test_each_quarantined_version_has_its_own_reason(releases, staff):
    first, second, _ = releases("1.0.0", "1.1.0", "1.2.0")
    for version, reason in ((first, "One."), (second, "Two.")):
        moderation.quarantine_version(version, Grounds(reason), by=staff)

    assert found(number="1.0.0").endswith(": One.")
    assert found(number="1.1.0").endswith(": Two.")
    assert found(number="3.0.0") == "alice/image-resizer has no version '3.0.0'."


def test_with_every_version_quarantined_the_newest_says_why(releases, staff):
    first, second, third = releases("1.10.0", "1.9.0", "1.2.0")
    for version, reason in ((first, "Ten."), (second, "Nine."), (third, "Two.")):
        moderation.quarantine_version(version, Grounds(reason), by=staff)

    assert found().startswith("alice/image-resizer 1.10.0 was quarantined")
    assert found().endswith(": Ten.")
    assert found(number="1.9.0").endswith(": Ten.")


def test_a_yanked_version_is_left_where_the_live_one_is_quarantined(
    releases, staff, alice
):
    first, second = releases("1.0.0", "1.1.0")
    yank(first, alice)
    moderation.quarantine_version(second, GROUNDS, by=staff)

    assert found() == "alice/image-resizer has no live version. Ask for one by number."
    assert found(number="1.0.0") == "alice/image-resizer@1.0.0"
    assert functions.find_function("image-resizer").latest is None


def test_another_functions_quarantine_is_no_reason(releases, publish, staff):
    releases("1.0.0")
    other = publish(name="csv-export", version="2.0.0")
    moderation.quarantine_version(other, GROUNDS, by=staff)

    assert found(number="2.0.0") == "alice/image-resizer has no version '2.0.0'."


# --- pages


def page(number="", **options):
    return pages.find_page("alice", "image-resizer", number, **options)


def test_a_page_shows_the_latest_version_or_the_one_it_names(releases):
    releases("1.0.0", "1.1.0", "2.0.0-beta.1")

    latest, named = page(), page("1.0.0")

    assert (latest.version.number, latest.is_pinned) == ("1.1.0", False)
    assert (named.version.number, named.is_pinned) == ("1.0.0", True)
    assert latest.url == "/functions/alice/image-resizer"
    assert named.url == "/functions/alice/image-resizer/v/1.0.0"
    for each in (latest, named):
        number = each.version.number
        assert each.raw_url == f"/functions/alice/image-resizer/raw/{number}/"
        assert each.canonical.endswith(each.url)
        assert each.canonical.startswith("http")
    assert latest.command == "aerostack functions install alice/image-resizer"
    assert named.command == "aerostack functions install alice/image-resizer@1.0.0"


def test_a_page_of_an_older_version_names_the_latest(releases, alice):
    first, second, third = releases("1.0.0", "1.1.0", "1.2.0")
    yank(second, alice)

    assert page("1.0.0").newer_number == "1.2.0"
    assert page("1.2.0").newer_number == ""
    assert page().newer_number == ""
    assert page("1.1.0").newer_number == ""  # the notice of the yank says more


def test_a_page_counts_versions_and_files(releases, publish):
    publish(name="csv-export", files={f"f{n}.ts": "// x\n" for n in range(5)})
    releases("1.0.0", "1.1.0", files={"core.ts": "export const c = 1;\n"})

    shown = page("1.0.0")

    assert (shown.version_count, shown.file_count) == (2, 2)
    assert [file.path for file in shown.files] == ["core.ts", "index.ts"]
    assert shown.file("core.ts").path == "core.ts"
    assert shown.file("Core.ts") is None
    assert [entry.name for entry in shown.tree("core.ts")] == ["core.ts", "index.ts"]
    assert [entry.is_shown for entry in shown.tree("core.ts")] == [True, False]


@pytest.mark.parametrize("with_readme", [False, True])
def test_a_page_is_found_with_one_query(
    releases, django_assert_num_queries, with_readme
):
    releases("1.0.0", "1.1.0")

    for number in ("", "1.0.0"):
        with django_assert_num_queries(1):
            shown = page(number, with_readme=with_readme)
            assert shown.function.owner.username == "alice"
            assert shown.function.category.slug == "media"
            assert not shown.function.is_deprecated
            assert not shown.version.is_yanked
            assert shown.report == {}


def test_a_version_shows_the_readme_it_shipped_with(publish, alice):
    publish(readme="# First\n\nOne.\n")
    publish(version="1.1.0", code="export const b = 1;\n", readme="# Second\n\nTwo.\n")

    assert page("1.0.0").readme_text == "# First\n\nOne.\n"
    for with_readme in (False, True):
        assert "One." in page("1.0.0", with_readme=with_readme).readme.html
        assert "Two." in page("1.1.0", with_readme=with_readme).readme.html
        assert "Two." in page(with_readme=with_readme).readme.html


def test_a_page_without_a_readme_has_none(publish):
    publish(readme=None)

    for shown in (page(), page("1.0.0"), page(with_readme=True)):
        assert shown.readme is None
        assert shown.readme_text == ""
        assert not shown.is_pending


def test_a_page_of_what_has_no_live_version_shows_the_newest(releases, publish, alice):
    publish(name="csv-export", version="9.0.0")
    for version in releases("1.9.0", "1.10.0", "1.2.0"):
        yank(version, alice)

    assert page().version.number == "1.10.0"
    assert page("1.2.0").version.number == "1.2.0"
    with pytest.raises(errors.NoSuchVersion):
        page("3.0.0")


def test_a_page_of_what_has_no_live_version_leaves_out_the_quarantined(
    releases, alice, staff
):
    first, second = releases("1.0.0", "1.1.0")
    yank(first, alice)
    moderation.quarantine_version(second, GROUNDS, by=staff)

    assert page().version.number == "1.0.0"
    with pytest.raises(errors.Quarantined):
        page("1.1.0")


def test_a_page_at_an_old_address_says_so(moved):
    for number in ("", "1.0.0"):
        shown = page(number)
        assert shown.function.renamed_from == "alice/image-resizer"
        assert shown.function.slug == "picture-sizer"
    assert page("1.0.0").version.number == "1.0.0"
    assert page().version.number == "1.1.0"
    new = pages.find_page("alice", "picture-sizer")
    assert new.function.renamed_from == ""


@pytest.mark.parametrize(
    ("username", "slug"), [("bob", "image-resizer"), ("alice", "nothing"), ("", "")]
)
@pytest.mark.parametrize("number", ["", "1.0.0"])
def test_no_page_is_found_elsewhere(releases, bob, username, slug, number):
    releases("1.0.0")

    with pytest.raises(errors.NotFound):
        pages.find_page(username, slug, number)


# --- what is public


def ids(rows) -> set[int]:
    return set(rows.values_list("pk", flat=True))


def test_what_is_listed_published_and_readable(releases, publish, push, alice, staff):
    (live,) = releases("1.0.0")
    yanked = publish(name="csv-export")
    yank(yanked, alice)
    taken_down = publish(name="pdf-export")
    moderation.quarantine_function(taken_down.function, GROUNDS, by=staff)
    hidden = publish(name="zip-export")
    moderation.quarantine_version(hidden, GROUNDS, by=staff)
    push(name="never-published")
    pks = [v.function_id for v in (live, yanked, taken_down, hidden)]

    functions, version_rows = Function.objects, Version.objects

    assert ids(functions.listed()) == {pks[0]}
    assert ids(functions.published()) == set(pks)
    assert ids(functions.readable()) == {pks[0], pks[1]}
    assert ids(functions.quarantined()) == {pks[2]}
    assert ids(version_rows.live()) == {live.pk, taken_down.pk}
    assert ids(version_rows.readable()) == {live.pk, yanked.pk}
    assert ids(version_rows.quarantined()) == {hidden.pk}


def test_functions_are_found_by_owner_name_and_tag(publish, alice, bob):
    one = publish(tags=["image", "cdn"]).function
    two = publish(name="csv-export", by=bob, tags=["csv", "cdn"]).function

    assert set(Function.objects.owned_by(bob)) == {two}
    assert set(Function.objects.named("alice", "image-resizer")) == {one}
    assert not Function.objects.named("bob", "image-resizer").exists()
    assert set(Function.objects.tagged("cdn")) == {one, two}
    assert set(Function.objects.tagged("csv")) == {two}
    assert Draft.objects.owned_by(bob).count() == 1


def test_a_draft_is_open_until_it_is_published(push, alice):
    draft = push()
    assert ids(Draft.objects.open()) == {draft.pk}

    publishing.publish(draft, by=alice, via="cli")

    assert not Draft.objects.open().exists()
