"""What a request's body may be: its size, type and coding, and which refusal comes
first."""

import json
from io import BytesIO

import pytest

from core.http import limits
from registry.models import Draft
from tests.conftest import Api, body, key_of
from tests.unchanged import rows
from tests.wsgi_front import ask, process

pytestmark = pytest.mark.django_db

MIB = 1024 * 1024
MOST = 4 * MIB  # docs/api.md, "JSON"
MOST_DRAINED = 8 * MIB  # protocol, "Ground rules"
FUNCTIONS = "/api/community/functions"
VALIDATE = f"{FUNCTIONS}/validate"
NOTHING = "00000000-0000-0000-0000-000000000000"


def said(response):
    return response.status_code, response.json()["code"]


def padded(size, text="{}"):
    return text.encode().ljust(size)


@pytest.mark.parametrize("text", ["{}", '{"name": "größer"}'])
def test_a_body_has_at_most_4_mib(api, text):
    assert api("POST", VALIDATE, raw=padded(MOST, text)).status_code == 200

    refused = api("POST", VALIDATE, raw=padded(MOST + 1, text))

    assert said(refused) == (413, "PAYLOAD_TOO_LARGE")
    assert refused.json()["error"] == "The body has more than 4194304 bytes."


def test_a_body_is_measured_in_bytes(api):
    text = '{"name": "' + "ü" * (MOST // 2) + '"}'
    assert len(text) < MOST

    assert said(api("POST", VALIDATE, raw=text.encode())) == (413, "PAYLOAD_TOO_LARGE")


def test_a_body_that_is_too_large_makes_no_draft(api):
    refused = api("POST", api.base, raw=padded(MOST + 1, '{"name": "large"}'))

    assert said(refused) == (413, "PAYLOAD_TOO_LARGE")
    assert not Draft.objects.exists()


def sign_in(raw, **environ):
    """(code of the refusal, bytes read) of a body as a server hands it on: without a
    Content-Length where it came in chunks."""
    sent = BytesIO(raw)
    given = {"wsgi.input": sent, "CONTENT_TYPE": "application/json"} | environ
    content = ask(process(), "/api/auth/login", method="POST", **given)[2]
    return json.loads(content)["code"], sent.tell()


READ = "VALIDATION_ERROR"  # an object without e-mail and password


def test_a_body_in_chunks_is_read_where_the_server_knows_its_end():
    ends = {"wsgi.input_terminated": True}

    assert sign_in(b'{"name": "x"}', **ends) == (READ, 13)
    assert sign_in(padded(MOST), **ends) == (READ, MOST)
    assert sign_in(padded(MOST + 1), **ends) == ("PAYLOAD_TOO_LARGE", MOST + 1)


def test_a_body_without_a_length_is_empty_where_no_server_knows_its_end():
    assert sign_in(b'{"name": "x"}') == ("INVALID_JSON", 0)


def test_a_body_with_a_length_is_read_no_further():
    raw = b'{"name": "x"}{"another": "request"}'

    for ends in (True, False):
        length = {"CONTENT_LENGTH": "13", "wsgi.input_terminated": ends}
        assert sign_in(raw, **length) == (READ, 13)


@pytest.mark.parametrize(
    ("kind", "is_taken"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("Application/JSON", True),
        ("", True),
        ("application/jsonp", False),
        ("application/problem+json", False),
        ("text/json", False),
        ("text/plain", False),
        ("application/x-www-form-urlencoded", False),
        ("multipart/form-data; boundary=x", False),
    ],
)
def test_a_body_is_declared_as_json_or_not_at_all(api, kind, is_taken):
    answer = api("POST", VALIDATE, body(), **{"Content-Type": kind})

    if is_taken:
        assert answer.status_code == 200
    else:
        assert said(answer) == (415, "UNSUPPORTED_MEDIA_TYPE")
        assert kind.split(";")[0] in answer.json()["error"]


@pytest.mark.parametrize(
    "coding",
    ["gzip", "x-gzip", "br", "deflate", "zstd", "compress", "GZIP", "identity, gzip"],
)
def test_a_packed_body_is_refused(api, coding):
    before = rows()
    packed = {"Content-Encoding": coding}

    for method, path in [("POST", ""), ("POST", "ci/publish"), ("POST", "validate")]:
        answer = api(method, path, body(), **packed)

        assert said(answer) == (415, "UNSUPPORTED_MEDIA_TYPE")
        assert "is packed" in answer.json()["error"]
        assert answer.headers["Accept-Encoding"] == "identity"
    assert rows() == before


@pytest.mark.parametrize("coding", ["", "identity", " Identity "])
def test_a_body_that_says_it_is_plain_is_read(api, coding):
    answer = api("POST", VALIDATE, body(), **{"Content-Encoding": coding})

    assert answer.status_code == 200


def test_an_endpoint_that_takes_no_body_looks_at_none(api):
    draft = api.push().json()["id"]

    answer = api(
        "POST", f"{draft}/publish", raw=b"\xff", **{"Content-Type": "text/plain"}
    )

    assert answer.status_code == 200


# --- what is left of a body


@pytest.mark.parametrize(
    ("size", "read"),
    [(MOST_DRAINED - 1, MOST_DRAINED - 1), (MOST_DRAINED + MIB, MOST_DRAINED)],
)
def test_up_to_8_mib_are_read_and_dropped_before_a_refusal(size, read):
    sent = BytesIO(b" " * size)
    length = {"CONTENT_LENGTH": str(size), "wsgi.input": sent}

    status = ask(process(), FUNCTIONS, method="POST", **length)[0]

    assert (status, sent.tell()) == ("401 Unauthorized", read)


def test_a_client_that_is_gone_is_answered_all_the_same():
    class Gone(BytesIO):
        def read(self, size=-1):
            raise ConnectionResetError

    length = {"CONTENT_LENGTH": "9", "wsgi.input": Gone()}

    assert ask(process(), FUNCTIONS, method="POST", **length)[0] == "401 Unauthorized"


# --- which refusal comes first


@pytest.fixture
def faults(api, alice):
    """What can be wrong with one request, worst first: the refusal, and what makes it.
    A request has all faults from one on."""
    unscoped = key_of(alice, scopes=["publish"])
    return [
        ((401, "UNAUTHORIZED"), {"key": "nonsense"}),
        ((403, "FORBIDDEN"), {"key": unscoped}),
        ((429, "RATE_LIMITED"), {"key": api.key}),
        ((415, "UNSUPPORTED_MEDIA_TYPE"), {"Content-Type": "text/plain"}),
        ((413, "PAYLOAD_TOO_LARGE"), {"raw": padded(MOST + 1, "{")}),
        ((400, "INVALID_JSON"), {"raw": b'{"category": "Media", '}),
        ((404, "NOT_FOUND"), {"raw": b'{"category": "Media"}'}),
        ((400, "INVALID_CATEGORY"), {"path": "draft"}),
    ]


def test_the_worst_fault_of_a_request_is_told(api, faults, settings, time_machine):
    """Who asks comes before how often, then the body, then what it is about."""
    time_machine.move_to("2026-03-01T12:00:00Z", tick=False)
    draft = api.push().json()["id"]
    settings.RATE_LIMITS = True
    for _ in range(600):
        limits.count(limits.Limit("writes", 600, 60), "alice")
    sent = {"Content-Type": "text/plain", "raw": padded(MOST + 1, "{")}
    path = NOTHING

    for refusal, how in faults:
        if refusal[1] == "UNSUPPORTED_MEDIA_TYPE":
            settings.RATE_LIMITS = False
        if refusal[1] == "PAYLOAD_TOO_LARGE":
            sent["Content-Type"] = "application/json"
        path = draft if how.pop("path", None) else path
        sent |= how
        answer = Api(api.client)("PATCH", path, **sent)
        assert said(answer) == refusal
    assert Draft.objects.get().revision == 1
