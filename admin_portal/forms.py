"""The author's forms. They convert between fields and values; the registry checks."""

import json

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Fieldset, Layout
from django import forms
from django.core.validators import MaxValueValidator

from registry.manifest import (
    FIELDS,
    LANGUAGES,
    MAX_DESCRIPTION_CHARACTERS,
    MAX_NAME_CHARACTERS,
    RUNTIMES,
)

SHOWN_AS = {
    "typescript": "TypeScript",
    "javascript": "JavaScript",
    "cloudflare-worker": "Cloudflare Worker",
    "node": "Node.js",
}


class WordsField(forms.CharField):
    """A list of strings, shown with ``separator`` between them."""

    def __init__(self, *, separator: str, **kwargs):
        self.separator = separator
        super().__init__(required=False, strip=False, **kwargs)

    def prepare_value(self, value):
        if isinstance(value, list):
            joint = ", " if self.separator == "," else self.separator
            return joint.join(str(word) for word in value)
        return value

    def to_python(self, value) -> list[str]:
        words = (value or "").replace("\r\n", "\n").split(self.separator)
        return [word for word in map(str.strip, words) if word]


def choices_of(values) -> list[tuple[str, str]]:
    shown = [(value, SHOWN_AS.get(value, value.capitalize())) for value in values]
    return [("", "—"), *shown]


def suggested(list_id: str) -> forms.TextInput:
    return forms.TextInput(attrs={"list": list_id})


def _lines() -> forms.Textarea:
    return forms.Textarea(attrs={"rows": 2, "spellcheck": "false"})


class ManifestForm(forms.Form):
    """The keys of aerostack.json that have a field. A field's name is its key.

    Every field may be empty: a draft may be incomplete, publishing checks it all.
    """

    name = forms.CharField(required=False)
    version = forms.CharField(required=False)
    description = forms.CharField(
        required=False, widget=forms.Textarea(attrs={"rows": 3, "maxlength": 300})
    )
    category = forms.ChoiceField(required=False)
    license = forms.CharField(required=False, widget=suggested("known-licenses"))
    tags = WordsField(separator=",", widget=suggested("known-tags"))
    language = forms.ChoiceField(required=False, choices=choices_of(LANGUAGES))
    runtime = forms.ChoiceField(required=False, choices=choices_of(RUNTIMES))
    entrypoint = forms.CharField(required=False)
    routePath = forms.CharField(required=False, label="Route path")
    routeExport = forms.CharField(required=False, label="Route export")
    npmDependencies = WordsField(
        separator="\n", label="npm packages, one per line", widget=_lines()
    )
    envVars = WordsField(
        separator="\n", label="Environment variables, one per line", widget=_lines()
    )
    drizzleSchema = forms.BooleanField(required=False, label="Drizzle schema")

    def __init__(self, *args, categories=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = choices_of(categories)
        for key, field in self.fields.items():
            self._offer_stored(key, field)
            field.help_text = FIELDS[key].about
            field.widget.attrs.setdefault("autocomplete", "off")
            field.widget.attrs["data-manifest-key"] = key
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(
            Fieldset("On the Hub", "name", "description", _row("category", "version")),
            _row("tags", "license"),
            Fieldset(
                "Code", _row("language", "runtime"), _row("entrypoint", "routeExport")
            ),
            "routePath",
            Fieldset("What it needs", "npmDependencies", "envVars", "drizzleSchema"),
        )

    def _offer_stored(self, key: str, field) -> None:
        """Add a stored value that is not among the choices, so that it stays
        selected."""
        stored = self.initial.get(key)
        if not isinstance(field, forms.ChoiceField) or not isinstance(stored, str):
            return
        if stored not in dict(field.choices):
            field.choices = [*field.choices, (stored, f"{stored} (not known)")]

    def values(self) -> dict:
        """Key -> value as posted, not checked."""
        return {
            key: field.to_python(
                field.widget.value_from_datadict(self.data, {}, self.add_prefix(key))
            )
            for key, field in self.fields.items()
        }


def shown_value(key: str, value):
    """What ``values`` returns for ``key`` if its field shows ``value`` unchanged."""
    field = ManifestForm.base_fields[key]
    if isinstance(field, WordsField):
        value = field.prepare_value(value) if isinstance(value, list) else ""
    elif isinstance(field, forms.BooleanField):
        return value is True
    elif not isinstance(value, str):
        value = ""
    return field.to_python(value)


def _row(*fields) -> Div:
    return Div(*fields, css_class="row")


class FileForm(forms.Form):
    """One source file. was: the path it is stored under now."""

    was = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
    path = forms.CharField(
        required=False,
        widget=forms.TextInput(
            attrs={
                "class": "form-control mono",
                "autocomplete": "off",
                "spellcheck": "false",
                "data-path": True,
            }
        ),
    )
    text = forms.CharField(
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={
                "class": "form-control",
                "rows": 18,
                "spellcheck": "false",
                "data-text": True,
            }
        ),
    )


