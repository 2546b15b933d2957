"""Reading request bodies: bounded, strict, never surprising (docs/api.md, "JSON")."""

import json
import math

from registry import errors

MAX_BODY_BYTES = 4 * 1024 * 1024
# Read and thrown away before a 413: a client that is cut off while it still sends
# reports a broken pipe and never shows the answer.
MAX_DRAINED_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 32
MAX_INTEGER_DIGITS = 20
CHUNK_BYTES = 64 * 1024


def read_object(request) -> dict:
    """The body as one JSON object.

    Raises UnsupportedMediaType, PayloadTooLarge, InvalidJson.
    """
    if request.content_type not in ("application/json", ""):
        drain(request)
        raise errors.UnsupportedMediaType(
            f"The body is {errors.shown(request.content_type)}, not application/json."
        )
    value = _parse(read_bytes(request))
    if not isinstance(value, dict):
        raise errors.InvalidJson("The body is not a JSON object.")
    _check(value)
    return value


def read_bytes(request) -> bytes:
    """The body, at most MAX_BODY_BYTES. Raises PayloadTooLarge."""
    stream = _stream(request)
    parts, size = [], 0
    while chunk := stream.read(CHUNK_BYTES):
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            _drop(stream, MAX_DRAINED_BYTES - size)
            raise errors.PayloadTooLarge(
                f"The body has more than {MAX_BODY_BYTES} bytes."
            )
        parts.append(chunk)
    return b"".join(parts)


def drain(request) -> None:
    """Read and throw away a body nobody needs, so that the answer can be read."""
    _drop(_stream(request), MAX_DRAINED_BYTES)


def _drop(stream, left: int) -> None:
    while left > 0 and (chunk := stream.read(min(CHUNK_BYTES, left))):
        left -= len(chunk)


def _stream(request):
    """The raw body. Django reads none without a Content-Length, so a chunked one is
    taken from the server, which knows its end."""
    if request.META.get("wsgi.input_terminated") and not request.META.get(
        "CONTENT_LENGTH"
    ):
        return request.META["wsgi.input"]
    return request


def _parse(raw: bytes) -> object:
    try:
        return json.loads(
            raw.decode(),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_integer,
        )
    except RecursionError:
        raise errors.InvalidJson("The body is nested too deeply.") from None
    except UnicodeDecodeError:
        raise errors.InvalidJson("The body is not UTF-8.") from None
    except ValueError as error:
        raise errors.InvalidJson(f"The body is not JSON: {error}.") from None


def _object(pairs: list[tuple[str, object]]) -> dict:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("an object has the same key twice")
    return made


def _refuse_constant(name: str):
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _integer(text: str) -> int:
    if len(text) > MAX_INTEGER_DIGITS:
        raise ValueError("a number is too large")
    return int(text)


def _check(value: object) -> None:
    """Refuse what Python's JSON accepts and a database or client does not."""
    level = [value]
    for _ in range(MAX_DEPTH):
        below = []
        for item in level:
            if isinstance(item, dict):
                below += item.keys()
                below += item.values()
            elif isinstance(item, list):
                below += item
            elif isinstance(item, str):
                _check_text(item)
        level = below
        if not level:
            return
    raise errors.InvalidJson("The body is nested too deeply.")


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise errors.InvalidJson(
            "The body has half of a surrogate pair in a string."
        ) from None
