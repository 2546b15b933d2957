"""Categories and tags: renamed, merged and retired without stopping anyone."""

import pytest

from registry import errors, moderation
from registry.models import Category, CategoryAlias, Function, FunctionTag, TagRule
from registry.moderation import Grounds, categories
from tests.conftest import body

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


# --- tags


def tags():
    return Function.objects.get().tags


def test_merged_tag_is_replaced_now_and_later(publish, staff, api):
    publish(tags=["image", "edge", "images"])

    moderation.replace_tag("images", "image", GROUNDS, by=staff)

    assert categories.retag() == 0
    assert tags() == ["image", "edge"]
    assert set(FunctionTag.objects.values_list("tag", flat=True)) == {"image", "edge"}
    pushed = api.push(version="1.1.0", tags=["images"]).json()
    assert "listed as 'image'" in " ".join(pushed["warnings"])
    api.publish(pushed["id"])
    assert tags() == ["image"]


def test_blocked_tag_goes_and_can_be_freed(publish, staff, api):
    publish(tags=["image", "casino"])
    moderation.replace_tag("casino", "", GROUNDS, by=staff)
    categories.retag()
    assert tags() == ["image"]

    moderation.free_tag(TagRule.objects.get(), GROUNDS, by=staff)

    api.ci(version="1.1.0", tags=["casino"], publish=True)
    assert tags() == ["casino"]


def test_tags_do_not_go_in_circles(staff):
    moderation.replace_tag("a1", "b1", GROUNDS, by=staff)
    with pytest.raises(errors.Conflict):
        moderation.replace_tag("b2", "a1", GROUNDS, by=staff)

    moderation.replace_tag("b1", "c1", GROUNDS, by=staff)

    assert dict(TagRule.objects.values_list("tag", "becomes")) == {
        "a1": "c1",
        "b1": "c1",
    }
    with pytest.raises(errors.Conflict):
        moderation.replace_tag("c1", "a1", GROUNDS, by=staff)
