"""Take the pictures a designer looks at: every page, phone and desktop, both themes.

    python docs/screenshots.py http://127.0.0.1:8000 pictures/

docs/screenshots.md says what it needs and how to choose among the pages.
"""

import argparse
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    sync_playwright,
)

WIDTHS = (390, 1440)  # CSS pixels
THEMES = ("light", "dark")
FUNCTION = "rate-limiter"  # of the demo functions

PUBLIC = {
    "home": "/",
    "browse": "/functions/",
    "browse-search": "/functions/?q=image",
    "browse-empty": "/functions/?q=qqqqqqqq",
    "category": "/categories/media",
    "tag": "/tags/image",
    "function": f"/functions/demo/{FUNCTION}",
    "source": f"/functions/demo/{FUNCTION}/source",
    "uses": f"/functions/demo/{FUNCTION}/uses",
    "versions": f"/functions/demo/{FUNCTION}/versions",
    "install": f"/functions/demo/{FUNCTION}/install",
    "installs": f"/functions/demo/{FUNCTION}/installs",
    "report": f"/functions/demo/{FUNCTION}/report",
    "author": "/users/demo",
    "docs": "/docs/",
    "docs-page": "/docs/manifest",
    "log": "/moderation",
    "missing": "/functions/demo/nothing-here",
    "login": "/account/login/",
    "signup": "/account/signup/",
    "reset": "/account/password/reset/",
    "reset-sent": "/account/password/reset/done/",
    "reset-link-dead": "/account/password/reset/key/a-b/",
    "verification-sent": "/account/confirm-email/",
}
AUTHOR = {
    "my-functions": "/admin/",
    "my-functions-nothing-found": "/admin/?q=qqqqqqqq",
    "limits": "/admin/limits",
    "new-function": "/admin/functions/new",
    "function-admin": f"/admin/functions/{FUNCTION}",
    "listing": f"/admin/functions/{FUNCTION}/listing",
    "listing-history": f"/admin/functions/{FUNCTION}/listing/history",
    "deprecate": f"/admin/functions/{FUNCTION}/deprecate",
    "offers": "/admin/offers",
    "decisions": "/admin/decisions",
    "profile": "/account/profile",
    "email": "/account/email/",
    "password": "/account/password/change/",
    "second-factor": "/account/second-factor/",
    "passkeys": "/account/second-factor/webauthn/",
    "totp": "/account/second-factor/totp/activate/",
    "sessions": "/account/sessions/",
    "keys": "/account/keys",
    "projects": "/account/projects",
    "following": "/account/following",
    "delete-account": "/account/delete",
    "logout": "/account/logout/",
    "reauthenticate": "/account/reauthenticate/?next=/account/profile",
}
STAFF = {
    "my-functions-empty": "/admin/",
    "moderation": "/admin/moderation/",
    "moderation-names": "/admin/moderation/names",
    "moderation-categories": "/admin/moderation/categories",
    "moderation-tags": "/admin/moderation/tags",
    "moderation-accounts": "/admin/moderation/accounts",
    "moderation-account": "/admin/moderation/accounts/demo",
    "moderation-events": "/admin/moderation/events",
    "moderation-switches": "/admin/moderation/switches",
}
DRAFT = {  # below the editor's address
    "editor": "",
    "publish": "/publish",
    "preview": "/preview",
    "preview-source": "/preview/source",
    "preview-install": "/preview/install",
    "compare": "/diff",
    "waive": "/waive",
    "delete-draft": "/delete",
}


@dataclass
class Account:
    """Who signs in: an e-mail address and a password."""

    email: str
    password: str


def main() -> None:
    options = parsed()
    options.out.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        for account, find in visits(options):
            visit(browser, options, account, find)
        browser.close()


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base", help="address of a running Hub")
    parser.add_argument("out", type=Path, help="folder for the PNG files")
    for who in ("author", "staff"):
        for what in ("email", "password"):
            name = f"{who}-{what}"
            default = os.environ.get(f"HUB_{who}_{what}".upper(), "")
            parser.add_argument(f"--{name}", default=default)
    parser.add_argument("--only", default="", help="pages whose name contains this")
    parser.add_argument("pages", nargs="*", help="name=/path of public pages instead")
    options = parser.parse_args()
    options.base = options.base.rstrip("/")
    return options


