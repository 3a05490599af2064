"""Installation: what was done to the server as a whole. One stream, ``installation``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias, get_args

import msgspec
from msgspec.structs import replace

from domain.model import Event

STREAM = "installation"


class MasterKeyRotated(Event, frozen=True, kw_only=True, tag="installation.master_key_rotated.v1"):
    """``key`` tells the new key from others and nothing of it."""

    key: str


class HeadSigned(Event, frozen=True, kw_only=True, tag="installation.head_signed.v1"):
    """The chain up to ``position`` held and ended in ``hash``: signed with Ed25519. All in hex."""

    position: int
    hash: str
    rows: int
    key: str
    signature: str


class LogArchived(Event, frozen=True, kw_only=True, tag="installation.log_archived.v1"):
    """Rows ``first`` to ``last`` were copied to the artifact store as ``sha256``; none was removed."""

    first: int
    last: int
    rows: int
    sha256: str


class ReadModelDiffered(
    Event, frozen=True, kw_only=True, tag="installation.read_model_differed.v1"
):
    """A replay found ``cells`` of a read model that are not what the log makes of them."""

    name: str
    position: int
    cells: int


InstallationEvent: TypeAlias = MasterKeyRotated | HeadSigned | LogArchived | ReadModelDiffered
EVENTS: tuple[type[Event], ...] = get_args(InstallationEvent)


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


def head_text(position: int, hash: str) -> bytes:
    """What is signed of a head."""
    return f"labledger head\n{position}\n{hash}".encode()


def fold(events: Iterable[Event]) -> Installation:
    installation = Installation()
    for event in events:
        installation = installation.evolve(event)
    return installation
