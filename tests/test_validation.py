"""What a validation says when the worker fails, and what it may cost."""

import pytest
from django.core.cache import caches

from registry.content import sandbox
from registry.inspection import text
from tests.conftest import body

pytestmark = pytest.mark.django_db
PATH = "/api/community/functions/validate"
KEY = "AKIA" + "Q7ZL2M4N8P3R5T6V"
SLOW = {f"slow{n}.ts": "a:" * 250_000 for n in range(4)}  # 4 s of the parser and more


@pytest.fixture
def validate(client):
    """validate(**changes) -> (the answer, its JSON). The worker runs."""
    caches["local"].clear()
    sandbox.run(abs, -1, timeout=60)

    def validate(address="192.0.2.1", **changes):
        response = client.post(
            PATH, body(**changes), "application/json", REMOTE_ADDR=address
        )
        return response, response.json()

    return validate


def rules(answer) -> dict[str, str]:
    return {each["rule"]: each["severity"] for each in answer["diagnostics"]}


def refuse(*_, **__):
    raise AssertionError("a credential is searched in the request's process")


def test_credentials_are_searched_in_the_worker_alone(validate, monkeypatch):
    monkeypatch.setattr(text, "find_secrets", refuse)

    _, answer = validate(code=f"export const key = '{KEY}';\n")

    assert rules(answer) == {"credential": "warning"}


def test_validation_is_not_ok_where_nobody_looked_for_credentials(
    validate, monkeypatch
):
    def busy(*_, **__):
        raise sandbox.SandboxBusy()

    monkeypatch.setattr(sandbox, "run", busy)
    response, answer = validate(code=f"export const key = '{KEY}';\n")

    assert response.status_code == 200
    assert answer["ok"] is False
    assert rules(answer) == {"not-searched": "error", "not-inspected": "warning"}
    assert "Too many texts are waiting" in answer["diagnostics"][0]["message"]


def test_validation_says_that_code_was_not_inspected(validate):
    files = SLOW | {"key.ts": f"export const key = '{KEY}';\n"}

    _, answer = validate(files=files)

    assert answer["ok"] is True
    assert rules(answer) == {"credential": "warning", "not-inspected": "warning"}


def test_validations_are_limited_by_what_they_cost(validate, settings):
    settings.RATE_LIMITS, settings.VALIDATE_WORKER_SECONDS = True, 1

    first, _ = validate(files=SLOW)
    refused, answer = validate()
    other, _ = validate(address="192.0.2.2")

    assert first.status_code == other.status_code == 200
    assert refused.status_code == 429
    assert answer["code"] == "RATE_LIMITED"
    assert "more than 1 seconds of work" in answer["error"]
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit-Policy"] == '"validate-work";q=1000;w=60'


def test_validations_that_cost_little_are_counted_by_number(validate, settings):
    settings.RATE_LIMITS = True

    answers = [validate()[0] for _ in range(5)]

    assert {response.status_code for response in answers} == {200}
    assert answers[0].headers["RateLimit-Policy"] == '"validate";q=60;w=60'
