"""Removal of a file: asked for by one, confirmed by another, gone with all it gave."""

import pytest

from accounts.models import Account
from core.cache import versions as cache
from registry import errors, moderation, publishing
from registry.content import derived
from registry.models import (
    Category,
    Decision,
    Function,
    Inspection,
    Removal,
    Rendering,
    Version,
    VersionQuarantine,
)
from registry.moderation import Grounds, content
from tests.conftest import CODE, make_account
from tests.unchanged import verb_refused

GROUNDS = Grounds("A live key.", "secret")
OTHER_CODE = "export const other = 1;\n"


@pytest.fixture
def version(publish):
    return publish()


@pytest.fixture
def second(db):
    return make_account("mod2", is_staff=True)


def blob_of(version):
    return version.files.get(path=version.entrypoint).blob


def asked(version, by, grounds=GROUNDS):
    return moderation.request_removal(
        version.function, blob_of(version), grounds, by=by
    )


def confirmed(version, staff, second):
    removal = asked(version, staff)
    moderation.confirm_removal(
        version.function, removal, Grounds("Seen.", "legal"), by=second
    )
    removal.refresh_from_db()
    return removal


# --- two people, neither of them an author


@pytest.fixture
def people(publish, version, staff, second):
    """By who they are: those who might ask for, or confirm, the removal of a file of
    ``version``."""
    author = make_account("author", is_staff=True)
    publish(by=author, name="same-file")
    elsewhere = make_account("elsewhere", is_staff=True)
    publish(by=elsewhere, name="unlike-it", code=OTHER_CODE)
    Account.objects.filter(username="alice").update(is_staff=True)
    return {
        "who asked": staff,
        "another moderator": second,
        "a moderator who published other files": elsewhere,
        "the owner": Account.objects.get(username="alice"),
        "the author of another function with the file": author,
        "suspended staff": make_account("gone", is_staff=True, is_active=False),
        "somebody else": make_account("nobody"),
    }


MAY_ASK = {
    "another moderator": None,
    "a moderator who published other files": None,
    "the owner": errors.OwnDecision,
    "the author of another function with the file": errors.OwnDecision,
    "suspended staff": errors.NotFound,
    "somebody else": errors.NotFound,
}
MAY_CONFIRM = MAY_ASK | {"who asked": errors.OwnDecision}


@pytest.mark.parametrize(("who", "error"), MAY_ASK.items())
def test_who_may_ask_for_a_removal(version, people, who, error):
    if error:
        verb_refused(error, asked, version, people[who])
        return

    made = asked(version, people[who])

    assert (made.blob, made.reason, made.requested_by) == (
        blob_of(version),
        "A live key.",
        people[who],
    )
    assert made.confirmed_by is made.confirmed_at is None


@pytest.mark.parametrize(("who", "error"), MAY_CONFIRM.items())
def test_who_may_confirm_a_removal(version, people, who, error):
    removal = asked(version, people["who asked"])
    arguments = (version.function, removal, GROUNDS)
    if error:
        verb_refused(error, moderation.confirm_removal, *arguments, by=people[who])
        return

    moderation.confirm_removal(*arguments, by=people[who])

    removal.refresh_from_db()
    assert removal.confirmed_by == people[who]
    assert removal.confirmed_at


@pytest.mark.parametrize("who", ["who asked", "another moderator"])
def test_any_moderator_may_withdraw_an_open_removal(version, people, who):
    removal = asked(version, people["who asked"])
    first = Decision.objects.get()

    made = moderation.withdraw_removal(
        version.function, removal, GROUNDS, by=people[who]
    )

    assert made.reverses == first
    assert not Removal.objects.exists()
    assert asked(version, people["who asked"])


@pytest.mark.parametrize("verb", ["confirm_removal", "withdraw_removal"])
@pytest.mark.parametrize("closing", ["confirmed", "withdrawn"])
def test_closed_removal_is_neither_confirmed_nor_withdrawn(
    version, staff, second, verb, closing
):
    removal = asked(version, staff)
    arguments = (version.function, removal, GROUNDS)
    if closing == "confirmed":
        moderation.confirm_removal(*arguments, by=second)
    else:
        moderation.withdraw_removal(*arguments, by=second)
    third = make_account("mod3", is_staff=True)

    verb_refused(
        errors.Conflict,
        getattr(moderation, verb),
        *(version.function, Removal(pk=removal.pk, blob=removal.blob), GROUNDS),
        by=third,
        match="confirmed or withdrawn meanwhile",
    )


