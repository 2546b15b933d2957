"""Reading over the API: identity, lists, caching."""

import json

import pytest

from accounts import keys
from accounts.models import Event, Project
from api import shapes
from registry.models import Function
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


# --- identity


def test_validate_tells_whose_account_key_it_is(api, alice):
    said = api("POST", "/api/v1/cli/validate").json()

    assert said["keyType"] == "account"
    assert (said["username"], said["email"]) == ("alice", "alice@example.com")
    assert said["userId"] == str(alice.pk)
    assert said["name"]
    assert said["message"]


def test_validate_tells_whose_project_key_it_is(api, alice):
    project = Project.objects.create(account=alice, name="Shop", slug="shop")
    _, key = keys.create_key(alice, name="k", project=project, via="system")

    said = api("POST", "/api/v1/cli/validate", key=key).json()

    assert (said["keyType"], said["slug"]) == ("project", "shop")
    assert said["projectName"] == "Shop"


def test_validate_refuses_in_the_cli_shape(client, db):
    response = client.post("/api/v1/cli/validate")

    assert response.status_code == 401
    assert set(response.json()) == {"error"}
    assert response.json()["error"]["code"] == "UNAUTHORIZED"


def test_login_gives_a_key_that_works(api, alice):
    sent = {"email": alice.email, "password": PASSWORD}
    token = api("POST", "/api/auth/login", sent, key="").json()["token"]

    assert api("GET", "my", key="", Authorization=f"Bearer {token}").status_code == 200
    assert alice.keys.order_by("-id").first().expires_at is not None


@pytest.mark.parametrize(
    "sent",
    [
        {"email": "alice@example.com", "password": "wrong"},
        {"email": "nobody@example.com", "password": PASSWORD},
        {"email": "a\0", "password": PASSWORD},
    ],
)
def test_login_refuses_without_saying_what_was_wrong(api, sent):
    response = api("POST", "/api/auth/login", sent, key="")

    assert (response.status_code, response.json()["code"]) == (401, "UNAUTHORIZED")
    assert response.json()["error"] == (
        "The e-mail address or the password is not right."
    )


@pytest.mark.parametrize("raw", [b"", b"{}", b"nonsense", b"\xff" * 1000])
def test_telemetry_is_taken_and_forgotten(client, db, raw):
    events = Event.objects.count()

    response = client.generic("POST", "/api/v1/cli/telemetry/errors", raw)

    assert (response.status_code, response.json()) == (200, {"id": None})
    assert Event.objects.count() == events


# --- lists


def slugs(response):
    return [function["slug"] for function in response.json()["functions"]]


def test_list_pages_through_everything_once(api, publish):
    for n in range(7):
        publish(name=f"tool-number-{n}a")

    seen, cursor = [], ""
    while True:
        page = api("GET", f"{api.base}?limit=3&sort=name&cursor={cursor}")
        seen += slugs(page)
        cursor = page.json()["next"]
        if not cursor:
            break

    assert seen == sorted(f"tool-number-{n}a" for n in range(7))
    assert page.json()["total"] == 7


def test_list_filters(api, publish, bob):
    publish()
    publish(name="mailer", category="email", tags=["smtp"], by=bob)

    assert slugs(api("GET", f"{api.base}?category=email")) == ["mailer"]
    assert slugs(api("GET", f"{api.base}?tag=image")) == ["image-resizer"]
    assert slugs(api("GET", f"{api.base}?author=@bob")) == ["mailer"]
    assert slugs(api("GET", f"{api.base}?category=ai")) == []


def test_list_items_carry_no_code(api, publish):
    publish()

    item = api("GET", api.base).json()["functions"][0]

    assert set(item) == set(
        "id name slug description category author_username star_count clone_count "
        "version tags license updated_at".split()
    )


def test_list_items_are_what_the_function_itself_says(api, publish):
    """They are put together as text, whatever stands in them."""
    version = publish(
        name='Sizes, "quoted" \\ and {braces}',
        description="Größe <b>&amp; 日本 \\n \U0001f600",
        tags=["image", "rate limit"],
    )
    function = version.function

    raw = api("GET", f"{api.base}?search={function.slug}").content

    (listed,) = json.loads(raw)["functions"]
    assert listed == shapes.item(Function.objects.get(pk=function.pk))
    again = json.dumps(json.loads(raw), ensure_ascii=False, separators=(",", ":"))
    assert raw.decode() == again


def test_my_shows_drafts_and_the_draft_behind_the_latest_version(api, publish, push):
    first = publish().draft_uid
    latest = publish(version="1.1.0").draft_uid
    waiting = push(version="2.0.0").pk

    mine = api("GET", "my").json()["functions"]

    assert {(m["id"], m["status"]) for m in mine} == {
        (str(waiting), "draft"),
        (str(latest), "published"),
    }
    assert str(first) not in [m["id"] for m in mine]


# --- caching


def test_public_answers_are_sealed_and_revalidate(api, publish):
    publish()
    path = "alice/image-resizer/install"
    first = api("GET", path)

    again = api("GET", path, **{"If-None-Match": first.headers["ETag"]})

    assert first.headers["Cache-Control"] == "public, no-cache"
    assert first.headers["Vary"] == "Accept-Encoding"
    assert "Set-Cookie" not in first.headers
    assert (again.status_code, again.content) == (304, b"")
    packed = api("GET", path, **{"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["ETag"] != first.headers["ETag"]


def test_private_answers_are_not_kept(api):
    assert api("GET", "my").headers["Cache-Control"] == "private, no-store"


def test_a_publish_is_visible_at_once(api, publish):
    publish()
    tag = api("GET", "alice/image-resizer/install").headers["ETag"]

    publish(version="1.1.0")

    again = api("GET", "alice/image-resizer/install", **{"If-None-Match": tag})
    assert (again.status_code, again.json()["version"]) == (200, "1.1.0")


def test_json_is_utf_8_and_unescaped(api):
    api.publish(api.push(description="Größe ändern 日本").json()["id"])

    raw = api("GET", "alice/image-resizer").content

    assert "Größe ändern 日本" in raw.decode()
    assert json.loads(raw)["function"]["description"] == "Größe ändern 日本"
