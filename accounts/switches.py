"""What staff can turn off for everyone. A row of Switch means off."""

from django.db.models import Case, Q, When

from accounts.models import Switch
from core.db.prepared import Prepared

READ_ONLY = "read_only"
# name -> what a refused user is told
SWITCHES = {
    READ_ONLY: "The Hub is in read-only mode: nothing can be changed at the moment.",
    "sign_up": "The Hub makes no new accounts at the moment.",
    "new_slugs": "The Hub takes no new names at the moment.",
    "publishing": "Publishing is turned off at the moment.",
    "key_creation": "The Hub makes no new keys at the moment.",
    "reports": "The Hub takes no reports at the moment.",
}
# Each write asks this. Read-only mode comes first.
STOPPING = Prepared(
    lambda name: Switch.objects.filter(Q(name=READ_ONLY) | Q(name=name)).order_by(
        Case(When(name=READ_ONLY, then=0), default=1)
    )
)


class SwitchedOff(Exception):
    """Staff turned it off. ``str()`` is a sentence or two for the person."""


def is_off(name: str) -> Switch | None:
    """The switch that stops ``name``: read-only mode, or its own. None: go on."""
    return STOPPING.first(name)


def require(name: str = READ_ONLY) -> None:
    """Raise SwitchedOff while ``name`` is turned off."""
    switch = is_off(name)
    if switch:
        raise SwitchedOff(sentence(switch))


def sentence(switch: Switch) -> str:
    """What ``switch`` stops, and the reason staff gave."""
    return f"{SWITCHES[switch.name]} {switch.reason}"
