"""ServiceAccount: a member that is no person: a program of one team, with a role and perhaps an end.

Its tokens are streams of their own (``domain/tokens.py``), its role is the team's to keep.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias, get_args

import msgspec
from msgspec.structs import replace

from domain.model import Event, Guard, GuardKind

PREFIX = "svc_"


class ServiceAccountMade(Event, frozen=True, kw_only=True, tag="service_account.made.v1"):
    """``expires_at`` ``None``: good until it is closed."""

    team: str
    name: str
    expires_at: datetime | None = None


class ServiceAccountClosed(Event, frozen=True, kw_only=True, tag="service_account.closed.v1"):
    """For good: its tokens open nothing any more."""


ServiceAccountEvent: TypeAlias = ServiceAccountMade | ServiceAccountClosed
EVENTS: tuple[type[Event], ...] = get_args(ServiceAccountEvent)


class ServiceAccount(msgspec.Struct, frozen=True, kw_only=True):
    id: str = ""
    version: int = 0
    team: str = ""
    name: str = ""
    closed: bool = False
    expires_at: datetime | None = None

    def evolve(self, event: Event) -> ServiceAccount:
        s = replace(self, id=event.originator_id, version=event.originator_version)
        match event:
            case ServiceAccountMade():
                return replace(s, team=event.team, name=event.name, expires_at=event.expires_at)
            case ServiceAccountClosed():
                return replace(s, closed=True)
        return s

    def good(self, now: datetime) -> bool:
        """Whether it may do anything at ``now``."""
        in_time = self.expires_at is None or now < self.expires_at
        return bool(self.version) and not self.closed and in_time

    def close(self, *, now: datetime, by: str) -> list[ServiceAccountEvent]:
        """End it. What is ended stays so."""
        if self.closed or not self.version:
            return []
        number = self.version + 1
        return [
            ServiceAccountClosed(originator_id=self.id, originator_version=number, at=now, by=by)
        ]


def is_service(user: str) -> bool:
    """Whether a member's id is a service account's."""
    return user.startswith(PREFIX)


def fold(events: Iterable[Event]) -> ServiceAccount:
    account = ServiceAccount()
    for event in events:
        account = account.evolve(event)
    return account


def unique_name(team: str, name: str, account: str, *, take: int = 1) -> Guard:
    """The guard that keeps one service account of a name in a team; ``take=-1`` frees it."""
    return Guard(GuardKind.UNIQUE, f"service:{team}:{name.lower()}", take, ref=account)
