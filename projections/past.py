"""Every version of every row, so that a read model can be asked as of any position of the log.

Beside each table ``jobs_v3`` stands ``jobs_v3_past``: a row's columns and the positions from which
(``from_position``) and before which (``until_position``) it was so; and the function ``jobs_v3_at(position)``, the
table as it was. Folded by the projections' own pure functions, at a position of its own: the live
tables do not wait for it. Not here: asking (``queries.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from domain.codec import EVERYTHING, Catalogue
from domain.errors import UnknownEvent
from projections import past_ddl
from projections.base import Patch, Projection, Table
from projections.connection import Pool, lease
from projections.past_ddl import OPEN, OWN
from projections.projector import END, ProjectionHalted
from projections.sink import ProjectionFenced

Connection = psycopg.Connection[Any]
Values = dict[str, Any]  # what JSON can say, and the datetimes and enums of patches
Key = tuple[str, str]

BATCH = 2_000
_READ = """
select notification_id, originator_version, topic, state from {s}.events
 where notification_id > %s and notification_id <= %s order by notification_id limit %s
"""
_ADVANCE = """
update {s}.past_positions set position = %s, halted = null where name = %s and position = %s
"""
_NOW = """
select p.id, p.from_position, p.apart_position, row_to_json(p)::text
  from unnest(%s::text[]) as wanted(id) cross join lateral (
    select * from {past} l where l.id = wanted.id order by l.from_position desc limit 1) p
 where p.until_position = {open}
"""
_CLOSE = """
update {past} p set until_position = c.until
  from unnest(%s::text[], %s::bigint[], %s::bigint[]) as c(id, since, until)
 where p.id = c.id and p.from_position = c.since
"""
_INSERT = (
    "insert into {past} ({names}) select {names} from json_populate_recordset(null::{past}, %s)"
)


@dataclass
class Version:
    """A row as it was from ``since`` on; ``stored`` when the table has it already.

    The version of ``apart`` holds the column that versions share.
    """

    since: int
    apart: int
    values: Values
    stored: bool = False


@dataclass
class Changes:
    """What a batch adds to one table: versions that ended, and rows as JSON objects."""

    closed: list[tuple[str, int, int]] = field(default_factory=list)
    rows: list[Values] = field(default_factory=list)


class Batch:
    """Versions of one projection's rows, moved by patches in log order."""

    def __init__(self, tables: Mapping[str, Table], now: dict[Key, Version]) -> None:
        self._tables = tables
        self._now = now
        self.changes = {name: Changes() for name in tables}

    def take(self, patch: Patch, position: int) -> None:
        """Lay ``patch`` over the row: a new version, unless this position made one already."""
        key = (patch.table, patch.key)
        before = self._now.get(key)
        values = {} if before is None or patch.delete else dict(before.values)
        fresh = before is None or patch.delete
        if before is not None and before.since < position:
            self._end(key, before, position)
        if patch.delete and not patch.set and not patch.add:
            self._now.pop(key, None)
            return
        if fresh:
            values |= self._tables[patch.table].defaults
        values.update(patch.set)
        for name, amount in patch.add.items():
            values[name] = (values.get(name) or 0) + amount
        anew = before is None or fresh or self._tables[patch.table].apart in patch.set
        apart = position if anew or before is None else before.apart
        self._now[key] = Version(since=position, apart=apart, values=values)

    def finish(self) -> None:
        """Keep the versions that are still so."""
        for key, version in self._now.items():
            if not version.stored:
                self._keep(key, version, OPEN)

    def _end(self, key: Key, version: Version, position: int) -> None:
        if version.stored:
            self.changes[key[0]].closed.append((key[1], version.since, position))
        else:
            self._keep(key, version, position)

    def _keep(self, key: Key, version: Version, until: int) -> None:
        table = self._tables[key[0]]
        row = dict(version.values)
        if version.since != version.apart:
            row.pop(table.apart, None)
        row |= dict(zip(OWN, (key[1], version.since, until, version.apart), strict=True))
        self.changes[key[0]].rows.append(row)


