"""Which Hub and which key a command uses, and how they are kept."""

import errno
import json
import os
import stat

import pytest
from aerostack_cli.config import Credentials, environment_key, hub_address, is_loopback
from aerostack_cli.errors import UsageError

from tests.cli.conftest import KEY
from tests.cli.scripted_hub import FUNCTIONS, ScriptedHub

VALIDATE = "/api/v1/cli/validate"
HUB = "https://hub.example.org"


# --- addresses


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (HUB, HUB),
        (f"  {HUB}//  ", HUB),
        (f"{HUB}/api", HUB),
        (f"{HUB}/api//", HUB),
        (f"{HUB}//api/", HUB),
        (f"{HUB}:8443/mirror/", f"{HUB}:8443/mirror"),
        (f"{HUB}/apiary", f"{HUB}/apiary"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://127.8.9.1:1/api", "http://127.8.9.1:1"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_address_is_taken_as_it_is_typed(typed, address):
    assert hub_address(typed) == address


@pytest.mark.parametrize(
    "typed",
    ["", "hub.example.org", "//x", "ftp://x", "file:///x", "http://", "https://:80",
     "https://x?a=1", "https://x:port", "https://x:99999", "https://[::1", "https://x/?"
     "key=1"],
)  # fmt: skip
def test_what_is_no_address_is_told_how_to_write_one(typed):
    with pytest.raises(UsageError, match="is not the address of a Hub") as refused:
        hub_address(typed)

    assert refused.value.fix == (
        "Write it like https://hub.aerostack.dev, without /api."
    )


@pytest.mark.parametrize(
    "typed", ["https://a@x", "https://a:b@x", "https://:b@x", "https://x#y"]
)
def test_an_address_holds_no_user_and_no_fragment(typed):
    with pytest.raises(UsageError, match="'x' must be given without a user name"):
        hub_address(typed)


@pytest.mark.parametrize(
    "typed",
    ["http://hub.example.org", "http://10.0.0.1", "http://localhost.example.org",
     "http://128.0.0.1", "http://[::2]", "http://0.0.0.0"],
)  # fmt: skip
def test_plain_http_is_for_this_machine_unless_it_is_allowed(typed):
    with pytest.raises(UsageError, match="is plain http") as refused:
        hub_address(typed)

    assert "--allow-http" in refused.value.fix
    assert hub_address(typed, allow_http=True) == typed


def test_allowing_http_allows_nothing_else():
    with pytest.raises(UsageError):
        hub_address("ftp://hub.example.org", allow_http=True)


@pytest.mark.parametrize("host", [None, "", "example.org", "localhost.", "1.1.1.1"])
def test_another_machine_is_not_this_one(host):
    assert not is_loopback(host)


# --- the order in which a Hub is chosen


@pytest.fixture
def hubs():
    """Three Hubs, each of which says who it is."""
    hubs = {name: ScriptedHub() for name in ("option", "environment", "login")}
    for name, hub in hubs.items():
        hub.answers["POST", VALIDATE] = {"keyType": "account", "username": name}
    yield hubs
    for hub in hubs.values():
        hub.close()


def test_the_option_wins_over_the_environment_and_that_over_the_login(
    aerostack, home, hubs, monkeypatch
):
    monkeypatch.setenv("AEROSTACK_API_KEY", KEY)
    Credentials().remember(hubs["login"].url, "ac_stored")

    def asked(*options):
        return aerostack("whoami", *options, "--json").json["username"]

    assert asked() == "login"
    monkeypatch.setenv("AEROSTACK_API_URL", hubs["environment"].url)
    assert asked() == "environment"
    assert asked("--hub", hubs["option"].url) == "option"


def test_without_any_choice_it_is_the_public_hub(aerostack, home):
    done = aerostack("whoami")

    assert done.status == 1
    assert done.err == (
        "Error: You are not logged in to https://hub.aerostack.dev.\n"
        "   Code: UNAUTHORIZED\n"
        "   Fix:  Run `aerostack login`, or set AEROSTACK_API_KEY.\n"
    )


def test_the_environments_key_wins_over_the_stored_one(
    aerostack, home, hubs, monkeypatch
):
    hub = hubs["login"]
    Credentials().remember(hub.url, "ac_stored")

    aerostack("whoami")
    monkeypatch.setenv("AEROSTACK_API_KEY", f"  {KEY}\n")
    aerostack("whoami")

    keys = [request["headers"]["X-API-Key"] for request in hub.requests]
    assert keys == ["ac_stored", KEY]


@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_key_in_the_environment_is_none(monkeypatch, value):
    monkeypatch.setenv("AEROSTACK_API_KEY", value)

    assert environment_key() is None


def test_a_key_is_for_its_own_hub_alone(aerostack, home, hubs):
    Credentials().remember(hubs["login"].url, "ac_stored")

    done = aerostack("whoami", "--hub", hubs["option"].url)

    assert done.status == 1
    assert "not logged in" in done.err
    assert hubs["option"].requests == []


@pytest.mark.parametrize("key", ["ac_é", "ac_\x07", "ac a"])
def test_a_key_that_no_header_can_hold_is_not_sent(
    aerostack, home, hubs, monkeypatch, key
):
    monkeypatch.setenv("AEROSTACK_API_KEY", key)

    done = aerostack("whoami", "--hub", hubs["option"].url)

    assert done.status == 1
    assert "The API key holds characters that no key has." in done.err
    assert hubs["option"].requests == []


def test_reading_needs_no_key_and_sends_none(aerostack, on_hub):
    on_hub.publish("tool", "1.0.0", {"index.ts": "1"})

    aerostack("functions", "install", "alice/tool")

    [request] = on_hub.requests
    assert "X-API-Key" not in request["headers"]
    assert "Authorization" not in request["headers"]


def test_the_option_moves_an_installed_function_to_another_hub(aerostack, hub, hubs):
    hub.publish("tool", "1.0.0", {"index.ts": "1"})
    aerostack("functions", "install", "alice/tool", "--hub", hub.url)
    asked = len(hub.requests)
    hubs["option"].publish("tool", "1.0.0", {"index.ts": "1"})

    done = aerostack("functions", "verify", "--hub", hubs["option"].url)

    assert done.status == 0
    assert len(hub.requests) == asked
    assert len(hubs["option"].asked("GET", f"{FUNCTIONS}/alice/tool/install")) == 1


# --- credentials.json


def test_keys_are_kept_one_for_each_hub_and_the_last_login_is_current(home):
    kept = Credentials()
    kept.remember("https://a", "ac_1")
    kept.remember("https://b", "ac_2")
    kept.remember("https://a", "ac_3")

    assert json.loads((home / "credentials.json").read_text()) == {
        "current": "https://a",
        "keys": {"https://a": "ac_3", "https://b": "ac_2"},
    }
    assert (kept.key_for("https://a"), kept.key_for("https://b")) == ("ac_3", "ac_2")
    assert kept.key_for("https://c") is None


def test_a_logout_forgets_one_hub_and_what_is_current_only_if_it_was_that(home):
    kept = Credentials()
    kept.remember("https://a", "ac_1")
    kept.remember("https://b", "ac_2")

    assert kept.forget("https://a") is True
    assert (kept.current_hub, kept.key_for("https://b")) == ("https://b", "ac_2")
    assert kept.forget("https://a") is False
    assert kept.forget("https://b") is True
    assert kept.current_hub is None
    assert json.loads((home / "credentials.json").read_text())["keys"] == {}


def test_without_a_file_there_is_no_key_and_a_logout_makes_none(home):
    kept = Credentials()

    assert (kept.current_hub, kept.key_for("https://a")) == (None, None)
    assert kept.forget("https://a") is False
    assert list(home.iterdir()) == []


def test_logout_says_whether_there_was_a_key_and_what_still_logs_in(
    aerostack, home, monkeypatch
):
    Credentials().remember(HUB, KEY)

    first, second = aerostack("logout"), aerostack("logout", "--hub", HUB)
    monkeypatch.setenv("AEROSTACK_API_KEY", KEY)
    third = aerostack("logout", "--hub", HUB, "--json")
    fourth = aerostack("logout", "--hub", HUB)

    assert (first.out, first.err) == (f"Logged out of {HUB}.\n", "")
    assert (second.out, second.err) == (f"You were not logged in to {HUB}.\n", "")
    assert third.json == {"hub": HUB, "forgotten": False}
    assert fourth.err == ("Warning: AEROSTACK_API_KEY is set and still logs you in.\n")


@pytest.mark.parametrize(
    ("content", "current"),
    [
        ({"current": 3, "keys": {HUB: 3}}, None),
        ({"current": None, "keys": []}, None),
        ({}, None),
        ({"current": HUB, "keys": "x"}, HUB),
    ],
)
def test_what_is_no_text_in_the_file_is_no_key(home, content, current):
    (home / "credentials.json").write_text(json.dumps(content))

    assert Credentials().current_hub == current
    assert Credentials().key_for(HUB) is None


@pytest.mark.parametrize("text", ["", "[", "[]", "3", "[" * 100_000, '{"a": "\udcff"}'])
def test_a_damaged_file_is_named_and_kept(aerostack, home, text):
    data = text.encode("utf-8", "surrogateescape")
    (home / "credentials.json").write_bytes(data)

    for args in (["whoami"], ["logout"]):
        done = aerostack(*args)
        assert done.status == 1
        assert done.err == (
            f"Error: {home}/credentials.json is damaged.\n"
            "   Code: DAMAGED_CREDENTIALS\n"
            "   Fix:  Remove that file, then run `aerostack login` again.\n"
        )
    assert (home / "credentials.json").read_bytes() == data


def test_the_file_and_its_folder_are_for_the_owner_alone(home, monkeypatch):
    monkeypatch.setenv("AEROSTACK_CONFIG_DIR", str(home / "new/folder"))
    (home / "new").mkdir()

    Credentials().remember(HUB, KEY)

    assert stat.S_IMODE((home / "new/folder").stat().st_mode) == 0o700
    path = home / "new/folder/credentials.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_others_could_read_is_replaced_by_one_that_they_cannot(home):
    path = home / "credentials.json"
    path.write_text("{}")
    path.chmod(0o644)

    Credentials().remember(HUB, KEY)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_full_disk_leaves_the_old_keys_and_nothing_else(
    aerostack, home, hubs, monkeypatch
):
    Credentials().remember(HUB, KEY)
    before = (home / "credentials.json").read_bytes()

    def fsync(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        done = aerostack("logout", "--hub", HUB)

    assert done.status == 1
    assert "SYSTEM_ERROR" in done.err
    assert os.listdir(home) == ["credentials.json"]
    assert (home / "credentials.json").read_bytes() == before


def test_keys_are_kept_in_the_users_configuration_folder(home, monkeypatch, tmp_path):
    monkeypatch.delenv("AEROSTACK_CONFIG_DIR")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))

    Credentials().remember(HUB, KEY)

    assert (tmp_path / "xdg/aerostack/credentials.json").exists()
