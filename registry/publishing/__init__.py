"""The verbs of authors. Every door (Admin, API, CI) calls these and nothing else.

Each takes the acting account as ``by=`` and the door as ``via=``, is one
transaction, writes exactly one Event when it changes something, and changes nothing
when it raises.
"""

from registry.publishing.ci import CiResult, publish_from_ci
from registry.publishing.drafts import (
    Saved,
    delete_draft,
    new_draft,
    next_draft,
    push,
    save_draft,
)
from registry.publishing.releases import Publication, publish
from registry.publishing.retractions import deprecate, undeprecate, unyank, yank
from registry.publishing.waivers import waive_secret, withdraw_waiver

__all__ = [
    "CiResult",
    "Publication",
    "Saved",
    "delete_draft",
    "deprecate",
    "new_draft",
    "next_draft",
    "publish",
    "publish_from_ci",
    "push",
    "save_draft",
    "undeprecate",
    "unyank",
    "waive_secret",
    "withdraw_waiver",
    "yank",
]