class Historian:
    """Keeps the versions of one projection's rows in ``schema``. Any number may run; each event counts once.

    Makes absent tables with the first ``catch_up``.
    """

    def __init__(
        self,
        pool: Pool,
        projection: Projection,
        schema: str,
        *,
        catalogue: Catalogue = EVERYTHING,
        batch: int = BATCH,
    ) -> None:
        self.projection = projection
        self._pool = pool
        self._schema = schema
        self._catalogue = catalogue
        self._batch = batch
        self._tables = {table.name: table for table in projection.tables}
        self._name = projection.position_name
        own = {"s": sql.Identifier(schema)}
        self._read, self._advance = (sql.SQL(text).format(**own) for text in (_READ, _ADVANCE))
        self._where = sql.SQL("select position from {s}.past_positions where name = %s").format(
            **own
        )
        self._made = False

    def position(self) -> int:
        """The position of the last event folded in; 0 before the first."""
        with lease(self._pool) as conn:
            return self._position(conn)

    def catch_up(self, upto: int = END) -> int:
        """Fold in everything up to position ``upto``; how many events that were.

        Raises ``ProjectionFenced`` when another was faster (call again), ``ProjectionHalted`` at an
        event that cannot be read (everything before it is kept).
        """
        folded = 0
        with lease(self._pool) as conn:
            if not self._made:
                past_ddl.ensure(conn, self.projection, self._schema)
                self._made = True
            position = self._position(conn)
            while rows := conn.execute(
                self._read, (position, upto, self._batch), prepare=True, binary=True
            ).fetchall():
                position = self._fold(conn, rows, position)
                folded += len(rows)
                if len(rows) < self._batch:
                    break
            past_ddl.index_once(conn, self.projection, self._schema)
        return folded

    def _position(self, conn: Connection) -> int:
        row = conn.execute(self._where, (self._name,)).fetchone()
        return int(row[0]) if row else 0

    def _fold(self, conn: Connection, rows: list[tuple[Any, ...]], before: int) -> int:
        patches: list[tuple[int, Patch]] = []
        done, unread = before, None
        for position, version, topic, state in rows:
            try:
                event = self._catalogue.decode(topic, state, version=version)
            except UnknownEvent as error:
                unread = ProjectionHalted(name=self._name, position=position, why=str(error))
                break
            patches += [(position, patch) for patch in self.projection.fn(event, position)]
            done = position
        if done > before:
            self._apply(conn, patches, before=before, after=done)
        if unread is not None:
            self._halt(conn, unread, at=done)
            raise unread
        return done

    def _apply(
        self, conn: Connection, patches: list[tuple[int, Patch]], *, before: int, after: int
    ) -> None:
        with conn.transaction():
            if conn.execute(self._advance, (after, self._name, before)).rowcount != 1:
                raise ProjectionFenced(self._name)
            self.write(conn, patches, after=after)

    def write(self, conn: Connection, patches: Sequence[tuple[int, Patch]], *, after: int) -> None:
        """See ``projections.abreast.Model``: each patch has its own position, so ``after`` says nothing."""
        del after
        batch = Batch(self._tables, self._load(conn, patches))
        for position, patch in patches:
            batch.take(patch, position)
        batch.finish()
        for name, changes in batch.changes.items():
            self._write(conn, self._tables[name], changes)

    def _load(self, conn: Connection, patches: Iterable[tuple[int, Patch]]) -> dict[Key, Version]:
        """The versions that are so now, of the rows that ``patches`` touch."""
        wanted: dict[str, dict[str, None]] = {}
        for _, patch in patches:
            wanted.setdefault(patch.table, {})[patch.key] = None
        found: dict[Key, Version] = {}
        for name, keys in wanted.items():
            query = sql.SQL(_NOW).format(past=self._past(name), open=sql.Literal(OPEN))
            for id, since, apart, text in conn.execute(query, (list(keys),), prepare=True):
                values = msgspec.json.decode(text, type=Values)
                for own in OWN:
                    del values[own]
                found[name, id] = Version(since=since, apart=apart, values=values, stored=True)
        return found

    def _write(self, conn: Connection, table: Table, changes: Changes) -> None:
        past = self._past(table.name)
        if changes.rows:
            names = [*OWN, *(column.name for column in table.columns)]
            query = sql.SQL(_INSERT).format(
                past=past, names=sql.SQL(", ").join(map(sql.Identifier, names))
            )
            conn.execute(query, (msgspec.json.encode(changes.rows).decode(),))
        if changes.closed:
            columns = [list(column) for column in zip(*changes.closed, strict=True)]
            conn.execute(sql.SQL(_CLOSE).format(past=past), columns)

    def _halt(self, conn: Connection, halted: ProjectionHalted, *, at: int) -> None:
        query = "update {s}.past_positions set halted = %s where name = %s and position = %s"
        told = f"position {halted.position}: {halted.why}"
        conn.execute(sql.SQL(query).format(s=sql.Identifier(self._schema)), (told, self._name, at))

    def _past(self, table: str) -> sql.Identifier:
        return sql.Identifier(self._schema, self.projection.past_name(table))
