"""Routes of the Admin."""

from django.urls import include, path
from django.views.generic import RedirectView

from admin_portal import views

app_name = "admin_portal"
DRAFT = "admin/functions/edit/<uuid:draft_id>"
FUNCTION = "admin/functions/<str:slug>"
SAFE = ["get", "head"]  # of addresses that only lead on

urlpatterns = [
    path("admin", RedirectView.as_view(url="/admin/", http_method_names=SAFE)),
    path("admin/", views.my_functions, name="my_functions"),
    path("admin/", include("admin_portal.moderation.urls")),
    path("admin/limits", views.limits, name="limits"),
    # Clients print this address after a push.
    path(
        "functions/edit/<uuid:draft_id>",
        RedirectView.as_view(
            pattern_name="admin_portal:edit_draft", http_method_names=SAFE
        ),
    ),
    path("admin/functions/new", views.new_function, name="new_function"),
    path("admin/functions/readme", views.render_readme, name="render_readme"),
    # --- a draft
    path(DRAFT, views.edit_draft, name="edit_draft"),
    path(f"{DRAFT}/resolve", views.resolve_draft, name="resolve_draft"),
    path(f"{DRAFT}/check", views.check_draft, name="check_draft"),
    path(f"{DRAFT}/preview", views.preview_draft, name="preview_draft"),
    path(f"{DRAFT}/preview/<str:tab>", views.preview_draft, name="preview_tab"),
    path(f"{DRAFT}/preview/source/<path:path>", views.preview_draft, {"tab": "source"}),
    path(f"{DRAFT}/diff", views.compare_draft, name="compare_draft"),
    path(f"{DRAFT}/waive", views.waive_secrets, name="waive_secrets"),
    path(f"{DRAFT}/bump", views.bump_draft, name="bump_draft"),
    path(f"{DRAFT}/publish", views.publish_draft, name="publish_draft"),
    path(f"{DRAFT}/delete", views.delete_draft, name="delete_draft"),
    # --- a function
    path(FUNCTION, views.function_detail, name="function_detail"),
    path(f"{FUNCTION}/next", views.start_next_version, name="start_next_version"),
    path(f"{FUNCTION}/deprecate", views.deprecate, name="deprecate"),
    path(f"{FUNCTION}/undeprecate", views.undeprecate, name="undeprecate"),
    path(f"{FUNCTION}/versions/<str:number>/yank", views.yank, name="yank"),
    path(f"{FUNCTION}/versions/<str:number>/unyank", views.unyank, name="unyank"),
    path(
        f"{FUNCTION}/waivers/<int:pk>/withdraw",
        views.withdraw_waiver,
        name="withdraw_waiver",
    ),
    # --- its listing
    path(f"{FUNCTION}/listing", views.edit_listing, name="edit_listing"),
    path(f"{FUNCTION}/listing/history", views.listing_history, name="listing_history"),
    path(
        f"{FUNCTION}/listing/history/<int:revision>",
        views.restore_listing,
        name="restore_listing",
    ),
    path(f"{FUNCTION}/screenshots", views.add_screenshot, name="add_screenshot"),
    path(
        f"{FUNCTION}/screenshots/<str:sha256>.webp", views.screenshot, name="screenshot"
    ),
]
