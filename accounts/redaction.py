"""Keep API keys out of logs, in messages and tracebacks."""

import logging
import re

KEY = re.compile(r"\b(a[ck]_)\w{4,}")


class RedactingFormatter(logging.Formatter):
    """Replaces anything that looks like an API key."""

    def format(self, record):
        return KEY.sub(r"\1[redacted]", super().format(record))
