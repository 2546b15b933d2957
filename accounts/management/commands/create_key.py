from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.keys import SCOPES, create_key
from accounts.models import Account


class Command(BaseCommand):
    help = "Make an account key and print it, once."

    def add_arguments(self, parser):
        parser.add_argument("username")
        parser.add_argument("--name", default="command line")
        parser.add_argument(
            "--scope",
            action="append",
            choices=SCOPES,
            help="may be given several times; all scopes by default",
        )
        parser.add_argument(
            "--expires", type=int, metavar="DAYS", help="never, when left out"
        )

    def handle(self, username, name, scope, expires, **options):
        account = Account.objects.filter(username=username).first()
        if account is None:
            raise CommandError(f"There is no account named {username}.")
        if expires is not None and not 1 <= expires <= 3650:
            raise CommandError("--expires takes 1 to 3650 days.")
        _, secret = create_key(
            account,
            name=name,
            scopes=scope or SCOPES,
            expires_at=expires and timezone.now() + timedelta(days=expires),
            via="system",
        )
        self.stdout.write(secret)
