"""A checklist of what makes a function easy to judge and use.

It does not say whether the code is safe to run; only a reader can judge that.
"""

import re
from dataclasses import dataclass

from registry.inspection.reports import unread
from registry.models import Version

MIN_README_CHARACTERS = 300
CODE_BLOCK = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)
UNDECLARED = {
    "undeclared-import",
    "undeclared-env-var",
    "tables-without-drizzle-schema",
}


@dataclass(frozen=True)
class Point:
    """One item. why: why it matters to a reader. fix: what the author can do.

    is_met: None where it is not known, because the code was not read whole; ``fix``
    says why not.
    """

    name: str
    is_met: bool | None
    why: str
    fix: str

    @property
    def is_unknown(self) -> bool:
        return self.is_met is None


def checklist(version: Version, readme: str, report: dict) -> list[Point]:
    """The points of ``version``, in the order a reader needs them.

    readme: its text, may be empty. report: its inspection report (docs/inspection.md).
    """
    findings = report.get("findings", [])
    rules = {finding["rule"] for finding in findings}
    gap = unread(report)

    def of_code(name: str, is_met: bool, why: str, fix: str) -> Point:
        """A point that only code which was read whole can meet."""
        if is_met and gap:
            return Point(name, None, why, gap)
        return Point(name, is_met, why, fix)

    core = report.get("facts", {}).get("layers", {}).get("core")
    return [
        Point(
            "README",
            len(readme.strip()) >= MIN_README_CHARACTERS,
            "A reader learns what it does, and what it does not do.",
            f"Write what it is for, its limits and its settings: at least "
            f"{MIN_README_CHARACTERS} characters.",
        ),
        Point(
            "Example",
            bool(CODE_BLOCK.search(readme)),
            "A first use can be copied.",
            "Add a code block to the README that uses the function.",
        ),
        Point(
            "License",
            bool(version.manifest.get("license")),
            "Without one, nobody may legally copy the code.",
            "State an SPDX license in aerostack.json, such as MIT.",
        ),
        of_code(
            "Everything declared",
            not rules & UNDECLARED,
            "What to install, set and migrate is known beforehand.",
            "List every imported package and every variable that is read.",
        ),
        of_code(
            "Portable core",
            bool(core) and "core-imports-framework" not in rules,
            "The logic can be tested and used without HTTP or a framework.",
            "Keep the logic in core.ts, free of framework imports.",
        ),
        of_code(
            "Clean inspection",
            not any(finding["severity"] != "info" for finding in findings),
            "Manifest and code agree, and the code parses.",
            "Work through what the inspection found.",
        ),
    ]
