"""A Hub's endpoints as methods. Source: docs/api.md."""

from __future__ import annotations

from urllib.parse import quote

from aerostack_cli.client import Client
from aerostack_cli.errors import (
    HubRefusal,
    OutcomeUnknown,
    UntrustedAnswer,
)
from aerostack_cli.refs import Ref
from aerostack_cli.snapshot import Snapshot, read_snapshot, sha256, text_bytes

FUNCTIONS = "/api/community/functions"
PUSH_ATTEMPTS = 3


class Hub:
    """The API of one Hub. Every method raises as Client.request."""

    def __init__(self, client: Client):
        self.client = client

    @property
    def url(self) -> str:
        return self.client.base_url

    # --- who I am

    def identity(self) -> dict:
        """``keyType`` of the key ("account" or "project") and its owner."""
        return self.client.request("POST", "/api/v1/cli/validate", body={})

    def username(self) -> str:
        """The key's account name. Raises HubRefusal for a project key."""
        name = self.identity().get("username")
        if not isinstance(name, str) or not name:
            raise HubRefusal(
                "This is a project key: it can install, never publish.",
                status=403,
                code="FORBIDDEN",
                fix="Use an account key (ac_...)",
            )
        return name

    # --- authoring

    def push(self, payload: dict) -> dict:
        """Push a draft. Returns the Hub's answer, with ``id`` and ``admin_url``.

        Every push makes a new draft. So if an answer was lost, the draft is looked for
        before the push is repeated.
        """
        for _ in range(PUSH_ATTEMPTS):
            try:
                return self.client.request(
                    "POST", FUNCTIONS, body=payload, repeatable=False
                )
            except OutcomeUnknown as error:
                lost = error
                if found := self._find_draft(payload):
                    return found
        raise lost

    def publish(self, draft_id: str) -> dict:
        """Publish a draft. Publishing twice does no harm."""
        path = f"{FUNCTIONS}/{_quoted(draft_id)}/publish"
        return self.client.request("POST", path)

    def delete_draft(self, draft_id: str) -> None:
        self.client.request("DELETE", f"{FUNCTIONS}/{_quoted(draft_id)}")

    def mine(self) -> list[dict]:
        return _objects(self.client.request("GET", f"{FUNCTIONS}/my"), "functions")

    def draft(self, draft_id: str) -> dict:
        answer = self.client.request("GET", f"{FUNCTIONS}/{_quoted(draft_id)}")
        return _object(answer, "function")

    def validate(self, payload: dict) -> list[dict]:
        """The diagnostics of ``payload``. Stores nothing."""
        answer = self.client.request("POST", f"{FUNCTIONS}/validate", body=payload)
        return _objects(answer, "diagnostics")

    def yank(self, ref: Ref, body: dict | None) -> dict:
        """Yank ``ref.version`` with ``{reason, replacement?}``; None un-yanks."""
        path = f"{_path(ref)}/versions/{_quoted(ref.version)}/yank"
        return self._set(path, body)

    def deprecate(self, ref: Ref, body: dict | None) -> dict:
        """Deprecate with ``{message, successor?}``; None takes it back."""
        return self._set(f"{_path(ref)}/deprecate", body)

    # --- reading

    def search(self, params: dict) -> dict:
        """``{"functions", "total", "next"}`` for the query ``params``."""
        answer = self.client.request("GET", FUNCTIONS, params=params)
        return {**answer, "functions": _objects(answer, "functions")}

    def function(self, ref: Ref) -> dict:
        params = {"version": ref.version} if ref.version else None
        answer = self.client.request("GET", _path(ref), params=params)
        return _object(answer, "function")

    def snapshot(self, ref: Ref) -> Snapshot:
        """A version's files as published, checked."""
        return read_snapshot(self.install_manifest(ref))

    def install_manifest(self, ref: Ref) -> dict:
        """The install manifest, not checked: only for showing."""
        params = {"layout": "source"}
        if ref.version:
            params["version"] = ref.version
        path = f"{_path(ref)}/install" if ref.username else _install_path(ref)
        return self.client.request("GET", path, params=params)

    def versions(self, ref: Ref) -> list[dict]:
        """Every version, newest first by SemVer."""
        answer = self.client.request("GET", f"{_path(ref)}/versions")
        return _objects(answer, "versions")

    def file(self, digest: str) -> tuple[str, list[dict]]:
        """The published text with that SHA-256, and the versions that have it.

        Raises UntrustedAnswer if the text has another hash.
        """
        answer = self.client.request("GET", f"/api/community/files/{digest}")
        data = text_bytes(answer.get("content"), "a file")
        if sha256(data) != digest:
            raise UntrustedAnswer(f"The Hub sent other text than {digest}.")
        return answer["content"], _objects(answer, "versions")

    def page(self, ref: Ref) -> str:
        return f"{self.url}/functions/{_quoted(ref.username)}/{_quoted(ref.slug)}"

    def editor(self, draft_id: str) -> str:
        return f"{self.url}/functions/edit/{_quoted(draft_id)}"

    # --- inside

    def _set(self, path: str, body: dict | None) -> dict:
        if body is None:
            return self.client.request("DELETE", path)
        return self.client.request("POST", path, body=body, repeatable=False)

    def _find_draft(self, payload: dict) -> dict | None:
        """The open draft that holds exactly what ``payload`` sends."""
        for item in self.mine():
            if item.get("status") != "draft" or item.get("slug") != payload["slug"]:
                continue
            draft = self.draft(str(item.get("id")))
            if _holds(draft, payload):
                return {"admin_url": self.editor(str(draft.get("id"))), **draft}
        return None


def _holds(draft: dict, payload: dict) -> bool:
    """Whether ``draft`` was made by pushing ``payload``. Only the keys that were sent
    are compared, because the Hub adds defaults."""
    kept, sent = draft.get("config_schema"), payload["config_schema"]
    return (
        draft.get("files") == payload["files"]
        and draft.get("readme") == payload["readme"]
        and isinstance(kept, dict)
        and all(kept.get(key) == value for key, value in sent.items())
    )


def _path(ref: Ref) -> str:
    return f"{FUNCTIONS}/{_quoted(ref.username)}/{_quoted(ref.slug)}"


def _install_path(ref: Ref) -> str:
    return f"{FUNCTIONS}/install/{_quoted(ref.slug)}"


def _quoted(part: str) -> str:
    return quote(str(part), safe="")


def _object(answer: dict, key: str) -> dict:
    value = answer.get(key)
    if not isinstance(value, dict):
        raise UntrustedAnswer(f"The Hub sent an answer without '{key}'.")
    return value


def _objects(answer: dict, key: str) -> list[dict]:
    value = answer.get(key)
    if not isinstance(value, list):
        raise UntrustedAnswer(f"The Hub sent an answer without '{key}'.")
    return [item for item in value if isinstance(item, dict)]
