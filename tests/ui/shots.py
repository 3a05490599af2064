"""Which pages and states are pictured: a name, an address, and what to do there first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.ui.seed.furnish import Furnished

Prepare = Callable[[Page], None]


def nothing(page: Page) -> None:
    del page


@dataclass(frozen=True)
class Shot:
    """``signed_in`` false pictures what anybody sees."""

    name: str
    path: str
    prepare: Prepare = nothing
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


def teams(page: Page) -> None:
    """Open the choice of teams; on a phone the navigation first."""
    if page.locator("[data-nav]").is_visible():
        page.locator("[data-nav]").click()
        page.wait_for_timeout(300)
    page.locator(".side .team").click()
    page.wait_for_timeout(200)


def offers(page: Page) -> None:
    """What may stand at the end of the task that is being written."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("ti")
    page.locator(".cm-tooltip-autocomplete li").first.wait_for()


def token_made(page: Page) -> None:
    """A token that reads, shown this once."""
    page.locator("#token-name").fill("nightly")
    page.locator("#token-read").check()
    page.locator(".dlg button:has-text('Make it')").click()
    page.locator(".token-once").wait_for()


def moving(page: Page) -> None:
    """Where to, and what that does."""
    page.locator("button:has-text('Move')").first.click()
    page.locator("#move-to").select_option(index=1)
    page.locator(".move-told :is(p, .note)").first.wait_for()


def replayed(page: Page) -> None:
    """Some events back, each a step with the keyboard."""
    for _ in range(3):
        before = page.locator(".replay-told").inner_text()
        page.locator("button[aria-label='The event before']").press("Enter")
        page.wait_for_function(
            "told => document.querySelector('.replay-told').innerText !== told", arg=before
        )


def fill(selector: str, text: str) -> Prepare:
    def act(page: Page) -> None:
        page.locator(selector).first.fill(text)
        page.wait_for_timeout(400)

    return act


def refused_shots(home: Furnished) -> list[Shot]:
    """What a viewer sees: pages that are not for them, and pages with less to do."""
    return [
        Shot("viewer-audit", "/audit"),
        Shot("viewer-admin", "/admin"),
        Shot("viewer-provider-new", "/providers/new"),
        Shot("viewer-launch", "/launch"),
        Shot("viewer-task-new", "/tasks/new"),
        Shot("viewer-members", "/members"),
        Shot("viewer-secrets", "/secrets"),
        Shot("viewer-job", f"/jobs/{home.jobs['running']}"),
    ]


