"""Where in the log is what: of which team, by whom, of which kind, about which job, for which command.

A stream belongs to the team its first event names; accounts and sessions belong to nobody's. One narrow
row an event, at a position of its own. Not here: asking (``log_queries.py``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from projections.abreast import UNHURRIED
from projections.connection import Pool, lease
from projections.projector import END
from projections.sink import ProjectionFenced

Connection = psycopg.Connection[Any]

NAME = "log_index"
BATCH = 5_000
REMEMBERED = 100_000
NOBODYS = ("user_", "session_", "desk_")
LEDGERS = ("quota_", "budget_")
_READ = """
select notification_id, originator_id, originator_version, topic, state from {s}.events
 where notification_id > %s and notification_id <= %s order by notification_id limit %s
"""
_FIRST = "select state from {s}.events where originator_id = %s order by originator_version limit 1"
_ADVANCE = "update {s}.past_positions set position = %s where name = %s and position = %s"
_LEARN = "insert into {s}.log_words (word) select unnest(%s::text[]) on conflict do nothing"
_WORDS = "select word, id from {s}.log_words where word = any(%s)"
_INSERT = """
insert into {s}.log_index (position, team, actor, kind, topic, job, cause)
select * from unnest(%s::bigint[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[])
"""


class Said(msgspec.Struct, frozen=True):
    """What an event says of where it belongs; the rest is not looked at."""

    by: str = ""
    cause: str = ""
    team: str = ""
    job: str = ""


_SAID = msgspec.json.Decoder(Said)


def team_of(stream: str, first: Said) -> str:
    """The team of a stream whose first event says ``first``; empty for what is nobody's team's."""
    if stream.startswith("team_"):
        return stream
    if stream.startswith(LEDGERS):
        parts = stream.split(":")
        return parts[1] if len(parts) > 1 else ""
    return "" if stream.startswith(NOBODYS) else first.team


class LogIndex:
    """Any number may run; each event is indexed once."""

    def __init__(self, pool: Pool, schema: str, *, batch: int = BATCH) -> None:
        self._pool = pool
        self._batch = batch
        self._channel = f"lab_changes_{schema}"
        own = {"s": sql.Identifier(schema)}
        texts = (_READ, _FIRST, _ADVANCE, _LEARN, _WORDS, _INSERT)
        made = [sql.SQL(text).format(**own) for text in texts]
        self._read, self._first, self._advance, self._learn, self._known, self._insert = made
        where = "select position from {s}.past_positions where name = %s"
        self._where = sql.SQL(where).format(**own)
        self._ids: dict[str, int] = {}
        self._teams: dict[str, str] = {}

    def position(self) -> int:
        """The position of the last event indexed; 0 before the first."""
        with lease(self._pool) as conn:
            return self._position(conn)

    def catch_up(self, upto: int = END) -> int:
        """Index everything up to ``upto``; how many events that were. ``ProjectionFenced``: call again."""
        done = 0
        with lease(self._pool) as conn:
            position = self._position(conn)
            while rows := conn.execute(
                self._read, (position, upto, self._batch), prepare=True, binary=True
            ).fetchall():
                self._add(conn, rows, before=position)
                position = rows[-1][0]
                done += len(rows)
                if len(rows) < self._batch:
                    break
        return done

    def announce(self) -> None:
        """Wake whoever follows events: more of the log is indexed."""
        with lease(self._pool) as conn:
            row = {"n": NAME, "p": self._position(conn), "k": []}
            conn.execute("select pg_notify(%s, %s)", (self._channel, json.dumps(row)))

    def _position(self, conn: Connection) -> int:
        row = conn.execute(self._where, (NAME,)).fetchone()
        return int(row[0]) if row else 0

    def _add(self, conn: Connection, rows: list[tuple[Any, ...]], *, before: int) -> None:
        lines = [self._line(conn, row) for row in rows]
        ids = self._numbers(conn, {word for line in lines for word in line if word})
        columns = [[ids.get(line[n]) for line in lines] for n in range(6)]
        columns[0] = [ids.get(line[0], 0) for line in lines]
        columns[1] = [ids.get(line[1], 0) for line in lines]
        with conn.pipeline() as trip, conn.transaction():
            conn.execute(UNHURRIED)
            moved = conn.execute(self._advance, (rows[-1][0], NAME, before))
            trip.sync()
            if moved.rowcount != 1:
                raise ProjectionFenced(NAME)
            conn.execute(self._insert, ([row[0] for row in rows], *columns))

    def _line(self, conn: Connection, row: tuple[Any, ...]) -> tuple[str, ...]:
        """Team, actor, kind, topic, job, cause; empty for none."""
        _, stream, version, topic, state = row
        said = _SAID.decode(state)
        team = self._team(conn, stream, said if version == 1 else None)
        job = said.job or (stream if stream.startswith("job_") else "")
        return team, said.by, topic.partition(".")[0], topic, job, said.cause

    def _team(self, conn: Connection, stream: str, first: Said | None) -> str:
        if stream not in self._teams:
            if len(self._teams) >= REMEMBERED:
                self._teams.clear()
            self._teams[stream] = team_of(stream, first or self._first_of(conn, stream))
        return self._teams[stream]

    def _first_of(self, conn: Connection, stream: str) -> Said:
        row = conn.execute(self._first, (stream,), prepare=True, binary=True).fetchone()
        return _SAID.decode(row[0]) if row else Said()

    def _numbers(self, conn: Connection, words: Iterable[str]) -> dict[str, int]:
        """The number of each word, new ones learned before the batch: a number without a row does no harm."""
        if len(self._ids) >= REMEMBERED:
            self._ids.clear()
        new = sorted(word for word in words if word not in self._ids)
        if new:
            conn.execute(self._learn, (new,))
            self._ids |= dict(conn.execute(self._known, (new,)).fetchall())
        return self._ids
