"""Keys over the API: how they are sent, and what they are limited to."""

import pytest

from registry import errors
from registry.models import Draft, Function, Redirect
from tests.conftest import body, key_of, says
from tests.unchanged import rows

pytestmark = pytest.mark.django_db


def test_bearer_and_header_are_both_accepted(api):
    by_header = api("GET", "my")
    by_bearer = api("GET", "my", key="", Authorization=f"Bearer {api.key}")

    assert (by_header.status_code, by_bearer.status_code) == (200, 200)


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


def test_ci_needs_the_scope_publish_as_well_to_publish(api, alice):
    sent = body(publish=True)
    to_save = key_of(alice, scopes=["draft:write"])
    before = rows()

    refused = api("POST", "ci/publish", sent, key=to_save)

    assert "publish" in says(refused, 403, "FORBIDDEN", errors.Forbidden.fix)["error"]
    assert rows() == before
    to_publish = key_of(alice, scopes=["draft:write", "publish"])
    made = api("POST", "ci/publish", sent, key=to_publish)
    assert made.json()["status"] == "published"
