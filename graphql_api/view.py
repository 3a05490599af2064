"""GraphQL over HTTP, SSE and WebSocket: what is let in before any resolver runs.

Bodies are bounded JSON without characters the store cannot hold. A cookie alone is not enough: a
request that relies on one must come from a page of ours or carry a header no foreign form can set.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from urllib.parse import urlsplit

from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import ASGIWebSocketAdapter, GraphQL
from strawberry.http import GraphQLRequestData
from strawberry.http.exceptions import NonJsonMessageReceived

from graphql_api.context import Context, Shared
from graphql_api.limits import keepable
from graphql_api.once import encoded
from graphql_api.schema import SCHEMA

BODY_BYTES = 8 * 1024 * 1024
PROTOCOLS = ("graphql-transport-ws", "graphql-sse")
OWN_HEADER = "x-lab-request"
SUBSCRIPTIONS_AT_MOST = 50
JSON_TYPE = "application/json"
DEEPEST = 60


class CheckedSocket(ASGIWebSocketAdapter):
    """Lets only messages through that have the shape the protocol handler relies on."""

    async def iter_json(
        self, *, ignore_parsing_errors: bool = False
    ) -> AsyncGenerator[object, None]:
        async for message in super().iter_json(ignore_parsing_errors=ignore_parsing_errors):
            if not well_formed(message) or not storable(message):
                raise NonJsonMessageReceived
            yield message


class LabView(GraphQL[Context, None]):
    """One endpoint for all requests of a process."""

    websocket_adapter_class = CheckedSocket

    def __init__(self, shared: Shared) -> None:
        use = shared.use
        super().__init__(
            SCHEMA,
            graphql_ide="graphiql" if use.development else None,
            allow_queries_via_get=False,
            subscription_protocols=PROTOCOLS,
            max_subscriptions_per_connection=SUBSCRIPTIONS_AT_MOST,
            allowed_origins=(origin_of(use.base_url),),
        )
        self._shared = shared

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        bounded = _bounded(receive) if scope["type"] == "http" else receive
        await super().__call__(scope, bounded, send)

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> Context:
        del response
        lasting = isinstance(request, WebSocket)
        return Context(shared=self._shared, connection=request, lasting=lasting)

    async def parse_http_body(
        self, request: AsyncHTTPRequestAdapter
    ) -> GraphQLRequestData | list[GraphQLRequestData]:
        """The checked body. Refuses with 400, 403, 413 or 415 before anything is parsed as GraphQL."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        self._refuse_foreign(headers, dict(request.cookies))
        if request.method == "POST":
            kind = (request.content_type or "").partition(";")[0].strip().lower()
            if kind != JSON_TYPE:
                raise HTTPException(415, f"Send {JSON_TYPE}.")
            _check_body(await request.get_body())
        return await super().parse_http_body(request)

    def encode_json(self, data: object) -> str:
        return encoded(data)

    def _refuse_foreign(self, headers: Mapping[str, str], cookies: Mapping[str, str]) -> None:
        use = self._shared.use
        if use.session_cookie not in cookies or headers.get("authorization"):
            return
        origin = headers.get("origin", "")
        own = {origin_of(use.base_url), f"http://{headers.get('host')}"}
        own.add(f"https://{headers.get('host')}")
        if origin and origin not in own:
            raise HTTPException(403, "This origin may not use the session of a browser.")
        if not origin and OWN_HEADER not in headers:
            raise HTTPException(403, f"Send the header {OWN_HEADER} with a session cookie.")


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def storable(value: object) -> bool:
    """Whether every string can be kept: no NUL, no lone surrogate, not nested without end."""
    waiting: list[tuple[object, int]] = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if depth > DEEPEST or (isinstance(item, str) and not keepable(item)):
            return False
        if isinstance(item, dict):
            waiting.extend((part, depth + 1) for pair in item.items() for part in pair)
        elif isinstance(item, list):
            waiting.extend((part, depth + 1) for part in item)
    return True


def well_formed(message: object) -> bool:
    """Whether a WebSocket message has the shape of graphql-transport-ws."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return False
    if not isinstance(message.get("id", ""), str):
        return False
    return message["type"] != "subscribe" or _askable(message.get("payload"))


def _askable(payload: object) -> bool:
    if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
        return False
    variables, name = payload.get("variables"), payload.get("operationName")
    return isinstance(variables, dict | None) and isinstance(name, str | None)


def _check_body(body: bytes | str) -> None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise HTTPException(400, "The body is not JSON.") from None
    asked = value if isinstance(value, list) else [value]
    if not asked or not all(_askable(item) for item in asked):
        raise HTTPException(400, 'Send {"query": "…", "variables": {…}}, or a list of these.')
    if not storable(value):
        raise HTTPException(400, "Strings may not hold NUL or lone surrogates.")


def _bounded(receive: Receive) -> Receive:
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > BODY_BYTES:
            raise HTTPException(413, f"The body has more than {BODY_BYTES} bytes.")
        return message

    return bounded
