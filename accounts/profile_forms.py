"""Forms of the pages that allauth has none for: profile, keys, projects, deletion."""

import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from accounts import keys, projects, quotas, switches
from accounts.keys import SCOPES
from accounts.models import Account, Project, record
from accounts.text import refuse_invisible

MAX_LINKS, MAX_LINK_CHARACTERS = 5, 200
MAX_PATTERNS = 20
PATTERN = re.compile(r"[a-z0-9*?-]{1,64}\Z")  # a slug with the wildcards * and ?
SCOPE_TEXTS = {
    "draft:write": "push, change and delete drafts",
    "publish": "publish drafts as permanent versions",
    "yank": "yank and deprecate versions, and undo it",
    "listing:write": "change README, tags and category of what is live",
}
EXPIRIES = {"30": "30 days", "90": "90 days", "365": "1 year", "": "Never"}


def check_link(link: str) -> None:
    """Raise ValidationError unless ``link`` is an https address without a user name in
    front of the host, which would hide where it leads."""
    URLValidator(schemes=["https"])(link)
    if "@" in urlsplit(link).netloc:
        raise ValidationError("Leave out the name before the @ in the address.")


def require_room(kept, account: Account) -> None:
    """Raise ValidationError when ``account`` may have no more of what the module
    ``kept`` makes. That one asks again, with the account locked."""
    try:
        kept.require_room(account)
    except quotas.Exceeded as exceeded:
        raise ValidationError(f"{exceeded} {exceeded.quota.fix}") from exceeded


class ProfileForm(forms.ModelForm):
    links = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=f"Up to {MAX_LINKS} https:// addresses, one per line.",
    )

    class Meta:
        model = Account
        fields = ["display_name", "bio"]
        widgets = {"bio": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "display_name": "Shown beside your username.",
            "bio": "One or two sentences, up to 300 characters.",
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["links"] = "\n".join(self.instance.links)
        for name in ("display_name", "bio"):
            self.fields[name].validators.append(refuse_invisible)

    def clean_links(self) -> list[str]:
        links = self.cleaned_data["links"].split()
        if len(links) > MAX_LINKS:
            raise ValidationError(f"{len(links)} addresses; at most {MAX_LINKS} fit.")
        for number, link in enumerate(links, start=1):
            if len(link) > MAX_LINK_CHARACTERS:
                raise ValidationError(
                    f"Address {number} is longer than {MAX_LINK_CHARACTERS} characters."
                )
            try:
                check_link(link)
            except ValidationError as error:
                raise ValidationError(
                    f"Address {number}: {' '.join(error.messages)}"
                ) from error
        return links

    @transaction.atomic
    def save(self, commit=True):
        account = super().save(commit=False)
        account.links = self.cleaned_data["links"]
        account.save(update_fields=["display_name", "bio", "links"])
        record("change_profile", account, by=account, via="admin")
        return account


class ProjectKeyForm(forms.Form):
    """The name and expiry of a project key."""

    name = forms.CharField(
        max_length=80,
        validators=[refuse_invisible],
        help_text="Where the key is used, such as “laptop” or “GitHub Actions”.",
    )
    expires = forms.ChoiceField(
        choices=EXPIRIES.items(), initial="90", required=False, label="Expires after"
    )

    def __init__(self, *args, account: Account, **kwargs):
        super().__init__(*args, **kwargs)
        self.account = account

    def clean(self):
        if switch := switches.is_off("key_creation"):
            raise ValidationError(switches.sentence(switch))
        require_room(keys, self.account)
        return super().clean()

    @property
    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["expires"]
        return timezone.now() + timedelta(days=int(days)) if days else None


class KeyForm(ProjectKeyForm):
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        choices=[(scope, f"{scope}: {SCOPE_TEXTS[scope]}") for scope in SCOPES],
        widget=forms.CheckboxSelectMultiple,
        initial=["draft:write", "publish"],
        required=False,
        help_text="Without any, the key can only read.",
    )
    patterns = forms.CharField(
        label="Only for these functions",
        required=False,
        max_length=MAX_PATTERNS * 66,
        help_text="Slugs, separated by commas; * stands for anything, as in "
        "“image-*”. Empty means all of your functions.",
    )
    field_order = ["name", "scopes", "patterns", "expires"]

    def clean_patterns(self) -> list[str]:
        patterns = self.cleaned_data["patterns"].replace(",", " ").split()
        if len(patterns) > MAX_PATTERNS:
            raise ValidationError(
                f"{len(patterns)} patterns; at most {MAX_PATTERNS} fit."
            )
        for number, pattern in enumerate(patterns, start=1):
            if not PATTERN.match(pattern):
                raise ValidationError(
                    f"Pattern {number}: use a to z, 0 to 9, hyphens, * and ?."
                )
        return patterns


class ProjectForm(forms.ModelForm):
    url = forms.URLField(
        label="Address",
        required=False,
        max_length=200,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
        help_text="Where the project runs, if it has an address.",
    )

    class Meta:
        model = Project
        fields = ["name", "slug", "url"]
        labels = {"slug": "Short name"}
        help_texts = {
            "slug": "Letters, digits and hyphens; made from the name when left empty."
        }

    def __init__(self, *args, account: Account, **kwargs):
        super().__init__(*args, **kwargs)
        self.account = account
        self.fields["name"].validators.append(refuse_invisible)
        if self.instance.pk:
            del self.fields["slug"]  # fixed: keys show it
        else:
            self.fields["slug"].required = False

    def clean_slug(self) -> str:
        return self.cleaned_data["slug"].lower()

    def clean(self):
        data = super().clean()
        if self.instance.pk or "name" not in data or "slug" in self.errors:
            return data
        data["slug"] = data["slug"] or slugify(data["name"])[:58].strip("-")
        if not data["slug"]:
            self.add_error("slug", "The name has no letters to make one from: add it.")
        elif self.account.projects.filter(slug=data["slug"]).exists():
            self.add_error("slug", f"You have a project “{data['slug']}” already.")
        else:
            require_room(projects, self.account)
        return data


class DeleteAccountForm(forms.Form):
    password = forms.CharField(
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        label="Your password",
    )

    def __init__(self, *args, account: Account, **kwargs):
        super().__init__(*args, **kwargs)
        self.account = account

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        if not get_adapter().reauthenticate(self.account, password):
            raise get_adapter().validation_error("incorrect_password")
        return password
