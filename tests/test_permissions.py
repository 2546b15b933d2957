"""Who may do what: every address of the URLconf, asked with every method by everyone.

A route belongs to a room by how it begins (ROOMS), an endpoint of the API by its
declaration. So a new one is in here from the start. What nobody should see stands in
private objects of the scene, and is looked for in every answer.
"""

import json
import re
from collections.abc import Iterable, Iterator

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from accounts import keys
from accounts.models import ReservedName
from api.decorators import ENDPOINTS
from config import urls as hub_urls
from tests.conftest import key_of
from tests.permissions import HIDDEN, METHODS, SAFE, Answer, Person, Scene
from tests.routes import NOTHING, addresses, routes

pytestmark = pytest.mark.django_db

FORM_OF_READERS = r"(functions/<username>/<slug>|users/<username>)/(star|follow)$"
SIGNING_IN = r"account/(login|logout|signup|inactive|confirm-email|password/reset)/"
SIGNING_IN += r"|account/second-factor/(authenticate|webauthn/login)/"
# How routes of a room begin -> the room. The first that fits.
ROOMS = [
    (r"admin/moderation/", "staff"),
    (r"admin$|functions/edit/|account/<name>/?$", "led on"),
    (r"admin/", "author"),
    (f"{FORM_OF_READERS}|account/following$", "reader"),
    (r"functions/<username>/<slug>/report$|account/following/stop/", "anyone"),
    (SIGNING_IN, "anyone"),
    (r"account/", "account"),
    (r"api/", "api"),
    (r"(healthz|readyz)$", "machine"),
    (
        r"(functions|users|categories|tags|docs|feeds|moderation|r|schema)(/|$)",
        "public",
    ),
    (r"$|(\.well-known/)?[\w<>-]+\.(txt|xml|json|ico)$", "public"),
]
OF_ALL = sorted({room for _, room in ROOMS})
# What stands in private objects alone -> who may read it.
PRIVATE = {
    "velvetDraft": {"owner"},
    # A limited key lists all of its account's functions, whatever it may change.
    "velvetUnpublished": {"owner"},
    "velvetTakenDown": {"owner", "staff"},
    "velvet-account-key": {"owner", "staff"},  # staff see names of keys in the audit
    "velvet-project-key": {"owner", "staff"},
    "velvet-project": {"owner", "staff", "project key"},
    "velvet-passkey": {"owner"},
    "velvet-report": {"staff"},
    "velvet-appeal": {"owner", "staff"},
    "alice@example.com": {"owner", "staff", "limited key"},
}
LET_IN = {"open", "redirected", "refused"}
# Keys of the API that work, and who a person is to PRIVATE.
USABLE = {"owner", "staff", "other", "project key", "limited key", "key without scopes"}
AS = {"key without scopes": "owner"}
NOT_COUNTED = {"django_session", "accounts_apikey"}  # written by being signed in
NOBODY = {"anonymous", "two keys"}  # to pages, which know no keys
# Routes whose forms change no row: previews, signing in and what needs a code or mail.
CHANGES_NOTHING = re.compile(
    r"admin/functions/(readme|edit/<draft_id>/resolve)$"
    r"|admin/moderation/categories/go-on$"
    r"|api/community/functions/validate$|api/v1/cli/"
    rf"|{SIGNING_IN}|account/(reauthenticate|second-factor|password/set)/"
    r"|account/sessions/$"
)
SHOWN_ONCE = re.compile(r"account/second-factor/recovery-codes/(download/)?$")
# What the API's refusals say, by code and person.
SAYS = {
    "401": ("UNAUTHORIZED", "Run `aerostack login` again", {}),
    "403": (
        "FORBIDDEN",
        "Use an account key (`ac_...`)",
        {
            "project key": "A project key can read and install, never publish.",
            "limited key": "limited to functions that match mail-*, image-resize.",
            "key without scopes": "This key lacks the scope",
        },
    ),
    "404": ("NOT_FOUND", "Check the address", {}),
    "405": ("METHOD_NOT_ALLOWED", "Use one of", {}),
}


def room_of(route: str) -> str:
    """The room of a route; fails for one that belongs to none."""
    for begins, room in ROOMS:
        if re.match(begins, route):
            return room
    pytest.fail(
        f"/{route} belongs to no room. Add how it begins to ROOMS of {__name__}: who "
        f"may come in there? ({', '.join(OF_ALL)})"
    )


