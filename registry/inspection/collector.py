"""Collect the facts of one file: exports, imports, variables, hosts, storage.

Each node is visited once. The handler of a node type looks at the node and a few below
it, never at its parents, so the cost is linear. No types are computed, so facts are
missing where code hides what it does.
"""

import functools
import re

from tree_sitter import Language, Node

from registry.inspection.declarations import Declarations
from registry.inspection.facts import MAX_FACTS, Facts
from registry.inspection.rules import Place
from registry.inspection.syntax import (
    Source,
    imported_types,
    numbered,
    unwrapped,
    visit,
)
from registry.inspection.vocabulary import (
    BINDING_METHODS,
    BINDING_TYPE,
    BINDINGS,
    BROWSER_STORAGE,
    COMMON_BINDINGS,
    JSX_SOURCE,
    METHODS,
    ROUTER_CALLS,
    ROUTER_TYPE,
    ROUTERS,
    TABLES,
    TEXT_TYPE,
    TYPE_REFERENCE,
    URL,
)

# A file without any of these words needs no ``on_identifier``.
NOTED = re.compile("|".join(["eval", r"\\u", *sorted(BROWSER_STORAGE)]).encode())
ESCAPE = re.compile(
    r"\\(?:u\{0*([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([0-7]{1,3}))"
)


def collect(source: Source) -> Facts:
    """The facts of one file, and its syntax errors."""
    collector = _Collector(source)
    collector.facts.syntax += source.syntax_findings()
    for module, line in imported_types(source) if source.filled else ():
        place = Place(source.path, line)
        collector.facts.imports.append((module, place))
        collector.hosts_in(module, place)
    handlers = _handlers(source.tree.language)
    idle = set()
    if not NOTED.search(source.data):  # it would be half of all calls
        idle.add(_Collector.on_identifier)
    if b"\\" not in source.data:
        idle.add(_Collector.on_string)
    handlers = {kind: h for kind, h in handlers.items() if h not in idle}
    if not visit(source.tree, handlers, collector):
        collector.facts.in_part = True
    collector.name_bindings()
    return collector.facts


@functools.cache
def _handlers(language: Language) -> dict:
    return numbered(language, _HANDLERS)


