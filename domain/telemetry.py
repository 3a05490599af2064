"""What streams from nodes besides facts: log lines, metric points, progress. Values only, no decisions."""

from __future__ import annotations

import msgspec


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