@pytest.fixture
def scene(publish, push, alice, bob, staff, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return Scene(publish, push, alice, bob, staff)


@pytest.mark.parametrize("room", OF_ALL)
def test_every_address_lets_in_whom_it_should_and_nobody_else(scene, room):
    of_room = [route for route in routes() if room_of(route) == room]

    assert of_room
    none_of(faults(scene, room, of_room))


def none_of(found: Iterable[str]) -> None:
    """Fail with these sentences, if there are any."""
    found = [*found]
    if found:
        pytest.fail("\n".join([f"{len(found)} faults:", *found[:100]]), pytrace=False)


def faults(scene: Scene, room: str, of_room: list[str]) -> Iterator[str]:
    """What is wrong with the answers of these routes of a room, as sentences."""
    meant = "staff" if room == "staff" else "owner"
    persons = {meant: scene.persons[meant]} | scene.persons
    persons |= scene.on_api if room == "api" else scene.on_pages
    for route in of_room:
        kinds, wrote, seen = {}, False, {}
        for who, person in persons.items():
            for method, address in asked_by(scene, who, room, route):
                answer = scene.ask(person, method, address)
                wrote |= method not in SAFE and bool(answer.tables - NOT_COUNTED)
                if who == meant:
                    kinds.setdefault(method, answer.kind)
                closed = {method for method in kinds if kinds[method] == "405"}
                wanted = expected(room, who, method, route, address, closed)
                if method == "GET" and is_public(room, method, route):
                    if who == meant:
                        seen[address] = answer.content
                    elif seen[address] != answer.content:
                        yield f"{who} GET {address}: other bytes than {meant} gets"
                for fault in wrong(answer, room, who, method, route, wanted):
                    yield f"{who} {method} {address} ({room}): {fault}"
        yield from unfit(route, kinds, wrote)


def asked_by(scene, who: str, room: str, route: str) -> Iterator[tuple[str, str]]:
    """(method, address) of all that a person asks of a route.

    The first address is asked with every method; those with unusable keys use the
    endpoint's. The others are about the same object in another state, or for other
    actions; they are read and sent to.
    """
    first, *more = scene.addresses(route)
    methods, of_more = METHODS, ("GET", "POST")
    if room == "api":
        of_more = [each for each in METHODS if endpoint_of(each, route)]
        methods = of_more if who in scene.on_api else METHODS
    elif room in ("author", "staff", "account"):
        meant = "staff" if room == "staff" else "owner"
        of_more = of_more if who in (meant, "other") else ()
    yield from ((method, first) for method in methods)
    yield from ((method, address) for address in more for method in of_more)


def expected(room, who, method, route, address, closed) -> set[str]:
    """The kinds of answers (tests/permissions.py) that are right.

    closed: the methods that are 405 for whom the room is meant.
    """
    is_hidden = any(f"/{slug}" in address for slug in HIDDEN)
    if room == "api":
        return expected_of_api(who, method, route, is_hidden)
    if room == "staff":  # to everybody else, nothing is there
        return {"404"} if who != "staff" else {"405"} if method in closed else LET_IN
    if room in ("public", "machine", "led on"):
        if method not in ("GET", "HEAD"):
            return {"405"}
        if room == "led on":
            return {"redirected"}
        return {"404"} if is_hidden else {"open", "redirected"}
    if room == "anyone":
        is_there = not is_hidden or method in closed
        return LET_IN | {"sign in", "404", "405"} if is_there else {"404"}
    if who in NOBODY:
        is_allauths = room == "account" and method in closed
        is_closed = method in closed and not is_allauths
        return {"405"} if is_closed else {"sign in", *(["405"] * is_allauths)}
    if room == "account":  # allauth's views have methods of their own
        if "<" in route and who != "owner":
            return {"404", "405", *(["open"] if method == "OPTIONS" else [])}
        return LET_IN | {"404", "405"}
    if method in closed:
        return {"405"}
    if room == "reader":
        return {"404"} if is_hidden else LET_IN
    return LET_IN if who == "owner" or "<" not in route else {"404"}


def endpoint_of(method: str, route: str):
    """The declaration of an endpoint of the API, or None."""
    method = "GET" if method == "HEAD" else method
    path = "/" + re.sub(r"<(\w+)>", r"{\1}", route.removeprefix("api/"))
    found = [each for each in ENDPOINTS if (each.method, each.path) == (method, path)]
    return found[0] if found else None


def expected_of_api(who, method, route, is_hidden) -> set[str]:
    endpoint = endpoint_of(method, route)
    if route == "api/openapi.json" and method in ("GET", "HEAD"):
        return {"open"}
    if endpoint is None:
        return {"405"}
    if endpoint.caller == "anyone":
        return {"404"} if is_hidden else LET_IN
    if who not in USABLE:
        return {"401"}
    if endpoint.caller == "any key":
        return {"open"}
    if who == "project key" or (who == "key without scopes" and endpoint.scope):
        return {"403"}
    if endpoint.path.endswith("/my"):
        return {"open"}
    if who == "limited key":
        return {"403", "404"} if is_hidden else {"403"}
    if who in ("other", "staff"):  # what is alice's isn't there, her name is taken
        return {"404"} if "<" in route else {"refused"}
    return LET_IN | {"404"} if is_hidden else LET_IN


def is_public(room: str, method: str, route: str) -> bool:
    """Whether the answer is to be the same for everyone."""
    if method not in ("GET", "HEAD"):
        return False
    endpoint = endpoint_of(method, route)
    is_declared = room == "api" and endpoint and endpoint.caller == "anyone"
    return room == "public" or is_declared or route == "api/openapi.json"


def wrong(answer: Answer, room, who, method, route, wanted) -> Iterator[str]:
    """What is wrong with one answer."""
    if answer.kind not in wanted:
        yield f"{answer.kind} ({answer.status}), not {' or '.join(sorted(wanted))}"
    if answer.changed and not (method == "GET" and SHOWN_ONCE.match(route)):
        yield f"{answer.kind}, and yet it changed {', '.join(answer.changed)}"
    for word, readers in PRIVATE.items():
        if word.encode() in answer.content and AS.get(who, who) not in readers:
            yield f"shows {word}"
    cache = answer.headers["Cache-Control"]
    may_be_kept = is_public(room, method, route) and not (
        room == "api" and answer.kind != "open"
    )
    if may_be_kept and not cache.startswith("public"):
        yield f"is public, but says {cache}"
    if not may_be_kept and not {"private", "no-store"} <= {*cache.split(", ")}:
        yield f"is private, but says {cache}"
    if answer.has_cookies and (room == "api" or may_be_kept):
        yield "sets a cookie"
    if answer.kind == "405" and method in answer.headers.get("Allow", method):
        yield f"405, but allows {answer.headers.get('Allow')}"
    if room == "api":
        yield from wrong_json(answer, who, method)


def wrong_json(answer: Answer, who, method) -> Iterator[str]:
    """What is wrong with the shape of one answer of the API."""
    if (
        answer.headers.get("Content-Type") != "application/json"
        and answer.status != 204
    ):
        yield "is no JSON"
    if method == "HEAD" or answer.kind not in SAYS:
        return
    said, (code, fix, sentences) = json.loads(answer.content), SAYS[answer.kind]
    said = said["error"] if isinstance(said["error"], dict) else said
    is_right = said["code"] == code and said["fix"].startswith(fix)
    if not is_right or sentences.get(who, "") not in said["message"]:
        yield f"says {said['code']}: {said['message']} {said['fix']}"


def unfit(route: str, kinds: dict[str, str], wrote: bool) -> Iterator[str]:
    """What the scene lacks: whom the route is meant for must be let in, and what they
    send must change something, or the refusals of others would prove nothing."""
    if not {"open", "redirected"} & {*kinds.values()}:
        yield f"/{route} lets nobody in: give Scene.values what is there."
    sends = [kinds[method] for method in METHODS if method not in SAFE]
    is_form = {"open", "redirected", "refused"} & {*sends}
    if is_form and not wrote and not CHANGES_NOTHING.match(route):
        yield (
            f"Nothing that is sent to /{route} changes a row: add its fields to FORM "
            "or JSON of tests/permissions.py, or the route to CHANGES_NOTHING."
        )


def test_a_form_without_its_token_is_refused_on_every_page(scene):
    let_in, person = [], Person(Client(enforce_csrf_checks=True))
    for route in routes():
        room = room_of(route)
        if room == "api":
            continue
        meant = scene.persons["staff" if room == "staff" else "owner"]
        person.cookies = meant.cookies
        for method in ("POST", "PUT"):
            address = scene.addresses(route)[0]
            answer = scene.ask(person, method, address)
            if answer.kind not in ("403", "404", "405") or answer.changed:
                let_in.append(f"{method} {address}: {answer.kind}")

    none_of(let_in)


def test_what_is_anothers_is_answered_as_what_is_not_there(scene):
    nothing = dict.fromkeys(
        [*scene.values[-1][1], "name", "answer", "action"], ["nothing"]
    )
    nothing |= dict.fromkeys(("draft_id", "uid"), [NOTHING])
    nothing |= dict.fromkeys(("pk", "revision"), ["999999"])
    told_apart = []
    for route in routes():
        if room_of(route) not in ("author", "account", "staff") or "<" not in route:
            continue
        first, absent = scene.addresses(route)[0], addresses(route, nothing)[0]
        for method in ("GET", "POST"):
            answers = [
                scene.ask(scene.persons["other"], method, address)
                for address in (first, absent)
            ]
            if answers[0].status != answers[1].status:
                told_apart.append(f"{method} {first}")

    none_of(told_apart)


# --- the API


def test_only_these_endpoints_are_sent_to_without_an_account_key_and_a_scope():
    """The matrix believes what an endpoint declares."""
    sent_to = [each for each in ENDPOINTS if each.method != "GET"]

    assert {each.path for each in sent_to if not each.scope} == {
        "/auth/login",
        "/community/functions/validate",
        "/community/reports",
        "/v1/cli/telemetry/errors",
        "/v1/cli/validate",
    }
    assert {each.caller for each in sent_to if each.scope} == {"account key"}


def test_the_scope_alone_is_enough_and_all_others_are_not(scene):
    for endpoint in ENDPOINTS:
        if endpoint.caller != "account key":
            continue
        route = "api" + re.sub(r"{(\w+)}", r"<\1>", endpoint.path)
        others = [scope for scope in keys.SCOPES if scope != endpoint.scope]
        alone = Person(key=key_of(scene.alice, scopes={endpoint.scope} - {""}))
        without = Person(key=key_of(scene.alice, scopes=others))
        limited = Person(key=key_of(scene.alice, patterns=["un*", "image-?esizer"]))
        method, done = endpoint.method, set()
        for address in scene.addresses(route):
            if any(f"/{slug}" in address for slug in HIDDEN):
                continue
            for person in (alone, limited):
                done.add(scene.ask(person, method, address).kind)
            refused = scene.ask(without, method, address)
            assert (refused.kind == "403") is bool(endpoint.scope), (method, address)
            assert endpoint.scope.encode() in refused.content
            assert not refused.changed
        assert "open" in done, (method, route)
        assert done <= {"open", "refused"}, (method, route)


# --- the matrix itself


def leak(request, **kwargs):
    """A page that forgot who asks."""
    ReservedName.objects.create(name="leaked")
    response = HttpResponse("velvetDraft")
    response.set_cookie("seen", "yes")
    return response


LEAKS = [
    "admin/moderation/leak",
    "admin/functions/<str:slug>/leak",
    "admin/leak",
    "account/keys/<int:pk>/leak",
    "account/leak",
    "functions/<str:username>/<str:slug>/leak",
    "leak.json",
]
urlpatterns = [*(path(leaked, leak) for leaked in LEAKS), *hub_urls.urlpatterns]


def test_a_new_route_is_in_the_matrix_from_the_start(scene, settings):
    settings.ROOT_URLCONF = __name__
    for leaked in LEAKS:
        route = re.sub(r"<\w+:", "<", leaked)
        assert route in routes()

        found = " ".join(faults(scene, room_of(route), [route]))

        assert "open (200), not" in found, leaked
        assert "shows velvetDraft" in found, leaked
        assert "and yet it changed ReservedName" in found, leaked


def test_a_route_of_no_room_is_told_where_to_add_it():
    with pytest.raises(pytest.fail.Exception, match="/brand/new belongs to no room"):
        room_of("brand/new")
