"""The web process: GraphQL, pages, node protocol and file transfers on one Starlette app."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import uvicorn
from graphql_api.app import graphql_routes
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from ui.app import mount_pages

from application.actor import Actor
from application.live import Live
from application.use import Use
from domain.errors import StoreUnavailable
from projections.telemetry import CHANNEL
from server.authentication import actor_of
from server.bootstrap import System
from server.files_api import file_routes
from server.node_api import node_routes
from server.postgres.listener import Listener
from server.readable import readable_by_job

VERSION = "0.1.0"


def make_app(system: System) -> Starlette:
    """The app over ``system``. Its lifespan starts and stops the listener that feeds subscriptions."""
    schema = system.settings.schema
    live = Live()
    listener = Listener(system.dsn)
    listener.on(f"lab_changes_{schema}", live.changed)
    listener.on(CHANNEL.format(schema), live.streamed)
    use = Use(
        lab=system.lab,
        queries=system.queries,
        telemetry=system.telemetry,
        live=live,
        authenticate=partial(actor_of, system.lab, system.queries),
        shows=lambda position: all(row.position >= position for row in system.queries.positions()),
        base_url=system.settings.base_url,
        page_secret=system.page_secret,
        development=system.settings.development,
    )
    app = Starlette(routes=_routes(system, use), lifespan=_lifespan(listener, live))
    mount_pages(app, use)
    return app


def serve(system: System) -> None:
    """Run until SIGTERM or SIGINT."""
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
    uvicorn.run(
        make_app(system),
        host=system.settings.host,
        port=system.settings.port,
        log_level="warning",
        timeout_graceful_shutdown=3,
        ws_max_size=1024 * 1024,
        server_header=False,
    )


def _routes(system: System, use: Use) -> list[BaseRoute]:
    def authenticate(request: Request) -> Actor:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        cookie = request.cookies.get(use.session_cookie, "")
        team = request.headers.get("x-lab-team", "")
        return use.authenticate(bearer=bearer, cookie=cookie, team=team)

    return [
        Route("/healthz", _alive),
        Route("/readyz", _ready(system)),
        *node_routes(system.lab, readable_by_job(system.lab, system.queries)),
        *file_routes(system.lab, system.queries, system.telemetry, authenticate),
        *graphql_routes(use),
    ]


async def _alive(request: Request) -> Response:
    del request
    return JSONResponse({"status": "ok", "version": VERSION})


def _ready(system: System) -> Callable[[Request], object]:
    async def ready(request: Request) -> Response:
        del request
        try:
            state = await run_in_threadpool(_positions, system)
        except StoreUnavailable as error:
            return JSONResponse({"status": "database away", "why": str(error)}, status_code=503)
        halted = [name for name, p in state.items() if p["halted"]]
        body = {"status": "halted" if halted else "ok", "projections": state}
        return JSONResponse(body, status_code=503 if halted else 200)

    return ready


def _positions(system: System) -> dict[str, dict[str, object]]:
    """Each read model's position and lag behind the log's head."""
    head = system.lab.log.head()
    rows = system.queries.positions()
    return {
        row.name: {"position": row.position, "lag": head - row.position, "halted": row.halted}
        for row in rows
    }


def _lifespan(
    listener: Listener, live: Live
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        del app
        live.start(asyncio.get_running_loop())
        listener.start()
        try:
            yield
        finally:
            live.stop()
            await run_in_threadpool(listener.stop)

    return lifespan
