"""The options shared by all commands, and the Hub they choose."""

from __future__ import annotations

import functools
import os
import threading

import click

from aerostack_cli.config import (
    DEFAULT_HUB,
    Credentials,
    environment_key,
    hub_address,
)
from aerostack_cli.errors import CliError
from aerostack_cli.output import Output


class App:
    """The shared options of one run, and the Hub and keys that they select.

    hub_option: the value of --hub or AEROSTACK_API_URL, if any.
    """

    def __init__(self, *, out: Output, hub_option=None, allow_http=False):
        self.out = out
        self.allow_http = allow_http
        self._hub_option = hub_option
        self._hubs: dict = {}
        self._lock = threading.Lock()

    @functools.cached_property
    def credentials(self) -> Credentials:
        return Credentials()

    @functools.cached_property
    def hub_url(self) -> str:
        """--hub, else AEROSTACK_API_URL, else the Hub of the last login, else the
        public one."""
        chosen = self._hub_option or os.environ.get("AEROSTACK_API_URL")
        chosen = chosen or self.credentials.current_hub or DEFAULT_HUB
        return hub_address(chosen, allow_http=self.allow_http)

    def hub(self, url: str | None = None):
        """The Hub at ``url`` (default: ``hub_url``), without a key."""
        if url is None:
            url = self.hub_url
        else:
            url = hub_address(url, allow_http=self.allow_http)
        return self._open(url, None)

    def installed_hub(self, url: str):
        """The Hub a function was installed from, unless --hub names another."""
        return self.hub() if self._hub_option else self.hub(url)

    def account_hub(self, key: str | None = None):
        """The chosen Hub with ``key``, else AEROSTACK_API_KEY, else the stored key.
        Raises CliError without any key."""
        url = self.hub_url
        key = key or environment_key() or self.credentials.key_for(url)
        if not key:
            raise CliError(
                f"You are not logged in to {url}.",
                code="UNAUTHORIZED",
                fix="Run `aerostack login`, or set AEROSTACK_API_KEY.",
            )
        if not key.isascii() or not key.isprintable() or " " in key:
            raise CliError(
                "The API key holds characters that no key has.",
                code="UNAUTHORIZED",
                fix="Run `aerostack login` again",
            )
        return self._open(url, key)

    def close(self) -> None:
        for hub in self._hubs.values():
            hub.client.close()

    def _open(self, url: str, key: str | None):
        from aerostack_cli.client import Client
        from aerostack_cli.hub import Hub

        with self._lock:
            if (url, key) not in self._hubs:
                client = Client(url, key=key, allow_http=self.allow_http)
                self._hubs[url, key] = Hub(client)
            return self._hubs[url, key]


_COMMON = [
    click.option(
        "--hub",
        metavar="URL",
        help="The Hub to use, without /api. [env: AEROSTACK_API_URL]",
    ),
    click.option(
        "--allow-http",
        is_flag=True,
        envvar="AEROSTACK_ALLOW_HTTP",
        help="Allow plain http to another machine.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
    click.option("--quiet", "-q", is_flag=True, help="Print only what was asked for."),
]


def common_options(command):
    """Give ``command`` the shared options, and an App as its first argument."""

    @functools.wraps(command)
    def with_app(*args, hub, allow_http, as_json, quiet, **kwargs):
        out = Output(as_json=as_json, quiet=quiet)
        app = App(out=out, hub_option=hub, allow_http=allow_http)
        click.get_current_context().call_on_close(app.close)
        return command(app, *args, **kwargs)

    for option in reversed(_COMMON):
        with_app = option(with_app)
    return with_app


def examples(text: str) -> str:
    """``text`` as the Examples paragraph of a help page, kept line by line."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in text.splitlines())
