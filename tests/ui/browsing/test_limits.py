"""Limits in the browser: the question shows what they are, and only its answer changes them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from application.commands.budgets import set_budget
from application.commands.quotas import set_quota
from tests.ui.browser import connected, window
from tests.ui.conftest import Site, eventually

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
QUOTA = "Change the team's quota"
BUDGET = "Change the budget"


@pytest.fixture
def page(site: Site, browser: Browser, secret: str) -> Iterator[Page]:
    """Of a team that may use 90 minutes and 12.5 a month; unlimited again after it."""
    lab, owner = site.system.lab, site.owner()
    set_quota(lab, owner, limit_minutes=90)
    set_budget(lab, owner, limit=12.5)
    site.settled()
    with window(browser, site.url, secret=secret) as (opened, wrong):
        opened.goto("/quota")
        connected(opened)
        yield opened
        assert wrong == []
    set_quota(lab, owner, limit_minutes=None)
    set_budget(lab, owner, limit=None)


@pytest.mark.parametrize(("ask", "shown"), [(QUOTA, "1.5"), (BUDGET, "12.5")])
def test_a_question_that_is_not_answered_changes_nothing(
    site: Site, page: Page, ask: str, shown: str
) -> None:
    before = site.system.lab.log.head()
    for cancel in (True, False):
        page.click(f'button:has-text("{ask}")')
        expect(page.locator("#prompted")).to_have_value(shown)
        if cancel:
            page.click(".dlg button:has-text('Cancel')")
        else:
            page.keyboard.press("Escape")
        expect(page.locator(".dlg")).to_have_count(0)
    page.reload()
    expect(page.locator("main")).to_contain_text("1.5 h a month")
    since = [type(row.event).__name__ for row in site.system.lab.log.read(before, 1_000)]
    assert "LimitSet" not in "".join(since)


def test_an_empty_answer_lifts_a_limit_and_a_wrong_one_says_why(site: Site, page: Page) -> None:
    page.click(f'button:has-text("{QUOTA}")')
    for wrong in ("nan", "inf", "ten"):
        page.fill("#prompted", wrong)
        page.click(".dlg button:has-text('Set quota')")
        expect(page.locator(".toast").last).to_contain_text(wrong)
        page.click(f'button:has-text("{QUOTA}")')
    page.fill("#prompted", "")
    page.click(".dlg button:has-text('Set quota')")
    expect(page.locator("main")).to_contain_text("no limit")
    eventually(lambda: "none" in page.locator(".kv").first.inner_text())
