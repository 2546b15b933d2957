"""The report page and the public log."""

import pytest

from accounts.models import Event
from registry import moderation
from registry.models import Report
from registry.moderation import Grounds

GROUNDS = Grounds("It sends keys away.", "malware")
REPORT = "/functions/alice/image-resizer/report"


@pytest.fixture
def function(publish):
    return publish().function


def test_report_page_is_private_and_linked(function, client):
    page = client.get(REPORT)

    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    assert b"csrfmiddlewaretoken" in page.content
    public = client.get("/functions/alice/image-resizer")
    assert REPORT in public.content.decode()
    assert not public.cookies


def test_anyone_reports_from_the_page(function, client):
    sent = client.post(REPORT, {"reason": "malware", "text": "See index.ts:3."})

    assert sent.status_code == 302
    assert "is with the Hub" in client.get(sent["Location"]).content.decode()
    made = Report.objects.get()
    assert (made.reason, made.text, made.reporter) == (
        "malware",
        "See index.ts:3.",
        None,
    )
    assert Event.objects.filter(verb="report", via="hub").count() == 1


def test_signed_in_name_report_opens_a_dispute(function, client, bob):
    client.force_login(bob)
    client.post(REPORT, {"reason": "name", "text": "It is our trademark."})

    assert Report.objects.get().case.kind == "dispute"


@pytest.mark.parametrize(
    "data", [{}, {"reason": "dislike"}, {"reason": "spam", "version": "7.0.0"}]
)
def test_unfit_report_is_asked_for_again(function, client, data):
    page = client.post(REPORT, data)

    assert page.status_code == 200
    assert b"invalid-feedback" in page.content
    assert not Report.objects.exists()


def test_report_needs_its_token(function):
    from django.test import Client

    sent = Client(enforce_csrf_checks=True).post(REPORT, {"reason": "spam"})

    assert sent.status_code == 403
    assert not Report.objects.exists()


def test_reports_turned_off_say_why(function, client, staff):
    moderation.throw_switch("reports", Grounds("We are swamped."), by=staff)

    page = client.post(REPORT, {"reason": "spam"})

    assert page.status_code == 503
    assert "We are swamped." in page.content.decode()


def test_report_page_limits_one_client(function, client, settings):
    from django.core.cache import caches

    settings.RATE_LIMITS = True
    caches["local"].clear()
    answers = [client.post(REPORT, {"reason": "spam"}).status_code for _ in range(11)]
    caches["local"].clear()

    assert answers == [302] * 10 + [429]
    assert Report.objects.count() == 1


def test_report_page_of_a_draft_or_nothing_is_not_there(push, client):
    push()

    assert client.get(REPORT).status_code == 404
    assert client.get("/functions/alice/nothing/report").status_code == 404


def test_log_is_public_cached_and_empty_at_first(client, db):
    page = client.get("/moderation")

    assert page.status_code == 200
    assert page["Cache-Control"] == "public, no-cache"
    assert page["ETag"]
    assert "Nothing was decided yet" in page.content.decode()
    assert client.get("/moderation.json").json() == {"decisions": [], "next": None}
    assert client.get("/feeds/moderation.atom").status_code == 200


def test_log_shows_decisions_without_reporters(function, client, staff, bob, alice):
    case = moderation.report(
        function, reason="malware", by=bob, source="x", via="api", text="secret words"
    ).case
    made = moderation.quarantine_function(
        function, Grounds("It sends keys away.", "malware", case), by=staff
    )
    moderation.appeal(made, "It does not.", by=alice)

    for path in ("/moderation", "/moderation.json", "/feeds/moderation.atom"):
        shown = client.get(path).content.decode()
        assert "It sends keys away." in shown
        assert "alice/image-resizer" in shown
        for hidden in ("bob", "secret words", "It does not."):
            assert hidden not in shown, (path, hidden)
    row = client.get("/moderation.json").json()["decisions"][0]
    assert (row["action"], row["rule"], row["outcome"]) == (
        "quarantine_function",
        "malware",
        "under appeal",
    )


def test_private_decisions_are_not_in_the_log(function, staff, bob, client):
    blob = function.versions.get().files.get().blob
    moderation.request_removal(function, blob, Grounds("A key.", "secret"), by=staff)
    moderation.force_sign_out(bob, Grounds("A stolen laptop."), by=staff)
    moderation.throw_switch("reports", Grounds("Swamped."), by=staff)

    assert client.get("/moderation.json").json()["decisions"] == []


def test_log_goes_on_page_by_page(staff, client, queries):
    one = None
    for number in range(60):
        moderation.reserve_name(f"name-{number}", Grounds("Ours."), by=staff)
        one = one or queries(client, "/moderation")

    first = client.get("/moderation.json").json()
    assert len(first["decisions"]) == 50
    assert first["next"].endswith("?before=" + first["decisions"][-1]["id"])
    rest = client.get("/moderation.json?before=" + first["decisions"][-1]["id"]).json()
    assert (len(rest["decisions"]), rest["next"]) == (10, None)
    assert queries(client, "/moderation") == one


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "0", "²"])
def test_odd_page_of_the_log_is_a_page(client, db, before):
    assert client.get("/moderation", {"before": before}).status_code == 200


def test_tombstone_says_why(function, client, staff):
    moderation.quarantine_function(function, GROUNDS, by=staff)

    for rest in ("", "/versions", "/source/index.ts", "/install", "/v/1.0.0"):
        page = client.get(f"/functions/alice/image-resizer{rest}")
        assert page.status_code == 404
        assert "It sends keys away." in page.content.decode()
        assert "answer = ()" not in page.content.decode()
    raw = client.get("/functions/alice/image-resizer/raw/1.0.0/index.ts")
    assert raw.status_code == 404


def test_tombstone_of_a_version_points_to_the_others(publish, client, staff):
    publish()
    bad = publish(version="1.1.0", code="export const bad = 1;\n")
    moderation.quarantine_version(bad, GROUNDS, by=staff)

    page = client.get("/functions/alice/image-resizer/v/1.1.0")
    assert page.status_code == 404
    assert "It sends keys away." in page.content.decode()
    assert client.get("/functions/alice/image-resizer").status_code == 200
    versions = client.get("/functions/alice/image-resizer/versions").content.decode()
    assert "quarantined" in versions
