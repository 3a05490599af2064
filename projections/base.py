"""What a read model is: typed tables and one pure function from an event to patches.

Not here: writing patches (``sink.py``), following the log (``projector.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import msgspec

from domain.model import Event

Value = str | int | float | bool | datetime | None | Mapping[str, object] | Sequence[object]

SHADOW = "_shadow"
"""Suffix of the tables and of the position of a rebuild in progress."""


class SqlType(StrEnum):
    """The types a column may have. Values of ``JSONB`` are anything msgspec can encode."""

    TEXT = "text"
    BIGINT = "bigint"
    DOUBLE = "double precision"
    BOOLEAN = "boolean"
    TIMESTAMPTZ = "timestamptz"
    JSONB = "jsonb"


class Patch(msgspec.Struct, frozen=True, gc=False):
    """One change to one row, which is made when absent.

    ``set`` assigns columns (``None`` is NULL), ``add`` adds to columns (absent counts as 0),
    ``delete`` removes the row before the other two, which then begin a new one.
    A patch with ``delete`` alone leaves no row.
    """

    table: str
    key: str
    set: Mapping[str, Value] = {}
    add: Mapping[str, int] = {}
    delete: bool = False


@dataclass(kw_only=True, frozen=True)
class Column:
    """``default`` is an SQL literal; with one the column is NOT NULL (a counter has ``"0"``).

    ``apart``: large and seldom set, so that versions of a row share one copy. At most one a table.
    """

    name: str
    type: SqlType = SqlType.TEXT
    default: str = ""
    apart: bool = False


@dataclass(kw_only=True, frozen=True)
class Table:
    """``indexes`` are column lists as SQL writes them: ``"team, queued_at desc, id desc"``.

    Besides ``columns`` every table has its text ``key`` and ``position``, the log position of the
    last event that touched the row.
    """

    name: str
    key: str = "id"
    columns: tuple[Column, ...]
    indexes: tuple[str, ...] = ()

    @property
    def types(self) -> dict[str, SqlType]:
        """Column name to type, without the key and the position."""
        return {column.name: column.type for column in self.columns}

    @property
    def apart(self) -> str:
        """The column of which versions share a copy; often none."""
        return next((column.name for column in self.columns if column.apart), "")

    @property
    def defaults(self) -> dict[str, int]:
        """What a new row's counters begin with."""
        return {column.name: int(column.default) for column in self.columns if column.default}


Fold = Callable[[Event, int], Sequence[Patch]]


@dataclass(kw_only=True, frozen=True)
class Projection:
    """A read model. Change it by raising ``version`` and replaying, never by migrating.

    ``fn(event, position)`` may use its arguments alone: no clock, randomness, I/O, other tables.
    ``shadow`` marks the copy a rebuild folds into; see ``as_shadow``.
    """

    name: str
    version: int
    tables: tuple[Table, ...]
    fn: Fold
    shadow: bool = field(default=False)

    @property
    def position_name(self) -> str:
        """The name under which the position is kept."""
        return f"{self.name}_v{self.version}{SHADOW if self.shadow else ''}"

    def table_name(self, table: str) -> str:
        """The name in the database of the table called ``table`` in patches."""
        return f"{table}_v{self.version}{SHADOW if self.shadow else ''}"

    def past_name(self, table: str) -> str:
        """The name of the table that keeps every version of the rows of ``table``."""
        return f"{table}_v{self.version}_past"

    def at_name(self, table: str) -> str:
        """The name of the function that shows ``table`` as of a position."""
        return f"{table}_v{self.version}_at"
