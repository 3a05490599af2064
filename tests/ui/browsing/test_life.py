"""The whole life in a browser: set-up, people, providers, a task with a mistake, jobs, their ends, the past."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.fakes.archives import zipped
from tests.ui.browser import connected, sign_in, window
from tests.ui.conftest import PASSWORD
from tests.ui.installed import Installed, installed

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("life")]

EMAIL = "ada@lab.example"
DOT = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)
"""A PNG of one pixel."""
RESTART_MS = 90_000
"""A server and its page start anew within that, whatever else the machine does."""
WRONG = "name: climb\nresources:\n  cpus: 1\nrun: |\n  true\ntimout: 10m\n"
RIGHT = """name: climb
resources:
  cpus: 1
parameters:
  rate: {type: float, default: 0.5, min: 0.01, max: 1}
  steps: {type: int, default: 4000, min: 1, max: 100000}
run: |
  python - <<'P'
  import time, lab
  config = lab.get_config()
  run = lab.init("alpha")
  begin = lab.latest_checkpoint()
  print("begins", "again" if begin else "anew", flush=True)
  for step in range(int(config["steps"])):
      lab.log_metrics({"train/loss": config["rate"] / (step + 1)}, step=step)
      if step % 50 == 0:
          open("state.txt", "w").write(str(step))
          lab.save_checkpoint("state.txt", step=step)
          lab.update_progress(100 * step / config["steps"])
      print("line", step, flush=True)
      time.sleep(0.04)
  lab.finish(score={"accuracy": config["rate"]}, message="climbed")
  P
minutes_requested: 30
"""


@pytest.fixture(scope="module")
def server(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    home: Path = tmp_path_factory.mktemp("life") / "home"
    with installed(postgres, home, "life") as one:
        yield one


def test_a_lab_lives_in_the_browser(server: Installed, browser: Browser) -> None:
    with window(browser, server.url) as (page, wrong):
        _set_up(page, server.code())
        link = _invite(page)
        _joins(browser, server.url, link)
        _providers(page)
        _task(page)
        stopped = _launch(page, steps="4000", rate="0.5")
        _live(page, stopped)
        _stop(page, stopped)
        done = _launch(page, steps="30", rate="0.25")
        expect(_status(page)).to_contain_text("Complete")
        _compare(page, stopped, done)
        _resume(page, stopped)
        _refused(page)
        _past(page, stopped)
        _archive(page)
        _picture(page)
        assert wrong == []


def _set_up(page: Page, code: str) -> None:
    page.goto("/")
    page.wait_for_url(re.compile("/setup"))
    for name, value in {
        "name": "Ada Lovelace", "email": EMAIL, "password": PASSWORD, "team": "Fieldmouse Lab", "code": code,
    }.items():  # fmt: skip
        page.fill(f"#{name}", value)
    page.click("main button.btn:not([data-theme-next])")
    connected(page)
    expect(page.locator("h1")).to_have_text("Hello, Ada")
    expect(page.locator("section[aria-label='First steps']")).to_be_visible()


def _invite(page: Page) -> str:
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.wait_for_url(re.compile("/members"))
    page.click("button:has-text('Invite…')")
    page.fill("#invite-email", "bob@lab.example")
    page.click("button:has-text('Make link')")
    link = page.locator(".dlg [data-copy]").get_attribute("data-copy")
    assert link is not None
    page.click(".dlg button:has-text('Done')")
    return link


def _joins(browser: Browser, url: str, link: str) -> None:
    with window(browser, url) as (page, wrong):
        page.goto(link)
        page.fill("#name", "Bob")
        page.fill("#password", PASSWORD)
        page.click("main button")
        connected(page)
        expect(page.locator("h1")).to_have_text("Hello, Bob")
        assert wrong == []


def _providers(page: Page) -> None:
    """Local is tested and added; a cluster that does not answer says why."""
    page.goto("/providers/new?kind=local")
    connected(page)
    page.fill("#p-name", "bench")
    page.fill("#p-cpus", "4")
    page.click("button:has-text('Test connection')")
    expect(page.locator(".checks .check").first).to_be_visible()
    page.check("#p-default")
    page.click("button:has-text('Add provider')")
    page.wait_for_url(re.compile("/providers/prov_"))
    expect(page.locator("h1")).to_have_text("bench")
    page.goto("/providers/new?kind=slurm")
    connected(page)
    page.fill("#p-name", "cluster")
    page.click("button:has-text('Test connection')")
    expect(page.locator(".note.bad")).to_contain_text("Login node")
    for key, value in {
        "ssh_host": "127.0.0.1",
        "ssh_user": "lab",
        "work_folder": "/scratch/lab",
    }.items():
        page.fill(f"#p-{key}", value)
    page.click("summary")
    page.fill("#p-ssh_port", "9")
    page.click("button:has-text('Test connection')")
    expect(page.locator("main .note.bad, main .check").first).to_contain_text(
        re.compile("refused|reach|connect", re.I)
    )
    page.click("button:has-text('Add anyway')")
    page.wait_for_url(re.compile("/providers/prov_"))


def _task(page: Page) -> None:
    page.goto("/tasks/new")
    connected(page)
    _type(page, WRONG)
    problem = page.locator(".problem").first
    expect(problem).to_contain_text("timeout")
    expect(problem).to_contain_text("line 6")
    expect(page.locator("button:has-text('Save task')")).to_be_disabled()
    _type(page, RIGHT)
    expect(page.locator(".fine")).to_contain_text("Valid")
    page.click("button:has-text('Save task')")
    page.wait_for_url(re.compile("/tasks/task_"))


def _archive(page: Page) -> None:
    """A packed folder with its file; one that leads outside is refused in words."""
    page.goto("/tasks/import")
    connected(page)
    whole = (("task.yaml", b"name: packed\nrun: python train.py\n"), ("train.py", b"print(1)"))
    for entries in ((*whole, ("../evil", b"x")), whole):
        file = {"name": "f.zip", "mimeType": "application/zip", "buffer": zipped(*entries)}
        page.locator("input[type=file]").set_input_files(file)
        if entries is not whole:
            expect(page.locator("main .note.bad")).to_contain_text("../evil")
    page.wait_for_url(re.compile("/tasks/task_"))


def _picture(page: Page) -> None:
    """The team's, seen where one changes teams."""
    page.goto("/members")
    connected(page)
    file = {"name": "dot.png", "mimeType": "image/png", "buffer": b64decode(DOT)}
    page.locator("input[type=file]").set_input_files(file)
    shown = page.locator(".team img.logo")
    expect(shown).to_be_visible()
    page.wait_for_function("document.querySelector('.team img.logo').naturalWidth === 1")
    expect(page.locator("button:has-text('Remove')").first).to_be_visible()


