"""Staff's pages: there for staff only, each action confirmed, refusals shown."""

import csv
import io

import pytest
from django.urls import reverse

from accounts.models import Account, Event, ReservedName, Switch, record
from registry import moderation
from registry.models import Case, Category, Decision, Function, Removal, TagRule
from registry.moderation import Grounds
from tests.conftest import make_account

GROUNDS = Grounds("It has to be.", "other")


@pytest.fixture
def version(publish):
    return publish()


@pytest.fixture
def function(version):
    return version.function


@pytest.fixture
def desk(client, staff):
    """A browser signed in as staff."""
    client.force_login(staff)
    return client


def at(name, *args):
    return reverse(f"admin_portal:{name}", args=args)


def addresses(version):
    """Every page of staff, by what it does: the decision it makes, or "" for none."""
    function, owner = version.function, version.function.owner.username
    blob = version.files.get().blob_id
    case = Case.objects.get_or_create(kind="report", function=function)[0]
    reserved = ReservedName.objects.get_or_create(name="aws-*", reason="Ours.")[0]
    rule = TagRule.objects.get_or_create(tag="casino")[0]
    on_function = {
        "quarantine_function": "quarantine",
        "hold_name": "hold",
        "rename_function": "rename",
        "force_transfer": "transfer",
    }
    on_account = {
        "suspend_account": "suspend",
        "force_sign_out": "sign-out",
        "require_second_factor": "require-factor",
    }
    on_category = {
        "edit_category": "edit",
        "retire_category": "retire",
        "merge_category": "merge",
        "move_functions": "move",
    }
    acting = {
        **{d: at("act_on_function", function.uid, a) for d, a in on_function.items()},
        **{d: at("act_on_account", owner, a) for d, a in on_account.items()},
        **{d: at("act_on_category", "media", a) for d, a in on_category.items()},
        "quarantine_version": at("act_on_version", function.uid, "1.0.0", "quarantine"),
        "request_removal": at("remove_file", function.uid, blob),
        "dismiss_reports": at("act_on_case", case.pk, "dismiss"),
        "reserve_name": at("reserve_name"),
        "except_name": at("except_name"),
        "add_category": at("add_category"),
        "order_categories": at("order_categories"),
        "merge_tag": at("replace_tag"),
        "free_tag": at("free_tag", rule.pk),
        "throw_switch": at("act_on_switch", "reports", "off"),
    }
    reading = [
        at("moderation"),
        at("moderate_case", case.pk),
        at("moderate_function", function.uid),
        at("moderate_names"),
        at("moderate_categories"),
        at("moderate_tags"),
        at("moderate_accounts"),
        at("moderate_account", owner),
        at("moderate_events"),
        at("export_events"),
        at("moderate_switches"),
        at("act_on_name", "reserved", reserved.pk),
        *[f"{at('moderate_names')}?state={s}" for s in ("reserved", "redirected")],
        *[f"{at('moderate_names')}?state={s}" for s in ("excepted", "idle", "held")],
        f"{at('moderate_names')}?q=image",
        f"{at('moderate_accounts')}?q=alice",
    ]
    return acting, reading


VALUES = {
    "rename_function": {"slug": "picture-sizer"},
    "force_transfer": {"to": "@bob"},
    "edit_category": {"slug": "pictures", "label": "Pictures"},
    "merge_category": {"into": "ai"},
    "move_functions": {"functions": "alice/image-resizer"},
    "reserve_name": {"name": "gcp-*"},
    "except_name": {"slug": "image-reslzer", "account": "bob"},
    "add_category": {"slug": "games", "label": "Games"},
    "order_categories": {
        "slugs": "ai\nauth\npayments\nmedia\nemail\ndatabase\nutility\nanalytics\n"
        "notifications\nstorage"
    },
    "merge_tag": {"tag": "image", "becomes": "images"},
}
ACTIONS = [
    *VALUES,
    "quarantine_function",
    "hold_name",
    "suspend_account",
    "force_sign_out",
    "require_second_factor",
    "retire_category",
    "quarantine_version",
    "request_removal",
    "dismiss_reports",
    "free_tag",
    "throw_switch",
]


