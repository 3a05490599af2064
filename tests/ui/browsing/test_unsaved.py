"""What was typed and not saved is not lost by leaving its page."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from application.commands.tasks import create_task
from domain.experiments import fold
from tests.ui.browser import connected, window
from tests.ui.conftest import Site, eventually

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
ADDED = "# a thought of mine"


class Asked:
    """The browser's questions, and what is answered to them."""

    def __init__(self, page: Page) -> None:
        self.stay = True
        self.questions: list[str] = []
        page.on("dialog", self._answer)

    def _answer(self, dialog: Dialog) -> None:
        self.questions.append(dialog.type)
        if self.stay:
            dialog.dismiss()
        else:
            dialog.accept()


@pytest.fixture
def page(
    site: Site, browser: Browser, secret: str, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """Of a task, reached from the list of tasks."""
    name = re.sub(r"[^a-z]+", "-", request.node.name)
    yaml = f"name: {name}\nrun: 'true'\n"
    create_task(site.system.lab, site.owner(), experiment="alpha", yaml=yaml)
    site.settled()
    with window(browser, site.url, secret=secret) as (opened, wrong):
        opened.goto("/tasks")
        connected(opened)
        opened.click(f"main a:has-text('{name}')")
        opened.wait_for_url(re.compile("/tasks/task_"))
        yield opened
        assert wrong == []


def typed(page: Page) -> None:
    page.click(".cm-content")
    page.keyboard.press("Control+End")
    page.keyboard.type(ADDED)
    expect(page.locator("[data-save]")).to_be_enabled()
    page.wait_for_selector("[data-unsaved]", state="attached")


def test_a_task_with_edits_is_left_only_when_that_is_meant(page: Page) -> None:
    asked = Asked(page)
    typed(page)
    here = page.url
    page.click("a[href='/jobs']")
    page.evaluate("history.back()")
    page.wait_for_timeout(300)  # for what should not come
    page.evaluate("location.reload()")
    page.wait_for_timeout(300)
    assert asked.questions == ["confirm", "confirm", "beforeunload"]
    assert page.url == here
    expect(page.locator(".cm-content")).to_contain_text(ADDED)
    asked.stay = False
    page.click("a[href='/jobs']")
    expect(page.locator("main h1")).to_have_text("Jobs")
    asked.questions.clear()
    page.click("a[href='/quota']")
    expect(page.locator("main h1")).to_have_text("Quotas & usage")
    assert asked.questions == []


def test_nothing_is_asked_of_what_is_saved_or_put_back(page: Page) -> None:
    asked = Asked(page)
    typed(page)
    page.keyboard.press("Control+s")
    expect(page.locator(".toast")).to_contain_text("Saved as revision 2")
    typed(page)
    for _ in ADDED:
        page.keyboard.press("Backspace")
    page.wait_for_selector("[data-unsaved]", state="detached")
    page.click("a[href='/jobs']")
    expect(page.locator("main h1")).to_have_text("Jobs")
    assert asked.questions == []


def test_a_new_task_is_made_without_a_question(site: Site, page: Page) -> None:
    asked = Asked(page)
    page.goto("/tasks/new")
    connected(page)
    typed(page)
    page.click("[data-save]")
    page.wait_for_url(re.compile("/tasks/task_"))
    assert asked.questions == []


def test_notes_that_were_just_typed_are_kept(site: Site, page: Page) -> None:
    made = site.system.queries.experiments(site.owner().team)[0].id
    page.goto(f"/experiments/{made}/notes")
    connected(page)
    page.fill("#notes", f"{ADDED} and gone")
    page.click("a[href='/jobs']")
    expect(page.locator("main h1")).to_have_text("Jobs")
    eventually(lambda: ADDED in fold(site.system.lab.log.stream(made)).notes)
