"""The house rules that a syntax tree can show."""

import ast
import re
from pathlib import Path

import pytest

from registry import publishing

ROOT = Path(__file__).resolve().parent.parent
# What each room may import of the others (docs/architecture.md).
MAY_IMPORT = {
    "core": set(),
    "accounts": {"core"},
    "registry": {"accounts", "core"},
    "hub": {"registry", "accounts", "core"},
    "admin_portal": {"registry", "accounts", "core"},
    "api": {"registry", "accounts", "core"},
    "cli": set(),
}
ROOMS = {*MAY_IMPORT, "config"}
MODULES = [
    path
    for room in sorted(ROOMS)
    for path in sorted((ROOT / room).rglob("*.py"))
    if "build" not in path.parts and "migrations" not in path.parts
]
MAX_LINES, MAX_CORE_LINES = 400, 1_700
MAX_LOOSE_MODULES = 12  # beside the packages of the registry
# Words that core has no use for: it could be another project's.
OUR_NOUNS = set(
    "function functions draft drafts slug slugs registry hub manifest manifests readme "
    "tag tags category categories owner author authors account accounts publish "
    "install installs quarantine yank star follow".split()
)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def nodes(path: Path):
    return ast.walk(ast.parse(path.read_text()))


def imports(path: Path):
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def calls(path: Path):
    return (node for node in nodes(path) if isinstance(node, ast.Call))


def those(rule, *rooms: str) -> list[str]:
    """The modules of which ``rule(path)`` is true; in ``rooms``, if given."""
    return [
        name_of(path)
        for path in MODULES
        if name_of(path).startswith(rooms or ("",)) and rule(path)
    ]


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_it_may(room):
    others = ROOMS - {room} - MAY_IMPORT[room]

    def trespasses(path):
        return others & {name.split(".")[0] for name in imports(path)}

    assert those(trespasses, f"{room}/") == []


def test_only_rendering_marks_text_as_safe():
    def marks(path):
        names = (ast.unparse(call.func) for call in calls(path))
        return any(name.endswith(("mark_safe", "SafeString")) for name in names)

    assert those(marks) == ["registry/content/rendering.py"]


def test_pages_never_mark_text_as_safe():
    marking = [
        str(path)
        for path in (ROOT / "templates").rglob("*.html")
        if any(word in path.read_text() for word in ("|safe", "autoescape off"))
    ]

    assert marking == []


def test_the_registry_knows_neither_requests_nor_templates():
    web = ("django.http", "django.shortcuts", "django.urls", "django.views")
    web += ("django.template",)

    def knows(path):
        texts = (node.value for node in nodes(path) if isinstance(node, ast.Constant))
        named = (text for text in texts if isinstance(text, str))
        return any(name.startswith(web) for name in imports(path)) or any(
            re.fullmatch(r"[\w/]+\.(html|txt|svg|xml)", text) for text in named
        )

    assert those(knows, "registry/") == []


def test_cursors_are_in_few_places():
    def has_cursor(path):
        called = any(ast.unparse(call.func).endswith(".cursor") for call in calls(path))
        return called or ".connection.connection" in path.read_text()

    places = ("core/db/", "registry/search/")
    assert [name for name in those(has_cursor) if not name.startswith(places)] == []


def test_no_module_leaves_another_a_message_in_the_request():
    """What stands in a request's environment is what the server put there."""

    def key_of(node):
        if isinstance(node, ast.Subscript):
            return node.value, node.slice
        is_get = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if is_get and node.func.attr in ("get", "setdefault", "pop") and node.args:
            return node.func.value, node.args[0]
        return None, None

    def leaves(path):
        for node in nodes(path):
            of, key = key_of(node)
            where = ast.unparse(of) if of else ""
            if not where.endswith(("META", "environ")) or where == "os.environ":
                continue
            text = key.value if isinstance(key, ast.Constant) else ""
            if not re.fullmatch(r"[A-Z_]+|wsgi\.\w+", text):
                return True
        return False

    assert those(leaves) == []


def test_models_alone_say_what_is_quarantined():
    def says(path):
        names = (word.arg or "" for call in calls(path) for word in call.keywords)
        return any(
            re.fullmatch(r"(\w+__)?(function|version)?quarantine(__\w+)?", name)
            for name in names
        )

    assert [name for name in those(says) if "registry/models/" not in name] == []


def test_core_names_no_noun_of_ours():
    def names(path):
        for node in nodes(path):
            if isinstance(node, ast.Name):
                yield node.id
            elif isinstance(node, ast.Attribute):
                yield node.attr
            elif isinstance(node, ast.arg):
                yield node.arg
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                yield node.name

    found = {
        (name_of(path), name)
        for path in MODULES
        if name_of(path).startswith("core/")
        for name in names(path)
        if OUR_NOUNS & {word.lower() for word in re.findall("[A-Z]?[a-z]+", name)}
    }
    assert found == set()


def test_rooms_and_modules_stay_small():
    def lines(path):
        return len(path.read_text().splitlines())

    loose = [path for path in (ROOT / "registry").glob("*.py") if lines(path)]
    core = [path for path in MODULES if name_of(path).startswith("core/")]

    assert those(lambda path: lines(path) > MAX_LINES) == []
    assert len(loose) <= MAX_LOOSE_MODULES
    assert sum(map(lines, core)) <= MAX_CORE_LINES


def test_nothing_listens_to_signals_of_models():
    def listens(path):
        names = imports(path)
        return any(name.startswith("django.db.models.signals") for name in names)

    assert those(listens) == []


@pytest.mark.parametrize("name", publishing.__all__)
def test_every_public_verb_is_described(name):
    described = getattr(publishing, name).__doc__

    assert described
    assert described.strip().partition("\n\n")[0].endswith(".")


def test_sockets_of_the_command_are_in_its_client_alone():
    networks = {"httpx2", "socket", "urllib.request", "http.client", "requests"}
    using = those(lambda path: networks & {*imports(path)}, "cli/")

    assert {Path(name).name for name in using} <= {"client.py"}
