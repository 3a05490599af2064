"""The routes of the GraphQL API, for the web process to mount."""

from __future__ import annotations

from datetime import timedelta

from starlette.routing import BaseRoute, Route, WebSocketRoute

from application.queries import Reads
from application.try_limit import TryLimit
from application.use import Use
from graphql_api.context import Shared
from graphql_api.feed import Feed
from graphql_api.view import LabView

PATH = "/graphql"
WINDOW = timedelta(minutes=15)
TRIES_PER_CLIENT = 60


def graphql_routes(use: Use) -> list[BaseRoute]:
    """``/graphql`` over HTTP (and SSE) and WebSocket."""
    reads = Reads(use.lab, use.queries, use.telemetry)
    shared = Shared(
        use=use,
        reads=reads,
        feed=Feed(reads, use.live),
        tries_per_client=TryLimit(tries=TRIES_PER_CLIENT, window=WINDOW),
    )
    view = LabView(shared)
    return [Route(PATH, view, methods=["GET", "POST"]), WebSocketRoute(PATH, view)]
