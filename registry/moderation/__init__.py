"""Staff's verbs, and what readers and authors may ask of staff.

Each verb takes the acting account as ``by=``, is one transaction, writes exactly one
Event when it changes something, and changes nothing when it raises. Staff's verbs take
a ``Grounds``, store a Decision, and refuse moderators whom the decision concerns.
Source: docs/moderation.md.
"""

from registry.moderation.accounts import (
    force_sign_out,
    raise_quota,
    require_second_factor,
    reset_quota,
    restore_account,
    suspend_account,
    waive_second_factor,
)
from registry.moderation.appeals import answer_appeal, appeal, may_appeal
from registry.moderation.categories import (
    add_category,
    edit_category,
    free_tag,
    merge_category,
    move_functions,
    order_categories,
    reopen_category,
    replace_tag,
    retire_category,
)
from registry.moderation.content import (
    confirm_removal,
    lift_function_quarantine,
    lift_version_quarantine,
    quarantine_function,
    quarantine_version,
    request_removal,
    withdraw_removal,
)
from registry.moderation.deciding import Grounds, latest_seen, require_staff
from registry.moderation.reports import dismiss_case, report
from registry.moderation.slugs import (
    except_name,
    hold_name,
    lift_hold,
    release_claim,
    release_name,
    rename_function,
    reserve_name,
    withdraw_exception,
)
from registry.moderation.switching import release_switch, throw_switch
from registry.moderation.transfers import (
    accept_transfer,
    force_transfer,
    offer_transfer,
    refuse_transfer,
    withdraw_transfer,
)

__all__ = [
    "Grounds",
    "accept_transfer",
    "add_category",
    "answer_appeal",
    "appeal",
    "confirm_removal",
    "dismiss_case",
    "edit_category",
    "except_name",
    "force_sign_out",
    "force_transfer",
    "free_tag",
    "hold_name",
    "latest_seen",
    "lift_function_quarantine",
    "lift_hold",
    "lift_version_quarantine",
    "may_appeal",
    "merge_category",
    "move_functions",
    "offer_transfer",
    "order_categories",
    "quarantine_function",
    "quarantine_version",
    "raise_quota",
    "refuse_transfer",
    "release_claim",
    "release_name",
    "release_switch",
    "rename_function",
    "reopen_category",
    "replace_tag",
    "report",
    "request_removal",
    "require_second_factor",
    "require_staff",
    "reserve_name",
    "reset_quota",
    "restore_account",
    "retire_category",
    "suspend_account",
    "throw_switch",
    "waive_second_factor",
    "withdraw_exception",
    "withdraw_removal",
    "withdraw_transfer",
]
