"""The log in the browser: newest first, by kind, by one stream; for whoever may read it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from application.actor import system
from application.commands.accounts import open_session, register_user
from application.commands.jobs import Launch, queue_job
from application.commands.members import add_member
from domain.jobs import fold
from domain.teams import Role
from tests.ui.browser import connected, window
from tests.ui.conftest import PASSWORD, Site, eventually

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
IVAN = "ivan@lab.example"


def test_the_log_is_read_newest_first_by_kind_and_by_stream(
    site: Site, browser: Browser, secret: str
) -> None:
    job = queue_job(site.system.lab, site.owner(), Launch(yaml="name: audited\nrun: 'true'\n"))
    site.settled()
    with window(browser, site.url, secret=secret) as (page, wrong):
        page.goto("/audit?kind=team")
        connected(page)
        expect(page.locator("tbody tr").last).to_contain_text("team.created")
        expect(page.locator("tbody tr").last).to_contain_text("Labledger")
        page.click("button.facet:has-text('Jobs')")
        expect(page.locator("tbody")).to_contain_text(job)
        page.fill("[data-search]", job)
        expect(page.locator("tbody tr").last).to_contain_text("job.queued")
        expect(page.locator("tbody tr").last).to_contain_text("Ada Lovelace")
        expect(page).to_have_url(re.compile(rf"/audit\?q={job}&kind=job"))
        assert wrong == []


def test_the_log_is_replayed_event_by_event_and_the_address_says_where(
    site: Site, browser: Browser, secret: str
) -> None:
    lab = site.system.lab
    job = queue_job(lab, site.owner(), Launch(yaml="name: replayed\nrun: 'true'\n"))
    eventually(lambda: fold(lab.log.stream(job)).is_over)
    site.settled()
    with window(browser, site.url, secret=secret) as (page, wrong):
        page.goto(f"/audit?q={job}&speed=100")
        connected(page)
        told = page.locator(".replay-told [role=status]")
        expect(told).to_contain_text("Complete after")
        page.get_by_label("Moment").press("Home")
        expect(told).to_contain_text("Queued")
        expect(page.locator(".replay-lab")).to_contain_text("1 queued")
        expect(page).to_have_url(re.compile(rf"/audit\?q={job}&at=\d+&speed=100"))
        expect(page.locator("tbody tr")).to_have_count(1)
        page.get_by_label("The next event").press("Enter")
        expect(page.locator("tbody tr")).to_have_count(2)
        page.reload()
        connected(page)
        expect(page.locator("tbody tr")).to_have_count(2)
        page.get_by_label("The next event").evaluate("e => { e.click(); e.click() }")
        expect(page.locator("tbody tr")).to_have_count(4)  # pressed fast, each press is a step
        page.get_by_role("button", name="Play").press("Enter")
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
        expect(told).to_contain_text("Complete after")
        expect(page.get_by_role("button", name="Play")).to_be_visible()
        expect(page).to_have_url(re.compile(rf"/audit\?q={job}&speed=100$"))
        assert wrong == []


def test_a_viewer_is_told_that_the_log_is_not_for_them(site: Site, browser: Browser) -> None:
    lab = site.system.lab
    user = register_user(lab, system("t"), email=IVAN, name="Ivan", password=PASSWORD)
    add_member(lab, site.owner(), email=IVAN, role=Role.VIEWER)
    site.settled()
    cookie = {"name": "lab_session", "value": open_session(lab, user).secret, "url": site.url}
    with window(browser, site.url) as (page, _):
        page.context.add_cookies([cookie])
        answer = page.goto("/audit")
        assert answer is not None
        assert answer.status == 403
        expect(page.locator("main")).to_contain_text("may not read the event log")
        expect(page.locator("main")).to_contain_text(
            "Ada Lovelace (owner) can give you one that may"
        )
