"""The forms of a listing."""

from django import forms

from admin_portal.draft_edit import like_stored
from admin_portal.forms import WordsField, choices_of, suggested
from registry import errors
from registry.listing.editing import (
    EXAMPLE_LANGUAGES,
    MAX_ALT_CHARACTERS,
    MAX_EXAMPLES,
    MAX_SCREENSHOTS,
    MAX_TITLE_CHARACTERS,
    Listing,
)
from registry.models import Function


class ListingForm(forms.Form):
    """README, tags and category. Before the first publish, the draft has these."""

    readme = forms.CharField(
        required=False,
        strip=False,
        label="README, in Markdown",
        widget=forms.Textarea(attrs={"rows": 16, "class": "mono"}),
    )
    tags = WordsField(
        separator=",",
        help_text="Up to 10, separated by commas.",
        widget=suggested("known-tags"),
    )
    category = forms.ChoiceField(required=False)

    def __init__(self, data, *, function: Function, stored: Listing, categories):
        super().__init__(
            data,
            initial={
                "readme": stored.readme,
                "tags": stored.tags,
                "category": stored.category,
            },
        )
        self.fields["category"].choices = choices_of(categories)
        if not function.published_at:
            self.fields.clear()


class PictureForm(forms.Form):
    """An existing screenshot: its text alternative and position."""

    sha256 = forms.CharField(widget=forms.HiddenInput)
    alt = forms.CharField(
        required=False,
        max_length=MAX_ALT_CHARACTERS,
        label="What it shows",
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )


class ExampleForm(forms.Form):
    """A usage example."""

    title = forms.CharField(
        required=False,
        max_length=MAX_TITLE_CHARACTERS,
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )
    language = forms.ChoiceField(
        choices=[(name, name) for name in EXAMPLE_LANGUAGES],
        initial="typescript",
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    code = forms.CharField(
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={"class": "form-control mono", "rows": 6, "spellcheck": "false"}
        ),
    )


class OrderedFormSet(forms.BaseFormSet):
    """Rows that can be reordered and deleted."""

    ordering_widget = forms.NumberInput(attrs={"class": "form-control", "min": 1})
    deletion_widget = forms.CheckboxInput(attrs={"class": "form-check-input"})

    def rows(self) -> list[dict]:
        """The rows that are not deleted, in their order. Raises ValidationError for an
        invalid form."""
        if not self.is_valid():
            raise _broken(self.forms)
        return [form.cleaned_data for form in self.ordered_forms]


Pictures = forms.formset_factory(
    PictureForm,
    OrderedFormSet,
    extra=0,
    can_order=True,
    can_delete=True,
    max_num=MAX_SCREENSHOTS,
    absolute_max=MAX_SCREENSHOTS + 5,
)
Examples = forms.formset_factory(
    ExampleForm,
    OrderedFormSet,
    extra=1,
    can_order=True,
    can_delete=True,
    max_num=MAX_EXAMPLES,
    absolute_max=MAX_EXAMPLES + 5,
)


class ScreenshotForm(forms.Form):
    """A new screenshot."""

    picture = forms.FileField(
        help_text="PNG, JPEG or WebP, at most 5 MiB. It is encoded anew without its "
        "metadata.",
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )
    alt = forms.CharField(
        max_length=MAX_ALT_CHARACTERS,
        label="What it shows",
        help_text="In a sentence, for people who don't see it.",
    )


def _broken(sent: list[forms.Form]) -> errors.ValidationError:
    faults = [fault for form in sent for fault in form.errors.values()]
    message = " ".join(str(text) for fault in faults for text in fault)
    return errors.ValidationError(message or "The form was not sent whole.")


def wanted_listing(stored: Listing, form, pictures, examples) -> Listing:
    """The listing as posted. Raises ValidationError for an invalid form."""
    if not form.is_valid():
        raise _broken([form])
    text = form.cleaned_data
    known = {shown["sha256"]: shown for shown in stored.screenshots}
    shown = [row for row in pictures.rows() if row["sha256"] in known]
    return Listing(
        readme=like_stored(stored.readme, text.get("readme", stored.readme)),
        tags=text.get("tags", stored.tags),
        category=text.get("category", stored.category),
        screenshots=[
            known[row["sha256"]] | {"alt": row["alt"].strip()} for row in shown
        ],
        examples=[
            {
                "title": row["title"].strip(),
                "language": row["language"],
                "code": row["code"].replace("\r\n", "\n").rstrip() + "\n",
            }
            for row in examples.rows()
        ],
    )
