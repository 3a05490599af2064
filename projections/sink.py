"""Patches into rows: a batch is merged per row, then written by one statement per shape of row.

The position moves first, by compare-and-set, inside the same transaction: when another projector
moved it the rows are never written. (Checked after the rows, a lost race has counted twice.)
Not here: reading the log (``projector.py``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from projections.base import Patch, Projection, SqlType, Table, Value

Connection = psycopg.Connection[Any]
Shape = tuple[tuple[str, ...], tuple[str, ...]]
RowKey = tuple[str, str]

_TELL = "select pg_notify(%s, %s)"
MAX_ANNOUNCED_KEYS = 50
MAX_ANNOUNCED_BYTES = 6_000  # a payload is at most 8,000 bytes


class ProjectionFenced(Exception):
    """Another projector moved this projection meanwhile; nothing of ours was written."""


class Row:
    """What a batch does to one row: forget it first, assign, then add."""

    __slots__ = ("add", "fresh", "position", "set")

    def __init__(self) -> None:
        self.fresh = False
        self.set: dict[str, Value] = {}
        self.add: dict[str, int] = {}
        self.position = 0

    def take(self, patch: Patch, position: int) -> None:
        """Lay a later patch over this one."""
        self.position = position
        if patch.delete:
            self.fresh, self.set, self.add = True, {}, {}
        if patch.set:
            self.set.update(patch.set)
            for name in self.add.keys() & patch.set.keys():
                del self.add[name]
        for name, amount in patch.add.items():
            if name in self.set:
                self.set[name] = _number(self.set[name]) + amount
            else:
                self.add[name] = self.add.get(name, 0) + amount

    @property
    def kept(self) -> bool:
        """Whether there is a row to write afterwards."""
        return bool(self.set or self.add) or not self.fresh


def merge(patches: Iterable[tuple[int, Patch]]) -> dict[RowKey, Row]:
    """``(position, patch)`` in log order to one row per ``(table, key)``."""
    rows: dict[RowKey, Row] = {}
    for position, patch in patches:
        key = (patch.table, patch.key)
        row = rows.get(key)
        if row is None:
            row = rows[key] = Row()
        row.take(patch, position)
    return rows


class Sink:
    """Writes batches of one projection into one schema, on a connection the caller lends."""

    def __init__(self, projection: Projection, schema: str) -> None:
        self._projection = projection
        self._schema = schema
        self._tables = {table.name: table for table in projection.tables}
        self._upserts: dict[tuple[str, Shape], bytes] = {}
        self._advance = sql.SQL(
            "update {}.positions set position = %s, halted = null where name = %s and position = %s"
        ).format(sql.Identifier(schema))

    def apply(
        self, conn: Connection, patches: Iterable[tuple[int, Patch]], *, before: int, after: int
    ) -> None:
        """Write a batch and move the position from ``before`` to ``after``; both, or nothing.

        Raises ``ProjectionFenced`` when the position is not ``before``.
        """
        name = self._projection.position_name
        with conn.transaction():
            if conn.execute(self._advance, (after, name, before)).rowcount != 1:
                raise ProjectionFenced(name)
            self.write(conn, patches, after=after)

    def write(self, conn: Connection, patches: Iterable[tuple[int, Patch]], *, after: int) -> None:
        """The rows of a batch and the news of it, inside the transaction that moves the position."""
        rows = merge(patches)
        by_table: dict[str, list[tuple[str, Row]]] = {}
        for (table, key), row in rows.items():
            by_table.setdefault(table, []).append((key, row))
        for name, keyed in by_table.items():
            self._write(conn, self._tables[name], keyed)
        told = {"n": self._projection.position_name, "p": after, "k": _announced(rows)}
        conn.execute(_TELL, (f"lab_changes_{self._schema}", json.dumps(told)), prepare=True)

    def _write(self, conn: Connection, table: Table, rows: list[tuple[str, Row]]) -> None:
        fresh = [key for key, row in rows if row.fresh]
        if fresh:
            query = sql.SQL("delete from {} where {} = any(%s)")
            conn.execute(query.format(self._name(table), sql.Identifier(table.key)), (fresh,))
        shapes: dict[Shape, list[tuple[str, Row]]] = {}
        for key, row in rows:
            if row.kept:
                shape = (tuple(sorted(row.set)), tuple(sorted(row.add)))
                shapes.setdefault(shape, []).append((key, row))
        for (assigned, added), group in shapes.items():
            arrays: list[list[Any]] = [[k for k, _ in group], [row.position for _, row in group]]
            arrays += [
                _array(table, name, [row.set[name] for _, row in group]) for name in assigned
            ]
            arrays += [[row.add[name] for _, row in group] for name in added]
            conn.execute(self._upsert(table, (assigned, added)), arrays)

    def _upsert(self, table: Table, shape: Shape) -> bytes:
        """Put together once: a projection has few shapes, and each is written over and over."""
        if (table.name, shape) not in self._upserts:
            self._upserts[table.name, shape] = self._made(table, *shape).as_bytes(None)
        return self._upserts[table.name, shape]

    def _made(self, table: Table, assigned: Sequence[str], added: Sequence[str]) -> sql.Composed:
        names = [table.key, "position", *assigned, *added]
        types = ["text", "bigint", *(table.types[name].value for name in (*assigned, *added))]
        arrays = sql.Composed([sql.SQL(f"%b::{kind}[]") for kind in types])
        updates = [_format("{c} = excluded.{c}", "position")]
        updates += [_format("{c} = excluded.{c}", name) for name in assigned]
        updates += [_format("{c} = coalesce(o.{c}, 0) + excluded.{c}", name) for name in added]
        return sql.SQL(
            "insert into {table} as o ({names}) select * from unnest({arrays})"
            " on conflict ({key}) do update set {updates}"
        ).format(
            table=self._name(table),
            names=sql.SQL(", ").join(map(sql.Identifier, names)),
            arrays=arrays.join(", "),
            key=sql.Identifier(table.key),
            updates=sql.SQL(", ").join(updates),
        )

    def _name(self, table: Table) -> sql.Identifier:
        return sql.Identifier(self._schema, self._projection.table_name(table.name))


def _format(text: str, column: str) -> sql.Composed:
    return sql.SQL(text).format(c=sql.Identifier(column))


_TO_SQL: dict[SqlType, Callable[[Any], object]] = {
    SqlType.TEXT: str,  # an array has one type: a StrEnum among strings would be refused
    SqlType.BIGINT: int,
    SqlType.DOUBLE: float,
    SqlType.BOOLEAN: bool,
    SqlType.TIMESTAMPTZ: lambda value: value,
    SqlType.JSONB: lambda value: msgspec.json.encode(value).decode(),
}


def _array(table: Table, column: str, values: list[Value]) -> list[object]:
    convert = _TO_SQL[table.types[column]]
    return [None if value is None else convert(value) for value in values]


def _number(value: Value) -> int | float:
    return value if isinstance(value, int | float) else 0


def _announced(rows: Iterable[RowKey]) -> list[str]:
    """Some of the keys touched, as a hint for subscribers: few enough to fit a payload."""
    keys: list[str] = []
    room = MAX_ANNOUNCED_BYTES
    for key in dict.fromkeys(key for _, key in rows):
        room -= len(json.dumps(key)) + 2
        if room < 0 or len(keys) == MAX_ANNOUNCED_KEYS:
            break
        keys.append(key)
    return keys
