"""Each endpoint of docs/api.md asked by each kind of caller: who may gets an answer, a
refusal has the documented code and writes nothing."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from accounts import keys
from accounts.models import Account, Project
from registry import publishing
from registry.models import VersionFile
from tests.conftest import CODE, Api, body, key_of, says
from tests.unchanged import rows

pytestmark = pytest.mark.django_db

DOCUMENT = Path(__file__).parent.parent / "docs" / "api.md"
ROW = re.compile(r"\| ([A-Z]+) `/api(\S+)` \| (any key|account key|anyone)(.*?) \|")
# (method, path, who, scope) of every endpoint, as documented.
ENDPOINTS = [
    (method, path, who, scope.strip(" ,`"))
    for method, path, who, scope in ROW.findall(DOCUMENT.read_text())
]
FOR_ACCOUNTS = [each for each in ENDPOINTS if each[2] == "account key"]
SCOPED = [each for each in FOR_ACCOUNTS if each[3]]
OF_ONE = [each for each in FOR_ACCOUNTS if "{" in each[1]]
ABOUT_ONE = [each for each in FOR_ACCOUNTS if not each[1].endswith("/my")]
READS = [each for each in ENDPOINTS if each[0] == "GET" and each[2] == "anyone"]
FUNCTIONS = "/community/functions"
# What is sent to endpoints that take a body. ci/publish is asked for a draft alone,
# which is what its documented scope allows.
SENT = {
    ("POST", FUNCTIONS): body(version="3.0.0"),
    ("POST", f"{FUNCTIONS}/ci/publish"): body(version="3.0.0"),
    ("PATCH", f"{FUNCTIONS}/{{id}}"): {"description": "Changed."},
    ("POST", f"{FUNCTIONS}/{{username}}/{{slug}}/deprecate"): {"message": "Older."},
    ("POST", f"{FUNCTIONS}/{{username}}/{{slug}}/versions/{{version}}/yank"): {
        "reason": "Broken."
    },
}
UNAUTHORIZED = (401, "UNAUTHORIZED", "Run `aerostack login` again")
FORBIDDEN = (403, "FORBIDDEN", "Use an account key (`ac_...`)")


def over(endpoints):
    ids = [f"{method} {path}" for method, path, *_ in endpoints]
    return pytest.mark.parametrize(
        ("method", "path", "who", "scope"), endpoints, ids=ids
    )


@pytest.fixture
def scene(alice, publish, push):
    """alice's image-resizer: 1.0.0, a yanked 1.1.0, an open draft, deprecated."""
    publish()
    yanked = publish(version="1.1.0", code=f"{CODE}// 2\n")
    publishing.yank(yanked, reason="Wrong.", by=alice, via="api")
    publishing.deprecate(yanked.function, message="Old.", by=alice, via="api")
    return push(version="2.0.0", code=f"{CODE}// 3\n")


@pytest.fixture
def ask(client, scene):
    """ask(method, path, key, **headers) -> the answer of that endpoint."""

    def ask(method, path, key="", **headers):
        address = path.format(
            username="alice",
            slug="image-resizer",
            version="1.1.0" if method == "DELETE" else "1.0.0",
            id=scene.pk,
            sha256=VersionFile.objects.first().blob_id,
        )
        sent = SENT.get((method, path))
        return Api(client, key)(method, f"/api{address}", sent, **headers)

    return ask


def project_key(account) -> str:
    project = Project.objects.create(account=account, name="Shop", slug="shop")
    return keys.create_key(account, name="shop", project=project, via="system")[1]


def unusable_keys(alice) -> dict[str, str]:
    """Why a key is refused -> the key."""
    good = key_of(alice)
    row, revoked = keys.create_key(alice, name="revoked", via="system")
    keys.revoke_key(row, by=alice)
    return {
        "mistyped": good[:-1] + ("x" if good[-1] != "x" else "y"),
        "unknown": keys.new_secret(keys.ACCOUNT_PREFIX),
        "revoked": revoked,
        "expired": key_of(alice, expires_at=timezone.now() - timedelta(seconds=1)),
    }


def test_the_document_lists_what_is_asked_here():
    assert (len(ENDPOINTS), len(FOR_ACCOUNTS), len(SCOPED)) == (22, 11, 9)
    assert len(OF_ONE) == 8


@over(FOR_ACCOUNTS)
def test_a_key_that_is_not_usable_is_refused(ask, alice, method, path, who, scope):
    unusable = unusable_keys(alice)
    before = rows()

    says(ask(method, path), *UNAUTHORIZED)
    for key in unusable.values():
        says(ask(method, path, key), *UNAUTHORIZED)
        says(ask(method, path, Authorization=f"Bearer {key}"), *UNAUTHORIZED)

    assert rows() == before


