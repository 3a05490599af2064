"""Tries at secrets, counted in the database so that several web processes slow a guesser down together.

A try is counted before its outcome is known: a hundred sent at once do not all slip through. Keys
are kept as keyed hashes. Not here: what counts as a try.
"""

from __future__ import annotations

import hashlib
import hmac
import math

from psycopg import sql

from domain.errors import RateLimited
from projections.connection import Pool, lease
from server.keyring import KeyRing

WINDOW_S = 900
LONGEST_WAIT_S = 300

_LOCK = "select pg_advisory_xact_lock(hashtextextended(%s, 0))"
_COUNT = """
select count(*), extract(epoch from clock_timestamp() - max(at)) from {s}.login_failures
 where digest = %s and at > clock_timestamp() - make_interval(secs => %s)
"""
_ADD = "insert into {s}.login_failures (digest, at) values (%s, clock_timestamp())"
_FORGET = "delete from {s}.login_failures where digest = %s"
_TAKE_BACK = """
delete from {s}.login_failures where ctid in
  (select ctid from {s}.login_failures where digest = %s order by at desc limit 1)
"""
_PRUNE = "delete from {s}.login_failures where at < now() - interval '1 day'"


class SharedFailures:
    """See ``application.account_ports.Failures``."""

    def __init__(self, pool: Pool, schema: str, ring: KeyRing) -> None:
        self._pool = pool
        name = sql.Identifier(schema)
        texts = (_COUNT, _ADD, _FORGET, _TAKE_BACK, _PRUNE)
        self._count, self._add, self._forget, self._take_back, self._prune = (
            sql.SQL(text).format(s=name) for text in texts
        )
        self._key = ring.key("login-failures")

    def note(self, key: str, *, free: int) -> int:
        digest = self._digest(key)
        with lease(self._pool) as conn, conn.transaction():
            conn.execute(_LOCK, (digest,))
            row = conn.execute(self._count, (digest, WINDOW_S)).fetchone()
            count, since_s = row or (0, None)
            wait_s = _wait_s(count, free) - float(since_s or 0)
            if count >= free and wait_s > 0:
                raise RateLimited(retry_after_s=math.ceil(wait_s))
            conn.execute(self._prune)
            conn.execute(self._add, (digest,))
        return int(count) + 1

    def take_back(self, key: str) -> None:
        with lease(self._pool) as conn:
            conn.execute(self._take_back, (self._digest(key),))

    def forget(self, key: str) -> None:
        with lease(self._pool) as conn:
            conn.execute(self._forget, (self._digest(key),))

    def _digest(self, key: str) -> str:
        return hmac.new(self._key, key.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _wait_s(count: int, free: int) -> float:
    return float(min(2 ** min(max(count - free + 2, 0), 20), LONGEST_WAIT_S))
