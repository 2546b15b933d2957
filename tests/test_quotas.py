"""What one account may have and how often it may ask (docs/api.md, "Quotas")."""

from datetime import timedelta

import pytest
from django.core.cache import caches
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts import quotas
from accounts.models import Account, ApiKey, Event, Project
from registry import errors, moderation, publishing
from registry.models import Draft, Function, NameClaim, Version
from registry.moderation import Grounds
from registry.publishing.quotas import size_of, use_of
from tests.conftest import CODE, PASSWORD, Api, body, key_of, make_account
from tests.unchanged import refused, rows

pytestmark = pytest.mark.django_db
MIB = 2**20  # bytes
GROUNDS = Grounds("They publish a lot.", "upkeep")


class Author:
    """alice at every door."""

    def __init__(self, account):
        self.account = account
        self.browser = Client()
        self.browser.force_login(account)
        self.api = Api(Client(), key_of(account))

    def page(self, view, /, *args, **posted):
        address = reverse(f"admin_portal:{view}", args=args)
        if posted:
            return self.browser.post(address, posted)
        return self.browser.get(address)


@pytest.fixture
def author(alice):
    return Author(alice)


def new_function(author, name="Image Resizer"):
    return author.page("new_function", name=name, license="MIT", starter="utility")


def is_refused(response, said: str) -> bool:
    """Whether an answer of the API, or a page after its redirects, says ``said``."""
    if response.headers["Content-Type"] == "application/json":
        return said in response.json().get("error", "")
    return said in response.text.replace("&#x27;", "'")


# --- the documents' numbers


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("new-slugs", "20"),
        ("new-slugs-a-day", "60 a day"),
        ("open-drafts", "1,000"),
        ("draft-mb", "256 MiB"),
        ("published-mb", "1,024 MiB"),
        ("keys", "100"),
        ("projects", "100"),
        ("validate", "60 a minute"),
        ("preview", "120 a minute"),
    ],
)
def test_each_quota_has_the_documented_limit(alice, author, name, limit):
    (use,) = [use for use in use_of(alice) if use.quota.name == name]

    assert (use.limit, use.is_raised) == (limit, False)
    assert set(quotas.QUOTAS) == {use.quota.name for use in use_of(alice)}
    page = author.page("limits")
    assert use.quota.label in page.text
    assert limit in page.text


# --- new names

NAMING = {
    "push": lambda author, name: author.api.push(name=name),
    "ci": lambda author, name: author.api.ci(name=name),
    "ci that publishes": lambda author, name: author.api.ci(name=name, publish=True),
    "editor": new_function,
}


@pytest.fixture
def by_time(settings, time_machine):
    settings.RATE_LIMITS = True
    caches["local"].clear()
    time_machine.move_to("2026-03-01T12:00:00Z", tick=False)
    return time_machine


@pytest.mark.parametrize("door", NAMING)
def test_twenty_new_names_at_once_then_one_every_24_minutes(author, by_time, door):
    for number in range(20):
        NAMING[door](author, f"name-{number}")
    assert Function.objects.count() == 20
    before = rows()

    answer = NAMING[door](author, "name-20")

    said = "at once, and then 60 a day. Your next one is free in 24 minutes."
    assert is_refused(answer, said)
    assert rows() == before
    by_time.shift(timedelta(minutes=23, seconds=59))
    assert is_refused(NAMING[door](author, "name-20"), "is free in 1 minutes.")
    by_time.shift(timedelta(seconds=1))
    NAMING[door](author, "name-20")
    assert Function.objects.count() == 21
    assert is_refused(NAMING[door](author, "name-21"), "in 24 minutes")


def test_sixty_more_names_in_a_day(alice, push, by_time):
    for number in range(20):
        push(name=f"name-{number}")

    for number in range(20, 80):
        by_time.shift(timedelta(minutes=24))
        push(name=f"name-{number}")

    with refused(errors.RateLimited):
        push(name="name-80")
    by_time.shift(timedelta(hours=8))  # 20 times 24 minutes: all of the burst again
    for number in range(80, 100):
        push(name=f"name-{number}")
    with refused(errors.RateLimited):
        push(name="name-100")


def test_too_many_names_say_when_to_come_back(author, push, by_time):
    for number in range(20):
        push(name=f"name-{number}")

    answer = author.api.push(name="name-20")

    assert (answer.status_code, answer.json()["code"]) == (429, "RATE_LIMITED")
    assert answer.headers["Retry-After"] == "1440"
    assert answer.headers["RateLimit"] == '"new-slugs";r=0;t=1440'
    assert answer.headers["RateLimit-Policy"] == '"new-slugs";q=20;w=28800'
    assert "ask the Hub's staff" in answer.json()["fix"]


