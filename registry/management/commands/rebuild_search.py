from django.core.management.base import BaseCommand

from registry import search


class Command(BaseCommand):
    help = "Write everything search knows again, in batches, while the Hub runs."

    def add_arguments(self, parser):
        parser.add_argument(
            "--batch", type=int, default=500, help="functions to one transaction"
        )

    def handle(self, *, batch, **options):
        def say(done):
            if options["verbosity"] > 1:
                self.stdout.write(f"{done:,} functions ...")

        done = search.rebuild(max(1, batch), progress=say)
        self.stdout.write(f"{done:,} functions can be found.")
