"""Each refusal as clients see it: status, body, headers, fix."""

from io import BytesIO
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.wsgi import get_wsgi_application

from accounts import keys
from registry.models import Draft, Version
from tests.conftest import CODE, Api, body, key_of, says

pytestmark = pytest.mark.django_db


# --- the six codes the product's guide names


def test_invalid_category_lists_all_of_them(api):
    said = says(
        api.push(category="Media"),
        400,
        "INVALID_CATEGORY",
        "Check spelling and use lowercase",
    )

    assert said["field"] == "category"
    assert said["error"] == (
        "Category 'Media' is not one of: auth, payments, media, email, ai, database, "
        "utility, analytics, notifications, storage."
    )


def test_missing_entrypoint(api):
    said = says(
        api.push(entrypoint="main.ts", code=None, files={"index.ts": CODE}),
        400,
        "MISSING_ENTRYPOINT",
        "Verify the path is relative to the function directory",
    )

    assert "'main.ts'" in said["error"]


def test_empty_code(api):
    says(
        api.push(code="// soon\n"),
        400,
        "EMPTY_CODE",
        "Add at least one exported function",
    )


@pytest.mark.parametrize("name", ["image-resizer", "Image Resizer", "lmage-resizer"])
def test_duplicate_slug_names_the_other(api, bob, publish, name):
    publish()
    other = Api(api.client, key_of(bob))

    said = says(other.push(name=name), 409, "DUPLICATE_SLUG", "Rename your function")

    assert "alice" in said["error"]
    assert Draft.objects.count() == 1


def test_close_names_of_ones_own_are_allowed(api, publish):
    publish()

    assert api.push(name="lmage-resizer").status_code == 201


def test_a_claim_that_was_never_published_is_not_described(api, bob, push):
    push(name="secret-plan")

    said = Api(api.client, key_of(bob)).push(name="secretplan").json()

    assert said["error"] == "The name 'secretplan' is taken by another account."


WRONG = "ac_secret_" + "0" * 42


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": "nonsense"},
        {"X-API-Key": WRONG},
        {"X-API-Key": keys.new_secret(keys.ACCOUNT_PREFIX)},
        {"Authorization": "Bearer " + WRONG},
        {"Authorization": "Basic " + WRONG},
        {"Cookie": f"key={WRONG}"},
    ],
    ids=["none", "shape", "checksum", "unknown", "bearer", "basic", "cookie"],
)
def test_unauthorized_is_one_body_for_all(api, headers):
    response = api("POST", api.base, body(), key="", **headers)

    said = says(response, 401, "UNAUTHORIZED", "Run `aerostack login` again")
    assert said["error"] == "The API key is missing or not valid."
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert not Draft.objects.exists()


def test_version_conflict_gives_both_hashes(api):
    api.publish(api.push().json()["id"])
    other = api.push(code=CODE + "// other\n").json()

    said = says(
        api.publish(other["id"]),
        409,
        "VERSION_CONFLICT",
        "Bump `version` in aerostack.json",
    )

    detail = said["details"][0]
    assert detail["published"].startswith("sha256-")
    assert detail["published"] != detail["sent"]
    assert said["error"].endswith("with other content (files).")
    assert Version.objects.count() == 1


def test_build_metadata_makes_no_new_version(api):
    api.publish(api.push(version="1.0.0+a").json()["id"])

    again = api.publish(api.push(version="1.0.0+b").json()["id"])
    other = api.publish(api.push(version="1.0.0+c", code=CODE + "//\n").json()["id"])

    assert again.json()["already_published"] is True
    assert other.json()["code"] == "VERSION_CONFLICT"


def test_a_frozen_field_makes_other_content(api):
    api.publish(api.push().json()["id"])

    sent = {"envVars": ["TOKEN"], "license": "ISC"}
    made = api.publish(api.push(**sent).json()["id"])

    assert made.json()["code"] == "VERSION_CONFLICT"
    assert made.json()["error"].endswith("with other content (license, envVars).")


# --- addresses and methods


@pytest.mark.parametrize(
    "path",
    ["/api", "/api/", "/api/x", "/api/community", "/api/v2/functions", "/api/../x"],
)
def test_unknown_paths_are_json(client, path):
    response = client.get(path)

    assert response.status_code == 404
    assert response.json()["code"] == "NOT_FOUND"


def test_unknown_cli_paths_nest_the_error(client):
    said = client.get("/api/v1/cli/nothing").json()

    assert said["error"]["code"] == "NOT_FOUND"
    assert said["error"]["message"]


@pytest.mark.parametrize("method", ["PUT", "OPTIONS", "TRACE", "DELETE", "XYZ"])
def test_other_methods_are_told_the_right_ones(api, method):
    response = api(method, api.base)

    assert response.status_code == 405
    assert response.json()["code"] == "METHOD_NOT_ALLOWED"
    assert response.headers["Allow"] == "GET, HEAD, POST"