def confirm(client, address, action="", **values):
    """Open the page, then send its form as a browser would."""
    page = client.get(address)
    assert page.status_code == 200, (address, page.status_code)
    hidden = page.context["form"].initial.get("seen", 0)
    data = {"rule": "other", "reason": "It has to be.", "seen": hidden}
    return client.post(address, data | VALUES.get(action, {}) | values)


def test_pages_open_for_staff_and_are_kept_by_no_cache(desk, version):
    acting, reading = addresses(version)

    for address in [*acting.values(), *reading]:
        page = desk.get(address)
        assert page.status_code == 200, address
        assert "no-store" in page["Cache-Control"], address


@pytest.mark.parametrize("action", ACTIONS)
def test_action_is_confirmed_on_its_page(desk, version, bob, staff, action):
    acting, _ = addresses(version)

    done = confirm(desk, acting[action], action)

    assert done.status_code == 302, done.context and done.context["form"].errors
    made = Decision.objects.get()
    assert (made.action, made.by) == (action, staff)
    assert Event.objects.filter(verb=action, actor=staff).count() == 1
    assert desk.get(done["Location"]).status_code == 200


@pytest.mark.parametrize("action", ACTIONS)
def test_action_says_first_what_it_changes(desk, version, action):
    acting, _ = addresses(version)

    page = desk.get(acting[action]).content.decode()

    assert "What this changes" in page
    assert not Decision.objects.exists()


@pytest.mark.parametrize("action", ACTIONS)
def test_action_without_a_reason_is_asked_again(desk, version, bob, action):
    acting, _ = addresses(version)

    page = confirm(desk, acting[action], action, reason="  ")

    assert page.status_code == 200
    assert "invalid-feedback" in page.content.decode()
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    "action",
    [
        "quarantine_function",
        "quarantine_version",
        "hold_name",
        "rename_function",
        "force_transfer",
        "request_removal",
        "dismiss_reports",
        "suspend_account",
        "force_sign_out",
        "require_second_factor",
        "move_functions",
    ],
)
def test_own_function_is_left_to_others(client, alice, bob, version, action):
    Account.objects.filter(pk=alice.pk).update(is_staff=True)
    client.force_login(Account.objects.get(pk=alice.pk))
    acting, _ = addresses(version)

    page = confirm(client, acting[action], action)

    assert page.status_code == 403
    assert "Ask another moderator." in page.content.decode()
    assert not Decision.objects.exists()


def test_second_moderator_is_shown_the_first_decision(desk, function):
    address = at("act_on_function", function.uid, "quarantine")
    page = desk.get(address)
    data = {
        "rule": "malware",
        "reason": "Bad.",
        "seen": page.context["form"]["seen"].value(),
    }
    second = make_account("mod2", is_staff=True)
    moderation.hold_name(function, Grounds("Let us talk.", "name"), by=second)

    late = desk.post(address, data)

    assert late.status_code == 409
    shown = late.content.decode()
    assert "mod2 decided first" in shown
    assert "Let us talk." in shown
    assert "Bad." in shown  # what was typed is kept
    assert Decision.objects.count() == 1


def test_wrong_state_is_a_conflict_on_the_page(desk, function):
    for action in ("lift", "free", "release"):
        page = confirm(desk, at("act_on_function", function.uid, action))
        assert page.status_code == 409, action
    page = confirm(desk, at("act_on_version", function.uid, "1.0.0", "lift"))
    assert page.status_code == 409
    page = confirm(desk, at("act_on_account", "alice", "restore"))
    assert page.status_code == 409
    page = confirm(desk, at("act_on_switch", "reports", "on"))
    assert page.status_code == 409
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "functions/00000000-0000-0000-0000-000000000000",
        "cases/999",
        "cases/99999999999999999999999",
        "accounts/nobody",
        "categories/nothing/edit",
        "switches/nothing/off",
        "switches/reports/sideways",
        "names/nothing/1",
        "names/reserved/999",
        "tags/999/free",
    ],
)
def test_unknown_things_are_not_there(desk, address):
    assert desk.get(f"/admin/moderation/{address}").status_code == 404


