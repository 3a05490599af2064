"""What nodes call: journals and blobs over HTTP, as ``docs/node-protocol.md`` says.

A job token reaches its own job alone. What it uploads is kept apart by job until it is verified;
what it may read is its files, its team's artifacts and what it uploaded. The work is done in threads.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from application.commands.node import Applied, Stretch, apply_journal
from application.lab import Lab
from application.ports import Found
from domain.errors import NotAuthenticated, NotFound
from domain.job_events import Ended
from domain.jobs import Job, fold
from providers.storage.base import MAX_BLOB_BYTES, WrongOffset
from server.blob_response import blob_response
from server.bodies import read_body, unpacked
from server.http_errors import Gone, TooLarge, answer_of, answering
from server.node_requests import (
    caller_of,
    digest_of,
    number_of,
    renewed,
    size_of,
    stretch_of,
)

JOURNAL_BYTES = 1024 * 1024
PLAN_BYTES = 4096
GRANT_FOR_S = 3600
LATE = timedelta(days=7)
"""How long a node may still tell of a job that is over: networks and queues come back within days."""

Readable = Callable[[str, str], bool]
"""Whether a job (its id) may read a blob (its SHA-256): its files, its team's artifacts."""


def node_routes(lab: Lab, readable: Readable) -> list[Route]:
    """The routes under ``/node/v1``. ``readable`` is asked in a thread."""
    node = _Node(lab, readable)
    blob = "/node/v1/blobs/{sha256}"
    return [
        Route("/node/v1/journal", answering(node.journal), methods=["POST"]),
        Route(blob, answering(node.plan), methods=["POST"]),
        Route(blob, answering(node.chunk), methods=["PUT"]),
        Route(blob, answering(node.download), methods=["GET"]),
    ]


class _Node:
    def __init__(self, lab: Lab, readable: Readable) -> None:
        self._lab = lab
        self._readable = readable

    async def journal(self, request: Request) -> Response:
        found = await caller_of(self._lab, request)
        body = await read_body(request, limit=JOURNAL_BYTES)
        body = unpacked(body, request.headers.get("content-encoding", ""), limit=JOURNAL_BYTES)
        stretch = stretch_of(request, found, body)
        applied, lives = await run_in_threadpool(self._apply, stretch)
        answer = {"next": applied.next, "stop": msgspec.to_builtins(applied.stop)}
        token = renewed(self._lab, found) if lives else ""
        if token:
            answer["token"] = token
        return JSONResponse(answer, status_code=200 if applied.in_order else 409)

    async def plan(self, request: Request) -> Response:
        found = await caller_of(self._lab, request)
        body = await read_body(request, limit=PLAN_BYTES)
        sha256, size = digest_of(request), size_of(body)
        return JSONResponse(await run_in_threadpool(self._plan, found, sha256, size=size))

    async def chunk(self, request: Request) -> Response:
        found = await caller_of(self._lab, request)
        offset, size = number_of(request, "offset"), number_of(request, "size")
        if size > MAX_BLOB_BYTES:
            raise TooLarge(limit=MAX_BLOB_BYTES)
        data = await read_body(request, limit=self._lab.blobs.chunk_bytes)
        return await run_in_threadpool(
            self._take, found.id, digest_of(request), offset=offset, size=size, chunk=data
        )

    async def download(self, request: Request) -> Response:
        found = await caller_of(self._lab, request)
        sha256 = digest_of(request)
        await run_in_threadpool(self._job, found.id)
        if not await run_in_threadpool(self._readable, found.id, sha256):
            raise NotFound(kind="artifact", id=sha256)
        return await run_in_threadpool(blob_response, self._lab.blobs, sha256, request)

    def _apply(self, stretch: Stretch) -> tuple[Applied, bool]:
        """Also for a job that is over: what its node still has to tell is kept. And whether it lives on."""
        job = self._job(stretch.job)
        lives = not job.is_over and job.attempt == stretch.attempt
        return apply_journal(self._lab, stretch), lives

    def _job(self, id: str) -> Job:
        """The job of a token. ``Gone`` when there is none, ``NotAuthenticated`` long after its end.

        A run that was recorded offline is told whenever somebody sends it.
        """
        facts = self._lab.log.stream(id)
        if not facts:
            raise Gone(job=id)
        job = fold(facts)
        if job.is_over and not job.imported:
            ended = next(fact.at for fact in reversed(facts) if isinstance(fact, Ended))
            if self._lab.clock.now() - ended > LATE:
                raise NotAuthenticated(why="the job of this token ended long ago")
        return job

    def _plan(self, found: Found, sha256: str, *, size: int) -> dict[str, object]:
        blobs = self._lab.blobs
        team = self._job(found.id).team
        if self._holds(team, sha256):
            return {"have": True}
        if not blobs.has(sha256):
            if blobs.confirm(sha256, size, owner=found.id):
                self._lab.holdings.hold(team, sha256)
                return {"have": True}
            grant = None
            if size > blobs.chunk_bytes:
                grant = blobs.presign_put(sha256, size, expires_s=GRANT_FOR_S, owner=found.id)
            if grant is not None:
                return {"have": False, "put": {"url": grant.url, "headers": dict(grant.headers)}}
        offset = blobs.received(sha256, owner=found.id)
        return {"have": False, "offset": offset, "chunk": blobs.chunk_bytes}

    def _take(self, job: str, sha256: str, *, offset: int, size: int, chunk: bytes) -> Response:
        team = self._job(job).team
        if self._holds(team, sha256):
            return JSONResponse({"offset": size, "have": True})
        try:
            after, have = self._lab.blobs.write(
                sha256, offset=offset, size=size, chunk=chunk, owner=job
            )
        except WrongOffset as error:
            answer = msgspec.json.decode(bytes(answer_of(error).body))
            return JSONResponse({**answer, "offset": error.expected}, status_code=409)
        if have:
            self._lab.holdings.hold(team, sha256)
        return JSONResponse({"offset": after, "have": have})

    def _holds(self, team: str, sha256: str) -> bool:
        """Whether the team has shown these bytes before and they are still there."""
        return not self._lab.holdings.missing(team, [sha256]) and self._lab.blobs.has(sha256)
