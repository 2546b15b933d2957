"""The public pages: what they show, to whom, and what they cost."""

import io
import re
from dataclasses import replace

import pytest
from PIL import Image

from registry import publishing
from registry.content import derived
from registry.listing import editing
from registry.models import (
    FunctionQuarantine,
    Redirect,
    VersionQuarantine,
)
from tests.wsgi_front import ask, process

pytestmark = pytest.mark.django_db

CODE = "export const resize = (width: number) => width * 2;\n"
FUNCTION = "/functions/alice/image-resizer"


@pytest.fixture
def publish(publish):
    """publish(name, **changes) -> Version, of a function with something to show."""

    def publish_resizer(name="image-resizer", **changes):
        shown = {
            "tags": ["image", "cdn"],
            "npmDependencies": ["hono@^4"],
            "envVars": ["IMAGE_MAX_WIDTH"],
            "code": None,
            "files": {"index.ts": CODE},
            "readme": f"# {name}\n\nUse **with care**.\n",
        }
        return publish(name=name, **shown | changes)

    return publish_resizer


def text(response) -> str:
    return " ".join(response.content.decode().split())


# --- the function page


def test_function_page_answers_what_it_is_and_how_to_get_it(client, publish):
    publish()

    page = text(client.get(FUNCTION))

    assert "image-resizer" in page
    assert "Resize images on the edge." in page
    assert "aerostack functions install alice/image-resizer" in page
    assert "<code>hono@^4</code>" in page
    assert "<code>IMAGE_MAX_WIDTH</code>" in page
    assert "<dt>License</dt><dd>MIT</dd>" in page


def test_function_page_shows_the_readme_once_made(client, publish):
    version = publish()
    derived.make(version.pk)

    page = text(client.get(FUNCTION))

    assert "Use <strong>with care</strong>." in page
    assert page.count(">image-resizer<") <= 1  # its title is the page's


def test_function_page_shows_plain_text_until_then(client, publish):
    publish()

    page = text(client.get(FUNCTION))

    assert "Use **with care**." in page
    assert "reload to see it" in page


def test_function_page_says_when_no_license_is_stated(client, publish):
    publish(license="")

    assert "None stated" in text(client.get(FUNCTION))


def test_draft_is_on_no_page(client, alice):
    body = {"name": "secret-plan", "files": {"index.ts": CODE}, "category": "media"}
    publishing.push(body, by=alice, via="cli")

    assert client.get("/functions/alice/secret-plan").status_code == 404
    for path in ("/", "/functions/", "/functions/?q=secret", "/users/alice"):
        assert "secret-plan" not in text(client.get(path)).replace("q=secret", "")


def test_source_page_shows_each_file(client, publish):
    publish(files={"index.ts": CODE, "src/core.ts": "export const core = 1;\n"})

    entry = text(client.get(f"{FUNCTION}/source"))
    core = text(client.get(f"{FUNCTION}/source/src/core.ts"))

    assert "export const resize" in entry
    assert "export const core" in core
    assert f"{FUNCTION}/raw/1.0.0/src/core.ts" in core


def test_source_page_of_no_file_says_so(client, publish):
    publish()

    response = client.get(f"{FUNCTION}/source/<b>nope.ts")

    assert response.status_code == 404
    assert "&lt;b&gt;nope.ts" in text(response)


def test_old_version_keeps_its_page_and_its_bytes(client, publish):
    publish()
    publish(version="1.1.0", files={"index.ts": "export const other = 1;\n"})

    page = text(client.get(f"{FUNCTION}/v/1.0.0"))
    raw = client.get(f"{FUNCTION}/raw/1.0.0/index.ts")

    assert "The latest is" in page
    assert "install alice/image-resizer@1.0.0" in page
    assert "export const resize" in text(client.get(f"{FUNCTION}/v/1.0.0/source"))
    assert raw.content == CODE.encode()
    assert "immutable" in raw["Cache-Control"]
    assert raw["Content-Type"] == "text/plain; charset=utf-8"


def test_versions_are_listed_newest_first_by_semver(client, publish):
    for number in ("1.9.0", "1.10.0", "2.0.0-beta.1"):
        publish(version=number)

    page = text(client.get(f"{FUNCTION}/versions"))

    places = [page.index(f'id="v{n}"') for n in ("2.0.0-beta.1", "1.10.0", "1.9.0")]
    assert places == sorted(places)


