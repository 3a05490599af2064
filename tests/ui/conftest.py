"""The pages on a real web server over a real database; jobs are moved by the real worker or by journals."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request

from application.actor import Actor, person
from application.commands.setup import setup_code
from application.live import Live
from application.use import Use
from domain.teams import Role
from projections.telemetry import CHANNEL
from server.authentication import actor_of
from server.bootstrap import System, system
from server.files_api import file_routes
from server.node_api import node_routes
from server.postgres.listener import Listener
from server.readable import readable_by_job
from server.settings import Settings
from server.worker import Worker
from ui.app import mount_pages

EMAIL, PASSWORD = "ada@lab.example", "correct horse battery"
SECRET = "secret of these tests"


@dataclass(frozen=True)
class Site:
    """A running server. ``settled`` waits until pages can read everything that was recorded."""

    url: str
    system: System
    use: Use
    set_up: tuple[httpx.Response, ...]
    """The answers while it was set up: a page, the form, a wrong code, the right one."""

    def owner(self) -> Actor:
        """The person of these tests, who set the server up."""
        row = self.system.queries.all_providers()[0]
        member = self.system.queries.members(row.team)[0]
        return person(member.user_id, team=row.team, role=Role.OWNER)

    def settled(self) -> None:
        head = self.system.lab.log.head()
        eventually(lambda: self.use.shows(head))


def eventually(true: Callable[[], object], *, within_s: float = 20.0) -> None:
    """Poll until ``true()``; fail after ``within_s`` seconds."""
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.02)


def _set_up(url: str) -> tuple[httpx.Response, ...]:
    form = {"name": "Ada Lovelace", "email": EMAIL, "password": PASSWORD, "team": "Fieldmouse Lab"}
    own = {"origin": url}
    with httpx.Client(base_url=url, timeout=20) as http:
        return (
            http.get("/jobs"),
            http.get("/setup"),
            http.post("/setup", data={**form, "code": "wrong"}, headers=own),
            http.post("/setup", data={**form, "code": setup_code(SECRET)}, headers=own),
        )


def _port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _use(parts: System, live: Live) -> Use:
    return Use(
        lab=parts.lab,
        queries=parts.queries,
        telemetry=parts.telemetry,
        live=live,
        authenticate=partial(actor_of, parts.lab, parts.queries),
        shows=lambda position: all(r.position >= position for r in parts.queries.positions()),
        base_url=parts.settings.base_url,
        page_secret=SECRET,
    )


def _app(parts: System, use: Use, listener: Listener) -> Starlette:
    def authenticate(request: Request) -> Actor:
        cookie = request.cookies.get(use.session_cookie, "")
        return use.authenticate(bearer="", cookie=cookie, team="")

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        use.live.start(asyncio.get_running_loop())
        listener.start()
        yield
        use.live.stop()
        await asyncio.to_thread(listener.stop)

    routes = [
        *node_routes(parts.lab, readable_by_job(parts.lab, parts.queries)),
        *file_routes(parts.lab, parts.queries, parts.telemetry, authenticate),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


@pytest.fixture(scope="session")
def site(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One server and one worker for all tests of this folder: NiceGUI is one per process."""
    home: Path = tmp_path_factory.mktemp("lab")
    settings = Settings(home=home, schema="pages", port=_port())
    with system(settings, postgres) as parts:
        live = Live()
        listener = Listener(parts.dsn)
        listener.on("lab_changes_pages", live.changed)
        listener.on(CHANNEL.format("pages"), live.streamed)
        use = _use(parts, live)
        app = _app(parts, use, listener)
        mount_pages(app, use)
        config = uvicorn.Config(app, port=settings.port, log_level="warning")
        server = uvicorn.Server(config)
        serving = threading.Thread(target=server.run, daemon=True)
        worker = Worker(parts)
        serving.start()
        worker.start()
        eventually(lambda: server.started)
        ready = Site(settings.base_url, parts, use, _set_up(settings.base_url))
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
