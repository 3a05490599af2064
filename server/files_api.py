"""Files for people and API tokens: upload of task files and folders, download of artifacts and logs.

Everything saved by a job is hostile: it leaves as a download, never as a page of ours. Not here:
who is asking (``server/authentication.py``) and what a role may do (``application/permissions.py``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from application.actor import Actor
from application.lab import Lab
from application.permissions import (
    Action,
    allowed,
    require,
    require_on,
    require_own,
    require_somewhere,
)
from application.sight import sees
from application.task_archive import take_archive
from domain.errors import InvalidInput, NotFound
from domain.experiments import fold as fold_experiment
from domain.teams import fold as fold_team
from projections.rows import ArtifactRow, JobRow, TeamRow
from projections.telemetry_queries import LineRow
from providers.storage.base import disposition
from server.blob_response import SAFE_HEADERS, blob_response
from server.bodies import read_body
from server.http_errors import answering

UPLOAD_BYTES = 32 * 1024 * 1024
TEXT_BLOCK = 64 * 1024
_BIGGEST = 2**31
_ID = re.compile(r"[A-Za-z0-9_.-]{1,200}")

Authenticate = Callable[[Request], Actor]


class Rows(Protocol):
    """What is asked of ``projections.queries.Queries``."""

    def artifact(self, artifact: str) -> ArtifactRow | None: ...

    def job(self, job: str) -> JobRow | None: ...

    def teams_of(self, user: str) -> Sequence[TeamRow]: ...


class Lines(Protocol):
    """What is asked of ``projections.telemetry_queries.TelemetryQueries``."""

    def all_lines(self, job: str, *, attempt: int, node: int = 0) -> Iterator[LineRow]: ...


def file_routes(
    lab: Lab, queries: Rows, telemetry_queries: Lines, authenticate: Authenticate
) -> list[Route]:
    """The routes under ``/api``. ``authenticate`` is called in a thread and raises ``LabError``."""
    files = _Files(lab, queries, lines=telemetry_queries, authenticate=authenticate)
    return [
        Route("/api/files", answering(files.upload), methods=["POST"]),
        Route("/api/teams/{team}/logo", answering(files.logo), methods=["GET"]),
        Route("/api/archives", answering(files.take_archive), methods=["POST"]),
        Route("/api/artifacts/{artifact}/{path:path}", answering(files.artifact), methods=["GET"]),
        Route("/api/jobs/{job}/log", answering(files.log), methods=["GET"]),
        Route(
            "/api/experiments/{experiment}/documents/{path:path}",
            answering(files.document),
            methods=["GET"],
        ),
    ]


class _Wanted(NamedTuple):
    attempt: int
    node: int
    times: bool


class _Files:
    def __init__(
        self, lab: Lab, queries: Rows, *, lines: Lines, authenticate: Authenticate
    ) -> None:
        self._lab = lab
        self._queries = queries
        self._lines = lines
        self._authenticate = authenticate

    async def upload(self, request: Request) -> Response:
        """The raw body becomes a blob; who uploads it twice gets the same answer twice."""
        actor = await run_in_threadpool(self._uploader, request)
        data = await read_body(request, limit=UPLOAD_BYTES)
        sha256 = await run_in_threadpool(self._lab.blobs.put, data)
        await run_in_threadpool(self._lab.holdings.hold, actor.team, sha256)
        return JSONResponse({"sha256": sha256, "size": len(data)})

    async def take_archive(self, request: Request) -> Response:
        """A task's folder as the raw body: its task.yaml, and its files as a task names them."""
        actor = await run_in_threadpool(self._actor, request, Action.READ)
        await run_in_threadpool(require_somewhere, actor, Action.WRITE_TASKS)
        data = await read_body(request, limit=UPLOAD_BYTES)
        taken = await run_in_threadpool(take_archive, self._lab, actor, data)
        return JSONResponse(msgspec.to_builtins(taken))

    async def artifact(self, request: Request) -> Response:
        """One file of an artifact, or one range of it."""
        return await run_in_threadpool(self._artifact, request)

    async def logo(self, request: Request) -> Response:
        """A team's picture, for its members; a token of one team sees its own alone."""
        return await run_in_threadpool(self._logo, request)

    async def document(self, request: Request) -> Response:
        """A file beside an experiment's notes, or one range of it."""
        return await run_in_threadpool(self._document, request)

    async def log(self, request: Request) -> Response:
        """All lines of one attempt (the latest) and node (0) as text; ``times=1`` puts times before."""
        return await run_in_threadpool(self._log, request)

    def _actor(self, request: Request, action: Action) -> Actor:
        actor = self._authenticate(request)
        require(actor, action)
        return actor

    def _uploader(self, request: Request) -> Actor:
        """Files are for a task that is saved, or for a job that is queued with them."""
        actor = self._authenticate(request)
        if not allowed(actor, Action.LAUNCH):
            require_somewhere(actor, Action.WRITE_TASKS)
        return actor

    def _artifact(self, request: Request) -> Response:
        actor = self._actor(request, Action.READ)
        artifact, path = _id(request, "artifact"), request.path_params["path"]
        row = self._queries.artifact(artifact)
        require_own(actor, row.team if row else "", kind="artifact", id=artifact)
        _must_see(actor, row, kind="artifact", id=artifact)
        files = row.files if row and row.deleted_at is None else []
        sha256 = next((str(f["sha256"]) for f in files if f["path"] == path), None)
        if sha256 is None:
            raise NotFound(kind="artifact", id=f"{artifact}/{path}")
        return blob_response(self._lab.blobs, sha256, request, filename=path)

    def _logo(self, request: Request) -> Response:
        actor, team = self._authenticate(request), _id(request, "team")
        if team != actor.team:
            in_person = actor.by == f"user:{actor.user}"
            mine = self._queries.teams_of(actor.user) if in_person else ()
            if team not in {row.id for row in mine}:
                raise NotFound(kind="team", id=team)
        known = fold_team(self._lab.log.stream(team))
        if not known.logo:
            raise NotFound(kind="logo", id=team)
        headers = {**SAFE_HEADERS, "Cache-Control": "private, max-age=86400"}
        body = b"".join(self._lab.blobs.read(known.logo))
        return Response(body, media_type=known.logo_type, headers=headers)

    def _document(self, request: Request) -> Response:
        actor = self._actor(request, Action.READ)
        experiment, path = _id(request, "experiment"), str(request.path_params["path"])
        known = fold_experiment(self._lab.log.stream(experiment))
        act = Action.READ
        require_on(actor, act, experiment, team=known.team, kind="experiment", id=experiment)
        file = known.documents.get(path)
        if file is None:
            raise NotFound(kind="document", id=path)
        return blob_response(self._lab.blobs, file.sha256, request, filename=path)

    def _log(self, request: Request) -> Response:
        actor = self._actor(request, Action.READ)
        job = _id(request, "job")
        row = self._queries.job(job)
        require_own(actor, row.team if row else "", kind="job", id=job)
        _must_see(actor, row, kind="job", id=job)
        wanted = _wanted(request, latest=row.attempt if row else 0)
        lines = self._lines.all_lines(job, attempt=wanted.attempt, node=wanted.node)
        headers = {
            **SAFE_HEADERS,
            "Content-Disposition": disposition(f"{job}.{wanted.attempt}.{wanted.node}.log"),
        }
        return StreamingResponse(_blocks(lines, times=wanted.times), headers=headers,
                                 media_type="text/plain; charset=utf-8")  # fmt: skip


