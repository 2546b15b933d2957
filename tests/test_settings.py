"""Settings from the environment: defaults that are right, refusals in a sentence."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRINT = """
import json
from django.conf import settings as s
print(json.dumps({name: getattr(s, name) for name in %r}))
"""


def start(folder, *names, **environment):
    """What a start with ``environment`` says: (status, output, error output)."""
    inherited = {"PATH": os.environ["PATH"], "HUB_DATA_DIR": str(folder)}
    made = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", PRINT % (names,)],
        cwd=ROOT,
        env=inherited | environment,
        capture_output=True,
        text=True,
    )
    return made.returncode, made.stdout, made.stderr


def values(folder, *names, **environment):
    import json

    status, said, error = start(folder, *names, **environment)
    assert status == 0, error
    return json.loads(said)


def test_defaults_make_a_plain_serve_right(tmp_path):
    folder = tmp_path / "new" / "data"
    found = values(
        folder,
        *("HUB_URL", "ADMIN_URL", "ALLOWED_HOSTS", "DEBUG", "SESSION_COOKIE_SECURE"),
        *("SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS"),
        PORT="8123",
    )

    assert found["HUB_URL"] == "http://localhost:8123"
    assert found["ADMIN_URL"] == "http://localhost:8123/admin"
    assert found["ALLOWED_HOSTS"] == ["127.0.0.1", "localhost"]
    assert found["DEBUG"] is False
    assert found["SESSION_COOKIE_SECURE"] is False
    assert found["SECURE_SSL_REDIRECT"] is False
    assert found["SECURE_HSTS_SECONDS"] == 0
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_https_in_the_address_turns_its_protections_on(tmp_path):
    found = values(
        tmp_path,
        *("ALLOWED_HOSTS", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"),
        *("SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "ADMIN_URL"),
        HUB_URL="https://hub.example.com/",
        ALLOWED_HOSTS="other.example.com",
    )

    assert found["ADMIN_URL"] == "https://hub.example.com/admin"
    assert "hub.example.com" in found["ALLOWED_HOSTS"]
    assert "other.example.com" in found["ALLOWED_HOSTS"]
    assert found["SESSION_COOKIE_SECURE"] is True
    assert found["CSRF_COOKIE_SECURE"] is True
    assert found["SECURE_SSL_REDIRECT"] is True
    assert found["SECURE_HSTS_SECONDS"] > 0


@pytest.mark.parametrize(
    ("contact", "uri"),
    [
        ("", "http://localhost:8000/docs/reporting"),
        ("security@example.com", "mailto:security@example.com"),
        ("mailto:hub+bugs@example.com", "mailto:hub+bugs@example.com"),
        ("https://example.com/security?a=b", "https://example.com/security?a=b"),
    ],
)
def test_the_contact_is_a_uri(tmp_path, contact, uri):
    assert values(tmp_path, "CONTACT", CONTACT=contact)["CONTACT"] == uri


def test_a_secret_is_made_once_and_kept_for_its_owner_alone(tmp_path):
    first = values(tmp_path, "SECRET_KEY")["SECRET_KEY"]
    again = values(tmp_path, "SECRET_KEY")["SECRET_KEY"]

    assert first == again == (tmp_path / "secret_key").read_text()
    assert len(first) >= 64
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"DEBUG": "1", "HUB_URL": "https://hub.example.com"}, "DEBUG=1 shows"),
        ({"ALLOWED_HOSTS": "*", "HUB_URL": "https://hub.example.com"}, "ALLOWED_HOSTS"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is shorter than 32"),
        ({"DEBUG": "yes"}, "use 1 (on) or 0 (off)"),
        ({"PORT": "http"}, "PORT='http': use 1 to 65535"),
        ({"PORT": "70000"}, "use 1 to 65535"),
        ({"PORT": "9" * 5_000}, "use 1 to 65535"),
        ({"CONTACT": "security"}, "use a mail address or an https address"),
        ({"CONTACT": "http://hub.example.com"}, "use a mail address or an https"),
        ({"CONTACT": "https://"}, "use a mail address or an https address"),
        ({"CONTACT": "https://a.example/\nExpires: x"}, "use a mail address or an"),
        ({"CONTACT": "a@b.example c@d.example"}, "use a mail address or an https"),
        ({"CONTACT": "javascript:alert(1)"}, "use a mail address or an https"),
        ({"HUB_URL": "hub.example.com"}, "use a full address"),
        ({"HUB_URL": "ftp://hub.example.com"}, "use a full address"),
        ({"PAGE_CACHE_MB": "much"}, "PAGE_CACHE_MB"),
        ({"DATABASE_REPLICA_URLS": "postgres://a@b/c"}, "is for PostgreSQL"),
    ],
    ids=str,
)
def test_an_unsafe_or_unusable_setting_stops_the_start(tmp_path, environment, said):
    status, _, error = start(tmp_path, **environment)

    assert status == 1
    assert error.startswith("The Hub does not start: ")
    assert said in error
    assert "Traceback" not in error
    assert error.count("\n") == 1


def test_two_starts_at_once_agree_on_the_secret(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as threads:
        found = set(
            threads.map(lambda _: str(values(tmp_path, "SECRET_KEY")), range(4))
        )

    assert len(found) == 1
