"""Parse TypeScript and JavaScript into syntax trees, and find syntax errors.

tree-sitter's grammar survives hostile nesting but rejects some valid TypeScript (its
issues 322, 348 and 370). Known cases are replaced before a text counts as broken, and
even then the finding is a warning. Tree-sitter queries can take minutes on a broken
tree, so a cursor visits each node once, up to MAX_NODES.
"""

import functools
import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

import tree_sitter_javascript
import tree_sitter_typescript
from tree_sitter import Language, Node, Parser, Tree

from registry.inspection.rules import Place, finding
from registry.inspection.text import utf16_length

MAX_NODES = 600_000  # visited per file; 200 KB of usual code has about 100,000
MAX_STEPS = 12  # through parentheses, assertions and chained calls
MAX_ERRORS = 5  # reported per file
OPENERS = {")": "(", "]": "[", "}": "{"}
MAX_QUOTED = 40  # characters of source in a message

GRAMMARS = {
    **dict.fromkeys(
        (".ts", ".mts", ".cts"), tree_sitter_typescript.language_typescript
    ),
    ".tsx": tree_sitter_typescript.language_tsx,
    **dict.fromkeys((".js", ".mjs", ".cjs", ".jsx"), tree_sitter_javascript.language),
}
DYNAMIC_TYPE = re.compile(
    rb"\bimport\(\s*[\"']([^\"'\n]{1,300})[\"']\s*\)\.[\w$.]+(?=<)"
)
GAPS = [
    (re.compile(rb"\bexport\s+(type\s*\*\s*(?:as\s+[\w$]+\s+)?)(?=from\b)"), b"type{}"),
    (re.compile(rb"\bimport\s+((?:defer|source)\s)(?=\s*[\w$*])"), b""),
    (re.compile(rb"[<,]\s*((?:(?:in|out)\s+)+)(?=[A-Za-z_$])"), b""),
    (re.compile(rb"\bfor\s+await\s*\(\s*((?:await\s+)?using\s)(?=\s*[\w$])"), b"const"),
    (re.compile(rb"(" + DYNAMIC_TYPE.pattern + rb")"), b"Imported"),
]

WRAPPERS = {
    "parenthesized_expression",
    "as_expression",
    "satisfies_expression",
    "non_null_expression",
    "await_expression",
}


class Source:
    """One parsed file. broken: it has syntax errors besides the known gaps of the
    grammar."""

    def __init__(self, path: str, text: str):
        self.path = path
        self.data = text.encode("utf-8", "surrogatepass")
        self._lines = self.data.split(b"\n")
        parser = Parser(_language(PurePosixPath(path).suffix.lower()))
        self.tree: Tree = parser.parse(self.data)
        self.filled = False  # whether the known gaps were replaced
        if self.tree.root_node.has_error:
            filled = parser.parse(_fill_gaps(self.data))
            if not filled.root_node.has_error or len(_errors(filled)) < len(
                _errors(self.tree)
            ):
                self.tree, self.filled = filled, True
        self.broken = self.tree.root_node.has_error

    def text(self, node: Node | None, limit: int = 200) -> str:
        """The node's source; empty if longer than ``limit`` bytes."""
        if node is None:
            return ""
        start, end = node.start_byte, node.end_byte
        return (
            self.data[start:end].decode("utf-8", "replace")
            if end - start <= limit
            else ""
        )

    def place(self, node: Node) -> Place:
        (line, column), (end_line, end_column) = node.start_point, node.end_point
        return Place(
            self.path,
            line + 1,
            self._column(line, column),
            end_line + 1,
            self._column(end_line, end_column),
        )

    def syntax_findings(self) -> Iterator[dict]:
        for node in _errors(self.tree)[:MAX_ERRORS] if self.broken else ():
            place, message = self._explain(node)
            yield finding("syntax-error", message, place)

    def _explain(self, node: Node) -> tuple[Place, str]:
        if node.is_missing:
            return self._missing(node)
        opened = [child for child in node.children[:2000] if child.type in "([{"]
        closed = sum(child.type in ")]}" for child in node.children[:2000])
        if len(opened) > closed:
            return self.place(opened[-1]), f"`{opened[-1].type}` is never closed."
        start = self.data[node.start_byte : node.start_byte + 4 * MAX_QUOTED]
        quoted = start.decode("utf-8", "replace").split("\n")[0][:MAX_QUOTED].strip()
        place = self.place(node)
        if place.end_line > place.line:
            place = Place(self.path, place.line, place.column, place.line, 10_000)
        return place, f"`{quoted.replace('`', '')}` is not understood here."

    def _missing(self, node: Node) -> tuple[Place, str]:
        """Place and message of a missing token. A missing closing bracket is reported
        where it was opened."""
        opener = OPENERS.get(node.type)
        for sibling in node.parent.children[:2000] if opener and node.parent else ():
            if sibling.type == opener:
                return self.place(sibling), f"`{opener}` is never closed."
        return self.place(node), f"`{node.type}` is missing here."

    def _column(self, line: int, column: int) -> int:
        before = self._lines[line][:column] if line < len(self._lines) else b""
        return utf16_length(before.decode("utf-8", "replace")) + 1


