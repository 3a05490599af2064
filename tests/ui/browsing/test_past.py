"""The past in the browser: what it does not hold says so, and there is always a way back to now."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.ui.browser import connected, window
from tests.ui.conftest import Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_ones_account_has_no_past(site: Site, browser: Browser, secret: str) -> None:
    site.settled()
    with window(browser, site.url, secret=secret) as (page, wrong):
        page.goto(f"/jobs?as_of={site.system.lab.log.head()}")
        connected(page)
        page.click("a[title='Your account']")
        expect(page.locator("main h1")).to_have_text("Not kept of the past")
        page.click("main [data-now]")
        expect(page.locator("main h1")).to_have_text("Your account")
        assert "as_of" not in page.url
        assert wrong == []


def test_before_ones_first_team_there_is_a_way_back(
    site: Site, browser: Browser, secret: str
) -> None:
    with window(browser, site.url, secret=secret) as (page, wrong):
        page.goto("/jobs?as_of=1")
        expect(page.locator("main")).to_contain_text("was in no team at that time")
        page.click("[data-now]")
        expect(page.locator("main h1")).to_have_text("Jobs")
        assert wrong == []
