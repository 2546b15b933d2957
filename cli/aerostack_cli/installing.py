"""Plan an install: files to write, and edited files that prevent it."""

from __future__ import annotations

from dataclasses import dataclass, field

from aerostack_cli.errors import Conflict, UntrustedAnswer
from aerostack_cli.lockfile import Installed, default_directory, installed_from
from aerostack_cli.merging import matches
from aerostack_cli.plan import Plan
from aerostack_cli.snapshot import Snapshot
from aerostack_cli.workspace import Workspace


@dataclass
class Install:
    """One function's part of a plan. kept: edited files that the new version no longer
    has."""

    snapshot: Snapshot
    entry: Installed
    kept: list[str] = field(default_factory=list)


def plan_install(
    workspace: Workspace, plan: Plan, snapshot: Snapshot, hub: str, *, force=False
) -> Install:
    """Add to ``plan`` the files of ``snapshot``, its lock entry and its [[services]]
    block.

    Raises Conflict, naming the files, if files on disk are neither the installed nor
    the new text, unless ``force``; UntrustedAnswer if the lock has the version with
    another integrity.
    """
    old = workspace.installed.get(snapshot.slug)
    if old and not force:
        _refuse_other_source(old, snapshot, hub)
    if old:
        _refuse_other_content(old, snapshot, hub)
    directory = old.directory if old else default_directory(snapshot.slug)
    install = Install(snapshot, installed_from(snapshot, hub, directory))
    blocked = []
    for name, text in snapshot.files.items():
        path = install.entry.path(name)
        data = workspace.read(path)
        if data is not None and matches(data, snapshot.hashes[name]):
            continue
        if data is None or force or _is_as_installed(old, name, data):
            plan.write(path, text.encode())
        else:
            blocked.append(path)
    if blocked:
        raise _standing_in_the_way(snapshot, blocked)
    if old:
        _plan_leftovers(workspace, plan, install, old)
    workspace.plan_entry(plan, install.entry, snapshot.main)
    return install


def _is_same_function(old: Installed, snapshot: Snapshot, hub: str) -> bool:
    moved = snapshot.renamed_from == f"{old.author}/{old.slug}"
    return old.hub == hub and (old.author == snapshot.author or moved)


def _refuse_other_source(old: Installed, snapshot: Snapshot, hub: str) -> None:
    if not _is_same_function(old, snapshot, hub):
        raise Conflict(
            f"{old.directory} holds {old.author}/{old.slug} from {old.hub}; "
            f"{snapshot.author}/{snapshot.slug} from {hub} is another function.",
            fix=f"Run `aerostack functions remove {old.slug}` first, or add --force.",
        )


def _refuse_other_content(old: Installed, snapshot: Snapshot, hub: str) -> None:
    """A published version never changes, so the lock's integrity holds for good."""
    same = _is_same_function(old, snapshot, hub) and old.version == snapshot.version
    if same and old.integrity != snapshot.integrity:
        raise UntrustedAnswer(
            f"{hub} serves other files for {snapshot.ref} than aerostack.lock has."
        )


def _is_as_installed(old: Installed | None, name: str, data: bytes) -> bool:
    return old is not None and name in old.files and matches(data, old.files[name])


def _standing_in_the_way(snapshot: Snapshot, blocked: list[str]) -> Conflict:
    return Conflict(
        f"{snapshot.ref} would overwrite files that are not as installed; "
        "nothing was written.",
        fix=f"Merge with `aerostack functions update {snapshot.slug}`, look with "
        "--diff, or overwrite with --force.",
        details=blocked,
    )


def _plan_leftovers(workspace, plan, install: Install, old: Installed) -> None:
    """Remove files that only the old version had, unless they were edited."""
    for name, digest in old.files.items():
        path = old.path(name)
        if name in install.snapshot.files or (data := workspace.read(path)) is None:
            continue
        if matches(data, digest):
            plan.remove(path)
        else:
            install.kept.append(path)
