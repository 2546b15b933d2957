"""Many at once: one wins, the others get a clear answer, nobody a server error."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from accounts.deletion import delete_account
from accounts.models import Account, Event
from registry import errors, publishing
from registry.models import Category, Draft, Function, NameClaim, Version
from registry.publishing import claims, releases
from registry.publishing.quotas import locked
from tests.conftest import CODE, body, make_account

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.main_flow]


def at_once(verb, arguments):
    """The results, or the refusals, of ``verb`` called in one thread for each."""

    def call(argument):
        try:
            return verb(argument)
        except errors.RegistryError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(arguments)) as threads:
        return list(threads.map(call, arguments))


def test_fifty_publishes_of_one_draft_make_one_version(alice):
    draft = publishing.push(body(), by=alice, via="cli").draft

    made = at_once(lambda _: publishing.publish(draft, by=alice, via="cli"), range(50))

    assert sorted(each.already_published for each in made) == [False] + [True] * 49
    assert Version.objects.count() == 1
    assert Event.objects.filter(verb="publish").count() == 1


def test_fifty_drafts_of_one_number_make_one_version(alice):
    drafts = [
        publishing.push(body(code=f"{CODE}// {n % 2}\n"), by=alice, via="cli").draft
        for n in range(50)
    ]

    made = at_once(lambda d: publishing.publish(d, by=alice, via="cli"), drafts)

    refused = [each for each in made if isinstance(each, errors.VersionConflict)]
    assert len(refused) == 25
    assert sum(not e.already_published for e in made if e not in refused) == 1
    assert Version.objects.count() == 1
    assert Event.objects.filter(verb="publish").count() == 1


def test_eight_accounts_claim_one_name_and_one_wins(db):
    accounts = [make_account(f"author-{n}") for n in range(8)]
    names = ["stripe-hook", "str1pe-hook", "stripehook", "stripe-h00k"] * 2

    made = at_once(
        lambda pair: publishing.push(body(name=pair[1]), by=pair[0], via="cli"),
        list(zip(accounts, names, strict=True)),
    )

    refused = [each for each in made if isinstance(each, errors.DuplicateSlug)]
    assert len(refused) == 7
    assert (NameClaim.objects.count(), Function.objects.count()) == (1, 1)
    assert Draft.objects.count() == 1


def test_one_account_pushing_a_new_name_twice_at_once_gets_two_drafts(alice):
    made = at_once(lambda _: publishing.push(body(), by=alice, via="cli"), range(8))

    assert all(isinstance(each, publishing.Saved) for each in made)
    assert (Function.objects.count(), Draft.objects.count()) == (1, 8)


def test_saving_at_once_keeps_one_and_refuses_the_other(alice):
    draft = publishing.push(body(), by=alice, via="cli").draft

    made = at_once(
        lambda n: publishing.save_draft(
            draft, {"description": f"Number {n}."}, by=alice, via="api", revision=1
        ),
        range(4),
    )

    refused = [each for each in made if isinstance(each, errors.EditConflict)]
    assert len(refused) == 3
    assert Draft.objects.get().revision == 2


def test_ci_calls_at_once_make_one_version(alice):
    made = at_once(
        lambda _: publishing.publish_from_ci(body(publish=True), by=alice), range(8)
    )

    assert sorted(each.already_published for each in made) == [False] + [True] * 7
    assert (Version.objects.count(), Draft.objects.count()) == (1, 1)


def claim(account, found):
    budget = locked(account)
    return claims.claim("image-resizer", account, found=found, budget=budget)


def test_a_claim_finds_its_function_deleted_since_it_was_found(alice):
    publishing.push(body(), by=alice, via="cli")
    found = claims.named("image-resizer", alice)
    found.drafts.all().delete()
    Function.objects.all().delete()

    with transaction.atomic():
        function, is_new = claims.claim(
            "image-resizer", alice, found=found, budget=locked(alice)
        )

    assert is_new
    assert Function.objects.get() == function != found


def test_a_claim_finds_its_name_given_up_since_it_was_found(alice):
    publishing.push(body(), by=alice, via="cli")
    found = claims.named("image-resizer", alice)
    claims.give_up(found)

    with transaction.atomic():
        function, is_new = claims.claim(
            "image-resizer", alice, found=found, budget=locked(alice)
        )

    assert is_new
    assert (function.slug, function.owner) == ("image-resizer", alice)
    assert Function.objects.count() == 2


def test_a_claim_finds_its_function_transferred_since_it_was_found(alice, bob):
    publishing.push(body(), by=alice, via="cli")
    found = claims.named("image-resizer", alice)
    Function.objects.update(owner=bob)

    with pytest.raises(errors.DuplicateSlug), transaction.atomic():
        claim(alice, found)


def test_a_claim_finds_its_function_made_since_none_was_found(alice):
    found = claims.named("image-resizer", alice)
    draft = publishing.push(body(), by=alice, via="cli").draft

    with transaction.atomic():
        claimed = claims.claim(
            "image-resizer", alice, found=found, budget=locked(alice)
        )

    assert found is None
    assert claimed == (draft.function, False)


def test_a_push_finds_its_account_deleted_since_its_key_was_read(alice, bob):
    delete_account(Account.objects.get(pk=alice.pk), by=None)

    with pytest.raises(errors.Unauthorized):
        publishing.push(body(), by=alice, via="cli")
    assert (NameClaim.objects.count(), Function.objects.count()) == (0, 0)


def test_a_publish_finds_its_category_renamed_since_it_was_checked(alice, monkeypatch):
    draft = publishing.push(body(), by=alice, via="cli").draft
    checked = releases.check_complete

    def rename_after(draft):
        manifest = checked(draft)
        Category.objects.filter(slug=manifest["category"]).update(slug="renamed")
        return manifest

    monkeypatch.setattr(releases, "check_complete", rename_after)

    with pytest.raises(errors.InvalidCategory):
        publishing.publish(draft, by=alice, via="cli")
    assert not Version.objects.exists()