def test_unknown_actions_are_not_there(desk, version):
    function = version.function
    for address in [
        at("act_on_function", function.uid, "destroy"),
        at("act_on_version", function.uid, "1.0.0", "destroy"),
        at("act_on_version", function.uid, "9.9.9", "quarantine"),
        at("act_on_account", "alice", "destroy"),
        at("act_on_category", "media", "destroy"),
        at("remove_file", function.uid, "0" * 64),
        at("act_on_function", function.uid, "quarantine") + "?case=x",
        at("act_on_function", function.uid, "quarantine") + "?case=99",
    ]:
        assert desk.get(address).status_code == 404, address


# --- from a case to a decision


def test_case_page_shows_what_staff_need(desk, version, bob):
    case = moderation.report(
        version.function,
        reason="malware",
        by=bob,
        source="x",
        via="api",
        text="It posts <script>c.env</script>.",
    ).case

    page = desk.get(at("moderate_case", case.pk)).content.decode()

    for shown in [
        "alice/image-resizer",
        "bob",
        "0 upheld, 0 dismissed",
        "It posts &lt;script&gt;c.env&lt;/script&gt;.",
        "answer = ()",
        "Quarantine the function",
        "publish",
    ]:
        assert shown in page, shown


def test_quarantine_from_a_case_closes_it(desk, function, bob):
    case = moderation.report(
        function, reason="malware", by=bob, source="x", via="api"
    ).case
    address = f"{at('act_on_function', function.uid, 'quarantine')}?case={case.pk}"

    confirm(desk, address, rule="malware")

    case.refresh_from_db()
    assert case.decision.action == "quarantine_function"
    assert "decided this on" in desk.get(at("moderate_case", case.pk)).content.decode()
    assert "Nothing waits" in desk.get(at("moderation")).content.decode()


def test_removal_is_confirmed_by_a_second_one_on_the_page(client, version, staff):
    second = make_account("mod2", is_staff=True)
    blob = version.files.get().blob
    address = at("remove_file", version.function.uid, blob.pk)
    client.force_login(staff)
    confirm(client, address, rule="legal")
    assert confirm(client, address).status_code == 403

    client.force_login(second)
    assert "second pair of eyes" in client.get(at("moderation")).content.decode()
    assert "alice/image-resizer@1.0.0" in client.get(address).content.decode()
    confirm(client, address, rule="legal")

    blob.refresh_from_db()
    assert blob.text == ""
    assert Removal.objects.get().confirmed_by == second


def test_shared_file_is_said_so_first(desk, publish, bob):
    ours = publish()
    publish(by=bob, name="other-name")

    page = desk.get(at("remove_file", ours.function.uid, ours.files.get().blob_id))

    shown = page.content.decode()
    assert "bob/other-name@1.0.0" in shown
    assert "They belong to 2 accounts!" in shown


def test_removal_can_be_withdrawn_on_the_page(desk, version, staff):
    blob = version.files.get().blob
    moderation.request_removal(version.function, blob, GROUNDS, by=staff)

    confirm(desk, at("remove_file", version.function.uid, blob.pk) + "?do=withdraw")

    assert not Removal.objects.exists()


def test_names_are_found_by_look_alike(desk, function):
    page = desk.get(at("moderate_names"), {"q": "lmage-resizer"}).content.decode()

    assert "image-resizer" in page
    assert "alice" in page


def test_names_show_what_a_new_one_resembles(desk, function, push, bob):
    Function.objects.update(install_count=100)
    push(by=bob, name="image-resizers")

    page = desk.get(at("moderate_names"), {"state": "drafts"}).content.decode()

    assert "alice/image-resizer" in page


