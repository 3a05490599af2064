"""Notes every refused request with who asked for what from where, around the whole app.

The credential is looked up only for what was refused. Not here: what GraphQL refuses inside an
answer of 200, which it notes itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from application import refusals
from application.lab import Lab
from domain.errors import LabError, shorten

STATUSES: Mapping[int, str] = {
    400: "BAD_REQUEST",
    401: "NOT_AUTHENTICATED",
    403: "FORBIDDEN",
    413: "TOO_LARGE",
    415: "UNSUPPORTED",
    429: "RATE_LIMITED",
}
_SECRET = re.compile(r"lab[a-z]*_[^/]+")
"""What any of our credentials looks like: links carry them in their path."""
SOCKET_CLOSED = "SOCKET_REFUSED"
KINDS = {"api": "token", "session": "user", "job": "job"}


class RefusalLog:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, lab: Lab, session_cookie: str) -> None:
        self._app, self._lab, self._cookie = app, lab, session_cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        code = ""

        async def watched(message: Message) -> None:
            nonlocal code
            code = code or _refusal(message, scope)
            await send(message)

        await self._app(scope, receive, watched)
        code = str(scope.get(refusals.MARK) or code)
        if code:
            await self._note(code, HTTPConnection(scope))

    async def _note(self, code: str, asked: HTTPConnection) -> None:
        client = asked.client.host if asked.client else ""
        path = shorten(_SECRET.sub("***", str(asked.scope["path"])))
        what = f"{asked.scope.get('method', 'SOCKET')} {path}"
        by = await run_in_threadpool(self._who, asked)
        refusals.note(code, by=by, asked=what, client=client)

    def _who(self, asked: HTTPConnection) -> str:
        scheme, _, bearer = asked.headers.get("authorization", "").partition(" ")
        secret = bearer.strip() if scheme.lower() == "bearer" else ""
        secret = secret or asked.cookies.get(self._cookie, "")
        try:
            found = self._lab.credentials.find(secret) if secret.isascii() and secret else None
        except LabError:
            return ""
        if found is None or found.kind not in KINDS:
            return ""
        return f"{KINDS[found.kind]}:{found.user if found.kind == 'session' else found.id}"


def _refusal(message: Message, scope: Scope) -> str:
    kind = message["type"]
    if kind in ("http.response.start", "websocket.http.response.start"):
        return STATUSES.get(message["status"], "")
    if kind == "websocket.accept":
        scope["labledger.accepted"] = True
    refused = kind == "websocket.close" and not scope.get("labledger.accepted")
    return SOCKET_CLOSED if refused else ""
