"""Chromium of the distribution, driven by Playwright; a page fails on any error or foreign request."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tests.asked import missing

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser")
"""The first is the same browser without its own windows, which nobody sees here."""
FLAGS = (
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
COOKIE = "lab_session"
PATIENCE_MS = 30_000
TOLD_AT_MOST = 1_500
expect.set_options(timeout=PATIENCE_MS)
_emptied: dict[tuple[Browser, str, int, bool], list[BrowserContext]] = {}
"""Contexts without a cookie or stored value. A blank page is open in each, so that its process lives on
with what it has compiled: to start and compile anew takes half of what a page costs."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser; missing it skips on a laptop and fails on CI."""
    path = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if path is None:
        missing(f"these tests need Chromium: apt-get install {PROGRAMS[0]}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        for key in [key for key in _emptied if key[0] is browser]:
            del _emptied[key]
        browser.close()


@contextmanager
def window(
    browser: Browser,
    url: str,
    *,
    width: int = 1440,
    dark: bool = False,
    secret: str = "",
) -> Iterator[tuple[Page, list[str]]]:
    """A page of its own session, or that of ``secret``, and what went wrong in it: script errors,
    foreign requests."""
    wrong: list[str] = []
    idle = _emptied.setdefault((browser, url, width, dark), [])
    context = idle.pop() if idle else _context(browser, url, width=width, dark=dark)
    if secret:
        context.add_cookies([{"name": COOKIE, "value": secret, "url": url}])
    page = context.new_page()
    page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: wrong.append(str(e)))
    page.on("request", lambda r: wrong.append(r.url) if _foreign(r.url, url) else None)
    try:
        yield page, wrong
    except Exception as error:
        error.add_note(_seen(page))
        context.close()
        raise
    _empty(context, url)
    idle.append(context)


def _context(browser: Browser, url: str, *, width: int, dark: bool) -> BrowserContext:
    context = browser.new_context(
        base_url=url,
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",  # without a graphics card a frame costs more than a page
    )
    context.set_default_timeout(PATIENCE_MS)
    context.new_page()
    return context


def _empty(context: BrowserContext, url: str) -> None:
    """https://chromedevtools.github.io/devtools-protocol/tot/Storage/#method-clearDataForOrigin"""
    blank, *opened = context.pages
    for page in opened:
        page.close()
    kinds = {"origin": url, "storageTypes": "local_storage,indexeddb,service_workers"}
    session = context.new_cdp_session(blank)
    session.send("Storage.clearDataForOrigin", kinds)
    session.detach()
    context.clear_cookies()


def sign_in(page: Page, email: str, password: str) -> None:
    """From the sign-in page to the first page, connected."""
    page.goto("/login")
    page.fill("#email", email)
    page.fill("#password", password)
    page.click("button:has-text('Sign in')")
    page.wait_for_url(lambda url: urlsplit(url).path != "/login")  # its page is connected too
    connected(page)


def session(browser: Browser, url: str, email: str, password: str) -> str:
    """The secret of somebody's session, for many windows of theirs."""
    with window(browser, url) as (page, _):
        sign_in(page, email, password)
        return next(c["value"] for c in page.context.cookies() if c["name"] == COOKIE)


def connected(page: Page) -> None:
    """Wait until the page's socket is up: an earlier click would be lost."""
    page.wait_for_function("window.did_handshake === true")


def _seen(page: Page) -> str:
    """What the page shows, for whoever reads of a failure."""
    try:
        told = page.evaluate("(document.querySelector('main') ?? document.body).innerText")
    except PlaywrightError as error:
        told = f"nothing: {error.message}"
    return f"The page was {page.url} and showed:\n{told[:TOLD_AT_MOST]}"


def _foreign(asked: str, url: str) -> bool:
    parts = urlsplit(asked)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != urlsplit(url).netloc
