"""One data key for each purpose, kept wrapped by the master key in a table outside the log.

What is sealed is sealed under data keys, so a new master key wraps a few rows anew and nothing else
changes: running processes have their data keys and go on. Not here: what is sealed.
"""

from __future__ import annotations

from psycopg import sql

from projections.connection import Pool, lease
from server.keys import MasterKey, MasterKeyUnusable, seal, unseal

PURPOSES = (
    *("user-keys", "digest", "secrets", "node-tokens", "pages"),
    *("login-failures", "one-time-payloads", "heads"),
)
_WRAP = "wrap"

_KEEP = "insert into {s}.data_keys values (%s, %s) on conflict do nothing"
_ALL = "select purpose, wrapped from {s}.data_keys order by purpose"
_LOCKED = _ALL + " for update"
_WRAPPED = "update {s}.data_keys set wrapped = %s where purpose = %s"


class KeyRing:
    """The opened keys of one installation, for as long as the process lives."""

    def __init__(self, pool: Pool, schema: str, master: MasterKey) -> None:
        """Makes absent keys. ``MasterKeyUnusable`` for a master key that does not open the others."""
        name = sql.Identifier(schema)
        wrap = master.derive(_WRAP)
        with lease(pool) as conn:
            rows = dict(conn.execute(sql.SQL(_ALL).format(s=name)).fetchall())
            for purpose in PURPOSES:
                if purpose not in rows:
                    wrapped = seal(wrap, master.derive(purpose), subject=purpose)
                    conn.execute(sql.SQL(_KEEP).format(s=name), (purpose, wrapped))
            rows = dict(conn.execute(sql.SQL(_ALL).format(s=name)).fetchall())
        self._keys = {p: unseal(wrap, wrapped, subject=p) for p, wrapped in rows.items()}

    def key(self, purpose: str) -> bytes:
        """32 bytes for one of ``PURPOSES``, the same for ever."""
        return self._keys[purpose]

    def __repr__(self) -> str:
        return "KeyRing(…)"


def rotate(pool: Pool, schema: str, *, old: MasterKey, new: MasterKey) -> int:
    """Wrap every data key by ``new``; how many. All or none; done again, nothing is left to do.

    ``MasterKeyUnusable`` when neither ``old`` nor ``new`` opens them.
    """
    name = sql.Identifier(schema)
    before, after = old.derive(_WRAP), new.derive(_WRAP)
    moved = 0
    with lease(pool) as conn, conn.transaction():
        for purpose, wrapped in conn.execute(sql.SQL(_LOCKED).format(s=name)).fetchall():
            if _opens(after, wrapped, purpose):
                continue
            key = unseal(before, wrapped, subject=purpose)
            again = seal(after, key, subject=purpose)
            conn.execute(sql.SQL(_WRAPPED).format(s=name), (again, purpose))
            moved += 1
    return moved


def _opens(wrap: bytes, wrapped: bytes, purpose: str) -> bool:
    try:
        unseal(wrap, wrapped, subject=purpose)
    except MasterKeyUnusable:
        return False
    return True
