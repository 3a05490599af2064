"""Of a page that was closed nothing is kept, once it cannot come back any more."""

from __future__ import annotations

import gc
import weakref

import pytest
from nicegui import Client, background_tasks, core
from playwright.sync_api import Browser

from application.commands.jobs import Launch, queue_job, stop_job
from tests.ui.browser import connected, window
from tests.ui.conftest import Site, eventually
from ui.app import TAB_KEPT_S
from ui.gateway import Gateway
from ui.job_gateway import JobGateway
from ui.shell import Shell

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
OURS = (Shell, Gateway, JobGateway)
Kept = list[weakref.ref[object]]


def test_a_closed_page_is_forgotten_with_all_that_followed_for_it(
    site: Site, browser: Browser, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core.app.config, "reconnect_timeout", 0.5)
    lab, owner = site.system.lab, site.owner()
    job = queue_job(lab, owner, Launch(yaml="name: followed\nrun: sleep 60\n"))
    site.settled()
    before = {id(one()) for one in _kept()}
    opened: list[str] = []
    kept: Kept = []
    with window(browser, site.url, secret=secret) as (page, _):
        for tab in ("events", "logs"):
            page.goto(f"/jobs/{job}/{tab}")
            connected(page)
            opened.append(page.evaluate("window.clientId"))
            eventually(lambda: _tasks_of(opened[-1]))
            kept += [one for one in _kept() if id(one()) not in before]
        assert {type(one()) for one in kept} >= set(OURS)
    eventually(lambda: not set(opened) & set(Client.instances))
    eventually(lambda: not any(_tasks_of(client) for client in opened))
    eventually(lambda: _gone(kept))
    stop_job(lab, owner, job)


def test_what_the_framework_keeps_for_every_tab_it_keeps_for_a_minute(site: Site) -> None:
    del site
    assert core.app.storage.max_tab_storage_age == TAB_KEPT_S == 60


def _kept() -> Kept:
    return [weakref.ref(one) for one in gc.get_objects() if type(one) in OURS]


def _gone(kept: Kept) -> bool:
    gc.collect()
    return not any(one() for one in kept)


def _tasks_of(client: str) -> list[str]:
    names = [task.get_name() for task in list(background_tasks.running_tasks)]
    return [name for name in names if client in name]
