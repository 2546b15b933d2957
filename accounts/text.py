"""Which characters short public text may contain."""

import unicodedata

from django.core.exceptions import ValidationError

# Unicode calls these letters, but they are displayed as nothing or as a blank.
BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")


def refuse_invisible(text: str) -> None:
    """Raise ValidationError for an invisible character.

    Control and format characters (line breaks, bidirectional marks, zero-width
    spaces) would let a name look like another one, or break out of a mail's
    header. See Unicode TR36, "Bidirectional Text Spoofing".
    """
    for position, character in enumerate(text, start=1):
        hidden = unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        if hidden or character in BLANK_LETTERS:
            raise ValidationError(
                f"Character {position} (U+{ord(character):04X}) can't be seen. "
                "Remove it."
            )
