"""The account page and what one-time links open, over HTTP and in a browser."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Browser, expect

from application.actor import system
from application.commands.accounts import found_team, register_user
from application.commands.links import Purpose, issue_link, registration_link
from domain.users import fold
from tests.ui.browser import sign_in, window
from tests.ui.conftest import PASSWORD, Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def somebody(site: Site, email: str) -> str:
    """A new person with a team of their own: what happens to them disturbs no other test."""
    lab, by = site.system.lab, system("test")
    user = register_user(lab, by, email=email, name="Grace Hopper", password=PASSWORD)
    found_team(lab, by, name=f"team of {email}", owner=user)
    site.settled()
    return user


def post(client: httpx.Client, path: str, **form: str) -> httpx.Response:
    return client.post(path, data=form, headers={"origin": str(client.base_url).rstrip("/")})


def test_a_person_signs_out_elsewhere_and_changes_the_password(
    site: Site, browser: Browser, client: httpx.Client
) -> None:
    user = somebody(site, "greta@lab.example")
    post(client, "/login", email="greta@lab.example", password=PASSWORD)
    with window(browser, site.url) as (page, wrong):
        sign_in(page, "greta@lab.example", PASSWORD)
        page.goto("/account")
        expect(page.locator("section[aria-label=Sessions] .list-row")).to_have_count(2)
        page.click("button:has-text('End all others')")
        expect(page.locator(".note")).to_contain_text("signed out")
        assert client.get("/jobs").status_code == 303
        page.fill("#old", PASSWORD)
        page.fill("#new", "another horse battery")
        page.click("button:has-text('Change password')")
        expect(page.locator(".note")).to_contain_text("is changed")
        assert len(site.system.lab.credentials.sessions(user)) == 1
        assert wrong == []


def test_signing_in_again_ends_the_session_this_browser_had(
    site: Site, client: httpx.Client
) -> None:
    user = somebody(site, "hedy@lab.example")
    for _ in range(3):
        post(client, "/login", email="hedy@lab.example", password=PASSWORD)
    assert len(site.system.lab.credentials.sessions(user)) == 1


def test_a_page_that_is_open_leaves_when_its_session_is_ended_elsewhere(
    site: Site, browser: Browser, client: httpx.Client
) -> None:
    somebody(site, "joan@lab.example")
    with window(browser, site.url) as (page, _):
        sign_in(page, "joan@lab.example", PASSWORD)
        post(client, "/login", email="joan@lab.example", password=PASSWORD)
        post(client, "/account/sessions/end")
        page.wait_for_url("**/login")


def test_a_reset_link_shows_a_form_signs_in_and_is_spent(site: Site, client: httpx.Client) -> None:
    user = somebody(site, "mary@lab.example")
    secret = issue_link(site.system.lab, system("console"), user, Purpose.RESET)
    assert "Choose a new password" in client.get(f"/reset/{secret}").text
    weak = post(client, f"/reset/{secret}", password="short")
    assert "error" in weak.headers["location"]
    done = post(client, f"/reset/{secret}", password="another horse battery")
    assert done.headers["location"] == "/"
    assert client.get("/jobs").status_code == 200
    assert "error" in post(client, f"/reset/{secret}", password="x" * 3).headers["location"]


def test_looking_at_a_sign_in_link_does_not_spend_it(site: Site, client: httpx.Client) -> None:
    user = somebody(site, "rosa@lab.example")
    secret = issue_link(site.system.lab, system("console"), user, Purpose.SIGN_IN)
    assert client.get(f"/sign-in/{secret}").status_code == 200
    assert post(client, f"/sign-in/{secret}").headers["location"] == "/"
    assert "error" in post(client, f"/sign-in/{secret}").headers["location"]
    assert client.post(f"/sign-in/{secret}").status_code == 403


def test_asking_for_a_link_is_answered_alike_and_says_when_no_mail_is_sent(
    site: Site, client: httpx.Client
) -> None:
    somebody(site, "dora@lab.example")
    told = [post(client, "/forgot", email=e) for e in ("dora@lab.example", "x@lab.example")]
    assert [answer.headers["location"] for answer in told] == ["/forgot?sent=1"] * 2
    assert "sends no mail" in client.get("/forgot").text
    assert "/forgot" in client.get("/login").text


def test_nobody_makes_an_account_where_people_are_invited(site: Site, client: httpx.Client) -> None:
    assert "by invitation" in client.get("/register").text
    assert "/register" not in client.get("/login").text
    answer = post(client, "/register", email="eve@lab.example")
    assert "error" in answer.headers["location"]


def test_an_address_is_confirmed_by_a_button(site: Site, client: httpx.Client) -> None:
    user = somebody(site, "vera@lab.example")
    secret = issue_link(site.system.lab, system("test"), user, Purpose.VERIFY)
    assert "Confirm your address" in client.get(f"/verify/{secret}").text
    assert not fold(site.system.lab.log.stream(user)).verified
    post(client, f"/verify/{secret}")
    assert fold(site.system.lab.log.stream(user)).verified


def test_a_mailed_link_makes_an_account(site: Site, client: httpx.Client) -> None:
    secret = registration_link(site.system.lab, "ina@lab.example")
    assert "Make your account" in client.get(f"/register/{secret}").text
    refused = post(client, f"/register/{secret}", name="Ina", password="another horse battery")
    assert "error" in refused.headers["location"]  # the server's policy: invitation


def test_what_the_account_page_posts_is_refused_without_a_session(client: httpx.Client) -> None:
    for path in ("/account/password", "/account/sessions/end", "/account/tokens/revoke"):
        answer = post(client, path, old="x", new="y")
        assert (answer.status_code, "/login" in answer.headers["location"]) == (303, True)
