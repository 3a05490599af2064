"""Without a mouse: find a task, launch it, see it run, stop it, go back. Focus is always to be seen."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from application.commands.tasks import create_task
from tests.ui.browser import connected, window
from tests.ui.conftest import Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TASK = "name: by-keys\nparameters:\n  n: {type: int, default: 3, min: 1, max: 9}\nrun: sleep 60\n"
TABS_AT_MOST = 60
OUTLINED = """
() => {
  const e = document.activeElement, s = getComputedStyle(e);
  return s.outlineStyle !== 'none' || s.boxShadow !== 'none' || e.id === 'main';
}
"""
CHORD_ACROSS_THE_END_OF_ANOTHER = """
async () => {
  const press = (key) => document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  const after = (ms) => new Promise((done) => setTimeout(done, ms));
  press('g'), press('e');
  await after(800);
  press('g');
  await after(200);
  press('t');
}
"""


@pytest.fixture
def page(site: Site, browser: Browser, secret: str) -> Iterator[Page]:
    with window(browser, site.url, secret=secret) as (opened, wrong):
        opened.goto("/")
        connected(opened)
        yield opened
        assert wrong == []


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until it has the focus; each stop on the way can be seen."""
    for _ in range(TABS_AT_MOST):
        page.keyboard.press("Tab")
        assert page.evaluate(OUTLINED), page.evaluate(
            "document.activeElement.outerHTML.slice(0, 200)"
        )
        if page.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"{selector} is not reached by Tab")


def test_a_job_is_launched_and_stopped_by_keys_alone(site: Site, page: Page) -> None:
    create_task(site.system.lab, site.owner(), experiment="alpha", yaml=TASK)
    site.settled()
    page.keyboard.press("Control+k")
    page.keyboard.type("by-keys")
    page.wait_for_selector("[role=option] >> text=by-keys")
    while "by-keys" not in page.locator("[role=option][aria-selected=true]").inner_text():
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/tasks/task_"))
    page.wait_for_selector("a[data-launch]")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"/launch\?task="))
    page.wait_for_selector("#p-n")
    page.evaluate("document.querySelector('#main').focus()")
    tab_to(page, "#p-n")
    page.keyboard.type("12")
    expect(page.locator(".problem")).to_contain_text("above max")
    page.keyboard.press("Control+a")
    page.keyboard.type("5")
    expect(page.locator("section[aria-label='What will run']")).to_contain_text("5")
    expect(page.locator(".page .btn.primary")).to_be_enabled()
    tab_to(page, "button[data-launch]")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/jobs/job_"))
    expect(page.locator("[role=status] .chip").first).to_contain_text("Running")
    _stop(page)
    page.keyboard.press("g")
    page.keyboard.press("j")
    page.wait_for_url(re.compile("/jobs$"))
    page.wait_for_selector("tbody tr")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/jobs/job_"))


def _stop(page: Page) -> None:
    """The question holds the focus, and gives it back."""
    page.evaluate("document.querySelector('#main').focus()")
    for _ in range(TABS_AT_MOST):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText === 'Stop'"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("[role=alertdialog]")).to_be_visible()
    page.wait_for_function("document.activeElement.innerText === 'Cancel'")
    page.keyboard.press("Escape")
    expect(page.locator("[role=alertdialog]")).to_have_count(0)
    page.wait_for_function("document.activeElement.innerText === 'Stop'")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.innerText === 'Cancel'")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("[role=status] .chip").first).to_contain_text(re.compile("Stopp"))


def test_a_key_pressed_before_anything_is_found_loses_no_choice(site: Site, page: Page) -> None:
    yaml = "name: found-late\nrun: 'true'\n"
    create_task(site.system.lab, site.owner(), experiment="alpha", yaml=yaml)
    site.settled()
    page.keyboard.press("Control+k")
    page.locator(".palette input").fill("found-late")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[role=option][aria-selected=true]")).to_contain_text("found-late")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/tasks/task_"))


def test_the_keys_are_told_and_lead_where_they_say(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.locator(".palette")).to_contain_text("Filter the list")
    page.keyboard.press("Escape")
    expect(page.locator(".palette")).to_have_count(0)
    for key, path in {"e": "/experiments", "t": "/tasks", "q": "/quota", "h": "/"}.items():
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url(re.compile(f"{path}$"))
        page.wait_for_selector("main h1")
    page.keyboard.press("Control+k")
    page.keyboard.press("Escape")
    assert page.evaluate("document.querySelectorAll('.palette').length") == 0


def test_a_chord_does_not_end_the_one_after_it(page: Page) -> None:
    """Two in a second: the time that the first one had is not the second one's."""
    page.keyboard.press("g")
    page.keyboard.press("q")
    page.wait_for_url(re.compile("/quota$"))
    page.evaluate(CHORD_ACROSS_THE_END_OF_ANOTHER)
    page.wait_for_url(re.compile("/tasks$"))


def test_text_that_is_typed_is_no_command(page: Page) -> None:
    page.goto("/jobs")
    connected(page)
    page.wait_for_selector("[data-search]")
    page.keyboard.press("/")
    page.keyboard.type("g j c ?")
    assert page.locator("[data-search]").input_value() == "g j c ?"
    assert "/jobs" in page.url
