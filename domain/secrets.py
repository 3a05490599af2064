"""Secret: that a named value exists, in which version, and who set it. The value is never a fact."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias, get_args

import msgspec
from msgspec.structs import replace

from domain.model import Event


class SecretSet(Event, frozen=True, kw_only=True, tag="secret.set.v1"):
    """``user`` is empty for a team's secret; a member's own goes before the team's."""

    team: str
    name: str
    number: int
    user: str = ""
    public_key: str = ""
    """Of a private key that was made here; the one part that may be shown."""


class SecretDeleted(Event, frozen=True, kw_only=True, tag="secret.deleted.v1"):
    team: str
    name: str
    user: str = ""


SecretEvent: TypeAlias = SecretSet | SecretDeleted
EVENTS: tuple[type[Event], ...] = get_args(SecretEvent)


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    id: str = ""
    version: int = 0
    number: int = 0
    exists: bool = False

    def evolve(self, event: Event) -> Secret:
        s = replace(self, id=event.originator_id, version=event.originator_version)
        match event:
            case SecretSet():
                return replace(s, number=event.number, exists=True)
            case SecretDeleted():
                return replace(s, exists=False)
        return s

    def set_value(
        self, *, team: str, name: str, user: str, now: datetime, by: str, public_key: str = ""
    ) -> SecretSet:
        """A new version of the value, which is kept elsewhere under the same number."""
        return SecretSet(
            team=team,
            name=name,
            user=user,
            number=self.number + 1,
            public_key=public_key,
            originator_id=stream_of(team=team, user=user, name=name),
            originator_version=self.version + 1,
            at=now,
            by=by,
        )

    def delete(
        self, *, team: str, name: str, user: str, now: datetime, by: str
    ) -> list[SecretEvent]:
        if not self.exists:
            return []
        return [
            SecretDeleted(
                team=team,
                name=name,
                user=user,
                originator_id=self.id,
                originator_version=self.version + 1,
                at=now,
                by=by,
            )
        ]


def stream_of(*, team: str, user: str, name: str) -> str:
    """One stream per name and owner."""
    return f"secret_{team}_{user}_{name}" if user else f"secret_{team}_{name}"


def fold(events: Iterable[Event]) -> Secret:
    secret = Secret()
    for event in events:
        secret = secret.evolve(event)
    return secret
