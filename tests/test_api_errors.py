"""The shape of a refusal (docs/errors.md), and what is said when something breaks."""

import logging

import pytest
from django.db import InterfaceError, OperationalError, connection

from registry.models import Draft
from tests.conftest import CODE

pytestmark = pytest.mark.django_db

TELEMETRY = "/api/v1/cli/telemetry/errors"
WHOSE_KEY = "/api/v1/cli/validate"
NOTHING = "00000000-0000-0000-0000-000000000000"


def breaking(error):
    """Every query fails with ``error``."""

    def fail(*given):
        raise error

    return connection.execute_wrapper(fail)


# --- keys in headers


@pytest.mark.parametrize(
    "headers",
    [
        {"X-API-Key": "{}"},
        {"X-API-Key": "  {} "},
        {"Authorization": "Bearer {}"},
        {"Authorization": "bearer {}"},
        {"Authorization": "BEARER   {} "},
        {"X-API-Key": "{}", "Authorization": "Bearer nonsense"},
        {"X-API-Key": " ", "Authorization": "Bearer {}"},
    ],
    ids=str,
)
def test_a_key_is_found_however_clients_write_it(api, headers):
    sent = {name: value.format(api.key) for name, value in headers.items()}

    assert api("GET", "my", key="", **sent).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-API-Key": "nonsense", "Authorization": "Bearer {}"},
        {"X-API-Key": "Bearer {}"},
        {"Authorization": "{}"},
        {"Authorization": "Basic {}"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer{}"},
        {"Cookie": "X-API-Key={}"},
    ],
    ids=str,
)
def test_a_key_is_looked_for_nowhere_else(api, headers):
    sent = {name: value.format(api.key) for name, value in headers.items()}

    assert api("GET", "my", key="", **sent).status_code == 401


# --- the shape


def test_a_refusal_of_one_field_names_it_and_gives_no_list(api):
    said = api.push(category="Media").json()

    assert set(said) == {"error", "code", "message", "fix", "field"}
    assert said["field"] == "category"


def test_a_refusal_about_no_field_says_so_little(api):
    said = api("GET", NOTHING).json()

    assert set(said) == {"error", "code", "message", "fix"}


def test_a_refusal_lists_every_fault(api):
    said = api.push(category="Media", tags=["-", "ok", "_"], license="Mine").json()

    found = [(each["code"], each["field"]) for each in said["details"]]
    assert sorted(found) == [
        ("INVALID_CATEGORY", "category"),
        ("INVALID_LICENSE", "license"),
        ("VALIDATION_ERROR", "tags[0]"),
        ("VALIDATION_ERROR", "tags[2]"),
    ]
    assert all(each["message"] for each in said["details"])
    # The head is that of a fault that has a code of its own.
    assert said["code"] in ("INVALID_CATEGORY", "INVALID_LICENSE")
    assert not Draft.objects.exists()


def test_a_single_fault_with_more_to_say_is_listed_too(api):
    api.publish(api.push().json()["id"])

    said = api.publish(api.push(code=f"{CODE}// 2\n").json()["id"]).json()

    (detail,) = said["details"]
    assert detail["code"] == "VERSION_CONFLICT"
    assert {"published", "sent"} <= set(detail)


def test_a_refusal_is_text_as_it_is_read(api):
    raw = api.push(category="Größe").content.decode()

    assert "'Größe'" in raw
    assert '","' in raw


# --- when something breaks


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/community/functions"), ("POST", WHOSE_KEY)],
)
def test_a_database_that_does_not_answer_is_said_and_logged(
    api, caplog, error, method, path
):
    with breaking(error("no route to host")):
        response = api(method, path)

    said = response.json()
    said = said["error"] if path == WHOSE_KEY else said
    assert (response.status_code, said["code"]) == (503, "UNAVAILABLE")
    assert said["message"] == "The database does not answer."
    assert response.headers["Cache-Control"] == "private, no-store"
    assert "no route to host" not in response.text
    assert "no route to host" in caplog.text


@pytest.mark.parametrize("path", ["/api/community/functions/my", WHOSE_KEY])
def test_a_fault_of_ours_has_an_id_that_stands_in_the_log(api, caplog, path):
    method = "POST" if path == WHOSE_KEY else "GET"
    with (
        caplog.at_level(logging.ERROR, "api.answers"),
        breaking(ZeroDivisionError("the inside")),
    ):
        response = api(method, path)

    said = response.json()
    said = said["error"] if path == WHOSE_KEY else said
    assert (response.status_code, said["code"]) == (500, "INTERNAL")
    request_id = response.headers["X-Request-Id"]
    assert request_id in said["message"]
    assert "the inside" not in response.text
    assert request_id in caplog.text
    assert path in caplog.text
    assert "the inside" in caplog.text  # with its traceback


def test_two_faults_have_two_ids(api):
    with breaking(ZeroDivisionError()):
        ids = {api("GET", "my").headers["X-Request-Id"] for _ in range(2)}

    assert len(ids) == 2


def test_a_fault_outside_of_every_endpoint_is_json_too(client, monkeypatch):
    def broken():
        raise RuntimeError("the inside")

    client.raise_request_exception = False
    monkeypatch.setattr("api.openapi.document", broken)

    response = client.get("/api/openapi.json")

    assert (response.status_code, response.json()["code"]) == (500, "INTERNAL")
    assert "the inside" not in response.text


# --- HEAD, and methods


def test_the_head_of_a_private_answer_has_its_length_and_no_body(api, push):
    push()

    head, get = api("HEAD", "my"), api("GET", "my")

    assert head.content == b""
    assert int(head.headers["Content-Length"]) == len(get.content) > 100
    refused = api("HEAD", "my", key="nonsense")
    assert (refused.status_code, refused.content) == (401, b"")
    assert int(refused.headers["Content-Length"]) > 100


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/community/functions", "GET, HEAD, POST"),
        ("/api/community/functions/my", "GET, HEAD"),
        (f"/api/community/functions/{NOTHING}", "DELETE, GET, HEAD, PATCH"),
        ("/api/community/functions/ci/publish", "POST"),
        ("/api/community/functions/alice/x/versions/1.0.0/yank", "DELETE, POST"),
        (TELEMETRY, "POST"),
    ],
)
def test_an_address_names_its_methods(client, path, allowed):
    response = client.put(path)

    assert response.status_code == 405
    assert response.headers["Allow"] == allowed
    said = response.json()
    said = said["error"] if path == TELEMETRY else said
    assert said["code"] == "METHOD_NOT_ALLOWED"
    assert "'PUT'" in said["message"]


def test_no_form_token_is_asked_for(api, client):
    client.handler.enforce_csrf_checks = True

    assert api.push().status_code == 201


def test_an_answer_without_content_has_none(api, push):
    response = api("DELETE", str(push().pk))

    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["Content-Length"] == "0"
    assert response.headers["Cache-Control"] == "private, no-store"
