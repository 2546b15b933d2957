"""Credentials in source: found by form, shown masked, placeholders left alone.

The samples are put together here, so that no scanner takes this file for a leak.
"""

import pytest

from accounts.keys import ACCOUNT_PREFIX, PROJECT_PREFIX, new_secret
from registry import secrets
from registry.secrets import find_secrets

# 100 characters without a pattern; slices of it stand for random ones.
RANDOM = (
    "q7Xk2ZpR9tLw4VbN8mCy3HsJ6dFg1TnQ5aWe0UiOxKzBvMcPlYrEhSjDfGu"
    "A9oT2wQ8nL5xR7kV3zB6mC1pY4sHdJfG0eUiNaWq"
)
HEX = "9f3a7c1e5b8d2046af13ce9785bd6042"


def random(length: int, start: int = 0) -> str:
    return (RANDOM + RANDOM[::-1])[start : start + length]


def jwt(payload: int = 120) -> str:
    return f"eyJ{random(33)}.eyJ{random(payload)}.{random(43, 20)}"


def pem(kind: str = "") -> str:
    body = "\n".join(random(64, n) for n in range(4))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----"


SAMPLES = {
    "aerostack-key": [new_secret(ACCOUNT_PREFIX), new_secret(PROJECT_PREFIX)],
    "aws-access-key": ["AKIA" + random(40).upper()[:16]],
    "github-token": ["ghp_" + random(36), "github_pat_" + random(82)],
    "gitlab-token": ["glpat-" + random(20)],
    "slack-token": ["xoxb-" + "2918374650-" + random(24)],
    "slack-webhook": ["https://hooks.slack.com/services/T02A/B03C/" + random(24)],
    "discord-webhook": [
        "https://discord.com/api/webhooks/918273645546372819/" + random(68)
    ],
    "stripe-key": ["sk_live_" + random(24), "rk_live_" + random(99)],
    "stripe-webhook-secret": ["whsec_" + random(32)],
    "anthropic-key": ["sk-ant-api03-" + random(93) + "AA"],
    "openai-key": ["sk-" + random(48), "sk-proj-" + random(74)],
    "google-key": ["AIza" + random(35)],
    "google-oauth-secret": ["GOCSPX-" + random(28)],
    "npm-token": ["npm_" + random(36)],
    "pypi-token": ["pypi-AgEI" + random(90)],
    "sendgrid-key": [f"SG.{random(22)}.{random(43, 30)}"],
    "resend-key": [f"re_{random(8)}_{random(24, 20)}"],
    "twilio-key": ["SK" + HEX],
    "telegram-token": ["918273645:AA" + random(33)],
    "private-key": [pem(), pem("RSA "), pem("OPENSSH ")],
    "json-web-token": [jwt()],
    "connection-string": [
        "postgres://app:" + random(16) + "@pg.acme.io:5432/app",
        "mongodb+srv://app:" + random(16) + "@cluster.acme.net",
    ],
}
NAMED = {
    "aws-secret-key": f'const AWS_SECRET_ACCESS_KEY = "{random(40)}";',
    "cloudflare-token": "CLOUDFLARE_API_TOKEN=" + random(40),
}


@pytest.mark.parametrize(
    ("rule", "value"),
    [(rule, value) for rule in SAMPLES for value in SAMPLES[rule]],
    ids=[rule for rule in SAMPLES for _ in SAMPLES[rule]],  # some values are random
)
def test_secret_is_found_and_masked(rule, value):
    text = f'// ü\nconst k = "🦊", key = "{value}";\n'

    (secret,) = find_secrets({"src/a.ts": text})

    assert (secret.path, secret.line, secret.rule) == ("src/a.ts", 2, rule)
    assert secret.column == len('const k = "🦊", key = "') + 2  # a fox is two units
    assert value.startswith(secret.value[:64])
    assert len(secret.masked) <= 7
    assert secret.masked.startswith(value[:2])
    assert value[5:-3] not in secret.masked


@pytest.mark.parametrize(("rule", "text"), NAMED.items())
def test_secret_is_found_by_the_name_of_its_variable(rule, text):
    assert [s.rule for s in find_secrets({"a.ts": text})] == [rule]


def test_every_rule_has_a_sample():
    assert set(SAMPLES) | set(NAMED) == set(secrets.RULES)
    assert len(secrets.RULES) >= 20


