"""``POST /node/v1/runs``: a person's offline run becomes a job, which then speaks the node protocol.

A job token does not do here: a job may not make jobs.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from application.actor import Actor
from application.commands.imports import OfflineRun, import_run
from application.journal import without_nul
from application.lab import Lab
from domain.errors import InvalidInput
from server.bodies import read_body
from server.http_errors import answering

RUN_BYTES = 256 * 1024
ATTEMPT = 1

Authenticate = Callable[[Request], Actor]


def run_routes(lab: Lab, authenticate: Authenticate) -> list[Route]:
    """The route. ``authenticate`` is called in a thread and raises ``LabError``."""

    async def imports(request: Request) -> Response:
        actor = await run_in_threadpool(authenticate, request)
        run = _run_of(await read_body(request, limit=RUN_BYTES))
        job = await run_in_threadpool(import_run, lab, actor, run)
        token = lab.credentials.job_token(job, ATTEMPT, now=lab.clock.now())
        return JSONResponse({"job_id": job, "attempt": ATTEMPT, "job_token": token})

    return [Route("/node/v1/runs", answering(imports), methods=["POST"])]


def _run_of(body: bytes) -> OfflineRun:
    try:
        return msgspec.json.decode(without_nul(body), type=OfflineRun)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        way_out = "Send key, experiment, name, started_at and parameters as a JSON object."
        raise InvalidInput(field="body", value=str(error), way_out=way_out) from error
