"""docs/moderation.md, held against the code."""

from pathlib import Path

import pytest

from accounts.switches import SWITCHES
from admin_portal.moderation import audit
from admin_portal.moderation.queue import SWITCH_LABELS
from registry.models import Case
from registry.moderation import categories, log, reports
from registry.publishing import claims, resemblance, retractions

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = " ".join((DOCS / "moderation.md").read_text().split())


@pytest.mark.parametrize(
    "sentence",
    [
        f"1 to {retractions.MAX_SENTENCE_CHARACTERS} characters",
        f"weighs {reports.AUTHOR_WEIGHT} from an author with a listed function, "
        f"{reports.ACCOUNT_WEIGHT} from another account and "
        f"{reports.ANONYMOUS_WEIGHT} without an account",
        f"together weigh {reports.ANONYMOUS_CEILING} at most",
        f"had {reports.DISTRUSTED_AFTER} or more reports dismissed",
        f"One client may send {reports.REPORTS.count} reports an hour",
        f"untouched for {claims.IDLE_CLAIM.days} days",
        f"one of the {resemblance.COMPARED} most installed functions "
        f"({resemblance.WELL_USED_INSTALLS} installs or more",
        f"up to {categories.MAX_MOVED_AT_ONCE} functions",
        f"{log.PAGE_ROWS} decisions a page",
        f"at most {audit.MAX_EXPORTED:,} lines",
    ],
)
def test_documented_limits_are_the_codes(sentence):
    assert sentence in PAGE


@pytest.mark.parametrize("label", [*SWITCH_LABELS.values(), *Case.KINDS.values()])
def test_every_switch_and_kind_of_case_is_documented(label):
    assert f"| {label} |" in PAGE


def test_every_switch_has_a_label():
    assert SWITCH_LABELS.keys() == SWITCHES.keys()
