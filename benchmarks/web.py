"""The pages as a browser sees them, and what open pages cost the server: ``python -m benchmarks.web``.

Chromium and the server share the machine's cores. The floor is how long ``/healthz`` takes.
"""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from playwright.sync_api import Page, sync_playwright
from psycopg import sql

from benchmarks.installation import EMAIL, PASSWORD, Caller, Installation, installation
from benchmarks.result import Row, row, show
from benchmarks.web_load import load_rows
from projections.jobs import JOBS_PROJECTION

SCHEMA = "lab"
KIB = 1024
FLAGS = ("--no-sandbox", "--headless", "--disable-gpu")
TICKS = """name: ticking
resources: {cpus: 1}
run: |
  python -u - <<'P'
  import time
  for n in range(%d):
      print("tick", int(time.time() * 1000), flush=True)
      time.sleep(0.1)
  P
"""
QUEUE = "mutation($l:Launch!){queueJob(launch:$l){id}}"
FILL = """
insert into {jobs} (id, position, team, experiment, owner, provider, task, name, status, priority, spec,
  attempt, queued_at, running_at, ended_at, used_s, cost, currency)
select 'job_bench' || lpad(n::text, 24, '0'), 1, t.team, 'exp_' || n %% 20, 'user_' || n %% 12,
  'prov_' || n %% 5, 'task_' || n %% 40, 'run-' || n %% 5000,
  case n %% 10 when 7 then 'FAILED' when 8 then 'STOPPED' else 'COMPLETE' end,
  50, '{{}}'::jsonb, 1, now() - n * interval '20 seconds', now() - n * interval '20 seconds',
  now() - n * interval '19 seconds', (n * 7919) %% 86400, ((n * 104729) %% 100000) / 100.0, 'USD'
  from generate_series(1::bigint, %s) n, (select team from {jobs} limit 1) t
"""


def rows(*, quick: bool = False) -> list[Row]:
    with installation() as installed:
        floor = _floor(installed)
        with _page(installed) as page:
            found = _first_load(page, floor)
            found += _changes(page, floor)
            found += _log(page, installed, floor, lines=100 if quick else 300)
        found += load_rows(installed, floor, quick=quick)
        with _page(installed) as page:
            found += _many_jobs(page, installed, floor, jobs=100_000 if quick else 1_000_000)
        return found


@contextmanager
def _page(installed: Installation) -> Iterator[Page]:
    path = shutil.which("chromium") or shutil.which("chromium-headless-shell")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        context = browser.new_context(
            base_url=f"http://127.0.0.1:{installed.port}", viewport={"width": 1440, "height": 900}
        )
        page = context.new_page()
        page.goto("/login")
        page.fill("#email", EMAIL)
        page.fill("#password", PASSWORD)
        page.click("button:has-text('Sign in')")
        page.wait_for_url(lambda url: not url.endswith("/login"))
        _connected(page)
        yield page
        browser.close()


def _first_load(page: Page, floor: float) -> list[Row]:
    """A cold browser: nothing cached."""
    times, sizes = [], []
    for _ in range(5):
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        got: list[float] = []
        session.on("Network.loadingFinished", lambda e, got=got: got.append(e["encodedDataLength"]))
        begun = time.perf_counter()
        page.goto("/jobs", wait_until="commit")
        page.wait_for_selector("section[aria-label=Jobs][aria-busy=false]")
        _connected(page)
        times.append(1000 * (time.perf_counter() - begun))
        page.wait_for_load_state("networkidle")
        sizes.append(sum(got) / KIB)
        session.detach()
    return [
        row(
            "first load to interactive, cold (ms)",
            statistics.median(times),
            floor=floor,
            budget="< 1,000 ms",
        ),
        row(
            "first load, compressed, charts too (KiB)",
            statistics.median(sizes),
            floor=1,
            budget="< 1,024 KiB",
        ),
    ]


def _changes(page: Page, floor: float) -> list[Row]:
    """From the press of a link in the sidebar to the page's heading, everything warm."""
    there = {
        "/tasks": "Tasks",
        "/experiments": "Experiments",
        "/jobs": "Jobs",
        "/quota": "Quotas & usage",
        "/": "Hello",
    }
    times: list[float] = []
    for turn in range(6):
        for href, title in there.items():
            took = page.evaluate(_CHANGE, [href, title])
            if turn:
                times.append(took)
    times.sort()
    return [
        row("page change, median (ms)", statistics.median(times), floor=floor, budget="< 200 ms"),
        row("page change, p95 (ms)", times[int(len(times) * 0.95)], floor=floor, budget="none"),
    ]


