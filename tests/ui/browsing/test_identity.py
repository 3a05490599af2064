"""Through a real identity provider and back, as a browser goes."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, expect

from application.actor import system
from application.commands.accounts import found_team, register_user
from application.commands.links import confirm_address
from tests.fakes.identity_provider import consent
from tests.ui.browser import sign_in, window
from tests.ui.conftest import PASSWORD, Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def ida(site: Site) -> str:
    """Somebody whose address is confirmed here and there."""
    lab, by = site.system.lab, system("test")
    user = register_user(lab, by, email="ida@lab.example", name="Ida Rhodes", password=PASSWORD)
    found_team(lab, by, name="Ida's team", owner=user)
    confirm_address(lab, by, user)
    site.settled()
    return user


def there(client: httpx.Client, wanted: str = "/tasks") -> str:
    """The address of the provider's page, begun in this browser."""
    page = client.get("/oidc/idp/start", params={"next": wanted})
    assert page.status_code == 303
    return page.headers["location"]


def back(client: httpx.Client, subject: str, wanted: str = "/tasks") -> httpx.Response:
    return client.get(consent(there(client, wanted), subject))


def test_somebody_known_signs_in_elsewhere_and_goes_on(
    site: Site, client: httpx.Client, ida: str
) -> None:
    done = back(client, "one")
    assert done.headers["location"] == "/tasks"
    assert "httponly" in done.headers["set-cookie"].lower()
    assert client.get("/tasks").status_code == 200
    assert site.system.lab.credentials.sessions(ida)


def test_the_way_there_names_the_exact_way_back(site: Site, client: httpx.Client) -> None:
    asked = parse_qs(urlsplit(there(client)).query)
    assert asked["redirect_uri"] == [f"{site.url}/oidc/idp/callback"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["nonce"]
    assert asked["state"]


@pytest.mark.parametrize("evil", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_nobody_is_sent_to_another_site(client: httpx.Client, ida: str, evil: str) -> None:
    assert back(client, "one", evil).headers["location"] == "/"  # the first page of this site


@pytest.mark.parametrize(("subject", "reason"), [("two", "unverified"), ("three", "unknown")])
def test_who_may_not_come_in_is_told_why(
    client: httpx.Client, ida: str, subject: str, reason: str
) -> None:
    refused = back(client, subject)
    assert refused.headers["location"] == f"/login?error={reason}"
    assert "lab_session=" not in refused.headers["set-cookie"]
    assert client.get(refused.headers["location"]).status_code == 200


def test_an_answer_counts_in_the_browser_that_asked_and_once(
    site: Site, client: httpx.Client, ida: str
) -> None:
    answer = consent(there(client), "one")
    with httpx.Client(base_url=site.url) as victim:
        assert victim.get(answer).headers["location"] == "/login?error=state"
        there(victim)
        assert victim.get(answer).headers["location"] == "/login?error=state"
    again = httpx.Client(base_url=site.url, cookies=dict(client.cookies))
    assert client.get(answer).headers["location"] == "/tasks"
    assert again.get(answer).headers["location"] == "/login?error=state"
    again.close()


def test_an_unknown_provider_is_not_there(client: httpx.Client) -> None:
    assert client.get("/oidc/nobody/start").status_code == 404


def test_a_person_links_another_sign_in_on_their_page(site: Site, browser: Browser) -> None:
    lab, by = site.system.lab, system("test")
    user = register_user(lab, by, email="lisa@lab.example", name="Lise", password=PASSWORD)
    found_team(lab, by, name="Lise's team", owner=user)
    site.settled()
    with window(browser, site.url) as (page, _):
        page.goto("/login")
        expect(page.locator("text=Sign in with Example ID")).to_be_visible()
        sign_in(page, "lisa@lab.example", PASSWORD)
        page.goto("/account")
        page.click("button:has-text('Link')")
        page.wait_for_url("**/oauth2/authorize**")
        page.click("button:has-text('three')")
        page.wait_for_url("**/account?told=linked")
        expect(page.locator(".note").first).to_contain_text("Linked")
    with httpx.Client(base_url=site.url, timeout=20) as other:
        assert back(other, "three").headers["location"] == "/tasks"


def test_linking_needs_a_form_of_this_site(client: httpx.Client) -> None:
    assert client.post("/account/link/idp").status_code == 403
    origin = {"origin": str(client.base_url).rstrip("/")}
    assert "/login" in client.post("/account/link/idp", headers=origin).headers["location"]
