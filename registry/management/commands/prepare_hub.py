import os

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from whitenoise.compress import Compressor

from accounts.models import Account, random_password
from registry.content import sandbox
from registry.management import demo
from registry.models import Function, SearchDocument


class Command(BaseCommand):
    help = "Make the database ready to serve, with demo content on the first start."

    def handle(self, **options):
        if settings.REQUIRE_CONFINEMENT:  # before anything is written
            try:
                sandbox.confinement().check()
            except sandbox.Unconfined as error:
                raise CommandError(f"The Hub does not start: {error}") from None
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command("clearsessions")  # one indexed DELETE; nothing else removes them
        self._collect_static()
        password_file = settings.DATA_DIR / "demo_password"
        if settings.SEED_DEMO and not Account.objects.exists():
            self.stdout.write("First start: publishing the demo functions ...")
            self.stdout.flush()
            password = random_password()
            demo.seed(password)
            password_file.touch(mode=0o600)
            password_file.write_text(password)
        if (
            Function.objects.published().exists()
            and not SearchDocument.objects.exists()
        ):
            call_command("rebuild_search")  # upgraded from a release without search
        self._say_hello(password_file)

    def _collect_static(self):
        """Static files where the server reads them, with .gz and .br beside them.

        The vendored editor brings its own .br files; compressing it takes a minute.
        """
        call_command("collectstatic", interactive=False, verbosity=0)
        compressor = Compressor(quiet=True)
        for path in sorted(settings.STATIC_ROOT.rglob("*.[cj]s*")):
            is_new = not path.with_name(f"{path.name}.gz").exists() or (
                path.with_name(f"{path.name}.gz").stat().st_mtime < path.stat().st_mtime
            )
            vendored = "vendor" in path.relative_to(settings.STATIC_ROOT).parts
            if path.suffix in (".css", ".js") and is_new and not vendored:
                for packed in compressor.compress(str(path)):
                    os.chmod(packed, settings.STATIC_FILE_PERMISSIONS)

    def _say_hello(self, password_file):
        say = self.stdout.write
        say(f"\nAerostack Hub   {settings.HUB_URL}")
        say(f"Admin           {settings.ADMIN_URL}")
        if password_file.exists() and Account.objects.filter(username="demo").exists():
            say(
                f"Demo account    demo@example.com   password "
                f"{password_file.read_text().strip()}"
            )
        say(f"Data            {settings.DATA_DIR.resolve()}\n")
