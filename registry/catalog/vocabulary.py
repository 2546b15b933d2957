"""Categories and tags as staff keep them: which are accepted, and as what.

Source: docs/moderation.md, "Categories" and "Tags".
"""

from core.db.any_of import AnyOf
from core.db.prepared import Prepared
from registry.models import Category, CategoryAlias, Function, TagRule

# What each push and publish asks. Each active category stands in ACTIVE once for each
# of its further slugs.
ACTIVE = Prepared(
    lambda: Category.objects.active().values_list("slug", "aliases__slug")
)
ALL = Prepared(lambda: Category.objects.order_by("position", "slug"))
TAG_RULES = Prepared(
    lambda tags: (
        TagRule.objects.filter(tag__in=AnyOf(tags, "text"))
        .order_by("tag")
        .values_list("tag", "becomes")
    )
)


def categories() -> list[Category]:
    """All of them in the order staff gave them, retired ones too."""
    return ALL()


def active_categories() -> list[str]:
    """The slugs a manifest may name, in the order staff gave them."""
    return accepted_categories()[0]


def accepted_categories(
    function: Function | None = None,
) -> tuple[list[str], dict[str, str]]:
    """The active slugs; and those accepted beside them -> the slug they stand for.

    The latter are old slugs of renamed and merged categories; and the function's own
    category, when it was retired since.
    """
    found = ACTIVE()
    aliases = {alias: slug for slug, alias in found if alias}
    if function and function.category_id and function.category.retired_at:
        aliases.setdefault(function.category.slug, function.category.slug)
    return list(dict.fromkeys(slug for slug, _ in found)), aliases


def category_called(slug: str) -> Category | None:
    """The category that has this slug, or had it; retired ones too."""
    category = Category.objects.filter(slug=slug).first()
    if category is None or category.merged_into_id:
        alias = CategoryAlias.objects.filter(slug=slug).select_related("category")
        return alias[0].category if alias else category
    return category


def replaced_tags(tags: list[str]) -> list[str]:
    """``tags`` with merged ones under their new name and without blocked ones."""
    rules = dict(TAG_RULES(AnyOf.pack(tags)))
    kept = [rules.get(tag, tag) for tag in tags]
    return [tag for tag in dict.fromkeys(kept) if tag]


def tag_warnings(tags: list[str]) -> list[str]:
    """What an author should know of tags that will be listed otherwise."""
    return [
        f"The tag '{tag}' is listed as '{becomes}'."
        if becomes
        else f"The tag '{tag}' is not used on this Hub and was left out."
        for tag, becomes in TAG_RULES(AnyOf.pack(tags))
    ]
