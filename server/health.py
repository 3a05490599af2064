"""``/healthz``: the process answers. ``/readyz``: the database does, and no read model has halted."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from application.log import EventLog
from domain.errors import StoreUnavailable
from projections.queries import Queries

VERSION = "0.1.0"


def health_routes(log: EventLog, queries: Queries) -> list[Route]:
    """Both routes; open to everybody, for they tell nothing of anybody."""

    async def alive(request: Request) -> Response:
        del request
        return JSONResponse({"status": "ok", "version": VERSION})

    async def ready(request: Request) -> Response:
        del request
        try:
            state = await run_in_threadpool(positions, log, queries)
        except StoreUnavailable as error:
            away = {"status": "database away", "version": VERSION, "why": str(error)}
            return JSONResponse(away, status_code=503)
        halted = any(about["halted"] for about in state.values())
        body = {"status": "halted" if halted else "ok", "version": VERSION, "projections": state}
        return JSONResponse(body, status_code=503 if halted else 200)

    return [Route("/healthz", alive), Route("/readyz", ready)]


def positions(log: EventLog, queries: Queries) -> dict[str, dict[str, object]]:
    """Each read model's position, lag behind the log's head, and why it halted."""
    head = log.head()
    return {
        row.name: {"position": row.position, "lag": head - row.position, "halted": row.halted}
        for row in queries.positions()
    }
