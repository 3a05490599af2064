"""A log, and providers, that look each thing up once: for a command whose parts ask the same over and over.

They show what was there at the first look; what must still hold at the end is a guard of the append.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from application.log import EventLog, GuardKey
from application.ports import Providers
from domain.model import Event, Guard, GuardKind, Recorded
from providers.base import ComputeProvider


class OneLook:
    """An ``EventLog`` over another one; lives as long as one command."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._streams: dict[str, Sequence[Event]] = {}
        self._guards: dict[GuardKey, Guard | None] = {}

    def look_up(self, *, streams: Collection[str] = (), guards: Collection[GuardKey] = ()) -> None:
        """Several at one look, that would be asked for one by one."""
        if streams:
            self._streams |= self._log.streams(streams)
        if guards:
            self._guards |= dict.fromkeys(guards) | self._log.guards(guards)

    def append(self, events: Sequence[Event], guards: Sequence[Guard] = ()) -> int:
        """Whatever becomes of it, what it touches is looked up anew after it."""
        for event in events:
            self._streams.pop(event.originator_id, None)
        self._guards.clear()
        return self._log.append(events, guards)

    def stream(self, originator_id: str) -> list[Event]:
        if originator_id not in self._streams:
            self._streams[originator_id] = self._log.stream(originator_id)
        return list(self._streams[originator_id])

    def streams(self, originator_ids: Collection[str]) -> dict[str, list[Event]]:
        self.look_up(streams=[id for id in originator_ids if id not in self._streams])
        return {id: self.stream(id) for id in originator_ids}

    def read(self, after: int, limit: int, upto: int | None = None) -> list[Recorded]:
        return self._log.read(after, limit, upto)

    def head(self) -> int:
        return self._log.head()

    def guard(self, kind: GuardKind, scope: str) -> Guard | None:
        if (kind, scope) not in self._guards:
            self._guards[kind, scope] = self._log.guard(kind, scope)
        return self._guards[kind, scope]

    def guards(self, wanted: Collection[GuardKey]) -> dict[GuardKey, Guard]:
        self.look_up(guards=[key for key in wanted if key not in self._guards])
        found = {key: self._guards[key] for key in wanted}
        return {key: guard for key, guard in found.items() if guard is not None}


class OneProviders:
    """``Providers`` over others; lives as long as one command."""

    def __init__(self, providers: Providers) -> None:
        self._providers = providers
        self._adapters: dict[str, ComputeProvider] = {}

    def of(self, provider: str) -> ComputeProvider:
        if provider not in self._adapters:
            self._adapters[provider] = self._providers.of(provider)
        return self._adapters[provider]

    def validate(self, kind: str, settings: Mapping[str, object]) -> None:
        self._providers.validate(kind, settings)

    def tried(self, kind: str, settings: Mapping[str, object], *, team: str) -> ComputeProvider:
        return self._providers.tried(kind, settings, team=team)

    def kinds(self) -> Sequence[str]:
        return self._providers.kinds()
