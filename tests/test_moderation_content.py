"""Quarantine and removal: out of everything, with a reason, and back again."""

import pytest

from registry import errors, moderation, publishing
from registry.models import Blob, Category, Decision, Rendering, Version
from registry.moderation import Grounds
from tests.conftest import CODE, Api, body, make_account
from tests.unchanged import refused

GROUNDS = Grounds("It sends keys away.", "malware")
ONE = "/api/community/functions/alice/image-resizer"


@pytest.fixture
def version(publish):
    return publish()


@pytest.fixture
def reader(client):
    return Api(client)


def listed(reader):
    return [item["slug"] for item in reader("GET", "").json()["functions"]]


def test_quarantined_function_is_in_no_list_and_not_installed(
    version, staff, reader, client
):
    blob = version.files.get().blob_id
    moderation.quarantine_function(version.function, GROUNDS, by=staff)

    assert listed(reader) == []
    assert "image-resizer" not in client.get("/functions/?q=image").content.decode()
    assert Category.objects.get(slug="media").function_count == 0
    for path in [
        ONE,
        f"{ONE}/install",
        f"{ONE}/install?version=1.0.0",
        f"{ONE}/versions",
        "/api/community/functions/install/image-resizer",
        f"/api/community/files/{blob}",
    ]:
        answer = reader("GET", path)
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND"), path
    assert "It sends keys away." in reader("GET", f"{ONE}/install").json()["error"]


def test_lifted_quarantine_brings_everything_back(version, staff, reader):
    before = reader("GET", f"{ONE}/install").content
    moderation.quarantine_function(version.function, GROUNDS, by=staff)
    moderation.lift_function_quarantine(version.function, GROUNDS, by=staff)

    assert listed(reader) == ["image-resizer"]
    assert Category.objects.get(slug="media").function_count == 1
    assert reader("GET", f"{ONE}/install").content == before
    assert reader("GET", f"/api/community/files/{blob_of(version)}").status_code == 200


def blob_of(version):
    return version.files.get(path="index.ts").blob_id


def test_quarantined_function_publishes_nothing(version, staff, push, alice):
    moderation.quarantine_function(version.function, GROUNDS, by=staff)
    draft = push(version="1.1.0")

    with pytest.raises(errors.Conflict, match="quarantined.*It sends keys away"):
        publishing.publish(draft, by=alice, via="cli")

    assert Version.objects.count() == 1


def test_quarantined_version_leaves_the_others(publish, staff, reader):
    publish()
    bad = publish(version="1.1.0", code="export const bad = 1;\n")
    moderation.quarantine_version(bad, GROUNDS, by=staff)

    assert reader("GET", f"{ONE}/install").json()["version"] == "1.0.0"
    refused = reader("GET", f"{ONE}/install?version=1.1.0")
    assert refused.status_code == 404
    assert "It sends keys away." in refused.json()["error"]
    versions = reader("GET", f"{ONE}/versions").json()["versions"]
    assert [each["version"] for each in versions] == ["1.0.0"]
    assert reader("GET", f"/api/community/files/{blob_of(bad)}").status_code == 404
    assert reader("GET", f"/api/community/files/{blob_of(bad)}").status_code == 404


def test_file_shared_with_another_version_stays_readable(publish, staff, reader):
    good = publish()
    bad = publish(version="1.1.0")
    assert blob_of(bad) == blob_of(good)

    moderation.quarantine_version(bad, GROUNDS, by=staff)

    found = reader("GET", f"/api/community/files/{blob_of(bad)}").json()
    assert [use["version"] for use in found["versions"]] == ["1.0.0"]


def test_number_of_a_quarantined_version_is_used_up(version, staff, push, alice):
    moderation.quarantine_version(version, GROUNDS, by=staff)

    with pytest.raises(errors.VersionConflict, match="quarantined"):
        publishing.publish(push(), by=alice, via="cli")


@pytest.mark.parametrize("back", ["1.0.0", "1.1.0", "1.2.0"])
def test_version_that_is_put_back_is_the_one_that_was_chosen(
    publish, staff, reader, back
):
    versions = [publish(version=number) for number in ("1.0.0", "1.1.0", "1.2.0")]
    for version in versions:
        moderation.quarantine_version(version, GROUNDS, by=staff)

    chosen = next(version for version in versions if version.number == back)
    moderation.lift_version_quarantine(chosen, GROUNDS, by=staff)

    shown = reader("GET", f"{ONE}/versions").json()["versions"]
    assert [each["version"] for each in shown] == [back]
    assert reader("GET", f"{ONE}/install").json()["version"] == back


def test_version_that_is_offered_is_not_put_back_for_another(publish, staff):
    offered = publish()
    bad = publish(version="1.1.0")
    moderation.quarantine_version(bad, GROUNDS, by=staff)

    with refused(errors.Conflict, "1.0.0 is not quarantined"):
        moderation.lift_version_quarantine(offered, GROUNDS, by=staff)


def test_quarantine_during_an_install_is_whole_or_nothing(version, staff, reader):
    answer = reader("GET", f"{ONE}/install")
    moderation.quarantine_function(version.function, GROUNDS, by=staff)

    files = {file["path"]: file["content"] for file in answer.json()["files"]}
    assert files["index.ts"] == CODE
    assert reader("GET", f"{ONE}/install").status_code == 404


