"""Reserved names, names that look alike, and the rule for usernames."""

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
# No part of a username between hyphens reads like one of these: it would seem to speak
# for the Hub.
SPEAKING_FOR_THE_HUB = frozenset(
    """
    abuse admin administrator administrators admins aerostack helpdesk hostmaster
    moderator moderators official postmaster root security staff support sysadmin
    webmaster
    """.split()
)
# Characters that look alike in common fonts. Digits first: c1 -> cl -> d.
LOOK_ALIKES = [
    ("0", "o"),
    ("1", "l"),
    ("rn", "m"),
    ("vv", "w"),
    ("cl", "d"),
    ("i", "l"),
]


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


def look_alike(name: str) -> str:
    """The normal form shared by all slugs, or usernames, that look alike.

    >>> look_alike("str1pe") == look_alike("stri-pe") == look_alike("stripe")
    True
    """
    segments = name.split("-")
    for seen, read in LOOK_ALIKES:
        segments = [segment.replace(seen, read) for segment in segments]
    return "".join(segments)


def speaks_for_the_hub(name: str) -> bool:
    """Whether ``name``, or a part of it between hyphens, reads like one of
    SPEAKING_FOR_THE_HUB."""
    forms = set(map(look_alike, [name, *name.split("-")]))
    return any(look_alike(word) in forms for word in SPEAKING_FOR_THE_HUB)


def reads_like_another(name: str) -> bool:
    """Whether another account, deleted ones included, claimed a username that looks
    like ``name``."""
    from accounts.models import UsernameClaim  # models.py needs check_username

    claims = UsernameClaim.objects.filter(look_alike=look_alike(name))
    holders = claims.values_list("account__username", flat=True)
    return any(holder != name for holder in holders)


def check_username(name: str) -> None:
    """Raise ValidationError unless ``name`` can be a new account's username.

    Whether an account has this very name is for the one who makes it to find out.
    """
    if not USERNAME.match(name):
        raise ValidationError(
            "Use 2 to 39 characters: a to z, 0 to 9 and hyphens, with a letter or "
            "digit at both ends."
        )
    if is_reserved(name):
        raise ValidationError(f"“{name}” is reserved. Choose another name.")
    if speaks_for_the_hub(name):
        raise ValidationError(
            f"“{name}” reads as if it spoke for the Hub. Choose another name."
        )
    if reads_like_another(name):
        raise ValidationError(
            f"“{name}” reads like a username that is taken. Choose another name."
        )
