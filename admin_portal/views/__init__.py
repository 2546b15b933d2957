"""The author's pages: fetch, call, render."""

from admin_portal.views.drafts import (
    check_draft,
    delete_draft,
    edit_draft,
    new_function,
    render_readme,
    resolve_draft,
)
from admin_portal.views.functions import (
    deprecate,
    function_detail,
    limits,
    my_functions,
    start_next_version,
    undeprecate,
    unyank,
    yank,
)
from admin_portal.views.listing import (
    add_screenshot,
    edit_listing,
    listing_history,
    restore_listing,
    screenshot,
)
from admin_portal.views.releases import (
    bump_draft,
    compare_draft,
    preview_draft,
    publish_draft,
    waive_secrets,
    withdraw_waiver,
)

__all__ = [
    "add_screenshot",
    "bump_draft",
    "check_draft",
    "compare_draft",
    "delete_draft",
    "deprecate",
    "edit_draft",
    "edit_listing",
    "function_detail",
    "limits",
    "listing_history",
    "my_functions",
    "new_function",
    "preview_draft",
    "publish_draft",
    "render_readme",
    "resolve_draft",
    "restore_listing",
    "screenshot",
    "start_next_version",
    "undeprecate",
    "unyank",
    "waive_secrets",
    "withdraw_waiver",
    "yank",
]
