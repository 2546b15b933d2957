"""The facts of one file."""

from dataclasses import dataclass, field

from registry.inspection.rules import Place

MAX_FACTS = 500  # of one kind in one file


@dataclass
class Facts:
    """The facts of one file: names with their places."""

    path: str
    broken: bool = False
    in_part: bool = False  # something in the file was not read
    exports: dict[str, Place] = field(default_factory=dict)
    type_exports: dict[str, Place] = field(default_factory=dict)
    reexports: dict[str, tuple[str, str]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    imports: list[tuple[str, Place]] = field(default_factory=list)
    env_vars: dict[str, Place] = field(default_factory=dict)
    bindings: dict[str, str] = field(default_factory=dict)  # name -> kind
    untextual: set[str] = field(default_factory=set)  # variables whose type is not text
    mentions: set[str] = field(default_factory=set)
    hosts: list[tuple[str, str, Place]] = field(default_factory=list)
    routes: list[tuple[str, str, Place]] = field(default_factory=list)
    tables: list[tuple[str, Place]] = field(default_factory=list)
    storage: list[tuple[str, str, Place]] = field(default_factory=list)
    dynamic: list[tuple[str, Place]] = field(default_factory=list)
    syntax: list[dict] = field(default_factory=list)  # findings