def shots(home: Furnished) -> list[Shot]:
    """Every page and every state of it."""
    jobs, tasks = home.jobs, home.tasks
    return [
        Shot("login", "/login", signed_in=False),
        Shot("login-wrong", "/login?error=1", signed_in=False),
        Shot("forgot", "/forgot", signed_in=False),
        Shot("invitation", f"/invitation/{home.invitation}", signed_in=False),
        Shot("invitation-over", "/invitation/nothing", signed_in=False),
        Shot("home", "/"),
        Shot("jobs", "/jobs"),
        Shot("jobs-selected", "/jobs", press("j", "x", "j", "x", "j", "x")),
        Shot("jobs-failed", "/jobs?status=FAILED&sort=used"),
        Shot("jobs-none", "/jobs?q=nothing+like+this"),
        Shot("palette", "/sweeps", press("Control+k")),
        Shot("keys", "/sweeps", press("?")),
        Shot("teams", "/sweeps", teams),
        Shot("job-running", f"/jobs/{jobs['running']}"),
        Shot("job-queued", f"/jobs/{jobs['queued away']}"),
        Shot("job-move", f"/jobs/{jobs['queued away']}", moving),
        Shot("job-launching", f"/jobs/{jobs['launching']}"),
        Shot("job-complete", f"/jobs/{jobs['complete']}"),
        Shot("job-failed", f"/jobs/{jobs['failed']}"),
        Shot("job-retried", f"/jobs/{jobs['retried']}"),
        Shot("job-stopping", f"/jobs/{jobs['stopping']}"),
        Shot("job-logs", f"/jobs/{jobs['running']}/logs"),
        Shot("job-metrics", f"/jobs/{jobs['running']}/metrics"),
        Shot("job-artifacts", f"/jobs/{jobs['complete']}/artifacts"),
        Shot("job-events", f"/jobs/{jobs['complete']}/events"),
        Shot(
            "job-artifact",
            f"/jobs/{jobs['complete']}/artifacts",
            click("button[aria-label='Look into confusion.png']"),
        ),
        Shot("job-machine", f"/jobs/{jobs['running']}/machine"),
        Shot("job-checkpoints", f"/jobs/{jobs['complete']}/checkpoints"),
        Shot("job-config", f"/jobs/{jobs['complete']}/config?with={jobs['sweep 2']}"),
        Shot(
            "compare",
            "/compare?ids="
            + ",".join(
                jobs[k] for k in ("complete", "sweep 0", "sweep 1", "sweep 2", "sweep 3", "sweep 4")
            ),
        ),
        Shot("compare-none", "/compare?ids=job_none"),
        Shot("job-stop", f"/jobs/{jobs['running']}", click("button:has-text('Stop')")),
        Shot("tasks", "/tasks"),
        Shot("task", f"/tasks/{tasks['distill-student']}"),
        Shot("task-new", "/tasks/new"),
        Shot("task-offers", "/tasks/new", offers),
        Shot("task-form", f"/tasks/{tasks['distill-student']}", click("button:has-text('Form')")),
        Shot(
            "task-diff",
            f"/tasks/{tasks['distill-student']}",
            click("button[aria-label='Compare revision 3']"),
        ),
        Shot("gallery", "/tasks/gallery"),
        Shot("task-import", "/tasks/import"),
        Shot("launch", f"/launch?task={tasks['distill-student']}"),
        Shot(
            "launch-sweep",
            f"/launch?task={tasks['asr-train']}",
            fill("#p-learning_rate", "0.001; 0.0003; 0.0001"),
        ),
        Shot("experiments", "/experiments"),
        Shot("experiment", f"/experiments/{home.experiments['reasoning-distill']}"),
        *(
            Shot(f"experiment-{tab}", f"/experiments/{home.experiments['reasoning-distill']}/{tab}")
            for tab in ("tasks", "jobs", "notes", "documents", "activity", "settings")
        ),
        Shot("sweeps", "/sweeps"),
        Shot("sessions", "/sessions"),
        Shot("artifacts", "/artifacts"),
        Shot("artifact-group", "/artifacts/model?name=student-1.3b"),
        Shot("providers", "/providers"),
        Shot("provider", f"/providers/{home.providers['hpc-cluster']}"),
        Shot("provider-away", f"/providers/{home.providers['h100-pool']}"),
        Shot("provider-new", "/providers/new"),
        Shot(
            "provider-slurm",
            "/providers/new?kind=slurm",
            click("button:has-text('Test connection')"),
        ),
        Shot("quota", "/quota"),
        Shot("quota-person", "/quota", click("button[aria-label^='Change the limits of']")),
        Shot("members", "/members"),
        Shot("member-invite", "/members?invite=1"),
        Shot("secrets", "/secrets"),
        Shot("secret-new", "/secrets?new=1"),
        Shot("ssh-key-new", "/secrets?new=key"),
        Shot("notifications", "/notifications"),
        Shot("admin", "/admin", click("button:has-text('Count what is stored')")),
        Shot("team-new", "/team/new"),
        Shot("audit", "/audit"),
        Shot("audit-replay", f"/audit?q={jobs['retried']}", replayed),
        Shot("account", "/account"),
        Shot("token-new", "/account?new=token"),
        Shot("token-once", "/account?new=token", token_made),
        Shot("kit", "/_kit"),
        Shot("missing", "/nowhere/at/all"),
    ]
