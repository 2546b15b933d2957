"""Reserved names, and the rule for usernames."""

import re
from fnmatch import fnmatchcase

from django.core.exceptions import ValidationError
from django.db.models import Q

from core.db.prepared import Prepared

USERNAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,37}[a-z0-9])\Z")

# Path segments used by the Hub, the API and the Admin.
ADDRESS_WORDS = frozenset(
    """
    about account accounts admin api appeal assets auth badges categories ci cli
    community compare dashboard deprecate diff docs draft drafts edit events favicon
    feeds files follow functions healthz help hub import install installs json
    keys listing login logout me media mine moderation my new opensearch preview
    profile projects publish r raw readme readyz register registry report reports
    robots schema search settings signin signout signup sitemap source staff star
    static stats support tags telemetry usage user users uses v v1 validate version
    versions well-known yank yanks
    """.split()
)
# Names with a special meaning to a file system or a language.
MACHINE_WORDS = frozenset(
    ["con", "prn", "aux", "nul"]
    + [f"{port}{number}" for port in ("com", "lpt") for number in range(10)]
    + """
    __proto__ __definegetter__ __definesetter__ __lookupgetter__ __lookupsetter__
    proto constructor prototype hasownproperty isprototypeof propertyisenumerable
    tostring valueof tolocalestring toJSON node-modules node_modules favicon-ico
    undefined null true false nan default index
    """.split()
)
OFFICIAL_WORDS = frozenset(
    "aerostack administrator moderator official root security system".split()
)
RESERVED = frozenset(
    word.lower() for word in ADDRESS_WORDS | MACHINE_WORDS | OFFICIAL_WORDS
)


@Prepared
def HELD(name):
    """Names that staff hold: ``name`` itself, and all with a ``*``. Asked by a push."""
    from accounts.models import ReservedName  # models.py needs check_username

    held = ReservedName.objects.filter(Q(name=name) | Q(name__contains="*"))
    return held.values_list("name", flat=True)


def is_reserved(name: str) -> bool:
    """Is ``name`` (any case) one of the fixed words, or held in ReservedName?"""
    lowered = name.lower()
    if lowered in RESERVED:
        return True
    return any(fnmatchcase(lowered, pattern) for pattern in HELD(lowered))


def check_username(name: str) -> None:
    """Raise ValidationError unless ``name`` can be a new account's username."""
    if not USERNAME.match(name):
        raise ValidationError(
            "Use 2 to 39 characters: a to z, 0 to 9 and hyphens, with a letter or "
            "digit at both ends."
        )
    if is_reserved(name):
        raise ValidationError(f"“{name}” is reserved. Choose another name.")
