"""Drafts in the Admin, by plain form posts: what works with JavaScript off."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import Event
from registry import publishing
from registry.models import Draft, Function


@pytest.fixture
def author(client, alice):
    client.force_login(alice)
    return client


def url(name, *args):
    return reverse(f"admin_portal:{name}", args=args)


def crlf(text: str) -> str:
    """As a browser sends the text of a field."""
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def posted(page, **changes) -> dict:
    """What a browser would send back from the editor's page, with ``changes``."""
    edit = page.context["edit"]
    rows = edit.rows
    data = {
        "revision": str(edit.revision),
        "manifest_was": crlf(edit.manifest_was),
        "manifest": crlf(edit.manifest_text),
        "readme": crlf(edit.readme),
        "then": "save",
    }
    for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS"):
        data[f"files-{name}"] = rows.management_form[name].value()
    for form in rows:
        for name in ("was", "path", "text"):
            value = form[name].value() or ""
            data[form[name].html_name] = crlf(value)
    for key, field in edit.fields.fields.items():
        value = field.prepare_value(edit.fields[key].value())
        if value is True:
            data[key] = "on"
        elif value:
            data[key] = crlf(str(value))
    return data | changes


@pytest.fixture
def save(author):
    """save(draft, **changes): open the editor, change fields, press Save."""

    def save(draft, headers=None, **changes):
        page = author.get(url("edit_draft", draft.pk))
        data = posted(page, **changes)
        data = {key: value for key, value in data.items() if value is not None}
        return author.post(url("edit_draft", draft.pk), data, headers=headers or {})

    return save


def test_new_function_starts_a_draft_that_checks_clean(author, alice):
    response = author.post(
        url("new_function"),
        {
            "name": "Image Resizer",
            "description": "Resizes.",
            "category": "media",
            "license": "MIT",
            "starter": "route",
        },
    )

    draft = Draft.objects.get()
    assert response.url == url("edit_draft", draft.pk)
    assert draft.function.slug == "image-resizer"
    assert draft.manifest["routeExport"] == "imageResizerRoute"
    answer = author.get(
        url("check_draft", draft.pk), headers={"Accept": "application/json"}
    ).json()
    assert answer["findings"] == []


def test_new_function_refuses_a_name_that_is_taken(author, push, bob):
    push(by=bob)

    page = author.post(
        url("new_function"), {"name": "image-resizer", "starter": "route"}
    )

    assert page.status_code == 200
    assert "taken by another account" in page.content.decode()
    assert Draft.objects.count() == 1


def test_saving_an_untouched_form_changes_nothing(save, push):
    code = "export const a = 1;\r\nexport const b = 2;\nconst end = 3;"
    draft = push(files={"index.ts": code, "src/x.ts": "\n\nexport {};\n"}, code=None)
    before = draft.manifest, draft.files, draft.readme
    events = Event.objects.count()

    response = save(draft)

    draft.refresh_from_db()
    assert response.status_code == 302
    assert (draft.manifest, draft.files, draft.readme) == before
    assert draft.revision == 1
    assert Event.objects.count() == events


def test_save_keeps_a_files_own_line_ends(save, push):
    draft = push(files={"index.ts": "export const a = 1;\r\n"}, code=None)

    save(draft, **{"files-0-text": "export const a = 2;\r\n"})

    draft.refresh_from_db()
    assert draft.files == {"index.ts": "export const a = 2;\r\n"}


def test_save_adds_renames_and_deletes_files(save, push):
    draft = push(files={"index.ts": "export {};\n", "z.ts": "z\n"}, code=None)

    save(
        draft,
        **{
            "files-0-path": "main.ts",
            "files-1-DELETE": "on",
            "files-2-path": "src/new.ts",
            "files-2-text": "export const n = 1;\r\n",
            "entrypoint": "main.ts",
        },
    )

    draft.refresh_from_db()
    assert draft.files == {
        "main.ts": "export {};\n",
        "src/new.ts": "export const n = 1;\n",
    }
    assert draft.manifest["entrypoint"] == "main.ts"
    assert draft.revision == 2


def test_save_takes_uploaded_files(save, push):
    draft = push()

    save(
        draft,
        upload=[
            SimpleUploadedFile("core.ts", b"export const c = 1;\r\n"),
            SimpleUploadedFile("README.md", b"# Uploaded\n"),
        ],
    )

    draft.refresh_from_db()
    assert draft.files["core.ts"] == "export const c = 1;\r\n"
    assert draft.readme == "# Uploaded\n"


