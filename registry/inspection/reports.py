"""What a kept report may be taken to say.

A report that doesn't speak for all of the code says what is there, never what is not:
no statement such as "none", "clean" or "no longer" may rest on it.
"""

NOT_YET = "The code has not been looked at yet; reload in a moment."
# Rules that mean that a part of a file was not understood.
PARTLY_READ = {"syntax-error", "inspected-in-part"}


def unread(report: dict) -> str:
    """Why ``report`` doesn't speak for all of the code, as a sentence for people; ""
    where it does. report: of a version's inspection; empty until it is made."""
    if not report:
        return NOT_YET
    if report.get("incomplete"):
        return report["incomplete"]
    rules = {finding["rule"] for finding in report.get("findings", [])}
    return "Some of the code was not understood." if rules & PARTLY_READ else ""