class FileFormSet(forms.BaseFormSet):
    """The files of a draft, and a blank row for a new file."""

    def add_fields(self, form, index):
        super().add_fields(form, index)
        form.fields["DELETE"].widget.attrs = {
            "class": "form-check-input",
            "data-delete": True,
        }

    def posted(self) -> list[dict]:
        """Every row as posted (was, path, text, DELETE), not checked."""
        return [
            {
                name: field.to_python(
                    field.widget.value_from_datadict(
                        form.data, {}, form.add_prefix(name)
                    )
                )
                for name, field in form.fields.items()
            }
            for form in self.forms
        ]


MAX_ROWS = 60  # more than a function's files, as deleted rows count too
Files = forms.formset_factory(
    FileForm, FileFormSet, extra=1, can_delete=True, max_num=MAX_ROWS, absolute_max=100
)


def manifest_text(manifest: dict) -> str:
    """``manifest`` as the text of aerostack.json. Known keys come first, in the order
    of FIELDS, because PostgreSQL's JSON keeps no order."""
    known = {key: manifest[key] for key in FIELDS if key in manifest}
    return json.dumps(known | manifest, indent=2, ensure_ascii=False) + "\n"


STARTERS = [
    ("route", "A Hono route: an HTTP endpoint others mount in their project"),
    ("utility", "A plain function: no HTTP, just exports"),
]


class NewFunctionForm(forms.Form):
    """What is asked before the editor opens."""

    name = forms.CharField(
        max_length=MAX_NAME_CHARACTERS,
        help_text="Such as Image Resizer. It becomes the address, image-resizer, which "
        "is yours from then on.",
    )
    description = forms.CharField(
        required=False,
        max_length=MAX_DESCRIPTION_CHARACTERS,
        help_text=FIELDS["description"].about,
    )
    category = forms.ChoiceField(required=False)
    license = forms.CharField(
        required=False,
        initial="MIT",
        max_length=200,
        widget=suggested("known-licenses"),
        help_text=FIELDS["license"].about,
    )
    starter = forms.ChoiceField(
        label="Start with", choices=STARTERS, widget=forms.RadioSelect, initial="route"
    )

    def __init__(self, *args, categories=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = choices_of(categories)


class YankForm(forms.Form):
    """Why a version should not be installed."""

    reason = forms.CharField(
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Shown to everyone who asks for this version.",
    )
    replacement = forms.ChoiceField(
        required=False, help_text="The version to use instead, where there is one."
    )

    def __init__(self, *args, replacements=(), **kwargs):
        super().__init__(*args, **kwargs)
        numbers = [(number, number) for number in replacements]
        self.fields["replacement"].choices = [("", "None"), *numbers]


class DeprecateForm(forms.Form):
    """What users of the function should do instead."""

    message = forms.CharField(
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Shown on the page and to everyone who installs the function.",
    )
    successor = forms.CharField(
        required=False,
        max_length=120,
        help_text="The function to use instead, as username/slug.",
    )


class WaiveForm(forms.Form):
    """Which finding is not a credential, and why."""

    which = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    reason = forms.CharField(
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Such as: an example from the provider's documentation.",
    )

    def __init__(self, *args, count: int, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["which"].validators.append(MaxValueValidator(count - 1))
