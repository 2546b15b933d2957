"""Nothing shows what may not be read: every route of the URLconf is asked for what
staff took down, what was never published and what is not there."""

import io
from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from PIL import Image

from registry import following, moderation
from registry.content import derived
from registry.listing import editing
from registry.models import Digest, Draft, Follow, Function, Report, Star
from registry.moderation import Grounds
from tests.conftest import key_of
from tests.routes import NOTHING, VALUES, addresses, routes

REASON = "It sends keys away."
GROUNDS = Grounds(REASON, "malware")
NAME = {"username": "alice", "slug": "image-resizer"}
# What may not be read: each word stands in one part of it.
HIDDEN = {
    "description": "A velvet-description for velvet things.",
    "readme": "# Resizer\n\nSome velvet-readme words.\n",
    "code": None,
    "files": {
        "index.ts": "export * from './velvet-path';\n",
        "velvet-path.ts": "export const velvetCode = () => 42;\n",
    },
    "tags": ["velvet-tag"],
    "envVars": ["VELVET_VARIABLE"],
    "npmDependencies": ["velvet-package"],
}
WORDS = ["velvet-description", "velvet-readme", "velvet-path", "velvetCode"]
WORDS += ["VELVET_VARIABLE", "velvet-package"]
# Pages of an author's own work, and of staff.
OWN = ("admin", "functions/edit/", "api/community/functions/my")
OWN += ("api/community/functions/<id>",)
SEARCHES = {
    "functions/": ["q=velvet", "q=resizer", "q=code:velvetcode"],
    "functions/suggest": ["q=image", "q=velvet"],
    "api/community/functions": ["search=velvet", "search=resizer", "author=alice"],
}


API = "api/community/functions/"
BY_NUMBER = [API + "<username>/<slug>", API + "<username>/<slug>/install"]
BY_NUMBER += [API + "install/<slug>"]
# Addresses of one function, or of one version of it.
OF_A_FUNCTION = ("<username>/<slug>", "<username>/<item>", "install/<slug>")


class Scene:
    """What may not be read, and where it would be.

    numbers: of its versions. is_whole: whether nothing of its function may be read.
    """

    def __init__(self, number: str, *, is_whole: bool = True):
        self.number, self.is_whole = number, is_whole
        functions = Function.objects.all()
        drafts = [str(pk) for pk in Draft.objects.values_list("pk", flat=True)]
        files = functions.values_list("versions__files__blob", flat=True).filter(
            versions__number=number
        )
        pictures = functions.values_list("screenshots__sha256", flat=True)
        self.values = VALUES | {
            "username": ["alice"],
            "slug": ["image-resizer"],
            "version": [number],
            "path": ["index.ts", "velvet-path.ts"],
            "sha256": [each for each in (*files, *pictures) if each] or [NOTHING],
            "span": [f"1.0.0...{number}"],
            "category": ["media"],
            "tag": ["velvet-tag"],
            "item": ["image-resizer", f"image-resizer@{number}"],
            "draft_id": drafts or [NOTHING],
            "id": drafts or [NOTHING],
            "uid": [str(each.uid) for each in functions] or [NOTHING],
        }
        self.queries = SEARCHES | dict.fromkeys(BY_NUMBER, [f"version={number}"])

    def addresses(self):
        """(path and query, whether all of it may not be read), but of the author's own
        pages and of staff's."""
        for route in routes():
            if route.startswith(OWN):
                continue
            for path in addresses(route, self.values, [NAME]):
                is_about = any(each in route for each in OF_A_FUNCTION)
                for query in ["", *self.queries.get(route, [])]:
                    address = f"{path}?{query}"
                    names_it = self.is_whole or self.number in address
                    yield address, is_about and names_it


def _published_with_picture(publish, alice):
    version = publish(**HIDDEN)
    derived.make(version.pk)
    picture = io.BytesIO()
    Image.new("RGB", (60, 40)).save(picture, "PNG")
    editing.add_screenshot(
        version.function, picture.getvalue(), alt="Before", by=alice, via="admin"
    )
    return version


def quarantined_function(publish, staff, alice, **_):
    version = _published_with_picture(publish, alice)
    moderation.quarantine_function(version.function, GROUNDS, by=staff)
    return Scene("1.0.0")


