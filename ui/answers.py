"""What the gateway answers with: several things that a page shows together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from application.account_ports import IdentityProvider, SessionSeen
from domain.model import Event
from domain.reasons import Reason
from projections.desk_queries import JobMarks
from projections.rows import JobRow, TeamRow, TokenRow
from projections.telemetry_queries import ProgressRow


@dataclass(frozen=True, kw_only=True)
class JobPage:
    """One page of jobs. ``older`` continues it (empty at the end)."""

    rows: Sequence[JobRow]
    marks: Mapping[str, JobMarks]
    progress: Mapping[str, ProgressRow]
    older: str


@dataclass(frozen=True, kw_only=True)
class Names:
    """What ids are called, for lists."""

    experiments: Mapping[str, str]
    providers: Mapping[str, str]
    people: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Me:
    """The person at the page and where they act."""

    name: str
    email: str
    team: TeamRow | None
    teams: Sequence[TeamRow]


@dataclass(frozen=True, kw_only=True)
class OwnAccount:
    """``current`` is the session of the page itself; ``tokens`` are those not revoked."""

    sessions: list[SessionSeen]
    current: str
    verified: bool
    sends_mail: bool
    linked: Sequence[str]
    linkable: Sequence[IdentityProvider]
    tokens: list[TokenRow]


@dataclass(frozen=True, kw_only=True)
class JobNow:
    """One job and what its page says about it. ``facts`` are everything recorded of it, in order."""

    row: JobRow
    reason: Reason
    facts: Sequence[Event]
    progress: ProgressRow | None


@dataclass(frozen=True, kw_only=True)
class LogPart:
    """Lines as the log view takes them. ``last`` is where to go on; ``full``: there may be more."""

    cells: Sequence[Mapping[str, object]]
    last: int
    full: bool
