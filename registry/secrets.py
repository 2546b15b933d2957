"""Credentials in source: about twenty rules on well-known prefixes, in linear time.

Each rule is a literal prefix and a bounded run of characters, so that no text can make
it slow. A run that nothing of its own kind may follow is possessive (``{20,64}+``): it
need not be tried shorter. Obvious placeholders are not reported.
"""

import re
import string
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MAX_SECRETS = 100  # per file
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


@dataclass(frozen=True)
class SecretRule:
    """id: kebab-case, public. pattern: its group 1 is the credential itself.

    hints: substrings, one of which is in every match; searching for them is far
    cheaper. Lower case if the pattern ignores case, and then without i, k and s,
    because such a pattern also matches their Unicode variants.
    """

    id: str
    hints: tuple[str, ...]
    title: str
    pattern: re.Pattern
    accepts: Callable[[str], bool]

    @property
    def is_caseless(self) -> bool:
        return "(?i:" in self.pattern.pattern


@dataclass(frozen=True)
class Secret:
    """One finding. line, column: from 1, the column in UTF-16 code units.

    value must not be shown or stored; masked may.
    """

    path: str
    line: int
    column: int
    rule: str  # a key of RULES
    masked: str
    value: str


def find_secrets(files: dict[str, str]) -> list[Secret]:
    """Credentials in ``files`` (path -> text), in the order of files and lines.

    At most MAX_SECRETS a file. Source: docs/inspection.md#credentials.
    """
    return [secret for path in files for secret in _in_file(path, files[path])]


def mask(value: str) -> str:
    """The first four and last two characters; the first two of a short value."""
    return f"{value[:4]}…{value[-2:]}" if len(value) >= 16 else f"{value[:2]}…"


