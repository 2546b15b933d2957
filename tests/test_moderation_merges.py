"""Functions that follow their category: merged, renamed, or moved one by one."""

import pytest

from accounts.models import Event
from core.cache import versions as cache
from registry import errors, moderation
from registry.models import Category, CategoryAlias, Function
from registry.moderation import Grounds, categories
from tests.unchanged import refused

GROUNDS = Grounds("Tidier so.")


def category(slug):
    return Category.objects.get(slug=slug)


@pytest.fixture
def media(publish):
    publish()
    return category("media")


def renamed(category, staff, slug):
    return moderation.edit_category(
        category, slug, "Pictures", "Of all kinds.", GROUNDS, by=staff
    )


def active():
    return [c.slug for c in Category.objects.active()]


def test_retired_category_can_be_merged_and_stays_retired(media, staff):
    moderation.retire_category(media, GROUNDS, by=staff)
    retired_at = category("media").retired_at

    moderation.merge_category(media, category("ai"), GROUNDS, by=staff)

    merged = category("media")
    assert (merged.merged_into, merged.retired_at) == (category("ai"), retired_at)


def test_merge_takes_old_slugs_of_that_category_along_alone(media, staff):
    renamed(media, staff, "pictures")
    renamed(category("auth"), staff, "sign-in")

    made = moderation.merge_category(
        category("pictures"), category("ai"), GROUNDS, by=staff
    )

    aliases = CategoryAlias.objects.order_by("slug")
    assert list(aliases.values_list("slug", "category__slug")) == [
        ("auth", "sign-in"),
        ("media", "ai"),
        ("pictures", "ai"),
    ]
    assert "pictures" not in active()
    assert Event.objects.get(data__decision=made.pk).data["into"] == "ai"


@pytest.mark.parametrize(
    ("one", "into", "said"),
    [
        ("media", "media", "into itself"),
        ("media", "auth", "auth is retired"),
        ("media", "email", "email was merged"),
        ("email", "media", "email was merged"),
    ],
)
def test_merge_is_into_another_category_in_use(media, staff, one, into, said):
    moderation.retire_category(category("auth"), GROUNDS, by=staff)
    moderation.merge_category(category("email"), category("ai"), GROUNDS, by=staff)

    with refused(errors.Conflict, said):
        moderation.merge_category(category(one), category(into), GROUNDS, by=staff)


def test_merge_moves_what_is_taken_down_without_counting_it(publish, staff):
    for name in ("first-one", "second-one", "down-thing"):
        publish(name=name)
    publish(name="of-another", category="auth")
    down = Function.objects.get(slug="down-thing")
    moderation.quarantine_function(down, GROUNDS, by=staff)
    moderation.merge_category(category("media"), category("ai"), GROUNDS, by=staff)
    assert categories.count_left() >= 3

    assert categories.resume_merges() == 0

    counts = dict(Category.objects.values_list("slug", "function_count"))
    assert (counts["media"], counts["ai"], counts["auth"]) == (0, 2, 1)
    assert Function.objects.filter(category=category("ai")).count() == 3
    moderation.lift_function_quarantine(down, GROUNDS, by=staff)
    assert category("ai").function_count == 3


def test_each_merge_is_gone_on_with(publish, staff):
    publish(name="first-one")
    publish(name="second-one", category="auth")
    moderation.merge_category(category("media"), category("ai"), GROUNDS, by=staff)
    moderation.merge_category(category("auth"), category("ai"), GROUNDS, by=staff)
    moderation.merge_category(category("ai"), category("email"), GROUNDS, by=staff)

    assert categories.resume_merges() == 0

    assert set(Function.objects.values_list("category__slug", flat=True)) == {"email"}
    assert category("email").function_count == 2


@pytest.mark.parametrize("verb", ["merge", "rename"])
def test_search_and_facets_follow_in_batches(
    publish, staff, client, monkeypatch, verb, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(categories, "BATCH_FUNCTIONS", 2)
    for number in range(3):
        publish(name=f"function-{number}-x")
    if verb == "merge":
        moderation.merge_category(category("media"), category("ai"), GROUNDS, by=staff)
    else:
        renamed(category("media"), staff, "pictures")
    new = "ai" if verb == "merge" else "pictures"

    def found():
        path = f"/api/community/functions?search=resize&category={new}"
        return client.get(path).json()["total"]

    assert found() == 0
    left = []
    for _ in range(5):
        before = cache.current([])
        with django_capture_on_commit_callbacks(execute=True):
            left.append(categories.resume_merges(seconds=0))
        assert cache.current([]) != before
        if not left[-1]:
            break

    assert left == sorted(left, reverse=True)
    assert len(left) > 1
    assert (left[-1], found()) == (0, 3)


def test_nothing_left_makes_no_page_stale(
    media, staff, django_capture_on_commit_callbacks
):
    before = cache.current([])

    with django_capture_on_commit_callbacks(execute=True):
        assert categories.resume_merges() == 0

    assert cache.current([]) == before


# --- move


def test_move_is_recorded_with_what_was_moved(publish, staff, client):
    moved = [publish(name=name).function for name in ("first-one", "second-one")]
    publish(name="third-one")

    moderation.move_functions(moved, category("ai"), GROUNDS, by=staff)

    event = Event.objects.get(verb="move_functions")
    assert event.data["functions"] == ["alice/first-one", "alice/second-one"]
    counts = dict(Category.objects.values_list("slug", "function_count"))
    assert (counts["media"], counts["ai"]) == (1, 2)
    found = client.get("/api/community/functions?search=resize&category=ai").json()
    assert found["total"] == 2


def test_move_is_of_1_to_500_functions(push, staff):
    function = push().function

    for many in (0, 501):
        with refused(errors.ValidationError, "1 to 500 functions") as caught:
            moderation.move_functions(
                [function] * many, category("ai"), GROUNDS, by=staff
            )
        assert caught.value.field == "functions"

    moderation.move_functions([function] * 500, category("ai"), GROUNDS, by=staff)
    assert Function.objects.get().category == category("ai")


@pytest.mark.parametrize("state", ["retired", "merged"])
def test_nothing_is_moved_into_a_category_out_of_use(media, staff, state):
    if state == "retired":
        moderation.retire_category(category("auth"), GROUNDS, by=staff)
    else:
        moderation.merge_category(category("auth"), category("ai"), GROUNDS, by=staff)

    with refused(errors.Conflict, f"auth (is|was) {state}"):
        moderation.move_functions(
            [Function.objects.get()], category("auth"), GROUNDS, by=staff
        )


def test_own_function_among_others_is_not_moved(publish, staff):
    functions = [
        publish(name="first-one").function,
        publish(by=staff, name="own-thing").function,
    ]

    with refused(errors.OwnDecision, "own-thing is a function of your own"):
        moderation.move_functions(functions, category("ai"), GROUNDS, by=staff)
