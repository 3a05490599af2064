"""The pages on the real web server and worker, over a real database."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn

from application.actor import Actor, person
from application.commands.setup import setup_code
from domain.teams import Role
from server.bootstrap import System
from server.oidc.config import Client
from server.settings import Settings
from server.web import make_app
from server.worker import Worker
from tests.fakes import uvicorn_thread
from tests.fakes.composed import composed
from tests.fakes.identity_provider import identity_provider

VOUCHED: tuple[dict[str, object], ...] = (
    {"sub": "one", "email": "ida@lab.example", "email_verified": True, "name": "Ida Rhodes"},
    {"sub": "two", "email": "eve@lab.example", "email_verified": False, "name": "Eve"},
    {"sub": "three", "email": "lise@elsewhere.example", "email_verified": True, "name": "Lise"},
)
"""Whom the identity provider knows."""
EMAIL, PASSWORD = "ada@lab.example", "correct horse battery"


@dataclass(frozen=True)
class Site:
    """A running server. ``settled`` waits until pages can read everything that was recorded."""

    url: str
    system: System
    set_up: tuple[httpx.Response, ...]
    """The answers while it was set up: a page, the form, a wrong code, the right one."""

    def owner(self) -> Actor:
        """The person of these tests, who set the server up."""
        row = self.system.queries.all_providers()[0]
        member = self.system.queries.members(row.team)[0]
        return person(member.user_id, team=row.team, role=Role.OWNER)

    def settled(self) -> None:
        head = self.system.lab.log.head()
        rows = self.system.queries.positions
        eventually(lambda: all(row.position >= head for row in rows()))


def eventually(true: Callable[[], object], *, within_s: float = 20.0) -> None:
    """Poll until ``true()``; fail after ``within_s`` seconds."""
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.02)


def _set_up(url: str, secret: str) -> tuple[httpx.Response, ...]:
    form = {"name": "Ada Lovelace", "email": EMAIL, "password": PASSWORD, "team": "Fieldmouse Lab"}
    own = {"origin": url}
    with httpx.Client(base_url=url, timeout=20) as http:
        return (
            http.get("/jobs"),
            http.get("/setup"),
            http.post("/setup", data={**form, "code": "wrong"}, headers=own),
            http.post("/setup", data={**form, "code": setup_code(secret)}, headers=own),
        )


def _port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="session")
def site(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One server and one worker for all tests of this folder: NiceGUI is one per process."""
    home: Path = tmp_path_factory.mktemp("lab")
    with identity_provider(*VOUCHED) as issuer, _served(issuer, postgres, home) as ready:
        yield ready


@contextmanager
def _served(issuer: str, dsn: str, home: Path) -> Iterator[Site]:
    idp = Client(
        name="idp", label="Example ID", issuer=issuer, id="labledger", secret="client secret",
        scopes=("openid", "email", "profile"), groups_claim="groups", roles={},
    )  # fmt: skip
    settings = Settings(home=home, schema="pages", port=_port(), oidc_clients=(idp,))
    with composed(settings, dsn) as parts:
        app = make_app(parts)
        config = uvicorn.Config(app, port=settings.port, log_level="warning")
        server = uvicorn.Server(config)
        serving = threading.Thread(target=uvicorn_thread.run, args=(server,), daemon=True)
        worker = Worker(parts)
        serving.start()
        worker.start()
        eventually(lambda: server.started)
        ready = Site(settings.base_url, parts, _set_up(settings.base_url, parts.page_secret))
        ready.settled()
        yield ready
        server.should_exit = True
        serving.join()
        worker.stop()


@pytest.fixture
def client(site: Site) -> Iterator[httpx.Client]:
    """An HTTP client that follows nothing by itself."""
    with httpx.Client(base_url=site.url, timeout=20) as http:
        yield http
