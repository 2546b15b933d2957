"""``login``, ``logout``, ``whoami``: where keys come from, where they stay."""

import json
import stat

import pytest

from tests.cli.conftest import KEY

VALIDATE = "/api/v1/cli/validate"
ALICE = {
    "keyType": "account",
    "userId": "u1",
    "username": "alice",
    "email": "alice@example.org",
    "name": "Alice",
    "message": "ok",
}
REFUSED = (
    401,
    {
        "error": {
            "code": "UNAUTHORIZED",
            "message": "The API key is invalid or expired.",
            "fix": "Run `aerostack login` again",
        }
    },
)


@pytest.fixture
def alices(hub):
    """A Hub that knows alice's key."""

    def answer(request):
        return ALICE if request["headers"].get("X-API-Key") == KEY else REFUSED

    hub.answers["POST", VALIDATE] = answer
    return hub


def credentials(home):
    return json.loads((home / "credentials.json").read_text())


def test_login_reads_standard_input_without_a_terminal(process, alices, home):
    done = process("login", "--hub", alices.url, stdin=f"{KEY}\n")

    assert (done.status, done.err) == (0, "")
    assert done.out == f"Logged in to {alices.url} as alice (account key).\n"
    assert credentials(home)["keys"] == {alices.url: KEY}


def test_login_keeps_the_key_in_a_file_of_its_owner(process, alices, home):
    process("login", "--hub", alices.url, "--key-stdin", stdin=KEY)

    mode = (home / "credentials.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert [path.name for path in home.iterdir()] == ["credentials.json"]


def test_login_takes_the_key_of_the_environment(aerostack, alices, monkeypatch):
    monkeypatch.setenv("AEROSTACK_API_KEY", KEY)

    assert "as alice" in aerostack("login", "--hub", alices.url).out


def test_login_refuses_a_wrong_key_and_keeps_nothing(process, alices, home):
    done = process("login", "--hub", alices.url, stdin="ac_secret_wrong\n")

    assert done.status == 1
    assert "The API key is invalid or expired." in done.err
    assert "Code: UNAUTHORIZED" in done.err
    assert "Fix:  Run `aerostack login` again" in done.err
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("key", ["", "ac_\x1b[31m", "ac secret", "ключ"])
def test_login_refuses_what_is_no_key_before_any_request(process, alices, key):
    done = process("login", "--hub", alices.url, stdin=key)

    assert done.status == 1
    assert "UNAUTHORIZED" in done.err
    assert alices.requests == []


def test_login_with_a_project_key_says_what_it_cannot_do(process, hub):
    hub.answers["POST", VALIDATE] = {"keyType": "project", "projectName": "shop"}

    done = process("login", "--hub", hub.url, stdin=KEY)

    assert "as shop (project key)" in done.out
    assert "can install, never publish" in done.err


def test_each_hub_has_its_own_key_and_the_last_login_is_current(
    aerostack, process, alices, home
):
    other = f"{alices.url}/mirror/"
    alices.answers["POST", f"/mirror{VALIDATE}"] = {**ALICE, "username": "bob"}
    process("login", "--hub", alices.url, stdin=KEY)
    process("login", "--hub", other, stdin=KEY)

    assert sorted(credentials(home)["keys"]) == [alices.url, other.rstrip("/")]
    assert "as bob" in aerostack("whoami").out
    assert "as alice" in aerostack("whoami", "--hub", alices.url).out


def test_environment_key_wins_over_the_stored_one(aerostack, alices, process, hub):
    process("login", "--hub", alices.url, stdin=KEY)

    done = process("whoami", env={"AEROSTACK_API_KEY": "ac_secret_other"})

    assert done.status == 1
    assert "invalid or expired" in done.err


def test_logout_forgets_the_key(aerostack, process, alices, home):
    process("login", "--hub", alices.url, stdin=KEY)

    assert aerostack("logout", "--hub", alices.url).status == 0

    assert KEY not in (home / "credentials.json").read_text()
    assert "not logged in" in aerostack("whoami", "--hub", alices.url).err


@pytest.mark.parametrize("suffix", ["", "/", "/api", "/api/"])
def test_the_hubs_address_may_end_as_it_likes(process, alices, suffix):
    env = {"AEROSTACK_API_URL": alices.url + suffix, "AEROSTACK_API_KEY": KEY}

    assert "as alice" in process("whoami", env=env).out


@pytest.mark.parametrize(
    "address",
    ["hub.example.org", "ftp://x", "http://", "https://a:b@x", "https://x?y", "::", ""],
)
def test_what_is_no_address_is_a_usage_error(aerostack, address):
    assert aerostack("whoami", "--hub", address or "//").status == 2


def test_plain_http_to_another_machine_is_refused_unless_told(aerostack, monkeypatch):
    monkeypatch.setenv("AEROSTACK_API_KEY", KEY)
    address = "http://hub.example.invalid"

    refused = aerostack("whoami", "--hub", address)
    told = aerostack("whoami", "--hub", address, "--allow-http")

    assert refused.status == 2
    assert "--allow-http" in refused.err
    assert told.status == 3
    assert "cannot be reached" in told.err


def test_damaged_credentials_are_named(aerostack, home):
    (home / "credentials.json").write_text("[")

    done = aerostack("whoami")

    assert done.status == 1
    assert "DAMAGED_CREDENTIALS" in done.err


def test_json_answers_hold_the_identity_or_the_error(aerostack, alices, monkeypatch):
    monkeypatch.setenv("AEROSTACK_API_KEY", KEY)
    assert aerostack("whoami", "--hub", alices.url, "--json").json["username"] == (
        "alice"
    )

    monkeypatch.setenv("AEROSTACK_API_KEY", "ac_no")
    done = aerostack("whoami", "--hub", alices.url, "--json")

    assert done.status == 1
    assert done.json["code"] == "UNAUTHORIZED"