@pytest.mark.parametrize(
    "text",
    [
        "AKIA" + "IOSFODNN7EXAMPLE",
        "ac_secret_xxxx",
        "ac_secret_" + "x" * 42,
        "ghp_" + "x" * 36,
        "ghp_" + "0" * 36,
        "sk_live_" + "your_key_here_please",
        "sk_test_" + random(24),
        "sk_live_" + "1234567890abcdefghij",
        "sk_live_...",
        "<ANTHROPIC_API_KEY>",
        "process.env.STRIPE_SECRET_KEY",
        "postgres://user:password@localhost:5432/app",
        "postgres://app:" + random(12) + "@localhost/app",
        "postgres://user:pass@host/db",
        "postgres://app:${PASSWORD}@pg.acme.io/app",
        "https://a:b@c.d",
        "sha512-" + random(86) + "==",
        HEX,
        "task_" + random(36),
        "my_ghp_" + random(36),
        "eyJhbGciOiJIUzI1NiJ9",
        "-----BEGIN PUBLIC KEY-----\n" + random(90),
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "SG.xxxxxxxxxxxxxxxxxxxxxx." + "y" * 43,
    ],
)
def test_what_only_looks_like_a_secret_is_left_alone(text):
    assert find_secrets({"a.ts": f'const key = "{text}";\n'}) == []


@pytest.mark.parametrize("place", [12, -1])
def test_aerostack_key_with_a_wrong_checksum_is_left_alone(place):
    key = list(new_secret(ACCOUNT_PREFIX))
    key[place] = "a" if key[place] != "a" else "b"

    assert find_secrets({"a.ts": "".join(key)}) == []


def test_secrets_come_in_the_order_of_files_and_lines():
    one, two, three = "ghp_" + random(36), "npm_" + random(36), "glpat-" + random(20)
    files = {"b.ts": f"{one}\n\n{two} {three}", "a.ts": three}

    assert [(s.path, s.line, s.column, s.rule) for s in find_secrets(files)] == [
        ("b.ts", 1, 1, "github-token"),
        ("b.ts", 3, 1, "npm-token"),
        ("b.ts", 3, 42, "gitlab-token"),
        ("a.ts", 1, 1, "gitlab-token"),
    ]


def test_secrets_are_limited_per_file():
    text = "\n".join("ghp_" + random(36, n % 50) for n in range(1000))

    assert len(find_secrets({"a.ts": text})) == secrets.MAX_SECRETS


@pytest.mark.parametrize(
    "text",
    [
        "ghp_" * 120_000,
        "postgres://" * 45_000,
        "postgres://a:" * 40_000,
        "eyJ" * 170_000,
        "eyJ" + "a." * 250_000,
        "-----BEGIN PRIVATE KEY-----" * 20_000,
        "-----BEGIN RSA PRIVATE KEY-----" + "A" * 500_000,
        "cf_api_token=" * 40_000,
        "aws_secret_key" + " " * 500_000,
        "xoxb-" + "1-" * 250_000,
        "1234567890:" * 45_000,
    ],
)
def test_secrets_come_back_from_hostile_text(text):
    assert len(find_secrets({"a.ts": text})) <= 1


# The shortest credential of each rule, or its only length; a character less is none.
SHORTEST = {
    "aerostack-key": SAMPLES["aerostack-key"][0],
    "aws-access-key": "ASIA" + random(40).upper()[:16],
    "github-token": "ghs_" + random(36),
    "gitlab-token": "glpat-" + random(20),
    "slack-token": "xoxp-" + random(20),
    "slack-webhook": "https://hooks.slack.com/workflows/" + random(30),
    "discord-webhook": "https://discordapp.com/api/webhooks/91827364554637281/"
    + random(60),
    "stripe-key": "rk_live_" + random(16),
    "stripe-webhook-secret": "whsec_" + random(32),
    "anthropic-key": "sk-ant-" + random(32),
    "openai-key": "sk-admin-" + random(40),
    "google-key": "AIza" + random(35),
    "google-oauth-secret": "GOCSPX-" + random(28),
    "npm-token": "npm_" + random(36),
    "pypi-token": "pypi-AgEI" + random(50),
    "sendgrid-key": f"SG.{random(22)}.{random(43, 30)}",
    "resend-key": f"re_{random(8)}_{random(24, 20)}",
    "twilio-key": "SK" + HEX,
    "telegram-token": "91827364:AA" + random(33),
    "private-key": "-----BEGIN PRIVATE KEY-----" + random(64),
    "json-web-token": f"eyJ{random(10)}.eyJ{random(30, 5)}.{random(40, 20)}",
}


