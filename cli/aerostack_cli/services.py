"""The ``[[services]]`` blocks of aerostack.toml.

Blocks are added and removed as text, so that all other bytes of the file stay the same:
comments, order, quoting and line ends. The result is parsed and compared before it is
used.
"""

from __future__ import annotations

import re

from aerostack_cli.errors import CliError

FILE_NAME = "aerostack.toml"
_HEADER = re.compile(r"\s*\[")
_SERVICES = re.compile(r"\s*\[\[\s*services\s*\]\]\s*(#.*)?\Z")


def service_names(text: str) -> list[str]:
    """The names of the services in ``text``. Raises CliError if it is not TOML."""
    return [service.get("name") for service in _services(text)]


def add_service(text: str, name: str, main: str) -> str:
    """``text`` with a block for ``name`` appended, unless it has one."""
    if name in service_names(text):
        return text
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = ["[[services]]", f'name = "{name}"', f'main = "{main}"', ""]
    gap = "" if not text else newline if text.endswith("\n") else newline * 2
    added = text + gap + newline.join(lines)
    expected = [*_services(text), {"name": name, "main": main}]
    if _parsed(added, or_none=True) is None or _services(added) != expected:
        return _add_inline(text, name, main)
    return added


def move_main(text: str, name: str, old: str, new: str) -> str:
    """``text`` with ``main`` changed from ``old`` to ``new`` in the block for
    ``name``."""
    found = [
        s for s in _services(text) if (s.get("name"), s.get("main")) == (name, old)
    ]
    if not found or old == new:
        return text
    position = _services(text).index(found[0])
    lines = text.splitlines(keepends=True)
    start, end = _block(lines, position) or (0, 0)
    for at in range(start, end):
        if re.match(r"\s*main\s*=", lines[at]):
            lines[at] = lines[at].replace(old, new, 1)
    moved = "".join(lines)
    expected = _parsed(text)
    expected["services"][position]["main"] = new
    if _parsed(moved, or_none=True) == expected:
        return moved
    return _set_main_parsed(text, position, new)


def remove_service(text: str, name: str) -> str:
    """``text`` without the block for ``name``. Comments around it stay."""
    names = service_names(text)
    if name not in names:
        return text
    expected = _parsed(text)
    del expected["services"][names.index(name)]
    if not expected["services"]:
        del expected["services"]
    shortened = _without_block(text, names.index(name))
    if shortened is not None and _parsed(shortened, or_none=True) == expected:
        return shortened
    return _remove_parsed(text, names.index(name))


def _block(lines: list[str], position: int) -> tuple[int, int] | None:
    """(start, end) line numbers of the block at ``position``, without comments after
    it; None if it has no header line."""
    headers = [at for at, line in enumerate(lines) if _SERVICES.match(line)]
    if position >= len(headers):
        return None
    start = end = headers[position]
    for at in range(start + 1, len(lines)):
        if _HEADER.match(lines[at]):
            break
        if lines[at].strip() and not lines[at].lstrip().startswith("#"):
            end = at
    return start, end + 1


def _without_block(text: str, position: int) -> str | None:
    lines = text.splitlines(keepends=True)
    block = _block(lines, position)
    if block is None:
        return None
    before, after = lines[: block[0]], lines[block[1] :]
    if before and not before[-1].strip() and (not after or not after[0].strip()):
        before.pop()
    return "".join(before + after)


def _add_inline(text: str, name: str, main: str) -> str:
    """For ``services = [...]``, which takes no further ``[[services]]``."""
    import tomlkit

    document = tomlkit.parse(text)
    item = tomlkit.inline_table()
    item.update({"name": name, "main": main})
    document["services"].append(item)
    return tomlkit.dumps(document)


def _set_main_parsed(text: str, position: int, main: str) -> str:
    import tomlkit

    document = tomlkit.parse(text)
    document["services"][position]["main"] = main
    return tomlkit.dumps(document)


def _remove_parsed(text: str, position: int) -> str:
    import tomlkit

    document = tomlkit.parse(text)
    del document["services"][position]
    return tomlkit.dumps(document)


def _services(text: str) -> list[dict]:
    services = _parsed(text).get("services", [])
    good = isinstance(services, list) and all(isinstance(s, dict) for s in services)
    if not good:
        raise CliError(
            f"'services' in {FILE_NAME} is not a list of tables; nothing was changed.",
            code="INVALID_PROJECT",
            fix="Write it as [[services]] blocks.",
        )
    return services


def _parsed(text: str, *, or_none: bool = False) -> dict | None:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        return tomlkit.parse(text).unwrap()
    except TOMLKitError as error:
        if or_none:
            return None
        raise CliError(
            f"{FILE_NAME} is not TOML ({error}); nothing was changed.",
            code="INVALID_PROJECT",
            fix=f"Correct {FILE_NAME}, then run the command again.",
        ) from error
