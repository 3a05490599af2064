"""Logs and curves read back: lines after a number, points of a metric, min/max downsampled."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec
from psycopg import sql
from psycopg.rows import class_row

from projections.connection import Pool, lease

_SEGMENTS = """
select body from {s}.log_segments
 where job = %(job)s and attempt = %(attempt)s and node = %(node)s and last_line > %(after)s
 order by first_line limit %(limit)s
"""
_TAIL = """
select coalesce(max(last_line), 0) from {s}.log_segments
 where job = %(job)s and attempt = %(attempt)s and node = %(node)s
"""
_CURVES = """
select distinct on (name) name, sum(points) over (partition by name)::bigint as points,
       last_step, last_value
  from {s}.metric_chunks where job = %s order by name, id desc
"""
_CHUNKS = """
select id, steps, vals, times from {s}.metric_chunks
 where job = %s and name = %s and id > %s order by id
"""
_PROGRESS = "select percent, message, at from {s}.progress where job = %s"
_PRUNE_METRICS = "delete from {s}.metric_chunks where stored_at < %s"
_PRUNE_LOGS = "delete from {s}.log_segments where last_at < %s"

SEGMENTS_A_PAGE = 200


class LineRow(msgspec.Struct, frozen=True, kw_only=True):
    """One log line; ``at`` is unix seconds by the node's clock."""

    number: int
    at: float
    phase: str
    stream: str
    text: str


class CurveRow(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one metric of a job, without its points."""

    name: str
    points: int
    last_step: int
    last_value: float


class ProgressRow(msgspec.Struct, frozen=True, kw_only=True):
    percent: float
    message: str
    at: datetime


class Points(msgspec.Struct, frozen=True, kw_only=True):
    """Columns of equal length, in order of arrival. ``cursor`` continues after them."""

    steps: Sequence[int]
    values: Sequence[float]
    times: Sequence[float]
    cursor: int


class TelemetryQueries:
    """Reads of one migrated schema. Unauthorised: callers check whose job it is first."""

    def __init__(self, pool: Pool, schema: str) -> None:
        self._pool = pool
        self._schema = sql.Identifier(schema)

    def lines(
        self, job: str, *, attempt: int, node: int = 0, after: int = 0, limit: int = 1_000
    ) -> list[LineRow]:
        """At most ``limit`` lines with a number above ``after``, in order; empty at the end."""
        found: list[LineRow] = []
        for line in self._lines(job, attempt=attempt, node=node, after=after):
            found.append(line)
            if len(found) == limit:
                break
        return found

    def last_line(self, job: str, *, attempt: int, node: int = 0) -> int:
        """The number of the last line; 0 when there is none."""
        where = {"job": job, "attempt": attempt, "node": node}
        with lease(self._pool) as conn:
            row = conn.execute(self._query(_TAIL), where).fetchone()
        return int(row[0]) if row else 0

    def all_lines(self, job: str, *, attempt: int, node: int = 0) -> Iterator[LineRow]:
        """Every line, for a download; one page of segments in memory at a time."""
        return self._lines(job, attempt=attempt, node=node, after=0)

    def curves(self, job: str) -> list[CurveRow]:
        """The metrics of a job by name."""
        with (
            lease(self._pool) as conn,
            conn.cursor(row_factory=class_row(CurveRow)) as cursor,
        ):
            return cursor.execute(self._query(_CURVES), (job,)).fetchall()

    def points(self, job: str, name: str, *, after: int = 0) -> Points:
        """The points stored after cursor ``after``; the same cursor when there are none."""
        with lease(self._pool) as conn:
            rows = conn.execute(self._query(_CHUNKS), (job, name, after)).fetchall()
        steps: list[int] = []
        values: list[float] = []
        times: list[float] = []
        for _, packed_steps, packed_values, packed_times in rows:
            count = len(packed_steps) // 8
            steps += struct.unpack(f"<{count}q", packed_steps)
            values += struct.unpack(f"<{count}d", packed_values)
            times += struct.unpack(f"<{count}d", packed_times)
        return Points(
            steps=steps, values=values, times=times, cursor=rows[-1][0] if rows else after
        )

    def progress(self, job: str) -> ProgressRow | None:
        """The latest progress report."""
        with (
            lease(self._pool) as conn,
            conn.cursor(row_factory=class_row(ProgressRow)) as cursor,
        ):
            return cursor.execute(self._query(_PROGRESS), (job,)).fetchone()

    def prune(self, *, metrics_before: datetime, logs_before: datetime) -> tuple[int, int]:
        """Delete what is older; how many chunks and segments went. Repeatable."""
        with lease(self._pool) as conn:
            chunks = conn.execute(self._query(_PRUNE_METRICS), (metrics_before,)).rowcount
            segments = conn.execute(self._query(_PRUNE_LOGS), (logs_before,)).rowcount
        return chunks, segments

    def _lines(self, job: str, *, attempt: int, node: int, after: int) -> Iterator[LineRow]:
        while True:
            where = {"job": job, "attempt": attempt, "node": node, "after": after}
            with lease(self._pool) as conn:
                query = self._query(_SEGMENTS)
                rows = conn.execute(query, {**where, "limit": SEGMENTS_A_PAGE}).fetchall()
            for (body,) in rows:
                for number, at, phase, stream, text in msgspec.json.decode(zlib.decompress(body)):
                    if number > after:
                        yield LineRow(number=number, at=at, phase=phase, stream=stream, text=text)
                        after = number
            if len(rows) < SEGMENTS_A_PAGE:
                return

    def _query(self, text: str) -> sql.Composed:
        return sql.SQL(text).format(s=self._schema)


def between(points: Points, span: tuple[int, int]) -> Points:
    """Those whose step is in ``span``, with one neighbour on either side so that a line enters and leaves."""
    low, high = span
    inside = [i for i, step in enumerate(points.steps) if low <= step <= high]
    if not inside:
        return Points(steps=(), values=(), times=(), cursor=points.cursor)
    first, last = max(inside[0] - 1, 0), min(inside[-1] + 2, len(points.steps))
    return Points(
        steps=points.steps[first:last],
        values=points.values[first:last],
        times=points.times[first:last],
        cursor=points.cursor,
    )


def downsample(points: Points, *, buckets: int) -> Points:
    """At most two points a bucket, the lowest and the highest, so that no spike is lost.

    The first and the last point are kept. Points that are few enough are returned as they are.
    """
    count = len(points.steps)
    if count <= buckets * 2:
        return points
    size = count / buckets
    keep = {0, count - 1}
    for bucket in range(buckets):
        window = range(int(bucket * size), min(int((bucket + 1) * size), count))
        real = [i for i in window if points.values[i] == points.values[i]] or list(window)
        keep.add(min(real, key=points.values.__getitem__))
        keep.add(max(real, key=points.values.__getitem__))
    order = sorted(keep)
    return Points(
        steps=[points.steps[i] for i in order],
        values=[points.values[i] for i in order],
        times=[points.times[i] for i in order],
        cursor=points.cursor,
    )
