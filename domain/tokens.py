"""ApiToken and Session: that a credential was issued or revoked. The credential itself is never a fact."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias, get_args

import msgspec
from msgspec.structs import replace

from domain.model import Event


class TokenIssued(Event, frozen=True, kw_only=True, tag="token.issued.v1"):
    """``prefix`` are the first characters, shown in lists so that people recognise theirs."""

    user: str
    team: str
    name: str
    prefix: str
    scopes: tuple[str, ...] = ()
    expires_at: datetime | None = None


class TokenRevoked(Event, frozen=True, kw_only=True, tag="token.revoked.v1"):
    pass


class SessionOpened(Event, frozen=True, kw_only=True, tag="session.opened.v1"):
    """``method``: how the person proved who they are; empty in events from before it was recorded."""

    user: str
    expires_at: datetime
    method: str = ""


class SessionClosed(Event, frozen=True, kw_only=True, tag="session.closed.v1"):
    pass


class SessionRefused(Event, frozen=True, kw_only=True, tag="session.refused.v1"):
    """So many failures that further tries must wait. The address is known by its keyed hash alone."""

    email_digest: str
    failures: int


TokenEvent: TypeAlias = TokenIssued | TokenRevoked | SessionOpened | SessionClosed | SessionRefused
EVENTS: tuple[type[Event], ...] = get_args(TokenEvent)


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """An API token or a session, folded."""

    id: str = ""
    version: int = 0
    user: str = ""
    team: str = ""
    open: bool = False
    expires_at: datetime | None = None

    def evolve(self, event: Event) -> Credential:
        s = replace(self, id=event.originator_id, version=event.originator_version)
        match event:
            case TokenIssued():
                return replace(
                    s, user=event.user, team=event.team, open=True, expires_at=event.expires_at
                )
            case SessionOpened():
                return replace(s, user=event.user, open=True, expires_at=event.expires_at)
            case TokenRevoked() | SessionClosed():
                return replace(s, open=False)
        return s

    def revoke(self, *, now: datetime, by: str) -> list[TokenEvent]:
        """End it. What is ended stays so."""
        if not self.open:
            return []
        kind = TokenRevoked if self.team else SessionClosed
        return [kind(originator_id=self.id, originator_version=self.version + 1, at=now, by=by)]


def fold(events: Iterable[Event]) -> Credential:
    credential = Credential()
    for event in events:
        credential = credential.evolve(event)
    return credential
