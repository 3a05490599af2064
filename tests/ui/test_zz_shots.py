"""Screenshots; run by pytest with SHOTS list."""

import os
from pathlib import Path

from tests.ui.browser import chromium, connected, sign_in, window
from tests.ui.conftest import EMAIL, PASSWORD, Site

OUT = Path("screenshots")
OUT.mkdir(exist_ok=True)


def test_shots(site: Site):
    site.owner()
    exec(Path("/tmp/seed.py").read_text(), globals())
    ids = seed(site)
    which = os.environ.get("SHOTS", "")
    with chromium() as browser:
        for width in (1440, 390):
            for dark in (False, True):
                if (
                    os.environ.get("ONLY")
                    and os.environ["ONLY"] != f"{width}{'d' if dark else 'l'}"
                ):
                    continue
                with window(browser, site.url, width=width, dark=dark) as (page, wrong):
                    tag = f"{width}-{'dark' if dark else 'light'}"
                    page.goto("/login")
                    page.screenshot(path=OUT / f"login-{tag}.png")
                    sign_in(page, EMAIL, PASSWORD)
                    for name, path in pages(ids).items():
                        if which and name not in which.split(","):
                            continue
                        page.goto(path)
                        connected(page)
                        page.wait_for_timeout(900)
                        page.screenshot(path=OUT / f"{name}-{tag}.png")
                        w = page.evaluate("document.documentElement.scrollWidth")
                        n = page.evaluate("document.querySelectorAll('*').length")
                        if w > width:
                            print("WIDE", name, tag, w)
                    print(tag, wrong)
