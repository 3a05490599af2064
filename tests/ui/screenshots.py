"""``make screenshots``: every page and state of a furnished lab, light and dark, wide and narrow.

``python -m tests.ui.screenshots [NAME …] [--into FOLDER] [--sheet]``; without names all of them.
"""

from __future__ import annotations

import argparse
import base64
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.ui.browser import chromium, connected, sign_in, window
from tests.ui.seed.cast import EMAIL, PASSWORD, VIEWER
from tests.ui.seed.site import Site, database, furnished
from tests.ui.shots import Shot, refused_shots, shots

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
WIDTHS = (1440, 390)
QUALITY = 55
SETTLE_MS = 900
EXPECTED = ("status of 404", "status of 403")


def main() -> int:
    """1 when a page logged an error or asked another host for something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--into", type=Path, default=FOLDER)
    parser.add_argument("--width", type=int, action="append", default=[])
    parser.add_argument("--theme", action="append", default=[])
    asked = parser.parse_args()
    asked.into.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        database() as dsn,
        furnished(dsn, Path(home)) as site,
        chromium() as browser,
    ):
        every = {EMAIL: shots(site.home), VIEWER: refused_shots(site.home)}
        wrong = [
            fault
            for width in asked.width or WIDTHS
            for theme in asked.theme or ("light", "dark")
            for who, known in every.items()
            for fault in _round(
                browser, site, [s for s in known if not asked.names or s.name in asked.names],
                who=who, width=width, theme=theme, into=asked.into,
            )
        ]  # fmt: skip
    print("\n".join(wrong) or f"{len(list(asked.into.glob('*.webp')))} pictures in {asked.into}")
    return 1 if wrong else 0


def _round(
    browser: Browser,
    site: Site,
    wanted: Sequence[Shot],
    *,
    who: str,
    width: int,
    theme: str,
    into: Path,
) -> list[str]:
    """Picture everything as ``who`` sees it, in one theme at one width; what went wrong."""
    out: list[str] = []
    for signed_in in (False, True):
        some = [s for s in wanted if s.signed_in is signed_in]
        if not some:
            continue
        with window(browser, site.url, width=width, dark=theme == "dark") as (page, wrong):
            if signed_in:
                sign_in(page, who, PASSWORD)
            for shot in some:
                wrong.clear()
                name = f"{shot.name}-{theme}-{width}"
                try:
                    _take(page, shot, into / f"{name}.webp")
                except Exception as error:  # noqa: BLE001  # one page's fault must not end the round
                    out.append(f"{name}: {str(error).splitlines()[0]}")
                out += [f"{name}: {w}" for w in wrong if not any(code in w for code in EXPECTED)]
                print(name, file=sys.stderr, flush=True)
    return out


def _take(page: Page, shot: Shot, into: Path) -> None:
    page.goto(shot.path)
    if shot.signed_in:
        connected(page)
    page.wait_for_timeout(SETTLE_MS)
    shot.prepare(page)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    session = page.context.new_cdp_session(page)
    shown = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    into.write_bytes(base64.b64decode(shown["data"]))
    session.detach()
    if wide > 0:
        raise AssertionError(f"scrolls sideways by {wide} px")


if __name__ == "__main__":
    sys.exit(main())
