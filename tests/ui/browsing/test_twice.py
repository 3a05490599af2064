"""What is pressed twice is done once: people double-click, and a job costs money."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from application.commands.tasks import create_task
from tests.ui.browser import connected, window
from tests.ui.conftest import Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def _double_click(page: Page) -> None:
    page.dblclick("button[data-launch]")


def _keys(page: Page) -> None:
    for _ in range(3):
        page.keyboard.press("Control+Enter")


def _impatient(page: Page) -> None:
    """Clicks of their own, one after the other."""
    page.evaluate(
        "() => { for (let n = 0; n < 9; n++) document.querySelector('button[data-launch]').click() }"
    )


@pytest.mark.parametrize("press", [_double_click, _keys, _impatient])
def test_a_launch_pressed_twice_is_one_job(
    site: Site, browser: Browser, secret: str, press: Callable[[Page], None]
) -> None:
    name = f"once{press.__name__.replace('_', '-')}"
    yaml = f"name: {name}\nrun: 'true'\n"
    task = create_task(site.system.lab, site.owner(), experiment="alpha", yaml=yaml)
    site.settled()
    with window(browser, site.url, secret=secret) as (page, wrong):
        page.goto(f"/launch?task={task}")
        connected(page)
        expect(page.locator("section[aria-label='What will run']")).to_contain_text(name)
        expect(page.locator("button[data-launch]")).to_be_enabled()
        press(page)
        expect(page.locator("main h1")).to_contain_text(name)
        page.wait_for_timeout(500)  # for what should not come
        assert wrong == []
    site.settled()
    queued = [
        row.event
        for row in site.system.lab.log.read(0, 100_000)
        if getattr(row.event, "task", "") == task and type(row.event).__name__ == "JobQueued"
    ]
    assert len(queued) == 1
