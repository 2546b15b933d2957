"""Headers that Django reads before any middleware does."""

from collections.abc import Callable, Iterable

# Django takes a time that grows with the square of the length of quoted parameters:
# 40 ms for the 8 KB that a server lets through. A multipart boundary has at most 70
# characters (RFC 2046, 5.1.1), so no type that the Hub reads is longer than this.
MAX_CONTENT_TYPE_CHARACTERS = 255


def bounded(application: Callable) -> Callable:
    """``application`` (WSGI) as it sees requests whose Content-Type is longer than
    MAX_CONTENT_TYPE_CHARACTERS: cut to that."""

    def answer(environ: dict, start_response: Callable) -> Iterable[bytes]:
        kind = environ.get("CONTENT_TYPE", "")
        if len(kind) > MAX_CONTENT_TYPE_CHARACTERS:
            environ["CONTENT_TYPE"] = kind[:MAX_CONTENT_TYPE_CHARACTERS]
        return application(environ, start_response)

    return answer