def test_what_needs_no_new_name_goes_on(author, push, publish, bob, by_time):
    version = publish(name="name-0")
    for number in range(1, 20):
        push(name=f"name-{number}")

    assert author.api.push(name="name-0", version="1.1.0").status_code == 201
    assert author.api.ci(name="name-1", publish=True).status_code == 200
    assert publishing.next_draft(version, by=version.function.owner)
    assert Author(bob).api.push(name="bobs-own").status_code == 201


def test_a_name_that_was_given_up_was_claimed_too(author, by_time):
    for _ in range(20):
        made = author.api.push(name="again").json()
        assert author.api("DELETE", made["id"]).status_code == 204
    assert not Function.objects.exists()
    assert not NameClaim.objects.exists()

    assert author.api.push(name="again").status_code == 429


def test_a_refused_push_takes_no_name(author, by_time):
    make = {"name": "image-resizer", "category": "Media"}
    answers = [author.api.push(**make).status_code for _ in range(30)]

    assert set(answers) == {400}
    assert author.account.slugs_full_at is None


def test_a_name_given_by_staff_is_not_counted(alice, staff, push, by_time):
    for number in range(20):
        draft = push(name=f"name-{number}")

    moderation.rename_function(draft.function, "better", GROUNDS, by=staff)

    assert Function.objects.get(slug="better").owner == alice


# --- open drafts


def drafts(account, count, **fields):
    """So many open drafts of a function of the account's."""
    function, _ = Function.objects.get_or_create(
        slug=f"drafts-of-{account}", owner=account, look_alike=f"draftsof{account}"
    )
    made = [Draft(function=function, via="cli", **fields) for _ in range(count)]
    return Draft.objects.bulk_create(made)


def changed(author):
    """A published draft, changed: it is open again."""
    draft = Draft.objects.exclude(version=None).first()
    return author.api("PATCH", str(draft.pk), {"description": "Other words."})


DRAFTING = {
    "push": lambda author: author.api.push(version="1.1.0"),
    "ci": lambda author: author.api.ci(name="new-one"),
    "editor": lambda author: new_function(author, "New one"),
    "next version": lambda author: author.browser.post(
        reverse("admin_portal:start_next_version", args=["image-resizer"]), follow=True
    ),
    "changing a published one": changed,
}


@pytest.mark.parametrize("door", DRAFTING)
def test_a_thousand_open_drafts_are_enough(author, alice, bob, publish, door):
    publish()
    drafts(bob, 1)
    made = drafts(alice, 1000)
    before = rows()

    answer = DRAFTING[door](author)

    assert is_refused(answer, "You have 1,000 open drafts, of 1,000 at most.")
    assert "Publish or delete drafts, or ask the Hub" in answer.text
    assert rows() == before
    made[0].delete()
    DRAFTING[door](author)
    assert Draft.objects.open().owned_by(alice).count() == 1000
    assert Draft.objects.open().count() == 1001


def test_a_refused_draft_says_which_quota_and_what_is_used(author, alice):
    drafts(alice, 1002)

    answer = author.api.push()

    assert answer.status_code == 403
    assert answer.json() == {
        "error": "You have 1,002 open drafts, of 1,000 at most.",
        "message": "You have 1,002 open drafts, of 1,000 at most.",
        "code": "QUOTA_EXCEEDED",
        "fix": "Publish or delete drafts, or ask the Hub's staff for more.",
        "details": [
            {
                "code": "QUOTA_EXCEEDED",
                "message": "You have 1,002 open drafts, of 1,000 at most.",
                "quota": "open-drafts",
                "used": 1002,
                "limit": 1000,
            }
        ],
    }


def test_who_is_above_the_limit_may_still_save_publish_and_delete(author, push, alice):
    one, other, third = push(), push(version="1.1.0"), push(version="1.2.0")
    drafts(alice, 1000)

    saved = author.api("PATCH", str(one.pk), {"description": "Shorter."})

    assert saved.status_code == 200
    assert author.api.publish(str(one.pk)).status_code == 200
    assert author.api("DELETE", str(other.pk)).status_code == 204
    assert author.api.ci(version="1.2.0").status_code == 200  # changes the third
    assert author.api.ci(version="1.3.0", publish=True).status_code == 200
    assert not Draft.objects.open().filter(pk=third.pk).exists()


