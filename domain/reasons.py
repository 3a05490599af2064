"""Why a job is where it is: one dominant reason of a closed set, what shows it, and what would help.

Not here: finding it (``application/why.py``), and what adapters say (``providers``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

import msgspec


class ReasonCode(StrEnum):
    """Of the reasons to wait the first that is true is dominant: nothing below it would help."""

    STOPPING = "stopping"
    IMPOSSIBLE = "impossible"
    PROVIDER_DISABLED = "provider_disabled"
    PROVIDER_UNREACHABLE = "provider_unreachable"
    ACCOUNT = "account"
    OWNER_AWAY = "owner_away"
    RETRYING = "retrying"
    QUOTA = "quota"
    CONCURRENCY = "concurrency"
    NO_ROOM = "no_room"
    BEHIND = "behind"
    PROVIDER_QUEUE = "provider_queue"
    OTHER_WAIT = "other_wait"  # told by a provider in its own words
    UNLOOKED = "unlooked"  # nobody has looked at it yet
    SUBMITTING = "submitting"
    STARTING = "starting"
    SETUP = "setup"
    RUNNING = "running"
    STALLED = "stalled"
    UNSEEN = "unseen"
    COMPLETE = "complete"
    FAILED = "failed"
    STOPPED = "stopped"


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """``evidence`` is what shows it, by name; ``help`` what a person could do, the best first."""

    code: ReasonCode
    text: str
    since: datetime | None = None
    evidence: Mapping[str, str] = {}
    help: tuple[str, ...] = ()


WAITS: Mapping[str, ReasonCode] = MappingProxyType(
    {
        "impossible": ReasonCode.IMPOSSIBLE,
        "no_account": ReasonCode.ACCOUNT,
        "account_unavailable": ReasonCode.ACCOUNT,
        "owner_away": ReasonCode.OWNER_AWAY,
        "quota": ReasonCode.QUOTA,
        "concurrency": ReasonCode.CONCURRENCY,
        "no_room": ReasonCode.NO_ROOM,
        "behind": ReasonCode.BEHIND,
        "provider": ReasonCode.PROVIDER_QUEUE,
    }
)
"""By the part of a recorded wait's code before its first colon."""
EXPIRE: frozenset[str] = frozenset({"retrying", "provider_disabled"})
"""Recorded waits that are true as long as the job's or the provider's own state says so."""


def reason_of_wait(code: str) -> ReasonCode:
    """What kind of wait was recorded under ``code``."""
    return WAITS.get(code.partition(":")[0], ReasonCode.OTHER_WAIT)
