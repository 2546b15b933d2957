"""Take the pictures a designer looks at: every page, phone and desktop, both themes.

    python docs/screenshots.py http://127.0.0.1:8000 pictures/ [name=/path ...]

Needs Playwright and a Chromium (CHROMIUM names another than /usr/bin/chromium).
Prints what the browser complained about, and pages wider than the screen.
"""

import argparse
import os
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

WIDTHS = (390, 1440)  # CSS pixels
THEMES = ("light", "dark")
PAGES = {
    "home": "/",
    "browse": "/functions/",
    "browse-search": "/functions/?q=image",
    "browse-empty": "/functions/?q=qqqqqqqq",
    "category": "/categories/media",
    "tag": "/tags/image",
    "function": "/functions/demo/rate-limiter",
    "source": "/functions/demo/rate-limiter/source",
    "versions": "/functions/demo/rate-limiter/versions",
    "install": "/functions/demo/rate-limiter/install",
    "author": "/users/demo",
    "missing": "/functions/demo/nothing-here",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base", help="address of a running Hub")
    parser.add_argument("out", type=Path, help="folder for the PNG files")
    parser.add_argument("--session", help="a sessionid cookie, for signed-in pages")
    parser.add_argument("pages", nargs="*", help="name=/path; default: all")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    pages = dict(page.split("=", 1) for page in options.pages) or PAGES
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        for width in WIDTHS:
            for theme in THEMES:
                context = browser.new_context(
                    viewport={"width": width, "height": 900}, color_scheme=theme
                )
                if options.session:
                    cookie = {"name": "sessionid", "value": options.session}
                    context.add_cookies([cookie | {"url": options.base}])
                take(context.new_page(), options.base, pages, options.out)
                context.close()
        browser.close()


def take(page: Page, base: str, pages: dict[str, str], out: Path) -> None:
    """One PNG per entry of ``pages``, named ``<name>-<width>-<theme>.png``."""
    page.on("console", lambda message: print(f"{page.url}: {message.text}"))
    width = page.viewport_size["width"]
    theme = page.evaluate(
        "matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'"
    )
    for name, path in pages.items():
        page.goto(base.rstrip("/") + path)
        page.evaluate("document.fonts.ready.then(() => true)")
        page.screenshot(path=out / f"{name}-{width}-{theme}.png", full_page=True)
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            print(f"{path} is {wide} px wide on a screen of {width}")


if __name__ == "__main__":
    main()
