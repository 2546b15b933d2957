"""Which categories and tags are accepted, and as what: docs/moderation.md."""

import pytest

from registry import moderation
from registry.catalog import vocabulary
from registry.models import Category, CategoryAlias, Function, TagRule
from registry.moderation import Grounds

pytestmark = pytest.mark.django_db

GROUNDS = Grounds("It is hardly used.")


def category(slug):
    return Category.objects.get(slug=slug)


TEN = "auth payments media email ai database utility analytics notifications storage"


def test_categories_are_in_the_order_staff_gave_them(staff):
    moderation.retire_category(category("auth"), GROUNDS, by=staff)
    Category.objects.filter(slug="storage").update(position=0)
    Category.objects.filter(slug="auth").update(position=0)

    assert [c.slug for c in vocabulary.categories()][:2] == ["auth", "storage"]
    assert len(vocabulary.categories()) == 10
    active = vocabulary.active_categories()
    assert active[0] == "storage"
    assert sorted(active) == sorted(set(TEN.split()) - {"auth"})


def test_each_active_category_is_accepted_once_with_its_old_slugs():
    media, ai = category("media"), category("ai")
    for slug, now in (("pictures", media), ("images", media), ("ml", ai)):
        CategoryAlias.objects.create(slug=slug, category=now)

    slugs, aliases = vocabulary.accepted_categories()

    assert slugs == TEN.split()
    assert aliases == {"pictures": "media", "images": "media", "ml": "ai"}


def test_an_old_slug_of_a_retired_category_is_not_accepted(staff):
    CategoryAlias.objects.create(slug="pictures", category=category("media"))
    moderation.retire_category(category("media"), GROUNDS, by=staff)

    assert vocabulary.accepted_categories()[1] == {}


def test_a_retired_category_is_accepted_of_what_is_in_it(publish, staff):
    inside = publish().function
    outside = publish(name="csv-export", category="database").function
    moderation.retire_category(category("media"), GROUNDS, by=staff)
    for function in (inside, outside):
        function.refresh_from_db()

    assert vocabulary.accepted_categories(inside)[1] == {"media": "media"}
    assert vocabulary.accepted_categories(outside)[1] == {}
    assert vocabulary.accepted_categories(Function())[1] == {}
    assert "media" not in vocabulary.accepted_categories(inside)[0]


def test_an_alias_comes_before_a_retired_category_of_that_slug(publish, staff):
    function = publish().function
    moderation.merge_category(category("media"), category("ai"), GROUNDS, by=staff)
    function.refresh_from_db()

    assert vocabulary.accepted_categories(function)[1] == {"media": "ai"}


def test_a_category_is_found_by_the_slugs_it_had(staff):
    CategoryAlias.objects.create(slug="pictures", category=category("media"))

    assert vocabulary.category_called("media") == category("media")
    assert vocabulary.category_called("pictures") == category("media")
    assert vocabulary.category_called("nothing") is None
    moderation.retire_category(category("auth"), GROUNDS, by=staff)
    assert vocabulary.category_called("auth") == category("auth")
    moderation.merge_category(category("ai"), category("utility"), GROUNDS, by=staff)
    assert vocabulary.category_called("ai") == category("utility")


def test_tags_are_replaced_dropped_and_kept_once():
    TagRule.objects.create(tag="images", becomes="image")
    TagRule.objects.create(tag="casino", becomes="")

    asked = ["images", "b", "casino", "image", "a"]

    assert vocabulary.replaced_tags(asked) == ["image", "b", "a"]
    assert vocabulary.replaced_tags([]) == []
    assert vocabulary.tag_warnings(asked) == [
        "The tag 'casino' is not used on this Hub and was left out.",
        "The tag 'images' is listed as 'image'.",
    ]
    assert vocabulary.tag_warnings(["a", "image"]) == []