def visit(tree: Tree, handlers: dict[int, Callable], collector) -> bool:
    """Call ``handlers[kind](collector, node)`` once per node, parents first, for at
    most MAX_NODES nodes. Returns whether all were visited."""
    cursor, handler_of = tree.walk(), handlers.get
    down, along, up = (
        cursor.goto_first_child,
        cursor.goto_next_sibling,
        cursor.goto_parent,
    )
    for _ in range(MAX_NODES):
        node = cursor.node
        if handler := handler_of(node.kind_id):
            handler(collector, node)
        if down():
            continue
        while not along():
            if not up():
                return True
    return False


def numbered(language: Language, handlers: dict[str, Callable]) -> dict[int, Callable]:
    """``handlers`` by node type name -> by the grammar's number of that type."""
    kinds = map(language.node_kind_for_id, range(language.node_kind_count))
    return {n: handlers[kind] for n, kind in enumerate(kinds) if kind in handlers}


def imported_types(source: Source) -> Iterator[tuple[str, int]]:
    """Specifier and line of each ``import("x").Y<Z>``, which the grammar rejects."""
    for match in DYNAMIC_TYPE.finditer(source.data):
        line = source.data.count(b"\n", 0, match.start()) + 1
        yield match[1].decode("utf-8", "replace"), line


def unwrapped(node: Node | None) -> Node | None:
    """The node inside parentheses, type assertions and ``await``."""
    for _ in range(MAX_STEPS):
        if node is None or node.type not in WRAPPERS or not node.named_child_count:
            return node
        node = node.named_children[0]
    return None


def names_bound(pattern: Node | None) -> Iterator[Node]:
    """The names that ``const <pattern> = ...`` declares, one level deep."""
    if pattern is None:
        return
    if pattern.type == "identifier":
        yield pattern
        return
    for part in pattern.named_children:
        value = part.child_by_field_name("value") or part.child_by_field_name("left")
        name = value or part
        if name.type == "rest_pattern" and name.named_child_count:
            name = name.named_children[0]
        if name.type in ("identifier", "shorthand_property_identifier_pattern"):
            yield name


@functools.cache
def _language(suffix: str) -> Language:
    return Language(GRAMMARS[suffix]())


def _fill_gaps(data: bytes) -> bytes:
    """``data`` with syntax the grammar rejects replaced by text of the same length."""
    for pattern, filler in GAPS:

        def fill(match, filler=filler):
            whole, start = match[0], match.start(1) - match.start()
            length = len(match[1])
            new = bytearray(whole)
            blank = bytes(b"\n"[0] if b == 10 else 32 for b in match[1])
            if length < len(filler):
                return whole
            if filler == b"Imported":
                new[start : start + length] = filler.ljust(length, b"_")[:length]
            else:
                new[start : start + length] = filler + blank[len(filler) :]
            return bytes(new)

        data = pattern.sub(fill, data)
    return data


def _errors(tree: Tree) -> list[Node]:
    """The outermost error nodes, in order. Branches without errors are skipped."""
    cursor, errors = tree.walk(), []
    for _ in range(MAX_NODES):
        node = cursor.node
        wrong = node.is_error or node.is_missing
        if wrong:
            errors.append(node)
            if len(errors) > 50:
                break
        if node.has_error and not wrong and cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return errors
    return errors
