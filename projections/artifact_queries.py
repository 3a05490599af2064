"""Questions about everything a team saved. Unauthorised: ``application/desk_reads.py`` asks."""

from __future__ import annotations

from collections.abc import Sequence

from projections.job_lists import like
from projections.reading import Reader
from projections.rows import ArtifactRow

KINDS = ("model", "dataset", "checkpoint", "artifact")


class ArtifactQueries(Reader):
    """Reads of one migrated schema, now or as of a position."""

    def at(self, position: int) -> ArtifactQueries:
        return ArtifactQueries(self._pool, self._schema, at=position)

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
        select * from {artifacts} where team = %s and kind = any(%s) and deleted_at is null
           and (%s = '' or name ilike %s)
         order by saved_at desc, id desc limit %s offset %s
        """
        values = (team, list(kinds), text, like(text), limit, offset)
        return self._all(ArtifactRow, query, values)

    def named(self, team: str, kind: str, name: str, *, limit: int) -> list[ArtifactRow]:
        """Those of one kind and name, the oldest first, with deleted ones."""
        query = """
        select * from {artifacts} where team = %s and kind = %s and name = %s
         order by saved_at, id limit %s
        """
        return self._all(ArtifactRow, query, (team, kind, name, limit))
