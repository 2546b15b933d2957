"""A refusal writes nothing."""

from contextlib import contextmanager

import pytest
from django.apps import apps

from accounts.models import Event
from registry import errors


def rows() -> dict[str, list]:
    """Every row of the registry, and the audit."""
    return {
        model.__name__: sorted(map(repr, model._base_manager.values_list()))
        for model in [Event, *apps.get_app_config("registry").get_models()]
    }


@contextmanager
def refused(kind: type[errors.RegistryError], match: str | None = None):
    """What is called within this is refused so, and leaves every row as it was."""
    before = rows()
    with pytest.raises(kind, match=match) as caught:
        yield caught
    assert kind is errors.RegistryError or type(caught.value) is kind
    assert rows() == before
