"""A consumer's project on disk: lock, services and edited files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aerostack_cli import lockfile, services
from aerostack_cli.errors import CliError, UsageError
from aerostack_cli.lockfile import Installed
from aerostack_cli.merging import matches
from aerostack_cli.paths import refuse_symlinks
from aerostack_cli.plan import Plan, read_bytes, recover


@dataclass
class Workspace:
    """The project at ``root``. installed: its lock, by slug."""

    root: Path
    installed: dict[str, Installed]

    def entry(self, slug: str) -> Installed:
        """The installed function ``slug``. Raises UsageError if there is none."""
        if slug not in self.installed:
            raise UsageError(
                f"'{slug}' is not installed here.",
                fix="`aerostack functions status` lists what is.",
            )
        return self.installed[slug]

    def chosen(self, slugs: tuple[str, ...]) -> list[Installed]:
        """The entries of ``slugs``, or all entries sorted by slug."""
        return [self.entry(slug) for slug in slugs or sorted(self.installed)]

    def read(self, path: str) -> bytes | None:
        """A file's bytes; None if it is missing. Symbolic links are refused."""
        refuse_symlinks(self.root, path)
        return read_bytes(self.root / path)

    def file_states(self, entry: Installed) -> dict[str, str]:
        """For each file of ``entry``: "clean", "modified" or "missing"."""
        return {
            name: self._state(entry.path(name), digest)
            for name, digest in entry.files.items()
        }

    def _state(self, path: str, digest: str) -> str:
        data = self.read(path)
        if data is None:
            return "missing"
        return "clean" if matches(data, digest) else "modified"

    def plan(self) -> Plan:
        return Plan(self.root)

    def plan_entry(self, plan: Plan, entry: Installed, main: str, *, add=True) -> None:
        """Add to ``plan``: write ``entry`` to the lock and its block to aerostack.toml.

        main: the file for ``main``, relative to its directory. A block whose ``main``
        the new version lacks is changed to it.
        add: write the block when there is none.
        """
        old = self.installed.get(entry.slug)
        self.installed[entry.slug] = entry
        text = self._planned_text(plan, services.FILE_NAME)
        for name in set(old.files if old else ()) - set(entry.files):
            text = services.move_main(
                text, entry.slug, old.path(name), entry.path(main)
            )
        if add:
            text = services.add_service(text, entry.slug, entry.path(main))
        if text:
            plan.write(services.FILE_NAME, text.encode())
        self._plan_lock(plan)

    def plan_removal(self, plan: Plan, entry: Installed) -> None:
        """Add to ``plan``: remove ``entry`` from the lock and aerostack.toml."""
        del self.installed[entry.slug]
        text = self._planned_text(plan, services.FILE_NAME)
        if text:
            shortened = services.remove_service(text, entry.slug)
            plan.write(services.FILE_NAME, shortened.encode())
        self._plan_lock(plan)

    def _plan_lock(self, plan: Plan) -> None:
        text = lockfile.write_lock(self.installed)
        plan.write(lockfile.FILE_NAME, text.encode())

    def _planned_text(self, plan: Plan, path: str) -> str:
        data = plan.writes.get(path) or self.read(path) or b""
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise CliError(
                f"{path} is not UTF-8 text; nothing was changed.",
                code="NOT_UTF8",
                fix="Convert it, then run the command again.",
            ) from error


def open_workspace(out, start: Path | None = None) -> Workspace:
    """The project around ``start`` (default: the current folder).

    Its root is the nearest folder upwards with an aerostack.toml or aerostack.lock,
    else ``start``.

    An interrupted earlier command is undone first, with a warning on ``out``.
    """
    start = (start or Path.cwd()).absolute()
    root = next(
        (folder for folder in (start, *start.parents) if _is_root(folder)), start
    )
    if recover(root):
        out.warn("an interrupted command was undone: the project is as before it.")
    refuse_symlinks(root, lockfile.FILE_NAME)
    data = read_bytes(root / lockfile.FILE_NAME) or b""
    return Workspace(root, lockfile.read_lock(data.decode("utf-8", "replace")))


def _is_root(folder: Path) -> bool:
    names = (services.FILE_NAME, lockfile.FILE_NAME)
    return any((folder / name).is_file() for name in names)
