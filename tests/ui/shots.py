"""Which pages and states are pictured: a name, an address, and what to do there first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.ui.seed.furnish import Furnished

Prepare = Callable[[Page], None]


def _nothing(page: Page) -> None:
    del page


@dataclass(frozen=True)
class Shot:
    """``signed_in`` false pictures what anybody sees."""

    name: str
    path: str
    prepare: Prepare = _nothing
    signed_in: bool = True


def press(*keys: str) -> Prepare:
    def act(page: Page) -> None:
        for key in keys:
            page.keyboard.press(key)
            page.wait_for_timeout(120)

    return act


def click(*selectors: str) -> Prepare:
    def act(page: Page) -> None:
        for selector in selectors:
            page.locator(selector).first.click()
            page.wait_for_timeout(150)

    return act


def shots(home: Furnished) -> list[Shot]:
    """Every page and every state of it."""
    jobs, tasks = home.jobs, home.tasks
    return [
        Shot("login", "/login", signed_in=False),
        Shot("login-wrong", "/login?error=1", signed_in=False),
        Shot("forgot", "/forgot", signed_in=False),
        Shot("invitation", f"/invitation/{home.invitation}", signed_in=False),
        Shot("invitation-over", "/invitation/nothing", signed_in=False),
        Shot("jobs", "/jobs"),
        Shot("jobs-none", "/jobs?q=nothing+like+this"),
        Shot("palette", "/jobs", press("Control+k")),
        Shot("job-running", f"/jobs/{jobs['running']}"),
        Shot("job-queued", f"/jobs/{jobs['queued away']}"),
        Shot("job-launching", f"/jobs/{jobs['launching']}"),
        Shot("job-complete", f"/jobs/{jobs['complete']}"),
        Shot("job-failed", f"/jobs/{jobs['failed']}"),
        Shot("job-retried", f"/jobs/{jobs['retried']}"),
        Shot("job-stopping", f"/jobs/{jobs['stopping']}"),
        Shot("job-logs", f"/jobs/{jobs['running']}/logs"),
        Shot("job-metrics", f"/jobs/{jobs['running']}/metrics"),
        Shot("job-artifacts", f"/jobs/{jobs['complete']}/artifacts"),
        Shot("job-events", f"/jobs/{jobs['complete']}/events"),
        Shot("job-config", f"/jobs/{jobs['complete']}/config"),
        Shot("job-stop", f"/jobs/{jobs['running']}", click("button:has-text('Stop')")),
        Shot("tasks", "/tasks"),
        Shot("task", f"/tasks/{tasks['distill-student']}"),
        Shot("task-new", "/tasks/new"),
        Shot("launch", f"/launch?task={tasks['distill-student']}"),
        Shot("experiments", "/experiments"),
        Shot("providers", "/providers"),
        Shot("quota", "/quota"),
        Shot("members", "/members"),
        Shot("audit", "/audit"),
        Shot("account", "/account"),
        Shot("missing", "/nowhere/at/all"),
    ]
