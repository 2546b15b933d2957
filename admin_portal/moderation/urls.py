"""Routes below /admin/ of staff's pages and of authors' pages about decisions."""

from django.urls import path

from admin_portal.moderation import (
    audit,
    author,
    functions,
    names,
    people,
    queue,
    vocabulary,
)

M = "moderation/"
FUNCTION = f"{M}functions/<uuid:uid>"

urlpatterns = [
    path(M, queue.moderation_home, name="moderation"),
    path(f"{M}cases/<int:pk>", functions.case_detail, name="moderate_case"),
    path(f"{M}cases/<int:pk>/<str:action>", functions.act_on_case, name="act_on_case"),
    path(FUNCTION, functions.function_detail, name="moderate_function"),
    path(f"{FUNCTION}/<str:action>", functions.act_on_function, name="act_on_function"),
    path(
        f"{FUNCTION}/versions/<str:number>/<str:action>",
        functions.act_on_version,
        name="act_on_version",
    ),
    path(f"{FUNCTION}/files/<str:sha256>", functions.remove_file, name="remove_file"),
    path(f"{M}names", names.name_list, name="moderate_names"),
    path(f"{M}names/reserve", names.reserve_name, name="reserve_name"),
    path(f"{M}names/except", names.except_name, name="except_name"),
    path(f"{M}names/<str:kind>/<int:pk>", names.act_on_name, name="act_on_name"),
    path(f"{M}categories", vocabulary.category_list, name="moderate_categories"),
    path(f"{M}categories/add", vocabulary.add_category, name="add_category"),
    path(f"{M}categories/order", vocabulary.order_categories, name="order_categories"),
    path(f"{M}categories/go-on", vocabulary.resume_merges, name="resume_merges"),
    path(
        f"{M}categories/<str:slug>/<str:action>",
        vocabulary.act_on_category,
        name="act_on_category",
    ),
    path(f"{M}tags", vocabulary.tag_list, name="moderate_tags"),
    path(f"{M}tags/replace", vocabulary.replace_tag, name="replace_tag"),
    path(f"{M}tags/<int:pk>/free", vocabulary.free_tag, name="free_tag"),
    path(f"{M}accounts", people.account_list, name="moderate_accounts"),
    path(f"{M}accounts/<str:username>", people.account_detail, name="moderate_account"),
    path(
        f"{M}accounts/<str:username>/<str:action>",
        people.act_on_account,
        name="act_on_account",
    ),
    path(f"{M}events", audit.event_list, name="moderate_events"),
    path(f"{M}events.csv", audit.export_events, name="export_events"),
    path(f"{M}switches", queue.switch_list, name="moderate_switches"),
    path(
        f"{M}switches/<str:name>/<str:action>",
        queue.act_on_switch,
        name="act_on_switch",
    ),
    # --- for authors
    path("decisions", author.decision_list, name="decisions"),
    path("decisions/<int:pk>/appeal", author.appeal_decision, name="appeal_decision"),
    path("offers", author.offer_list, name="offers"),
    path("offers/<int:pk>/<str:answer>", author.answer_offer, name="answer_offer"),
    path("functions/<str:slug>/transfer", author.offer_function, name="offer_function"),
]