def quarantined_version(publish, staff, **_):
    # The README is the listing's, which is the author's whatever comes of a version.
    version = publish(version="1.1.0", **HIDDEN | {"readme": None})
    first = publish(version="1.0.0")
    derived.make(first.pk, version.pk)
    moderation.quarantine_version(version, GROUNDS, by=staff)
    return Scene("1.1.0", is_whole=False)


def quarantined_only_version(publish, staff, alice, **_):
    version = _published_with_picture(publish, alice)
    moderation.quarantine_version(version, GROUNDS, by=staff)
    return Scene("1.0.0")


def never_published(push, **_):
    push(**HIDDEN)
    return Scene("1.0.0")


def missing(**_):
    return Scene("1.0.0")


SCENES = [
    quarantined_function,
    quarantined_version,
    quarantined_only_version,
    never_published,
    missing,
]
scenes = pytest.mark.parametrize(
    "scene", SCENES, indirect=True, ids=lambda each: each.__name__
)


@pytest.fixture
def scene(request, push, publish, alice, staff, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return request.param(push=push, publish=publish, alice=alice, staff=staff)


def reader(name: str, staff) -> Client:
    """Who asks: nobody in particular, or staff. tests/test_permissions.py asks as
    everyone."""
    if name == "nobody":
        return Client()
    client = Client(headers={"X-API-Key": key_of(staff)})
    client.force_login(staff)
    return client


def shown(response, address: str = "") -> list[str]:
    """The hidden words in a response that whoever asks did not send."""
    content = response.content.decode(errors="replace")
    return [word for word in WORDS if word in content and word not in address]


@scenes
@pytest.mark.parametrize("name", ["nobody", "staff"])
def test_no_route_shows_what_may_not_be_read(scene, name, staff):
    client = reader(name, staff)
    asked = 0
    for address, is_hidden in scene.addresses():
        response = client.get(address)

        assert shown(response, address) == [], address
        assert response.status_code != 200 or not is_hidden, address
        asked += is_hidden
    assert asked > 10


@scenes
@pytest.mark.parametrize("name", ["nobody", "staff"])
def test_no_route_takes_a_word_on_it(scene, name, staff):
    client = reader(name, staff)
    sent = {"do": "add", "reason": "spam", "version": scene.number}
    for address, is_hidden in scene.addresses():
        if not is_hidden:
            continue
        response = client.post(address, sent)

        assert shown(response, address) == [], address
        assert response.status_code == 302 or response.status_code >= 400, address
    sent = {"function": "alice/image-resizer", "reason": "spam"}
    response = client.post("/api/community/reports", sent, "application/json")

    assert response.status_code == 404 or not scene.is_whole
    if scene.is_whole:
        assert not Star.objects.exists()
        assert not Follow.objects.exists()
        assert not Report.objects.exists()


@pytest.mark.parametrize(
    "scene", [quarantined_function, quarantined_only_version], indirect=True
)
@pytest.mark.parametrize("page", ["star", "follow", "report"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_forms_about_what_was_taken_down_are_tombstones(
    scene, page, method, client, bob
):
    client.force_login(bob)
    ask = getattr(client, method)

    response = ask(f"/functions/alice/image-resizer/{page}", {"do": "add"})

    assert response.status_code == 404
    assert REASON in response.content.decode()
    assert not Star.objects.exists()
    assert not Follow.objects.exists()


def test_what_was_followed_is_not_told_of_once_it_is_taken_down(
    publish, alice, bob, staff, client
):
    function = publish().function
    following.follow(function, by=bob, via="hub")
    following.star(function, by=bob, via="hub")
    following.follow(alice, by=bob, via="hub")
    digest = following.choose_digest(bob, "daily", by=bob, via="hub")
    publish(version="1.1.0", **HIDDEN)
    later = timezone.now() + timedelta(days=2)
    assert following.news_for(digest, later)

    moderation.quarantine_function(function, GROUNDS, by=staff)

    assert following.news_for(digest, later) == []
    Digest.objects.update(told_until=timezone.now() - timedelta(days=2))
    mail.outbox.clear()
    call_command("send_digests", stdout=io.StringIO())
    assert mail.outbox == []
    client.force_login(bob)
    assert shown(client.get("/account/following")) == []