def test_removal_is_asked_for_once_for_each_file(publish, version, staff, second):
    other = publish(name="other-thing", code=OTHER_CODE)
    asked(version, staff)

    verb_refused(errors.Conflict, asked, version, second, match="asked for already")
    assert asked(other, second)


def test_content_is_refused_once_its_removal_is_confirmed(
    publish, push, version, staff, second, bob
):
    removal = asked(version, staff)
    publish(by=bob, name="csv-parser")  # it is asked for, and no more

    moderation.confirm_removal(
        version.function, removal, Grounds("Seen.", "legal"), by=second
    )

    again = push(by=bob, name="json-parser")
    verb_refused(
        errors.Conflict,
        publishing.publish,
        again,
        by=bob,
        via="cli",
        match="content that staff removed",
    )
    publish(by=bob, name="xml-parser", code=OTHER_CODE)  # another content


def test_confirming_one_removal_leaves_the_others(publish, version, staff, second):
    other = publish(name="other-thing", code=OTHER_CODE)
    open_one = asked(other, staff)

    confirmed(version, staff, second)

    open_one.refresh_from_db()
    assert open_one.confirmed_by is None
    assert blob_of(other).text == OTHER_CODE


# --- what goes, and what stays


def inspected(version):
    return Inspection.objects.create(
        version=version, inspector=1, report={"findings": [], "facts": {"code": CODE}}
    )


def test_removed_files_inspection_goes_with_it(publish, version, staff, second, bob):
    theirs = publish(by=bob, name="same-file")
    other = publish(version="1.1.0", code=OTHER_CODE)
    for each in (version, theirs, other):
        inspected(each)

    confirmed(version, staff, second)

    assert Inspection.objects.get().version == other


def test_removed_files_renderings_go_and_others_stay(publish, version, staff, second):
    other = publish(version="1.1.0", code=OTHER_CODE)
    for blob in (blob_of(version), blob_of(other)):
        Rendering.objects.create(
            blob=blob, kind="typescript", renderer=1, html="x", is_complete=True
        )

    confirmed(version, staff, second)

    assert Rendering.objects.get().blob == blob_of(other)


def test_versions_with_a_removed_file_are_inspected_anew(
    publish, version, staff, second, bob, django_capture_on_commit_callbacks
):
    theirs = publish(by=bob, name="same-file")
    publish(version="1.1.0", code=OTHER_CODE)

    with django_capture_on_commit_callbacks() as callbacks:
        confirmed(version, staff, second)

    schedules = [c for c in callbacks if getattr(c, "func", None) is derived.schedule]
    assert [c.args for c in schedules] == [(version.pk, "alice"), (theirs.pk, "bob")]


def test_versions_with_a_removed_file_say_why_they_are_gone(
    publish, version, staff, second, client
):
    other = publish(version="1.1.0", code=OTHER_CODE)

    confirmed(version, staff, second)

    mark = VersionQuarantine.objects.get()
    assert (mark.version, mark.rule, mark.reason, mark.by) == (
        version,
        "legal",
        "Seen.",
        second,
    )
    page = client.get("/functions/alice/image-resizer/v/1.0.0")
    assert page.status_code == 404
    assert "Seen." in page.text
    function = Function.objects.get()
    assert (function.is_listed, function.latest) == (True, other)


def test_version_that_was_quarantined_before_keeps_its_reason(
    publish, version, staff, second
):
    moderation.quarantine_version(version, Grounds("Malware.", "malware"), by=staff)
    twin = publish(version="1.1.0")

    confirmed(version, staff, second)

    reasons = dict(VersionQuarantine.objects.values_list("version", "reason"))
    assert reasons == {version.pk: "Malware.", twin.pk: "Seen."}


def test_removal_leaves_the_lists_of_every_author(
    publish, version, staff, second, bob, client
):
    publish(by=bob, name="same-file")
    assert Category.objects.get(slug="media").function_count == 2

    confirmed(version, staff, second)

    assert client.get("/api/community/functions").json()["functions"] == []
    assert Category.objects.get(slug="media").function_count == 0


def test_removal_makes_pages_of_every_author_stale(
    publish, version, staff, second, bob, django_capture_on_commit_callbacks
):
    theirs = publish(by=bob, name="same-file").function.pages_subject
    removal = asked(version, staff)
    before = cache.current([theirs])

    with django_capture_on_commit_callbacks(execute=True):
        moderation.confirm_removal(version.function, removal, GROUNDS, by=second)

    assert cache.current([theirs]) != before


