"""Categories: renamed, ordered, merged and retired without stopping anyone."""

import pytest

from accounts.models import Event
from registry import errors, moderation
from registry.models import Category, CategoryAlias, Function
from registry.moderation import Grounds, categories
from tests.conftest import body
from tests.unchanged import refused

GROUNDS = Grounds("Tidier so.")


def category(slug):
    return Category.objects.get(slug=slug)


@pytest.fixture
def media(publish):
    publish()
    return category("media")


def renamed(media, staff, slug="pictures"):
    return moderation.edit_category(
        media, slug, "Pictures", "Of all kinds.", GROUNDS, by=staff
    )


def test_client_that_sends_the_old_slug_gets_the_new_one(media, staff, api):
    renamed(media, staff)

    pushed = api.push(version="1.1.0").json()

    assert "'media' is called 'pictures'" in " ".join(pushed["warnings"])
    draft = api("GET", pushed["id"]).json()["function"]
    assert draft["category"] == "pictures"
    assert api.publish(pushed["id"]).status_code == 200
    assert Function.objects.get().category == category("pictures")


def test_draft_of_before_the_rename_is_published(media, staff, api):
    pushed = api.push(version="1.1.0").json()
    renamed(media, staff)

    assert api.publish(pushed["id"]).status_code == 200


def test_message_lists_the_live_set(media, staff, api):
    renamed(media, staff)
    moderation.retire_category(category("ai"), GROUNDS, by=staff)
    moderation.add_category("games", "Games", "", GROUNDS, by=staff)

    said = api.push(category="nothing").json()

    assert said["code"] == "INVALID_CATEGORY"
    assert said["error"] == (
        "Category 'nothing' is not one of: auth, payments, pictures, email, database, "
        "utility, analytics, notifications, storage, games."
    )


@pytest.mark.parametrize("slug", ["ai", "", "x", "With Space", "-a", "a" * 41])
def test_unfit_slug_is_refused(media, staff, slug):
    with pytest.raises(errors.RegistryError):
        renamed(media, staff, slug)

    assert not CategoryAlias.objects.exists()


def test_slug_of_before_can_be_taken_back_by_its_category_alone(media, staff):
    renamed(media, staff)
    with pytest.raises(errors.Conflict, match="is, or was"):
        moderation.add_category("media", "Media", "", GROUNDS, by=staff)

    renamed(category("pictures"), staff, "media")

    assert list(CategoryAlias.objects.values_list("slug", flat=True)) == ["pictures"]


def test_order_is_what_staff_give(staff):
    slugs = sorted(Category.objects.values_list("slug", flat=True), reverse=True)

    moderation.order_categories(slugs, GROUNDS, by=staff)

    assert [c.slug for c in Category.objects.active()] == slugs
    with pytest.raises(errors.Conflict):
        moderation.order_categories(slugs[1:], GROUNDS, by=staff)


def test_retired_category_is_kept_by_what_is_in_it_only(media, staff, api):
    moderation.retire_category(media, GROUNDS, by=staff)

    kept = api.ci(version="1.1.0", publish=True)
    new = api.push(name="brand-new")

    assert kept.status_code == 200
    assert Function.objects.get().category == media
    assert new.json()["code"] == "INVALID_CATEGORY"


def test_last_category_is_not_retired(staff):
    keep = category("ai")
    Category.objects.exclude(pk=keep.pk).delete()

    with pytest.raises(errors.Conflict, match="at least one"):
        moderation.retire_category(keep, GROUNDS, by=staff)


def test_merge_moves_in_batches_and_can_be_gone_on_with(publish, staff, monkeypatch):
    monkeypatch.setattr(categories, "BATCH_FUNCTIONS", 2)
    for number in range(5):
        publish(name=f"function-{number}-x", code=f"export const a = {number};\n")
    media, ai = category("media"), category("ai")
    moderation.merge_category(media, ai, GROUNDS, by=staff)

    categories.resume_merges(seconds=0)

    assert [category("media").function_count, category("ai").function_count] == [3, 2]
    assert Function.objects.filter(category=media).count() == 3
    assert categories.resume_merges() == 0
    assert [category("media").function_count, category("ai").function_count] == [0, 5]


def test_publishing_during_a_merge_lands_in_the_new_category(media, staff, api):
    moderation.merge_category(media, category("ai"), GROUNDS, by=staff)

    answer = api.ci(name="brand-new", publish=True)

    assert answer.status_code == 201
    assert "called 'ai'" in " ".join(answer.json()["warnings"])
    assert Function.objects.get(slug="brand-new").category == category("ai")