def _type(page: Page, text: str) -> None:
    page.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)


def _launch(page: Page, *, steps: str, rate: str) -> str:
    page.goto("/tasks")
    connected(page)
    page.click("a[aria-label='Launch climb']")
    page.fill("#p-steps", steps)
    page.fill("#p-rate", rate)
    expect(page.locator("section[aria-label='What will run']")).to_contain_text(steps)
    page.click(".page .btn.primary")
    page.wait_for_url(re.compile("/jobs/job_"))
    return page.url.rsplit("/", 1)[-1]


def _status(page: Page):  # type: ignore[no-untyped-def]  # a locator
    return page.locator("[role=status] .chip").first


def _live(page: Page, job: str) -> None:
    """It moves by itself: status, log, curve, title."""
    expect(_status(page)).to_contain_text("Running")
    _has_said(page, "begins anew")
    expect(page.locator(".chart-card", has_text="train/loss").locator("canvas")).to_be_visible()
    first = page.locator(".chart-card .val").first.inner_text()
    expect(page.locator(".chart-card .val").first).not_to_have_text(first)
    page.wait_for_function("document.title.startsWith('●')")
    page.goto(f"/jobs/{job}/checkpoints")
    connected(page)
    expect(page.locator("button:has-text('Resume from here')").first).to_be_visible()


def _has_said(page: Page, text: str) -> None:
    """The page of a job shows lines, and the whole log has ``text``: on the page it scrolls away."""
    expect(page.locator(".log")).to_contain_text("line ")
    job = page.url.rpartition("/jobs/")[2].partition("/")[0]
    assert text in page.request.get(f"/api/jobs/{job}/log").text()


def _stop(page: Page, job: str) -> None:
    page.goto(f"/jobs/{job}")
    connected(page)
    page.click("button:has-text('Stop')")
    dialog = page.locator("[role=alertdialog]")
    expect(dialog).to_contain_text("can be resumed from")
    dialog.locator("button:has-text('Stop job')").click()
    expect(_status(page)).to_contain_text(re.compile("Stopped"))


