"""Installation: what was done to the server as a whole. One stream, ``installation``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from domain.model import Event

STREAM = "installation"


class MasterKeyRotated(Event, frozen=True, kw_only=True, tag="installation.master_key_rotated.v1"):
    """``key`` tells the new key from others and nothing of it."""

    key: str


InstallationEvent: TypeAlias = MasterKeyRotated
EVENTS: tuple[type[Event], ...] = (InstallationEvent,)


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    version: int = 0
    master_key: str = ""

    def evolve(self, event: Event) -> Installation:
        s = replace(self, version=event.originator_version)
        return replace(s, master_key=event.key) if isinstance(event, MasterKeyRotated) else s

    def rotate_master_key(self, key: str, *, now: datetime, by: str) -> list[InstallationEvent]:
        """Record the key in use from now on; the same key again records nothing."""
        if key == self.master_key:
            return []
        return [
            MasterKeyRotated(
                key=key,
                originator_id=STREAM,
                originator_version=self.version + 1,
                at=now,
                by=by,
            )
        ]


def fold(events: Iterable[Event]) -> Installation:
    installation = Installation()
    for event in events:
        installation = installation.evolve(event)
    return installation