def test_what_ci_publishes_at_once_needs_no_room_for_a_draft(author, alice):
    drafts(alice, 1000)

    assert author.api.ci(publish=True).status_code == 201
    assert Draft.objects.open().count() == 1000


# --- bytes of drafts


def test_the_size_of_a_draft_is_that_of_files_readme_and_manifest(push):
    draft = push(
        files={"index.ts": CODE, "ü.ts": None} | {"extra.ts": "// ü\n"},
        code=None,
        readme="Größe",
        config_schema={"ai_config": {"prompt": "ü" * 100}},
    )

    assert draft.stored_bytes == size_of(draft.manifest, draft.files, draft.readme)
    assert size_of({}, {}, "") == len("{}")
    assert size_of({"a": "ü"}, {"index.ts": "ü"}, "ü") == len('{"a": "."}') + 1 + 2 + 2
    assert draft.stored_bytes > 200  # the prompt


def test_drafts_from_before_are_measured_by_the_migration(push, publish):
    from importlib import import_module

    from django.apps import apps

    published, open_one = publish(), push(version="1.1.0", readme="Größe")
    Draft.objects.update(stored_bytes=0)

    import_module("registry.migrations.0022_quotas").measure(apps, None)

    stored = dict(Draft.objects.values_list("pk", "stored_bytes"))
    assert stored == {published.draft_uid: 0, open_one.pk: open_one.stored_bytes}


def a_size(alice, **changes) -> int:
    """The bytes of a draft of that content."""
    draft = publishing.push(body(name="the-measure", **changes), by=alice, via="cli")
    size = draft.draft.stored_bytes
    draft.draft.function.drafts.all().delete()
    return size + len("image-resizer") - len("the-measure")


@pytest.mark.parametrize("door", ["push", "ci"])
@pytest.mark.parametrize(("over", "status"), [(0, 201), (1, 403)])
def test_open_drafts_hold_256_mib(author, alice, door, over, status):
    size = a_size(alice)
    drafts(alice, 1, stored_bytes=256 * MIB - size + over)
    Function.objects.filter(slug="the-measure").delete()
    before = rows()

    answer = getattr(author.api, door)()

    assert answer.status_code == status, answer.json()
    if over:
        said = answer.json()
        assert said["error"].startswith("Your open drafts have 256 MiB, of 256 MiB at ")
        assert said["details"][0]["quota"] == "draft-mb"
        assert said["details"][0]["used"] == 256 * MIB - size + 1
        assert rows() == before


@pytest.mark.parametrize(("added", "status"), [(-1, 200), (0, 200), (1, 403)])
def test_a_change_is_counted_by_what_it_adds(author, alice, push, added, status):
    draft = push(readme="x" * 10)
    rest = 256 * MIB - draft.stored_bytes
    drafts(alice, 1, stored_bytes=rest)

    answer = author.api("PATCH", str(draft.pk), {"readme": "y" * (10 + added)})

    assert answer.status_code == status
    draft.refresh_from_db()
    assert draft.readme == ("x" * 10 if status == 403 else "y" * (10 + added))


def test_who_is_above_the_limit_may_make_a_draft_smaller(author, alice, push):
    draft = push(readme="x" * 10)
    drafts(alice, 1, stored_bytes=300 * MIB)

    for readme, status in [("y" * 11, 403), ("y" * 10, 200), ("y", 200)]:
        sent = {"readme": readme}
        assert author.api("PATCH", str(draft.pk), sent).status_code == status


def test_the_editor_keeps_what_was_typed(author, alice, push):
    from tests.test_admin_drafts import posted, url

    draft = push()
    drafts(alice, 1, stored_bytes=256 * MIB)
    page = author.browser.get(url("edit_draft", draft.pk))
    before = rows()

    answer = author.browser.post(
        url("edit_draft", draft.pk),
        posted(page, readme="What I typed, and at such a length."),
    )
    scripted = author.browser.post(
        url("edit_draft", draft.pk),
        posted(page, readme="What I typed, and at such a length."),
        headers={"Accept": "application/json"},
    )

    assert answer.status_code == scripted.status_code == 403
    assert "Your open drafts have 256 MiB, of 256 MiB at most" in answer.text
    assert "What I typed, and at such a length." in answer.text
    assert scripted.json()["code"] == "QUOTA_EXCEEDED"
    assert rows() == before