def test_alias_follows_a_second_merge(media, staff, api):
    renamed(media, staff)
    moderation.merge_category(category("pictures"), category("ai"), GROUNDS, by=staff)
    moderation.merge_category(category("ai"), category("utility"), GROUNDS, by=staff)

    for sent in ("media", "pictures", "ai"):
        pushed = api("POST", "", body(name=f"new-{sent}", category=sent)).json()
        draft = api("GET", pushed["id"]).json()["function"]
        assert draft["category"] == "utility"


@pytest.mark.parametrize("into", ["media", "auth"])
def test_merge_into_itself_or_a_retired_one_is_refused(media, staff, into):
    moderation.retire_category(category("auth"), GROUNDS, by=staff)

    with pytest.raises(errors.Conflict):
        moderation.merge_category(media, category(into), GROUNDS, by=staff)


def test_merged_category_is_left_alone(media, staff):
    moderation.merge_category(media, category("ai"), GROUNDS, by=staff)

    for verb in (moderation.reopen_category, moderation.retire_category):
        with pytest.raises(errors.Conflict, match="merged"):
            verb(media, GROUNDS, by=staff)


def test_functions_are_moved_with_their_counts(media, staff):
    function = Function.objects.get()

    moderation.move_functions([function], category("ai"), GROUNDS, by=staff)

    function.refresh_from_db()
    assert function.category == category("ai")
    assert [category("media").function_count, category("ai").function_count] == [0, 1]


def test_list_by_an_old_slug_shows_the_category(media, staff, client):
    renamed(media, staff)

    categories.resume_merges()

    old = client.get("/categories/media")
    assert (old.status_code, old["Location"]) == (301, "/categories/pictures")
    found = client.get("/api/community/functions?category=media").json()
    assert [item["slug"] for item in found["functions"]] == ["image-resizer"]


def test_page_of_a_retired_category_stays(media, staff, client):
    moderation.retire_category(media, GROUNDS, by=staff)

    page = client.get("/categories/media")

    assert page.status_code == 200
    assert b"image-resizer" in page.content


# --- add and edit


def added(staff, slug="games", label="Games", description=""):
    return moderation.add_category(slug, label, description, GROUNDS, by=staff)


def edited(staff, category, slug=None, label="Label", description=""):
    slug = slug or category.slug
    return moderation.edit_category(
        category, slug, label, description, GROUNDS, by=staff
    )


def active():
    return [c.slug for c in Category.objects.active()]


def test_new_category_comes_last(staff, client):
    before = active()

    added(staff, "games", " Games  and\tplay ", " Of  all kinds.\n")
    added(staff, "a-b")

    assert active() == [*before, "games", "a-b"]
    games = category("games")
    assert (games.label, games.description) == ("Games and play", "Of all kinds.")
    assert client.get("/categories/games").status_code == 200


def test_new_category_comes_after_retired_ones_too(staff):
    Category.objects.filter(slug="ai").update(position=50)
    moderation.retire_category(category("ai"), GROUNDS, by=staff)

    added(staff)

    assert category("games").position == 51


def test_first_category_of_all_is_added(staff):
    Category.objects.all().delete()

    added(staff)

    assert active() == ["games"]


@pytest.mark.parametrize("slug", ["ab", "a-b", "a1", "1a", "a" * 40, f"a{'-' * 38}a"])
def test_slug_of_2_to_40_characters_is_taken(media, staff, slug):
    added(staff, slug)
    edited(staff, media, f"{slug[:-1]}z")

    assert {slug, f"{slug[:-1]}z"} <= set(active())


@pytest.mark.parametrize(
    "slug",
    ["", "a", "a" * 41, "-a", "a-", "--", "A1", "a_b", "a b", "é1", "ab\n", " ab"],
)
def test_unfit_slug_adds_and_changes_nothing(media, staff, slug):
    for call in (
        lambda: added(staff, slug),
        lambda: moderation.edit_category(media, slug, "M", "", GROUNDS, by=staff),
    ):
        with refused(errors.ValidationError, "2 to 40 characters") as caught:
            call()
        assert caught.value.field == "slug"


