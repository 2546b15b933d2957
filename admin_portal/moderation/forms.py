"""Staff's forms. Each has a rule and a reason, which the verbs check."""

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import Account
from accounts.quotas import QUOTAS, Quota
from registry.errors import RegistryError
from registry.models import Case, Category, Function
from registry.models.moderation import RULES
from registry.moderation import Grounds
from registry.publishing.retractions import MAX_SENTENCE_CHARACTERS

OWN = ("rule", "reason", "seen")


class GroundsForm(forms.Form):
    """The grounds of a decision. Subclasses add the fields of an action."""

    rule = forms.ChoiceField(choices=list(RULES.items()), initial="other")
    reason = forms.CharField(
        max_length=MAX_SENTENCE_CHARACTERS,
        help_text="One or two sentences. Whoever it concerns reads them, and so does "
        "everyone in the public log.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    # moderation.latest_seen when the page was shown.
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args, subject, **kwargs):
        super().__init__(*args, **kwargs)
        self.order_fields([name for name in self.fields if name not in OWN])
        self.prepare(subject)

    def prepare(self, subject) -> None:
        """Fill in choices and initial values for ``subject``."""

    @property
    def values(self) -> dict:
        """The values of the subclass's fields."""
        return {n: v for n, v in self.cleaned_data.items() if n not in OWN}

    def grounds(self, case: Case | None) -> Grounds:
        data = self.cleaned_data
        return Grounds(data["reason"], data["rule"], case, data["seen"])

    def refuse(self, error: RegistryError) -> None:
        """Show a refusal at the fields it is about."""
        for fault in error.faults or [error]:
            field = fault.field if fault.field in self.fields else None
            self.add_error(field, f"{fault.message} {fault.fix}")


class UpkeepForm(GroundsForm):
    rule = forms.ChoiceField(choices=list(RULES.items()), initial="upkeep")


class SlugForm(GroundsForm):
    slug = forms.CharField(max_length=80, label="New slug")


class NameForm(GroundsForm):
    name = forms.CharField(
        max_length=64,
        label="Name or pattern",
        help_text="A * stands for any characters: aws-* reserves all that begin so.",
    )


class AccountField(forms.CharField):
    """An account by its username."""

    def clean(self, value):
        username = super().clean(value).removeprefix("@").lower()
        account = Account.objects.filter(username=username).first()
        if account is None:
            raise ValidationError(f"There is no account {username}.")
        return account


class TransferForm(GroundsForm):
    to = AccountField(label="To the account", max_length=40)

    def prepare(self, subject):
        case = subject.cases.open().filter(kind="dispute").first()
        if case and case.claimant:
            self.initial["to"] = case.claimant.username


class ExceptionForm(GroundsForm):
    slug = forms.CharField(max_length=80)
    account = AccountField(max_length=40)


class CategoryForm(UpkeepForm):
    label = forms.CharField(max_length=60)
    slug = forms.CharField(max_length=40, help_text="In addresses and manifests.")
    description = forms.CharField(max_length=200, required=False)

    def prepare(self, subject):
        if isinstance(subject, Category):
            self.initial |= {
                name: getattr(subject, name)
                for name in ("label", "slug", "description")
            }


class MergeForm(UpkeepForm):
    into = forms.ModelChoiceField(Category.objects.none(), to_field_name="slug")

    def prepare(self, subject):
        active = Category.objects.active()
        self.fields["into"].queryset = active.exclude(pk=subject.pk)
        self.fields["into"].label_from_instance = lambda category: category.label


class OrderForm(UpkeepForm):
    slugs = forms.CharField(
        label="Slugs, one per line, in the order wanted",
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"}),
    )

    def prepare(self, subject):
        active = Category.objects.active().values_list("slug", flat=True)
        self.initial["slugs"] = "\n".join(active)

    def clean_slugs(self):
        return self.cleaned_data["slugs"].split()


class MoveForm(UpkeepForm):
    functions = forms.CharField(
        label="Functions, one username/slug per line",
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
    )

    def clean_functions(self):
        found, missing = [], []
        for path in dict.fromkeys(self.cleaned_data["functions"].split()):
            username, _, slug = path.removeprefix("@").partition("/")
            function = Function.objects.published().named(username, slug).first()
            found.append(function) if function else missing.append(path)
        if missing:
            raise ValidationError(f"There is no published {', '.join(missing[:20])}.")
        return found


def _choice(quota: Quota) -> tuple[str, str]:
    unit = f", {quota.unit}" if quota.unit else ""
    return quota.name, quota.label + unit


class ResetQuotaForm(UpkeepForm):
    name = forms.ChoiceField(label="Limit of")

    def prepare(self, subject):
        self.fields["name"].choices = [
            _choice(quota)
            for quota in QUOTAS.values()
            if quota.name in subject.raised_quotas
        ]


class QuotaForm(UpkeepForm):
    name = forms.ChoiceField(label="Limit of", choices=map(_choice, QUOTAS.values()))
    limit = forms.IntegerField(
        min_value=1,
        label="New limit",
        help_text="In the unit named above; more than the Hub's limit.",
    )


class TagForm(UpkeepForm):
    tag = forms.CharField(max_length=30)
    becomes = forms.CharField(
        max_length=30,
        required=False,
        label="Becomes",
        help_text="Leave it empty to block the tag.",
    )
