"""How often one client may ask (docs/api.md, "Limits"), and who counts as one."""

import pytest
from django.core.cache import caches
from django.test import RequestFactory

from accounts.models import Event
from core.http.limits import client_address, client_ip
from registry.models import Draft
from tests.conftest import body, key_of

pytestmark = pytest.mark.django_db

NOTHING = "00000000-0000-0000-0000-000000000000"
VALIDATE = "/api/community/functions/validate"
LOGIN = "/api/auth/login"


@pytest.fixture(autouse=True)
def _limits_on(settings, time_machine):
    """At 20 seconds past the minute, with nothing counted yet."""
    settings.RATE_LIMITS = True
    time_machine.move_to("2026-03-01T12:00:20Z", tick=False)
    caches["local"].clear()


def ask(api, method, path, times, **how):
    """The last answer of so many."""
    for _ in range(times):
        answer = api(method, path, {}, **how)
    return answer


@pytest.mark.parametrize(
    ("name", "count", "method", "path"),
    [
        ("writes", 600, "DELETE", NOTHING),
        ("validate", 60, "POST", VALIDATE),
        ("login", 30, "POST", LOGIN),
    ],
)
def test_the_documented_number_a_minute_is_let_in(
    api, time_machine, name, count, method, path
):
    first = api(method, path, {})
    last = ask(api, method, path, count - 1)
    refused = api(method, path, {})

    for answer in (first, last, refused):
        assert answer.headers["RateLimit-Policy"] == f'"{name}";q={count};w=60'
    assert first.headers["RateLimit"] == f'"{name}";r={count - 1};t=40'
    assert last.headers["RateLimit"] == f'"{name}";r=0;t=40'
    assert "Retry-After" not in last.headers
    assert last.status_code != 429
    assert (refused.status_code, refused.json()["code"]) == (429, "RATE_LIMITED")
    what = "validations" if name == "validate" else "requests"
    assert refused.json()["error"] == f"More than {count} {what} in 60 seconds."
    assert refused.headers["Retry-After"] == "40"
    assert refused.headers["RateLimit"] == f'"{name}";r=0;t=40'
    time_machine.shift(39)
    assert api(method, path, {}).headers["Retry-After"] == "1"
    time_machine.shift(1)
    again = api(method, path, {})
    assert again.status_code != 429
    assert again.headers["RateLimit"] == f'"{name}";r={count - 1};t=60'


def test_writes_are_counted_for_an_account_whatever_its_key(api, alice, bob):
    ask(api, "DELETE", NOTHING, 600)
    another = key_of(alice)
    events = Event.objects.count()

    for key in (api.key, another):
        assert api("POST", api.base, body(), key=key).status_code == 429
    assert (Draft.objects.count(), Event.objects.count()) == (0, events)
    assert api("POST", api.base, body(name="other"), key=key_of(bob)).status_code == 201
    assert api("GET", "my").status_code == 200


def test_each_limit_counts_for_itself(api):
    assert ask(api, "POST", LOGIN, 31, key="").status_code == 429

    assert api("POST", VALIDATE, body(), key="").status_code == 200
    assert api("POST", api.base, body()).status_code == 201


def test_what_has_no_limit_says_nothing_of_one(api):
    for method, path in [("GET", api.base), ("GET", "my"), ("PUT", api.base)]:
        assert "RateLimit" not in api(method, path).headers
    refused = api("POST", api.base, body(), key="nonsense")
    assert (refused.status_code, "RateLimit" in refused.headers) == (401, False)


def test_no_limits_are_counted_where_they_are_off(api, settings):
    settings.RATE_LIMITS = False

    answer = ask(api, "POST", LOGIN, 31)

    assert answer.status_code == 400
    assert "RateLimit" not in answer.headers


# --- one client


def sent_from(address, forwarded=None):
    given = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded is not None else {}
    return RequestFactory().get("/", REMOTE_ADDR=address, **given)


@pytest.mark.parametrize(
    ("address", "forwarded", "client"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9,198.51.100.7 ", "198.51.100.7"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7,", "10.0.0.1"),
        ("10.0.0.1", "unknown", "0.0.0.0"),
        ("", None, "0.0.0.0"),
        ("2001:db8::0001", None, "2001:db8::1"),
        ("::ffff:192.0.2.1", None, "192.0.2.1"),
        ("::FFFF:c000:201", None, "192.0.2.1"),
        ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("::ffff:10.0.0.2", "198.51.100.7", "10.0.0.2"),
        ("10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("64:ff9b::192.0.2.1", None, "192.0.2.1"),
        ("64:ff9b:1::192.0.2.1", None, "64:ff9b:1::c000:201"),
        ("2002:c000:201:5::1", None, "192.0.2.1"),
        ("::192.0.2.1", None, "::c000:201"),
    ],
)
def test_a_forwarded_address_counts_from_a_trusted_proxy_alone(
    settings, address, forwarded, client
):
    settings.TRUSTED_PROXIES = ["10.0.0.1"]

    assert client_ip(sent_from(address, forwarded)) == client


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("2001:db8:0:1::1", "2001:db8:0:0:ffff::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("64:ff9b::192.0.2.1", "192.0.2.1", True),
        ("64:ff9b::192.0.2.1", "64:ff9b::192.0.2.2", False),
        ("2002:c000:201:1::1", "2002:c000:201:2::1", True),
        ("2002:c000:201:1::1", "2002:c000:202:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
    ],
)
def test_an_ipv6_network_of_one_customer_is_one_client(one, other, are_one):
    clients = [client_address(sent_from(address)) for address in (one, other)]

    assert (clients[0] == clients[1]) is are_one


def test_addresses_are_counted_apart(client, db):
    def status(address):
        sent = {"content_type": "application/json", "REMOTE_ADDR": address}
        return client.post(LOGIN, {}, **sent).status_code

    assert {status("2001:db8::1") for _ in range(30)} == {400}
    assert status("2001:db8::2") == 429
    assert status("2001:db8:0:1::1") == 400
