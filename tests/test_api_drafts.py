"""Which draft an address means, which state of it, and which drafts are listed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from registry import moderation, publishing
from registry.models import Draft, Function, Version
from registry.moderation import Grounds
from tests.conftest import CODE, Api, key_of

pytestmark = pytest.mark.django_db


def changed(number) -> str:
    return f"{CODE}// {number}\n"


def touched(draft, minutes_ago) -> None:
    at = timezone.now() - timedelta(minutes=minutes_ago)
    Draft.objects.filter(pk=draft.pk).update(updated_at=at)


@pytest.fixture
def drafts(push):
    """Three of image-resizer's and one of mailer's; the second was saved last."""
    made = [push(version=f"1.{n}.0", code=changed(n)) for n in range(3)]
    made.append(push(name="mailer", version="1.0.0"))
    for draft, minutes in zip(made, (4, 1, 3, 2), strict=True):
        touched(draft, minutes)
    return made


def states() -> dict:
    return {str(draft.pk): draft.revision for draft in Draft.objects.all()}


# --- by its id


@pytest.mark.parametrize("number", range(4))
def test_an_id_means_that_draft_alone(api, drafts, number):
    draft, before = drafts[number], states()
    path = str(draft.pk)

    read = api("GET", path).json()["function"]
    assert (read["id"], read["version"]) == (path, draft.number)
    assert read["slug"] == draft.function.slug
    saved = api("PATCH", path, {"description": "Better."})
    assert saved.json()["id"] == path
    assert states() == before | {path: 2}
    assert api.publish(path).json()["version"] == draft.number
    assert Version.objects.get().draft_uid == draft.pk


@pytest.mark.parametrize("number", range(4))
def test_only_the_draft_that_was_named_is_deleted(api, drafts, number):
    api("DELETE", str(drafts[number].pk))

    left = {draft.pk for draft in drafts} - {drafts[number].pk}
    assert set(Draft.objects.values_list("pk", flat=True)) == left


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["image-resizer", "nonsense", "0", "my-"])
def test_what_is_no_id_is_not_found(api, drafts, method, path):
    before = states()

    response = api(method, path, {"description": "Better."})

    assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")
    assert states() == before


# --- by its slug


def test_publishing_by_slug_takes_the_open_draft_that_was_saved_last(api, drafts):
    numbers = [api.publish("image-resizer").json()["version"] for _ in range(3)]

    assert numbers == ["1.1.0", "1.2.0", "1.0.0"]
    again = api.publish("image-resizer").json()
    assert (again["already_published"], Version.objects.count()) == (True, 3)


def test_publishing_by_slug_looks_at_the_functions_of_the_caller_alone(
    api, bob, drafts
):
    for slug in ("image-resizer", "mailer"):
        said = Api(api.client, key_of(bob)).publish(slug)
        assert said.status_code == 404
    assert api.publish("nothing").status_code == 404
    assert not Version.objects.exists()


def test_the_slug_before_a_rename_means_the_same_function(api, drafts, staff, publish):
    publish(version="0.9.0", code=changed(9))
    function = Function.objects.get(slug="image-resizer")
    moderation.rename_function(function, "resizer", Grounds("Asked."), by=staff)

    assert api.publish("image-resizer").json()["slug"] == "resizer"
    assert api.publish("resizer").json()["already_published"] is False


# --- which state of it


@pytest.mark.parametrize(
    ("condition", "is_right"),
    [
        ("*", True),
        (" * ", True),
        ('"2"', True),
        ('W/"2"', True),
        ("2", True),
        ('"1"', False),
        ('"3"', False),
        ('"22"', False),
        ('"2", "3"', False),
        ("nonsense", False),
        ("", False),
        ('"-2"', False),
        ('"²"', False),
        ('"' + "2" * 10 + '"', False),
        ('x"2"', False),
    ],
)
def test_if_match_names_the_state_that_was_read(api, condition, is_right):
    path = api.push().json()["id"]
    saved = api("PATCH", path, {"tags": ["second"]})
    assert saved.headers["ETag"] == '"2"' == api("GET", path).headers["ETag"]

    answers = [
        api("PATCH", path, {"tags": ["third"]}, **{"If-Match": condition}),
        api("POST", f"{path}/publish", **{"If-Match": condition}),
    ]

    if is_right:
        assert [answer.status_code for answer in answers][0] == 200
        assert api("GET", path).json()["function"]["tags"] == ["third"]
        return
    assert [answer.status_code for answer in answers] == [412, 412]
    assert {answer.json()["code"] for answer in answers} == {"EDIT_CONFLICT"}
    assert api("GET", path).json()["function"]["tags"] == ["second"]
    assert not Version.objects.exists()


def test_without_if_match_the_last_to_save_wins(api):
    path = api.push().json()["id"]
    for tag in ("first", "second"):
        assert api("PATCH", path, {"tags": [tag]}).status_code == 200

    assert api("GET", path).json()["function"]["tags"] == ["second"]


# --- the list of one's own


def listed(api) -> list:
    functions = api("GET", "my").json()["functions"]
    return [(each["slug"], each["version"], each["status"]) for each in functions]


def test_open_drafts_are_listed_last_saved_first(api, drafts, push, bob):
    push(by=bob, name="bobs-own")

    assert listed(api) == [
        ("image-resizer", "1.1.0", "draft"),
        ("mailer", "1.0.0", "draft"),
        ("image-resizer", "1.2.0", "draft"),
        ("image-resizer", "1.0.0", "draft"),
    ]
    mine = api("GET", "my").json()["functions"]
    assert mine[1]["id"] == str(drafts[3].pk)


def test_a_published_function_is_listed_once_with_its_latest_version(
    api, alice, publish, push
):
    versions = [publish(version=f"1.{n}.0", code=changed(n)) for n in range(3)]
    for minutes, version in enumerate(versions):
        touched(Draft.objects.get(pk=version.draft_uid), minutes)
    assert listed(api) == [("image-resizer", "1.2.0", "published")]

    publishing.yank(versions[2], reason="Broken.", by=alice, via="api")
    assert listed(api) == [("image-resizer", "1.1.0", "published")]

    for version in versions[:2]:
        publishing.yank(version, reason="Broken.", by=alice, via="api")
    # Nothing is offered any more: the one that was touched last.
    assert listed(api) == [("image-resizer", "1.0.0", "published")]
    open_draft = push(version="2.0.0", code=changed(4))
    touched(open_draft, 9)
    assert sorted(listed(api)) == [
        ("image-resizer", "1.0.0", "published"),
        ("image-resizer", "2.0.0", "draft"),
    ]
