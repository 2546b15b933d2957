"""Parse untrusted JSON: strict, bounded, and storable in every database."""

import json
import math

from registry import errors

MAX_DEPTH = 32
MAX_INTEGER_DIGITS = 20


def parse(text: str, *, what: str) -> object:
    """``text`` as JSON.

    what: the name for ``text`` in messages, such as "The body".

    Raises InvalidJson, also for what Python accepts but RFC 8259 excludes (NaN) or
    advises against (repeated names, lone surrogates), and for huge numbers and deep
    nesting. Source: docs/api.md, "JSON".
    """
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_integer,
        )
    except RecursionError:
        raise errors.InvalidJson(f"{what} is nested too deeply.") from None
    except ValueError as error:
        raise errors.InvalidJson(f"{what} is not JSON: {error}.") from None
    _check(value, what)
    return value


def _object(pairs: list[tuple[str, object]]) -> dict:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))
        shown = errors.shown(twice)
        raise ValueError(f"an object has the same key twice, {shown}")
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


def _check(value: object, what: str) -> None:
    """Refuse nesting and strings that Python accepts but a database doesn't."""
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
                _check_text(item, what)
        level = below
        if not level:
            return
    raise errors.InvalidJson(f"{what} is nested too deeply.")


def _check_text(text: str, what: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise errors.InvalidJson(
            f"{what} has half of a surrogate pair in a string."
        ) from None
