"""What a list of functions is asked for: how many, in which order, which of them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from registry.models import Function

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("asked", "limit"),
    [
        ("", 20),
        ("limit=", 20),
        ("limit=1", 1),
        ("limit=100", 100),
        ("limit=101", 100),
        ("limit=999999999", 100),
        ("limit=9999999999", None),
        ("limit=0", None),
        ("limit=-1", None),
        ("limit=1.5", None),
        ("limit=all", None),
        ("limit=%D9%A1", None),
        ("limit=%C2%B2", None),
    ],
)
def test_a_list_has_1_to_100_functions(api, asked, limit):
    answer = api("GET", f"{api.base}?{asked}")

    if limit:
        assert (answer.status_code, answer.json()["limit"]) == (200, limit)
        return
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert answer.json()["field"] == "limit"
    assert "use 1 to 100" in answer.json()["error"]


@pytest.mark.parametrize(
    ("asked", "order"),
    [
        ("", "bca"),
        ("sort=recent", "bca"),
        ("sort=relevance", "bca"),
        ("sort=stars", "cba"),
        ("sort=installs", "acb"),
        ("sort=name", "abc"),
        ("sort=Name", None),
        ("sort=random", None),
        ("search=resizer&sort=name", "abc"),
        ("search=%20&sort=relevance", "bca"),
    ],
)
def test_a_list_is_sorted_as_asked(api, publish, asked, order):
    numbers = {"a": (0, 1, 9), "b": (2, 2, 1), "c": (1, 3, 5)}
    for name, (hours, stars, installs) in numbers.items():
        function = publish(name=f"{name}-resizer").function
        Function.objects.filter(pk=function.pk).update(
            updated_at=timezone.now() + timedelta(hours=hours),
            star_count=stars,
            install_count=installs,
        )

    answer = api("GET", f"{api.base}?{asked}")

    if order is None:
        assert (answer.status_code, answer.json()["field"]) == (400, "sort")
        assert "use one of: relevance, recent" in answer.json()["error"]
        return
    found = [each["slug"][0] for each in answer.json()["functions"]]
    assert "".join(found) == order


def test_a_tag_is_found_in_any_case_and_a_search_without_its_blanks(api, publish):
    publish(tags=["image"])

    for asked in ("tag=IMAGE", "search=%20resizer%20", "author=@alice", "author=alice"):
        assert api("GET", f"{api.base}?{asked}").json()["total"] == 1, asked
