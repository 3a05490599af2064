"""The whole way through a browser: sign in, launch, watch it live, stop it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from application.commands.invitations import invite
from application.commands.jobs import Launch, queue_job
from application.commands.tasks import create_task
from domain.teams import Role
from server.authentication import actor_of
from tests.ui.browser import connected, sign_in, window
from tests.ui.conftest import EMAIL, PASSWORD, Site, eventually

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

EVIL = "<img src=x onerror=alert(1)>"
TASK = f"""
name: counting
parameters:
  speed: {{type: float, default: 0.05, min: 0.01, max: 1}}
run: |
  python - <<'P'
  import time, lab
  speed = lab.get_config()["speed"]
  lab.init("alpha")
  print("speed is", speed, "{EVIL}", flush=True)
  for step in range(2000):
      lab.log_metrics({{"train/loss": 1 / (step + 1)}}, step=step)
      print("\\x1b[31mstep\\x1b[0m", step, flush=True)
      time.sleep(speed)
  P
"""


@pytest.fixture
def page(site: Site, browser: Browser, secret: str) -> Iterator[Page]:
    """Signed in; fails on a script error or a request to another host."""

    with window(browser, site.url, secret=secret) as (opened, wrong):
        yield opened
        assert wrong == []


def test_a_person_launches_a_task_watches_it_and_stops_it(site: Site, page: Page) -> None:
    task = create_task(site.system.lab, site.owner(), experiment="alpha", yaml=TASK)
    site.settled()
    page.goto(f"/launch?task={task}")
    connected(page)
    page.fill("[id='p-speed']", "5")
    expect(page.locator(".problem")).to_contain_text("above max")
    expect(page.locator(".page .btn.primary")).to_be_disabled()
    page.fill("[id='p-speed']", "0.1")
    expect(page.locator("section[aria-label='What will run']")).to_contain_text("0.1")
    page.click(".page .btn.primary")
    page.wait_for_url(re.compile(r"/jobs/job_"))
    expect(page.locator("[role=status] .chip")).to_contain_text("Running")
    expect(page.locator(".log")).to_contain_text(f"speed is 0.1 {EVIL}")
    expect(page.locator(".log .ansi-c1").first).to_have_text("step")
    expect(page.locator(".chart-card", has_text="train/loss").locator("canvas")).to_be_visible()
    job = page.url.rsplit("/", 1)[-1]
    page.click("button:has-text('Stop')")
    page.click("[role=alertdialog] button:has-text('Stop job')")
    expect(page.locator("[role=status] .chip")).to_contain_text(re.compile("Stopp"))
    eventually(lambda: site.system.lab.log.stream(job)[-1].__class__.__name__ == "JobStopped")
    expect(page.locator("[role=status] .chip")).to_contain_text("Stopped")


def test_the_jobs_table_moves_by_itself_and_its_filters_are_in_the_address(
    site: Site, page: Page
) -> None:
    page.goto("/jobs")
    connected(page)
    lab, owner = site.system.lab, site.owner()
    quick = queue_job(lab, owner, Launch(yaml=f"name: quick {EVIL}\nrun: sleep 0.2\n"))
    fresh = page.locator(".fresh")
    row = page.locator("tr", has_text="quick")
    page.wait_for_function(
        "document.querySelector('.fresh') || document.body.innerText.includes('quick')"
    )
    if fresh.is_visible():
        fresh.click()
    expect(row).to_contain_text(EVIL)
    expect(row).to_contain_text("Complete")
    page.fill("[data-search]", "quick")
    page.wait_for_url(re.compile(r"q=quick"))
    page.reload()
    connected(page)
    expect(page.locator("tbody tr")).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(quick))


def test_a_line_of_a_log_has_an_address(site: Site, page: Page) -> None:
    lab, owner = site.system.lab, site.owner()
    job = queue_job(lab, owner, Launch(yaml="name: many\nrun: seq 1 6000\n"))
    queries = site.system.queries
    eventually(lambda: (row := queries.job(job)) and row.status == "COMPLETE")
    page.goto(f"/jobs/{job}/logs#L778")
    connected(page)
    expect(page.locator(".ln.mark")).to_contain_text("778")
    with page.expect_download() as download:
        page.click("a[aria-label='Download log']")
    assert len(download.value.path().read_text().splitlines()) >= 6000


def test_the_editor_offers_what_may_stand_there(page: Page) -> None:
    page.goto("/tasks/new")
    connected(page)
    page.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("name: x\nrun: true\nresources:\n  cpus: 1\n")
    page.keyboard.type("  accel")
    offer = page.locator(".cm-tooltip-autocomplete li")
    expect(offer).to_have_text(["accelerators"])
    expect(page.locator(".cm-completionInfo")).to_contain_text("Type and count")
    offer.click()
    expect(page.locator(".cm-content")).to_contain_text("accelerators: ")


def test_a_bad_task_is_refused_at_its_line(page: Page) -> None:
    page.goto("/tasks/new")
    connected(page)
    page.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.type("name: x\nrunn: true\n")
    problem = page.locator(".problem").first
    expect(problem).to_contain_text("run")
    expect(page.locator(".cm-err").first).to_be_visible()
    expect(page.locator("button:has-text('Save task')")).to_be_disabled()


def test_the_theme_is_kept_and_does_not_flash(page: Page) -> None:
    page.goto("/")
    connected(page)
    page.keyboard.press("Shift+T")
    page.keyboard.press("Shift+T")
    page.reload(wait_until="commit")
    page.wait_for_function("document.documentElement?.dataset.theme === 'dark'")


def test_an_owner_limits_the_hours_and_the_money_of_one_person(site: Site, page: Page) -> None:
    page.goto("/quota")
    connected(page)
    page.click("button[aria-label='Change the limits of Ada Lovelace']")
    page.fill("#limit-hours", "5000")
    page.fill("#limit-money", "a lot")
    page.click(".dlg button:has-text('Set limits')")
    expect(page.locator(".toast.bad")).to_contain_text("number")
    page.fill("#limit-money", "1234.5")
    page.click(".dlg button:has-text('Set limits')")
    row = page.locator("section[aria-label='People'] li", has_text="Ada Lovelace")
    expect(row).to_contain_text("of 5,000.0 h; $0.00 of $1,234.50 spent")


def test_a_new_token_may_what_was_chosen_and_is_shown_once(site: Site, page: Page) -> None:
    page.goto("/account?new=token")
    connected(page)
    page.fill("#token-name", "nightly")
    page.check("#token-read")
    page.click(".dlg button:has-text('Make it')")
    secret = page.locator(".token-once [data-copy]").get_attribute("data-copy") or ""
    actor = actor_of(site.system.lab, site.system.queries, bearer=secret)
    assert actor.scopes == ("read",)
    page.click(".dlg button:has-text('Done')")
    made = page.locator("section[aria-label='API tokens'] .list-row", has_text="nightly")
    expect(made).to_contain_text("may only read")
    assert secret not in page.content()


def test_signing_out_leaves_every_open_page(site: Site, browser: Browser) -> None:
    with window(browser, site.url) as (page, _):
        sign_in(page, EMAIL, PASSWORD)
        other = page.context.new_page()
        other.goto("/tasks")
        connected(other)
        page.click("button[aria-label='Sign out']")
        page.wait_for_url(re.compile("/login"))
        other.wait_for_url(re.compile("/login"))


def test_an_invited_person_makes_an_account_by_the_link_and_is_in(
    site: Site, browser: Browser
) -> None:
    _, secret = invite(site.system.lab, site.owner(), role=Role.MEMBER, email="bob@lab.example")
    with window(browser, site.url) as (page, wrong):
        page.goto(f"/invitation/{secret}")
        expect(page.locator("h1")).to_have_text("Join Fieldmouse Lab")
        expect(page.locator("#email")).to_have_value("bob@lab.example")
        page.fill("#name", EVIL)
        page.fill("#password", "short")
        page.click("button")
        expect(page.locator("[role=alert]")).to_contain_text("characters")
        page.fill("#name", EVIL)
        page.fill("#password", PASSWORD)
        page.click("button")
        page.wait_for_url(re.compile(r"/$"))
        connected(page)
        page.goto(f"/invitation/{secret}")
        expect(page.locator(".form")).to_contain_text("opens nothing any more")
        assert wrong == []
    site.settled()
    roles = [m.role for m in site.system.queries.members(site.owner().team)]
    assert roles[-1] == Role.MEMBER
