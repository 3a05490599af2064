"""An event log that looks each thing up once, for a batch whose parts ask the same over and over.

It shows what was there at the first look; what must still hold at the end is a guard of the append.
"""

from __future__ import annotations

from collections.abc import Sequence

from application.log import EventLog
from domain.model import Event, Guard, GuardKind, Recorded


class OneLook:
    """An ``EventLog`` over another one; lives as long as one command."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._streams: dict[str, Sequence[Event]] = {}
        self._guards: dict[tuple[GuardKind, str], Guard | None] = {}

    def append(self, events: Sequence[Event], guards: Sequence[Guard] = ()) -> int:
        return self._log.append(events, guards)

    def stream(self, originator_id: str) -> list[Event]:
        if originator_id not in self._streams:
            self._streams[originator_id] = self._log.stream(originator_id)
        return list(self._streams[originator_id])

    def read(self, after: int, limit: int, upto: int | None = None) -> list[Recorded]:
        return self._log.read(after, limit, upto)

    def head(self) -> int:
        return self._log.head()

    def guard(self, kind: GuardKind, scope: str) -> Guard | None:
        if (kind, scope) not in self._guards:
            self._guards[kind, scope] = self._log.guard(kind, scope)
        return self._guards[kind, scope]
