"""Staff's pages of categories and tags."""

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from admin_portal.moderation.forms import (
    CategoryForm,
    MergeForm,
    MoveForm,
    OrderForm,
    TagForm,
    UpkeepForm,
)
from admin_portal.moderation.pages import Action, perform, staff, staff_page
from registry import moderation
from registry.models import Category, FunctionTag, TagRule
from registry.moderation import categories

TOP_TAGS = 60
CATEGORY_ACTIONS = {
    "edit": Action(
        title="Edit the category {}",
        says=(
            "With another slug, old addresses lead to the new one, and clients that "
            "send the old one get the new one with a warning.",
        ),
        label="Save",
        do=lambda c, data, grounds, by: moderation.edit_category(
            c, grounds=grounds, by=by, **data
        ),
        form=CategoryForm,
        done="The category is saved.",
    ),
    "retire": Action(
        title="Retire the category {}",
        says=(
            "Nothing new can choose it.",
            "Functions in it keep it, and can publish, until they are moved.",
        ),
        label="Retire it",
        do=lambda c, data, grounds, by: moderation.retire_category(c, grounds, by=by),
        form=UpkeepForm,
        is_grave=True,
        done="The category is retired.",
    ),
    "reopen": Action(
        title="Put the category {} back into use",
        says=("Manifests can name it again.",),
        label="Put it back",
        do=lambda c, data, grounds, by: moderation.reopen_category(c, grounds, by=by),
        form=UpkeepForm,
        done="The category is in use.",
    ),
    "merge": Action(
        title="Merge the category {} into another",
        says=lambda c: (
            f"Its {c.function_count} listed functions move to the other category, some "
            "hundred at a time; publishing goes on meanwhile.",
            "Its slug stands for the other category from now on, in addresses and in "
            "manifests. This can't be undone.",
        ),
        label="Merge them",
        do=lambda c, data, grounds, by: moderation.merge_category(
            c, data["into"], grounds, by=by
        ),
        form=MergeForm,
        is_grave=True,
        done="The categories are merged.",
    ),
    "move": Action(
        title="Move functions to {}",
        says=("Each shows the new category at once; nothing else about it changes.",),
        label="Move them",
        do=lambda c, data, grounds, by: moderation.move_functions(
            data["functions"], c, grounds, by=by
        ),
        form=MoveForm,
        done="The functions are moved.",
    ),
}
ADDING = Action(
    title="Add a category",
    says=("It is offered to authors at once, at the end of the list.",),
    label="Add it",
    do=lambda _, data, grounds, by: moderation.add_category(
        grounds=grounds, by=by, **data
    ),
    form=CategoryForm,
    done="The category is added.",
)
ORDERING = Action(
    title="Order the categories",
    says=("Every list of categories follows this order.",),
    label="Save the order",
    do=lambda _, data, grounds, by: moderation.order_categories(
        data["slugs"], grounds, by=by
    ),
    form=OrderForm,
    done="The order is saved.",
)
REPLACING = Action(
    title="Merge, rename or block a tag",
    says=(
        "Functions are listed under the other tag, or without the blocked one, now "
        "and whenever they are published.",
        "Authors are told when they push.",
    ),
    label="Save",
    do=lambda _, data, grounds, by: moderation.replace_tag(
        grounds=grounds, by=by, **data
    ),
    form=TagForm,
    done="The tag is replaced.",
)


@staff_page()
def category_list(request: HttpRequest):
    context = {
        "categories": Category.objects.select_related("merged_into").prefetch_related(
            "aliases"
        ),
        "left": categories.count_left(),
        "page_name": "categories",
    }
    return staff(request, "categories", **context)


@staff_page("GET", "HEAD", "POST")
def add_category(request: HttpRequest):
    return _perform(request, ADDING, "", about="category")


@staff_page("GET", "HEAD", "POST")
def order_categories(request: HttpRequest):
    return _perform(request, ORDERING, "", about="categories")


@staff_page("GET", "HEAD", "POST")
def act_on_category(request: HttpRequest, slug, action):
    category = get_object_or_404(Category, slug=slug)
    if action not in CATEGORY_ACTIONS:
        raise Http404("There is no such action.")
    response = _perform(
        request, CATEGORY_ACTIONS[action], category, about=f"category {slug}"
    )
    if response.status_code == 302:
        categories.resume_merges()
    return response


@staff_page("POST")
def resume_merges(request: HttpRequest):
    """Continue an interrupted merge or rename."""
    left = categories.resume_merges() + categories.retag()
    messages.success(request, f"{left} left." if left else "All is done.")
    return redirect(request.POST.get("back") == "tags" and TAGS or CATEGORIES)


@staff_page()
def tag_list(request: HttpRequest):
    used = FunctionTag.objects.values("tag").annotate(count=Count("pk"))
    context = {
        "tags": used.order_by("-count", "tag")[:TOP_TAGS],
        "rules": TagRule.objects.order_by("tag"),
        "page_name": "tags",
    }
    return staff(request, "tags", **context)


@staff_page("GET", "HEAD", "POST")
def replace_tag(request: HttpRequest):
    tag = request.POST.get("tag", "").strip().lower()
    back = reverse(TAGS)
    response = perform(request, REPLACING, "", about=f"tag {tag}", back=back)
    if response.status_code == 302:
        categories.retag()
    return response


@staff_page("GET", "HEAD", "POST")
def free_tag(request: HttpRequest, pk):
    rule = get_object_or_404(TagRule, pk=pk)
    action = Action(
        title="Use a tag again: {}",
        says=("Authors can use it. Functions that lost it don't get it back.",),
        label="Use it again",
        do=lambda rule, data, grounds, by: moderation.free_tag(rule, grounds, by=by),
        form=UpkeepForm,
        done="The tag can be used.",
    )
    return perform(request, action, rule, about=f"tag {rule.tag}", back=reverse(TAGS))


def _perform(request, action: Action, subject, *, about: str):
    return perform(request, action, subject, about=about, back=reverse(CATEGORIES))


CATEGORIES = "admin_portal:moderate_categories"
TAGS = "admin_portal:moderate_tags"
