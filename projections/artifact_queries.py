"""Questions about everything a team saved. Unauthorised: ``application/desk_reads.py`` asks."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql
from psycopg.rows import class_row

from projections.connection import Pool, lease
from projections.job_lists import like
from projections.rows import ArtifactRow
from projections.workspace import WORKSPACE_PROJECTION

KINDS = ("model", "dataset", "checkpoint", "artifact")


class ArtifactQueries:
    """Reads of one migrated schema."""

    def __init__(self, pool: Pool, schema: str) -> None:
        self._pool = pool
        table = WORKSPACE_PROJECTION.table_name("artifacts")
        self._table = sql.Identifier(schema, table)

    def saved(
        self,
        team: str,
        *,
        kinds: Sequence[str] = KINDS,
        text: str = "",
        limit: int = 50,
        offset: int = 0,
    ) -> list[ArtifactRow]:
        """The team's, latest first, without deleted ones. ``text`` is looked for in the name."""
        query = """
        select * from {t} where team = %s and kind = any(%s) and deleted_at is null
           and (%s = '' or name ilike %s)
         order by saved_at desc, id desc limit %s offset %s
        """
        values = (team, list(kinds), text, like(text), limit, offset)
        with lease(self._pool) as conn, conn.cursor(row_factory=class_row(ArtifactRow)) as cursor:
            return cursor.execute(sql.SQL(query).format(t=self._table), values).fetchall()
