"""What the two front ends, GraphQL and pages, are handed: the bench, the reads, who asks, what is new."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from application.actor import Actor
from application.channel_reads import ChannelReads
from application.desk_reads import DeskReads
from application.lab import Lab
from application.live import Live
from application.proofs import ProofReads
from projections.queries import Queries
from projections.telemetry_queries import TelemetryQueries

LOOK_S = 0.25
"""How long an announcement is waited for before the read models are asked."""
NEWCOMER_S = 15.0
"""How long somebody new is waited for: no page can be shown to whom the read models do not know, and a
server that has just started still imports what moves them."""


class Authenticate(Protocol):
    def __call__(self, *, bearer: str, cookie: str, team: str) -> Actor:
        """``NotAuthenticated`` or ``NotFound`` (team), else who asks in which team."""
        ...


@dataclass(frozen=True, kw_only=True)
class Use:
    """Shared by every request of a web process.

    ``shows(position)`` is whether every read model shows ``position``: for reading one's own writes.
    """

    lab: Lab
    queries: Queries
    telemetry: TelemetryQueries
    channels: ChannelReads
    proofs: ProofReads
    desks: DeskReads
    live: Live
    authenticate: Authenticate
    shows: Callable[[int], bool]
    base_url: str
    session_cookie: str = "lab_session"
    page_secret: str = ""
    development: bool = False

    async def shown(self, position: int, *, within_s: float) -> bool:
        """Wait until reads show ``position``, so that whoever wrote reads what they wrote."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            if await self.live.reaches(position, within_s=LOOK_S):
                return True
            if await asyncio.to_thread(self.shows, position):
                return True
        return False

    async def knows_all(self) -> None:
        """Wait until reads show everything that was recorded by now, for somebody new. See ``NEWCOMER_S``."""
        head = await asyncio.to_thread(self.lab.log.head)
        await self.shown(head, within_s=NEWCOMER_S)
