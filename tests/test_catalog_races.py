"""What staff take down or put back while a reader's queries are under way."""

import pytest
from django.db import connection, transaction

from registry import errors, moderation, publishing
from registry.catalog import functions, pages
from registry.models import Function, Version
from registry.moderation import Grounds

pytestmark = pytest.mark.django_db

GROUNDS = Grounds("It holds a password.")


class Before:
    """Calls ``act`` before the query of this number."""

    def __init__(self, number, act):
        self.left, self.act = number, act

    def __call__(self, execute, sql, params, many, context):
        self.left -= 1
        if self.left == 0:
            self.act()
        return execute(sql, params, many, context)


def take_down_function(staff):
    moderation.quarantine_function(Function.objects.get(), GROUNDS, by=staff)


def put_function_back(staff):
    moderation.lift_function_quarantine(Function.objects.get(), GROUNDS, by=staff)


def take_down_versions(staff):
    for version in Version.objects.all():
        moderation.quarantine_version(version, GROUNDS, by=staff)


def put_versions_back(staff):
    for version in Version.objects.all():
        moderation.lift_version_quarantine(version, GROUNDS, by=staff)


ASKED = [
    lambda: functions.find_version("image-resizer"),
    lambda: functions.find_version("image-resizer", number="1.0.0"),
    lambda: functions.find_version("picture-sizer"),
    lambda: functions.find_version("picture-sizer", number="1.0.0"),
    lambda: functions.find_function("image-resizer"),
    lambda: functions.find_function("picture-sizer"),
    lambda: pages.find_page("alice", "image-resizer"),
    lambda: pages.find_page("alice", "image-resizer", "1.0.0"),
    lambda: pages.find_page("alice", "picture-sizer"),
    lambda: pages.find_page("alice", "picture-sizer", "1.0.0"),
]


def answers(ask, act) -> list:
    """What ``ask`` finds, or its refusal, with ``act`` before each of its queries;
    the last without it."""
    found = []
    left = 0
    while left <= 0:
        before = Before(len(found) + 1, act)
        with transaction.atomic():
            with connection.execute_wrapper(before):
                try:
                    found.append(ask())
                except errors.NotFound as refused:
                    found.append(refused)
            left = before.left
            transaction.set_rollback(True)
    return found


@pytest.fixture(params=[False, True], ids=["live", "yanked"])
def moved(request, publish, alice, staff):
    """A function of two versions that was renamed."""
    for number in ("1.0.0", "1.1.0"):
        version = publish(version=number, code=f"export const v = '{number}';\n")
        if request.param:
            publishing.yank(version, reason="Broken.", by=alice, via="cli")
    moderation.rename_function(version.function, "picture-sizer", GROUNDS, by=staff)


@pytest.mark.parametrize("take_down", [take_down_function, take_down_versions])
def test_what_is_taken_down_meanwhile_is_shown_or_refused(moved, staff, take_down):
    for ask in ASKED:
        found = answers(ask, lambda: take_down(staff))

        assert isinstance(found[0], errors.Quarantined)
        assert GROUNDS.reason in found[0].message
        assert not isinstance(found[-1], errors.Quarantined)


@pytest.mark.parametrize(
    ("take_down", "put_back"),
    [
        (take_down_function, put_function_back),
        (take_down_versions, put_versions_back),
    ],
)
def test_what_is_put_back_meanwhile_is_shown_or_refused(
    moved, staff, take_down, put_back
):
    take_down(staff)
    for ask in ASKED:
        found = answers(ask, lambda: put_back(staff))

        assert not isinstance(found[0], errors.Quarantined)
        assert isinstance(found[-1], errors.Quarantined)