class _Collector(Declarations):
    def __init__(self, source: Source):
        super().__init__(source)
        self.env_names = {"env"}  # variables that hold the environment
        self.env_copies: dict[str, str] = {}  # variable -> environment name
        self.routers: set[str] = set()
        self.router_nodes: dict[int, bool] = {}  # node id -> is it a router?
        self.skip: set[int] = set()  # node ids that a parent's handler covered

    def name_bindings(self) -> None:
        """Add bindings that are recognised by their customary name alone."""
        for name in COMMON_BINDINGS.keys() & self.facts.env_vars.keys():
            kind = self.facts.bindings.setdefault(name, COMMON_BINDINGS[name])
            if name not in self.seen_storage:
                self.facts.storage.append((kind, name, self.facts.env_vars[name]))

    def hosts_in(self, text: str, place: Place) -> None:
        """Add the hosts of the addresses in ``text``."""
        if "://" in text:
            for match in URL.finditer(text):
                if len(self.facts.hosts) == MAX_FACTS:
                    self.facts.in_part = True
                    return
                self.facts.hosts.append((match[1].lower(), match[2].lower(), place))

    def on_assignment(self, node):
        """``module.exports = {...}``, ``exports.name = ...`` and ``({X} = env)``."""
        left, right = (node.child_by_field_name(n) for n in ("left", "right"))
        if left is None or right is None:
            return
        if left.type == "object_pattern" and self.is_env(right):
            self._destructured(left)
        if left.type != "member_expression":
            return
        target = self.text(left)
        if target == "module.exports":
            self.name(self.facts.exports, "default", left)
            for part in right.named_children if right.type == "object" else ():
                name = part.child_by_field_name("key") or part
                if name.type in (
                    "property_identifier",
                    "shorthand_property_identifier",
                ):
                    self._exported(name, False)
        elif re.fullmatch(r"(?:module\.)?exports\.[\w$]+", target):
            self._exported(left.child_by_field_name("property"), False)

    # calls

    def on_call(self, node):
        function = node.child_by_field_name("function")
        arguments = node.child_by_field_name("arguments")
        if function is None or arguments is None:
            return
        first = arguments.named_children[0] if arguments.named_child_count else None
        name = self.text(function)
        if function.type == "import" or name == "require":
            self.imported(self.literal(first), first or node)
        elif name in ("eval", "Function", "globalThis.eval", "window.eval"):
            self._dynamic(function, name)
        elif name in TABLES:
            self.add(self.facts.tables, node, self.literal(first))
        elif name == "drizzle" and self.imports_d1:
            self._bound(first, "D1")
        elif name == "Deno.env.get" and self.literal(first):
            self._env_var(self.literal(first), first)
        elif function.type == "member_expression":
            self._method(node, function, first, arguments)

    def on_new(self, node):
        constructor = node.child_by_field_name("constructor")
        if self.text(constructor) in ("Function", "globalThis.Function"):
            self._dynamic(node, "new Function")

    def on_identifier(self, node):
        text = self.text(node)
        self._hidden(text)
        if text == "eval" and node.id not in self.skip:
            self._dynamic(node, "eval")
        elif text in BROWSER_STORAGE:
            kind = "cache" if text == "caches" else "browser"
            self._stored_once(kind, text, node)

    def _dynamic(self, node: Node, name: str) -> None:
        self.skip.add(node.id)
        if node.type == "member_expression":
            self.skip.add(node.child_by_field_name("property").id)
        self.add(self.facts.dynamic, node, name)

    def _method(self, call: Node, function: Node, first, arguments: Node) -> None:
        owner = function.child_by_field_name("object")
        method = self.text(function.child_by_field_name("property"))
        if self.is_env(owner):
            self.skip.add(function.id)  # a method of the environment, not a variable
        if method in BINDING_METHODS:
            self._bound(owner, BINDING_METHODS[method])
        route = self.literal(first)
        if (
            method in METHODS
            and route[:1] in ("/", "*")
            and arguments.named_child_count > 1
            and self._is_router(owner)
        ):
            self.add(self.facts.routes, first, method.upper(), route)

    def _bound(self, node: Node | None, kind: str) -> None:
        """``node`` is used like a binding of this kind: note that."""
        name = self._env_member(node)
        if name and name not in self.facts.bindings:
            self.facts.bindings[name] = kind
            self._stored_once(kind, name, node)

    def _is_router(self, node: Node | None) -> bool:
        """Whether ``node`` is a router, or a chain of calls that starts at one."""
        chain = []
        while node is not None and node.id not in self.router_nodes:
            chain.append(node.id)
            if node.type == "member_expression":
                node = node.child_by_field_name("object")
                continue
            called = node.child_by_field_name("function")
            if node.type != "call_expression" or called is None:
                self.router_nodes[node.id] = self._starts_router(node)
            elif called.type == "identifier":
                self.router_nodes[node.id] = self.text(called) in ROUTER_CALLS
            else:
                node = called
        answer = node is not None and self.router_nodes[node.id]
        self.router_nodes.update(dict.fromkeys(chain, answer))
        return answer

    def _starts_router(self, node: Node) -> bool:
        if node.type == "new_expression":
            return self.text(node.child_by_field_name("constructor")) in ROUTERS
        return node.type == "identifier" and self.text(node) in self.routers

    # the environment

    def is_env(self, node: Node | None) -> bool:
        """Whether ``node`` is the environment: ``env``, ``c.env``, ``process.env``,
        ..."""
        node = unwrapped(node)
        if node is None:
            return False
        if node.type == "identifier":
            return self.text(node) in self.env_names
        if node.type == "member_expression":
            if self.text(node.child_by_field_name("property")) != "env":
                return False
            return self.text(node.child_by_field_name("object")) != "Deno"
        if node.type == "call_expression":
            return self.text(node.child_by_field_name("function")) == "env"
        return False

    def _env_member(self, node: Node | None) -> str:
        """NAME of ``env.NAME``, ``env["NAME"]`` or a variable that holds it; else
        ""."""
        node = unwrapped(node)
        if node is None:
            return ""
        if node.type == "identifier":
            return self.env_copies.get(self.text(node), "")
        if node.type not in ("member_expression", "subscript_expression"):
            return ""
        if not self.is_env(node.child_by_field_name("object")):
            return ""
        if node.type == "member_expression":
            return self.text(node.child_by_field_name("property"))
        return self.literal(node.child_by_field_name("index"))

    def on_member(self, node):
        if node.id not in self.skip and (name := self._env_member(node)):
            self._env_var(name, node)

    def _env_var(self, name: str, node: Node) -> None:
        self.name(self.facts.env_vars, name, node)

    def on_declarator(self, node):
        name, value = (
            node.child_by_field_name("name"),
            node.child_by_field_name("value"),
        )
        if name is None or value is None:
            return
        if name.type == "object_pattern":
            if self.is_env(value):
                self._destructured(name)
            return
        variable = self.text(name)
        if self.is_env(value):
            self.env_names.add(variable)
        elif member := self._env_member(value):
            self.env_copies[variable] = member
        elif self._is_router(unwrapped(value)):
            self.routers.add(variable)

    def _destructured(self, pattern: Node) -> None:
        for part in pattern.named_children:
            key = part.child_by_field_name("key") or part.child_by_field_name("left")
            key = key or part
            if part.type == "rest_pattern" or key.type == "computed_property_name":
                continue
            name = self.text(key).strip("\"'")
            bound = part.child_by_field_name("value") or key
            self._env_var(name, key)
            self.env_copies[self.text(bound)] = name

    def on_parameter(self, node):
        annotation = node.child_by_field_name("type")
        if annotation is None or not ROUTER_TYPE.match(self.text(annotation)):
            return
        if pattern := node.child_by_field_name("pattern"):
            self.routers.add(self.text(pattern))

    def on_property_signature(self, node):
        """``NAME: KVNamespace`` in a type says that NAME is a binding."""
        name = node.child_by_field_name("name")
        if name is None:
            return
        self.skip.add(name.id)
        annotation = node.child_by_field_name("type")
        if annotation is None or annotation.named_children[0].type == "object_type":
            return
        text = self.text(annotation)
        if binding := BINDING_TYPE.search(text):
            kind = BINDINGS[binding[1]]
            key = self.text(name)
            self.facts.bindings.setdefault(key, kind)
            self._stored_once(kind, key, name)
        elif not TEXT_TYPE.search(text):
            self.facts.untextual.add(self.text(name))

    # text

    def on_name(self, node):
        text = self.text(node)
        self._hidden(text)
        if node.id not in self.skip:
            self.facts.mentions.add(text)

    def _hidden(self, name: str) -> None:
        """A name with an escape (``f\\u0065tch``) is not looked up, so it is unread."""
        if "\\" in name:
            self.facts.in_part = True

    def on_string(self, node):
        """A text with escapes: the addresses in it are looked for when it is whole."""
        parts = node.named_children
        if not any(part.type == "escape_sequence" for part in parts):
            return
        texts = []
        for part in parts:
            if part.type == "string_fragment":
                self.skip.add(part.id)
                texts.append(self.source.text(part, len(self.source.data)))
            else:
                is_escape = part.type == "escape_sequence"
                texts.append(self._unescaped(self.text(part)) if is_escape else " ")
        self.hosts_in("".join(texts), self.source.place(parts[0]))

    def _unescaped(self, escape: str) -> str:
        match = ESCAPE.fullmatch(escape)
        if match is None:
            return escape[1:]
        octal = match[4]
        code = int(octal, 8) if octal else int(match[1] or match[2] or match[3], 16)
        character = chr(min(code, 0x10FFFF))
        if character.isascii() and character.isalnum():
            self.facts.in_part = True  # written so that no search finds it
        return character

    def on_fragment(self, node):
        text = self.source.text(node, len(self.source.data))
        if len(text) <= 64:
            self.facts.mentions.add(text)
        if node.id not in self.skip and "://" in text:
            self.hosts_in(text, self.source.place(node))

    def on_comment(self, node):
        text = self.text(node)
        match = JSX_SOURCE.search(text) or TYPE_REFERENCE.search(text)
        if match:
            self.imported(match[1], node)


_HANDLERS = {
    "import_statement": _Collector.on_import,
    "export_statement": _Collector.on_export,
    "assignment_expression": _Collector.on_assignment,
    "call_expression": _Collector.on_call,
    "new_expression": _Collector.on_new,
    "identifier": _Collector.on_identifier,
    "member_expression": _Collector.on_member,
    "subscript_expression": _Collector.on_member,
    "variable_declarator": _Collector.on_declarator,
    "required_parameter": _Collector.on_parameter,
    "property_signature": _Collector.on_property_signature,
    "property_identifier": _Collector.on_name,
    "shorthand_property_identifier": _Collector.on_name,
    "shorthand_property_identifier_pattern": _Collector.on_name,
    "string": _Collector.on_string,
    "template_string": _Collector.on_string,
    "string_fragment": _Collector.on_fragment,
    "comment": _Collector.on_comment,
}
