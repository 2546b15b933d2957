"""Tags: merged into another, blocked and freed, now and later."""

import pytest

from accounts.models import Event
from core.cache import versions as cache
from registry import errors, moderation
from registry.models import Function, FunctionTag, TagRule
from registry.moderation import Grounds, categories
from tests.unchanged import refused

GROUNDS = Grounds("Tidier so.")


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


def rules():
    return dict(TagRule.objects.values_list("tag", "becomes"))


def test_tags_are_compared_in_lower_case_without_blanks(staff):
    made = moderation.replace_tag(" Images ", " IMAGE", GROUNDS, by=staff)

    assert rules() == {"images": "image"}
    assert (made.action, made.subject) == ("merge_tag", "tag images")
    assert Event.objects.get(verb="merge_tag").data["becomes"] == "image"


@pytest.mark.parametrize("tag", ["a", "a" * 30, "c++", "c#", "node.js", "a b", "1-a"])
def test_tag_of_1_to_30_characters_is_replaced_and_replaces(staff, tag):
    moderation.replace_tag(tag, "other", GROUNDS, by=staff)
    moderation.replace_tag("another", f"{tag[:-1]}z", GROUNDS, by=staff)

    assert rules() == {tag: "other", "another": f"{tag[:-1]}z"}


@pytest.mark.parametrize(
    "tag", ["", " ", "a" * 31, "-a", "+", "é", "a_b", "a,b", "a\0"]
)
def test_unfit_tag_neither_is_replaced_nor_replaces(staff, tag):
    wrong = [(tag, "image"), (tag, "")]
    if tag.strip():  # an empty one blocks
        wrong.append(("image", tag))
    for each in wrong:
        with refused(errors.ValidationError, "1 to 30") as caught:
            moderation.replace_tag(*each, GROUNDS, by=staff)
        assert caught.value.field == "tag"


@pytest.mark.parametrize(
    ("tag", "becomes", "named"),
    [
        ("image", "image", "image"),
        ("images", "image", "image"),
        ("casino", "", "casino"),
        ("edge", "images", "images"),
        ("edge", "casino", "casino"),
        ("image", "images", "images"),
    ],
)
def test_rule_that_is_there_or_goes_in_a_circle_is_refused(staff, tag, becomes, named):
    moderation.replace_tag("images", "image", GROUNDS, by=staff)
    moderation.replace_tag("casino", "", GROUNDS, by=staff)

    with refused(errors.Conflict, f"The tag {named} is replaced already"):
        moderation.replace_tag(tag, becomes, GROUNDS, by=staff)


def test_rule_can_be_changed(staff):
    for becomes in ("image", "picture", "", "image"):
        moderation.replace_tag("images", becomes, GROUNDS, by=staff)
        assert rules() == {"images": becomes}


def test_what_became_a_tag_goes_where_that_one_goes(staff):
    moderation.replace_tag("images", "image", GROUNDS, by=staff)
    moderation.replace_tag("edges", "edge", GROUNDS, by=staff)

    moderation.replace_tag("image", "picture", GROUNDS, by=staff)
    assert rules() == {"images": "picture", "image": "picture", "edges": "edge"}

    moderation.replace_tag("picture", "", GROUNDS, by=staff)
    assert rules() == {"images": "", "image": "", "picture": "", "edges": "edge"}


def test_freed_tag_leaves_other_rules_and_is_freed_once(staff):
    moderation.replace_tag("images", "image", GROUNDS, by=staff)
    moderation.replace_tag("casino", "", GROUNDS, by=staff)
    rule = TagRule.objects.get(tag="casino")

    moderation.free_tag(rule, GROUNDS, by=staff)

    assert rules() == {"images": "image"}
    with refused(errors.Conflict, "casino is free"):
        moderation.free_tag(rule, GROUNDS, by=staff)


def test_rule_changes_every_function_that_has_the_tag_alone(publish, staff, client):
    publish(name="first-one", tags=["images", "edge"])
    publish(name="second-one", tags=["image", "images"])
    publish(name="third-one", tags=["edge"])
    moderation.replace_tag("images", "image", GROUNDS, by=staff)

    assert categories.retag() == 0

    assert dict(Function.objects.values_list("slug", "tags")) == {
        "first-one": ["image", "edge"],
        "second-one": ["image"],
        "third-one": ["edge"],
    }

    def found(tag):
        path = f"/api/community/functions?tag={tag}"
        return {f["slug"] for f in client.get(path).json()["functions"]}

    assert (found("image"), found("images")) == ({"first-one", "second-one"}, set())
    assert found("edge") == {"first-one", "third-one"}


def test_rules_are_applied_in_batches(
    publish, staff, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(categories, "BATCH_TAGGED", 2)
    for number in range(3):
        publish(name=f"function-{number}-x", tags=["images", "edge"])
    moderation.replace_tag("images", "image", GROUNDS, by=staff)
    before = cache.current([])

    with django_capture_on_commit_callbacks(execute=True):
        assert categories.retag(seconds=0) == 1

    assert cache.current([]) != before
    done = [f.slug for f in Function.objects.order_by("pk") if "image" in f.tags]
    assert done == ["function-0-x", "function-1-x"]
    assert categories.retag(seconds=0) == 0


def test_all_batches_are_applied_while_there_is_time(publish, staff, monkeypatch):
    monkeypatch.setattr(categories, "BATCH_TAGGED", 1)
    for number in range(3):
        publish(name=f"function-{number}-x", tags=["images"])
    moderation.replace_tag("images", "image", GROUNDS, by=staff)

    assert categories.retag() == 0


def test_function_that_is_not_listed_follows_when_it_is_again(publish, staff):
    function = publish(tags=["images"]).function
    moderation.quarantine_function(function, GROUNDS, by=staff)
    moderation.replace_tag("images", "image", GROUNDS, by=staff)
    assert categories.retag() == 0

    moderation.lift_function_quarantine(function, GROUNDS, by=staff)

    assert tags() == ["image"]
    assert list(FunctionTag.objects.values_list("tag", flat=True)) == ["image"]
