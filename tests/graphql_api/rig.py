"""The API as people meet it: a real server over a real database, with a provider that starts nothing."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette

from application.actor import Actor, system
from application.channel_reads import ChannelReads
from application.commands.accounts import found_team, open_session, register_user
from application.commands.compute import add_provider
from application.desk_reads import DeskReads
from application.lab import Lab
from application.live import Live
from application.proofs import ProofReads
from application.queries import Reads
from application.use import Use
from domain.teams import Role
from graphql_api.app import graphql_routes
from projections.artifact_queries import ArtifactQueries
from projections.desk_queries import DeskQueries
from projections.telemetry import CHANNEL
from server.audit_api import audit_routes
from server.authentication import actor_of
from server.bootstrap import System
from server.files_api import file_routes
from server.following import Follower
from server.health import health_routes
from server.node_api import node_routes
from server.postgres.listener import Listener
from server.readable import readable_by_job
from server.refusal_log import RefusalLog
from server.settings import Settings
from tests.fakes import uvicorn_thread
from tests.fakes.composed import composed
from tests.fakes.providers import FakeProviders

PASSWORD = "correct horse battery"
TASK = "name: hello\nrun: echo hello\nparameters:\n  lr: 0.1\n"


@dataclasses.dataclass
class Account:
    """Somebody who is signed in."""

    user: str
    team: str
    token: str
    email: str
    actor: Actor


class Rig:
    """A running server. ``ask`` sends one operation and answers with the whole body."""

    def __init__(self, parts: System, lab: Lab, url: str) -> None:
        self.parts, self.lab, self.url = parts, lab, url
        self.queries, self.telemetry = parts.queries, parts.telemetry
        self.owner = self.account("ada@example.org", "ada")
        self.client = httpx.Client(base_url=url, timeout=20)

    def account(self, email: str, team: str) -> Account:
        """A new person who owns a new team with an idle provider."""
        user = register_user(self.lab, system("test"), email=email, name="", password=PASSWORD)
        made = found_team(self.lab, system("test"), name=team, owner=user)
        actor = Actor(by=f"user:{user}", user=user, team=made, role=Role.OWNER)
        add_provider(self.lab, actor, name="idle", kind="idle")
        self.settle()
        token = open_session(self.lab, user).secret
        return Account(user=user, team=made, token=token, email=email, actor=actor)

    def settle(self) -> None:
        """Until the read models show everything."""
        head, end = self.lab.log.head(), time.monotonic() + 30
        queries = self.parts.queries
        while any(row.position < head for row in (*queries.positions(), *queries.past_positions())):
            assert time.monotonic() < end, "the read models do not follow"
            time.sleep(0.005)

    def post(self, body: object, headers: dict[str, str] | None = None) -> httpx.Response:
        return self.client.post("/graphql", json=body, headers=headers or {})

    def ask(self, query: str, *, token: str | None = None, **variables: object) -> dict[str, Any]:
        secret = self.owner.token if token is None else token
        headers = {"authorization": f"Bearer {secret}"} if secret else {}
        answer = self.post({"query": query, "variables": variables}, headers)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def data(self, query: str, *, token: str | None = None, **variables: object) -> dict[str, Any]:
        body = self.ask(query, token=token, **variables)
        assert "errors" not in body, body["errors"]
        found: dict[str, Any] = body["data"]
        return found

    def code(self, query: str, *, token: str | None = None, **variables: object) -> str:
        """The code of the first error."""
        return str(self.ask(query, token=token, **variables)["errors"][0]["extensions"]["code"])

    def queue(self, key: str = "") -> str:
        """The id of a new job."""
        wish = {"yaml": TASK}
        text = "mutation($l:Launch!,$k:String!){queueJob(launch:$l,idempotencyKey:$k){id}}"
        return str(self.data(text, l=wish, k=key)["queueJob"]["id"])


@contextmanager
def rig(dsn: str, schema: str, home: Path) -> Iterator[Rig]:
    """Serve until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = Settings(home=home, schema=schema, port=port)
    with composed(settings, dsn, connections=16) as parts:
        lab = dataclasses.replace(parts.lab, providers=FakeProviders())
        with _following(parts), _serving(parts, lab, port):
            made = Rig(parts, lab, settings.base_url)
            yield made
            made.client.close()


@contextmanager
def _following(parts: System) -> Iterator[None]:
    followers = [
        Follower(parts.projectors, after=lambda: None, abreast=parts.abreast),
        Follower(parts.historians, after=lambda: None, abreast=parts.past_abreast),
        Follower([parts.index], after=parts.index.announce),
    ]
    listener = Listener(parts.dsn)
    for follower in followers:
        listener.on(f"lab_events_{parts.settings.schema}", follower.wake)
        follower.start()
    listener.start()
    yield
    listener.stop()
    for follower in followers:
        follower.stop()


@contextmanager
def _serving(parts: System, lab: Lab, port: int) -> Iterator[None]:
    config = uvicorn.Config(
        _app(parts, lab), port=port, log_level="error", timeout_graceful_shutdown=5
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=uvicorn_thread.run, args=(server,), daemon=True)
    thread.start()
    end = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < end, "the server does not start"
        time.sleep(0.01)
    yield
    server.should_exit = True
    thread.join(10)


def _app(parts: System, lab: Lab) -> Starlette:
    names = [projector.projection.position_name for projector in parts.projectors]
    live, listener = Live(names), Listener(parts.dsn)
    listener.on(f"lab_changes_{parts.settings.schema}", live.changed)
    listener.on(CHANNEL.format(parts.settings.schema), live.streamed)
    authenticate = partial(actor_of, lab, parts.queries)
    use = Use(
        lab=lab,
        queries=parts.queries,
        telemetry=parts.telemetry,
        channels=ChannelReads(parts.deliveries),
        proofs=ProofReads(parts.proofs),
        desks=DeskReads(
            lab,
            DeskQueries(parts.pool, parts.settings.schema),
            ArtifactQueries(parts.pool, parts.settings.schema),
        ),
        live=live,
        authenticate=authenticate,
        shows=lambda position: all(p.position >= position for p in parts.queries.positions()),
        base_url=parts.settings.base_url,
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> Any:
        live.start(asyncio.get_running_loop())
        listener.start()
        yield
        live.stop()
        listener.stop()

    def who(request: Any) -> Actor:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        return authenticate(bearer=bearer)

    routes = [*health_routes(lab.log, parts.queries), *graphql_routes(use)]
    routes += node_routes(lab, readable_by_job(lab))
    routes += [*file_routes(lab, parts.queries, parts.telemetry, who)]
    reads = Reads(lab, parts.queries, parts.telemetry)
    routes += [*audit_routes(lab, reads, parts.queries, parts.proofs, who)]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.add_middleware(RefusalLog, lab=lab, session_cookie=use.session_cookie)
    return app
