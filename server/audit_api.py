"""``GET /api/audit/export``: a team's events as a file. That it left is recorded before its first line does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from application.actor import Actor
from application.audit_export import json_lines, table_lines
from application.audit_reads import EventWish
from application.lab import Lab
from application.moments import read_as_of
from application.permissions import Action, require
from application.queries import Reads
from domain import audit
from domain.errors import InvalidInput
from projections.queries import Queries
from server.blob_response import SAFE_HEADERS
from server.http_errors import answering
from server.proofs import WholeLog

Authenticate = Callable[[Request], Actor]
TEXTS = ("actor", "kind", "name", "job", "cause")
MOMENTS = ("since", "until")
TYPES = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}


def audit_routes(
    lab: Lab, reads: Reads, queries: Queries, proofs: WholeLog, authenticate: Authenticate
) -> list[Route]:
    """The route under ``/api/audit``. ``authenticate`` is called in a thread and raises ``LabError``."""

    def begin(request: Request) -> tuple[str, Iterator[str]]:
        actor = authenticate(request)
        require(actor, Action.READ_LOG)
        asked = dict(request.query_params)
        kind = asked.pop("format", "jsonl")
        wish = read_wish(asked, kind)
        reads.events(actor, wish, limit=1)  # what is refused is refused before the first line
        lines = reads.exported(actor, wish)
        _record(lab, actor, kind, asked)
        if kind == "csv":
            return kind, table_lines(lines)
        formulas, sign = queries.formulas(), proofs.sign_bytes
        return kind, json_lines(lines, team=actor.team, where=asked, formulas=formulas, sign=sign)

    async def export(request: Request) -> Response:
        kind, lines = await run_in_threadpool(begin, request)
        name = f'attachment; filename="audit.{kind}"'
        return StreamingResponse(
            (f"{line}\n" for line in lines),
            media_type=TYPES[kind],
            headers={**SAFE_HEADERS, "content-disposition": name},
        )

    return [Route("/api/audit/export", answering(export), methods=["GET"])]


def read_wish(asked: Mapping[str, str], kind: str) -> EventWish:
    """From the query string. ``InvalidInput`` names what is not known."""
    if kind not in TYPES:
        raise InvalidInput(field="format", value=kind, way_out="Choose jsonl or csv.")
    for name in asked:
        if name not in (*TEXTS, *MOMENTS, "stream"):
            way_out = f"Choose from {', '.join((*TEXTS, *MOMENTS, 'stream'))}."
            raise InvalidInput(field="query", value=name, way_out=way_out)
    moments = {name: read_as_of(asked[name]) for name in MOMENTS if asked.get(name)}
    return EventWish(
        **{name: asked.get(name, "") for name in TEXTS},
        streams=(asked["stream"],) if asked.get("stream") else (),
        since=moments.get("since"),
        until=moments.get("until"),
    )


def _record(lab: Lab, actor: Actor, kind: str, where: Mapping[str, str]) -> None:
    about = audit.envelope(actor.team, now=lab.clock.now(), by=actor.by)
    fact = audit.AuditExported(team=actor.team, format=kind, where=dict(where), **about)
    lab.append([fact], actor=actor)