def test_save_refuses_bytes_that_are_no_text_and_keeps_what_was_typed(save, push):
    draft = push()

    page = save(
        draft,
        readme="Typed with care",
        upload=[SimpleUploadedFile("logo.png", b"\x89PNG\xff")],
    )

    assert page.status_code == 400
    assert "&#x27;logo.png&#x27; is not UTF-8 text" in page.content.decode()
    assert "Typed with care" in page.content.decode()
    draft.refresh_from_db()
    assert draft.revision == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"files-0-path": "../../etc/passwd"}, "can&#x27;t be stored safely"),
        ({"files-1-path": "index.ts", "files-1-text": "x"}, "Two files are named"),
        ({"files-1-text": "x"}, "A file has no path"),
        ({"category": "Media"}, "is not one of"),
        ({"version": "one"}, "is not SemVer"),
        ({"tags": "a, b, <script>"}, "The tag"),
        ({"manifest": "{"}, "aerostack.json can&#x27;t be read"),
        ({"manifest": '{"x": 1, "x": 2}'}, "the same key twice, &#x27;x&#x27;"),
        ({"manifest": '{"x": %s}' % ("9" * 5_000)}, "a number is too large"),
        ({"manifest": '{"x": NaN}'}, "can&#x27;t be read"),
        ({"manifest": "[" * 100_000}, "can&#x27;t be read"),
        ({"manifest": "[]"}, "not one JSON object"),
        ({"revision": "x"}, "lost its revision"),
    ],
)
def test_save_refuses_and_says_why(save, push, changes, sentence):
    draft = push()

    page = save(draft, **changes)

    assert page.status_code == 400
    assert sentence in page.content.decode()
    draft.refresh_from_db()
    assert draft.revision == 1


def test_fields_and_aerostack_json_are_one_manifest(save, push):
    draft = push(config_schema={"name": "image-resizer", "x-own": {"kept": True}})

    raw = json.dumps(draft.manifest | {"license": "Apache-2.0"})
    save(draft, manifest=raw, tags="cdn, Image", envVars="API_URL\r\nTOKEN")

    draft.refresh_from_db()
    assert draft.manifest["license"] == "Apache-2.0"  # from the raw view
    assert draft.manifest["tags"] == ["cdn", "image"]  # from the fields
    assert draft.manifest["envVars"] == ["API_URL", "TOKEN"]
    assert draft.manifest["x-own"] == {"kept": True}


def test_one_key_changed_in_both_views_is_refused(save, push):
    draft = push()

    raw = json.dumps(draft.manifest | {"license": "Apache-2.0"})
    page = save(draft, manifest=raw, license="ISC")

    assert page.status_code == 400
    assert "license was changed here and in aerostack.json" in page.content.decode()


def test_copies_of_manifest_and_readme_among_the_files_stay_in_step(save, push):
    manifest = push().manifest
    draft = push(
        config_schema=manifest,
        files={
            "index.ts": "export {};\nexport const a = 1;\n",
            "aerostack.json": json.dumps(manifest),
            "README.md": "# Old\n",
        },
        code=None,
        readme=None,
    )

    response = save(draft, version="1.1.0", readme="# New\r\n")

    assert response.status_code == 302
    draft.refresh_from_db()
    assert draft.number == "1.1.0"
    assert json.loads(draft.files["aerostack.json"])["version"] == "1.1.0"
    assert draft.readme == draft.files["README.md"] == "# New\n"


def test_save_answers_scripts_in_json(save, push):
    draft = push()
    as_script = {"Accept": "application/json", "If-Match": '"1"'}

    saved = save(draft, headers=as_script, readme="# Two")
    stale = save(draft, headers=as_script, readme="# Three", revision="2")
    wrong = save(draft, headers=as_script | {"If-Match": '"2"'}, version="v1")

    assert saved.json()["revision"] == 2
    assert (stale.status_code, stale.json()["code"]) == (412, "EDIT_CONFLICT")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "INVALID_VERSION")
    assert wrong.json()["details"][0]["field"] == "version"
    draft.refresh_from_db()
    assert draft.readme == "# Two"


