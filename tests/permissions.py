"""One author's scene, the people who come to it, and how they ask: for the matrix of
tests/test_permissions.py."""

import base64
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone
from fido2.webauthn import AttestationObject, AuthenticatorData
from PIL import Image

from accounts import keys
from accounts.models import Account, ReservedName
from accounts.projects import create_project
from accounts.switches import SWITCHES
from admin_portal.moderation.functions import (
    CASE_ACTIONS,
    FUNCTION_ACTIONS,
    VERSION_ACTIONS,
)
from admin_portal.moderation.people import ACCOUNT_ACTIONS
from admin_portal.moderation.vocabulary import CATEGORY_ACTIONS
from registry import errors, following, moderation, publishing
from registry.content import derived
from registry.listing import editing
from registry.models import TagRule
from registry.moderation import Grounds
from tests.conftest import CODE, PASSWORD, body, key_of, make_account
from tests.routes import VALUES, addresses
from tests.unchanged import rows

SAFE = ("GET", "HEAD", "OPTIONS")
METHODS = (*SAFE, "POST", "PUT", "PATCH", "DELETE")
CREDENTIAL = "AKIAQ3EGRTHL5XWVYP2M"
GROUNDS = Grounds("It has to be.", "other")
OTHER_NAMES = ["mail-*", "image-resize"]  # that none of alice's functions has
HIDDEN = ("unpublished", "taken-down")  # functions of alice's that nobody may read
# What is sent to pages: every field of their forms, such that whoever may write does.
FORM = {
    "account": "dora",
    "action_add": "",
    "alt": "After",
    "becomes": "pictures",
    "category": "ai",
    "description": "New words.",
    "display_name": "Somebody",
    "do": "add",
    "email": "new@example.com",
    "entrypoint": "index.ts",
    "every": "daily",
    "examples-INITIAL_FORMS": "0",
    "examples-TOTAL_FORMS": "0",
    "expires": "90",
    "files-INITIAL_FORMS": "0",
    "files-TOTAL_FORMS": "0",
    "functions": "alice/thumbnailer",
    "into": "ai",
    "label": "New",
    "language": "typescript",
    "license": "MIT",
    "login": "dora@example.com",
    "manifest": "{}",
    "manifest_was": "{}",
    "message": "Use another one.",
    "name": "new-name",
    "oldpassword": PASSWORD,
    "password": PASSWORD,
    "password1": "an entirely different sentence",
    "password2": "an entirely different sentence",
    "pictures-INITIAL_FORMS": "0",
    "pictures-TOTAL_FORMS": "0",
    "readme": "# New words",
    "reason": "spam",
    "revision": "1",
    "rule": "other",
    "runtime": "any",
    "scopes": "publish",
    "seen": str(10**9),
    "slug": "new-name",
    "slugs": "storage\nauth\npayments\nmedia\nemail\nai\ndatabase\nutility\nanalytics\n"
    "notifications",
    "starter": "utility",
    "tag": "image",
    "tags": "image, edge",
    "text": "Look again.",
    "to": "dora",
    "url": "https://example.com",
    "username": "newcomer",
    "version": "1.0.0",
    "which": "0",
}
# The same for the API, where PATCH and reports take no other name or version.
JSON = body(version="3.0.0") | {
    "email": "dora@example.com",
    "function": "alice/image-resizer",
    "message": "Use another one.",
    "password": PASSWORD,
    "reason": "spam",
}
WRITTEN = re.compile(r'\b(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"')
STORING = ("accounts", "registry", "account", "mfa", "usersessions", "sessions")


@dataclass
class Person:
    """Who asks: the cookies of a browser, a key, or neither.

    headers: sent with each request. query: added to each address.
    """

    client: Client = field(default_factory=Client)
    key: str = ""
    cookies: dict = field(default_factory=dict)
    headers: dict = field(default_factory=dict)
    query: str = ""


@dataclass(frozen=True)
class Answer:
    """kind: see ``kind_of``. tables: those that were written to. changed: the models
    whose rows were other ones afterwards, where nothing should have been written."""

    kind: str
    status: int
    headers: dict
    content: bytes
    tables: frozenset[str]
    changed: tuple[str, ...]
    has_cookies: bool