def test_a_new_function_of_the_editor_counts_its_starter_files(author, alice):
    drafts(alice, 1, stored_bytes=256 * MIB)
    before = rows()

    answer = author.page(
        "new_function", name="Typed name", description="Typed.", starter="route"
    )

    assert "Your open drafts have 256 MiB" in answer.text
    assert "Typed name" in answer.text
    assert rows() == before


def test_a_call_of_ci_that_finds_its_version_published_adds_no_bytes(author, publish):
    """The draft that it would leave open counts, whatever it was meant for."""
    publish(version="1.0.0")
    publish(version="2.0.0", code=CODE + "// two\n")
    drafts(author.account, 1, stored_bytes=256 * MIB)
    before = rows()

    sent = {"version": "1.0.0", "publish": True, "ai_config": {"prompt": "x" * 1000}}
    answer = author.api.ci(**sent)

    assert answer.json().get("already_published") or answer.status_code == 403
    assert rows() == before


# --- published bytes


def published(account, stored_bytes, **fields):
    """A version of the account's that holds so much."""
    function = Function.objects.create(
        slug="much-published", owner=account, look_alike="muchpublished"
    )
    return Version.objects.create(
        function=function,
        **{"number": "1.0.0", "precedence": "1.0.0", "sort_key": "1"},
        **{"is_prerelease": False, "manifest": {}, "integrity": "", "size": 0},
        draft_uid="00000000-0000-0000-0000-000000000000",
        stored_bytes=stored_bytes,
        **fields,
    )


def publish_page(author, draft):
    posted = {"revision": draft.revision}
    address = reverse("admin_portal:publish_draft", args=[draft.pk])
    return author.browser.post(address, posted, follow=True)


PUBLISHING = {
    "api": lambda author, draft: author.api.publish(str(draft.pk)),
    "ci": lambda author, draft: author.api.ci(publish=True),
    "admin": publish_page,
}


@pytest.mark.parametrize("door", PUBLISHING)
@pytest.mark.parametrize("over", [0, 1])
def test_versions_hold_1024_mib(author, alice, push, door, over):
    draft = push()
    size = draft.stored_bytes
    published(alice, 1024 * MIB - size + over)
    before = rows()

    answer = PUBLISHING[door](author, draft)

    said = "Your published versions have 1,024 MiB, of 1,024 MiB at most"
    assert is_refused(answer, said) is bool(over)
    assert Version.objects.count() == (1 if over else 2)
    if over:
        assert rows() == before
    else:
        version = Version.objects.get(function__slug="image-resizer")
        assert version.stored_bytes == size


def test_the_publish_page_says_so_before(author, alice, push):
    draft = push()
    published(alice, 1024 * MIB)

    page = author.page("publish_draft", draft.pk)

    assert "Your published versions have 1,024 MiB" in page.text


def test_publishing_again_needs_no_room(author, alice, publish):
    version = publish()
    published(alice, 1024 * MIB)

    again = author.api.publish(str(version.draft_uid))
    by_ci = author.api.ci(publish=True)

    assert again.json()["already_published"] is by_ci.json()["already_published"]
    assert again.json()["already_published"] is True


def test_a_version_from_before_counts_by_its_files(alice):
    published(alice, None)
    Function.objects.update(slug="other", look_alike="other")
    version = published(alice, 3 * MIB)

    (use,) = [use for use in use_of(alice) if use.quota.name == "published-mb"]

    assert version.size == 0
    assert use.used == "3 MiB"


@pytest.mark.parametrize("what", ["drafts", "versions"])
def test_no_content_is_read_to_count_it(alice, push, publish, what):
    """An index has all that is asked, so 10,000 versions cost some milliseconds."""
    from django.db import connection

    from registry.publishing import quotas as counted

    publish()
    push(name="other")
    question = {"drafts": counted.OPEN_DRAFTS, "versions": counted.PUBLISHED}[what]
    query = question._build(alice.pk)

    if connection.vendor == "sqlite":
        plan = query.explain()
        index = {"drafts": "draft_open", "versions": "version_bytes"}[what]
        assert f"COVERING INDEX {index}" in plan
        assert "SCAN" not in plan
    assert len(question(alice.pk)) == 1


# --- keys and projects


def make_key(author):
    form = {"name": "laptop", "scopes": ["publish"], "patterns": "", "expires": "90"}
    return author.browser.post("/account/keys", form)


def make_project_key(author):
    Project.objects.get_or_create(account=author.account, name="Shop", slug="shop")
    form = {"name": "deployment", "expires": "90"}
    return author.browser.post("/account/projects/shop", form)