def test_a_method_override_is_ignored(api, push):
    draft = push()

    api("GET", str(draft.pk), **{"X-HTTP-Method-Override": "DELETE"})

    assert Draft.objects.filter(pk=draft.pk).exists()


@pytest.mark.parametrize(
    "path",
    [
        "/api/community/functions",
        "/api/community/functions/",
        "//api//community///functions//",
    ],
)
def test_any_spelling_of_a_path_answers_without_a_redirect(client, path):
    # The test client would read // as the start of a host name.
    assert client.get("/", PATH_INFO=path).json()["total"] == 0
    assert client.post("/", PATH_INFO=path).status_code == 401


def test_head_has_headers_and_no_body(api, publish):
    publish()

    public = api("HEAD", "alice/image-resizer/install")
    private = api("HEAD", "my")

    assert (public.status_code, public.content) == (200, b"")
    assert (private.status_code, private.content) == (200, b"")
    assert int(public.headers["Content-Length"]) > 500


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/api/community/functions", {}, 401),
        ("PUT", "/api/community/functions", {}, 405),
        ("POST", "/api/community/functions/validate", {"CONTENT_TYPE": "a/b"}, 415),
        ("POST", "/api/community/functions/validate", {}, 413),
        ("POST", "/api/nothing", {}, 404),
        ("POST", "/api/community/functions", {"HTTP_HOST": "evil.example"}, 400),
        ("POST", "/api/community/functions", {"QUERY_STRING": "a=%00"}, 400),
        ("POST", "/api/v1/cli/telemetry/errors", {}, 200),
    ],
)
def test_a_body_is_read_to_its_end_before_an_answer(db, method, path, headers, status):
    """A client that is still sending when it is cut off never shows the answer."""
    size = 6 * 1024 * 1024
    sent = BytesIO(b" " * size)
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(size),
        "HTTP_HOST": "localhost",
        "wsgi.input": sent,
    } | headers
    setup_testing_defaults(environ)
    said = []

    response = get_wsgi_application()(environ, lambda *started: said.append(started[0]))
    response.close()

    assert said[0].startswith(str(status))
    assert sent.tell() == size


def test_edit_conflict_names_both_revisions(api):
    draft = api.push().json()
    path = draft["id"]
    etag = api("GET", path).headers["ETag"]
    assert (
        api("PATCH", path, {"tags": ["new"]}, **{"If-Match": etag}).status_code == 200
    )

    stale = api("PATCH", path, {"tags": ["old"]}, **{"If-Match": etag})

    says(stale, 412, "EDIT_CONFLICT", "Reload and merge")
    refused = api("POST", f"{path}/publish", **{"If-Match": etag})
    assert refused.status_code == 412
    assert api("GET", path).json()["function"]["tags"] == ["new"]


def test_secret_found_masks_the_value_and_stores_nothing(api):
    secret = "AKIAQ3EGRTHL5XWVYP2M"
    pushed = api.push(code=f'{CODE}\nconst id = "{secret}";\n')
    assert pushed.status_code == 201
    assert any("credential" in warning for warning in pushed.json()["warnings"])

    response = api.publish(pushed.json()["id"])

    said = says(
        response, 400, "SECRET_FOUND", "Remove it, rotate it, or waive it with a reason"
    )
    detail = said["details"][0]
    assert (detail["path"], detail["line"]) == ("index.ts", 3)
    assert secret not in response.content.decode()
    assert not Version.objects.exists()


def test_rate_limited_says_how_long_to_wait(api, settings):
    settings.RATE_LIMITS = True

    answers = [api("POST", "validate", body()) for _ in range(61)]

    last = answers[-1]
    said = last.json()
    assert (last.status_code, said["code"]) == (429, "RATE_LIMITED")
    assert 1 <= int(last.headers["Retry-After"]) <= 60
    assert last.headers["RateLimit-Policy"] == '"validate";q=60;w=60'
    assert answers[0].headers["RateLimit"].startswith('"validate";r=59;')


def test_a_fault_of_ours_says_only_its_id(api, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("the inside")

    monkeypatch.setattr("registry.search.find", broken)

    response = api("GET", api.base)

    assert (response.status_code, response.json()["code"]) == (500, "INTERNAL")
    assert b"the inside" not in response.content
    assert response.headers["X-Request-Id"] in response.json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/functions", 200),
        ("POST", "/functions", 401),
        ("PUT", "/functions", 405),
    ],
)
def test_answers_have_the_headers_of_every_page(client, db, method, path, status):
    answer = client.generic(method, "/api/community" + path)
    page = client.get("/")

    assert answer.status_code == status
    for name in (
        "Content-Security-Policy",
        "X-Frame-Options",
        "X-Content-Type-Options",
        "Referrer-Policy",
        "Cross-Origin-Opener-Policy",
    ):
        assert answer.headers[name] == page.headers[name]
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert not answer.cookies


def test_an_address_of_another_host_is_refused(client, db):
    answer = client.get("/api/community/functions", headers={"Host": "evil.example"})

    assert answer.status_code == 400
    assert answer.json()["code"] == "VALIDATION_ERROR"
