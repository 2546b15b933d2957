"""How public pages are sent (hub/http.py), away from any model."""

import gzip

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from hub.http import (
    IMMUTABLE,
    REVALIDATE,
    PublicNotFound,
    SealMiddleware,
    immutable_page,
    public_page,
    raw_text,
)

TEXT = "A calm page about one function. " * 40
CACHED = {"Cache-Control": REVALIDATE}


@public_page
def page(request):
    return HttpResponse(TEXT)


def get(**headers):
    return page(RequestFactory().get("/", headers=headers))


def test_page_is_revalidated_and_varies_on_encoding_alone():
    response = get()

    assert response["Cache-Control"] == REVALIDATE
    assert response["Vary"] == "Accept-Encoding"
    assert response["ETag"].startswith('"')
    assert int(response["Content-Length"]) == len(TEXT)


def test_gzip_has_an_etag_of_its_own():
    plain, packed = get(), get(accept_encoding="gzip, br")

    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content).decode() == TEXT
    assert packed["ETag"] != plain["ETag"]
    assert get(accept_encoding="br, gzip;q=0.5")["ETag"] == packed["ETag"]


@pytest.mark.parametrize(
    "accepted", ["", "br", "identity", "gzip;q=0", "gzip; q=0.0", "gzip;q=.", "xgzip"]
)
def test_gzip_is_not_sent_unasked(accepted):
    assert "Content-Encoding" not in get(accept_encoding=accepted)


def test_known_etag_answers_304_with_the_same_validators():
    first = get(accept_encoding="gzip")

    again = get(accept_encoding="gzip", if_none_match=first["ETag"])
    other = get(if_none_match=first["ETag"])

    assert again.status_code == 304
    assert again.content == b""
    assert again["ETag"] == first["ETag"]
    assert again["Cache-Control"] == REVALIDATE
    assert again["Vary"] == "Accept-Encoding"
    assert other.status_code == 200


def test_head_tells_the_length_and_sends_nothing():
    response = page(RequestFactory().head("/"))

    assert response.content == b""
    assert int(response["Content-Length"]) == len(TEXT)
    assert response["ETag"] == get()["ETag"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(method):
    response = page(RequestFactory().generic(method, "/"))

    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"


def test_raw_file_is_immutable_text_that_never_runs():
    view = immutable_page(lambda request: raw_text("<script>alert(1)</script>"))
    response = view(RequestFactory().get("/"))

    assert response["Cache-Control"] == IMMUTABLE
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("sandbox")


def test_middleware_seals_what_is_public_and_only_once():
    public = SealMiddleware(lambda request: HttpResponse(TEXT, headers=CACHED))
    private = SealMiddleware(lambda request: HttpResponse(TEXT))
    request = RequestFactory().get("/", headers={"accept-encoding": "gzip"})

    sealed = public(request)

    assert gzip.decompress(sealed.content).decode() == TEXT
    assert sealed["ETag"] == get(accept_encoding="gzip")["ETag"]
    assert SealMiddleware(lambda request: sealed)(request).content == sealed.content
    assert "ETag" not in private(request)


def test_missing_page_is_compressed_once_and_has_no_etag():
    @public_page
    def missing(request):
        raise PublicNotFound("It moved away. " * 40)

    request = RequestFactory().get("/", headers={"accept-encoding": "gzip"})
    response = SealMiddleware(missing)(request)

    assert response.status_code == 404
    assert "It moved away." in gzip.decompress(response.content).decode()
    assert "ETag" not in response
