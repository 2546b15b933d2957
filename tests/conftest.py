"""Fixtures: the accounts alice and bob, push() and publish()."""

import os
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.test import TransactionTestCase

from config.env import private_directory

# Playwright's sync API runs an event loop in the test's thread.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

CODE = "export const answer = () => 42;\n"
PASSWORD = "correct horse battery"


def pytest_configure():
    """Give each xdist worker its own data folder: in a shared one, a write in one test
    would make cached pages of another stale."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        settings.DATA_DIR = private_directory(settings.DATA_DIR / worker)


@contextmanager
def without_triggers():
    """Published rows can be changed within this."""
    from django.db import connection

    from registry import immutability

    def execute(statements):
        with connection.cursor() as cursor:
            for statement in statements(connection.vendor):
                cursor.execute(statement)

    execute(immutability.dropping)
    yield
    execute(immutability.creating)


def _flush_published_rows(case):
    """Empty the database between tests that commit.

    The immutability triggers are dropped for it, the ten categories are inserted
    again, and no page in memory stays.
    """
    from importlib import import_module

    from django.apps import apps

    from core.cache import versions

    with without_triggers():
        _fixture_teardown(case)
    import_module("registry.migrations.0002_ten_categories").add_categories(apps, None)
    versions.bump(versions.EVERYTHING)  # of pages that a live server keeps


_fixture_teardown = TransactionTestCase._fixture_teardown
TransactionTestCase._fixture_teardown = _flush_published_rows


@pytest.fixture(autouse=True)
def _quiet(settings, monkeypatch):
    """No background work, no rate limits, no answers kept, fast password hashes; tests
    turn on what they need."""
    settings.DERIVE_IN_BACKGROUND = False
    settings.RATE_LIMITS = False
    settings.PAGE_CACHE_BYTES = 0
    settings.ACCOUNT_RATE_LIMITS = False
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    from registry.installs import counting
    from registry.publishing import resemblance

    monkeypatch.setattr(resemblance, "KNOWN_SECONDS", 0)
    yield
    counting._waiting.clear()  # of versions that are gone


def make_account(username, **fields):
    from accounts.registration import create_account

    return create_account(username, f"{username}@example.com", PASSWORD, **fields)


@pytest.fixture
def alice(db):
    return make_account("alice")


@pytest.fixture
def bob(db):
    return make_account("bob")


@pytest.fixture
def staff(db):
    return make_account("mod", is_staff=True)


def body(**changes):
    """A valid push body. ``changes`` replace keys; None removes one."""
    made = {
        "name": "image-resizer",
        "version": "1.0.0",
        "description": "Resize images on the edge.",
        "category": "media",
        "language": "typescript",
        "license": "MIT",
        "entrypoint": "index.ts",
        "tags": ["image"],
        "code": CODE,
        "readme": "# Image resizer\n\nResizes images.\n",
    } | changes
    return {key: value for key, value in made.items() if value is not None}


@pytest.fixture
def push(alice):
    """push(**changes) -> Draft, by alice unless ``by`` says otherwise."""
    from registry import publishing

    def push(*, by=None, **changes):
        return publishing.push(body(**changes), by=by or alice, via="cli").draft

    return push


@pytest.fixture
def publish(push):
    """publish(**changes) -> Version: pushed and published."""
    from registry import publishing

    def publish(*, by=None, **changes):
        draft = push(by=by, **changes)
        by = draft.function.owner
        return publishing.publish(draft, by=by, via="cli").version

    return publish


def says(response, status, code, fix):
    """Assert that ``response`` is this refusal of /api/community/, and return its
    JSON."""
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "private, no-store"
    said = response.json()
    assert (said["code"], said["fix"]) == (code, fix)
    assert isinstance(said["error"], str)
    assert said["error"] == said["message"]
    return said


@pytest.fixture
def api(client, alice):
    """A client of the JSON API with an account key of alice's."""
    return Api(client, key_of(alice))


def key_of(account, **options):
    from accounts.keys import create_key

    return create_key(account, name="test", via="system", **options)[1]


class Api:
    """JSON in, JSON out, over Django's test client."""

    base = "/api/community/functions"

    def __init__(self, client, key=""):
        self.client, self.key = client, key

    def __call__(self, method, path, data=None, *, raw=None, key=None, **headers):
        """The response to ``method path``. raw: bytes to send instead of ``data``."""
        import json

        key = self.key if key is None else key
        if key:
            headers.setdefault("X-API-Key", key)
        content = raw if raw is not None else b""
        if data is not None:
            content = json.dumps(data).encode()
        return self.client.generic(
            method,
            path if path.startswith("/") else f"{self.base}/{path}".rstrip("/"),
            content,
            content_type=headers.pop("Content-Type", "application/json"),
            headers=headers,
        )

    def push(self, **changes):
        return self("POST", self.base, body(**changes))

    def publish(self, draft_id, **kwargs):
        return self("POST", f"{draft_id}/publish", **kwargs)

    def ci(self, **changes):
        return self("POST", "ci/publish", body(**changes))


@pytest.fixture
def queries():
    """queries(client, path) -> the number of queries of a GET of ``path``."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries(client, path):
        with CaptureQueriesContext(connection) as captured:
            response = client.get(path)
        assert response.status_code == 200, (path, response.status_code)
        return len(captured)

    return queries