def visits(options) -> Iterator[tuple[Account | None, Callable[[Page], dict]]]:
    """Who goes where; without credentials that part is left out and said so."""
    if options.pages:
        yield None, lambda page: dict(name.split("=", 1) for name in options.pages)
        return
    yield None, lambda page: PUBLIC
    for who, find in (("author", author_pages), ("staff", staff_pages)):
        account = Account(
            getattr(options, f"{who}_email"), getattr(options, f"{who}_password")
        )
        if account.email and account.password:
            yield account, find
        else:
            print(f"No --{who}-email and --{who}-password: their pages are left out.")


def visit(browser: Browser, options, account, find) -> None:
    """One account's pages in every width and theme; it signs in once."""
    state, pages = None, None
    for width in WIDTHS:
        for theme in THEMES:
            context = browser.new_context(
                viewport={"width": width, "height": 900},
                color_scheme=theme,
                base_url=options.base,
                storage_state=state,
            )
            if pages is None:
                pages = prepared(context, account, find)
                state = context.storage_state()
            wanted = {n: path for n, path in pages.items() if options.only in n}
            take(context.new_page(), wanted, options.out)
            context.close()


def prepared(context: BrowserContext, account: Account | None, find) -> dict[str, str]:
    page = context.new_page()
    if account:
        page.goto("/account/login/")
        page.locator("#id_login").fill(account.email)
        page.locator("#id_password").fill(account.password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url("**/admin/")
    pages = find(page)
    page.close()
    return pages


def author_pages(page: Page) -> dict[str, str]:
    """AUTHOR, and what lies under a draft and a version found on the way.

    The next version of FUNCTION is begun for it, unless a draft is there already.
    """
    found = dict(AUTHOR)
    path = f"/admin/functions/{FUNCTION}"
    page.goto(path)
    yanks = hrefs(page, "/yank")
    if yanks:
        found["yank"] = yanks[0]
    if not hrefs(page, "/functions/edit/"):
        begin_next_version(page, path)
    editor = "/".join(hrefs(page, "/functions/edit/")[0].split("/")[:5])
    page.goto(f"{path}/listing/history")
    if revisions := hrefs(page, "/listing/history/"):
        found["restore-listing"] = revisions[0]
    return found | {name: editor + below for name, below in DRAFT.items()}


def begin_next_version(page: Page, path: str) -> None:
    """A draft with another number than what is live, so that there is a change."""
    page.locator(f'form[action$="{path}/next"] button').click()
    page.wait_for_url("**/functions/edit/*")
    page.locator(".monaco-editor .view-line").first.wait_for()
    page.locator("#id_version").fill("9.9.0")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_load_state("networkidle")
    page.goto(path)


def staff_pages(page: Page) -> dict[str, str]:
    """STAFF, and the first case and function that the queue and accounts lead to."""
    found = dict(STAFF)
    for name, start, part in (
        ("moderation-case", "/admin/moderation/", "/moderation/cases/"),
        ("moderation-function", "/admin/moderation/accounts/demo", "/functions/"),
    ):
        page.goto(start)
        links = [link for link in hrefs(page, part) if "/moderation/" in link]
        if links:
            found[name] = links[0]
    return found


def hrefs(page: Page, part: str) -> list[str]:
    """Paths of the links on ``page`` that contain ``part``."""
    links = page.locator(f'main a[href*="{part}"]')
    return [link.get_attribute("href") for link in links.all()]


def complain(message: ConsoleMessage) -> None:
    """Print what went wrong; pages that are meant to be missing are no complaint."""
    place, text = message.location["url"], message.text
    if message.type in ("error", "warning") and place != message.page.url:
        print(f"{message.page.url}: {text} {place}")


def take(page: Page, pages: dict[str, str], out: Path) -> None:
    """One PNG per entry of ``pages``, named ``<name>-<width>-<theme>.png``."""
    page.on("console", complain)
    width = page.viewport_size["width"]
    theme = page.evaluate(
        "matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'"
    )
    for name, path in pages.items():
        page.goto(path, wait_until="load")
        page.evaluate("document.fonts.ready.then(() => true)")
        if name == "editor":
            page.locator(".monaco-editor .view-line").first.wait_for()
        page.screenshot(path=out / f"{name}-{width}-{theme}.png", full_page=True)
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            print(f"{path} is {wide} px wide on a screen of {width}")


if __name__ == "__main__":
    main()
