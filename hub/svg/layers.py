"""The layers of a function (templates/hub/_layers.html). Lengths are CSS pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

from registry.inspection.modules import resolve
from registry.inspection.reports import unread

BOX_WIDTH, BOX_HEIGHT, GAP, ARC = 168, 64, 64, 36
LAYERS = {  # layer -> what it is to a reader; in the order of a call
    "index": "Entry",
    "adapter": "Route",
    "core": "Logic",
    "schema": "Tables",
}


@dataclass(frozen=True)
class Box:
    label: str
    path: str
    x: int
    is_portable: bool


@dataclass(frozen=True)
class Layers:
    """Boxes from left to right, and an SVG path for each import between them."""

    boxes: list[Box]
    arrows: list[str]
    width: int
    height: int
    top: int  # of the boxes: there is room for arcs above where one is needed


def layers_of(report: dict, paths: Sequence[str]) -> Layers | None:
    """None where there are fewer than two layers to show.

    report: of the version's inspection. paths: of all its files.
    """
    found = report.get("facts", {}).get("layers", {})
    present = [layer for layer in LAYERS if found.get(layer)]
    if len(present) < 2:
        return None
    rules = {finding["rule"] for finding in report["findings"]}
    is_portable = "core-imports-framework" not in rules and not unread(report)
    boxes = [
        Box(
            LAYERS[layer],
            found[layer],
            index * (BOX_WIDTH + GAP),
            layer == "core" and is_portable,
        )
        for index, layer in enumerate(present)
    ]
    links = _links([found[layer] for layer in present], report, paths)
    top = 1 + ARC * any(abs(a - b) > 1 for a, b in links)
    return Layers(
        boxes,
        [_arrow(boxes[a].x, boxes[b].x, top) for a, b in sorted(links)],
        boxes[-1].x + BOX_WIDTH + 1,
        top + BOX_HEIGHT + 1,
        top,
    )


def _links(layer_paths: list[str], report: dict, paths) -> set[tuple[int, int]]:
    """Which layer imports which, as indices into ``layer_paths``."""
    links = set()
    for fact in report["facts"]["imports"]:
        target = resolve(fact["path"], fact["module"], paths)
        if fact["path"] in layer_paths and target in layer_paths:
            link = layer_paths.index(fact["path"]), layer_paths.index(target)
            links.add(link)
    return {link for link in links if link[0] != link[1]}


def _arrow(start: int, end: int, top: int) -> str:
    """From box to box: straight to a neighbour, else in an arc over the others."""
    middle = top + BOX_HEIGHT // 2
    if abs(end - start) == BOX_WIDTH + GAP:
        if start < end:
            return f"M{start + BOX_WIDTH} {middle} H{end - 6}"
        return f"M{start} {middle + 12} H{end + BOX_WIDTH + 6}"
    # Apart from others that leave or arrive here: the farther, the more to the side.
    shift = 12 * (end - start) // (BOX_WIDTH + GAP)
    from_x, to_x = start + BOX_WIDTH // 2 + shift, end + BOX_WIDTH // 2 - shift
    return f"M{from_x} {top} C{from_x} {top - ARC} {to_x} {top - ARC} {to_x} {top - 6}"