def test_yanked_version_says_why_and_what_to_use(client, publish, alice):
    version = publish()
    publish(version="1.0.1")
    publishing.yank(
        version, reason="Leaks memory.", replacement="1.0.1", by=alice, via="admin"
    )

    for path in (f"{FUNCTION}/v/1.0.0", f"{FUNCTION}/versions"):
        page = text(client.get(path))
        assert "Leaks memory." in page
        assert f'href="{FUNCTION}/v/1.0.1"' in page


def test_quarantined_function_shows_why_and_nothing_else(client, publish, staff):
    function = publish().function
    mark = {"rule": "malware", "reason": "Sends keys elsewhere.", "by": staff}
    FunctionQuarantine.objects.create(function=function, **mark)

    for path in (FUNCTION, f"{FUNCTION}/source", f"{FUNCTION}/v/1.0.0"):
        response = client.get(path)
        assert response.status_code == 404
        assert "Sends keys elsewhere." in text(response)
        assert "npm packages" not in text(response)
    assert client.get(f"{FUNCTION}/raw/1.0.0/index.ts").status_code == 404


def test_quarantined_version_is_named_in_the_history(client, publish, staff):
    version = publish()
    publish(version="1.0.1")
    mark = {"rule": "secret", "reason": "Holds a password.", "by": staff}
    VersionQuarantine.objects.create(version=version, **mark)

    assert "Holds a password." in text(client.get(f"{FUNCTION}/versions"))
    assert client.get(f"{FUNCTION}/v/1.0.0").status_code == 404
    assert client.get(f"{FUNCTION}/raw/1.0.0/index.ts").status_code == 404
    assert client.get(f"{FUNCTION}/raw/1.0.1/index.ts").status_code == 200


def test_deprecated_function_names_its_successor(client, publish, alice):
    version = publish()
    publish("other")
    publishing.deprecate(
        version.function,
        message="No longer maintained.",
        successor="alice/other",
        by=alice,
        via="admin",
    )

    page = text(client.get(FUNCTION))

    assert "No longer maintained." in page
    assert 'href="/functions/alice/other"' in page


def test_install_page_says_what_is_left_to_do(client, publish):
    publish(
        files={"index.ts": CODE, "schema.ts": "export const t = 1;\n"},
        drizzleSchema=True,
        routePath="/api/resize",
        routeExport="resize",
    )

    page = text(client.get(f"{FUNCTION}/install"))

    assert "npm install &#x27;hono@^4&#x27;" in page
    assert "IMAGE_MAX_WIDTH=" in page
    assert "drizzle-kit generate" in page
    assert "app.route(&#x27;/api/resize&#x27;, resize);" in page


def test_left_name_leads_to_the_function_for_good(client, publish):
    function = publish().function
    Redirect.objects.create(slug="resizer", username="alice", function=function)

    response = client.get("/functions/alice/resizer/versions")

    assert response.status_code == 301
    assert response["Location"] == f"{FUNCTION}/versions"
    raw = client.get("/functions/alice/resizer/raw/1.0.0/index.ts")
    assert raw["Location"] == f"{FUNCTION}/raw/1.0.0/index.ts"


def test_metadata_is_text_on_every_page(client, publish):
    publish(description="<script>alert(1)</script> {{ 7|add:7 }}")

    for path in ("/", "/functions/", FUNCTION, "/users/alice", "/tags/image"):
        page = text(client.get(path))
        assert "<script>alert" not in page
        assert "{{ 7|add:7 }}" in page


def test_listing_shows_its_pictures_and_examples(client, publish, alice):
    function = publish().function
    png = io.BytesIO()
    Image.new("RGB", (80, 40), "navy").save(png, "PNG")
    editing.add_screenshot(
        function, png.getvalue(), alt="A navy picture", by=alice, via="admin"
    )
    example = {"title": "Twice as wide", "language": "typescript", "code": "resize(2)"}
    wanted = replace(editing.listing_of(function), examples=[example])
    editing.edit_listing(function, wanted, by=alice, via="admin")

    page = text(client.get(FUNCTION))
    address = re.search(r'<img src="([^"]+)" width="80" height="40"', page)[1]
    picture = client.get(address, headers={"accept-encoding": "gzip"})

    assert "Twice as wide" in page
    assert "resize(2)" in page
    assert 'alt="A navy picture"' in page
    assert picture["Content-Type"] == "image/webp"
    assert picture["Cache-Control"].endswith("immutable")
    assert "Content-Encoding" not in picture
    assert Image.open(io.BytesIO(picture.content)).size == (80, 40)
    assert client.get(address.replace("alice", "bob")).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/functions/alice/nope",
        "/functions/alice/image-resizer/v/9.9.9",
        "/functions/alice/image-resizer/v/" + "1" * 300,
        "/functions/alice/image-resizer/raw/1.0.0/../../etc/passwd",
        "/functions/bob/image-resizer",
        "/users/nobody",
        "/categories/nope",
        "/nothing/at/all",
    ],
)
def test_what_is_not_there_is_a_404_page(client, publish, path):
    publish()

    response = client.get(path)

    assert response.status_code == 404
    assert "There is nothing at this address" in text(response)