def _compare(page: Page, *jobs: str) -> None:
    page.goto("/jobs")
    connected(page)
    for job in jobs:
        page.locator("tr", has=page.locator(f"a[href='/jobs/{job}']")).locator(
            "input[type=checkbox]"
        ).check()
    page.click(".bulk button:has-text('Compare')")
    page.wait_for_url(re.compile(r"/compare\?ids="))
    table = page.locator("section[aria-label='What differs']")
    expect(table).to_contain_text("rate")
    expect(table).to_contain_text("0.25")
    with page.expect_download() as download:
        page.click("button:has-text('CSV')")
    assert "rate,0.5,0.25" in download.value.path().read_text().replace("0.25,0.5", "0.5,0.25")


def _resume(page: Page, job: str) -> None:
    page.goto(f"/jobs/{job}/checkpoints")
    connected(page)
    page.locator("button:has-text('Resume from here')").first.click()
    page.locator("[role=alertdialog] button:has-text('Resume')").click()
    page.wait_for_url(re.compile(rf"/jobs/job_(?!{job[4:]})"))
    _has_said(page, "begins again")
    page.click("button:has-text('Stop')")
    page.click("[role=alertdialog] button:has-text('Stop job')")
    expect(_status(page)).to_contain_text(re.compile("Stopped"))


def _refused(page: Page) -> None:
    """A launch above the quota is told before the click, and refused with its reason after it."""
    page.goto("/quota")
    connected(page)
    page.click('button:has-text("Change the team\'s quota")')
    page.fill("#prompted", "0.1")
    page.click(".dlg button:has-text('Set quota')")
    page.wait_for_function("document.body.innerText.includes('0.1 h a month')")
    page.goto("/tasks")
    connected(page)
    page.click("a[aria-label='Launch climb']")
    expect(page.locator("section[aria-label='What it takes']")).to_contain_text("would be refused")
    page.click(".page .btn.primary")
    expect(page.locator(".toast.bad")).to_contain_text(re.compile("quota|minutes", re.I))


def _past(page: Page, job: str) -> None:
    """As of the moment before it was told to stop, the job runs; and nothing can be changed there."""
    page.goto(f"/audit?q={job}")
    connected(page)
    running = page.locator("tr", has_text="job.running").first
    running.locator("a:has-text('As of')").click()
    page.wait_for_url(re.compile("as_of="))
    expect(page.locator(".asof")).to_contain_text("You are looking at the past")
    expect(page.locator("tr", has=page.locator(f"a[href*='{job}']"))).to_contain_text("Running")
    page.locator(f"a[href*='{job}']").first.click()
    expect(_status(page)).to_contain_text("Running")
    assert page.locator("button:has-text('Stop')").count() == 0
    page.click("[data-now]")
    expect(_status(page)).to_contain_text("Stopped")


def test_a_page_that_loses_its_server_says_so_and_goes_on_without_losing_a_line(
    server: Installed, browser: Browser
) -> None:
    with window(browser, server.url) as (page, _):
        sign_in(page, EMAIL, PASSWORD)
        _quota(page)
        job = _launch(page, steps="3000", rate="0.75")
        page.goto(f"/jobs/{job}/logs")
        connected(page)
        page.wait_for_selector(".ln")
        server.kill_web()
        expect(page.locator(".lost")).to_contain_text("Connection lost")
        page.wait_for_function(
            "!document.querySelector('.lost') && window.did_handshake === true",
            timeout=RESTART_MS,
        )
        assert page.url.endswith(f"/jobs/{job}/logs")
        page.wait_for_selector(".ln")
        before = _last_line(page)
        page.wait_for_function(
            f"+[...document.querySelectorAll('.ln i')].at(-1).textContent > {before + 20}"
        )
        page.click("button:has-text('Stop')")
        page.click("[role=alertdialog] button:has-text('Stop job')")
        expect(_status(page)).to_contain_text("Stopped")
        with page.expect_download() as download:
            page.click("a[aria-label='Download log']")
        told = [
            line
            for line in download.value.path().read_text().splitlines()
            if line.startswith("line ")
        ]
        assert told == [f"line {n}" for n in range(len(told))]
        assert len(told) > 20


def _quota(page: Page) -> None:
    page.goto("/quota")
    connected(page)
    page.click('button:has-text("Change the team\'s quota")')
    page.fill("#prompted", "1000")
    page.click(".dlg button:has-text('Set quota')")
    page.wait_for_function("document.body.innerText.includes('1,000.0 h a month')")


def _last_line(page: Page) -> int:
    return int(page.evaluate("+[...document.querySelectorAll('.ln i')].at(-1).textContent"))
