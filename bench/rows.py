"""Make the rows of N functions, as tuples for bulk loading.

Most functions are small utilities in one to three files; some are as large as the
examples. A function has one to five versions, which differ in their entrypoint. Each
function has its own name and words, so no two texts are equal.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from bench.words import COMMON, COMMON_SHARE, RARE, RARE_FUNCTIONS, Words

ROOT = Path(__file__).resolve().parent.parent
# (a function's folder, how many of a hundred functions are made from it)
TEMPLATES = [
    (ROOT / "bench" / "templates" / "clamp", 40),
    (ROOT / "bench" / "templates" / "duration", 25),
    (ROOT / "bench" / "templates" / "pick", 18),
    (ROOT / "bench" / "templates" / "signed-cookie", 10),
    (ROOT / "examples" / "webhook-signature", 3),
    (ROOT / "examples" / "cursor-pagination", 2),
    (ROOT / "examples" / "magic-link-login", 2),
]
NUMBERS = ("1.0.0", "1.1.0", "1.1.1", "2.0.0", "2.1.0")
VERSION_WEIGHTS = (50, 25, 12, 8, 5)  # how many of a hundred have 1, 2 ... versions
# HTML is four times as large as the source, so only the functions that loads ask for
# get any.
RENDERED_FUNCTIONS = 10_000
FUNCTIONS_PER_AUTHOR = 25
MAX_ABOUT_CHARACTERS = 600
NAME, NUMBER, TEXT = "zzname", "9.9.9", "zztext"  # placeholders in a template
FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)
SECONDS_BETWEEN = 30
SEED = 7
# The columns of each model's tuples. Other columns get their defaults.
COLUMNS = {
    "Blob": "sha256 size text",
    "NameClaim": "look_alike owner_id created_at",
    "Function": "id uid owner_id slug look_alike created_at active_at name description "
    "readme_id category_id tags language runtime license latest_id latest_number "
    "is_listed published_at updated_at install_count star_count",
    "FunctionTag": "function_id tag",
    "Version": "id function_id number precedence sort_key is_prerelease manifest "
    "readme_id integrity size draft_uid published_by via published_at",
    "VersionFile": "version_id path blob_id",
    "Inspection": "version_id inspector report",
    "Rendering": "blob_id kind renderer html is_complete reason prose",
}


@dataclass(frozen=True)
class Plan:
    """What is unique to a function, before its texts are made."""

    number: int
    slug: str
    look_alike: str
    owner_id: int
    owner: str


def plans(count: int, owners: list[tuple[int, str]]):
    """Yield ``count`` Plans. owners: (id, username)."""
    from registry.names import look_alike

    words, seen = Words(SEED), set()
    for number in range(1, count + 1):
        slug = words.slug()[:50].strip("-")
        if look_alike(slug) in seen:
            slug = f"{slug[:49]}-{number}"
        reads_as = look_alike(slug)
        if reads_as in seen:
            slug = f"fn-{number}-{slug}"[:58]
            reads_as = look_alike(slug)
        seen.add(reads_as)
        yield Plan(number, slug, reads_as, *owners[number % len(owners)])


class Template:
    """A function's folder with the placeholders in it, rendered and inspected once.

    A placeholder is a single word to every renderer. So replacing it in the HTML gives
    what rendering the replaced text would give.
    """

    def __init__(self, folder: Path):
        from registry import inspection
        from registry.content import rendering
        from registry.management.demo import push_body
        from registry.manifest import Manifest

        sent = push_body(folder)
        config = sent["config_schema"]
        read, _ = Manifest.read(config, categories={config["category"]})[:2]
        self.manifest = read.as_json()
        self.entrypoint = config["entrypoint"]
        self.files = {
            path: self._header(path) + text
            for path, text in sorted(sent["files"].items())
        }
        about = sent["readme"].partition("\n## ")[2]
        about = about[:MAX_ABOUT_CHARACTERS].rstrip("`")
        self.readme = f"# {NAME}\n\n{TEXT}\n\n## {about}\n"
        self.report = json.dumps(inspection.inspect(config, self.files))
        self.html = {
            path: (kind := rendering.language_of(path), _html(kind, text))
            for path, text in self.files.items()
        }
        self.readme_html = _html(rendering.README, self.readme)

    def _header(self, path: str) -> str:
        """A first line that makes the file unique; the entrypoint's per version."""
        return f"// {NAME} {NUMBER}\n" if path == self.entrypoint else f"// {NAME}\n"


def _html(kind: str, text: str) -> str:
    from registry.content import rendering

    if kind == rendering.README:
        return rendering.readme_html(text)
    return rendering.source_html(text, kind)


