"""Template tags on moderation, for signed-in pages."""

from django import template
from django.urls import reverse

from accounts.models import Switch
from accounts.switches import sentence

register = template.Library()
SECTIONS = [
    ("queue", "Queue", "admin_portal:moderation"),
    ("names", "Names", "admin_portal:moderate_names"),
    ("categories", "Categories", "admin_portal:moderate_categories"),
    ("tags", "Tags", "admin_portal:moderate_tags"),
    ("accounts", "Accounts", "admin_portal:moderate_accounts"),
    ("events", "Events", "admin_portal:moderate_events"),
    ("switches", "Switches", "admin_portal:moderate_switches"),
]


@register.simple_tag
def moderation_sections() -> list[tuple[str, str, str]]:
    """(name, label, URL) of each section of staff's pages."""
    return [(name, label, reverse(address)) for name, label, address in SECTIONS]


@register.simple_tag
def switch_banners() -> list[str]:
    """A sentence for each switch that is off."""
    return [sentence(switch) for switch in Switch.objects.order_by("name")]