@pytest.mark.parametrize("rule", SHORTEST)
def test_a_credential_that_lost_a_character_is_none(rule):
    value = SHORTEST[rule]

    assert [s.rule for s in find_secrets({"a.ts": f"'{value}'"})] == [rule]
    assert find_secrets({"a.ts": f"'{value[:-1]}'"}) == []


ANYWHERE = {"slack-webhook", "discord-webhook", "private-key"}


@pytest.mark.parametrize("rule", [rule for rule in SHORTEST if rule not in ANYWHERE])
@pytest.mark.parametrize("before", ["a", "Z", "_"])
def test_a_credential_does_not_start_within_a_word(rule, before):
    assert find_secrets({"a.ts": f"'{before}{SHORTEST[rule]}'"}) == []


LONGEST = {
    "ghp_": 255,
    "github_pat_": 255,
    "glpat-": 64,
    "xoxb-": 250,
    "sk_live_": 250,
    "sk-ant-": 200,
    "sk-proj-": 250,
    "pypi-AgEI": 250,
    f"eyJ{random(33)}.eyJ{random(50)}.": 700,
}


@pytest.mark.parametrize(("prefix", "longest"), LONGEST.items())
def test_a_run_that_is_too_long_for_a_credential_is_none(prefix, longest):
    rest = random(100, 3) * 7

    (found,) = find_secrets({"a.ts": f"'{prefix}{rest[:longest]}'"})
    assert found.value == prefix + rest[:longest]
    assert find_secrets({"a.ts": f"'{prefix}{(rest + 'q')[: longest + 1]}'"}) == []


EXACT = "aerostack-key aws-access-key google-key google-oauth-secret npm-token"
EXACT += " sendgrid-key resend-key twilio-key telegram-token"


@pytest.mark.parametrize("rule", EXACT.split())
@pytest.mark.parametrize("after", ["a", "Z", "0", "_"])
def test_a_credential_of_one_length_does_not_end_within_a_word(rule, after):
    value = SHORTEST[rule]

    assert find_secrets({"a.ts": f"'{value}{after}'"}) == []
    assert [s.rule for s in find_secrets({"a.ts": f"{value}!"})] == [rule]


@pytest.mark.parametrize(
    "text",
    [
        "postgres://app:{}@pg.acme.io/app",
        "postgresql://:{}@pg.acme.io",
        "mysql://app:{}@db1.acme.io/app",
        "mariadb://app:{}@10.0.0.5/app",
        "mongodb://app:{}@mongo.acme.io",
        "redis://:{}@redis.acme.io:6379",
        "rediss://app:{}@redis.acme.io:6379",
        "amqp://app:{}@mq.acme.io",
        "amqps://app:{}@mq.acme.io",
    ],
)
def test_a_password_in_a_connection_string_has_6_characters(text):
    password = "q7Xk2Zp"
    found = find_secrets({"a.ts": "'" + text.format(password) + "'"})

    assert [s.rule for s in found] == ["connection-string"]
    assert password not in found[0].masked
    assert find_secrets({"a.ts": "'" + text.format(password[:5]) + "'"}) == []


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1", "host", "db", "[::1]", "pg.example", "example.com"],
)
def test_a_connection_string_to_no_real_host_is_left_alone(host):
    text = f"postgres://app:{random(16)}@{host}:5432/app"

    assert find_secrets({"a.ts": text}) == []


@pytest.mark.parametrize("password", ["password1", "Passw0rd", "secret"])
def test_a_connection_string_with_no_real_password_is_left_alone(password):
    assert find_secrets({"a.ts": f"mysql://app:{password}@pg.acme.io/app"}) == []