def test_asking_for_a_removal_makes_no_page_stale(
    version, staff, django_capture_on_commit_callbacks
):
    before = cache.current([version.function.pages_subject, cache.ANYTHING])

    with django_capture_on_commit_callbacks(execute=True):
        asked(version, staff)

    assert cache.current([version.function.pages_subject, cache.ANYTHING]) == before


def test_decisions_on_a_file_name_it_by_its_hash(version, staff, second):
    confirmed(version, staff, second)

    short = blob_of(version).sha256[:12]
    subjects = set(Decision.objects.values_list("subject", "function"))
    assert subjects == {(f"alice/image-resizer file {short}", version.function_id)}


def test_versions_with_a_file_are_each_named_once(publish, version):
    twice = {"index.ts": CODE, "copy.ts": CODE}
    double = publish(version="1.1.0", code=None, files=twice)
    publish(version="1.2.0", code=OTHER_CODE)

    assert list(content.versions_with(blob_of(version))) == [version, double]


def test_withdrawing_takes_back_the_request_for_that_file(publish, version, staff):
    other = publish(name="other-thing", code=OTHER_CODE)
    removal = asked(version, staff)
    asked(other, staff)

    made = moderation.withdraw_removal(version.function, removal, GROUNDS, by=staff)

    assert made.reverses.function == version.function
    assert Removal.objects.get().blob == blob_of(other)


# --- quarantine


def test_lifting_takes_back_the_last_quarantine_of_that_function(
    publish, version, staff
):
    other = publish(name="other-thing", code=OTHER_CODE).function
    function = version.function
    first = moderation.quarantine_function(function, GROUNDS, by=staff)
    moderation.lift_function_quarantine(function, GROUNDS, by=staff)
    again = moderation.quarantine_function(function, GROUNDS, by=staff)
    moderation.quarantine_function(other, GROUNDS, by=staff)
    moderation.hold_name(function, GROUNDS, by=staff)

    lifted = moderation.lift_function_quarantine(function, GROUNDS, by=staff)

    assert lifted.reverses == again != first
    assert list(Function.objects.quarantined()) == [other]
    assert [d.outcome for d in (first, again)] == ["taken back", "taken back"]


def test_lifting_brings_one_version_back(publish, version, staff):
    newer = publish(version="1.1.0", code=OTHER_CODE)
    moderation.quarantine_version(newer, GROUNDS, by=staff)
    first = moderation.quarantine_version(version, GROUNDS, by=staff)
    moderation.quarantine_function(version.function, GROUNDS, by=staff)
    moderation.lift_function_quarantine(version.function, GROUNDS, by=staff)
    moderation.quarantine_version(
        publish(name="other-thing", code="export const c = 1;\n"), GROUNDS, by=staff
    )
    assert not Function.objects.get(slug="image-resizer").is_listed
    moderation.quarantine_version(
        publish(version="0.9.0", code="export const d = 1;\n"), GROUNDS, by=staff
    )

    lifted = moderation.lift_version_quarantine(version, GROUNDS, by=staff)

    assert lifted.reverses == first
    assert not Version.objects.get(pk=version.pk).is_quarantined
    assert Version.objects.get(pk=newer.pk).is_quarantined
    function = Function.objects.get(slug="image-resizer")
    assert (function.is_listed, function.latest) == (True, version)
    assert VersionQuarantine.objects.count() == 3


def test_version_with_an_unconfirmed_removal_can_be_brought_back(version, staff):
    moderation.quarantine_version(version, GROUNDS, by=staff)
    asked(version, staff)

    moderation.lift_version_quarantine(version, GROUNDS, by=staff)

    assert not VersionQuarantine.objects.exists()


def test_removed_files_version_is_not_brought_back(version, staff, second):
    confirmed(version, staff, second)

    verb_refused(
        errors.Conflict,
        moderation.lift_version_quarantine,
        *(version, GROUNDS),
        by=staff,
        match="removed for good",
    )


def test_quarantine_says_its_rule_reason_and_moderator(version, staff):
    moderation.quarantine_function(version.function, GROUNDS, by=staff)
    moderation.quarantine_version(version, GROUNDS, by=staff)

    for mark in (version.function.quarantine, VersionQuarantine.objects.get()):
        assert (mark.rule, mark.reason, mark.by) == ("secret", "A live key.", staff)
