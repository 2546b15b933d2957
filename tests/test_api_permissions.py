"""Keys over the API: how they are sent, and what they are limited to."""

import pytest

from accounts import keys
from accounts.models import Project
from registry import errors
from registry.models import Draft, Function, Redirect
from tests.conftest import body, key_of, says

pytestmark = pytest.mark.django_db


def test_bearer_and_header_are_both_accepted(api):
    by_header = api("GET", "my")
    by_bearer = api("GET", "my", key="", Authorization=f"Bearer {api.key}")

    assert (by_header.status_code, by_bearer.status_code) == (200, 200)


def test_a_key_in_the_query_is_ignored(api):
    assert api("GET", f"my?key={api.key}&api_key={api.key}", key="").status_code == 401


def project_key(account):
    project = Project.objects.create(account=account, name="Shop", slug="shop")
    return keys.create_key(account, name="shop", project=project, via="system")[1]


def test_a_project_key_can_not_publish_and_is_told_the_way(api, alice, publish):
    publish()
    key = project_key(alice)

    said = says(
        api("POST", api.base, body(), key=key),
        403,
        "FORBIDDEN",
        "Use an account key (`ac_...`)",
    )

    assert "ac_" in said["error"]
    assert api("GET", "alice/image-resizer/install", key=key).status_code == 200


def test_a_key_limited_to_other_functions_writes_nothing(api, alice):
    key = key_of(alice, patterns=["mail-*"])

    refused = [
        api("POST", api.base, body(), key=key),
        api("POST", "ci/publish", body(publish=True), key=key),
    ]

    assert [r.status_code for r in refused] == [403, 403]
    assert not Draft.objects.exists()
    assert api("POST", api.base, body(name="mail-out"), key=key).status_code == 201


@pytest.mark.parametrize(
    ("patterns", "listed"),
    [
        ([], ["image-cropper", "image-resizer", "mailer"]),
        (["*"], ["image-cropper", "image-resizer", "mailer"]),
        (["image-*"], ["image-cropper", "image-resizer"]),
        (["mailer", "image-c*"], ["image-cropper", "mailer"]),
        (["nothing"], []),
    ],
)
def test_a_limited_key_lists_what_it_may_touch(
    api, alice, push, publish, patterns, listed
):
    push(name="mailer")
    push(name="image-cropper")
    publish(name="image-resizer")
    key = key_of(alice, patterns=patterns)

    shown = api("GET", "my", key=key).json()["functions"]

    assert sorted(each["slug"] for each in shown) == listed


def test_a_limited_key_is_judged_by_the_name_the_function_has_now(api, alice, publish):
    function = publish(name="mail-in").function
    Function.objects.filter(pk=function.pk).update(slug="post-in")
    Redirect.objects.create(slug="mail-in", username="alice", function=function)
    by_old_name = key_of(alice, patterns=["mail-*"])
    by_new_name = key_of(alice, patterns=["post-*"])
    sent = body(name="mail-in", version="2.0.0")

    for path in (api.base, "ci/publish"):
        refused = api("POST", path, sent, key=by_old_name)
        says(refused, 403, "FORBIDDEN", errors.Forbidden.fix)
    assert Draft.objects.count() == 1
    for path in (api.base, "ci/publish"):
        made = api("POST", path, sent, key=by_new_name)
        assert made.json()["slug"] == "post-in"