def sign_in(author):
    sent = {"email": author.account.email, "password": PASSWORD}
    return author.api("POST", "/api/auth/login", sent, key="")


KEYS = {"key page": make_key, "project page": make_project_key, "login": sign_in}


@pytest.mark.parametrize("door", KEYS)
def test_a_hundred_keys_in_use_are_enough(author, alice, door):
    Project.objects.create(account=alice, name="Shop", slug="shop")
    # One of them is the author's own.
    made = [ApiKey(account=alice, name="k", hash=str(n)) for n in range(98)]
    ApiKey.objects.bulk_create(made)
    KEYS[door](author)
    assert alice.keys.count() == 100
    before = rows()

    answer = KEYS[door](author)

    assert is_refused(answer, "You have 100 keys in use, of 100 at most.")
    assert "Revoke one you no longer need, or ask the Hub" in answer.text
    assert rows() == before
    if door == "login":
        assert (answer.status_code, answer.json()["code"]) == (403, "QUOTA_EXCEEDED")
    else:
        assert answer.context["form"].data["name"] in answer.text


def test_a_hundred_projects_are_enough(author, alice):
    made = [Project(account=alice, name="P", slug=f"p-{n}") for n in range(99)]
    Project.objects.bulk_create(made)
    form = {"name": "Shop", "slug": "", "url": ""}
    author.browser.post("/account/projects", form)
    assert alice.projects.count() == 100
    before = rows()

    answer = author.browser.post("/account/projects", form | {"name": "Typed name"})

    assert is_refused(answer, "You have 100 projects, of 100 at most.")
    assert "Typed name" in answer.text
    assert rows() == before


# --- a minute


def published_draft(author):
    return Draft.objects.order_by("created_at").first().pk


def edit_listing(author):
    address = reverse("admin_portal:edit_listing", args=["image-resizer"])
    context = author.browser.get(address).context
    sent = {"fingerprint": context["stored"].fingerprint, "then": "preview"}
    for formset in (context["pictures"], context["examples"]):
        for form in [formset.management_form, *formset]:
            for field in form:
                value = field.value()
                sent[field.html_name] = "" if value is None else value
    for field in context["form"]:
        sent[field.html_name] = field.field.prepare_value(field.value()) or ""
    return author.browser.post(address, sent | {"readme": "Typed."})


VALIDATING = {
    "api": lambda author: author.api("POST", "validate", body()),
    "editor": lambda author: author.browser.get(
        reverse("admin_portal:check_draft", args=[published_draft(author)]),
        headers={"Accept": "application/json"},
    ),
    "publish page": lambda author: author.page(
        "publish_draft", published_draft(author)
    ),
}
PREVIEWING = {
    "page": lambda author: author.page("preview_draft", published_draft(author)),
    "readme": lambda author: author.page("render_readme", readme="# Hi"),
    "differences": lambda author: author.page("compare_draft", published_draft(author)),
    "listing": edit_listing,
}


def already(account, quota, count):
    for _ in range(count):
        quotas.count(quota, account)


@pytest.mark.parametrize("door", VALIDATING)
def test_sixty_validations_a_minute_whatever_the_door(
    author, alice, publish, by_time, door
):
    publish()
    already(alice, quotas.VALIDATIONS, 59)

    assert VALIDATING[door](author).status_code == 200
    answer = VALIDATING[door](author)

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "60"
    assert answer.headers["RateLimit-Policy"] == '"validate";q=60;w=60'
    assert "More than 60 validations in 60 seconds." in answer.text
    by_time.shift(60)
    assert VALIDATING[door](author).status_code == 200


@pytest.mark.parametrize("door", PREVIEWING)
def test_a_hundred_and_twenty_previews_a_minute(author, alice, publish, by_time, door):
    publish()
    already(alice, quotas.PREVIEWS, 119)

    assert PREVIEWING[door](author).status_code == 200
    answer = PREVIEWING[door](author)

    assert answer.status_code == 429
    assert "More than 120 previews in 60 seconds." in answer.text
    by_time.shift(60)
    assert PREVIEWING[door](author).status_code == 200


def test_a_listing_that_is_not_previewed_keeps_what_was_typed(
    author, alice, publish, by_time
):
    publish()
    already(alice, quotas.PREVIEWS, 120)

    assert "Typed." in edit_listing(author).text