class Scene:
    """Everything that alice, the owner, has, and what readers and staff made of it.

    bob is a stranger to all of it. dora reported it and was offered a function.
    ``persons`` come to every address. Who has nothing but a key comes ``on_api``, once
    for each kind of key, and ``on_pages`` with two at once.
    """

    def __init__(self, publish, push, alice, bob, staff):
        self.alice, self.bob, self.staff = alice, bob, staff
        self.dora = make_account("dora")
        self._make_functions(publish, push)
        self._make_staff_matters()
        self.project = create_project(alice, name="velvet-project", slug="shop")
        self.key, secret = keys.create_key(alice, name="velvet-account-key")
        project_key = keys.create_key(
            alice, name="velvet-project-key", project=self.project
        )[1]
        self.persons = {
            "owner": signed_in(alice, secret),
            "staff": signed_in(staff),
            "other": signed_in(bob),
            "anonymous": Person(),
        }
        limited = key_of(alice, patterns=OTHER_NAMES)
        bearer = {"Authorization": f"Bearer {limited}"}
        self.on_pages = {"two keys": Person(key=project_key, headers=bearer)}
        self.on_api = {
            "project key": Person(key=project_key),
            "limited key": Person(key=limited),
            **self._make_keys(secret),
        }
        self.passkey = _give_second_factors(alice)
        self.values = self._values()
        listing = editing.listing_of(self.function)
        upload = SimpleUploadedFile("new.png", picture(90), "image/png")
        sent = FORM | {"fingerprint": listing.fingerprint, "picture": upload}
        self.form = encode_multipart(BOUNDARY, sent)
        self.before = rows(STORING)

    def _make_functions(self, publish, push):
        alice = self.alice
        first, yanked = publish(), publish(version="1.1.0", code=f"{CODE}// 2\n")
        self.function = function = first.function
        derived.make(first.pk, yanked.pk)
        publishing.yank(yanked, reason="Wrong.", by=alice, via="api")
        publishing.deprecate(function, message="Old.", by=alice, via="api")
        editing.add_screenshot(function, picture(), alt="Before", by=alice, via="admin")
        self.other_function = publish(name="thumbnailer").function
        hidden = {"name": "taken-down", "description": "velvetTakenDown"}
        text = "export const velvetTakenDown = 1;\n"
        self.taken_down = publish(**hidden, code=text, readme="velvetTakenDown")
        derived.make(self.taken_down.pk)
        hidden = {"name": "unpublished", "description": "velvetUnpublished"}
        text = f'export const velvetUnpublished = "{CREDENTIAL}";\n'
        self.unpublished = push(**hidden, code=text, readme="velvetUnpublished")
        self.draft = push(version="2.0.0", code=f"{CODE}// velvetDraft\n")
        (found,) = publishing.waivers.unwaived(
            self.unpublished.function, self.unpublished.files
        )
        publishing.waive_secret(function, found, reason="An example.", by=alice)

    def _make_staff_matters(self):
        alice, staff = self.alice, self.staff
        taken_down, unpublished = self.taken_down.function, self.unpublished.function
        self.decision = moderation.quarantine_function(taken_down, GROUNDS, by=staff)
        held = moderation.hold_name(unpublished, GROUNDS, by=staff)
        self.appeal = moderation.appeal(held, "velvet-appeal", by=alice)
        said = {"reason": "malware", "text": "velvet-report", "source": "x"}
        self.case = moderation.report(
            self.function, **said, by=self.dora, via="hub"
        ).case
        self.offer = moderation.offer_transfer(self.other_function, self.dora, by=alice)
        self.reserved = ReservedName.objects.create(name="aws-*", reason="Ours.")
        self.tag_rule = TagRule.objects.create(tag="casino")

    def _make_keys(self, good: str) -> dict[str, Person]:
        alice = self.alice
        row, revoked = keys.create_key(alice, name="revoked", via="system")
        keys.revoke_key(row, by=alice)
        expired = key_of(alice, expires_at=timezone.now() - timedelta(seconds=1))
        suspended = make_account("suspended")
        of_suspended = key_of(suspended)
        Account.objects.filter(pk=suspended.pk).update(is_active=False)
        named = {"key": good, "api_key": good, "X-API-Key": good, "sessionid": good}
        in_query = "&".join(f"{name}={good}" for name in named)
        return {
            "key without scopes": Person(key=key_of(alice, scopes=[])),
            "mistyped key": Person(key=good[:-1] + ("x" if good[-1] != "x" else "y")),
            "unknown key": Person(key=keys.new_secret(keys.ACCOUNT_PREFIX)),
            "revoked key": Person(key=revoked),
            "expired key": Person(key=expired),
            "revoked bearer": Person(headers={"Authorization": f"Bearer {revoked}"}),
            "suspended account": Person(key=of_suspended),
            "key in the query": Person(query=in_query),
            "key in cookies": Person(cookies=named),
            "owner's browser": Person(cookies=self.persons["owner"].cookies),
        }

    def _values(self) -> list[tuple[str, dict]]:
        """(beginning of a route, what its parameters stand for there). The first that
        fits wins. What is asked first is alice's and there."""
        blob = self.function.latest.files.get().blob_id
        shot = self.function.screenshots.get().sha256
        session = self.alice.usersession_set.get()
        waiver = self.function.waivers.get()
        staff = "admin/moderation"
        drafts = [str(self.draft.pk), str(self.unpublished.pk)]
        return [
            ("account/confirm-email/", {"key": ["x"]}),
            ("account/following/", {"token": [following.stop_token(self.alice)]}),
            ("account/keys/", {"pk": [self.key.pk]}),
            ("account/password/", {"uidb36": ["1"], "key": ["x"]}),
            ("account/projects/", {"slug": [self.project.slug]}),
            ("account/second-factor/", {"pk": [self.passkey.pk]}),
            ("account/sessions/", {"pk": [session.pk]}),
            ("account/<name>/", {"name": ["profile", "keys", "projects", "delete"]}),
            ("account/<name>", {"name": ["email", "login", "logout"]}),
            ("admin/decisions/", {"pk": [self.decision.pk]}),
            ("admin/offers/", {"pk": [self.offer.pk], "answer": ["withdraw"]}),
            ("admin/functions/<slug>/waivers/", {"pk": [waiver.pk]}),
            ("admin/functions/<slug>/screenshots/", {"sha256": [shot]}),
            ("admin/functions/edit/<draft_id>/waive", {"draft_id": drafts[1:]}),
            (f"{staff}/cases/", {"pk": [self.case.pk, self.appeal.pk]}),
            (f"{staff}/cases/", {"action": [*CASE_ACTIONS]}),
            (f"{staff}/tags/", {"pk": [self.tag_rule.pk]}),
            (f"{staff}/names/", {"kind": ["reserved"], "pk": [self.reserved.pk]}),
            (
                f"{staff}/categories/",
                {"slug": ["media"], "action": [*CATEGORY_ACTIONS]},
            ),
            (f"{staff}/accounts/", {"action": [*ACCOUNT_ACTIONS]}),
            (f"{staff}/functions/<uid>/versions/", {"action": [*VERSION_ACTIONS]}),
            (f"{staff}/functions/<uid>/", {"uid": [self.function.uid]}),
            (f"{staff}/functions/", {"action": [*FUNCTION_ACTIONS]}),
            (f"{staff}/switches/", {"name": [*SWITCHES], "action": ["off", "on"]}),
            ("functions/<username>/<slug>/screenshots/", {"sha256": [shot]}),
            ("docs/", {"name": ["cli"]}),
            ("sitemap-", {"section": VALUES["section"], "number": [1]}),
            ("admin/", {"slug": ["image-resizer"]}),
            (
                "api/community/functions/<id>/publish",
                {"id": [*drafts, "image-resizer"]},
            ),
            (
                "",
                {
                    "username": ["alice"],
                    "slug": ["image-resizer", *HIDDEN],
                    "version": ["1.0.0", "1.1.0"],
                    "number": ["1.0.0", "1.1.0"],
                    "revision": [1],
                    "path": ["index.ts"],
                    "kind": ["version"],
                    "sha256": [blob],
                    "span": ["1.0.0...1.1.0"],
                    "category": ["media"],
                    "tag": ["image"],
                    "item": ["image-resizer", "image-resizer@1.0.0", *HIDDEN],
                    "tab": ["source"],
                    "draft_id": drafts,
                    "id": drafts,
                    "uid": [self.function.uid, self.taken_down.function.uid],
                },
            ),
        ]

    def addresses(self, route: str) -> list[str]:
        """Every address of ``route`` in this scene. The first is of what is there."""
        known: dict = {}
        for begins, values in reversed(self.values):
            if route.startswith(begins):
                known |= {name: [str(each) for each in values[name]] for name in values}
        return addresses(route, known)

    def ask(self, person: Person, method: str, address: str) -> Answer:
        """The answer to one request, which is undone."""
        content, content_type = self.form, MULTIPART_CONTENT
        if method in SAFE:
            content, content_type = b"", "application/octet-stream"
        elif address.startswith("/api/"):
            content, content_type = _json(method, address), "application/json"
        headers = person.headers | ({"X-API-Key": person.key} if person.key else {})
        client = person.client
        client.raise_request_exception = False
        client.cookies.clear()
        client.cookies.load(person.cookies)
        if person.query:
            address = f"{address}?{person.query}"
        with undone() as tables:
            response = client.generic(
                method, address, content, content_type=content_type, headers=headers
            )
            kind = kind_of(response)
            may_write = kind in ("open", "redirected") and method not in SAFE
            # Reading may leave a challenge in the session.
            ignored = {"django_session"} if kind == "open" else set()
            checked = tables - {"accounts_apikey"} - ignored and not may_write
            changed = self._changed() if checked else ()
        received = b"".join(response) if response.streaming else response.content
        if getattr(response, "file_to_stream", None):  # which a HEAD leaves open
            response.file_to_stream.close()
        return Answer(
            kind,
            response.status_code,
            dict(response.items()),
            received,
            frozenset(tables),
            changed,
            bool(response.cookies),
        )

    def _changed(self) -> tuple[str, ...]:
        now = rows(STORING)
        return tuple(name for name in now if now[name] != self.before[name])