_CHANGE = """
([href, title]) => new Promise((done) => {
  const begun = performance.now();
  document.querySelector(`.side a.nav[href="${href}"]`).click();
  const look = () => {
    const h1 = document.querySelector("main h1");
    if (location.pathname === href && h1 && h1.textContent.startsWith(title))
      requestAnimationFrame(() => done(performance.now() - begun));
    else setTimeout(look, 2);
  };
  look();
})
"""


def _log(page: Page, installed: Installation, floor: float, *, lines: int) -> list[Row]:
    """A line carries when it was printed; the page notes when it shows it."""
    caller = Caller(installed.port, installed.token)
    job = caller.ask(QUEUE, l={"yaml": TICKS % lines})["queueJob"]["id"]
    page.goto(f"/jobs/{job}/logs")
    _connected(page)
    page.evaluate(_WATCH)
    page.wait_for_function(f"Object.keys(window.seen).length >= {lines * 9 // 10}", timeout=120_000)
    late = sorted(page.evaluate("Object.values(window.seen)"))[: lines * 9 // 10]
    return [
        row(
            "log line printed to visible, median (ms)",
            statistics.median(late),
            floor=floor,
            budget="none",
        ),
        row(
            "log line printed to visible, p95 (ms)",
            late[int(len(late) * 0.95)],
            floor=floor,
            budget="< 250 ms",
        ),
    ]


_WATCH = """
() => {
  window.seen = {};
  let first = true;
  new MutationObserver(() => {
    for (const x of document.querySelectorAll(".ln .x")) {
      const found = x.textContent.match(/^tick (\\d+)$/);
      if (found && !(found[1] in window.seen) && !first) window.seen[found[1]] = Date.now() - +found[1];
      else if (found && first) window.seen[found[1]] = 0;
    }
    first = false;
  }).observe(document.querySelector(".log"), { childList: true, subtree: true, characterData: true });
}
"""


def _many_jobs(page: Page, installed: Installation, floor: float, *, jobs: int) -> list[Row]:
    table = sql.Identifier(SCHEMA, JOBS_PROJECTION.table_name("jobs"))
    with psycopg.connect(installed.dsn, autocommit=True) as conn:
        conn.execute(sql.SQL(FILL).format(jobs=table), (jobs,))
        conn.execute(sql.SQL("vacuum analyze {}").format(table))
    page.goto("/jobs")
    _connected(page)
    page.wait_for_selector("tbody tr")
    found = []
    for what, steps in (
        (
            "filter",
            [".facet:has-text('Failed')", ".facet:has-text('Complete')", ".facet:has-text('All')"],
        ),
        (
            "sort",
            [
                "th button:has-text('Cost')",
                "th button:has-text('Duration')",
                "th button:has-text('Job')",
            ],
        ),
    ):
        times = [_press(page, selector) for _ in range(4) for selector in steps]
        times.sort()
        name = f"jobs page, {jobs / 1e6:g}M jobs, {what}"
        found.append(
            row(f"{name}, median (ms)", statistics.median(times), floor=floor, budget="< 150 ms")
        )
        found.append(row(f"{name}, worst (ms)", times[-1], floor=floor, budget="none"))
    return found


def _press(page: Page, selector: str) -> float:
    """From the press to the table's new rows."""
    element = page.locator(selector).first.element_handle()
    took: float = page.evaluate(
        """(el) => new Promise((done) => {
          const body = document.querySelector("table tbody");
          const begun = performance.now();
          const watch = new MutationObserver(() => { watch.disconnect(); done(performance.now() - begun); });
          const every = { childList: true, subtree: true, characterData: true, attributes: true };
          watch.observe(document.querySelector(".dt table"), every);
          el.click();
        })""",
        element,
    )
    return took


def _connected(page: Page) -> None:
    page.wait_for_function("window.did_handshake === true")


def _floor(installed: Installation) -> float:
    caller = Caller(installed.port)
    taken = []
    for _ in range(50):
        begun = time.perf_counter()
        caller.get("/healthz")
        taken.append(1000 * (time.perf_counter() - begun))
    return statistics.median(taken)


if __name__ == "__main__":
    show(rows())