def _must_see(actor: Actor, row: ArtifactRow | JobRow | None, *, kind: str, id: str) -> None:
    if row is not None and not sees(actor, row):
        raise NotFound(kind=kind, id=id)


def _id(request: Request, kind: str) -> str:
    """Ours are plain; what is not (a NUL, a line end) is no id, and not for the database to refuse."""
    id = str(request.path_params[kind])
    if not _ID.fullmatch(id):
        raise NotFound(kind=kind, id=id)
    return id


def _wanted(request: Request, *, latest: int) -> _Wanted:
    return _Wanted(
        attempt=_number(request, "attempt", default=latest),
        node=_number(request, "node", default=0),
        times=request.query_params.get("times") == "1",
    )


def _number(request: Request, name: str, *, default: int) -> int:
    text = request.query_params.get(name, "") or str(default)
    if not (text.isascii() and text.isdecimal() and len(text) < 11 and int(text) < _BIGGEST):
        raise InvalidInput(field=name, value=text, way_out="Send a whole number, 0 or more.")
    return int(text)


def _blocks(lines: Iterable[LineRow], *, times: bool) -> Iterator[bytes]:
    block = bytearray()
    for line in lines:
        text = f"{line.at:.3f} {line.text}\n" if times else f"{line.text}\n"
        block += text.encode("utf-8", "replace")
        if len(block) >= TEXT_BLOCK:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)
