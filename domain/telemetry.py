"""What streams from nodes besides facts: log lines, metric points, progress. Values only, no decisions."""

from __future__ import annotations

import struct
from datetime import datetime

import msgspec

BUSY_PERCENT = 5.0
"""Of one processor or one GPU; what an idle notebook or a waiting process stays below."""
SYSTEM = "system/"
LOADS = ("cpu_percent", "utilization_percent")


class Signs(msgspec.Struct, frozen=True, kw_only=True):
    """When a node was heard last, and when it last told of work. ``None``: not yet."""

    heard_at: datetime | None = None
    active_at: datetime | None = None


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """``number`` counts from 1 without gaps per attempt and node."""

    number: int
    at: float
    phase: str
    stream: str
    text: str


class MetricChunk(msgspec.Struct, frozen=True, kw_only=True):
    """Points of one metric, packed little-endian: int64 steps, float64 values, float64 unix seconds."""

    name: str
    steps: bytes
    values: bytes
    times: bytes


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    at: float
    percent: float
    message: str = ""


class TelemetryBatch(msgspec.Struct, frozen=True, kw_only=True):
    """What one stretch of a journal says besides facts. Applied with the new offset, in one transaction."""

    job: str
    attempt: int
    node: int
    stream: str
    offset: int
    next: int
    lines: tuple[LogLine, ...] = ()
    chunks: tuple[MetricChunk, ...] = ()
    progress: Progress | None = None

    @property
    def shows_work(self) -> bool:
        """Whether the user's process wrote, measured or progressed, or used a processor or GPU."""
        return bool(self.lines or self.progress) or any(map(_shows_work, self.chunks))


def _shows_work(chunk: MetricChunk) -> bool:
    if not chunk.name.startswith(SYSTEM):
        return True
    if not chunk.name.endswith(LOADS):
        return False
    return any(value >= BUSY_PERCENT for (value,) in struct.iter_unpack("<d", chunk.values))
