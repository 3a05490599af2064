"""Every page of a furnished lab: accessible in both themes, as narrow as a phone, light, and text stays text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.ui import axe
from tests.ui.browser import chromium, connected, session, window
from tests.ui.furnished import FurnishedSite, furnished_site
from tests.ui.looking import Looking
from tests.ui.seed.cast import EMAIL, PASSWORD
from tests.ui.shots import Shot, shots

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("furnished")]

ELEMENTS_AT_MOST = 300
PARTS = 4
WIDE: ViewportSize = {"width": 1440, "height": 900}
FEWER_ROWS = "document.querySelectorAll('tbody tr:nth-child(n+5)').forEach(r => r.remove())"
"""Of a long list some rows are looked at: the others are drawn by the same code."""
EXPECTED = ("status of 404",)


@pytest.fixture(scope="module")
def lab(postgres: str) -> Iterator[FurnishedSite]:
    with furnished_site(postgres) as site:
        yield site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def secret(lab: FurnishedSite, browser: Browser) -> str:
    """Of one session for all of these tests."""
    return session(browser, lab.url, EMAIL, PASSWORD)


@pytest.fixture(scope="module")
def inside(lab: FurnishedSite, browser: Browser, secret: str) -> Iterator[Looking]:
    with window(browser, lab.url, secret=secret) as (page, wrong):
        page.add_init_script(path=axe.SCRIPT)
        yield Looking(page, wrong)


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_accessible_light_and_fits_a_phone(
    lab: FurnishedSite, inside: Looking, part: int
) -> None:
    every = [shot for shot in shots(lab.home) if shot.signed_in]
    told: list[str] = []
    for shot in every[part::PARTS]:
        inside.page.set_viewport_size(WIDE)
        inside.open(shot)
        told += _looked_at(inside.page, shot, inside.without)
    told += _unexpected(inside.wrong)
    assert told == []


def test_the_pages_of_strangers_are_accessible_light_and_fit_a_phone(
    lab: FurnishedSite, browser: Browser
) -> None:
    told: list[str] = []
    with window(browser, lab.url) as (page, wrong):
        page.add_init_script(path=axe.SCRIPT)
        for shot in shots(lab.home):
            if not shot.signed_in:
                page.set_viewport_size(WIDE)
                page.goto(shot.path)
                page.wait_for_selector("main h1")
                told += _looked_at(page, shot, ())
        told += _unexpected(wrong)
    assert told == []


def test_a_text_that_cannot_be_read_is_found_wherever_it_is(inside: Looking) -> None:
    """Of a look that was there before, too, as soon as what it lies on is another."""
    inside.page.goto("/quota")
    inside.page.wait_for_selector("main h1")
    axe.contrast(inside.page)
    assert axe.contrast(inside.page) == []
    hide = "() => { document.querySelector('main h1').style.background = 'var(--ink-hover)' }"
    inside.page.evaluate(hide)
    (found,) = axe.contrast(inside.page)
    assert found.startswith("color-contrast <h1")


def _unexpected(wrong: list[str]) -> list[str]:
    found = [w for w in wrong if not any(word in w for word in EXPECTED)]
    wrong.clear()
    return found


def _looked_at(page: Page, shot: Shot, without: Sequence[list[str]]) -> list[str]:
    page.evaluate(FEWER_ROWS)
    page.wait_for_function(_NAMED)
    told = [f"{shot.name} light: {one}" for one in axe.violations(page, without=without)]
    editor = page.locator(".cm-editor")
    paper = editor.evaluate(_PAPER) if editor.count() else ""
    page.evaluate("Lab.theme('dark')")
    if paper:  # the server sends the editor's theme
        page.wait_for_function(f"({_PAPER})(document.querySelector('.cm-editor')) !== '{paper}'")
    told += [f"{shot.name} dark: {one}" for one in axe.contrast(page, without=without)]
    count = page.evaluate("Object.keys(mounted_app.elements).length")
    if count > ELEMENTS_AT_MOST:
        told.append(f"{shot.name}: {count} elements")
    for width in (768, 390):
        page.set_viewport_size({"width": width, "height": 844})
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            told.append(f"{shot.name}: {wide} px wide at {width}")
    page.evaluate("Lab.theme('light')")
    return told


_NAMED = "() => [...document.querySelectorAll('.cm-content')].every(e => e.ariaLabel)"
_PAPER = "(editor) => getComputedStyle(editor).backgroundColor"


def test_text_stays_text_wherever_it_is_shown(
    lab: FurnishedSite, browser: Browser, secret: str
) -> None:
    job, experiment = lab.hostile["job"], lab.hostile["experiment"]
    paths = [
        "/",
        "/jobs?q=img",
        "/experiments",
        "/tasks",
        f"/tasks/{lab.hostile['task']}",
        f"/launch?task={lab.hostile['task']}",
        "/providers",
        f"/providers/{lab.hostile['provider']}",
        "/artifacts",
        "/audit",
        "/quota",
        f"/compare?ids={job},{lab.home.jobs['complete']}",
        *(f"/jobs/{job}/{tab}" for tab in ("overview", "logs", "metrics", "artifacts", "events", "config")),
        *(
            f"/experiments/{experiment}/{tab}"
            for tab in ("overview", "jobs", "notes", "documents", "settings", "activity")
        ),
    ]  # fmt: skip
    with window(browser, lab.url, secret=secret) as (page, wrong):
        looking = Looking(page, wrong)
        for place, path in enumerate(paths):
            looking.clean = place % 5 != 0  # some are loaded anew, most are reached by a link
            looking.go(path)
            found = page.evaluate(
                "[!!window.hacked, document.querySelectorAll('img[src=x]').length]"
            )
            assert found == [False, 0], path
        page.goto(f"/jobs/{job}/logs")
        page.wait_for_selector(".ln")
        assert "onerror" in page.locator(".ln").first.inner_text()
        page.keyboard.press("Control+k")
        page.keyboard.type("img")
        page.wait_for_selector("[role=option] >> text=onerror")
        assert page.evaluate("!!window.hacked") is False
        assert wrong == []


def test_answers_carry_the_policy_and_nothing_is_framed(
    lab: FurnishedSite, browser: Browser, secret: str
) -> None:
    with window(browser, lab.url, secret=secret) as (page, wrong):
        kept = []
        page.on(
            "response", lambda r: kept.append((r.url, r.headers.get("content-security-policy", "")))
        )
        page.goto(f"/jobs/{lab.home.jobs['running']}")
        connected(page)
        page.wait_for_selector("canvas")
        assert kept
        bad = [url for url, policy in kept if "default-src 'none'" not in policy]
        assert bad == []
        assert wrong == []


def test_nothing_moves_for_those_who_ask_for_no_motion(
    lab: FurnishedSite, browser: Browser, secret: str
) -> None:
    with window(browser, lab.url, secret=secret) as (page, wrong):
        page.emulate_media(reduced_motion="reduce")
        page.goto(f"/jobs/{lab.home.jobs['running']}")
        connected(page)
        moving = (
            "document.getAnimations().filter(a => a.playState === 'running'"
            " && a.effect.getComputedTiming().duration > 0).length"
        )
        assert page.evaluate(moving) == 0
        assert wrong == []


def test_the_filters_of_a_list_are_its_address(
    lab: FurnishedSite, browser: Browser, secret: str
) -> None:
    with window(browser, lab.url, secret=secret) as (page, wrong):
        page.goto("/jobs")
        connected(page)
        page.click(".facet:has-text('Complete')")
        page.click("th button:has-text('Cost')")
        page.wait_for_url("**/jobs?*sort=cost*")
        page.wait_for_function("document.querySelectorAll('tbody tr').length > 3")
        rows = page.locator("tbody .title").all_inner_texts()
        address = page.url
        page.reload()
        connected(page)
        page.wait_for_selector("tbody .title")
        assert page.locator("tbody .title").all_inner_texts() == rows
        assert "sort=cost" in address
        assert wrong == []
