"""A window that goes from page to page as people do, by links: much quicker than loading each anew."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page

from tests.ui.browser import connected
from tests.ui.shots import Shot, nothing

FRAMES = 2
_LEAVE = """(path) => {
  document.querySelector("main").firstElementChild.firstElementChild.dataset.left = "";
  Lab.go(path);
}"""
_BUILT = "main[aria-busy=false], main .empty"
_ARRIVED = f"!document.querySelector('[data-left]') && document.querySelector('{_BUILT}')"


@dataclass
class Looking:
    """It is signed in. ``clean``: nothing was opened on the page, so that a link leads away from it."""

    page: Page
    wrong: list[str]
    clean: bool = False
    seen: int = 0

    def go(self, path: str) -> None:
        """To ``path``, and wait until its page is there."""
        if self.clean and not self.page.url.endswith(path):
            self.page.evaluate(_LEAVE, path)
            self.page.wait_for_function(_ARRIVED)
        else:
            self.page.goto(path)
            connected(self.page)
            self.page.wait_for_selector(_BUILT)
        self.seen += 1

    def open(self, shot: Shot) -> None:
        """The page in the state that ``shot`` shows."""
        self.go(shot.path)
        shot.prepare(self.page)
        self.clean = shot.prepare is nothing

    @property
    def without(self) -> list[list[str]]:
        """What need not be looked at: the frame, the same around every page, after the first ones."""
        return [] if self.seen <= FRAMES or not self.clean else [[".side"], [".topbar"]]
