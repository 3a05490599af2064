"""One Chromium for all of these tests in a process; each opens windows of its own.

Playwright keeps an event loop in the main thread while it is there: tests that run one of their own
stand outside of this folder, where the browser has ended.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.ui.browser import chromium, session
from tests.ui.conftest import EMAIL, PASSWORD, Site


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="package")
def secret(site: Site, browser: Browser) -> str:
    """Of one session of the owner's, for tests that are not about signing in."""
    return session(browser, site.url, EMAIL, PASSWORD)
