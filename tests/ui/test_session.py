"""Signing in and out, and what is refused without."""

from __future__ import annotations

import httpx
import pytest

from application.commands.setup import setup_code
from tests.ui.conftest import EMAIL, PASSWORD, Site
from ui.session import local_path


def post(client: httpx.Client, path: str, **form: str) -> httpx.Response:
    return client.post(path, data=form, headers={"origin": str(client.base_url).rstrip("/")})


def test_a_new_server_is_set_up_once_and_only_with_its_code(
    site: Site, client: httpx.Client
) -> None:
    page, form, wrong, right = site.set_up
    assert page.headers["location"] == "/setup"
    assert form.status_code == 200
    assert "error" in wrong.headers["location"]
    assert "set-cookie" not in wrong.headers
    assert right.headers["location"] == "/"
    assert "httponly" in right.headers["set-cookie"].lower()
    assert client.get("/setup").status_code == 404
    fields = {"name": "Eve", "email": "eve@lab.example", "password": PASSWORD, "team": "Other"}
    again = post(client, "/setup", code=setup_code(site.system.page_secret), **fields)
    assert "error" in again.headers["location"]


def test_signing_in_sets_a_cookie_that_scripts_cannot_read_and_goes_on(
    site: Site, client: httpx.Client
) -> None:
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
    unknown = post(client, "/login", email="nobody@lab.example", password="x")
    wrong = post(client, "/login", email=EMAIL, password="x")
    assert unknown.headers["location"] == wrong.headers["location"]
    assert "set-cookie" not in wrong.headers


def test_a_form_sent_by_another_site_is_refused(site: Site, client: httpx.Client) -> None:
    form = {"email": EMAIL, "password": PASSWORD}
    evil = client.post("/login", data=form, headers={"origin": "https://evil.example"})
    assert evil.status_code == 403
    assert client.post("/login", data=form).status_code == 403


def test_a_socket_opened_by_another_site_is_refused(site: Site, client: httpx.Client) -> None:
    path = "/_nicegui_ws/socket.io/?EIO=4&transport=polling"
    assert client.get(path, headers={"origin": "https://evil.example"}).status_code == 403


def test_what_is_not_there_answers_404(site: Site, client: httpx.Client) -> None:
    post(client, "/login", email=EMAIL, password=PASSWORD)
    assert client.get("/nothing/here").status_code == 404
    assert client.get("/jobs/job_unknown").status_code == 404


def test_signing_out_ends_the_session_itself(site: Site, client: httpx.Client) -> None:
    post(client, "/login", email=EMAIL, password=PASSWORD)
    stolen = dict(client.cookies)
    assert post(client, "/logout").headers["location"] == "/login"
    with httpx.Client(base_url=site.url, cookies=stolen) as thief:
        assert thief.get("/jobs").status_code == 303


@pytest.mark.parametrize("evil", ["//evil.example", "/\\evil", "https://evil.example", "", "/a\n"])
def test_only_paths_of_this_site_are_gone_on_to(evil: str) -> None:
    assert local_path(evil) == "/"
    assert local_path("/tasks?x=1") == "/tasks?x=1"
