"""How the command speaks with a Hub: what it asks again, what it believes, what it
says of a refusal."""

import json
import time
from urllib.parse import urlsplit

import pytest
from aerostack_cli import __version__, client

from tests.cli.conftest import write_function
from tests.cli.scripted_hub import FUNCTIONS, ScriptedHub

MY = f"{FUNCTIONS}/my"
PUBLISH = f"{FUNCTIONS}/d1/publish"
YANK = f"{FUNCTIONS}/alice/tool/versions/1.0.0/yank"
DONE = {"slug": "tool", "version": "1.0.0", "url": "/functions/alice/tool"}
BUSY = (503, {"error": "Busy.", "code": "UNAVAILABLE"})
LOST = (502, {})
MIB = 1024 * 1024


@pytest.fixture
def slept(monkeypatch):
    """The seconds that the command would have waited, one number per wait."""
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


# --- what is asked again


def test_a_read_is_tried_four_times(aerostack, on_hub):
    on_hub.answers["GET", MY] = [BUSY, LOST, BUSY, {"functions": []}]
    assert aerostack("functions", "list").status == 0

    on_hub.answers["GET", MY] = BUSY
    done = aerostack("functions", "list")

    assert len(on_hub.requests) == 8
    assert done.status == 3
    assert done.err == (
        "Error: Busy.\n"
        "   Code: UNAVAILABLE\n"
        "   Fix:  Check the connection and the Hub's address, then run the command "
        "again.\n"
    )


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 413, 500, 501])
def test_a_refusal_and_a_fault_are_not_asked_again(aerostack, on_hub, status):
    on_hub.answers["GET", MY] = (status, {"error": "No.", "code": "NO"})

    done = aerostack("functions", "list")

    assert len(on_hub.requests) == 1
    assert done.status == (3 if status >= 500 else 1)


@pytest.mark.parametrize("status", [429, 503])
def test_a_write_that_the_hub_did_not_take_is_sent_again(aerostack, on_hub, status):
    on_hub.answers["POST", YANK] = [(status, {"error": "Busy."}), {}]

    done = aerostack("functions", "yank", "alice/tool@1.0.0", "--reason", "x")

    assert done.status == 0
    assert len(on_hub.requests) == 2


@pytest.mark.parametrize(
    "answer", [ScriptedHub.DROP, (502, {}), (504, {})], ids=["lost", "502", "504"]
)
def test_a_write_that_may_be_done_is_not_sent_again(aerostack, on_hub, answer):
    on_hub.answers["POST", YANK] = answer

    done = aerostack("functions", "yank", "alice/tool@1.0.0", "--reason", "x")

    assert len(on_hub.requests) == 1
    assert done.status == 3
    assert "after the request was sent, so it is not known whether" in done.err
    assert "Code: OUTCOME_UNKNOWN" in done.err
    assert "Fix:  Look with `aerostack functions list` before you repeat" in done.err


@pytest.mark.parametrize(
    "answer", [ScriptedHub.DROP, (502, {}), BUSY], ids=["lost", "502", "503"]
)
def test_a_write_that_may_be_done_twice_is_sent_again(aerostack, on_hub, answer):
    on_hub.answers["POST", PUBLISH] = [answer, DONE]
    on_hub.answers["DELETE", YANK] = [answer, (204, b"")]

    assert aerostack("functions", "publish", "d1").status == 0
    assert aerostack("functions", "yank", "alice/tool@1.0.0", "--undo").status == 0
    assert len(on_hub.requests) == 4


# --- how long it waits


def test_each_wait_is_twice_the_one_before(aerostack, on_hub, slept, monkeypatch):
    monkeypatch.setattr(client, "ATTEMPT_SECONDS", 0.5)
    monkeypatch.setattr("random.uniform", lambda low, high: 1.0)
    on_hub.answers["GET", MY] = BUSY

    aerostack("functions", "list")

    assert slept == [0.5, 1, 2]


