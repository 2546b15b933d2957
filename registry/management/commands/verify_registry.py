from django.core.management.base import BaseCommand, CommandError

from registry import verification
from registry.models import Blob, Version


class Command(BaseCommand):
    help = "Re-hash every blob and version. Exits with 1 naming what is damaged."

    def handle(self, **options):
        found = 0
        for fault in verification.faults():
            found += 1
            self.stderr.write(fault)
        if found:
            raise CommandError(f"{found} faults were found.", returncode=1)
        self.stdout.write(
            f"{Version.objects.count()} versions and {Blob.objects.count()} blobs "
            "are whole."
        )
