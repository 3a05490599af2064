"""The rows that queries answer with. Columns that never got a value are ``None``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    position: int = 0


class JobRow(_Row, frozen=True, kw_only=True):
    """One job as it is now. ``spec`` is the frozen ``JobSpec`` as plain values."""

    id: str
    team: str
    experiment: str
    owner: str
    provider: str
    name: str
    status: str
    spec: dict[str, Any]
    queued_at: datetime
    task: str | None = None
    task_revision: int | None = None
    priority: int | None = None
    cloned_from: str | None = None
    resumed_from: str | None = None
    sweep: str | None = None
    attempt: int = 0
    token: str | None = None
    ref: str | None = None
    host: str | None = None
    wait_code: str | None = None
    wait_text: str | None = None
    wait_since: datetime | None = None
    wait_evidence: dict[str, str] | None = None
    wait_help: list[str] | None = None
    not_before: datetime | None = None
    launching_at: datetime | None = None
    machine_at: datetime | None = None
    setup_at: datetime | None = None
    running_at: datetime | None = None
    ended_at: datetime | None = None
    unseen_since: datetime | None = None
    stalled_since: datetime | None = None
    expires_at: datetime | None = None
    stop_at: datetime | None = None
    stop_by: str | None = None
    stop_reason: str | None = None
    stop_grace_s: float | None = None
    exit_code: int | None = None
    signal: int | None = None
    blame: str | None = None
    reason: str | None = None
    score: dict[str, float] | None = None
    message: str | None = None
    held_s: int | None = None
    used_s: int | None = None
    price_per_hour: float | None = None
    cost: float | None = None
    currency: str | None = None


class UsageRow(_Row, frozen=True, kw_only=True):
    """Jobs that ended, of one value of each dimension asked for; the others are ``None``.

    ``used_s`` are weighted compute seconds, as charged to the quota. ``cost`` is in ``currency``,
    and ``None`` when jobs of several currencies would be added up.
    """

    owner: str | None
    provider: str | None
    experiment: str | None
    day: str | None
    jobs: int
    complete: int
    failed: int
    stopped: int
    used_s: int
    cost: float | None
    currency: str | None


class WorkRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the worker needs of a job to know whether to look at it."""

    id: str
    team: str
    owner: str
    status: str
    attempt: int
    token: str | None
    ref: str | None
    priority: int | None
    queued_at: datetime
    not_before: datetime | None
    launching_at: datetime | None
    wait_code: str | None
    stop_at: datetime | None
    stop_grace_s: float | None
    unseen_since: datetime | None
    ended_at: datetime | None


class ExperimentRow(_Row, frozen=True, kw_only=True):
    id: str
    team: str
    name: str
    archived: bool
    created_at: datetime
    created_by: str


class TaskRow(_Row, frozen=True, kw_only=True):
    """A task at its latest revision."""

    id: str
    team: str
    experiment: str
    name: str
    revision: int
    yaml: str
    files: list[dict[str, Any]]
    archived: bool
    created_at: datetime
    revised_at: datetime
    revised_by: str


class RevisionRow(_Row, frozen=True, kw_only=True):
    id: str
    task: str
    number: int
    yaml: str
    files: list[dict[str, Any]]
    restored_from: int
    at: datetime
    by: str


class ProviderRow(_Row, frozen=True, kw_only=True):
    id: str
    team: str
    name: str
    kind: str
    settings: dict[str, Any]
    enabled: bool
    added_at: datetime
    is_default: bool
    unreachable_since: datetime | None = None
    unreachable_reason: str | None = None


class ArtifactRow(_Row, frozen=True, kw_only=True):
    id: str
    team: str
    experiment: str
    job: str
    attempt: int
    kind: str
    name: str
    size: int
    files: list[dict[str, Any]]
    metadata: dict[str, Any]
    saved_at: datetime
    step: int | None = None
    deleted_at: datetime | None = None


class UserRow(_Row, frozen=True, kw_only=True):
    """Name and address are sealed; ``application/queries.py`` opens them for those who may see."""

    id: str
    email_sealed: str
    name_sealed: str
    enabled: bool
    registered_at: datetime