def test_waits_are_spread_so_that_not_all_come_at_once(
    aerostack, on_hub, slept, monkeypatch
):
    monkeypatch.setattr(client, "ATTEMPT_SECONDS", 0.5)
    on_hub.answers["GET", MY] = BUSY

    aerostack("functions", "list")

    for seconds, middle in zip(slept, (0.5, 1, 2), strict=True):
        assert middle * 0.8 <= seconds <= middle * 1.2
    assert len({round(s / slept[0], 6) for s in slept} - {1, 2, 4}) > 0


@pytest.mark.parametrize(
    ("header", "waits"),
    [("0", [0]), ("7", [7]), ("60", [60]), ("61", None), ("9999999", None),
     ("99999999", [0]), ("soon", [0]), ("-1", [0]), ("1.5", [0]), ("", [0])],
)  # fmt: skip
def test_the_hub_says_how_long_to_wait_up_to_a_minute(
    aerostack, on_hub, slept, header, waits
):
    busy = (429, {"error": "Too many requests."}, {"Retry-After": header})
    on_hub.answers["GET", MY] = [busy, {"functions": []}]

    done = aerostack("functions", "list")

    if waits is None:
        assert (done.status, slept) == (3, [])
        assert f"Fix:  Wait {header} seconds, then try again." in done.err
    else:
        assert (done.status, slept) == (0, waits)


# --- what is sent


def test_a_request_names_the_command_and_wants_json(aerostack, on_hub):
    on_hub.answers["GET", MY] = {"functions": []}

    aerostack("functions", "list")

    [request] = on_hub.requests
    assert request["headers"]["User-Agent"] == f"aerostack/{__version__}"
    assert request["headers"]["Accept"] == "application/json"
    assert request["headers"]["Accept-Encoding"] == "gzip"


def test_an_id_cannot_lead_to_another_address(aerostack, on_hub):
    aerostack("functions", "publish", "../../auth/login?x#y")

    [request] = on_hub.requests
    assert request["path"] == (f"{FUNCTIONS}/..%2F..%2Fauth%2Flogin%3Fx%23y/publish")


@pytest.mark.parametrize(
    ("args", "method", "path", "body"),
    [
        (["yank", "--reason", "leaks", "--replacement", "1.0.1"], "POST", "yank",
         {"reason": "leaks", "replacement": "1.0.1"}),
        (["yank", "--reason", "leaks"], "POST", "yank", {"reason": "leaks"}),
        (["yank", "--undo"], "DELETE", "yank", None),
        (["deprecate", "--message", "old", "--successor", "a/b"], "POST", "deprecate",
         {"message": "old", "successor": "a/b"}),
        (["deprecate", "--undo"], "DELETE", "deprecate", None),
    ],
    ids=str,
)  # fmt: skip
def test_a_retraction_is_sent_for_the_keys_own_account(
    aerostack, on_hub, args, method, path, body
):
    verb, *options = args
    ref, path = {
        "yank": ("tool@1.0.0", YANK),
        "deprecate": ("tool", f"{FUNCTIONS}/alice/tool/deprecate"),
    }[verb]
    on_hub.answers["POST", "/api/v1/cli/validate"] = {"username": "alice"}
    on_hub.answers[method, path] = {}

    assert aerostack("functions", verb, ref, *options).status == 0

    [request] = on_hub.asked(method, path)
    assert request["body"] == body


@pytest.mark.parametrize("identity", [{}, {"username": ""}, {"username": 3}])
def test_a_project_key_retracts_nothing(aerostack, on_hub, identity):
    on_hub.answers["POST", "/api/v1/cli/validate"] = {"keyType": "project", **identity}

    done = aerostack("functions", "yank", "tool@1.0.0", "--reason", "x")

    assert done.status == 1
    assert done.err == (
        "Error: This is a project key: it can install, never publish.\n"
        "   Code: FORBIDDEN\n"
        "   Fix:  Use an account key (ac_...)\n"
    )
    assert [request["path"] for request in on_hub.requests] == ["/api/v1/cli/validate"]


