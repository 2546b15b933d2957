"""Who holds a name, for how long, and who gets it next."""

from datetime import UTC, datetime, timedelta

import pytest

from registry import errors, moderation, publishing
from registry.models import Draft, Function, NameClaim, NameException, Version
from registry.moderation import Grounds
from tests.conftest import make_account
from tests.unchanged import refused

pytestmark = pytest.mark.django_db
NOW = datetime(2031, 5, 1, 12, tzinfo=UTC)
GROUNDS = Grounds("The name confuses.", "name")


@pytest.fixture
def clock(time_machine):
    """clock(days=0, seconds=0): the time is NOW and so much, and stands still."""

    def clock(**later):
        time_machine.move_to(NOW + timedelta(**later), tick=False)

    clock()
    return clock


@pytest.mark.parametrize("later", [{"days": 31}, {"days": 89}, {"days": 90}])
def test_a_claim_that_is_idle_for_90_days_or_less_is_kept(push, bob, clock, later):
    push()
    clock(**later)

    with refused(errors.DuplicateSlug):
        push(by=bob)


def test_a_claim_that_is_idle_for_more_than_90_days_passes_on(push, bob, clock, alice):
    kept = push()
    clock(days=90, seconds=1)

    assert push(by=bob).function.slug == "image-resizer"

    kept.refresh_from_db()
    assert kept.function.owner == alice
    with refused(errors.DuplicateSlug, "idle for 90 days"):
        publishing.publish(kept, by=alice, via="cli")
    with refused(errors.DuplicateSlug):
        push()


WORK = {
    "push": lambda draft, by: publishing.push(
        {"name": "image-resizer", "category": "media", "code": "export {};"},
        by=by,
        via="cli",
    ),
    "save": lambda draft, by: publishing.save_draft(
        draft, {"description": "Changed."}, by=by, via="cli"
    ),
    "new draft": lambda draft, by: publishing.new_draft("image-resizer", by=by),
    "ci": lambda draft, by: publishing.publish_from_ci(
        {"name": "image-resizer", "description": "By CI."}, by=by
    ),
}


@pytest.mark.parametrize("work", WORK.values(), ids=list(WORK))
def test_work_on_a_function_keeps_its_claim(push, alice, bob, clock, work):
    draft = push()
    clock(days=89)
    work(draft, alice)
    clock(days=179)

    with refused(errors.DuplicateSlug):
        push(by=bob)


def test_a_save_that_changes_nothing_does_not_keep_a_claim(push, alice, bob, clock):
    draft = push()
    clock(days=89)
    publishing.save_draft(draft, {}, by=alice, via="cli")
    clock(days=91)

    assert push(by=bob).function.owner == bob


def test_one_name_in_use_keeps_all_that_read_like_it(push, bob, clock):
    push()
    clock(days=60)
    push(name="imageresizer")
    clock(days=100)

    with refused(errors.DuplicateSlug):
        push(by=bob)


def test_idle_names_that_read_alike_pass_on_together(push, bob, clock):
    first, second = push().function, push(name="imageresizer").function
    clock(days=91)

    push(by=bob)
    push(by=bob, name="imageresizer")

    slugs = Function.objects.filter(owner=first.owner).values_list("slug", flat=True)
    assert set(slugs) == {f"image-resizer--{first.pk}", f"imageresizer--{second.pk}"}
    assert NameClaim.objects.get().owner == bob


def test_an_idle_name_of_58_characters_passes_on(push, bob, clock):
    push(name="a" * 58)
    clock(days=91)

    assert push(by=bob, name="a" * 58).function.owner == bob


def test_a_name_that_reads_like_an_idle_claim_passes_on_too(push, bob, clock):
    push()
    clock(days=91)

    assert push(by=bob, name="lmage-resizer").function.owner == bob


def test_a_function_without_its_name_is_not_published_by_a_claim_on_its_leftover(
    push, publish, alice, bob, clock
):
    left = push()
    clock(days=91)
    push(by=bob)
    push(name=f"image-resizer-{left.function.pk}")

    left.refresh_from_db()
    with refused(errors.DuplicateSlug, "was given up"):
        publishing.publish(left, by=alice, via="cli")


def test_drafts_of_a_name_that_passed_on_are_deleted_without_the_name(
    push, alice, bob, clock
):
    left = push()
    clock(days=91)
    push(by=bob)

    left.refresh_from_db()
    publishing.delete_draft(left, by=alice, via="admin")

    assert NameClaim.objects.get().owner == bob
    with refused(errors.DuplicateSlug):
        push()


def test_an_idle_name_passes_on_without_the_names_in_use(push, alice, bob, clock):
    push()
    clock(days=91)
    mailer = push(name="mailer").function

    assert push(by=bob).function.owner == bob
    assert Function.objects.get(slug="mailer") == mailer
    with refused(errors.DuplicateSlug):
        push(by=bob, name="mai1er")