def test_an_editor_opens_and_says_that_nothing_was_checked(
    author, alice, push, by_time
):
    draft = push()
    already(alice, quotas.VALIDATIONS, 60)
    editor = reverse("admin_portal:edit_draft", args=[draft.pk])

    page = author.browser.get(f"{editor}?panel=check")

    assert page.status_code == 200
    said = "Not checked. More than 60 validations in 60 seconds. Wait 60 seconds"
    assert said in page.text
    assert "Nothing found" not in page.text


def test_a_key_validates_beside_its_address(author, bob, by_time):
    already(author.account, quotas.VALIDATIONS, 60)

    assert author.api("POST", "validate", body()).status_code == 429
    assert author.api("POST", "validate", body(), key="").status_code == 200
    other = key_of(bob)
    assert author.api("POST", "validate", body(), key=other).status_code == 200
    assert author.api("POST", "validate", body(), key="nonsense").status_code == 200


# --- RATE_LIMITS=0


def test_rate_limits_off_leaves_the_limits_of_storage(author, alice, push, settings):
    assert settings.RATE_LIMITS is False
    for number in range(25):
        push(name=f"name-{number}")
    already(alice, quotas.VALIDATIONS, 100)
    already(alice, quotas.PREVIEWS, 200)
    assert author.api("POST", "validate", body()).status_code == 200
    assert author.page("render_readme", readme="# Hi").status_code == 200
    alice.refresh_from_db()
    assert alice.slugs_full_at is None

    drafts(alice, 975)
    ApiKey.objects.bulk_create(
        ApiKey(account=alice, name="k", hash=str(n)) for n in range(99)
    )

    assert author.api.push().json()["code"] == "QUOTA_EXCEEDED"
    assert sign_in(author).json()["code"] == "QUOTA_EXCEEDED"


def test_an_operator_changes_the_limits(author, alice, settings):
    settings.QUOTA_OPEN_DRAFTS = 1
    settings.QUOTA_PROJECTS = 1
    drafts(alice, 1)
    alice.projects.create(name="Shop", slug="shop")

    assert is_refused(author.api.push(), "You have 1 open drafts, of 1 at most.")
    answer = author.browser.post("/account/projects", {"name": "B", "slug": ""})
    assert is_refused(answer, "You have 1 projects, of 1 at most.")


# --- exempt


def test_scripts_and_seeding_are_exempt(alice, settings):
    for name in ("OPEN_DRAFTS", "NEW_SLUGS", "NEW_SLUGS_A_DAY", "KEYS"):
        setattr(settings, f"QUOTA_{name}", 1)
    settings.RATE_LIMITS = True
    drafts(alice, 2, stored_bytes=300 * MIB)
    published(alice, 2000 * MIB)
    sent = {"by": alice, "via": "cli", "is_exempt": True}

    for name in ("one", "two", "three"):
        draft = publishing.push(body(name=name), **sent).draft
        publishing.publish(draft, **sent)
        call_command("create_key", "alice", name=name)

    assert Function.objects.filter(latest__isnull=False).count() == 3
    assert alice.keys.count() == 3
    alice.refresh_from_db()
    assert alice.slugs_full_at is None
    with refused(errors.RegistryError):
        publishing.push(body(name="four"), by=alice, via="cli")


@pytest.mark.django_db(transaction=True)
def test_the_demo_content_is_exempt(settings):
    from registry.management import demo

    settings.RATE_LIMITS = True
    settings.QUOTA_NEW_SLUGS = settings.QUOTA_NEW_SLUGS_A_DAY = 1

    assert demo.seed(PASSWORD) == 24


# --- staff


def test_staff_raise_a_limit_for_one_account(author, alice, bob, staff):
    drafts(alice, 1000)
    assert author.api.push().status_code == 403

    moderation.raise_quota(alice, "open-drafts", 1001, GROUNDS, by=staff)

    assert author.api.push().status_code == 201
    assert is_refused(author.api.push(), "You have 1,001 open drafts, of 1,001 at")
    event = Event.objects.get(verb="raise_quota")
    assert (event.subject, event.actor) == ("account alice", staff)
    expected = {"quota": "open-drafts", "before": None, "limit": 1001}
    assert expected.items() <= event.data.items()
    bob.refresh_from_db()
    assert bob.raised_quotas == {}


RAISED = {
    "new-slugs": (21, "21"),
    "new-slugs-a-day": (120, "120 a day"),
    "open-drafts": (1001, "1,001"),
    "draft-mb": (257, "257 MiB"),
    "published-mb": (2048, "2,048 MiB"),
    "keys": (101, "101"),
    "projects": (101, "101"),
    "validate": (61, "61 a minute"),
    "preview": (121, "121 a minute"),
}