@pytest.mark.parametrize(
    "args",
    [["yank", "alice/tool", "--reason", "x"], ["yank", "alice/tool@1.0.0"],
     ["deprecate", "alice/tool"], ["deprecate", "alice/tool", "--successor", "a/b"]],
    ids=str,
)  # fmt: skip
def test_a_retraction_needs_a_version_and_a_reason(aerostack, on_hub, args):
    assert aerostack("functions", *args).status == 2
    assert on_hub.requests == []


# --- redirects


def test_a_read_follows_five_redirects_and_no_sixth(aerostack, on_hub):
    for number in range(1, 7):
        on_hub.answers["GET", f"/{number}"] = (302, {}, {"Location": f"/{number + 1}"})
    on_hub.answers["GET", "/5"] = {"functions": []}
    on_hub.answers["GET", MY] = [
        (302, {}, {"Location": "/1"}),
        (302, {}, {"Location": "/6"}),
    ]
    assert aerostack("functions", "list").status == 0

    on_hub.answers["GET", "/7"] = (302, {}, {"Location": "/6"})
    done = aerostack("functions", "list")

    assert done.status == 3
    assert f"{on_hub.url} redirects without end." in done.err
    assert len(on_hub.requests) == 6 + 6


def test_a_redirect_is_asked_for_with_its_own_query(aerostack, on_hub):
    path = f"{FUNCTIONS}/alice/tool/install"
    on_hub.answers["GET", path] = (301, {}, {"Location": "/elsewhere?a=1"})

    aerostack("functions", "install", "alice/tool@1.0.0")

    assert on_hub.requests[0]["query"] == {"layout": "source", "version": "1.0.0"}
    assert on_hub.requests[1]["query"] == {"a": "1"}


@pytest.mark.parametrize(
    ("here", "target", "allow_http", "is_safe"),
    [
        ("https://a", "https://b", False, True),
        ("https://a", "http://b", False, False),
        ("https://a", "http://b", True, False),
        ("http://a", "http://b", True, True),
        ("http://a", "http://b", False, False),
        ("http://a", "https://b", False, True),
        ("https://a", "http://127.0.0.1", True, False),
        ("https://a", "https://localhost", True, False),
        ("http://127.0.0.1", "http://localhost", False, True),
        ("http://127.0.0.1", "https://[::1]", False, True),
        ("http://127.0.0.1", "http://b", False, False),
        ("http://127.0.0.1", "ftp://127.0.0.1", True, False),
        ("http://a", "ftp://b", True, False),
    ],
)
def test_a_redirect_leads_neither_to_this_machine_nor_out_of_https(
    here, target, allow_http, is_safe
):
    asked = client.Client(here, allow_http=allow_http)

    assert asked._may_follow(urlsplit(here), urlsplit(target)) is is_safe


# --- what is believed


@pytest.mark.parametrize(
    ("size", "status"), [(16 * MIB, 0), (16 * MIB + 1, 1)], ids=["16 MiB", "more"]
)
def test_an_answer_has_16_mib_at_most(aerostack, on_hub, size, status):
    content = b'{"functions": []}'
    on_hub.answers["GET", MY] = (200, content + b" " * (size - len(content)))

    done = aerostack("functions", "list")

    assert done.status == status
    assert ("sent more than 16 MiB" in done.err) is bool(status)


@pytest.mark.parametrize(
    ("status", "body"), [(404, b"<html>"), (405, b""), (200, b"[]"), (300, b"{}"),
                         (304, b"")],
)  # fmt: skip
def test_what_does_not_answer_like_a_hub_is_none(aerostack, on_hub, status, body):
    headers = {"Content-Type": "text/html; charset=utf-8"}
    on_hub.answers["GET", MY] = (status, body, headers)

    done = aerostack("functions", "list")

    assert done.status == 1
    assert done.err == (
        f"Error: {on_hub.url} does not answer like a Hub (HTTP {status}, text/html).\n"
        "   Code: NOT_A_HUB\n"
        "   Fix:  Check the address given with --hub or AEROSTACK_API_URL.\n"
    )