@pytest.mark.parametrize(
    "line",
    [
        'aws_secret_access_key = "{}"',
        "AWS_SECRET_KEY={}",
        "awsSecretAccessKey: '{}',",
        '"aws_secret_access_key": "{}"',
        "CF_API_TOKEN={}",
        "cfApiKey: `{}`",
        "Cloudflare_Api_Key   :   '{}'",
    ],
)
def test_a_variable_is_named_in_any_case_and_quoted_or_not(line):
    (secret,) = find_secrets({"a.ts": line.format(random(40))})

    assert secret.value == random(40)
    assert secret.column == line.index("{") + 1


@pytest.mark.parametrize("length", [39, 41])
def test_an_aws_secret_key_has_40_characters(length):
    assert find_secrets({"a.ts": f"aws_secret_key='{random(length)}'"}) == []


@pytest.mark.parametrize(
    ("length", "is_found"), [(36, False), (37, True), (45, True), (46, False)]
)
def test_a_cloudflare_token_has_37_to_45_characters(length, is_found):
    found = find_secrets({"a.ts": f"cf_api_token='{random(length)}'"})

    assert bool(found) is is_found


@pytest.mark.parametrize(
    "word",
    "example EXAMPLE xxxx placeholder your_ your-key dummy fake redacted change-me "
    "CHANGE_ME changeme ... *** 1234567890 abcdefgh aaaaaaaaaaaa".split(),
)
def test_a_value_with_a_word_of_a_placeholder_is_left_alone(word):
    text = "mysql://app:{}@pg.acme.io"
    assert find_secrets({"a.ts": text.format(random(30))})

    assert find_secrets({"a.ts": text.format(random(20) + word + random(10))}) == []


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("abcdefghijklmnop", "abcd…op"),
        ("abcdefghijklmno", "ab…"),
    ],
)
def test_a_short_value_is_masked_but_for_two_characters(value, masked):
    assert secrets.mask(value) == masked


def test_a_value_of_few_different_characters_is_left_alone():
    few, enough = "abcdefg" * 6, "abcdefgh" * 6

    assert find_secrets({"a.ts": "ghp_abcd" + few[:32]}) == []
    assert find_secrets({"a.ts": "ghp_abcd" + enough[::-1][:32]})


def test_a_credential_of_two_kinds_is_named_once():
    assert [
        s.rule for s in find_secrets({"a.ts": f"CF_API_TOKEN='ghp_{random(36)}'"})
    ] == ["github-token"]


def test_a_credential_within_another_is_named_once_and_later_ones_still():
    within = f"redis://:sk-{random(48)}@db1.acme.io"
    later = "npm_" + random(36)
    text = f"// {'-' * 100}\nconst a = '{within}', b = '{later}';\n"

    assert [(s.line, s.rule) for s in find_secrets({"a.ts": text})] == [
        (2, "connection-string"),
        (2, "npm-token"),
    ]


def test_a_hundred_finds_are_listed_for_each_file_and_each_rule():
    one = "\n".join("ghp_" + random(36, n % 50) for n in range(101))
    other = "\n".join("npm_" + random(36, n % 50) for n in range(99))

    found = find_secrets({"a.ts": one, "b.ts": other})

    assert [s.path for s in found].count("a.ts") == 100
    assert [s.path for s in found].count("b.ts") == 99


def test_a_hundred_finds_are_listed_for_a_file_with_several_rules():
    one = [f"ghp_{random(36, n)}" for n in range(60)]
    other = [f"npm_{random(36, n)}" for n in range(60)]

    assert len(find_secrets({"a.ts": "\n".join(one + other)})) == 100


@pytest.mark.parametrize(("before", "is_found"), [(105, False), (106, True)])
def test_a_word_of_a_placeholder_counts_in_the_first_120_characters(before, is_found):
    value = "github_pat_" + random(before) + "fake" + random(20)

    assert bool(find_secrets({"a.ts": value})) is is_found


@pytest.mark.parametrize(
    ("place", "is_found"), [(7, False), (8, True), (71, True), (72, False)]
)
def test_different_characters_count_from_the_9th_to_the_72nd(place, is_found):
    value = list("ghp_abcd" + "qrstuvw" * 12)
    value[place] = "Z"

    assert bool(find_secrets({"a.ts": "".join(value)})) is is_found


def test_a_character_of_the_basic_plane_is_one_column():
    (secret,) = find_secrets({"a.ts": f"\uffff {SHORTEST['npm-token']}"})

    assert secret.column == 3