@pytest.mark.parametrize("name", RAISED)
def test_each_quota_can_be_raised_and_set_back(alice, staff, name):
    limit, shown = RAISED[name]
    before = {use.quota.name: use for use in use_of(alice)}

    moderation.raise_quota(alice, name, limit, GROUNDS, by=staff)
    alice.refresh_from_db()
    raised = {use.quota.name: use for use in use_of(alice)}
    moderation.reset_quota(alice, name, GROUNDS, by=staff)
    alice.refresh_from_db()

    assert (raised.pop(name).limit, raised) == (
        shown,
        {other: use for other, use in before.items() if other != name},
    )
    assert {use.quota.name: use for use in use_of(alice)} == before
    assert RAISED.keys() == quotas.QUOTAS.keys()


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        *(("keys", 100), ("keys", 0), ("keys", -1), ("keys", 1_000_001)),
        *(("validate", 60), ("draft-mb", 256), ("nothing", 5)),
    ],
)
def test_a_limit_is_raised_above_the_hubs_to_a_million_at_most(
    alice, staff, name, limit
):
    with refused(errors.ValidationError):
        moderation.raise_quota(alice, name, limit, GROUNDS, by=staff)
    moderation.raise_quota(alice, "keys", 1_000_000, GROUNDS, by=staff)


def test_a_limit_is_not_raised_or_set_back_twice(alice, staff):
    with refused(errors.Conflict, "is not raised"):
        moderation.reset_quota(alice, "keys", GROUNDS, by=staff)
    moderation.raise_quota(alice, "keys", 500, GROUNDS, by=staff)

    with refused(errors.Conflict, "is 500 already"):
        moderation.raise_quota(alice, "keys", 500, GROUNDS, by=staff)
    moderation.raise_quota(alice, "keys", 200, GROUNDS, by=staff)

    alice.refresh_from_db()
    assert alice.raised_quotas == {"keys": 200}


def test_nobody_raises_a_limit_without_being_staff_or_for_oneself(alice, bob, staff):
    with refused(errors.NotFound):
        moderation.raise_quota(alice, "keys", 500, GROUNDS, by=bob)
    with refused(errors.OwnDecision):
        moderation.raise_quota(staff, "keys", 500, GROUNDS, by=staff)
    with refused(errors.ValidationError):
        moderation.raise_quota(alice, "keys", 500, Grounds("", "upkeep"), by=staff)


def test_a_hub_whose_limit_grew_past_a_raised_one_gives_its_own(alice, staff, settings):
    moderation.raise_quota(alice, "keys", 150, GROUNDS, by=staff)
    alice.refresh_from_db()

    settings.QUOTA_KEYS = 300

    assert quotas.limit_of(quotas.KEYS, alice) == 300


def test_the_accounts_page_raises_and_sets_back(alice, staff, push):
    push()
    moderator = Author(staff)
    page = moderator.page("moderate_account", "alice")
    assert "Size of published versions" in page.text
    assert "1,024 MiB" in page.text
    assert "Set one back" not in page.text
    address = reverse("admin_portal:act_on_account", args=["alice", "raise-quota"])
    sent = {"rule": "upkeep", "reason": "A monorepo.", "seen": 0}
    sent |= {"name": "published-mb", "limit": "2048"}

    low = moderator.browser.post(address, sent | {"limit": "1024"})
    assert low.status_code == 400
    assert "Use 1,025 to 1,000,000: the Hub&#x27;s limit is 1,024." in low.text
    assert "A monorepo." in low.text
    moderator.browser.post(address, sent)

    page = moderator.page("moderate_account", "alice")
    assert "2,048 MiB" in page.text
    assert "raised" in page.text
    back = reverse("admin_portal:act_on_account", args=["alice", "reset-quota"])
    sent |= {"seen": moderation.latest_seen("account alice")}
    moderator.browser.post(back, sent)
    alice.refresh_from_db()
    assert alice.raised_quotas == {}


