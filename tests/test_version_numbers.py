"""Version numbers: which are taken, and in what order they stand.

The strings are those of semver.org's own test, and what parsers are known to let in.
"""

import itertools

import pytest

from registry import errors, semver
from tests.unchanged import refused

VALID = """
0.0.4 1.2.3 10.20.30 1.1.2-prerelease+meta 1.1.2+meta 1.1.2+meta-valid 1.0.0-alpha
1.0.0-beta 1.0.0-alpha.beta 1.0.0-alpha.beta.1 1.0.0-alpha.1 1.0.0-alpha0.valid
1.0.0-alpha.0valid 1.0.0-alpha-a.b-c-somethinglong+build.1-aef.1-its-okay
1.0.0-rc.1+build.1 2.0.0-rc.1+build.123 1.2.3-beta 10.2.3-DEV-SNAPSHOT
1.2.3-SNAPSHOT-123 2.0.0+build.1848 2.0.1-alpha.1227 1.0.0-alpha+beta
1.2.3----RC-SNAPSHOT.12.9.1--.12+788 1.2.3----R-S.12.9.1--.12+meta
1.0.0+0.build.1-rc.10000aaa-kk-0.1 1.0.0-0A.is.legal
""".split()
INVALID = (
    """
1 1.2 1.2.3-0123 1.2.3-0123.0123 1.1.2+.123 +invalid -invalid -invalid+invalid
-invalid.01 alpha alpha.beta alpha.beta.1 alpha.1 alpha+beta alpha_beta alpha. alpha..
beta 1.0.0-alpha_beta -alpha. 1.0.0-alpha.. 1.0.0-alpha..1 1.0.0-alpha...1 01.1.1
1.01.1 1.1.01 1.2.3.DEV 1.2-SNAPSHOT 1.2.31.2.3----RC-SNAPSHOT.12.09.1--..12+788
1.2-RC-SNAPSHOT -1.0.3-gamma+b7718 +justmeta 9.8.7+meta+meta 9.8.7-whatever+meta+meta
v1.0.0 ١.٠.٠ 1٠.0.0 1.0.0-1٠ 1.0.0-é 1.0.0+٠
""".split()
    + ["1.0.0\n", " 1.0.0", "1.0.0 ", "1.0.0\0", "1.0.0-\n", "1.0.0-a\n", "1.0.0+a\n"]
    + ["1\u0660.0.0", "1.0.1\u0660", "1.0.0-1\u0660", "1.0.0-\u0660a", "1.0.0+\u0660"]
)
# SemVer 2.0.0, 11: each stands below the next one.
IN_ORDER = """
0.0.1 0.0.2 0.0.10 0.1.0 0.2.0 0.10.0 1.0.0-0 1.0.0-2 1.0.0-10 1.0.0-10.0
1.0.0-999999999999 1.0.0-A 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.1.0 1.0.0-alpha.beta
1.0.0-alpha0 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-beta-1 1.0.0-rc.1 1.0.0 1.0.1
1.9.0 1.10.0 2.0.0-0 2.0.0 10.0.0 9007199254740990.0.0 9007199254740991.0.0
""".split()


@pytest.mark.parametrize("text", VALID)
def test_a_number_of_semver_is_taken_as_written(text):
    parsed = semver.parse(text)

    assert parsed.text == text
    assert parsed.precedence == text.split("+")[0]
    assert parsed.is_prerelease == ("-" in text.split("+")[0])


@pytest.mark.parametrize("text", INVALID, ids=ascii)
def test_a_number_that_is_not_semver_is_refused(text):
    with pytest.raises(errors.InvalidVersion, match="is not SemVer 2.0.0") as caught:
        semver.parse(text, field="replacement")
    assert caught.value.field == "replacement"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("1.2.10", "0000000000000100000000000002" + "0000000000000a" + "f"),
        (
            "9007199254740991.0.0-alpha.11",
            "1fffffffffffff" + "0" * 28 + "0" + "2616c70686100" + "10211" + "0",
        ),
    ],
)
def test_a_number_sorts_with_those_that_earlier_releases_stored(text, key):
    assert semver.parse(text).sort_key == key


@pytest.mark.parametrize("place", range(3))
def test_each_part_of_a_number_goes_up_to_2_to_the_53_less_1(place):
    parts = ["0", "0", "0"]
    parts[place] = "9007199254740991"
    assert semver.parse(".".join(parts)).text == ".".join(parts)

    parts[place] = "9007199254740992"
    with pytest.raises(
        errors.InvalidVersion, match="component above 2\\^53-1"
    ) as found:
        semver.parse(".".join(parts), field="replacement")
    assert found.value.field == "replacement"


def test_a_number_has_at_most_64_characters_with_its_build_metadata():
    assert semver.parse("1.0.0+" + "a" * 58)
    with pytest.raises(errors.InvalidVersion, match="longer than 64 char") as found:
        semver.parse("1.0.0+" + "a" * 59, field="replacement")
    assert found.value.field == "replacement"


def test_numbers_stand_in_the_order_of_semver():
    keys = [semver.parse(text).sort_key for text in IN_ORDER]

    for (low, below), (high, above) in itertools.pairwise(
        zip(IN_ORDER, keys, strict=True)
    ):
        assert below < above, (low, high)


def test_build_metadata_does_not_change_the_order():
    assert semver.parse("1.0.0+b").sort_key == semver.parse("1.0.0+a").sort_key


@pytest.mark.django_db
def test_the_longest_number_is_published_and_stands_in_order(publish):
    longest = "1.0.0-" + ".".join(["Z"] * 29)
    assert publish(version=longest).number == longest

    last = publish(version=f"1.0.0-{'z' * 58}", code="export const z = 1;\n")

    last.function.refresh_from_db()
    assert last.function.latest_number == last.number


@pytest.mark.parametrize(
    ("number", "following"),
    [
        ("1.2.3", "1.2.4"),
        ("1.2.9", "1.2.10"),
        ("1.2.3+build", "1.2.4"),
        ("1.2.3-rc.1", "1.2.3"),
        ("1.2.3-rc.1+build", "1.2.3"),
    ],
)
def test_the_next_release_is_the_smallest_above(number, following):
    assert semver.next_patch(number) == following


@pytest.mark.django_db
def test_a_push_with_a_wrong_number_names_the_field(push):
    with refused(errors.InvalidVersion) as caught:
        push(version="v1.0.0")
    assert caught.value.field == "version"
