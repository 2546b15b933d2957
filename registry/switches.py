"""Staff's off-switches, as refusals of the registry."""

from accounts import switches
from accounts.switches import READ_ONLY
from registry import errors

__all__ = ["READ_ONLY", "require"]


def require(name: str = READ_ONLY) -> None:
    """Raise ReadOnly while ``name`` (of accounts.switches.SWITCHES) is turned off,
    or everything is. Every verb that writes calls this first."""
    try:
        switches.require(name)
    except switches.SwitchedOff as off:
        raise errors.ReadOnly(str(off)) from off
