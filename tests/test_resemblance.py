"""New names like that of a well-used function come before staff.

Source: docs/moderation.md, "Look-alike names".
"""

import pytest

from registry.models import Case, Function
from registry.names import look_alike
from registry.publishing import resemblance

pytestmark = pytest.mark.django_db
KNOWN_SECONDS = resemblance.KNOWN_SECONDS  # conftest.py turns it off


@pytest.fixture
def list_is_kept(monkeypatch):
    """The list of well-used functions is kept for a while, as on a Hub."""
    monkeypatch.setattr(resemblance, "KNOWN_SECONDS", KNOWN_SECONDS)
    monkeypatch.setattr(resemblance, "_known", None)


@pytest.fixture
def used(publish):
    """used(slug, installs=10) -> a function of alice's, published and installed."""

    def used(slug, installs=10):
        function = publish(name=slug, code=f"export const a = '{slug}';\n").function
        Function.objects.filter(pk=function.pk).update(install_count=installs)
        return function

    return used


@pytest.mark.parametrize(
    ("slug", "how"),
    [
        ("resizer-image", "swapped words"),
        ("image-resizer-js", "an added or left out affix"),
        ("official-image-resizer-2", "an added or left out affix"),
        ("imagge-resizer", "a doubled letter"),
        ("timage-resizer", "an added letter"),
        ("image-resizers", "an added letter"),
        ("imge-resizer", "a dropped letter"),
        ("image-resize", "a dropped letter"),
        ("image-resixer", "an exchanged letter"),
        ("iamge-resizer", "two letters swapped"),
        ("image-resizre", "two letters swapped"),
    ],
)
def test_a_name_like_a_well_used_one_comes_before_staff(used, push, bob, slug, how):
    rival = used("image-resizer")

    function = push(by=bob, name=slug).function

    case = Case.objects.get()
    assert (case.kind, case.function, case.rival) == ("look_alike", function, rival)
    assert case.note == how


@pytest.mark.parametrize("affix", "js ts node official new 2 lib".split())
@pytest.mark.parametrize("slug", ["{}-image-resizer", "image-resizer-{}"])
def test_each_affix_is_looked_past(used, push, bob, affix, slug):
    used("image-resizer")

    push(by=bob, name=slug.format(affix))

    assert Case.objects.get().note == "an added or left out affix"


@pytest.mark.parametrize(
    "slug",
    ["image-cropper", "resizer", "image", "image-resizerrs", "img-resizer", "js-ts"],
)
def test_another_name_does_not(used, push, bob, slug):
    used("image-resizer")

    push(by=bob, name=slug)

    assert not Case.objects.exists()


@pytest.mark.parametrize(("installs", "cases"), [(9, 0), (10, 1)])
def test_a_function_is_well_used_from_10_installs(used, push, bob, installs, cases):
    used("image-resizer", installs)

    push(by=bob, name="image-resizers")

    assert Case.objects.count() == cases


@pytest.mark.parametrize(("others", "cases"), [(999, 1), (1000, 0)])
def test_the_1000_most_installed_functions_are_compared(
    used, push, alice, bob, others, cases
):
    used("image-resizer")
    slugs = [f"x{n:04}-{n * 7919 % 10007}" for n in range(others)]
    Function.objects.bulk_create(
        Function(
            slug=slug,
            owner=alice,
            look_alike=look_alike(slug),
            is_listed=True,
            install_count=11,
        )
        for slug in slugs
    )

    push(by=bob, name="image-resizers")

    assert Case.objects.count() == cases


@pytest.mark.parametrize(
    ("slug", "typo", "cases"), [("abcd", "abxd", 0), ("abcde", "abxde", 1)]
)
def test_short_names_are_one_letter_apart_by_nature(used, push, bob, slug, typo, cases):
    used(slug)

    push(by=bob, name=typo)

    assert Case.objects.count() == cases


def test_the_most_installed_of_several_is_the_rival(used, push, bob):
    used("image-resizers", 10)
    most = used("image-resizer", 20)
    used("image-resizerz", 15)

    push(by=bob, name="image-resizerx")

    assert Case.objects.get().rival == most


def test_ones_own_names_do_not_come_before_staff(used, push):
    used("image-resizer")

    push(name="image-resizers")

    assert not Case.objects.exists()


def test_a_name_comes_before_staff_once_when_it_is_claimed(used, push, bob):
    used("image-resizer")
    push(by=bob, name="image-resizers")

    push(by=bob, name="image-resizers")

    assert Case.objects.count() == 1


def test_a_function_that_left_the_hub_is_no_rival(
    used, push, bob, list_is_kept, monkeypatch
):
    used("csv-parser")  # stays
    left = used("image-resizer")
    monkeypatch.setattr(resemblance, "_known", None)
    push(by=bob, name="other-thing")  # makes the list that is kept
    Function.objects.filter(pk=left.pk).update(is_listed=False)

    push(by=bob, name="image-resizers")

    assert not Case.objects.exists()


def test_the_list_of_well_used_functions_is_at_most_a_minute_old(
    used, push, bob, list_is_kept, monkeypatch
):
    now = 1000.0
    monkeypatch.setattr(resemblance.time, "monotonic", lambda: now)
    push(by=bob, name="other-thing")
    used("image-resizer")
    now += 59
    push(by=bob, name="image-resizers")
    assert not Case.objects.exists()

    now += 1
    push(by=bob, name="image-resizerz")

    assert Case.objects.count() == 1
