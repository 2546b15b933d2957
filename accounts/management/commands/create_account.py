from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from accounts.models import random_password
from accounts.registration import create_account


class Command(BaseCommand):
    help = "Make an account with a verified e-mail. Sends nothing."

    def add_arguments(self, parser):
        parser.add_argument("username")
        parser.add_argument("--email", required=True)
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the password from standard input; without it, one is made "
            "and printed",
        )
        parser.add_argument("--staff", action="store_true", help="may moderate")

    def handle(self, username, email, password_stdin, staff, **options):
        password = input() if password_stdin else random_password()
        if not password:
            raise CommandError("The password on standard input is empty.")
        try:
            create_account(username, email, password, is_staff=staff)
        except IntegrityError as error:
            raise CommandError("Somebody took that name just now.") from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"Account {username} <{email}> is ready.")
        if not password_stdin:
            self.stdout.write(f"Password: {password}")
