"""What was seen of a job at its provider or on its node, in the domain's words.

Adapters translate into this; nothing here knows a vendor. Absence of an observation is *not seen*,
which is a different thing from any value below.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class Phase(StrEnum):
    PENDING = "pending"  # accepted by the provider, no machine yet
    PROVISIONING = "provisioning"  # a machine is being prepared, or the node claimed the token
    SETUP = "setup"
    RUNNING = "running"
    ENDED = "ended"  # the node or the provider's accounting knows how
    GONE = "gone"  # the provider is certain that it exists no more, and nobody knows how it ended


class FailureClass(StrEnum):
    """Whose fault a failure is; decides which retry budget pays."""

    USER_CODE = "user_code"
    SETUP = "setup"
    PROVIDER = "provider"
    PREEMPTED = "preempted"
    NODE_LOST = "node_lost"
    OUT_OF_MEMORY = "out_of_memory"
    TIMEOUT = "timeout"
    QUOTA = "quota"
    CANCELLED = "cancelled"  # somebody ended it at the provider, past Labledger


class Exit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a process ended: ``code`` or ``signal`` (a number), never both. ``phase`` is setup or run."""

    code: int | None = None
    signal: int | None = None
    phase: str = "run"
    out_of_memory: bool = False
    reason: str = ""


class Observation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One look at one attempt. ``at`` is when it was so, by the observed machine's clock.

    ``started_at`` is the begin of the run phase, when known. ``blame`` is what the provider says
    went wrong (preempted, node lost); without it the exit decides. ``evidence`` and ``help`` go with
    the ``reason`` of one that is pending.
    """

    attempt: int
    phase: Phase
    at: datetime
    source: str
    host: str = ""
    started_at: datetime | None = None
    exit: Exit | None = None
    blame: FailureClass | None = None
    reason: str = ""
    evidence: dict[str, str] = {}
    help: tuple[str, ...] = ()
