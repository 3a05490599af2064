"""Log segments and metric chunks: stored as they stream, each journal byte once.

The offset moves by compare-and-set in the transaction that stores what it covers. Not facts:
nothing here is replayed. Reading back is in ``projections/telemetry_queries.py``.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
from psycopg import sql

from domain.telemetry import MetricChunk, Signs, TelemetryBatch
from projections.connection import Connection, Pool, lease

CHANNEL = "lab_telemetry_{}"

_OFFSET = """
select position from {s}.journal_offsets
 where job = %(job)s and attempt = %(attempt)s and node = %(node)s and stream = %(stream)s
"""
_OFFSETS = "select node, stream, position from {s}.journal_offsets where job = %s and attempt = %s"
_BEGIN = """
insert into {s}.journal_offsets values (%(job)s, %(attempt)s, %(node)s, %(stream)s, %(next)s)
on conflict do nothing
"""
_MOVE = """
update {s}.journal_offsets set position = %(next)s
 where job = %(job)s and attempt = %(attempt)s and node = %(node)s and stream = %(stream)s
   and position = %(offset)s
"""
_SEGMENT = (
    "insert into {s}.log_segments values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing"
)
_CHUNK = """
insert into {s}.metric_chunks
  (job, attempt, name, first_step, last_step, points, last_value, steps, vals, times)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_PROGRESS = """
insert into {s}.progress values (%s, %s, %s, %s, %s) on conflict (job) do update
set attempt = excluded.attempt, at = excluded.at, percent = excluded.percent, message = excluded.message
"""
_BEAT = """
insert into {s}.heartbeats (job, attempt, node, at)
values (%(job)s, %(attempt)s, %(node)s, %(at)s)
on conflict (job, attempt, node) do update set at = greatest(heartbeats.at, excluded.at)
"""
_ACTIVE = """
update {s}.heartbeats set active_at = greatest(active_at, %(at)s)
 where job = %(job)s and attempt = %(attempt)s and node = %(node)s
"""
_SIGNS = """
select h.job, max(h.at), max(h.active_at)
  from {s}.heartbeats h join unnest(%s::text[], %s::int[]) as a(job, attempt) using (job, attempt)
 group by h.job
"""
_LAST_BEAT = "select max(at) from {s}.heartbeats where job = %s and attempt = %s"


class TelemetryStore:
    """Telemetry in one migrated schema. Safe to share between threads; the pool stays the caller's."""

    def __init__(self, pool: Pool, schema: str) -> None:
        self._pool = pool
        self._channel = CHANNEL.format(schema)
        name = sql.Identifier(schema)
        self._sql = {
            text: sql.SQL(text).format(s=name)
            for text in (
                _OFFSET, _OFFSETS, _BEGIN, _MOVE, _SEGMENT, _CHUNK, _PROGRESS, _BEAT, _LAST_BEAT,
                _ACTIVE, _SIGNS,
            )
        }  # fmt: skip

    def offset(self, *, job: str, attempt: int, node: int, stream: str) -> int:
        """Up to where this journal is applied; 0 for one never seen."""
        where = {"job": job, "attempt": attempt, "node": node, "stream": stream}
        with lease(self._pool) as conn:
            row = conn.execute(self._sql[_OFFSET], where).fetchone()
        return int(row[0]) if row else 0

    def offsets(self, *, job: str, attempt: int) -> Mapping[tuple[int, str], int]:
        """The same for every ``(node, stream)`` of an attempt."""
        with lease(self._pool) as conn:
            rows = conn.execute(self._sql[_OFFSETS], (job, attempt)).fetchall()
        return {(node, stream): position for node, stream, position in rows}

    def apply(self, batch: TelemetryBatch) -> bool:
        """Store ``batch`` and move its offset, or neither: ``False`` when another call was first."""
        where = {
            "job": batch.job,
            "attempt": batch.attempt,
            "node": batch.node,
            "stream": batch.stream,
            "offset": batch.offset,
            "next": batch.next,
        }
        with lease(self._pool) as conn, conn.transaction():
            move = _MOVE if batch.offset else _BEGIN
            if conn.execute(self._sql[move], where).rowcount != 1:
                return False
            self._store(conn, batch)
            what = ("l" if batch.lines else "") + ("m" if batch.chunks else "")
            what += "p" if batch.progress else ""
            if what:
                conn.execute("select pg_notify(%s, %s)", (self._channel, f"{what}:{batch.job}"))
        return True

    def heartbeat(self, *, job: str, attempt: int, node: int, at: datetime) -> None:
        """The node spoke; repeatable, the latest counts."""
        where = {"job": job, "attempt": attempt, "node": node, "at": at}
        with lease(self._pool) as conn:
            conn.execute(self._sql[_BEAT], where)

    def active(self, *, job: str, attempt: int, node: int, at: datetime) -> None:
        """A node that was heard told of work; repeatable, the latest counts."""
        where = {"job": job, "attempt": attempt, "node": node, "at": at}
        with lease(self._pool) as conn:
            conn.execute(self._sql[_ACTIVE], where)

    def signs(self, attempts: Mapping[str, int]) -> Mapping[str, Signs]:
        """Of each job's attempt, over all its nodes; a job nobody heard of is left out."""
        asked = (list(attempts), list(attempts.values()))
        with lease(self._pool) as conn:
            rows = conn.execute(self._sql[_SIGNS], asked).fetchall()
        return {job: Signs(heard_at=heard, active_at=active) for job, heard, active in rows}

    def last_heartbeat(self, *, job: str, attempt: int) -> datetime | None:
        """When any node of the attempt last spoke."""
        with lease(self._pool) as conn:
            row = conn.execute(self._sql[_LAST_BEAT], (job, attempt)).fetchone()
        return row[0] if row else None

    def _store(self, conn: Connection, batch: TelemetryBatch) -> None:
        if batch.lines:
            conn.execute(self._sql[_SEGMENT], _segment(batch))
        if batch.chunks:
            rows = [_chunk(batch, chunk) for chunk in batch.chunks if chunk.steps]
            with conn.cursor() as cursor:
                cursor.executemany(self._sql[_CHUNK], rows)
        if batch.progress:
            at = _time(batch.progress.at)
            row = (batch.job, batch.attempt, at, batch.progress.percent, batch.progress.message)
            conn.execute(self._sql[_PROGRESS], row)


def _segment(batch: TelemetryBatch) -> tuple[object, ...]:
    lines = batch.lines
    packed = msgspec.json.encode([(x.number, x.at, x.phase, x.stream, x.text) for x in lines])
    return (
        batch.job,
        batch.attempt,
        batch.node,
        lines[0].number,
        lines[-1].number,
        _time(lines[0].at),
        _time(lines[-1].at),
        zlib.compress(packed, 1),
    )


def _chunk(batch: TelemetryBatch, chunk: MetricChunk) -> tuple[object, ...]:
    count = len(chunk.steps) // 8
    (first,) = struct.unpack_from("<q", chunk.steps)
    (last,) = struct.unpack_from("<q", chunk.steps, (count - 1) * 8)
    (value,) = struct.unpack_from("<d", chunk.values, (count - 1) * 8)
    return (
        batch.job,
        batch.attempt,
        chunk.name,
        first,
        last,
        count,
        value,
        chunk.steps,
        chunk.values,
        chunk.times,
    )


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
