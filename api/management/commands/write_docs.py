"""Writes the parts of docs/ that are made from the code."""

import re
from pathlib import Path

from django.core.management.base import BaseCommand

import api.urls  # noqa: F401  (declares the endpoints)
from api import reference
from registry import manifest

DOCS = Path(__file__).resolve().parents[3] / "docs"


class Command(BaseCommand):
    help = (
        "Write docs/endpoints.md, and the tables of docs/api.md and docs/manifest.md, "
        "from the code."
    )

    def handle(self, *args, **options):
        (DOCS / "endpoints.md").write_text(reference.page())
        _replace("api.md", "endpoints", reference.table())
        _replace("manifest.md", "fields", manifest.documentation())


def _replace(page: str, part: str, made: str) -> None:
    """Put ``made`` between the comments that mark ``part``."""
    path = DOCS / page
    marked = re.compile(
        rf"(<!-- {part}: [^\n]*-->\n).*?(\n<!-- end of {part} -->)", re.S
    )
    path.write_text(marked.sub(lambda m: m[1] + made + m[2], path.read_text()))
