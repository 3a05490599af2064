"""Asks one migrated schema and gives typed rows back; knows where each table is, now or as of a position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from psycopg import sql
from psycopg.rows import class_row

from projections.catalogue import PROJECTIONS
from projections.connection import Pool, lease

Row = TypeVar("Row")


class Reader:
    """``at``: every table as it was at that position of the log; without it, as it is.

    In a query ``{jobs}`` is the table of that name at its projection's version, ``{s}`` the schema.
    """

    def __init__(self, pool: Pool, schema: str, *, at: int | None = None) -> None:
        self._pool = pool
        self._schema = schema
        self._at = at
        self._names: dict[str, sql.Composable] = {"s": sql.Identifier(schema)}
        for projection in PROJECTIONS:
            for table in projection.tables:
                live = sql.Identifier(schema, projection.table_name(table.name))
                then = sql.Identifier(schema, projection.at_name(table.name))
                shown = live if at is None else sql.SQL("{}({}::bigint)").format(then, at)
                self._names[table.name] = shown

    def _one(self, row: type[Row], text: str, values: Sequence[object]) -> Row | None:
        with lease(self._pool) as conn, conn.cursor(row_factory=class_row(row)) as cursor:
            return cursor.execute(self._sql(text), values).fetchone()

    def _all(
        self,
        row: type[Row],
        text: str,
        values: Sequence[object],
        *,
        prepare: bool | None = None,  # the driver's word: False plans anew for these values
    ) -> list[Row]:
        with lease(self._pool) as conn, conn.cursor(row_factory=class_row(row)) as cursor:
            return cursor.execute(self._sql(text), values, prepare=prepare).fetchall()

    def _sql(self, text: str) -> sql.Composed:
        return sql.SQL(text).format(**self._names)
