"""Signing in and out, and what is refused without."""

from __future__ import annotations

import httpx
import pytest

from application.commands.setup import setup_code
from tests.ui.conftest import EMAIL, PASSWORD, SECRET, Site
from ui.session import local_path


def post(client: httpx.Client, path: str, **form: str) -> httpx.Response:
    return client.post(path, data=form, headers={"origin": str(client.base_url).rstrip("/")})


def test_a_new_server_is_set_up_once_and_only_with_its_code(
    site: Site, client: httpx.Client
) -> None:
    if site.system.queries.all_providers():
        pytest.skip("another test came first and made the account")
    assert client.get("/jobs").headers["location"] == "/setup"
    assert client.get("/setup").status_code == 200
    form = {"name": "Ada Lovelace", "email": EMAIL, "password": PASSWORD, "team": "Fieldmouse Lab"}
    assert "error" in post(client, "/setup", code="wrong", **form).headers["location"]
    done = post(client, "/setup", code=setup_code(SECRET), **form)
    assert done.headers["location"] == "/jobs"
    site.settled()
    assert client.get("/jobs").status_code == 200
    again = post(client, "/setup", code=setup_code(SECRET), **form)
    assert "error" in again.headers["location"]
    assert client.get("/setup").status_code == 404


def test_signing_in_sets_a_cookie_that_scripts_cannot_read_and_goes_on(
    site: Site, client: httpx.Client
) -> None:
    site.owner()
    assert client.get("/jobs?q=a").headers["location"] == "/login?next=/jobs%3Fq%3Da"
    wanted = "/tasks"
    done = post(client, "/login", email=EMAIL, password=PASSWORD, next=wanted)
    assert done.status_code == 303
    assert done.headers["location"] == wanted
    cookie = done.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    page = client.get("/jobs")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_an_unknown_person_and_a_wrong_password_get_the_same_answer(
    site: Site, client: httpx.Client
) -> None:
    site.owner()
    unknown = post(client, "/login", email="nobody@lab.example", password="x")
    wrong = post(client, "/login", email=EMAIL, password="x")
    assert unknown.headers["location"] == wrong.headers["location"]
    assert "set-cookie" not in wrong.headers


def test_a_form_sent_by_another_site_is_refused(site: Site, client: httpx.Client) -> None:
    site.owner()
    form = {"email": EMAIL, "password": PASSWORD}
    evil = client.post("/login", data=form, headers={"origin": "https://evil.example"})
    assert evil.status_code == 403
    assert client.post("/login", data=form).status_code == 403


def test_a_socket_opened_by_another_site_is_refused(site: Site, client: httpx.Client) -> None:
    site.owner()
    path = "/_nicegui_ws/socket.io/?EIO=4&transport=polling"
    assert client.get(path, headers={"origin": "https://evil.example"}).status_code == 403


def test_signing_out_ends_the_session_itself(site: Site, client: httpx.Client) -> None:
    site.owner()
    post(client, "/login", email=EMAIL, password=PASSWORD)
    stolen = dict(client.cookies)
    assert post(client, "/logout").headers["location"] == "/login"
    with httpx.Client(base_url=site.url, cookies=stolen) as thief:
        assert thief.get("/jobs").status_code == 303


@pytest.mark.parametrize("evil", ["//evil.example", "/\\evil", "https://evil.example", "", "/a\n"])
def test_only_paths_of_this_site_are_gone_on_to(evil: str) -> None:
    assert local_path(evil) == "/jobs"
    assert local_path("/tasks?x=1") == "/tasks?x=1"
