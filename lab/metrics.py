"""Buffer of metric points: many points per record, none lost by a signal between two of them."""

from __future__ import annotations

import base64
import struct
import threading
import time
from collections.abc import Callable, Mapping

from lab.journal import encode
from lab.values import metric_name, metric_step, metric_value

POINTS_PER_RECORD = 1000

Point = tuple[int, float, float]


class MetricBuffer:
    """Points wait here until a record is full or someone flushes.

    Lists are only ever appended to and cut at the front, so a flush from a signal handler that
    interrupts an append loses nothing.
    """

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._lock = threading.RLock()
        self._points: dict[str, list[Point]] = {}
        self._next_step: dict[str, int] = {}

    def add(self, metrics: Mapping[str, object], step: object, *, prefix: str = "") -> None:
        """All of ``metrics`` or, when one is refused, none. Without a step each name counts."""
        now = time.time()
        checked = [
            (prefix + metric_name(name), metric_value(name, value))
            if type(value) is not float or prefix or name not in self._points
            else (name, value)
            for name, value in metrics.items()
        ]
        at = None if step is None else metric_step(next(iter(metrics), ""), step)
        with self._lock:
            for name, value in checked:
                self._append(name, value, at=at, now=now)

    def _append(self, name: str, value: float, *, at: int | None, now: float) -> None:
        points = self._points.setdefault(name, [])
        step = self._next_step.get(name, 0) if at is None else at
        self._next_step[name] = step + 1
        points.append((step, value, now))
        if len(points) >= POINTS_PER_RECORD:
            self._flush_one(name, points)

    def flush(self) -> None:
        with self._lock:
            for name, points in list(self._points.items()):
                if points:
                    self._flush_one(name, points)

    def _flush_one(self, name: str, points: list[Point]) -> None:
        while points:
            chunk = points[:POINTS_PER_RECORD]
            del points[: len(chunk)]
            self._write(encode_points(name, chunk))


def encode_points(name: str, points: list[Point]) -> bytes:
    """One ``m`` record: little-endian int64 steps, float64 values, float64 unix seconds."""
    steps, values, times = zip(*points, strict=True)
    count = len(points)
    return encode(
        {
            "k": "m",
            "name": name,
            "s": base64.b64encode(struct.pack(f"<{count}q", *steps)).decode(),
            "v": base64.b64encode(struct.pack(f"<{count}d", *values)).decode(),
            "t": base64.b64encode(struct.pack(f"<{count}d", *times)).decode(),
        }
    )
