"""From draft to version in the browser: what will happen, then that it happens."""

import html

import pytest
from django.urls import reverse

from registry import publishing
from registry.models import Draft, SecretWaiver, Version

KEY = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


@pytest.fixture
def author(client, alice):
    client.force_login(alice)
    return client


def url(name, *args):
    return reverse(f"admin_portal:{name}", args=args)


def shown(response) -> str:
    return html.unescape(response.content.decode())


def test_publish_page_says_what_will_happen(author, push):
    page = shown(author.get(url("publish_draft", push().pk)))

    assert "Version <strong>1.0.0</strong> is frozen with 1 file" in page
    assert "appears on the Hub for everyone" in page
    assert "/functions/alice/image-resizer" in page
    assert not Version.objects.exists()


def test_publish_page_shows_the_difference_to_what_is_live(author, publish, push):
    publish()
    draft = push(version="1.1.0", code="export const answer = () => 43;\n")

    page = author.get(url("publish_draft", draft.pk))

    assert [f["path"] for f in page.context["changes"].files] == [
        "aerostack.json",
        "index.ts",
    ]
    assert "in place of 1.0.0" in shown(page)
    assert "export const answer = () => 43;" in shown(page)


def test_publish_page_tells_a_backport_from_the_latest(author, publish, push):
    publish(version="2.0.0")

    page = author.get(url("publish_draft", push(version="1.0.1").pk))

    assert "2.0.0 stays the latest version" in shown(page)


def test_publish_makes_it_live_and_says_how_to_get_it(author, push):
    draft = push()

    response = author.post(url("publish_draft", draft.pk), {"revision": "1"})
    page = shown(author.get(response.url))

    assert "image-resizer 1.0.0 is live" in page
    assert "aerostack functions install alice/image-resizer" in page
    assert 'href="/functions/alice/image-resizer"' in page
    version = Version.objects.get()
    assert (version.via, version.published_by) == ("admin", "alice")


def test_publish_of_a_draft_that_changed_meanwhile_publishes_nothing(
    author, push, alice
):
    draft = push()
    publishing.save_draft(draft, {"readme": "# New"}, by=alice, via="cli")

    page = author.post(url("publish_draft", draft.pk), {"revision": "1"}, follow=True)

    assert "nothing was published" in shown(page)
    assert not Version.objects.exists()


@pytest.mark.parametrize("revision", ["", "x", "-1", "9" * 30, "²"])
def test_publish_without_a_true_revision_publishes_nothing(author, push, revision):
    author.post(url("publish_draft", push().pk), {"revision": revision})

    assert not Version.objects.exists()


def test_a_taken_version_comes_with_a_free_one(author, publish, push):
    publish()
    publish(version="1.0.1", code="export const b = 1;")
    draft = push(code="export const c = 1;")

    page = author.get(url("publish_draft", draft.pk))
    assert page.context["told"].suggestion == "1.0.2"
    assert "already published with other content" in shown(page)

    author.post(url("bump_draft", draft.pk), {"revision": "1", "version": "1.0.2"})
    draft.refresh_from_db()
    assert draft.number == "1.0.2"
    assert not author.get(url("publish_draft", draft.pk)).context["told"].faults


def test_the_same_content_again_changes_nothing(author, publish, push):
    publish()

    page = author.get(url("publish_draft", push().pk))

    assert "has this very content already" in shown(page)


def test_a_credential_is_refused_until_it_is_waived_with_a_reason(author, push):
    draft = push(code=f"export const key = '{KEY}';\n")

    refused = author.post(
        url("publish_draft", draft.pk), {"revision": "1"}, follow=True
    )
    assert "looks like a credential" in shown(refused)
    assert not Version.objects.exists()

    waive = author.get(url("waive_secrets", draft.pk))
    assert KEY not in shown(waive)
    author.post(url("waive_secrets", draft.pk), {"which": "0", "reason": " "})
    assert not SecretWaiver.objects.exists()

    author.post(url("waive_secrets", draft.pk), {"which": "0", "reason": "From docs."})
    assert SecretWaiver.objects.get().reason == "From docs."
    author.post(url("publish_draft", draft.pk), {"revision": "1"})
    assert Version.objects.count() == 1


def test_a_waiver_can_be_withdrawn(author, push):
    draft = push(code=f"export const key = '{KEY}';\n")
    author.post(url("waive_secrets", draft.pk), {"which": "0", "reason": "From docs."})
    waiver = SecretWaiver.objects.get()

    author.post(url("withdraw_waiver", "image-resizer", waiver.pk))

    assert not SecretWaiver.objects.exists()


@pytest.mark.parametrize("which", ["1", "-1", "x", ""])
def test_a_waiver_for_no_credential_is_refused(author, push, which):
    draft = push(code=f"export const key = '{KEY}';\n")

    author.post(url("waive_secrets", draft.pk), {"which": which, "reason": "Grounds."})

    assert not SecretWaiver.objects.exists()


@pytest.mark.parametrize("path", ["", "/source", "/source/index.ts", "/install"])
def test_preview_is_the_hubs_own_page(author, client, push, path):
    draft = push(name="image-resizer", tags=["image"])

    page = shown(author.get(url("preview_draft", draft.pk) + path))

    assert "This is how the page will look" in page
    assert "image-resizer" in page
    assert "Resize images on the edge." in page
    assert client.get("/functions/alice/image-resizer").status_code == 404


def test_preview_of_an_unfinished_draft_still_shows(author, alice):
    draft = publishing.new_draft("half done", by=alice)

    for path in ("", "/source", "/install"):
        page = author.get(url("preview_draft", draft.pk) + path)
        assert page.status_code == 200


def test_preview_leaves_the_function_as_it_is(author, publish, push):
    function = publish().function
    draft = push(version="2.0.0", tags=["other"], category="ai")

    author.get(url("preview_draft", draft.pk))

    function.refresh_from_db()
    assert function.tags == ["image"]
    assert function.category.slug == "media"


@pytest.mark.parametrize("path", ["/nonsense", "/source/no-such.ts", "/publish_draft"])
def test_preview_has_no_other_pages(author, push, path):
    page = author.get(url("preview_draft", push().pk) + path)

    assert page.status_code == 404


def test_compare_shows_what_a_draft_changes(author, publish, push):
    publish()
    draft = push(version="1.1.0", readme="# Changed")

    page = author.get(url("compare_draft", draft.pk))

    paths = [file["path"] for file in page.context["changes"].files]
    assert paths == ["README.md", "aerostack.json"]


def test_an_unfinished_draft_is_told_everything_it_lacks(author, alice):
    draft = publishing.new_draft("half done", by=alice)

    told = author.get(url("publish_draft", draft.pk)).context["told"]

    fields = {fault.field for fault in told.faults}
    assert {"description", "category", "code"} <= fields
    assert Draft.objects.get().revision == 1


def test_a_credential_is_not_followed_by_nothing_found(client, alice, push):
    draft = push(code='export const id = "AKIAQ3EGRTHL5XWVYP2M";\n')
    client.force_login(alice)

    page = client.get(f"/admin/functions/edit/{draft.pk}/publish").content.decode()

    assert "looks like a credential" in page
    assert "Nothing found" not in page
    assert "Nothing else found" in page
