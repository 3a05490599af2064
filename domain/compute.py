"""ComputeProvider: a configured backend of one team. Settings are facts; credentials are references."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias, get_args

import msgspec
from msgspec.structs import replace

from domain.errors import NotFound
from domain.model import Envelope, Event, Guard, GuardKind

Setting = str | int | float | bool | None


class ProviderAdded(Event, frozen=True, kw_only=True, tag="provider.added.v1"):
    """``kind`` is the adapter (``local``, ``slurm``, …); ``secrets`` names the secrets it uses."""

    team: str
    name: str
    kind: str
    settings: dict[str, Setting] = {}
    secrets: tuple[str, ...] = ()


class ProviderReconfigured(Event, frozen=True, kw_only=True, tag="provider.reconfigured.v1"):
    settings: dict[str, Setting]


class ProviderEnabled(Event, frozen=True, kw_only=True, tag="provider.enabled.v1"):
    pass


class ProviderDisabled(Event, frozen=True, kw_only=True, tag="provider.disabled.v1"):
    pass


class ProviderMadeDefault(Event, frozen=True, kw_only=True, tag="provider.made_default.v1"):
    team: str


class ProviderUnreachable(Event, frozen=True, kw_only=True, tag="provider.unreachable.v1"):
    """We cannot see it; nothing is known of its jobs until it answers."""

    reason: str


class ProviderReachable(Event, frozen=True, kw_only=True, tag="provider.reachable.v1"):
    pass


class OrphanEnded(Event, frozen=True, kw_only=True, tag="provider.orphan_ended.v1"):
    """The sweeper found something of ours that belongs to no live job, and ended it."""

    token: str
    ref: str


ProviderEvent: TypeAlias = (
    ProviderAdded
    | ProviderReconfigured
    | ProviderEnabled
    | ProviderDisabled
    | ProviderMadeDefault
    | ProviderUnreachable
    | ProviderReachable
    | OrphanEnded
)
EVENTS: tuple[type[Event], ...] = get_args(ProviderEvent)


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    id: str = ""
    version: int = 0
    team: str = ""
    name: str = ""
    kind: str = ""
    settings: dict[str, Setting] = {}
    enabled: bool = True
    unreachable: str = ""

    def evolve(self, event: Event) -> Provider:
        s = replace(self, id=event.originator_id, version=event.originator_version)
        match event:
            case ProviderAdded():
                return replace(
                    s, team=event.team, name=event.name, kind=event.kind, settings=event.settings
                )
            case ProviderReconfigured():
                return replace(s, settings=event.settings)
            case ProviderEnabled() | ProviderDisabled():
                return replace(s, enabled=isinstance(event, ProviderEnabled))
            case ProviderUnreachable():
                return replace(s, unreachable=event.reason or "no answer")
            case ProviderReachable():
                return replace(s, unreachable="")
        return s

    def reconfigure(
        self, settings: dict[str, Setting], *, now: datetime, by: str
    ) -> list[ProviderEvent]:
        self._must_exist()
        if settings == self.settings:
            return []
        return [ProviderReconfigured(settings=settings, **self._next(now, by))]

    def enable(self, *, now: datetime, by: str) -> list[ProviderEvent]:
        self._must_exist()
        return [] if self.enabled else [ProviderEnabled(**self._next(now, by))]

    def disable(self, *, now: datetime, by: str) -> list[ProviderEvent]:
        """No new jobs; those it has are still observed and can be stopped."""
        self._must_exist()
        return [ProviderDisabled(**self._next(now, by))] if self.enabled else []

    def make_default(self, *, now: datetime, by: str) -> list[ProviderEvent]:
        self._must_exist()
        return [ProviderMadeDefault(team=self.team, **self._next(now, by))]

    def seen(self, *, problem: str, now: datetime, by: str) -> list[ProviderEvent]:
        """The outcome of asking it: ``problem`` is empty when it answered. Recorded on change."""
        if problem and not self.unreachable:
            return [ProviderUnreachable(reason=problem, **self._next(now, by))]
        if not problem and self.unreachable:
            return [ProviderReachable(**self._next(now, by))]
        return []

    def ended_orphan(self, *, token: str, ref: str, now: datetime, by: str) -> list[ProviderEvent]:
        return [OrphanEnded(token=token, ref=ref, **self._next(now, by))]

    def _must_exist(self) -> None:
        if not self.version:
            raise NotFound(kind="provider", id=self.id)

    def _next(self, now: datetime, by: str) -> Envelope:
        return {
            "originator_id": self.id,
            "originator_version": self.version + 1,
            "at": now,
            "by": by,
        }


def fold(events: Iterable[Event]) -> Provider:
    provider = Provider()
    for event in events:
        provider = provider.evolve(event)
    return provider


def unique_name(team: str, name: str, provider: str) -> Guard:
    """The guard that keeps provider names unique in a team, whatever their case."""
    return Guard(GuardKind.UNIQUE, f"provider:{team}:{name.lower()}", 1, ref=provider)
