"""Which modules hold rules, by package, and the functions of a module's source."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MEASURED = ["accounts", "api", "core", "registry", "cli/aerostack_cli"]
CLI = "cli/aerostack_cli"
PACKAGES = {
    "registry/publishing": ["registry/publishing/*.py"],
    "registry/moderation": ["registry/moderation/*.py"],
    "registry/manifest": ["registry/manifest/*.py"],
    "registry/installs": ["registry/installs/*.py"],
    "registry/catalog": ["registry/catalog/*.py"],
    "registry": [
        f"registry/{name}.py"
        for name in "following immutability integrity names paths secrets semver "
        "strict_json".split()
    ],
    "accounts": [
        f"accounts/{name}.py"
        for name in "adapter deletion keys names passwords registration".split()
    ],
    "api": ["api/body.py", "api/decorators.py"],
    "core": ["core/cache/*.py", "core/db/*.py", "core/db/*/*.py", "core/http/*.py"],
    "cli": [
        f"cli/aerostack_cli/{name}.py"
        for name in "lockfile merging paths plan project snapshot".split()
    ],
}


# Test files that show a module's mutants though no line of it is noted for them: they
# run it in servers of their own, or it decides something once, when it is imported.
ALSO = {
    "accounts/names.py": ["test_names", "test_accounts_registration"],
    "api/decorators.py": ["test_limits", "test_api_refusals", "test_replicas"],
    "core/db/postgresql/base.py": ["test_postgresql_kept"],
    "core/db/replicas.py": ["test_replica_choice"],
    "registry/installs/counting.py": ["test_counting"],
}


def package_of(module: str) -> str:
    """The package of PACKAGES that ``module`` (a path from the root) belongs to."""
    for package, patterns in PACKAGES.items():
        if any(Path(module).match(pattern) for pattern in patterns):
            return package
    raise ValueError(f"{module} is in no package of tests/mutation/scope.py")


def modules(paths: list[str]) -> list[str]:
    """The modules in scope, as paths from the root; of ``paths`` alone, if given."""
    found = {
        str(path.relative_to(ROOT))
        for patterns in PACKAGES.values()
        for pattern in patterns
        for path in ROOT.glob(pattern)
        if path.stat().st_size
    }
    wanted = [str(Path(path)) for path in paths]
    return sorted(
        module
        for module in found
        if not wanted or any(f"{module}/".startswith(f"{path}/") for path in wanted)
    )


class Functions:
    """Where each function of a source stands, so that a line can be named by function
    and offset: that name stays right when other functions change."""

    def __init__(self, source: str):
        self._spans = []
        self._declarations = []
        self._visit(ast.parse(source), "")

    def place(self, line: int) -> tuple[str, int]:
        """The function's qualified name ("" at module level) and the line in it."""
        inside = [span for span in self._spans if span[0] <= line <= span[1]]
        if not inside:
            return "", line
        first, _, name = max(inside)
        return name, line - first

    def is_declaration(self, position: tuple[int, int]) -> bool:
        """Whether ``position`` is in an annotation, or in a decorator that makes a
        dataclass or a cache."""
        return any(start <= position < end for start, end in self._declarations)

    def _visit(self, node, prefix):
        for child in ast.iter_child_nodes(node):
            name = prefix
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{prefix}.{child.name}".lstrip(".")
                if not isinstance(child, ast.ClassDef):
                    first = min(child.body[0].lineno, child.lineno + 1)
                    self._spans.append((first, child.end_lineno, name))
            decorators = getattr(child, "decorator_list", ())
            for declaration in (
                getattr(child, "annotation", None),
                getattr(child, "returns", None),
                *(each for each in decorators if _says_no_rule(each)),
            ):
                if declaration is not None:
                    start = (declaration.lineno, declaration.col_offset)
                    end = (declaration.end_lineno, declaration.end_col_offset)
                    self._declarations.append((start, end))
            self._visit(child, name)


def _says_no_rule(decorator: ast.expr) -> bool:
    return ast.unparse(decorator).startswith(("dataclass(", "lru_cache("))


@cache
def functions_of(module: str) -> Functions:
    return Functions((ROOT / module).read_text())


def imported_by(path: Path) -> set[str]:
    """The modules, as paths from the root, that ``path`` may import."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                at = path.relative_to(ROOT).parents[node.level - 1].parts
                module = ".".join([*at, *filter(None, [module])])
            names |= {module, *(f"{module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            names |= {name.name for name in node.names}
    paths = {name.replace(".", "/").replace("aerostack_cli", CLI, 1) for name in names}
    return {f"{path}.py" for path in paths} | {f"{path}/__init__.py" for path in paths}


@cache
def importers(module: str) -> list[str]:
    """The modules in scope that import ``module``."""
    return [other for other in modules([]) if module in _imports(other)]


@cache
def _imports(module: str) -> set[str]:
    return imported_by(ROOT / module)


def needs_migrations() -> set[str]:
    """Modules that migrations import: a mutant of theirs shows in the schema."""
    return set().union(*map(imported_by, ROOT.glob("*/migrations/*.py")))
