"""Staff's queue of cases, and the switches."""

from django.db.models import Count
from django.http import Http404, HttpRequest
from django.urls import reverse

from accounts.models import Switch
from accounts.switches import SWITCHES
from admin_portal.moderation.forms import UpkeepForm
from admin_portal.moderation.pages import Action, perform, staff, staff_page
from registry import moderation
from registry.models import Case, Removal
from registry.moderation import categories

QUEUE_CASES = 50
SWITCH_LABELS = {
    "read_only": "Read-only mode",
    "sign_up": "Sign-up",
    "new_slugs": "New slugs",
    "publishing": "Publishing",
    "key_creation": "Making keys",
    "reports": "Reports",
}


@staff_page()
def moderation_home(request: HttpRequest):
    kind = request.GET.get("kind", "")
    waiting = dict(
        Case.objects.open().values_list("kind").annotate(Count("pk")).order_by()
    )
    cases = Case.objects.open().select_related(
        "function__owner", "rival__owner", "claimant", "appeal_of"
    )
    if kind in Case.KINDS:
        cases = cases.filter(kind=kind)
    removals = Removal.objects.filter(confirmed_at=None).select_related("requested_by")
    context = {
        "kind": kind,
        "kinds": [(k, v, waiting.get(k, 0)) for k, v in Case.KINDS.items()],
        "waiting": sum(waiting.values()),
        "cases": cases.order_by("-weight", "id")[:QUEUE_CASES],
        "removals": [_with_function(removal) for removal in removals[:QUEUE_CASES]],
        "left": categories.count_left(),
        "page_name": "queue",
    }
    return staff(request, "home", **context)


def _with_function(removal: Removal) -> Removal:
    use = removal.blob.uses.select_related("version__function__owner").first()
    removal.function = use.version.function if use else None
    return removal


@staff_page()
def switch_list(request: HttpRequest):
    turned_off = {switch.name: switch for switch in Switch.objects.select_related("by")}
    switches = [
        {"name": name, "label": SWITCH_LABELS[name], "says": says, "row": row}
        for name, says in SWITCHES.items()
        for row in [turned_off.get(name)]
    ]
    return staff(request, "switches", switches=switches, page_name="switches")


@staff_page("GET", "HEAD", "POST")
def act_on_switch(request: HttpRequest, name, action):
    if name not in SWITCHES or action not in ("off", "on"):
        raise Http404("There is no such switch.")
    label = SWITCH_LABELS[name]
    if action == "off":
        begins = name == "read_only"
        act = Action(
            title="Turn on {}" if begins else "Turn off {}",
            says=(
                SWITCHES[name],
                "Signed-in users see a banner with your reason; clients of the API "
                "get READ_ONLY (503) with it. Reading and installing go on.",
            ),
            label="Turn it on" if begins else "Turn it off",
            do=lambda _, data, grounds, by: moderation.throw_switch(
                name, grounds, by=by
            ),
            form=UpkeepForm,
            is_grave=True,
        )
    else:
        act = Action(
            title="End {}" if name == "read_only" else "Turn on {} again",
            says=("Everything it stopped works again at once.",),
            label="Back to normal",
            do=lambda _, data, grounds, by: moderation.release_switch(
                name, grounds, by=by
            ),
            form=UpkeepForm,
        )
    back = reverse("admin_portal:moderate_switches")
    return perform(request, act, label.lower(), about=f"switch {name}", back=back)
