"""Typed settings from the environment. A bad value raises ImproperlyConfigured."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

env = environ.Env()
# Variables of the environment win over the file.
environ.Env.read_env(Path(__file__).resolve().parent.parent / ".env")


def env_flag(name: str, default: bool) -> bool:
    """A switch: 1 or 0."""
    raw = os.environ.get(name) or str(int(default))
    if raw not in {"0", "1"}:
        raise ImproperlyConfigured(f"{name}={raw!r}: use 1 (on) or 0 (off)")
    return raw == "1"


def env_int(name: str, default: int, *, at_least: int = 1, at_most: int) -> int:
    """A whole number between ``at_least`` and ``at_most``."""
    raw = os.environ.get(name) or str(default)
    is_number = raw.isdecimal() and len(raw) < 19
    if not is_number or not at_least <= int(raw) <= at_most:
        raise ImproperlyConfigured(f"{name}={raw!r}: use {at_least} to {at_most}")
    return int(raw)


def env_url(name: str, default: str) -> str:
    """An http(s) address without a trailing slash."""
    raw = (os.environ.get(name) or default).rstrip("/")
    parts = urlsplit(raw)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ImproperlyConfigured(
            f"{name}={raw!r}: use a full address such as https://hub.example.com"
        )
    return raw


def env_contact(name: str, default: str) -> str:
    """Where people reach the operator, as the URI that RFC 9116, 2.5.3, asks for: of a
    mail address, or an https address."""
    raw = os.environ.get(name, "").strip()
    if not raw:
        return default
    address = raw.removeprefix("mailto:")
    with suppress(ValidationError):
        validate_email(address)
        return f"mailto:{quote(address, safe='@+')}"
    parts = urlsplit(raw)
    is_plain = raw.isascii() and raw.isprintable() and " " not in raw
    if parts.scheme == "https" and parts.hostname and is_plain:
        return raw
    raise ImproperlyConfigured(
        f"{name}={raw!r}: use a mail address or an https address, such as "
        "security@example.com or https://example.com/security"
    )


def env_replicas(name: str, primary: dict) -> dict[str, dict]:
    """Django's database settings "replica1", "replica2", ... from PostgreSQL addresses
    separated by commas. primary: the settings of the database they replicate.

    No health checks: when a connection fails, the primary answers instead
    (core/db/replicas.py). The timeouts are short for the same reason.
    """
    found = {}
    for number, url in enumerate(env.list(name, default=[]), start=1):
        made = env.db_url_config(url)
        for database in (primary, made):
            if not database["ENGINE"].endswith("postgresql"):
                raise ImproperlyConfigured(
                    f"{name} is for PostgreSQL: DATABASE_URL and every replica have to "
                    "be postgres://user:password@host:5432/name addresses."
                )
        patience = {"connect_timeout": 2, "tcp_user_timeout": 3000}  # s and ms
        made["OPTIONS"] = patience | made.get("OPTIONS", {})
        made |= {"CONN_MAX_AGE": None, "TEST": {"MIRROR": "default"}}
        found[f"replica{number}"] = made
    return found


def env_storage(name: str) -> dict:
    """The entry of Django's STORAGES for uploads: s3://key:secret@host/bucket of any S3
    server, or the folder MEDIA_ROOT when unset.

    After ``?``: region, prefix (of every name), scheme (http for a server without TLS)
    and addressing (virtual: the bucket's name is part of the host name).
    """
    raw = os.environ.get(name)
    if not raw:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    url = urlsplit(raw)
    given = {"region": None, "prefix": "", "scheme": "https", "addressing": "path"}
    options = given | dict(parse_qsl(url.query))
    bucket = url.path.strip("/")
    usable = url.scheme == "s3" and url.hostname and url.username and url.password
    if not usable or not bucket or "/" in bucket or options.keys() != given.keys():
        raise ImproperlyConfigured(
            f"{name} can't be read: use s3://key:secret@host/bucket with key and "
            f"secret percent-encoded; after a ? may come {', '.join(given)}."
        )
    from botocore.config import Config  # slow (0.3 s), and only S3 needs it

    host = url.netloc.rpartition("@")[2]
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "access_key": unquote(url.username),
            "secret_key": unquote(url.password),
            "bucket_name": bucket,
            "endpoint_url": f"{options['scheme']}://{host}",
            "region_name": options["region"],
            "location": options["prefix"],
            "client_config": Config(
                connect_timeout=3,  # seconds; a page waits for it
                read_timeout=10,
                retries={"total_max_attempts": 2},
                signature_version="s3v4",
                s3={"addressing_style": options["addressing"]},
                # Some S3 servers refuse the newer checksums.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        },
    }


def private_directory(path: Path) -> Path:
    """``path``, created with mode 0700 when it is missing."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def public_directory(path: Path) -> Path:
    """``path``, created with mode 0755 when it is missing, whatever the umask."""
    if not path.exists():
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o755)
    return path


def secret_from(path: Path) -> str:
    """The secret in the file ``path``, which is created (0600) when missing.

    Two processes that start at once get the same secret: each writes a temporary file
    and links it into place, and only the first link succeeds.
    """
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first: use its secret
        finally:
            draft.unlink()
    secret = path.read_text().strip()
    if len(secret) < 32:
        raise ImproperlyConfigured(
            f"{path} holds fewer than 32 characters; delete it to have one made"
        )
    return secret