class MemberRow(_Row, frozen=True, kw_only=True):
    id: str
    team: str
    user_id: str
    role: str
    since: datetime
    email_sealed: str
    name_sealed: str


class TeamRow(_Row, frozen=True, kw_only=True):
    """``logo`` is the SHA-256 of its picture."""

    id: str
    name: str
    slug: str
    created_at: datetime
    role: str
    archived_at: datetime | None = None
    logo: str | None = None


class InvitationRow(_Row, frozen=True, kw_only=True):
    """Open while neither ``cancelled_at`` nor ``accepted_at`` is set and ``expires_at`` is ahead."""

    id: str
    team: str
    role: str
    email_sealed: str
    sent_at: datetime
    sent_by: str
    expires_at: datetime
    cancelled_at: datetime | None = None
    accepted_at: datetime | None = None
    accepted_by: str | None = None


class TokenRow(_Row, frozen=True, kw_only=True):
    id: str
    user_id: str
    team: str
    name: str
    prefix: str
    scopes: list[str]
    issued_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


class ServiceAccountRow(_Row, frozen=True, kw_only=True):
    """``role`` is empty once it is no member any more."""

    id: str
    team: str
    name: str
    made_at: datetime
    made_by: str
    role: str = ""
    expires_at: datetime | None = None
    closed_at: datetime | None = None


class SecretRow(_Row, frozen=True, kw_only=True):
    id: str
    team: str
    user_id: str
    name: str
    number: int
    set_at: datetime
    set_by: str
    public_key: str | None = None


class GivenSecretRow(_Row, frozen=True, kw_only=True):
    """That an attempt's node was handed version ``number``; ``user_id`` is whose it is, empty for the team's."""

    id: str
    team: str
    user_id: str
    name: str
    number: int
    job: str
    attempt: int
    at: datetime


class QuotaRow(_Row, frozen=True, kw_only=True):
    """Weighted compute seconds. ``limit_s`` ``None`` is no limit; ``held_s`` is reserved by live jobs.

    ``warned_percent`` is the highest threshold that was told for this limit, 0 for none.
    """

    scope: str
    limit_s: int | None = None
    held_s: int = 0
    charged_s: int = 0
    warned_percent: int = 0


class BudgetRow(_Row, frozen=True, kw_only=True):
    """Millionths of the installation's currency; otherwise as ``QuotaRow``."""

    scope: str
    money_limit: int | None = None
    held: int = 0
    charged: int = 0
    warned_percent: int = 0


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """One event as stored; ``state`` is JSON."""

    position: int
    recorded_at: datetime
    stream: str
    version: int
    topic: str
    state: bytes


class PositionRow(msgspec.Struct, frozen=True, kw_only=True):
    """How far a read model has followed the log; ``halted`` says why it stopped, when it has."""

    name: str
    position: int
    halted: str | None = None


class LinkRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the log as it is chained; hashes in hex, ``before`` is the row before it, of whatever team."""

    position: int
    state: bytes
    before: str
    hash: str


class ChannelRow(_Row, frozen=True, kw_only=True):
    """Where somebody is told of facts. ``user_id`` is empty for the team's."""

    id: str
    team: str
    kind: str
    name: str
    target: str
    topics: list[str]
    added_at: datetime
    added_position: int
    user_id: str = ""
    only_own: bool = False
    paused_at: datetime | None = None
    replay_from: int | None = None
    replay_position: int | None = None


class DueRow(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery in hand; ``tries`` counts this one, ``notice`` is the message as JSON."""

    id: str
    channel: str
    tries: int
    notice: str
    made_at: datetime


class DeliveryRow(msgspec.Struct, frozen=True, kw_only=True):
    """``state``: waiting, delivered, dead (given up) or dropped (not for them any more)."""

    id: str
    position: int
    event: str
    sentence: str
    state: str
    tries: int
    made_at: datetime
    next_at: datetime
    reason: str = ""
    status: int | None = None
    ended_at: datetime | None = None