def test_nul_in_an_address_is_refused(client):
    assert client.get("/functions/?q=a%00b").status_code == 400


# --- how pages are sent


PUBLIC = [
    "/",
    "/functions/",
    "/categories/media",
    "/tags/image",
    "/users/alice",
    FUNCTION,
    f"{FUNCTION}/source",
    f"{FUNCTION}/versions",
    f"{FUNCTION}/install",
    f"{FUNCTION}/uses",
    f"{FUNCTION}/compare/1.0.0...1.0.0",
    f"{FUNCTION}/v/1.0.0",
    f"{FUNCTION}/raw/1.0.0/index.ts",
    "/functions/alice/nope",
    "/robots.txt",
    "/.well-known/security.txt",
    "/favicon.ico",
]


@pytest.mark.parametrize("path", PUBLIC)
def test_public_page_is_the_same_for_everyone(client, publish, alice, path):
    publish()
    stranger = client.get(path)
    client.force_login(
        alice, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    signed_in = client.get(path)

    assert signed_in.content == stranger.content
    for response in (stranger, signed_in):
        assert response["Vary"] == "Accept-Encoding"
        assert "Set-Cookie" not in response.headers
        assert not response.cookies
        assert response["Cache-Control"].startswith("public, ")


@pytest.mark.parametrize("path", PUBLIC)
def test_public_page_can_be_checked_with_its_etag(client, publish, path):
    publish()
    first = client.get(path, headers={"accept-encoding": "gzip"})
    if first.status_code == 404:
        assert "ETag" not in first.headers
        return

    again = client.get(
        path, headers={"accept-encoding": "gzip", "if-none-match": first["ETag"]}
    )

    assert again.status_code == 304
    assert client.head(path).content == b""
    assert client.post(path).status_code == 405


def test_function_page_costs_the_same_at_any_length(client, publish, queries):
    version = publish()
    tabs = ("", "/source", "/versions", "/uses", "/install")
    paths = [f"{FUNCTION}{tab}" for tab in tabs]
    derived.make(version.pk)
    one = {path: queries(client, path) for path in paths}

    for minor in range(1, 16):
        derived.make(publish(version=f"1.{minor}.0").pk)

    assert {path: queries(client, path) for path in paths} == one
    assert list(one.values()) == [1, 3, 2, 3, 1]


# --- /.well-known/security.txt (RFC 9116)

SECURITY_TXT = "/.well-known/security.txt"


def test_security_txt_says_whom_to_tell_until_a_year_from_today(
    client, db, settings, time_machine
):
    settings.CONTACT = "mailto:security@example.com"
    time_machine.move_to("2026-03-01T12:00:20Z", tick=False)

    answer = client.get(SECURITY_TXT)

    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode() == (
        "Contact: mailto:security@example.com\n"
        "Expires: 2027-03-01T00:00:00Z\n"
        "Preferred-Languages: en\n"
        f"Canonical: {settings.HUB_URL}{SECURITY_TXT}\n"
    )


def test_security_txt_is_the_same_all_day_and_another_the_next(time_machine, db):
    kept = process()
    time_machine.move_to("2026-03-01T00:00:00Z", tick=False)
    morning = ask(kept, SECURITY_TXT)
    time_machine.move_to("2026-03-01T23:59:59Z", tick=False)
    evening = ask(kept, SECURITY_TXT)
    time_machine.move_to("2026-03-02T00:00:00Z", tick=False)
    next_day = ask(kept, SECURITY_TXT)

    assert morning == evening
    assert b"Expires: 2027-03-01T00:00:00Z" in morning[2]
    assert b"Expires: 2027-03-02T00:00:00Z" in next_day[2]
    assert next_day[1]["ETag"] != morning[1]["ETag"]


def test_security_txt_names_a_page_that_is_there(client, db, settings):
    page = settings.CONTACT.removeprefix(settings.HUB_URL)

    assert client.get(page).status_code == 200
