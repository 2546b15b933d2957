"""Handlers of imports and exports; the base class of the collector.

``collector.py`` says how nodes are visited.
"""

from tree_sitter import Node

from registry.inspection.facts import MAX_FACTS, Facts
from registry.inspection.rules import Place
from registry.inspection.syntax import Source, names_bound
from registry.inspection.vocabulary import STORAGE_MODULES


class Declarations:
    """Collects imports and exports of one file."""

    def __init__(self, source: Source):
        self.source = source
        self.facts = Facts(source.path, source.broken)
        self.imports_d1 = False
        self.seen_storage: set[str] = set()

    # helpers

    def text(self, node) -> str:
        return self.source.text(node)

    def literal(self, node: Node | None) -> str:
        """The text of a string without its quotes; empty for anything else."""
        if node is None or node.type not in ("string", "template_string"):
            return ""
        if node.named_child_count != 1 or node.named_children[0].type not in (
            "string_fragment",
        ):
            return ""
        return self.text(node.named_children[0])

    def add(self, facts: list, node: Node, *what: str) -> None:
        """Add ``what`` with its place, up to MAX_FACTS: computing a place costs
        time."""
        if len(facts) < MAX_FACTS:
            facts.append((*what, self.source.place(node)))
        else:
            self.facts.in_part = True

    def name(self, names: dict[str, Place], name: str, node: Node) -> None:
        """Add a name with its first place."""
        if not name or name in names:
            return
        if len(names) < MAX_FACTS:
            names[name] = self.source.place(node)
        else:
            self.facts.in_part = True

    def imported(self, module: str, node: Node) -> None:
        """Note an import. ``module`` is empty where its name is computed, or written so
        that it was not read: too long, or with escapes."""
        if not module and node.type in ("string", "template_string"):
            kinds = {part.type for part in node.named_children}
            self.facts.in_part |= "template_substitution" not in kinds
        if module:
            self.imports_d1 |= module == "drizzle-orm/d1"
            self.add(self.facts.imports, node, module)
            if module in STORAGE_MODULES:
                self._stored_once(STORAGE_MODULES[module], module, node)

    def _stored_once(self, kind: str, name: str, node: Node) -> None:
        if name not in self.seen_storage:
            self.seen_storage.add(name)
            self.add(self.facts.storage, node, kind, name)

    # imports and exports

    def on_import(self, node):
        source = node.child_by_field_name("source")
        if source is None:
            source = next(
                (
                    part.child_by_field_name("source")
                    for part in node.named_children
                    if part.type == "import_require_clause"
                ),
                None,
            )
        self.imported(self.literal(source), source or node)

    def on_export(self, node):
        children = node.children
        kinds = {child.type for child in children[:4]}
        is_type = "type" in kinds
        source = node.child_by_field_name("source")
        module = self.literal(source)
        if source is not None:
            self.imported(module, source)
        if declaration := node.child_by_field_name("declaration"):
            self._declared(declaration)
        if "default" in kinds or "=" in kinds:
            self.name(self.facts.exports, "default", node)
        for child in children:
            if child.type == "export_clause":
                self._listed(child, module, is_type)
            elif child.type == "namespace_export":
                self._exported(child.named_children[0], is_type)
        if "*" in kinds and module and not is_type:
            self.facts.stars.append(module)

    def _declared(self, declaration: Node) -> None:
        kind = declaration.type
        is_type = kind in ("interface_declaration", "type_alias_declaration")
        if kind == "ambient_declaration":
            return
        if name := declaration.child_by_field_name("name"):
            self._exported(name, is_type)
        for part in declaration.named_children:
            if part.type == "variable_declarator":
                name = part.child_by_field_name("name")
                for node in names_bound(name):
                    self._exported(node, False)

    def _listed(self, clause: Node, module: str, is_type: bool) -> None:
        for part in clause.named_children:
            name = part.child_by_field_name("name")
            if part.type != "export_specifier" or name is None:
                continue
            alias = part.child_by_field_name("alias") or name
            typed = is_type or part.children[0].type == "type"
            self._exported(alias, typed)
            if module and not typed:
                key = self.text(alias).strip("\"'")
                self.facts.reexports[key] = (module, self.text(name).strip("\"'"))

    def _exported(self, name: Node, is_type: bool) -> None:
        exports = self.facts.type_exports if is_type else self.facts.exports
        self.name(exports, self.text(name).strip("\"'"), name)