@pytest.mark.parametrize(("field", "most"), [("label", 60), ("description", 200)])
def test_label_and_description_have_limits(media, staff, field, most):
    for verb in (
        lambda **text: added(staff, **text),
        lambda **t: edited(staff, media, **t),
    ):
        with refused(errors.ValidationError, f"1 to {most} characters") as caught:
            verb(**{field: "é" * (most + 1)})
        assert caught.value.field == field

    added(staff, **{field: "é" * most})
    edited(staff, media, **{field: "é" * most})

    assert getattr(category("games"), field) == "é" * most
    assert getattr(category("media"), field) == "é" * most


@pytest.mark.parametrize("label", ["", " ", "\n\t"])
def test_label_is_not_left_empty(media, staff, label):
    for call in (
        lambda: added(staff, label=label),
        lambda: edited(staff, media, label=label),
    ):
        with refused(errors.ValidationError) as caught:
            call()
        assert caught.value.field == "label"


def test_slug_of_another_category_is_not_taken_now_or_later(media, staff):
    renamed(media, staff)  # media, now pictures
    moderation.merge_category(category("auth"), category("ai"), GROUNDS, by=staff)
    moderation.retire_category(category("email"), GROUNDS, by=staff)

    for slug in ("pictures", "media", "auth", "ai", "email"):
        with refused(errors.Conflict, f"{slug} is, or was"):
            added(staff, slug)
        if slug != "ai":
            with refused(errors.Conflict, f"{slug} is, or was"):
                renamed(category("storage"), staff, slug)


def test_edit_without_another_slug_leaves_no_old_one(media, staff):
    edited(staff, media, label="Pictures", description="Of all kinds.")

    media.refresh_from_db()
    assert (media.slug, media.label, media.description) == (
        "media",
        "Pictures",
        "Of all kinds.",
    )
    assert not CategoryAlias.objects.exists()


def test_edit_changes_that_category_alone(media, staff):
    others = list(Category.objects.exclude(pk=media.pk).values())

    renamed(media, staff)

    assert list(Category.objects.exclude(pk=media.pk).values()) == others
    assert Event.objects.get(verb="edit_category").data["slug"] == "pictures"


def test_slug_taken_back_leaves_other_old_slugs(media, staff):
    for slug in ("pictures", "photos", "pictures"):
        renamed(Category.objects.get(pk=media.pk), staff, slug)

    aliases = CategoryAlias.objects.order_by("slug")
    assert list(aliases.values_list("slug", "category__slug")) == [
        ("media", "pictures"),
        ("photos", "pictures"),
    ]


def test_merged_category_is_not_edited(media, staff):
    moderation.merge_category(media, category("ai"), GROUNDS, by=staff)

    with refused(errors.Conflict, "media was merged"):
        renamed(media, staff)


# --- order, retire, reopen


def test_order_is_of_all_active_categories_once_each(staff):
    moderation.retire_category(category("auth"), GROUNDS, by=staff)
    slugs = active()

    for unfit in (
        [*slugs, "auth"],
        [*slugs, "nothing"],
        [*slugs, slugs[0]],
        [slugs[1], *slugs[1:]],
        slugs[:-1],
        [],
    ):
        with refused(errors.Conflict, "changed meanwhile"):
            moderation.order_categories(unfit, GROUNDS, by=staff)

    moderation.order_categories(slugs[::-1], GROUNDS, by=staff)
    assert active() == slugs[::-1]
    assert category(slugs[-1]).position == 0


def test_order_is_that_of_pages_and_messages(staff, client, api):
    slugs = active()[::-1]
    moderation.order_categories(slugs, GROUNDS, by=staff)

    assert ", ".join(slugs) in api.push(category="nothing").json()["error"]
    page = client.get("/categories/nothing").content.decode()
    assert ", ".join(slugs) in page


def test_all_but_one_category_can_be_retired(media, staff):
    keep, last, *rest = Category.objects.active()
    for each in rest:
        each.delete() if each.slug != "media" else moderation.retire_category(
            each, GROUNDS, by=staff
        )

    moderation.retire_category(last, GROUNDS, by=staff)

    assert active() == [keep.slug]
    with refused(errors.Conflict, "at least one category"):
        moderation.retire_category(keep, GROUNDS, by=staff)


def test_retired_category_is_not_retired_again_and_can_be_reopened(media, staff, api):
    moderation.retire_category(media, GROUNDS, by=staff)
    with refused(errors.Conflict, "media is retired"):
        moderation.retire_category(media, GROUNDS, by=staff)

    moderation.reopen_category(media, GROUNDS, by=staff)

    assert "media" in active()
    assert api.push(name="brand-new").status_code == 201
    with refused(errors.Conflict, "media is in use"):
        moderation.reopen_category(media, GROUNDS, by=staff)
