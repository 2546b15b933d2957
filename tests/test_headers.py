"""8 KB, the most that a server lets through, in any header or address."""

from io import BytesIO

import pytest

from config.wsgi import application
from core.http.headers import bounded
from tests.conftest import CODE
from tests.wsgi_front import ask

pytestmark = pytest.mark.django_db(transaction=True)  # requests end connections

HEADERS = (
    "ACCEPT ACCEPT_ENCODING ACCEPT_LANGUAGE AUTHORIZATION CACHE_CONTROL COOKIE "
    "CONTENT_ENCODING HOST IF_MATCH IF_MODIFIED_SINCE IF_NONE_MATCH IF_RANGE "
    "IF_UNMODIFIED_SINCE ORIGIN RANGE REFERER USER_AGENT X_API_KEY X_CSRFTOKEN "
    "X_FORWARDED_FOR X_FORWARDED_PROTO X_REQUESTED_WITH"
).split()
FILLS = [" ", ",", "; ", '"', 'W/"a",', "a=b; ", 'a=";"', "9", "%", "/", "a-", "bot"]
PATHS = (
    "/",
    "/functions/alice/image-resizer",
    "/functions/alice/image-resizer/raw/1.0.0/index.ts",
    "/api/community/functions",
    "/account/login/",
    "/static/hub/none.css",
)


def filled(fill: str, size: int = 8_000) -> str:
    return (fill * size)[:size]


@pytest.mark.parametrize("path", PATHS)
def test_a_header_of_8_kb_is_no_server_error(publish, path):
    publish(code=CODE)

    for header in HEADERS:
        for fill in FILLS:
            for value in (filled(fill), "gzip" + filled(fill) + "x"):
                status = ask(application, path, **{f"HTTP_{header}": value})[0]
                assert int(status[:3]) < 500, (header, fill)


@pytest.mark.parametrize(
    "kind",
    [
        'multipart/form-data; boundary="' + filled(";"),
        "multipart/form-data; " + filled('a=";"'),
        "application/json" + filled(" "),
        filled("x"),
        "x" * 256,
    ],
    ids=lambda kind: kind[:40],
)
@pytest.mark.parametrize("path", ["/", "/account/login/", "/api/community/functions"])
def test_a_content_type_is_read_up_to_255_characters(kind, path):
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "localhost",
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": "0",
        "wsgi.input": BytesIO(),
        "wsgi.url_scheme": "http",
    }
    said = []

    b"".join(application(environ, lambda *given: said.append(given)))

    assert environ["CONTENT_TYPE"] == kind[:255]
    assert 400 <= int(said[0][0][:3]) < 500


@pytest.mark.parametrize("kind", ["x" * 255, "application/json; charset=utf-8", ""])
def test_a_content_type_of_255_characters_stays_as_it_is(kind):
    seen = {}

    def shows(environ, start_response):
        seen.update(environ)
        return []

    bounded(shows)({"CONTENT_TYPE": kind}, None)
    bounded(shows)({}, None)

    assert seen == {"CONTENT_TYPE": kind}
