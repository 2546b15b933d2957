"""Keys never reach a log, not in a message, not in a traceback."""

import logging
import re

KEY = re.compile(r"\b(a[ck]_)\w{4,}")


class RedactingFormatter(logging.Formatter):
    """Formats as usual, then blanks anything that looks like an API key."""

    def format(self, record):
        return KEY.sub(r"\1[redacted]", super().format(record))