class Maker:
    """Make rows of Plans. The same plans always give the same rows.

    categories: (id, slug) of those that the functions get.
    """

    def __init__(self, count: int, categories: list[tuple[int, str]]):
        from registry import semver

        self.count, self.categories = count, categories
        self.templates = [Template(folder) for folder, _ in TEMPLATES]
        self.weights = list(accumulate(weight for _, weight in TEMPLATES))
        self.numbers = [semver.parse(number) for number in NUMBERS]
        self.words = Words(SEED)

    def __call__(self, batch: list[Plan]) -> dict[str, list[tuple]]:
        """The rows of a batch by the model's name, in the order of COLUMNS."""
        self.words.begin_again(f"{SEED} {batch[0].number}")
        self.rows = {name: [] for name in COLUMNS}
        for plan in batch:
            self._function(plan)
        return self.rows

    def _function(self, plan: Plan) -> None:
        words, number = self.words, plan.number
        (template,) = words.weighted(self.templates, self.weights)
        category_id, category = words.pick(self.categories)
        listing = template.manifest | {
            "name": plan.slug,
            "version": NUMBER,
            "description": self._description(number),
            "category": category,
            "tags": words.tags(),
        }
        at = FIRST_DAY + timedelta(seconds=SECONDS_BETWEEN * number)
        at = at.strftime("%Y-%m-%d %H:%M:%S")
        readme = self._readme(template, plan)
        latest_id, latest = self._versions(template, plan, listing, readme, at)
        add = self.rows
        add["NameClaim"].append((plan.look_alike, plan.owner_id, at))
        add["FunctionTag"] += [(number, tag) for tag in listing["tags"]]
        add["Function"].append(
            (
                number,
                f"{words.bits(128):032x}",
                plan.owner_id,
                plan.slug,
                plan.look_alike,
                at,
                at,
                plan.slug,
                listing["description"],
                readme,
                category_id,
                json.dumps(listing["tags"]),
                listing["language"],
                listing["runtime"],
                listing["license"],
                latest_id,
                latest,
                True,
                at,
                at,
                words.popularity(2_000_000),
                words.popularity(50_000),
            )
        )

    def _description(self, number: int) -> str:
        words = self.words.some(12)
        if self.words.chance(COMMON_SHARE):
            words.append(COMMON)
        if number % max(2, self.count // RARE_FUNCTIONS) == 0:
            words.append(RARE)
        return " ".join(words)[:290].capitalize() + "."

    def _readme(self, template: Template, plan: Plan) -> str:
        from registry.content import rendering
        from registry.content.prose import prose_of

        sentences = 2 + self.words.popularity(8)
        said = " ".join(self.words.sentence(12) for _ in range(sentences))

        def filled(text):
            return text.replace(NAME, plan.slug).replace(TEXT, said)

        text = filled(template.readme)
        sha256, _ = self._blob(text)
        if plan.number <= RENDERED_FUNCTIONS:
            html = filled(template.readme_html)
            self._rendering(sha256, rendering.README, html, prose_of(text))
        return sha256

    def _versions(self, template, plan: Plan, listing, readme, at) -> tuple[int, str]:
        """Add the versions. Returns the id and the number of the latest one."""
        (wanted,) = self.words.weighted(
            range(1, len(NUMBERS) + 1), list(accumulate(VERSION_WEIGHTS))
        )
        files = {
            path: text.replace(NAME, plan.slug) for path, text in template.files.items()
        }
        first = template.entrypoint
        shared = {
            path: self._blob(text) for path, text in files.items() if path != first
        }
        manifest = json.dumps(listing)
        report = template.report.replace(NAME, plan.slug)
        for index, number in enumerate(self.numbers[:wanted]):
            version_id = (plan.number - 1) * len(NUMBERS) + index + 1
            entry = self._blob(files[first].replace(NUMBER, number.text))
            blobs = shared | {first: entry}
            self._version(version_id, number, blobs, plan, readme, manifest, report, at)
        if plan.number <= RENDERED_FUNCTIONS:
            for path, (sha256, _) in blobs.items():
                kind, html = template.html[path]
                html = html.replace(NAME, plan.slug).replace(NUMBER, number.text)
                self._rendering(sha256, kind, html)
        return version_id, number.text

    def _version(self, version_id, number, blobs, plan, readme, manifest, report, at):
        from registry import inspection, integrity

        hashes = {path: sha256 for path, (sha256, _) in blobs.items()}
        add = self.rows
        add["VersionFile"] += [(version_id, *file) for file in hashes.items()]
        add["Inspection"].append(
            (version_id, inspection.INSPECTOR, report.replace(NUMBER, number.text))
        )
        add["Version"].append(
            (
                version_id,
                plan.number,
                number.text,
                number.precedence,
                number.sort_key,
                number.is_prerelease,
                manifest.replace(NUMBER, number.text),
                readme,
                integrity.of_files(hashes),
                sum(size for _, size in blobs.values()),
                f"{version_id:032x}",
                plan.owner,
                "cli",
                at,
            )
        )

    def _blob(self, text: str) -> tuple[str, int]:
        """Add a text. Returns its hash and its size in bytes."""
        from registry import integrity, paths

        sha256, size = integrity.sha256_of(text), paths.size_of(text)
        self.rows["Blob"].append((sha256, size, text))
        return sha256, size

    def _rendering(self, sha256: str, kind: str, html: str, prose: str = "") -> None:
        from registry.content import rendering

        row = (sha256, kind, rendering.RENDERER, html, True, "", prose)
        self.rows["Rendering"].append(row)
