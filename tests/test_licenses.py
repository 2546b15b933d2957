"""License expressions: docs/manifest.md, "license"."""

import pytest

from registry import errors
from registry.licenses import check_license

FIVE = "MIT OR ISC OR 0BSD OR Apache-2.0 OR Zlib"


@pytest.mark.parametrize(
    ("sent", "recorded"),
    [
        ("MIT", "MIT"),
        ("mit", "MIT"),
        ("apache-2.0", "Apache-2.0"),
        ("mit or apache-2.0", "MIT OR Apache-2.0"),
        ("MIT  AND ISC", "MIT AND ISC"),
        ("(MIT OR ISC) AND 0BSD", "(MIT OR ISC) AND 0BSD"),
        ("((MIT))", "((MIT))"),
        (FIVE, FIVE),
        ("GPL-2.0", "GPL-2.0-only"),
        ("GPL-3.0+", "GPL-3.0-or-later"),
        ("gpl-3.0+", "GPL-3.0-or-later"),
        ("LGPL-2.1", "LGPL-2.1-only"),
        ("lgpl-2.1+", "LGPL-2.1-or-later"),
        ("AGPL-3.0", "AGPL-3.0-only"),
        ("GPL-2.0-only", "GPL-2.0-only"),
        ("GPL-2.0-or-later", "GPL-2.0-or-later"),
        ("MIT OR GPL-2.0+", "MIT OR GPL-2.0-or-later"),
        (
            "GPL-2.0 with Classpath-exception-2.0",
            "GPL-2.0-only WITH Classpath-exception-2.0",
        ),
        (
            "Apache-2.0 WITH LLVM-exception",
            "Apache-2.0 WITH LLVM-exception",
        ),
        (
            "LGPL-3.0-only WITH LGPL-3.0-linking-exception",
            "LGPL-3.0-only WITH LGPL-3.0-linking-exception",
        ),
    ],
)
def test_a_license_is_recorded_in_the_spelling_of_spdx(sent, recorded):
    assert check_license(sent) == recorded


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "nope",
        "UNLICENSED",
        "NONE",
        "MIT OR",
        "OR MIT",
        "MIT ISC",
        "MIT AND AND ISC",
        "MIT/ISC",
        "MIT, ISC",
        "MIT\n",
        "MI\u0422",
        "(MIT",
        "MIT)",
        "()",
        "LicenseRef-x",
        "MIT OR licenseref-x",
        "GPL-9.9",
        "MIT+",
        "Apache-2.0+",
        "GPL-3.0-or-later+",
        "GPL-2.0-only+",
        "MIT WITH Classpath-exception-2.0",
        "ISC OR MIT WITH Classpath-exception-2.0",
        "Apache-2.0 WITH nothing",
        "MIT WITH",
        "(Apache-2.0) WITH MIT",
    ],
    ids=ascii,
)
def test_other_expressions_are_refused(text):
    with pytest.raises(errors.InvalidLicense) as caught:
        check_license(text)

    assert caught.value.field == "license"
    assert "is not an SPDX expression of at most 5 known licenses." in str(caught.value)


@pytest.mark.parametrize(
    ("most", "above"),
    [
        (FIVE, FIVE + " OR BSL-1.0"),  # licenses
        ("MIT" + " " * 197, "MIT" + " " * 198),  # characters
    ],
    ids=["licenses", "characters"],
)
def test_an_expression_of_the_limit_fits_and_one_above_does_not(most, above):
    assert check_license(most)
    with pytest.raises(errors.InvalidLicense):
        check_license(above)


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("Apache2.0", "Apache-2.0"),
        ("apache 2.0", "Apache-2.0"),
        ("Zlibb", "Zlib"),
        ("nope", None),
        ("UNLICENSED", None),
    ],
)
def test_the_nearest_license_is_named(sent, meant):
    with pytest.raises(errors.InvalidLicense) as caught:
        check_license(sent)

    said = caught.value.message
    if meant is None:
        assert said.endswith("known licenses.")
    else:
        assert said.endswith(f"known licenses. Did you mean {meant}?")


@pytest.mark.django_db
def test_a_push_says_which_license_was_meant_and_stores_nothing(api):
    said = api.push(license="Apache2.0").json()

    assert (said["code"], said["field"]) == ("INVALID_LICENSE", "license")
    assert said["error"].endswith("Did you mean Apache-2.0?")
    assert api("GET", "my").json()["functions"] == []


@pytest.mark.django_db
def test_a_function_shows_its_license_as_recorded(api):
    made = api.push(license="gpl-2.0").json()
    api.publish(made["id"])

    assert made["warnings"] == ["License gpl-2.0 is recorded as GPL-2.0-only."]
    found = api("GET", "alice/image-resizer").json()["function"]
    assert found["license"] == "GPL-2.0-only"
