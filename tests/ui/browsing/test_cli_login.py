"""``lab login`` as people run it, through a real browser and by a code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.lab.shell import ROOT
from tests.ui.browser import sign_in, window
from tests.ui.conftest import EMAIL, PASSWORD, Site, eventually

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def login(site: Site, tmp_path: Path) -> Iterator[Callable[..., Login]]:
    """Runs ``lab login``; what does not end by itself is ended."""
    started: list[Login] = []

    def start(*words: str) -> Login:
        started.append(Login(site, tmp_path, *words))
        return started[-1]

    yield start
    for one in started:
        one.running.kill()
        one.running.communicate()


class Login:
    """A running ``lab login`` whose browser is a program that writes down what it is to open."""

    def __init__(self, site: Site, home: Path, *words: str) -> None:
        self.home, self.opened, self.errors = home, home / "opened", home / "errors"
        opener = home / "browser"
        opener.write_text(f'#!/bin/sh\nprintf %s "$1" > {self.opened}.new\n')
        with opener.open("a") as more:
            more.write(f"mv {self.opened}.new {self.opened}\n")
        opener.chmod(0o755)
        keep = {k: v for k, v in os.environ.items() if not k.startswith("LAB_")}
        self.env = {**keep, "LAB_CONFIG_DIR": str(home), "PYTHONPATH": str(ROOT)}
        self.env |= {"LAB_SERVER_URL": site.url, "BROWSER": f"{opener} %s"}
        with self.errors.open("w") as err:
            self.running = subprocess.Popen(
                [sys.executable, "-m", "lab", "login", *words],
                env=self.env, stdout=subprocess.PIPE, stderr=err, text=True,
            )  # fmt: skip

    def ended(self) -> tuple[int, str]:
        out, _ = self.running.communicate(timeout=30)
        return self.running.returncode, out + self.errors.read_text()

    def lab(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "lab", *words],
            env=self.env, capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        return done.stdout


def post(client: httpx.Client, path: str, **form: str) -> httpx.Response:
    return client.post(path, data=form, headers={"origin": str(client.base_url).rstrip("/")})


@pytest.fixture
def ada(client: httpx.Client) -> httpx.Client:
    """A browser that is signed in."""
    post(client, "/login", email=EMAIL, password=PASSWORD)
    return client


def test_a_command_line_is_allowed_in_the_browser_and_its_token_is_revocable(
    site: Site, browser: Browser, login: Callable[..., Login]
) -> None:
    running = login()
    eventually(running.opened.exists)
    with window(browser, site.url) as (page, _):
        sign_in(page, EMAIL, PASSWORD)
        page.goto(running.opened.read_text())
        expect(page.locator("main.login")).to_contain_text("act as you in Fieldmouse Lab")
        page.click("button:has-text('Allow')")
        expect(page.locator("body")).to_contain_text("Signed in. You may close this page.")
        code, told = running.ended()
        assert code == 0, told
        assert EMAIL in running.lab("whoami")
        page.goto("/account")
        row = page.locator("section[aria-label='API tokens'] .list-row", has_text="lab on ")
        expect(row).to_have_count(1)
        row.locator("button").click()
        expect(page.locator(".note")).to_contain_text("revoked")
    with pytest.raises(subprocess.CalledProcessError):
        running.lab("whoami")


def test_a_refusal_in_the_browser_ends_the_login(
    site: Site, ada: httpx.Client, login: Callable[..., Login]
) -> None:
    running = login()
    eventually(running.opened.exists)
    asked = httpx.URL(running.opened.read_text()).params
    page = post(ada, "/cli", answer="deny", **dict(asked))
    where = re.findall(r'href="([^"]+)"', page.text)[0].replace("&amp;", "&")
    foreign = httpx.get(where.replace(asked["state"], "x" * 32))
    assert foreign.status_code == 400
    httpx.get(where)
    code, told = running.ended()
    assert (code, "it was refused" in told) == (3, True)


def test_a_command_line_without_a_browser_shows_a_code(
    site: Site, ada: httpx.Client, login: Callable[..., Login]
) -> None:
    running = login("--device")
    eventually(lambda: re.search(r"[B-Z]{4}-[B-Z]{4}", running.errors.read_text()))
    found = re.search(r"[B-Z]{4}-[B-Z]{4}", running.errors.read_text())
    assert found is not None
    to = post(ada, "/device", code=found[0]).headers["location"]
    assert "wants to act as you in Fieldmouse Lab" in ada.get(to).text
    done = post(ada, "/device", code=found[0], answer="allow")
    assert done.headers["location"] == "/device?done=allowed"
    code, told = running.ended()
    assert code == 0, told
    assert EMAIL in running.lab("whoami")
    running.lab("logout")


def test_an_unknown_code_and_a_page_nobody_opened_say_so(ada: httpx.Client) -> None:
    assert "No command line waits" in ada.get("/device?code=BBBB-BBBB").text
    assert "Run it again" in ada.get("/cli").text
    for port in ("80", "99999", "8470@evil.example", "x"):
        asked = {"port": port, "state": "s" * 32, "challenge": "c" * 43, "name": "n"}
        assert post(ada, "/cli", answer="allow", **asked).headers["location"] == "/cli"


def test_a_command_line_is_confirmed_by_somebody_signed_in_on_this_site(
    site: Site, client: httpx.Client
) -> None:
    for path in ("/cli?port=4000&state=x", "/device"):
        assert "/login?next=" in client.get(path).headers["location"]
    assert client.post("/device", data={"code": "x", "answer": "allow"}).status_code == 403
    assert "/login" in post(client, "/cli", answer="allow").headers["location"]
