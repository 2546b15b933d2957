"""Search over the demo functions: what people type, and what they meant."""

import pytest
from django.db import transaction

from registry import search
from registry.management import demo


@pytest.fixture(scope="module")
def demo_functions(django_db_setup, django_db_blocker):
    """The demo corpus, once for all tests here; rolled back afterwards."""
    with django_db_blocker.unblock():
        around = transaction.atomic()
        around.__enter__()
        demo.seed("correct horse battery")
        yield
        transaction.set_rollback(True)
        around.__exit__(None, None, None)


def slugs(text, **options):
    found = search.find(text, sort="relevance", **options)
    return [function.slug for function in found.rows]


EXPECTED = {
    # the very name
    "stripe-checkout": "stripe-checkout",
    "rate-limiter": "rate-limiter",
    "Image-Resizer": "image-resizer",
    "slugify": "slugify",
    "mailgun-send": "mailgun-send",
    "llm proxy": "llm-proxy",
    "web push": "web-push",
    "jwt_session": "jwt-session",
    # the beginning of a name
    "resiz": "image-resizer",
    "stripe-ch": "stripe-checkout",
    "news": "newsletter-subscribe",
    "slug": "slugify",
    "avat": "initials-avatar",
    "pagin": "cursor-pagination",
    "embedd": "semantic-search",
    "cs": "csv-export",
    # one word
    "webhook": "webhook-signature",
    "email": "send-email",
    "csv": "csv-export",
    "excel": "csv-export",
    "slack": "slack-notify",
    "avatar": "initials-avatar",
    "svg": "initials-avatar",
    "jwt": "jwt-session",
    "openai": "llm-proxy",
    "totp": "totp-two-factor",
    "2fa": "totp-two-factor",
    "backoff": "retry-fetch",
    "presigned": "signed-upload-url",
    "passwordless": "magic-link-login",
    "vapid": "web-push",
    "utm": "utm-tracker",
    "cookieless": "page-view-counter",
    "permalink": "slugify",
    "unsubscribe": "newsletter-subscribe",
    "throttle": "rate-limiter",
    "mailgun": "send-email",  # what is named so is deprecated
    "postmark": "send-email",
    # several words, and how people say it
    "rate limit": "rate-limiter",
    "resize images": "image-resizer",
    "send an email": "send-email",
    "how do I send email": "send-email",
    "two factor": "totp-two-factor",
    "magic link": "magic-link-login",
    "token bucket": "rate-limiter",
    "double opt-in": "newsletter-subscribe",
    "upload to s3": "signed-upload-url",
    "push notifications": "web-push",
    "vector search": "semantic-search",
    "verify webhook signatures": "webhook-signature",
    "stripe events": "stripe-webhook",
    "checkout page": "stripe-checkout",
    '"constant time"': "webhook-signature",
    "keyset pagination": "cursor-pagination",
    "r2 bucket files": "r2-file-server",
    "export csv from d1": "csv-export",
    # plurals, other forms, hyphens and accents
    "emails": "send-email",
    "e-mail": "send-email",
    "avatars": "initials-avatar",
    "webhooks": "webhook-signature",
    "resizing": "image-resizer",
    "retries": "retry-fetch",
    "newsletters": "newsletter-subscribe",
    "ratelimiter": "rate-limiter",
    "sign-in sessions": "jwt-session",
    "émail": "send-email",
    "e\u0301mail": "send-email",
    "ｅｍａｉｌ": "send-email",
    # typos
    "imgae": "image-resizer",
    "paginaton": "cursor-pagination",
    "strpie chekout": "stripe-checkout",
    "newslettr": "newsletter-subscribe",
    "webhok signature": "webhook-signature",
    "slugfy": "slugify",
    "avatr": "initials-avatar",
    "emial": "send-email",
    "retyr fetch": "retry-fetch",
    "notificatons": "web-push",
    # only the README says it
    "scanners mail": "magic-link-login",
    # qualifiers
    "author:maren webhook": "webhook-signature",
    "author:@demo email": "send-email",
    "tag:stripe webhook": "stripe-webhook",
    'tag:"rate limit"': "rate-limiter",
    "category:payments webhook": "stripe-webhook",
    "language:javascript email": "mailgun-send",
    "license:Apache-2.0 upload": "signed-upload-url",
    "license:isc": "retry-fetch",
    "license:MIT search": "semantic-search",
    "runtime:any retry": "retry-fetch",
    "no:dependencies slug": "slugify",
    "has:tables pagination": "cursor-pagination",
    "code:HKDF": "web-push",
    "code:List-Unsubscribe-Post": "newsletter-subscribe",
}


@pytest.mark.main_flow
@pytest.mark.parametrize("text", EXPECTED)
def test_search_finds_what_was_meant(db, demo_functions, text):
    assert slugs(text)[:1] == [EXPECTED[text]]