def test_removal_needs_two_and_empties_the_text_alone(version, staff, reader):
    blob = version.files.get(path="index.ts").blob
    Rendering.objects.create(
        blob=blob, kind="typescript", renderer=1, html=CODE, is_complete=True
    )
    removal = moderation.request_removal(version.function, blob, GROUNDS, by=staff)
    assert Blob.objects.get(pk=blob.pk).text == CODE
    with pytest.raises(errors.OwnDecision, match="yourself"):
        moderation.confirm_removal(version.function, removal, GROUNDS, by=staff)

    second = make_account("mod2", is_staff=True)
    moderation.confirm_removal(version.function, removal, GROUNDS, by=second)

    emptied = Blob.objects.get(pk=blob.pk)
    assert (emptied.text, emptied.size) == ("", len(CODE))
    assert not Rendering.objects.filter(blob=blob).exists()
    assert Version.objects.get().integrity == version.integrity
    assert reader("GET", f"{ONE}/install").status_code == 404
    assert [d.action for d in Decision.objects.all()] == [
        "remove_file",
        "request_removal",
    ]


def test_removal_takes_down_every_version_with_the_file(publish, staff, bob):
    ours = publish()
    theirs = publish(by=bob, name="other-name")
    blob = ours.files.get().blob
    removal = moderation.request_removal(ours.function, blob, GROUNDS, by=staff)
    second = make_account("mod2", is_staff=True)
    moderation.confirm_removal(ours.function, removal, GROUNDS, by=second)

    for version in (ours, theirs):
        assert Version.objects.get(pk=version.pk).is_quarantined
        version.function.refresh_from_db()
        assert not version.function.is_listed
        with pytest.raises(errors.Conflict, match="removed for good"):
            moderation.lift_version_quarantine(version, GROUNDS, by=staff)


def test_removed_text_is_not_published_again(publish, staff, push, alice):
    version = publish()
    removal = moderation.request_removal(
        version.function, version.files.get().blob, GROUNDS, by=staff
    )
    second = make_account("mod2", is_staff=True)
    moderation.confirm_removal(version.function, removal, GROUNDS, by=second)

    with pytest.raises(errors.Conflict, match="removed"):
        publishing.publish(push(version="2.0.0"), by=alice, via="cli")


def test_owner_of_a_function_that_shares_the_file_may_not_decide(publish, staff):
    ours = publish()
    publish(by=staff, name="other-name")

    with pytest.raises(errors.OwnDecision):
        moderation.request_removal(
            ours.function, ours.files.get().blob, GROUNDS, by=staff
        )


def test_confirming_twice_is_a_conflict(version, staff):
    removal = moderation.request_removal(
        version.function, version.files.get().blob, GROUNDS, by=staff
    )
    second = make_account("mod2", is_staff=True)
    moderation.confirm_removal(version.function, removal, GROUNDS, by=second)

    third = make_account("mod3", is_staff=True)
    with pytest.raises(errors.Conflict, match="meanwhile"):
        moderation.confirm_removal(version.function, removal, GROUNDS, by=third)


def test_unpublished_function_is_not_quarantined(push, staff):
    with pytest.raises(errors.Conflict, match="not published"):
        moderation.quarantine_function(push().function, GROUNDS, by=staff)


@pytest.mark.parametrize(
    ("switch", "call"),
    [
        ("read_only", lambda api: api.push()),
        ("read_only", lambda api: api.ci(publish=True)),
        ("new_slugs", lambda api: api.push(name="brand-new")),
        ("publishing", lambda api: api.ci(version="3.0.0", publish=True)),
        ("reports", lambda api: report(api)),
        ("read_only", lambda api: report(api)),
        ("key_creation", lambda api: log_in(api)),
    ],
)
def test_switch_answers_read_only_and_reads_go_on(version, staff, api, switch, call):
    moderation.throw_switch(switch, Grounds("We move to a new machine."), by=staff)

    refused = call(api)

    assert refused.status_code == 503
    assert refused.json()["code"] == "READ_ONLY"
    assert "We move to a new machine." in refused.json()["error"]
    assert api("GET", f"{ONE}/install").status_code == 200
    moderation.release_switch(switch, Grounds("Done."), by=staff)
    assert call(api).status_code < 300


def report(api):
    data = {"function": "alice/image-resizer", "reason": "spam"}
    return api("POST", "/api/community/reports", data)


def log_in(api):
    data = {"email": "alice@example.com", "password": "correct horse battery"}
    return api("POST", "/api/auth/login", data)


def test_new_slugs_switch_lets_old_ones_be_pushed(version, staff, api):
    moderation.throw_switch("new_slugs", Grounds("A wave of spam."), by=staff)

    assert api.push(version="1.1.0").status_code == 201


def test_read_only_mode_stops_staff_too(version, staff):
    moderation.throw_switch("read_only", Grounds("Moving."), by=staff)

    with pytest.raises(errors.ReadOnly):
        moderation.quarantine_function(version.function, GROUNDS, by=staff)


def test_reserved_pattern_refuses_a_new_slug(staff, api):
    moderation.reserve_name("image-*", GROUNDS, by=staff)

    assert api("POST", "", body()).json()["code"] == "RESERVED_NAME"
