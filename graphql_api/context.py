"""What a resolver is handed: who asks (found out once a request), the reads, the loaders.

Nobody is anybody until ``actor()`` was asked; it refuses without a good credential. Not here: what
a role may do (``application/permissions.py``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import ParamSpec, TypeAlias, TypeVar

from msgspec.structs import replace
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from strawberry.types import Info as StrawberryInfo

from application.account_ports import Caller
from application.actor import Actor
from application.desk_reads import DeskReads
from application.moments import AsOf
from application.queries import Reads
from application.try_limit import TryLimit
from application.use import Use
from domain.errors import InvalidInput, LabError, NotAuthenticated
from graphql_api.feed import Feed
from graphql_api.loaders import Loaders

KEY_LIMIT = 200
SHOWN_WITHIN_S = 2.0
BEARER = "bearer "

_LOOKING: set[asyncio.Future[None]] = set()
"""The event loop keeps no task alive by itself."""

P = ParamSpec("P")
T = TypeVar("T")
Asked: TypeAlias = tuple[int, str]


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What all requests of one process have in common."""

    use: Use
    reads: Reads
    feed: Feed
    tries_per_client: TryLimit


@dataclass(frozen=True)
class Look:
    """How the past is looked at: reads and loaders of one moment."""

    reads: Reads
    loaders: Loaders
    desks: DeskReads


@dataclass(kw_only=True)
class Context:
    """One request, or one WebSocket connection."""

    shared: Shared
    connection: HTTPConnection
    connection_params: Mapping[str, object] = field(default_factory=dict)
    lasting: bool = False
    _actor: asyncio.Future[Actor] | None = None
    _loaders: Loaders | None = None
    _looks: dict[Asked, Look] = field(default_factory=dict)

    @property
    def use(self) -> Use:
        return self.shared.use

    @property
    def reads(self) -> Reads:
        return self.shared.reads

    @property
    def client(self) -> str:
        """The address the request came from."""
        peer = self.connection.client
        return peer.host if peer else "unknown"

    @property
    def asker(self) -> str:
        """Who was found to ask, as events name them; empty for nobody, or while nobody looked."""
        known = self._actor
        if known is None or not known.done() or known.cancelled() or known.exception():
            return ""
        return known.result().by

    def find_out(self, tell: Callable[[str], None]) -> None:
        """Call ``tell`` with who asks, as events name them, soon; empty for nobody."""

        async def look() -> None:
            with suppress(LabError):
                await self.actor()
            tell(self.asker)

        looking = asyncio.ensure_future(look())
        _LOOKING.add(looking)
        looking.add_done_callback(_LOOKING.discard)

    @property
    def caller(self) -> Caller:
        """Where the request came from, for the person's own list of sessions."""
        return Caller(agent=self.connection.headers.get("user-agent", ""), address=self.client)

    async def actor(self, key: str = "") -> Actor:
        """Who asks, or ``NotAuthenticated``. ``key`` becomes the cause of what a mutation records."""
        if self._actor is None:
            self._actor = asyncio.ensure_future(self.authenticate())
        actor = await self._actor
        return replace(actor, command=clean_key(key)) if key else actor

    async def authenticate(self) -> Actor:
        """Look the credential up anew: it may have been revoked meanwhile."""
        bearer, team = self._credential()
        cookie = self.connection.cookies.get(self.use.session_cookie, "")
        return await run_in_threadpool(
            lambda: self.use.authenticate(bearer=bearer, cookie=cookie, team=team)
        )

    async def loaders(self) -> Loaders:
        if self._loaders is None:
            self._loaders = Loaders(
                self.reads, self.use.desks, await self.actor(), remember=not self.lasting
            )
        return self._loaders

    async def look_back(self, asked: Asked, as_of: AsOf | None) -> None:
        """Whatever is asked below one field of an operation is answered as of then; as of now for ``None``."""
        self._looks.pop(asked, None)
        if as_of is not None:
            actor = await self.actor()
            if not actor.user:
                raise NotAuthenticated(why="no valid session or API token came with the request")
            reads = await run_in_threadpool(self.reads.at, as_of)
            moment = reads.moment
            desks = self.use.desks.at(moment.position) if moment else self.use.desks
            self._looks[asked] = Look(reads, Loaders(reads, desks, actor, remember=True), desks)

    def look(self, asked: Asked) -> Look | None:
        """How to look when that was asked as of the past."""
        return self._looks.get(asked)

    async def shown(self, position: int) -> int:
        """Wait, at most two seconds, until the read models show ``position``; answers with it."""
        await self.use.shown(position, within_s=SHOWN_WITHIN_S)
        return position

    async def done(self) -> int:
        """The same for everything recorded up to now."""
        return await self.shown(await run_in_threadpool(self.use.lab.log.head))

    def secret(self) -> str:
        """The credential itself, to end it."""
        bearer, _ = self._credential()
        return bearer or self.connection.cookies.get(self.use.session_cookie, "")

    def _credential(self) -> tuple[str, str]:
        """Bearer secret and team: of the headers, else of the WebSocket's ``connection_init``."""
        header = self.connection.headers.get("authorization", "")
        given = str(self.connection_params.get("authorization", "")) or header
        bearer = given[len(BEARER) :].strip() if given.lower().startswith(BEARER) else ""
        team = str(self.connection_params.get("team", ""))
        return bearer, team or self.connection.headers.get("x-lab-team", "")


Info: TypeAlias = StrawberryInfo[Context, None]


def asked_by(info: Info) -> Asked:
    """Which field of which operation a resolver works for: a batch may ask the same twice."""
    path = info.path
    while path.prev is not None:
        path = path.prev
    return id(info.variable_values), str(path.key)


def reads_of(info: Info) -> Reads:
    """The reads, as of the moment that was asked."""
    look = info.context.look(asked_by(info))
    return look.reads if look else info.context.reads


def desks_of(info: Info) -> DeskReads:
    """What people put beside the facts, as of the moment that was asked."""
    look = info.context.look(asked_by(info))
    return look.desks if look else info.context.use.desks


async def loaders_of(info: Info) -> Loaders:
    """The loaders, as of the moment that was asked."""
    look = info.context.look(asked_by(info))
    return look.loaders if look else await info.context.loaders()


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run the synchronous core off the event loop."""
    return await run_in_threadpool(function, *args, **kwargs)


def clean_key(key: str) -> str:
    """``key`` when it is usable. ``InvalidInput`` for an overlong or unprintable one."""
    if len(key) > KEY_LIMIT or not key.isprintable():
        way_out = f"Send at most {KEY_LIMIT} printable characters."
        raise InvalidInput(field="idempotencyKey", value=key, way_out=way_out)
    return key
