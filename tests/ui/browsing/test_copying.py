"""Copying: with a clipboard, over plain HTTP where there is none, and told truly when it fails."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.ui.browser import connected, window
from tests.ui.conftest import Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
PLAIN_HTTP = "Object.defineProperty(navigator, 'clipboard', { value: undefined })"
REFUSED = "navigator.clipboard.writeText = () => Promise.reject(new Error('denied'))"
NEVER = f"{REFUSED}; document.execCommand = () => false"


@pytest.mark.parametrize("how", [PLAIN_HTTP, REFUSED])
def test_a_secret_shown_once_is_copied_out_of_its_question(
    site: Site, browser: Browser, secret: str, how: str
) -> None:
    with window(browser, site.url, secret=secret) as (page, wrong):
        page.add_init_script(how)
        page.goto("/account?new=token")
        connected(page)
        page.fill("#token-name", f"copied {len(how)}")
        page.check("#token-read")
        page.click(".dlg button:has-text('Make it')")
        shown = page.locator(".token-once [data-copy]")
        token = shown.get_attribute("data-copy")
        assert token
        shown.click()
        expect(page.locator(".toast")).to_have_text("Copied")
        expect(shown).to_be_focused()
        page.goto("/jobs")
        connected(page)
        page.focus("[data-search]")
        page.keyboard.press("Control+v")
        expect(page.locator("[data-search]")).to_have_value(token)
        assert wrong == []


def test_what_could_not_be_copied_is_never_called_copied(
    site: Site, browser: Browser, secret: str
) -> None:
    with window(browser, site.url, secret=secret) as (page, wrong):
        page.add_init_script(NEVER)
        page.goto("/jobs")
        connected(page)
        page.keyboard.press("Control+k")
        page.keyboard.type("Copy a link")
        page.keyboard.press("Enter")
        expect(page.locator(".toast.bad")).to_contain_text("copy it yourself")
        assert wrong == []