@over(FOR_ACCOUNTS)
def test_no_key_of_a_suspended_account_works(ask, alice, method, path, who, scope):
    key = key_of(alice)
    Account.objects.filter(pk=alice.pk).update(is_active=False)
    before = rows()

    says(ask(method, path, key), *UNAUTHORIZED)

    assert rows() == before


@over(FOR_ACCOUNTS)
def test_a_project_key_is_told_to_use_an_account_key(
    ask, alice, method, path, who, scope
):
    key = project_key(alice)
    before = rows()

    said = says(ask(method, path, key), *FORBIDDEN)

    assert "project key" in said["error"]
    assert rows() == before


@over(SCOPED)
def test_all_scopes_but_the_needed_one_are_not_enough(
    ask, alice, method, path, who, scope
):
    key = key_of(alice, scopes=[each for each in keys.SCOPES if each != scope])
    before = rows()

    said = says(ask(method, path, key), *FORBIDDEN)

    assert scope in said["error"]
    assert rows() == before


@over(FOR_ACCOUNTS)
def test_the_documented_scope_alone_is_enough(ask, alice, method, path, who, scope):
    key = key_of(alice, scopes=[scope] if scope else [])
    before = rows()

    assert ask(method, path, key).status_code in (200, 201, 204)

    assert (rows() != before) is bool(scope)


@over(ABOUT_ONE)
def test_a_key_limited_to_other_functions_is_refused(
    ask, alice, method, path, who, scope
):
    key = key_of(alice, patterns=["mail-*", "image-resize"])
    before = rows()

    said = says(ask(method, path, key), *FORBIDDEN)

    assert said["error"] == (
        "This key is limited to functions that match mail-*, image-resize."
    )
    assert rows() == before


@over(ABOUT_ONE)
def test_a_key_limited_to_this_function_is_enough(ask, alice, method, path, who, scope):
    key = key_of(alice, patterns=["mail-*", "image-?esizer"])

    assert ask(method, path, key).status_code in (200, 201, 204)


@over(OF_ONE)
def test_what_is_anothers_is_not_found(ask, bob, method, path, who, scope):
    key = key_of(bob)
    before = rows()

    said = ask(method, path, key)

    assert (said.status_code, said.json()["code"]) == (404, "NOT_FOUND")
    assert rows() == before


def test_a_function_of_anothers_is_not_published_by_its_slug(client, bob, scene):
    api = Api(client, key_of(bob))
    before = rows()

    said = api.publish("image-resizer")

    assert (said.status_code, said.json()["code"]) == (404, "NOT_FOUND")
    assert rows() == before


@pytest.mark.parametrize("path", [FUNCTIONS, f"{FUNCTIONS}/ci/publish"])
def test_a_name_that_is_anothers_is_not_written_to(ask, bob, path):
    key = key_of(bob)
    before = rows()

    said = ask("POST", path, key)

    assert (said.status_code, said.json()["code"]) == (409, "DUPLICATE_SLUG")
    assert rows() == before


@over(READS)
def test_readers_need_no_key_and_any_key_will_do(ask, alice, method, path, who, scope):
    """What is public is the same for everyone."""
    answer = ask(method, path)
    assert answer.status_code == 200

    for key in [*unusable_keys(alice).values(), key_of(alice), project_key(alice)]:
        again = ask(method, path, key)
        assert (again.status_code, again.content) == (200, answer.content)


def test_validate_takes_either_kind_of_key_and_no_other(ask, alice):
    path = "/v1/cli/validate"
    unusable = unusable_keys(alice)

    assert ask("POST", path, project_key(alice)).json()["keyType"] == "project"
    assert ask("POST", path, key_of(alice, scopes=[])).json()["keyType"] == "account"
    for key in ["", *unusable.values()]:
        refused = ask("POST", path, key)
        assert refused.status_code == 401
        assert refused.json()["error"]["code"] == "UNAUTHORIZED"


def test_ci_needs_the_scope_publish_as_well_to_publish(client, alice, scene):
    sent = body(version="3.0.0", publish=True)
    to_save, ask = key_of(alice, scopes=["draft:write"]), Api(client)
    before = rows()

    refused = ask("POST", "ci/publish", sent, key=to_save)

    assert "publish" in says(refused, *FORBIDDEN)["error"]
    assert rows() == before
    to_publish = key_of(alice, scopes=["draft:write", "publish"])
    assert (
        ask("POST", "ci/publish", sent, key=to_publish).json()["status"] == "published"
    )
