"""Projects: the deployments that project keys belong to."""

from django.db import transaction

from accounts import mail, quotas
from accounts.models import Account, Project, record


@transaction.atomic
def create_project(account: Account, *, name: str, slug: str, url: str = "") -> Project:
    """Add a project to ``account``.

    Raises django.db.IntegrityError when the account has a project of that slug, and
    quotas.Exceeded.
    """
    require_room(quotas.locked(account))
    project = account.projects.create(name=name, slug=slug, url=url)
    record(
        "create_project",
        f"project {project.pk}",
        by=account,
        via="admin",
        name=name,
        stale=(),
    )
    return project


def require_room(account: Account) -> None:
    """Raise quotas.Exceeded when ``account`` has as many projects as it may."""
    quotas.require(quotas.PROJECTS, account, used=account.projects.count())


@transaction.atomic
def change_project(project: Project, *, name: str, url: str, by: Account) -> None:
    """Rename ``project`` or change its address. The slug stays, because keys show
    it."""
    project.name, project.url = name, url
    project.save(update_fields=["name", "url"])
    record(
        "change_project",
        f"project {project.pk}",
        by=by,
        via="admin",
        name=name,
        stale=(),
    )


@transaction.atomic
def delete_project(project: Project, *, by: Account) -> None:
    """Delete ``project`` and stop all its keys."""
    name, keys = project.name, project.keys.count()
    record(
        "delete_project",
        f"project {project.pk}",
        by=by,
        via="admin",
        name=name,
        stale=(),
    )
    project.delete()
    transaction.on_commit(
        lambda: mail.notify(
            by, "account/email/project_deleted", name=name, key_count=keys
        )
    )
