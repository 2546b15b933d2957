"""Who may do what over the API: keys, scopes, other people's functions."""

import pytest

from accounts import keys
from accounts.models import Project
from registry import errors
from registry.models import Draft, Function, Redirect, Version
from tests.conftest import Api, body, key_of, says

pytestmark = pytest.mark.django_db


# --- keys


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


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ("draft:write", "POST", ""),
        ("draft:write", "POST", "ci/publish"),
        ("publish", "POST", "image-resizer/publish"),
        ("yank", "POST", "alice/image-resizer/versions/1.0.0/yank"),
        ("listing:write", "POST", "alice/image-resizer/deprecate"),
    ],
)
def test_a_key_without_the_scope_is_refused(api, alice, publish, scope, method, path):
    publish()
    key = key_of(alice, scopes=[s for s in keys.SCOPES if s != scope])

    response = api(method, path, body(reason="x", message="x"), key=key)

    says(response, 403, "FORBIDDEN", "Use an account key (`ac_...`)")
    assert scope in response.json()["error"]


def test_ci_needs_the_publish_scope_only_to_publish(api, alice):
    key = key_of(alice, scopes=["draft:write"])

    assert api("POST", "ci/publish", body(), key=key).status_code == 201
    refused = api("POST", "ci/publish", body(publish=True), key=key)
    assert refused.status_code == 403
    assert not Version.objects.exists()


def test_a_key_limited_to_other_functions_writes_nothing(api, alice):
    key = key_of(alice, patterns=["mail-*"])

    refused = [
        api("POST", api.base, body(), key=key),
        api("POST", "ci/publish", body(publish=True), key=key),
    ]

    assert [r.status_code for r in refused] == [403, 403]
    assert not Draft.objects.exists()
    assert api("POST", api.base, body(name="mail-out"), key=key).status_code == 201


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


# --- someone else's


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "{id}"), ("PATCH", "{id}"), ("DELETE", "{id}"), ("POST", "{id}/publish")],
)
def test_a_draft_of_someone_else_is_not_found(api, bob, push, method, path):
    draft = push()
    other = Api(api.client, key_of(bob))

    response = other(method, path.format(id=draft.pk), {"description": "mine"})

    assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")
    draft.refresh_from_db()
    assert draft.revision == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "alice/image-resizer/versions/1.0.0/yank"),
        ("DELETE", "alice/image-resizer/versions/1.0.0/yank"),
        ("POST", "alice/image-resizer/deprecate"),
        ("DELETE", "alice/image-resizer/deprecate"),
        ("POST", "image-resizer/publish"),
    ],
)
def test_a_function_of_someone_else_is_not_found(api, bob, publish, method, path):
    publish()
    other = Api(api.client, key_of(bob))

    response = other(method, path, {"reason": "x", "message": "x"})

    assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")