def test_an_idle_name_passes_on_beside_a_close_one_of_another_account(
    publish, push, staff, bob, clock
):
    carol = make_account("carol")
    push()
    moderation.except_name("image-reslzer", carol, GROUNDS, by=staff)
    close = publish(by=carol, name="image-reslzer").function
    clock(days=91)

    assert push(by=bob).function.owner == bob
    assert Function.objects.get(slug="image-reslzer") == close


# --- giving a name up with its last draft


def test_the_last_draft_takes_the_name_with_it(push, alice, bob):
    first, second = push(), push()

    publishing.delete_draft(first, by=alice, via="admin")
    assert Function.objects.get() == second.function
    publishing.delete_draft(second, by=alice, via="admin")

    assert not Function.objects.exists()
    assert not NameClaim.objects.exists()
    assert push(by=bob).function.owner == bob


def test_the_last_draft_takes_no_other_name_with_it(push, alice, bob):
    push()
    publishing.delete_draft(push(name="mailer"), by=alice, via="admin")

    with refused(errors.DuplicateSlug):
        push(by=bob, name="imageresizer")


@pytest.mark.parametrize("is_renamed", [False, True])
def test_the_last_draft_frees_a_name_beside_a_close_one_of_another_account(
    publish, push, staff, alice, bob, is_renamed
):
    draft = push()
    moderation.except_name("image-reslzer", bob, GROUNDS, by=staff)
    close = publish(by=bob, name="image-reslzer").function
    if is_renamed:
        moderation.rename_function(close, "picture-sizer", GROUNDS, by=staff)

    publishing.delete_draft(draft, by=alice, via="admin")

    carol = make_account("carol")
    assert push(by=carol, name="imageresizer").function.owner == carol


def test_a_published_name_stays_when_its_other_drafts_go(publish, push, alice, bob):
    publish()
    publishing.delete_draft(push(), by=alice, via="admin")

    assert Function.objects.get().slug == "image-resizer"
    with refused(errors.DuplicateSlug):
        push(by=bob)


def test_a_name_stays_while_one_that_reads_like_it_is_in_use(push, alice, bob):
    push()
    publishing.delete_draft(push(name="imageresizer"), by=alice, via="admin")

    with refused(errors.DuplicateSlug):
        push(by=bob, name="imageresizer")


def test_a_name_stays_while_an_old_address_reads_like_it(
    publish, push, staff, alice, bob
):
    moderation.rename_function(publish().function, "picture-sizer", GROUNDS, by=staff)

    publishing.delete_draft(push(name="imageresizer"), by=alice, via="admin")

    with refused(errors.DuplicateSlug):
        push(by=bob, name="imageresizer")


def test_a_name_taken_again_after_its_release_is_free_with_its_last_draft(
    push, staff, alice, bob, clock
):
    push()
    clock(days=91)
    moderation.release_claim(Function.objects.get(), GROUNDS, by=staff)

    publishing.delete_draft(push(), by=alice, via="admin")

    assert push(by=bob).function.owner == bob


# --- what a refusal says


def test_a_refusal_names_the_owner_of_a_published_name(publish, push, bob):
    publish()

    with refused(errors.DuplicateSlug) as caught:
        push(by=bob)
    assert caught.value.message == "The name 'image-resizer' is taken by alice."
    with refused(errors.DuplicateSlug) as caught:
        push(by=bob, name="lmage-resizer")
    assert caught.value.message == (
        "The name 'lmage-resizer' reads like 'image-resizer', which is taken by alice."
    )
    assert caught.value.field == "slug"


def test_a_refusal_says_where_an_old_address_leads(publish, push, staff, bob):
    moderation.rename_function(publish().function, "picture-sizer", GROUNDS, by=staff)

    with refused(errors.DuplicateSlug, "leads to another account's function"):
        push(by=bob)


def test_an_exception_is_for_its_name_and_its_account_alone(publish, push, staff, bob):
    carol = make_account("carol")
    publish()
    moderation.except_name("image-reslzer", bob, GROUNDS, by=staff)

    for by, name in [(carol, "image-reslzer"), (bob, "imageresizer")]:
        with refused(errors.DuplicateSlug):
            push(by=by, name=name)
    draft = push(by=bob, name="image-reslzer")
    assert publishing.publish(draft, by=bob, via="cli").version.number == "1.0.0"


def test_a_close_name_that_its_author_kept_goes_to_nobody_else(
    publish, push, staff, bob, alice
):
    publish(name="imageresizer")
    moderation.force_transfer(publish().function, bob, GROUNDS, by=staff)

    with refused(errors.DuplicateSlug, "'imageresizer' is taken by alice"):
        push(by=bob, name="imageresizer")
    assert push(by=bob, name="image-res1zer").function.owner == bob


def test_an_exception_that_ended_ends_publishing_too(publish, push, staff, bob):
    publish()
    moderation.except_name("image-reslzer", bob, GROUNDS, by=staff)
    draft = push(by=bob, name="image-reslzer")
    NameException.objects.all().delete()

    with refused(errors.DuplicateSlug):
        publishing.publish(draft, by=bob, via="cli")
    assert Draft.objects.filter(pk=draft.pk).exists()
    assert Version.objects.count() == 1