def test_an_author_sees_what_is_used(author, alice, push, publish, by_time):
    publish()
    push(version="1.1.0")
    drafts(alice, 1, stored_bytes=MIB * 5 // 2)

    assert "Your limits" in author.page("my_functions").text
    alice.refresh_from_db()
    used = {
        use.quota.name: use.used for use in use_of(Account.objects.get(pk=alice.pk))
    }

    assert used == {
        "new-slugs": "1",
        "new-slugs-a-day": "",
        "open-drafts": "2",
        "draft-mb": "2.5 MiB",
        "published-mb": "0 MiB",
        "keys": "1",
        "projects": "0",
        "validate": "",
        "preview": "",
    }
    assert "2.5 MiB" in author.page("limits").text


def test_who_got_a_function_above_the_limit_keeps_it(author, alice, bob, push, staff):
    """A transfer brings drafts and versions; nothing of it is refused later."""
    draft = push(by=bob, name="bobs-own")
    drafts(alice, 1000)

    moderation.force_transfer(draft.function, alice, GROUNDS, by=staff)

    assert Draft.objects.open().owned_by(alice).count() == 1001
    changed = author.api("PATCH", str(draft.pk), {"description": "Mine."})
    assert changed.status_code == 200
    assert author.api.push().status_code == 403


# --- at once


@pytest.mark.django_db(transaction=True)
@pytest.mark.main_flow
@pytest.mark.parametrize(
    ("what", "setting"),
    [
        ("names", "QUOTA_NEW_SLUGS"),
        ("drafts of one function", "QUOTA_OPEN_DRAFTS"),
        ("drafts of many functions", "QUOTA_OPEN_DRAFTS"),
        ("ci", "QUOTA_OPEN_DRAFTS"),
        ("keys", "QUOTA_KEYS"),
        ("projects", "QUOTA_PROJECTS"),
    ],
)
def test_eight_at_once_pass_no_limit_together(settings, what, setting):
    from accounts.keys import create_key
    from accounts.projects import create_project
    from tests.test_races import at_once

    alice = make_account("alice")
    settings.RATE_LIMITS = True
    setattr(settings, setting, 3)
    verbs = {
        "names": lambda n: publishing.push(body(name=f"n-{n}"), by=alice, via="cli"),
        "drafts of one function": lambda n: publishing.push(
            body(), by=alice, via="cli"
        ),
        "drafts of many functions": lambda n: publishing.new_draft(
            f"Name {n}", by=alice
        ),
        "ci": lambda n: publishing.publish_from_ci(body(name=f"n-{n}"), by=alice),
        "keys": lambda n: create_key(alice, name=str(n)),
        "projects": lambda n: create_project(alice, name="P", slug=f"p-{n}"),
    }

    def call(number):
        try:
            return verbs[what](number)
        except quotas.Exceeded as exceeded:
            return exceeded

    made = at_once(call, range(8))

    no = (quotas.Exceeded, errors.QuotaExceeded, errors.RateLimited)
    assert sum(isinstance(each, no) for each in made) == 5
    left = {"keys": ApiKey, "projects": Project}.get(what, Draft)
    assert left.objects.count() == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.main_flow
def test_eight_publishes_at_once_pass_no_limit_together(settings):
    from tests.test_races import at_once

    alice = make_account("alice")
    settings.QUOTA_PUBLISHED_MB = 1
    made = [
        publishing.push(
            body(name=f"n-{n}", code=f"{CODE}// {'x' * 300_000}"), by=alice, via="cli"
        ).draft
        for n in range(8)
    ]

    at_once(lambda draft: publishing.publish(draft, by=alice, via="cli"), made)

    assert Version.objects.count() == 3  # of 300 kB each, in 1 MiB


@pytest.mark.django_db(transaction=True)
@pytest.mark.main_flow
def test_pushes_of_old_and_new_names_at_once_wait_for_one_another_in_one_order():
    """Who would lock a function before the account could wait for one who does the
    reverse."""
    from tests.test_races import at_once

    alice = make_account("alice")
    version = publishing.push(body(), by=alice, via="cli").draft
    publishing.publish(version, by=alice, via="cli")

    def work(number):
        sent = body(name=f"new-{number // 4}", version=f"1.{number}.0")
        draft = publishing.push(sent, by=alice, via="cli").draft
        publishing.save_draft(draft, {"description": "Other."}, by=alice, via="cli")
        publishing.push(body(version=f"2.{number}.0"), by=alice, via="cli")
        return publishing.publish(draft, by=alice, via="cli")

    made = at_once(work, range(16))

    assert [each for each in made if isinstance(each, errors.RegistryError)] == []
    assert Version.objects.count() == 17


def test_a_suspended_account_keeps_its_use(alice, staff, push):
    push()
    moderation.suspend_account(alice, GROUNDS, by=staff)
    alice.refresh_from_db()

    used = {use.quota.name: use.used for use in use_of(alice)}

    assert used["open-drafts"] == "1"