def _json(method: str, address: str) -> bytes:
    """What is sent to an endpoint of the API."""
    sent = JSON
    if method == "PATCH":
        sent = {"description": "New words."}
    elif address.endswith("/reports"):
        sent = {name: JSON[name] for name in ("function", "reason")}
    return json.dumps(sent).encode()


def picture(width: int = 60) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (width, 40)).save(made, "PNG")
    return made.getvalue()


def signed_in(account, key: str = "") -> Person:
    """Signed in by the form, and confirmed a moment ago, so that no page asks for the
    password again; with a key too."""
    client = Client()
    sent = {"login": account.email, "password": PASSWORD}
    assert client.post("/account/login/", sent)["Location"] == "/admin/"
    client.post("/account/reauthenticate/", sent)
    cookies = {name: each.value for name, each in client.cookies.items()}
    return Person(client, key or key_of(account), cookies)


def _give_second_factors(account) -> Authenticator:
    """An app, recovery codes, and the passkey that is returned."""
    TOTP.activate(account, generate_totp_secret())
    RecoveryCodes.activate(account)
    data = AuthenticatorData.create(bytes(32), AuthenticatorData.FLAG.UP, 0)
    attested = AttestationObject.create("none", data, {})
    said = json.dumps({"type": "webauthn.create", "challenge": "", "origin": "x"})
    encoded = [
        base64.urlsafe_b64encode(each).decode().rstrip("=")
        for each in (b"velvet", said.encode(), bytes(attested))
    ]
    credential = {
        "id": encoded[0],
        "rawId": encoded[0],
        "type": "public-key",
        "response": {"clientDataJSON": encoded[1], "attestationObject": encoded[2]},
    }
    return Authenticator.objects.create(
        user=account,
        type="webauthn",
        data={"name": "velvet-passkey", "credential": credential},
    )


@contextmanager
def undone() -> Iterator[set[str]]:
    """Undo what is written within; gives the tables that were written to."""
    tables: set[str] = set()

    def note(execute, sql, *rest):
        tables.update(WRITTEN.findall(sql))
        return execute(sql, *rest)

    with transaction.atomic(), connection.execute_wrapper(note):
        yield tables
        transaction.set_rollback(True)


def kind_of(response) -> str:
    """What an answer says: open, sign in, redirected, 401, 403, 404, 405, refused (any
    other 4xx, and 503), or broken."""
    status = response.status_code
    if status in (401, 403, 404, 405):
        return str(status)
    if status in (301, 302):
        is_asked = response["Location"].startswith("/account/login/?next=")
        return "sign in" if is_asked else "redirected"
    if status < 400:
        return "open"
    return "refused" if status < 500 or status == errors.ReadOnly.status else "broken"
