"""The OpenAPI document: true to the server, and complete."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

import api.urls  # noqa: F401  (declares the endpoints)
from api.decorators import ENDPOINTS
from api.openapi import document
from tests.conftest import body
from tests.hub_server import HubServer

FUNCTIONS = "/api/community/functions"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with HubServer(tmp_path_factory.mktemp("hub")) as server:
        server.key = server.account()
        server.call("POST", f"{FUNCTIONS}/ci/publish", body(publish=True), server.key)
        yield server


@pytest.fixture(scope="module")
def api_schema(server):
    return schemathesis.openapi.from_url(f"{server.url}/api/openapi.json")


CHECKS = [
    schemathesis.checks.not_a_server_error,
    schemathesis.checks.status_code_conformance,
    schemathesis.checks.content_type_conformance,
    schemathesis.checks.response_schema_conformance,
]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: e.view.__name__)
def test_server_answers_as_the_document_says(endpoint, server, api_schema):
    operation = api_schema["/api" + endpoint.path][endpoint.method.lower()]

    @settings(
        max_examples=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    @given(case=operation.as_strategy())
    def asked(case):
        response = case.call(base_url=server.url, headers={"X-API-Key": server.key})
        case.validate_response(response, checks=CHECKS)
        answered.append(response.status_code)

    answered = []
    asked()
    assert answered


@pytest.mark.django_db
def test_every_endpoint_is_in_the_document():
    paths = document()["paths"]

    for endpoint in ENDPOINTS:
        operation = paths["/api" + endpoint.path][endpoint.method.lower()]
        assert operation["summary"]
        assert endpoint.scope == "" or endpoint.scope in operation["description"]
    assert len({e.view.__name__ for e in ENDPOINTS}) == len(ENDPOINTS)


@pytest.mark.django_db
def test_every_reference_in_the_document_leads_somewhere():
    made = document()
    names = set(made["components"]["schemas"])

    def references(node):
        if isinstance(node, dict):
            if "$ref" in node:
                yield node["$ref"].rpartition("/")[2]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    assert set(references(made)) <= names
