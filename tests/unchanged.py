"""A refusal writes nothing."""

from collections.abc import Sequence
from contextlib import contextmanager

import pytest
from django.apps import apps

from accounts.models import ApiKey
from registry import errors


def rows(of: Sequence[str] = ("accounts", "registry")) -> dict[str, list]:
    """All that these apps store; of a key's, not when it was last used."""
    stored = {}
    for app in of:
        for model in apps.get_app_config(app).get_models():
            names = [field.attname for field in model._meta.concrete_fields]
            if model is ApiKey:
                names.remove("last_used_at")
            found = model._base_manager.values_list(*names)
            stored[model.__name__] = sorted(map(repr, found))
    return stored


@contextmanager
def refused(kind: type[errors.RegistryError], match: str | None = None):
    """What is called within this is refused so, and leaves every row as it was."""
    before = rows()
    with pytest.raises(kind, match=match) as caught:
        yield caught
    assert kind is errors.RegistryError or type(caught.value) is kind
    assert rows() == before


def verb_refused(kind, verb, *arguments, match=None, **options):
    """The refusal of ``verb`` called so, which leaves every row as it was."""
    with refused(kind, match) as caught:
        verb(*arguments, **options)
    return caught.value
