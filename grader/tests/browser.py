"""A real browser for tests, Chromium driven by Playwright: it opens a page and notes what the page tries.

Where there is none, the tests are skipped, but never in CI, which installs it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page, Route, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
QUIET = ("--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update")
ARGUMENTS = ("--no-sandbox", "--disable-sync", *QUIET)  # root may not use Chromium's own sandbox

REST = 100  # milliseconds that a page has after it is loaded, to do what it should not


@dataclass
class Visit:
    """An open page. asked: the addresses outside of its home that it wanted; said: the texts of its dialogs."""

    page: Page
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


@contextmanager
def started() -> Iterator[Browser]:
    """The browser, until the end of the block."""
    if not CHROMIUM.exists() and not os.environ.get("CI"):
        pytest.skip(f"no page can be looked at without a browser: `apt-get install chromium` puts it at {CHROMIUM}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def visiting(browser: Browser, address: str, home: str, token: str = "") -> Iterator[Visit]:
    """The page at `address`, once it has come to rest. What does not begin like `home` is noted, and not fetched.

    token: that of the Jupyter whose page it is.
    """
    headers = {"Authorization": f"token {token}"} if token else {}
    context = browser.new_context(viewport={"width": 1280, "height": 900}, extra_http_headers=headers)
    visit = Visit(context.new_page())

    def route(route: Route) -> None:
        if route.request.url.startswith((home, "data:")):
            route.continue_()
        else:
            visit.asked.append(route.request.url)
            route.abort()

    def answer(dialog: Dialog) -> None:
        visit.said.append(dialog.message)
        dialog.dismiss()

    context.route("**/*", route)
    visit.page.on("dialog", answer)
    try:
        visit.page.goto(address)
        visit.page.wait_for_timeout(REST)
        yield visit
    finally:
        context.close()