def test_two_tabs_see_both_versions_and_choose(author, push, alice):
    draft = push(files={"index.ts": "export const a = 1;\n", "z.ts": "z\n"}, code=None)
    tab = author.get(url("edit_draft", draft.pk))
    other = {"files": {"index.ts": "export const a = 'other';\n"}, "readme": "# Theirs"}
    publishing.save_draft(draft, other, by=alice, via="cli")

    conflict = author.post(
        url("edit_draft", draft.pk),
        posted(tab, **{"files-0-text": "export const a = 'mine';", "version": "1.2.0"}),
    )

    page = conflict.content.decode()
    assert conflict.status_code == 412
    assert "export const a = &#x27;mine&#x27;;" in page
    assert "export const a = &#x27;other&#x27;;" in page
    names = [item["name"] for item in conflict.context["items"]]
    assert names == ["README.md", "aerostack.json", "index.ts"]
    items = conflict.context["items"]
    choices = {
        "item-0-choice": "theirs",
        "item-1-choice": "mine",
        "item-2-choice": "mine",
        "item-2-text": "export const a = 'merged';\r\n",
    }
    for index, item in enumerate(items):
        choices.setdefault(f"item-{index}-name", item["name"])
        choices.setdefault(f"item-{index}-text", item["mine"])
    response = author.post(url("resolve_draft", draft.pk), choices | {"revision": "2"})

    assert response.url == url("edit_draft", draft.pk)
    draft.refresh_from_db()
    assert draft.files == {"index.ts": "export const a = 'merged';\n", "z.ts": "z\n"}
    assert draft.readme == "# Theirs"
    assert draft.number == "1.2.0"


def test_a_conflict_that_grew_meanwhile_is_shown_again(author, push, alice):
    draft = push()
    publishing.save_draft(draft, {"readme": "# One"}, by=alice, via="cli")
    choice = {
        "item-0-name": "README.md",
        "item-0-choice": "mine",
        "item-0-text": "# Me",
    }

    page = author.post(url("resolve_draft", draft.pk), choice | {"revision": "1"})

    assert page.status_code == 412
    assert page.context["items"][0]["mine"] == "# Me"
    draft.refresh_from_db()
    assert draft.readme == "# One"


def test_validate_saves_and_lists_findings_with_their_place(author, save, push):
    draft = push()

    response = save(
        draft,
        then="validate",
        **{"files-0-text": "import { z } from 'zod';\r\nexport const a = z;"},
    )
    page = author.get(response.url)

    (finding,) = page.context["findings"]
    assert finding["rule"] == "undeclared-import"
    assert (finding["path"], finding["line"]) == ("index.ts", 1)
    assert "zod" in finding["message"]
    assert finding["message"] in page.content.decode().replace("&#x27;", "'")


def test_check_names_what_publishing_would_refuse_first(author, push):
    draft = push(description=None)

    answer = author.get(
        url("check_draft", draft.pk), headers={"Accept": "application/json"}
    ).json()

    assert answer["findings"][0]["severity"] == "error"
    assert "description" in answer["findings"][0]["message"]


def test_readme_is_rendered_as_the_hub_does(author):
    answer = author.post(url("render_readme"), {"readme": "# Hi\r\n<script>x</script>"})

    assert ">Hi</h" in answer.content.decode()
    assert "<script" not in answer.content.decode()


def test_delete_draft_asks_first(author, push):
    draft = push()

    page = author.get(url("delete_draft", draft.pk))
    assert "becomes free for others" in page.content.decode()
    assert Draft.objects.count() == 1

    author.post(url("delete_draft", draft.pk))
    assert not Function.objects.exists()


def test_delete_refuses_a_draft_that_became_a_version(author, publish):
    draft = Draft.objects.get(version=publish())

    page = author.post(url("delete_draft", draft.pk), follow=True)

    assert "published versions stay" in page.content.decode()
    assert Draft.objects.count() == 1


def test_the_address_that_clients_print_leads_to_the_editor(client, author, push):
    draft = push()
    client.logout()

    response = client.get(f"/functions/edit/{draft.pk}")

    assert response.url == url("edit_draft", draft.pk)
    assert client.get(response.url).url.startswith("/account/login/?next=/admin/")


def test_only_the_editor_may_write_styles(author, push):
    draft = push()

    editor = author.get(url("edit_draft", draft.pk))
    other = author.get(url("publish_draft", draft.pk))

    assert "style-src 'self' 'unsafe-inline'" in editor["Content-Security-Policy"]
    assert "unsafe-inline" not in other["Content-Security-Policy"]
    assert "script-src 'self';" in editor["Content-Security-Policy"] + ";"


def test_a_script_whose_session_ended_is_told_so(client, push):
    draft = push()

    answer = client.post(
        url("edit_draft", draft.pk), {}, headers={"Accept": "application/json"}
    )

    assert answer.status_code == 401
    assert "what you typed is kept" in answer.json()["error"]
