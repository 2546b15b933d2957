"""Reading request bodies: bounded, strict, never surprising (docs/api.md, "JSON")."""

from contextlib import suppress

from registry import errors, strict_json

MAX_BODY_BYTES = 4 * 1024 * 1024
# Read and thrown away before an answer: a client that is cut off while it still sends
# reports a broken pipe and never shows what was answered.
MAX_DRAINED_BYTES = 8 * 1024 * 1024
CHUNK_BYTES = 64 * 1024


def read_object(request) -> dict:
    """The body as one JSON object.

    Raises UnsupportedMediaType, PayloadTooLarge, InvalidJson.
    """
    if request.content_type not in ("application/json", ""):
        raise errors.UnsupportedMediaType(
            f"The body is {errors.shown(request.content_type)}, not application/json."
        )
    coding = request.headers.get("Content-Encoding", "").strip().lower()
    if coding not in ("", "identity"):
        raise errors.UnsupportedMediaType(
            f"The body is packed ({errors.shown(coding)}); only a plain one is read."
        )
    try:
        text = read_bytes(request).decode()
    except UnicodeDecodeError:
        raise errors.InvalidJson("The body is not UTF-8.") from None
    value = strict_json.parse(text, what="The body")
    if not isinstance(value, dict):
        raise errors.InvalidJson("The body is not a JSON object.")
    return value


def read_bytes(request) -> bytes:
    """The body, at most MAX_BODY_BYTES. Raises PayloadTooLarge."""
    stream = _stream(request)
    parts, size = [], 0
    while chunk := stream.read(CHUNK_BYTES):
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise errors.PayloadTooLarge(
                f"The body has more than {MAX_BODY_BYTES} bytes."
            )
        parts.append(chunk)
    return b"".join(parts)


def drain(request) -> None:
    """Read and throw away what is left of a body, up to MAX_DRAINED_BYTES."""
    stream, left = _stream(request), MAX_DRAINED_BYTES
    with suppress(OSError):  # the client is gone
        while chunk := stream.read(min(CHUNK_BYTES, left)):
            left -= len(chunk)


def _stream(request):
    """The raw body. Django reads none without a Content-Length, so a chunked one is
    taken from the server, which knows its end."""
    if request.META.get("wsgi.input_terminated") and not request.META.get(
        "CONTENT_LENGTH"
    ):
        return request.META["wsgi.input"]
    return request
