"""What was looked at: reads that leave a trace. One stream a team, ``audit_<team>``; never decided upon."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias, get_args

from domain.model import NEXT_VERSION, Envelope, Event


class AuditExported(Event, frozen=True, kw_only=True, tag="audit.exported.v1"):
    """Events of the team left as a file. ``where`` is how they were chosen."""

    team: str
    format: str
    where: dict[str, str] = {}


class SecretsRead(Event, frozen=True, kw_only=True, tag="audit.secrets_read.v1"):
    """Values of ``names`` were opened for an attempt of a job; names only."""

    team: str
    job: str
    attempt: int
    names: tuple[str, ...]


class SecretOpened(Event, frozen=True, kw_only=True, tag="audit.secret_opened.v1"):
    """The server opened a value for its own use, ``purpose``; told once a day by each process.

    ``user`` is whose it is, empty for the team's.
    """

    team: str
    user: str
    name: str
    purpose: str


AuditEvent: TypeAlias = AuditExported | SecretsRead | SecretOpened
EVENTS: tuple[type[Event], ...] = get_args(AuditEvent)


def envelope(team: str, *, now: datetime, by: str) -> Envelope:
    """Of the next fact of a team's trace."""
    return {
        "originator_id": f"audit_{team}",
        "originator_version": NEXT_VERSION,
        "at": now,
        "by": by,
    }