def test_lists_go_on_page_by_page(desk, staff):
    for number in range(60):
        moderation.reserve_name(f"name-{number}", GROUNDS, by=staff)

    page = desk.get(at("moderate_names"), {"state": "reserved"})
    assert "name-59" in page.content.decode()
    older = {"state": "reserved", "before": page.context["next"]}
    assert "name-0<" in desk.get(at("moderate_names"), older).content.decode()


def test_merge_moves_the_functions_at_once_when_few(desk, function):
    confirm(desk, at("act_on_category", "media", "merge"), into="ai")

    function.refresh_from_db()
    assert function.category.slug == "ai"
    assert "in ai" in desk.get(at("moderate_categories")).content.decode()


def test_merge_is_gone_on_with_on_the_page(desk, function, staff):
    media, ai = Category.objects.filter(slug__in=["media", "ai"]).order_by("-slug")
    moderation.merge_category(media, ai, GROUNDS, by=staff)
    assert "still wait" in desk.get(at("moderate_categories")).content.decode()

    done = desk.post(at("resume_merges"))

    assert done["Location"] == at("moderate_categories")
    function.refresh_from_db()
    assert function.category == ai


# --- events


def test_events_are_filtered(desk, function, bob):
    record("report", "alice/image-resizer", by=bob, via="hub")

    for asked in [
        {"actor": "bob"},
        {"verb": "report"},
        {"via": "hub"},
        {"subject": "alice/", "verb": "report"},
    ]:
        page = desk.get(at("moderate_events"), asked)
        assert [e.verb for e in page.context["events"]] == ["report"], asked
    nothing = desk.get(at("moderate_events"), {"until": "2001-01-01"})
    assert "No event matches" in nothing.content.decode()
    odd = desk.get(at("moderate_events"), {"since": "yesterday", "via": "window"})
    assert odd.status_code == 200


def test_events_cost_the_same_at_any_depth(desk, staff, queries):
    for _ in range(60):
        record("test", "nothing", by=staff, via="admin")
    few = queries(desk, at("moderate_events"))
    for _ in range(120):
        record("test", "nothing", by=staff, via="admin")

    page = desk.get(at("moderate_events"))
    deeper = f"{at('moderate_events')}?before={page.context['next']}"
    assert queries(desk, deeper) == few


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_export_has_no_formulas(desk, staff, start):
    record("test", f'{start}cmd|" /C calc"!A0', by=staff, via="admin")

    answer = desk.get(at("export_events"), {"verb": "test"})

    text = b"".join(answer.streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    assert rows[0]["subject"].startswith("'")
    assert rows[0]["actor"] == "mod"


def test_export_has_every_event(desk, staff, monkeypatch):
    from admin_portal.moderation import audit

    monkeypatch.setattr(audit, "CHUNK", 2)
    for number in range(5):
        record("test", f"thing {number}", by=staff, via="admin")

    answer = desk.get(at("export_events"), {"verb": "test"})

    assert len(b"".join(answer.streaming_content).splitlines()) == 6


# --- switches


def test_switch_shows_a_banner_to_who_is_signed_in(client, staff, bob, function):
    moderation.throw_switch("publishing", Grounds("We move <machines>."), by=staff)
    client.force_login(bob)

    page = client.get("/admin/").content.decode()

    assert "Publishing is turned off" in page
    assert "We move &lt;machines&gt;." in page
    assert "We move" not in client.get("/functions/").content.decode()


def test_switch_is_ended_on_its_page(desk, staff):
    moderation.throw_switch("read_only", GROUNDS, by=staff)
    assert desk.get(at("moderate_switches")).status_code == 200

    confirm(desk, at("act_on_switch", "read_only", "on"))

    assert not Switch.objects.exists()


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/account/keys", {"name": "new", "scopes": "publish"}),
        ("/account/profile", {"display_name": "Bob"}),
        ("/account/projects", {"name": "x", "slug": "x"}),
    ],
)
def test_read_only_mode_changes_no_account(client, staff, bob, path, data):
    moderation.throw_switch("read_only", Grounds("We move."), by=staff)
    client.force_login(bob)

    page = client.post(path, data)

    assert page.status_code == 503
    assert "Nothing was changed" in page.content.decode()
    assert "We move." in page.content.decode()
    assert client.get(path).status_code == 200
    client.logout()
    signed_in = {"login": "bob@example.com", "password": "correct horse battery"}
    assert client.post("/account/login/", signed_in).status_code == 302


