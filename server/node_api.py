"""What nodes call: journals and blobs over HTTP, as ``docs/node-protocol.md`` says.

A job token reaches its own job alone. What it uploads is kept apart by job until it is verified;
what it may read is its files, its team's artifacts and what it uploaded. The work is done in threads.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import NoReturn

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from application.commands.node import Applied, Stretch, apply_journal
from application.lab import Lab
from application.ports import Found
from domain.errors import InvalidInput, NotAuthenticated, NotFound
from providers.storage.base import MAX_BLOB_BYTES, WrongOffset
from server.blob_response import blob_response
from server.bodies import read_body, unpacked
from server.http_errors import Gone, TooLarge, answer_of, answering

JOURNAL_BYTES = 1024 * 1024
PLAN_BYTES = 4096
GRANT_FOR_S = 3600
REMEMBERED_UPLOADS = 10_000
_STREAM = re.compile(r"[A-Za-z0-9_.-]{1,64}")

Readable = Callable[[str, str], bool]
"""Whether a job (its id) may read a blob (its SHA-256): its files, its team's artifacts."""


class Plan(msgspec.Struct, frozen=True):
    """The body of ``POST /node/v1/blobs/<sha256>``."""

    size: int


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
        self._uploads = _Uploads()

    async def journal(self, request: Request) -> Response:
        found = await self._caller(request)
        body = await read_body(request, limit=JOURNAL_BYTES)
        body = unpacked(body, request.headers.get("content-encoding", ""), limit=JOURNAL_BYTES)
        stretch = _stretch(request, found, body)
        applied = await run_in_threadpool(self._apply, stretch)
        answer = {"next": applied.next, "stop": msgspec.to_builtins(applied.stop)}
        return JSONResponse(answer, status_code=200 if applied.in_order else 409)

    async def plan(self, request: Request) -> Response:
        found = await self._caller(request)
        body = await read_body(request, limit=PLAN_BYTES)
        sha256, size = request.path_params["sha256"], _size(body)
        return JSONResponse(await run_in_threadpool(self._plan, found, sha256, size=size))

    async def chunk(self, request: Request) -> Response:
        found = await self._caller(request)
        offset, size = _number(request, "offset"), _number(request, "size")
        if size > MAX_BLOB_BYTES:
            raise TooLarge(limit=MAX_BLOB_BYTES)
        data = await read_body(request, limit=self._lab.blobs.chunk_bytes)
        sha256 = request.path_params["sha256"]
        try:
            after, have = await run_in_threadpool(
                self._lab.blobs.write,
                sha256,
                offset=offset,
                size=size,
                chunk=data,
                owner=found.id,
            )
        except WrongOffset as error:
            answer = msgspec.json.decode(bytes(answer_of(error).body))
            return JSONResponse({**answer, "offset": error.expected}, status_code=409)
        if have:
            self._uploads.add(found.id, sha256)
        return JSONResponse({"offset": after, "have": have})

    async def download(self, request: Request) -> Response:
        found = await self._caller(request)
        sha256 = request.path_params["sha256"]
        if not await run_in_threadpool(self._may_read, found.id, sha256):
            raise NotFound(kind="artifact", id=sha256)
        return await run_in_threadpool(blob_response, self._lab.blobs, sha256, request)

    async def _caller(self, request: Request) -> Found:
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        found = None
        if scheme.lower() == "bearer" and secret.isascii():
            found = await run_in_threadpool(self._lab.credentials.find, secret.strip())
        if found is None or found.kind != "job":
            raise NotAuthenticated(why="no valid job token came with the request")
        return found

    def _apply(self, stretch: Stretch) -> Applied:
        """Also for a job that is over: what its node still has to tell is kept."""
        if not self._lab.log.stream(stretch.job):
            raise Gone(job=stretch.job)
        return apply_journal(self._lab, stretch)

    def _plan(self, found: Found, sha256: str, *, size: int) -> dict[str, object]:
        blobs = self._lab.blobs
        if blobs.confirm(sha256, size, owner=found.id):
            return {"have": True}
        if size > blobs.chunk_bytes:
            grant = blobs.presign_put(sha256, size, expires_s=GRANT_FOR_S, owner=found.id)
            if grant is not None:
                return {"have": False, "put": {"url": grant.url, "headers": dict(grant.headers)}}
        offset = blobs.received(sha256, owner=found.id)
        return {"have": False, "offset": offset, "chunk": blobs.chunk_bytes}

    def _may_read(self, job: str, sha256: str) -> bool:
        return self._uploads.holds(job, sha256) or self._readable(job, sha256)


class _Uploads:
    """Which job uploaded what, lately: until the artifact is recorded and ``readable`` knows it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    def add(self, job: str, sha256: str) -> None:
        with self._lock:
            self._known[job, sha256] = None
            if len(self._known) > REMEMBERED_UPLOADS:
                self._known.popitem(last=False)

    def holds(self, job: str, sha256: str) -> bool:
        with self._lock:
            return (job, sha256) in self._known


def _stretch(request: Request, found: Found, body: bytes) -> Stretch:
    attempt, stream = _number(request, "attempt"), request.query_params.get("stream", "")
    if found.scopes != (str(attempt),):
        raise NotAuthenticated(why="the job token is another attempt's")
    if not _STREAM.fullmatch(stream):
        _refuse("stream", stream, "Name the journal's file, without .jsonl.")
    return Stretch(
        job=found.id,
        attempt=attempt,
        node=_number(request, "node", below=2**31),
        stream=stream,
        offset=_number(request, "offset"),
        body=body,
    )


def _number(request: Request, name: str, *, below: int = 2**63) -> int:
    text = request.query_params.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) < below):
        _refuse(name, text, "Send a whole number, 0 or more.")
    return int(text)


def _size(body: bytes) -> int:
    try:
        size = msgspec.json.decode(body, type=Plan).size
    except msgspec.DecodeError:
        size = -1
    if size < 0:
        _refuse("size", body[:80].decode("utf-8", "replace"), 'Send {"size": bytes}.')
    if size > MAX_BLOB_BYTES:
        raise TooLarge(limit=MAX_BLOB_BYTES)
    return size


def _refuse(field: str, value: str, way_out: str) -> NoReturn:
    raise InvalidInput(field=field, value=value, way_out=way_out)