@pytest.mark.parametrize(
    ("args", "answers", "key"),
    [
        (["list"], {MY: {}}, "functions"),
        (["list"], {MY: {"functions": {"a": 1}}}, "functions"),
        (["search", "x"], {FUNCTIONS: {"total": 0}}, "functions"),
        (["pull", "alice/tool"], {f"{FUNCTIONS}/alice/tool": {"slug": "tool"}},
         "function"),
        (["info", "alice/tool"], {f"{FUNCTIONS}/alice/tool/versions": {}}, "versions"),
    ],
    ids=str,
)  # fmt: skip
def test_an_answer_without_what_was_asked_for_is_refused(
    aerostack, on_hub, project, args, answers, key
):
    on_hub.publish("tool", "1.0.0", {"index.ts": "1"})
    for path, answer in answers.items():
        on_hub.answers["GET", path] = answer

    done = aerostack("functions", *args)

    assert done.status == 1
    assert f"The Hub sent an answer without '{key}'." in done.err
    assert "UNTRUSTED_ANSWER" in done.err
    assert list(project.iterdir()) == []


def test_items_of_a_list_that_are_no_objects_are_passed_over(aerostack, on_hub):
    on_hub.answers["GET", MY] = {"functions": [3, {"slug": "tool"}, None, "x"]}

    done = aerostack("functions", "list", "--json")

    assert done.json == {"functions": [{"slug": "tool"}]}


# --- what a refusal says


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (400, {"error": "No.", "code": "NO", "fix": "Do."}, ("No.", "NO", "Do.")),
        (400, {"error": {"message": "No.", "code": "NO", "fix": "Do."}},
         ("No.", "NO", "Do.")),
        (400, {"error": "Old.", "message": "No."}, ("No.", "HTTP_400", "")),
        (418, {"error": 3, "code": 3, "fix": 3},
         ("{url} answered HTTP 418 without saying why.", "HTTP_418", "")),
        (400, {"message": ["x"]},
         ("{url} answered HTTP 400 without saying why.", "HTTP_400", "")),
        (500, {"error": "Broken.", "code": "INTERNAL"},
         ("Broken.", "INTERNAL", "The fault is the Hub's; try again later.")),
        (500, {"error": "Broken.", "code": "INTERNAL", "fix": "Report it."},
         ("Broken.", "INTERNAL", "Report it.")),
        (503, {"error": "Busy.", "code": "UNAVAILABLE", "fix": "Wait."},
         ("Busy.", "UNAVAILABLE", "Wait.")),
        (503, {"error": "Only reads.", "code": "READ_ONLY", "fix": "Later."},
         ("Only reads.", "READ_ONLY", "Later.")),
    ],
)  # fmt: skip
def test_a_refusal_is_told_in_the_hubs_words(aerostack, on_hub, status, body, told):
    on_hub.answers["GET", MY] = (status, body)

    done = aerostack("functions", "list", "--json")

    message, code, fix = told
    assert done.json == {
        "error": message.format(url=on_hub.url),
        "code": code,
        "fix": fix,
    }


@pytest.mark.parametrize("status", [400, 503])
def test_further_faults_are_listed_and_the_first_is_not_said_twice(
    aerostack, on_hub, status
):
    details = [{"message": "No.", "field": "a"}, {"message": "Nor."}, "No.", "Third."]
    on_hub.answers["GET", MY] = (status, {"error": "No.", "details": details})
    listed = aerostack("functions", "list", "--json").json["details"]

    on_hub.answers["GET", MY] = (status, {"error": "No.", "details": {"a": 1}})
    none = aerostack("functions", "list", "--json").json

    assert listed == [{"message": "Nor."}, "Third."]
    assert "details" not in none


# --- a push whose answer was lost


