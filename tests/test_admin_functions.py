"""My Functions and what can be said of one: history, yank, deprecate, go on."""

import pytest
from django.urls import reverse

from accounts.models import Event, Switch
from registry import publishing
from registry.models import Draft, Function, Yank


@pytest.fixture
def author(client, alice):
    client.force_login(alice)
    return client


def url(name, *args):
    return reverse(f"admin_portal:{name}", args=args)


def shown(response) -> str:
    return response.content.decode().replace("&#x27;", "'")


def test_an_empty_list_teaches_both_ways_in(author):
    page = shown(author.get(url("my_functions")))

    assert url("new_function") in page
    assert "aerostack functions push" in page


def test_list_shows_own_functions_with_their_drafts(author, push, publish, bob):
    publish()
    push(version="1.1.0")
    push(version="1.2.0")
    push(name="not-mine-at-all", by=bob)

    page = shown(author.get(url("my_functions")))

    assert "image-resizer" in page
    assert page.index("Draft 1.2.0") < page.index("Draft 1.1.0")
    assert "Draft 1.0.0" not in page  # published
    assert "not-mine-at-all" not in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"live-one", "drafted", "taken-back", "old-one"}),
        ("?q=LIVE", {"live-one"}),
        ("?state=live", {"live-one", "old-one"}),
        ("?state=unpublished", {"drafted"}),
        ("?state=drafts", {"drafted"}),
        ("?state=gone", {"taken-back"}),
        ("?state=deprecated", {"old-one"}),
        ("?state=nonsense&page=999", {"live-one", "drafted", "taken-back", "old-one"}),
        ("?q=nothing-like-it", set()),
    ],
)
def test_list_is_filtered(author, alice, push, publish, query, names):
    publish(name="live-one")
    push(name="drafted")
    publishing.yank(publish(name="taken-back"), reason="no", by=alice, via="cli")
    old = publish(name="old-one").function
    publishing.deprecate(old, message="Use live-one.", by=alice, via="cli")

    page = author.get(url("my_functions") + query)

    assert {function.slug for function in page.context["page"]} == names


def test_list_costs_the_same_with_many_functions(author, publish, push, queries):
    publish()
    push(version="2.0.0")
    one = queries(author, url("my_functions"))

    for number in range(8):
        publish(name=f"another-{number}")
        push(name=f"another-{number}", version="2.0.0")

    assert queries(author, url("my_functions")) == one


def test_history_says_who_when_and_by_which_door(author, alice, publish):
    version = publish()
    publishing.yank(version, reason="It loses data.", by=alice, via="api")

    page = shown(author.get(url("function_detail", "image-resizer")))

    assert "It loses data." in page
    assert "published 1.0.0" in page
    assert "yanked 1.0.0" in page
    assert "<td>cli</td>" in page
    assert "<td>api</td>" in page


def test_yank_and_unyank(author, publish):
    publish()
    publish(version="1.1.0", code="export const b = 2;")

    author.post(
        url("yank", "image-resizer", "1.1.0"),
        {"reason": "Broken on Safari.", "replacement": "1.0.0"},
    )

    yanked = Yank.objects.get()
    assert (yanked.reason, yanked.replacement) == ("Broken on Safari.", "1.0.0")
    assert Function.objects.get().latest_number == "1.0.0"
    assert Event.objects.filter(verb="yank", via="admin").count() == 1

    author.post(url("unyank", "image-resizer", "1.1.0"))
    assert not Yank.objects.exists()
    assert Function.objects.get().latest_number == "1.1.0"


def test_yank_without_a_reason_is_refused(author, publish):
    publish()

    page = author.post(url("yank", "image-resizer", "1.0.0"), {"reason": " "})

    assert page.status_code == 200
    assert page.context["form"].errors["reason"]
    assert not Yank.objects.exists()


def test_unyank_of_what_is_not_yanked_says_so(author, publish):
    publish()

    page = author.post(url("unyank", "image-resizer", "1.0.0"), follow=True)

    assert "1.0.0 is not yanked" in shown(page)


def test_deprecate_and_take_it_back(author, publish):
    publish()
    publish(name="better-one")

    author.post(
        url("deprecate", "image-resizer"),
        {"message": "Slow.", "successor": "alice/better-one"},
    )
    page = shown(author.get(url("function_detail", "image-resizer")))
    assert "Slow. Use alice/better-one instead." in page

    author.post(url("undeprecate", "image-resizer"))
    assert "Slow." not in shown(author.get(url("function_detail", "image-resizer")))


def test_deprecate_names_an_unknown_successor(author, publish):
    publish()

    page = author.post(
        url("deprecate", "image-resizer"),
        {"message": "Slow.", "successor": "nobody/nothing"},
    )

    assert page.context["form"].errors["successor"]


def test_start_next_version_goes_on_from_what_is_live(author, publish):
    publish(readme="# Live", tags=["image", "fast"])

    response = author.post(url("start_next_version", "image-resizer"))

    draft = Draft.objects.open().get()
    assert response.url == url("edit_draft", draft.pk)
    assert draft.readme == "# Live"
    assert draft.manifest["tags"] == ["image", "fast"]
    assert draft.via == "admin"


def test_start_next_version_needs_a_version(author, push):
    push()

    response = author.post(url("start_next_version", "image-resizer"))

    assert response.status_code == 404


def test_read_only_mode_is_explained_and_loses_nothing(author, publish, push):
    publish()
    draft = push(version="2.0.0")
    Switch.objects.create(name="read_only", reason="The disk is being replaced.")

    page = author.post(url("start_next_version", "image-resizer"), follow=True)
    assert "The disk is being replaced." in shown(page)
    page = author.post(
        url("edit_draft", draft.pk), {"readme": "Typed", "revision": "1"}
    )
    assert page.status_code in (400, 503)
    assert "Typed" in shown(page)
    assert Draft.objects.open().count() == 1
