"""The network goes away and comes back: a page says so, shows every line, and is where it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from nicegui import Client, core
from playwright.sync_api import Browser, Page, expect

from application.commands.jobs import Launch, queue_job, stop_job
from tests.asked import LONG
from tests.fakes.line import Line, line_to
from tests.ui.browser import PATIENCE_MS, connected, window
from tests.ui.conftest import Site, eventually

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TALK = """name: talk
resources: {cpus: 1}
run: |
  for n in $(seq 1 3000); do echo "line $n"; sleep 0.1; done
"""
SHORT_S, LONG_S = 5.0, 60.0
SHOWN = "getElement(+document.querySelector('.log').id.slice(1)).all"


@pytest.fixture
def job(site: Site) -> Iterator[str]:
    """One that goes on talking."""
    lab, owner = site.system.lab, site.owner()
    queued = queue_job(lab, owner, Launch(yaml=TALK))
    yield queued
    stop_job(lab, owner, queued)


@pytest.fixture
def line(site: Site) -> Iterator[Line]:
    with line_to(site.url) as one:
        yield one


def test_a_short_outage_loses_no_line_and_nobody_need_load_anew(
    site: Site, browser: Browser, secret: str, job: str
) -> None:
    with window(browser, site.url, secret=secret) as (page, _):
        loads = _opened(page, job)
        page.context.set_offline(True)
        _told(page)
        _meanwhile(site, page, job, for_s=SHORT_S if LONG else 0)
        page.context.set_offline(False)
        _goes_on(site, page, job)
        assert len(loads) == 1


def test_a_page_forgotten_during_an_outage_loads_once_and_is_where_it_was(
    site: Site, browser: Browser, secret: str, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not LONG:
        monkeypatch.setattr(core.app.config, "reconnect_timeout", 1.0)
    with window(browser, site.url, secret=secret) as (page, _):
        loads = _opened(page, job)
        client = page.evaluate("window.clientId")
        page.context.set_offline(True)
        _told(page)
        _meanwhile(site, page, job, for_s=LONG_S if LONG else 0)
        eventually(lambda: client not in Client.instances)
        page.context.set_offline(False)
        _goes_on(site, page, job)
        assert len(loads) == 2


@pytest.mark.parametrize("for_s", [SHORT_S, LONG_S] if LONG else [0.0])
def test_a_line_that_falls_silent_loses_nothing(
    site: Site, browser: Browser, secret: str, job: str, line: Line, for_s: float
) -> None:
    """What is sent arrives nowhere, and neither end is told, as with a router that lost its way.

    Only its length tells: a short one passes without a word.
    """
    with window(browser, line.url, secret=secret) as (page, _):
        loads = _opened(page, job)
        line.cut()
        if for_s == LONG_S:
            _told(page)
        _meanwhile(site, page, job, for_s=for_s)
        line.mend()
        _goes_on(site, page, job)
        assert len(loads) <= (2 if for_s == LONG_S else 1)


def _opened(page: Page, job: str) -> list[str]:
    """Show its log; the list grows with every document loaded from here on, this one the first."""
    loads: list[str] = []

    def loaded(_: object) -> None:
        loads.append(page.url)

    page.on("load", loaded)
    page.goto(f"/jobs/{job}/logs")
    connected(page)
    page.wait_for_selector(".ln")
    return loads


def _told(page: Page) -> None:
    expect(page.locator(".lost")).to_contain_text("Connection lost")


def _meanwhile(site: Site, page: Page, job: str, *, for_s: float) -> None:
    """The job says more than the page shows."""
    shown = page.evaluate(f"{SHOWN}.length")
    page.wait_for_timeout(1000 * for_s)
    eventually(lambda: _said(site, job) > shown + 5)


def _goes_on(site: Site, page: Page, job: str) -> None:
    """The same place; all that was said, in order, and what is said from here on."""
    expect(page.locator(".lost")).to_have_count(0)
    said = _said(site, job)
    more = f"window.did_handshake && document.querySelector('.ln') && {SHOWN}.length > {said}"
    page.wait_for_function(more, timeout=3 * PATIENCE_MS)
    assert page.url.endswith(f"/jobs/{job}/logs")
    told = [text for text in page.evaluate(f"{SHOWN}.map((l) => l.x)") if text.startswith("line ")]
    assert told == [f"line {n}" for n in range(1, len(told) + 1)]


def _said(site: Site, job: str) -> int:
    return site.system.telemetry.last_line(job, attempt=1)