@pytest.fixture
def pushing(aerostack, on_hub, project):
    """Push a function whose answers are lost; ``drafts`` are on the Hub."""
    write_function(project, files={"index.ts": "1"})
    (project / "README.md").write_text("# Read me")

    def pushing(*drafts):
        on_hub.answers["GET", MY] = {"functions": list(drafts)}
        on_hub.answers["POST", FUNCTIONS] = [LOST, LOST, (201, {"id": "third"})]
        return aerostack("functions", "push", "-q").out.strip()

    return pushing


@pytest.fixture
def held(on_hub, project):
    """Put a draft on the Hub that holds what is pushed, but for ``changes``."""

    def held(item=(), **changes):
        manifest = json.loads((project / "aerostack.json").read_text())
        manifest["added-by-the-hub"] = True
        on_hub.answers["GET", f"{FUNCTIONS}/first"] = {
            "function": {
                "id": "first",
                "files": {"index.ts": "1"},
                "readme": "# Read me",
                "config_schema": manifest,
                **changes,
            }
        }
        return {"id": "first", "status": "draft", "slug": "image-resizer", **dict(item)}

    return held


def test_the_draft_that_holds_what_was_pushed_is_the_one(pushing, held, on_hub):
    assert pushing(held()) == "first"
    assert len(on_hub.asked("POST", FUNCTIONS)) == 1


def test_a_draft_that_was_found_has_an_address_to_edit_it(
    aerostack, pushing, held, on_hub
):
    pushing(held())
    on_hub.answers["POST", FUNCTIONS] = LOST

    done = aerostack("functions", "push")

    assert f"   Admin URL: {on_hub.url}/functions/edit/first\n" in done.out


@pytest.mark.parametrize(
    "item", [{"status": "published"}, {"slug": "other"}, {"status": None}], ids=str
)
def test_what_is_no_draft_of_that_name_is_not_the_one(pushing, held, on_hub, item):
    assert pushing(held(item)) == "third"
    assert on_hub.asked("GET", f"{FUNCTIONS}/first") == []


@pytest.mark.parametrize(
    "changes",
    [
        {"files": {"index.ts": "2"}},
        {"files": {"index.ts": "1", "b.ts": "1"}},
        {"readme": ""},
        {"config_schema": None},
        {"config_schema": {}},
        {"config_schema": {"name": "image-resizer"}},
    ],
    ids=str,
)
def test_a_draft_with_other_content_is_not_the_one(pushing, held, changes):
    assert pushing(held(**changes)) == "third"


def test_the_right_one_of_several_drafts_is_found(pushing, held, on_hub):
    on_hub.answers["GET", f"{FUNCTIONS}/other"] = {"function": {"files": {}}}
    other = {"id": "other", "status": "draft", "slug": "image-resizer"}

    assert pushing(other, held()) == "first"


def test_a_push_is_tried_three_times_and_then_said_to_be_unknown(
    aerostack, on_hub, project
):
    write_function(project)
    on_hub.answers["POST", FUNCTIONS] = LOST
    on_hub.answers["GET", MY] = {"functions": []}

    done = aerostack("functions", "push")

    assert len(on_hub.asked("POST", FUNCTIONS)) == 3
    assert done.status == 3
    assert "OUTCOME_UNKNOWN" in done.err


# --- texts by hash


@pytest.mark.parametrize("content", ["other", None, 3, ["1"], "\ud800"], ids=repr)
def test_a_text_that_has_another_hash_is_not_shown(aerostack, on_hub, project, content):
    on_hub.publish("tool", "1.0.0", {"index.ts": "1"})
    aerostack("functions", "install", "alice/tool")
    (project / "services/tool/index.ts").write_text("mine")
    digest = on_hub.versions["tool"][0]["files"][0]["sha256"]
    on_hub.answers["GET", f"/api/community/files/{digest}"] = {
        "content": content,
        "versions": [],
    }

    done = aerostack("functions", "diff")

    assert done.status == 1
    assert "UNTRUSTED_ANSWER" in done.err
    assert done.out == ""
