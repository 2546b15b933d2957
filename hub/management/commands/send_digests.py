"""``manage.py send_digests``: mail everyone whose digest is due. Run it every hour."""

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts import mail
from registry import following


class Command(BaseCommand):
    help = (
        "Mail the daily and weekly digests that are due. Running it twice, or on two "
        "machines at once, mails nobody twice."
    )

    def handle(self, **options):
        now = timezone.now()
        sent = sum(_send(digest, now) for digest in following.digests_due(now))
        self.stdout.write(f"{sent} digest{'' if sent == 1 else 's'} sent.")


def _send(digest, now) -> bool:
    """Send one digest. Returns whether a mail was sent."""
    since, versions = digest.told_until, following.news_for(digest, now)
    # Marked before sending: after a crash, a lost mail is better than a repeated one.
    if not following.mark_told(digest, now) or not versions:
        return False
    token = following.stop_token(digest.account)
    mail.send(
        "hub/email/digest",
        digest.account.email,
        account=digest.account,
        versions=versions,
        since=since,
        every=digest.every,
        stop_url=f"{settings.HUB_URL}/account/following/stop/{token}",
    )
    return True
