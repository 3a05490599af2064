"""The web process: GraphQL, pages, node protocol and file transfers on one Starlette app."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import BaseRoute

from application.actor import Actor
from application.channel_reads import ChannelReads
from application.desk_reads import DeskReads
from application.live import Live
from application.proofs import ProofReads
from application.queries import Reads
from application.use import Use
from graphql_api.app import graphql_routes
from projections.artifact_queries import ArtifactQueries
from projections.desk_queries import DeskQueries
from projections.telemetry import CHANNEL
from server.audit_api import audit_routes
from server.authentication import actor_of
from server.bootstrap import System, system
from server.files_api import file_routes
from server.health import health_routes
from server.node_api import node_routes
from server.postgres.listener import Listener
from server.readable import readable_by_job
from server.refusal_log import RefusalLog
from server.runs_api import run_routes
from server.settings import Settings
from ui.app import mount_pages

CONNECTIONS = 16
COLLECT_AFTER = (5_000, 10, 2)
"""An open page is thousands of objects that stay: with Python's (700, 10, 10) a fifth of the work for a
hundred pages that follow a log was to look for garbage among them. A full collection is due about as
often as with those, for a closed page leaves some 2,000 objects that only it frees."""


def make_app(parts: System) -> Starlette:
    """The app over ``system``. Its lifespan starts and stops the listener that feeds subscriptions."""
    schema = parts.settings.schema
    live = Live([projector.projection.position_name for projector in parts.projectors])
    listener = Listener(parts.dsn)
    listener.on(f"lab_changes_{schema}", live.changed)
    listener.on(CHANNEL.format(schema), live.streamed)
    use = Use(
        lab=parts.lab,
        queries=parts.queries,
        telemetry=parts.telemetry,
        channels=ChannelReads(parts.deliveries),
        proofs=ProofReads(parts.proofs),
        desks=DeskReads(
            parts.lab, DeskQueries(parts.pool, schema), ArtifactQueries(parts.pool, schema)
        ),
        live=live,
        authenticate=partial(actor_of, parts.lab, parts.queries),
        shows=lambda position: all(row.position >= position for row in parts.queries.positions()),
        base_url=parts.settings.base_url,
        page_secret=parts.page_secret,
        development=parts.settings.development,
    )
    app = Starlette(routes=_routes(parts, use), lifespan=_lifespan(listener, live))
    mount_pages(app, use)
    app.add_middleware(RefusalLog, lab=parts.lab, session_cookie=use.session_cookie)
    return app


def run(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; the exit code."""
    gc.set_threshold(*COLLECT_AFTER)
    with system(settings, settings.database_url, connections=CONNECTIONS) as parts:
        uvicorn.run(
            make_app(parts),
            host=settings.host,
            port=settings.port,
            log_level="warning",
            timeout_graceful_shutdown=3,
            ws_max_size=1024 * 1024,
            server_header=False,
        )
    return 0


def _routes(parts: System, use: Use) -> list[BaseRoute]:
    def authenticate(request: Request) -> Actor:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        cookie = request.cookies.get(use.session_cookie, "")
        team = request.headers.get("x-lab-team", "")
        return use.authenticate(bearer=bearer, cookie=cookie, team=team)

    reads = Reads(parts.lab, parts.queries, parts.telemetry)
    return [
        *health_routes(parts.lab.log, parts.queries),
        *node_routes(parts.lab, readable_by_job(parts.lab)),
        *run_routes(parts.lab, authenticate),
        *audit_routes(parts.lab, reads, parts.queries, parts.proofs, authenticate),
        *file_routes(parts.lab, parts.queries, parts.telemetry, authenticate),
        *graphql_routes(use),
    ]


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