def test_read_only_mode_gives_no_stars(client, staff, bob, function):
    moderation.throw_switch("read_only", Grounds("We move."), by=staff)
    client.force_login(bob)

    page = client.post(f"{function.url}/star", {"do": "add"}, follow=True)

    assert "We move." in page.content.decode()
    assert not function.stars.exists()


# --- authors


def test_author_sees_the_decision_and_appeals_once(client, function, alice, staff):
    moderation.quarantine_function(
        function, Grounds("It sends keys.", "malware"), by=staff
    )
    client.force_login(alice)
    page = client.get(at("decisions")).content.decode()
    assert "It sends keys." in page
    decision = Decision.objects.get()

    appeal = at("appeal_decision", decision.pk)
    assert client.get(appeal).status_code == 200
    client.post(appeal, {"text": "Those are test keys."})

    assert Case.objects.get().text == "Those are test keys."
    assert "under appeal" in client.get(at("decisions")).content.decode()
    client.post(appeal, {"text": "Again."}, follow=True)
    assert Case.objects.count() == 1


def test_others_decisions_are_not_there(client, function, bob, staff):
    made = moderation.quarantine_function(function, GROUNDS, by=staff)
    client.force_login(bob)

    assert "Nothing was decided" in client.get(at("decisions")).content.decode()
    assert client.get(at("appeal_decision", made.pk)).status_code == 404
    assert client.post(at("appeal_decision", made.pk), {"text": "x"}).status_code == 404


@pytest.mark.parametrize(("answer", "grant"), [("grant", True), ("reject", False)])
def test_appeal_is_answered_on_its_page(client, function, alice, staff, answer, grant):
    made = moderation.quarantine_function(function, GROUNDS, by=staff)
    case = moderation.appeal(made, "Look again.", by=alice)
    client.force_login(make_account("mod2", is_staff=True))
    assert "Look again." in client.get(at("moderate_case", case.pk)).content.decode()

    confirm(client, at("act_on_case", case.pk, answer))

    function.refresh_from_db()
    assert function.is_listed is grant
    client.force_login(alice)
    shown = client.get(at("decisions")).content.decode()
    assert "Your appeal was answered" in shown


def test_function_is_offered_and_accepted_on_pages(client, function, alice, bob):
    client.force_login(alice)
    offer = at("offer_function", "image-resizer")
    assert client.get(offer).status_code == 200
    assert "There is no account" in client.post(offer, {"to": "x1"}).content.decode()
    client.post(offer, {"to": "bob"})
    pk = function.offers.get().pk
    assert client.get(at("answer_offer", pk, "accept")).status_code == 404
    client.force_login(bob)
    assert "alice/image-resizer" in client.get(at("offers")).content.decode()

    assert client.get(at("answer_offer", pk, "accept")).status_code == 200
    assert Function.objects.get().owner == alice
    client.post(at("answer_offer", pk, "accept"))

    assert Function.objects.get().owner == bob


@pytest.mark.parametrize("answer", ["refuse", "withdraw", "keep"])
def test_offer_is_closed_on_pages(client, function, alice, bob, answer):
    offer = moderation.offer_transfer(function, bob, by=alice)
    client.force_login(alice if answer == "withdraw" else bob)

    sent = client.post(at("answer_offer", offer.pk, answer))

    assert sent.status_code == (404 if answer == "keep" else 302)
    assert Function.objects.get().owner == alice
    offer.refresh_from_db()
    assert offer.outcome == {"refuse": "refused", "withdraw": "withdrawn"}.get(
        answer, ""
    )
