"""What a node's request says: whose it is, which stretch of which journal, which blob.

Anything malformed is refused here, before it reaches the database or a disk.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import NoReturn

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from application.commands.node import Stretch
from application.lab import Lab
from application.ports import Found
from domain.errors import InvalidInput, NotAuthenticated
from domain.jobs import fold
from providers.storage.base import MAX_BLOB_BYTES, checked
from server.http_errors import TooLarge

_STREAM = re.compile(r"[A-Za-z0-9_.-]{1,64}")


SETTLED = timedelta(days=7)


class Plan(msgspec.Struct, frozen=True):
    """The body of ``POST /node/v1/blobs/<sha256>``."""

    size: int


async def caller_of(lab: Lab, request: Request) -> Found:
    """The job and attempt of the bearer token. Raises ``NotAuthenticated``."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    found = None
    if scheme.lower() == "bearer" and secret.isascii():
        found = await run_in_threadpool(lab.credentials.find, secret.strip())
    if found is None or found.kind != "job":
        raise NotAuthenticated(why="no valid job token came with the request")
    if await run_in_threadpool(_replaced, lab, found):
        raise NotAuthenticated(why="the job token is too old: its node was given another")
    return found


def _replaced(lab: Lab, found: Found) -> bool:
    """Whether a token has run out and its nodes have the next one.

    Where none was heard of since, none could be given one; and each of several that waited in a
    queue for weeks has one more from when the machine was held.
    """
    now = lab.clock.now()
    if found.good_until is None or found.renew_from is None or now < found.good_until:
        return False
    heard = lab.telemetry.last_heartbeat(job=found.id, attempt=int(found.scopes[0]))
    if heard is None or heard < found.renew_from:
        return False
    held = fold(lab.log.stream(found.id)).machine_at
    return held is None or now - held >= SETTLED


def renewed(lab: Lab, found: Found) -> str:
    """The next token for the same attempt, once the one it came with is of the week before."""
    now = lab.clock.now()
    if found.renew_from is not None and now < found.renew_from:
        return ""
    return lab.credentials.job_token(found.id, int(found.scopes[0]), now=now)


def digest_of(request: Request) -> str:
    """The blob the path names."""
    return checked(str(request.path_params["sha256"]))


def stretch_of(request: Request, found: Found, body: bytes) -> Stretch:
    """Where ``body`` belongs, by the query and the token. Raises ``NotAuthenticated`` for another attempt."""
    attempt, stream = number_of(request, "attempt"), request.query_params.get("stream", "")
    if found.scopes != (str(attempt),):
        raise NotAuthenticated(why="the job token is another attempt's")
    if not _STREAM.fullmatch(stream):
        _refuse("stream", stream, "Name the journal's file, without .jsonl.")
    return Stretch(
        job=found.id,
        attempt=attempt,
        node=number_of(request, "node", below=2**31),
        stream=stream,
        offset=number_of(request, "offset"),
        body=body,
    )


def number_of(request: Request, name: str, *, below: int = 2**63) -> int:
    """A whole number of the query, below ``below``."""
    text = request.query_params.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) < below):
        _refuse(name, text, "Send a whole number, 0 or more.")
    return int(text)


def size_of(body: bytes) -> int:
    """What a plan says; ``TooLarge`` for what no store takes."""
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