def has_checksum(secret: str) -> bool:
    """Whether an account or project key has a correct checksum."""
    number, digits = zlib.crc32(secret[:-6].encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return digits == secret[-6:]


def _rule(rule_id, hints, title, pattern, accepts=lambda value: True) -> SecretRule:
    return SecretRule(
        rule_id, tuple(hints.split()), title, re.compile(pattern), accepts
    )


START, END = r"(?<![A-Za-z0-9_])", r"(?![A-Za-z0-9_])"
QUOTED = r"[\"'`]?\s{0,3}[:=]\s{0,3}[\"'`]?"
RULES = {
    rule.id: rule
    for rule in [
        _rule(
            "aerostack-key",
            "_secret_",
            "an Aerostack key",
            START + r"(a[ck]_secret_[0-9A-Za-z]{42})" + END,
            has_checksum,
        ),
        _rule(
            "aws-access-key",
            "AKIA ASIA",
            "an AWS access key",
            START + r"((?:AKIA|ASIA)[0-9A-Z]{16})" + END,
        ),
        _rule(
            "aws-secret-key",
            "cret",
            "an AWS secret key",
            r"(?i:aws_?secret_?(?:access_?)?key)"
            + QUOTED
            + r"([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
        ),
        _rule(
            "github-token",
            "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
            "a GitHub token",
            START + r"(gh[pousr]_[0-9A-Za-z]{36,255}|github_pat_\w{60,255})" + END,
        ),
        _rule(
            "gitlab-token",
            "glpat-",
            "a GitLab token",
            START + r"(glpat-[\w-]{20,64}+)(?![\w-])",
        ),
        _rule(
            "slack-token",
            "xox",
            "a Slack token",
            START + r"(xox[abeoprs]-[0-9A-Za-z-]{20,250}+)(?![\w-])",
        ),
        _rule(
            "slack-webhook",
            "hooks.slack.com",
            "a Slack webhook address",
            r"(https://hooks\.slack\.com/(?:services|workflows)/[\w/]{30,120})",
        ),
        _rule(
            "discord-webhook",
            "/api/webhooks/",
            "a Discord webhook address",
            r"(https://(?:\w{1,10}\.)?discord(?:app)?\.com/api/webhooks/\d{17,20}/[\w-]{60,80})",
        ),
        _rule(
            "stripe-key",
            "_live_",
            "a Stripe live key",
            START + r"((?:sk|rk)_live_[0-9A-Za-z]{16,250})" + END,
        ),
        _rule(
            "stripe-webhook-secret",
            "whsec_",
            "a Stripe webhook secret",
            START + r"(whsec_[0-9A-Za-z+/]{32,64}={0,2})",
        ),
        _rule(
            "anthropic-key",
            "sk-ant-",
            "an Anthropic key",
            START + r"(sk-ant-[\w-]{32,200}+)(?![\w-])",
        ),
        _rule(
            "openai-key",
            "sk-",
            "an OpenAI key",
            START
            + r"(sk-(?:proj|svcacct|admin)-[\w-]{40,250}+|sk-[0-9A-Za-z]{48})(?![\w-])",
        ),
        _rule(
            "google-key",
            "AIza",
            "a Google API key",
            START + r"(AIza[\w-]{35})(?![\w-])",
        ),
        _rule(
            "google-oauth-secret",
            "GOCSPX-",
            "a Google OAuth client secret",
            START + r"(GOCSPX-[\w-]{28})(?![\w-])",
        ),
        _rule(
            "npm-token", "npm_", "an npm token", START + r"(npm_[0-9A-Za-z]{36})" + END
        ),
        _rule(
            "pypi-token",
            "pypi-AgEI",
            "a PyPI token",
            START + r"(pypi-AgEI[\w-]{50,250}+)(?![\w-])",
        ),
        _rule(
            "sendgrid-key",
            "SG.",
            "a SendGrid key",
            START + r"(SG\.[\w-]{22}\.[\w-]{43})(?![\w-])",
        ),
        _rule(
            "resend-key",
            "re_",
            "a Resend key",
            START + r"(re_[0-9A-Za-z]{8}_[0-9A-Za-z]{24})" + END,
        ),
        _rule("twilio-key", "SK", "a Twilio key", START + r"(SK[0-9a-f]{32})" + END),
        _rule(
            "telegram-token",
            ":AA",
            "a Telegram bot token",
            START + r"(\d{8,10}:AA[\w-]{33})(?![\w-])",
        ),
        _rule(
            "cloudflare-token",
            "cloudf cf",
            "a Cloudflare token",
            r"(?i:(?:cloudflare|cf)_?api_?(?:token|key))"
            + QUOTED
            + r"([\w-]{37,45}+)(?![\w-])",
        ),
        _rule(
            "private-key",
            "PRIVATE KEY-----",
            "a private key",
            r"(-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY-----"
            r"[A-Za-z0-9+/=\\nr\s]{64,8000})",
        ),
        _rule(
            "json-web-token",
            "eyJ",
            "a signed token (JWT)",
            START + r"(eyJ[\w-]{10,400}\.eyJ[\w-]{30,4000}\.[\w-]{40,700}+)(?![\w-])",
        ),
        _rule(
            "connection-string",
            "://",
            "a connection string with a password",
            START
            + r"((?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?)"
            r"://[^\s:/@\"'`$<>{}]{0,100}:[^\s/@\"'`$<>{}]{6,200}@[\w.-]{4,200})",
            lambda url: (
                not re.search(
                    r"@(?:localhost|127\.|host\b|db\b|\[?::1)|[:@/]pass|:secret@|:user|"
                    r"\.example\b|@example\.",
                    url,
                    re.IGNORECASE,
                )
            ),
        ),
    ]
}

PLACEHOLDER = re.compile(
    r"example|xxxx|placeholder|your[_-]?|dummy|fake|redacted|change[_-]?me|\.\.\.|\*\*\*"
    r"|1234567890|abcdefgh|eyJzdWIiOiIxMjM0NTY3ODkw|(.)\1{11}",
    re.IGNORECASE,
)


def _in_file(path: str, text: str) -> list[Secret]:
    found: list[tuple[int, SecretRule, str]] = []
    lower = text.lower()
    for rule in RULES.values():
        within = lower if rule.is_caseless else text
        if any(hint in within for hint in rule.hints):
            found += _matches(rule, text)
    if not found:
        return []
    return list(_placed(path, text, sorted(found, key=lambda hit: hit[0])))


def _matches(rule: SecretRule, text: str) -> Iterator[tuple[int, SecretRule, str]]:
    count = 0
    for match in rule.pattern.finditer(text):
        value = match[1]
        if rule.accepts(value) and not _is_placeholder(value):
            yield match.start(1), rule, value
            count += 1
            if count == MAX_SECRETS:
                return


def _is_placeholder(value: str) -> bool:
    """Whether ``value`` has a word such as EXAMPLE, or too few different characters."""
    return bool(PLACEHOLDER.search(value[:120])) or len(set(value[8:72])) < 8


def _placed(path: str, text: str, found) -> Iterator[Secret]:
    line, line_start, end = 1, 0, 0
    for start, rule, value in found[:MAX_SECRETS]:
        if start < end:
            continue  # overlaps the previous finding
        line += text.count("\n", line_start, start)
        line_start = max(text.rfind("\n", 0, start) + 1, line_start)
        before = text[line_start:start]
        column = len(before) + sum(c > "\uffff" for c in before) + 1
        end = start + len(value)
        yield Secret(path, line, column, rule.id, mask(value), value)
