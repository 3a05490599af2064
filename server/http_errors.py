"""Errors as HTTP answers: a status from one table and ``{"error": {"code", "message"}}``.

Not here: what GraphQL does with errors (``graphql_api/``).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from application import refusals
from domain.errors import (
    InvalidInput,
    LabError,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    RateLimited,
)
from providers.storage.base import (
    ArtifactStoreFull,
    CorruptBlob,
    WrongHash,
    WrongOffset,
)

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

RETRY_AFTER_S = 2
_log = logging.getLogger(__name__)


class TooLarge(LabError):
    """A body is longer than this call takes. Values: ``limit`` (bytes)."""

    code = "TOO_LARGE"
    sentence = "The body is longer than the {limit} bytes this call takes."


class Gone(LabError):
    """The job of this token does not exist; its node may stop. Values: ``job``."""

    code = "GONE"
    sentence = "There is no job {job}."


class Unsatisfiable(LabError):
    """The asked range lies outside of the file. Values: ``size`` (bytes)."""

    code = "RANGE_NOT_SATISFIABLE"
    sentence = "The file ends at byte {size}."


STATUS: dict[type[LabError], int] = {
    InvalidInput: 400,
    NotAuthenticated: 401,
    PermissionDenied: 403,
    NotFound: 404,
    WrongOffset: 409,
    Gone: 410,
    TooLarge: 413,
    Unsatisfiable: 416,
    WrongHash: 422,
    RateLimited: 429,
    CorruptBlob: 500,
    ArtifactStoreFull: 507,
}


def answering(endpoint: Endpoint) -> Endpoint:
    """``endpoint`` with its errors as answers. Unknown ones are logged and told without details."""

    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except LabError as error:
            if error.noted:
                refusals.mark(request.scope, error.noted)
            return answer_of(error)
        except ClientDisconnect:
            return Response(status_code=499)  # nobody is left to read it
        except Exception:  # noqa: BLE001  # the ASGI boundary: nothing may pass it
            _log.exception("%s %s failed", request.method, request.url.path)
            return _answer(
                500, "INTERNAL", "Something went wrong here; the server's log says what."
            )

    return guarded


def answer_of(error: LabError) -> JSONResponse:
    """The table's status, else 503 with ``Retry-After`` when a repeat may help, else 409."""
    known = next((STATUS[cls] for cls in type(error).__mro__ if cls in STATUS), None)
    answer = _answer(known or (503 if error.transient else 409), error.code, str(error))
    if answer.status_code in (429, 503, 507):
        answer.headers["Retry-After"] = str(error.values.get("retry_after_s", RETRY_AFTER_S))
    if isinstance(error, Unsatisfiable):
        answer.headers["Content-Range"] = f"bytes */{error.values['size']}"
    if isinstance(error, NotAuthenticated):
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _answer(status: int, code: str, message: str) -> JSONResponse:
    # ``json`` escapes what is not ASCII: no lone surrogate of a caller can break the answer.
    body = json.loads(json.dumps({"error": {"code": code, "message": message}}))
    return JSONResponse(body, status_code=status)
