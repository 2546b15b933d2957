"""Plan an update: merge my edits with a newer version."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from aerostack_cli.errors import Conflict, HubRefusal, UntrustedAnswer
from aerostack_cli.lockfile import Installed, installed_from
from aerostack_cli.merging import FileMerge, Sides, has_markers, merge_files
from aerostack_cli.plan import Plan
from aerostack_cli.refs import Ref
from aerostack_cli.snapshot import Snapshot, notices
from aerostack_cli.versions import is_newer, newest_live
from aerostack_cli.workspace import Workspace


@dataclass
class Update:
    """One function's part of a plan. to: None if there is nothing newer. notice: a
    further clause for the user, or ""."""

    entry: Installed
    to: Snapshot | None
    merge: FileMerge = field(default_factory=FileMerge)
    notice: str = ""

    def as_json(self) -> dict:
        def listed(pairs):
            return [
                {"path": self.entry.path(path), "message": said} for path, said in pairs
            ]

        return {
            "slug": self.entry.slug,
            "from": self.entry.version,
            "to": self.to.version if self.to else self.entry.version,
            "actions": listed(self.merge.actions),
            "conflicts": listed(self.merge.conflicts),
            "notice": self.notice,
        }


def plan_update(
    workspace: Workspace, plan: Plan, entry: Installed, hub, version: str = ""
) -> Update:
    """Add to ``plan`` the update of ``entry`` to ``version``, or to the newest one.

    Files without edits are replaced, edited ones are merged. A conflict is marked in
    the file, or leaves it as it is, and is listed.

    A yanked version is taken only if ``version`` names it.

    Raises Conflict if markers of an earlier update are left.
    """
    versions = [] if version else hub.versions(entry.newest_ref)
    target = version or newest_live(versions)
    if target == entry.version or not (version or is_newer(target, entry.version)):
        return Update(entry, None, notice=_yanked(entry, versions))
    snapshot = hub.snapshot(Ref(entry.author, entry.slug, target))
    merge = merge_files(_sides(workspace, entry, hub, snapshot))
    for name, data in merge.writes.items():
        path = entry.path(name)
        if data is None:
            plan.remove(path)
        else:
            plan.write(path, data)
    moved = installed_from(snapshot, entry.hub, entry.directory)
    # A renamed function keeps the name it has in this project.
    moved = replace(moved, slug=entry.slug)
    workspace.plan_entry(plan, moved, snapshot.main, add=False)
    return Update(entry, snapshot, merge, _new_name(entry, snapshot))


def _new_name(entry: Installed, snapshot: Snapshot) -> str:
    old, new = (f"{one.author}/{one.slug}" for one in (entry, snapshot))
    return "" if old == new else f"is {new} now; it was {old}"


def _yanked(entry: Installed, versions: list[dict]) -> str:
    """The notice on an installed version that is yanked and has no newer one, or ""."""
    installed = [item for item in versions if item.get("version") == entry.version]
    if not installed or not (reason := notices(installed[0])[0]):
        return ""
    return f"{entry.version} was yanked, and there is no newer version: {reason}"


def _sides(workspace: Workspace, entry: Installed, hub, snapshot: Snapshot) -> Sides:
    mine = {}
    for name in {**entry.files, **snapshot.files}:
        path = entry.path(name)
        data = workspace.read(path)
        if data is None:
            continue
        if has_markers(data):
            raise Conflict(
                f"{path} still holds conflict markers; nothing was changed.",
                code="UNMERGED",
                fix="Edit the marked places, remove the markers, then update again.",
            )
        mine[name] = data
    source = BaseTexts(entry, hub)
    return Sides(entry.files, source.text, mine, snapshot.files, snapshot.ref)


class BaseTexts:
    """Texts of an installed version, fetched from its Hub by hash."""

    def __init__(self, entry: Installed, hub):
        self.entry = entry
        self.hub = hub
        self._version: Snapshot | None = None

    def text(self, digest: str) -> str | None:
        """The text with that SHA-256; None if the Hub no longer has it."""
        try:
            return self.hub.file(digest)[0]
        except HubRefusal as error:
            if error.status != 404:
                raise
        return self._from_version(digest)

    def _from_version(self, digest: str) -> str | None:
        """The text from the whole version, which answers by its number even if
        yanked."""
        try:
            self._version = self._version or self.hub.snapshot(self.entry.ref)
        except (HubRefusal, UntrustedAnswer):
            return None
        for name, known in self._version.hashes.items():
            if known == digest:
                return self._version.files[name]
        return None
