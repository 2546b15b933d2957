"""Limits of what is pushed: the documented one passes, one above is refused.

Source: docs/manifest.md, "Files" and "Limits".
"""

import pytest

from registry import errors
from registry.models import Draft
from tests.conftest import CODE
from tests.unchanged import refused

pytestmark = pytest.mark.django_db
KIB = 1024


def files(count):
    return {"index.ts": CODE} | {f"f{n}.ts": "" for n in range(count - 1)}


def of_bytes(count, letter="/"):
    """A file that is so many bytes long."""
    wide = len(letter.encode())
    return (
        CODE
        + "//"
        + letter * ((count - len(CODE) - 2) // wide)
        + "/" * ((count - len(CODE) - 2) % wide)
    )


def in_all(count):
    """Files that have so many bytes together, none of them more than one may have."""
    part = 400 * KIB
    made = {f"f{n}.ts": of_bytes(part, "é") for n in range(5)}
    return made | {"index.ts": of_bytes(count - 5 * part)}


FITTING = {
    "50 files": {"files": files(50), "code": None},
    "a file of 512 KiB": {"code": of_bytes(512 * KIB)},
    "a file of 512 KiB in letters of 2 bytes": {"code": of_bytes(512 * KIB, "é")},
    "2 MiB in all": {"files": in_all(2048 * KIB), "code": None},
    "a README of 256 KiB": {"readme": "x" * 256 * KIB},
    "a README of 256 KiB in letters of 2 bytes": {"readme": "é" * 128 * KIB},
    "10 levels": {"files": {"a/" * 9 + "b.ts": ""}},
    "a path of 155 characters": {"files": {"a" * 59 + "/" + "b" * 95: ""}},
    "a name of 2 characters": {"name": "ab"},
    "a name of 58 characters": {"name": "a" * 58},
    "a description of 300 characters": {"description": "é" * 300},
    "a version of 64 characters": {"version": "1.0.0-" + "a" * 58},
    "a version up to 2^53-1": {"version": "9007199254740991.0.9007199254740991"},
    "10 tags": {"tags": [f"tag{n}" for n in range(10)]},
    "a tag of 30 characters": {"tags": ["a" * 30]},
    "a variable of 64 characters": {"envVars": ["A" * 64]},
}
TOO_MUCH = {
    "51 files": ({"files": files(51), "code": None}, errors.PayloadTooLarge),
    "a file of 512 KiB and a byte": (
        {"code": of_bytes(512 * KIB + 1)},
        errors.PayloadTooLarge,
    ),
    "a file of 512 KiB and a byte in letters of 2 bytes": (
        {"code": of_bytes(512 * KIB + 1, "é")},
        errors.PayloadTooLarge,
    ),
    "2 MiB and a byte in all": (
        {"files": in_all(2048 * KIB + 1), "code": None},
        errors.PayloadTooLarge,
    ),
    "a README of 256 KiB and a byte": (
        {"readme": "x" * 256 * KIB + "x"},
        errors.PayloadTooLarge,
    ),
    "a README of 256 KiB and a byte in letters of 2 bytes": (
        {"readme": "é" * 128 * KIB + "x"},
        errors.PayloadTooLarge,
    ),
    "11 levels": ({"files": {"a/" * 10 + "b.ts": ""}}, errors.InvalidPath),
    "a path of 156 characters": (
        {"files": {"a" * 60 + "/" + "b" * 95: ""}},
        errors.InvalidPath,
    ),
    "a name of 1 character": ({"name": "a"}, errors.InvalidName),
    "a name of 59 characters": ({"name": "a" * 59}, errors.InvalidName),
    "a description of 301 characters": (
        {"description": "é" * 301},
        errors.ValidationError,
    ),
    "a version of 65 characters": (
        {"version": "1.0.0-" + "a" * 59},
        errors.InvalidVersion,
    ),
    "a version above 2^53-1": (
        {"version": "0.9007199254740992.0"},
        errors.InvalidVersion,
    ),
    "11 tags": ({"tags": [f"tag{n}" for n in range(11)]}, errors.ValidationError),
    "a tag of 31 characters": ({"tags": ["a" * 31]}, errors.ValidationError),
    "a variable of 65 characters": ({"envVars": ["A" * 65]}, errors.ValidationError),
}


@pytest.mark.parametrize("changes", FITTING.values(), ids=list(FITTING))
def test_what_fits_is_stored_whole(push, changes):
    made = Draft.objects.get(pk=push(**changes).pk)

    stored = made.manifest | {"files": made.files, "readme": made.readme}
    for name, sent in changes.items():
        if name == "files":
            assert made.files.items() >= sent.items()
        elif name == "code":
            assert sent is None or made.code == sent
        else:
            assert stored[name] == sent


@pytest.mark.parametrize(("changes", "refusal"), TOO_MUCH.values(), ids=list(TOO_MUCH))
def test_what_is_above_a_limit_is_refused(push, changes, refusal):
    with refused(refusal):
        push(**changes)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"files": files(51)}, "51 files were sent; at most 50 fit."),
        (
            {"files": in_all(2048 * KIB + 1), "code": None},
            "The files have 2097153 bytes; at most 2097152 fit.",
        ),
        (
            {"code": of_bytes(512 * KIB + 1)},
            "The file 'index.ts' has more than 524288 bytes.",
        ),
        (
            {"readme": "é" * (128 * KIB + 1)},
            "The README has more than 262144 bytes.",
        ),
        (
            {"description": "é" * 301},
            "The description has 301 characters; at most 300 fit.",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_refusal_names_the_limit(push, changes, sentence):
    with refused(errors.RegistryError) as caught:
        push(**changes)
    assert caught.value.message == sentence
