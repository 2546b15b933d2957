"""The Hub's address and stored keys.

Logins are kept as ``{"current": url, "keys": {url: key}}`` in
``credentials.json``, mode 0600, in the user's configuration folder
(``AEROSTACK_CONFIG_DIR`` moves it).
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from urllib.parse import urlsplit

from aerostack_cli.errors import CliError, UsageError

DEFAULT_HUB = "https://hub.aerostack.dev"


def hub_address(text: str, *, allow_http: bool = False) -> str:
    """The base URL of a Hub as typed, without trailing slash and ``/api``.

    allow_http: allow plain http to other machines; to this one it is always allowed.
    Raises UsageError if it is not such a URL.
    """
    address = text.strip().rstrip("/").removesuffix("/api").rstrip("/")
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        parts, host = None, None
    if not host or parts.scheme not in ("http", "https") or parts.query:
        raise UsageError(
            f"'{text}' is not the address of a Hub.",
            fix=f"Write it like {DEFAULT_HUB}, without /api.",
        )
    if parts.username or parts.password or parts.fragment:
        raise UsageError(f"'{host}' must be given without a user name or '#'.")
    if parts.scheme == "http" and not (is_loopback(host) or allow_http):
        raise UsageError(
            f"{address} is plain http: everyone on the way could read your key "
            "and change what you install.",
            fix="Use https://, or add --allow-http on a network you trust.",
        )
    return address


def is_loopback(host: str | None) -> bool:
    """Whether ``host`` is this machine, by name or address."""
    import ipaddress

    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


class Credentials:
    """The file of stored keys. A missing file counts as empty."""

    def __init__(self, directory: Path | None = None):
        self.path = (directory or _config_directory()) / "credentials.json"

    @property
    def current_hub(self) -> str | None:
        """The Hub of the last login."""
        current = self._read().get("current")
        return current if isinstance(current, str) else None

    def key_for(self, hub: str) -> str | None:
        key = self._keys().get(hub)
        return key if isinstance(key, str) else None

    def remember(self, hub: str, key: str) -> None:
        self._write({"current": hub, "keys": {**self._keys(), hub: key}})

    def forget(self, hub: str) -> bool:
        """Delete the key for ``hub``. Returns False if there was none."""
        keys = self._keys()
        if keys.pop(hub, None) is None:
            return False
        current = self.current_hub
        self._write({"current": None if current == hub else current, "keys": keys})
        return True

    def _keys(self) -> dict:
        keys = self._read().get("keys")
        return dict(keys) if isinstance(keys, dict) else {}

    def _read(self) -> dict:
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            raise CliError(
                f"{self.path} is damaged.",
                code="DAMAGED_CREDENTIALS",
                fix="Remove that file, then run `aerostack login` again.",
            )
        return content

    def _write(self, content: dict) -> None:
        """Replace the file atomically. mkstemp creates it with mode 0600."""
        import tempfile

        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file, indent=2)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self.path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
            raise


def _config_directory() -> Path:
    if chosen := os.environ.get("AEROSTACK_CONFIG_DIR"):
        return Path(chosen)
    import platformdirs

    return platformdirs.user_config_path("aerostack", appauthor=False)


def environment_key() -> str | None:
    """``AEROSTACK_API_KEY``, which wins over every stored key."""
    return (os.environ.get("AEROSTACK_API_KEY") or "").strip() or None
