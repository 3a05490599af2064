"""Which team possesses which bytes: recorded when it uploads them, asked before it may name them."""

from __future__ import annotations

from collections.abc import Collection

from psycopg import sql

from projections.connection import Pool, lease

_HOLD = "insert into {s}.blob_holders (team, sha256) values (%s, %s) on conflict do nothing"
_HELD = "select sha256 from {s}.blob_holders where team = %s and sha256 = any(%s)"


class TeamHoldings:
    """See ``application.ports.Holdings``."""

    def __init__(self, pool: Pool, schema: str) -> None:
        self._pool = pool
        self._hold = sql.SQL(_HOLD).format(s=sql.Identifier(schema))
        self._held = sql.SQL(_HELD).format(s=sql.Identifier(schema))

    def hold(self, team: str, sha256: str) -> None:
        with lease(self._pool) as conn:
            conn.execute(self._hold, (team, sha256))

    def missing(self, team: str, digests: Collection[str]) -> frozenset[str]:
        wanted = list(set(digests))
        if not wanted:
            return frozenset()
        with lease(self._pool) as conn:
            held = conn.execute(self._held, (team, wanted)).fetchall()
        return frozenset(wanted) - {row[0] for row in held}
