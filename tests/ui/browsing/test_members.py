"""Members in the browser: invited by a link that is shown once, given a role, removed."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from application.actor import Actor, system
from application.commands.accounts import open_session, register_user
from application.commands.members import add_member
from application.commands.tokens import issue_token
from domain.teams import Role
from tests.ui.browser import connected, window
from tests.ui.conftest import PASSWORD, Site, eventually

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
GRACE = "grace@lab.example"


@pytest.fixture(scope="module")
def grace(site: Site) -> str:
    """The id of a viewer."""
    lab = site.system.lab
    user = register_user(lab, system("t"), email=GRACE, name="Grace", password=PASSWORD)
    add_member(lab, site.owner(), email=GRACE, role=Role.VIEWER)
    site.settled()
    return user


def roles(site: Site) -> dict[str, str]:
    site.settled()
    return {m.user_id: m.role for m in site.system.queries.members(site.owner().team)}


def test_an_owner_invites_changes_a_role_and_removes(
    site: Site, browser: Browser, secret: str, grace: str
) -> None:
    her = Actor(by=f"user:{grace}", user=grace, team=site.owner().team, role=Role.VIEWER)
    _, laptop = issue_token(site.system.lab, her, name="laptop", scopes=["read"])
    site.settled()
    with window(browser, site.url, secret=secret) as (page, wrong):
        page.goto("/members")
        connected(page)
        page.click("button:has-text('Invite')")
        page.fill("#invite-email", "zed@lab.example")
        page.click("button:has-text('Make link')")
        link = page.locator("[data-copy]")
        expect(link).to_have_attribute("data-copy", re.compile(r"/invitation/labinv_"))
        page.click("button:has-text('Done')")
        connected(page)
        expect(page.locator("section[aria-label='Invited']")).to_contain_text("zed@lab.example")
        page.select_option(f"#role-{grace}", "admin")
        eventually(lambda: roles(site)[grace] == "admin")
        card = page.locator("section[aria-label='API tokens']")
        expect(card).to_contain_text(f"laptop of {GRACE}")
        card.locator(f"[aria-label='Revoke laptop of {GRACE}']").click()
        page.click(".dlg button:has-text('Revoke')")
        eventually(lambda: site.system.lab.credentials.find(laptop) is None)
        expect(card).not_to_contain_text(f"laptop of {GRACE}")  # the page was loaded anew
        connected(page)
        page.click("[aria-label='Remove Grace']")
        page.click("[role=alertdialog] button:has-text('Remove')")
        eventually(lambda: grace not in roles(site))
        assert wrong == []
    add_member(site.system.lab, site.owner(), email=GRACE, role=Role.VIEWER)
    site.settled()


def test_a_viewer_sees_who_is_there_and_can_change_nothing(
    site: Site, browser: Browser, grace: str
) -> None:
    secret = open_session(site.system.lab, grace).secret
    with window(browser, site.url) as (page, wrong):
        page.context.add_cookies([{"name": "lab_session", "value": secret, "url": site.url}])
        page.goto("/members")
        connected(page)
        expect(page.locator(".person", has_text="Ada Lovelace")).to_contain_text("Owner")
        assert page.locator("select, button:has-text('Invite')").count() == 0
        assert wrong == []
