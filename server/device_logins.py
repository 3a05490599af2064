"""Command lines that wait for a confirmation, in the database: any web process may be asked by either side.

Both codes are kept hashed. Not here: who may confirm, and what is issued then.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from psycopg import sql

from application.account_ports import DeviceAnswer, DeviceWaiting
from domain.errors import RateLimited
from projections.connection import Pool, lease

INTERVAL_S = 2

_PRUNE = "delete from {s}.device_logins where expires_at < now()"
_BEGIN = """
insert into {s}.device_logins (device, code, name, address, expires_at)
values (%s, %s, %s, %s, %s) on conflict do nothing returning true
"""
_FIND = """
select name, address from {s}.device_logins
 where code = %s and answer is null and expires_at > now()
"""
_DECIDE = """
update {s}.device_logins set answer = %s, user_id = %s, team = %s
 where code = %s and answer is null and expires_at > now() returning true
"""
_LOOK = """
select name, answer, user_id, team, coalesce(now() - polled_at < make_interval(secs => %s), false)
  from {s}.device_logins where device = %s and expires_at > now() for update
"""
_POLLED = "update {s}.device_logins set polled_at = now() where device = %s"
_GONE = "delete from {s}.device_logins where device = %s"


class WaitingDevices:
    """See ``application.account_ports.DeviceLogins``."""

    def __init__(self, pool: Pool, schema: str) -> None:
        self._pool = pool
        name = sql.Identifier(schema)
        texts = (_PRUNE, _BEGIN, _FIND, _DECIDE, _LOOK, _POLLED, _GONE)
        (
            self._prune, self._begin, self._find, self._decide, self._look, self._polled, self._gone
        ) = (sql.SQL(text).format(s=name) for text in texts)  # fmt: skip

    @property
    def interval_s(self) -> int:
        return INTERVAL_S

    def begin(
        self, *, device: str, code: str, name: str, address: str, expires_at: datetime
    ) -> bool:
        row = (_digest(device), _digest(code), name, address, expires_at)
        with lease(self._pool) as conn:
            conn.execute(self._prune)
            return conn.execute(self._begin, row).fetchone() is not None

    def find(self, code: str) -> DeviceWaiting | None:
        with lease(self._pool) as conn:
            row = conn.execute(self._find, (_digest(code),)).fetchone()
        return DeviceWaiting(name=row[0], address=row[1]) if row else None

    def decide(self, code: str, *, allowed: bool, user: str, team: str) -> bool:
        row = ("allowed" if allowed else "denied", user, team, _digest(code))
        with lease(self._pool) as conn:
            return conn.execute(self._decide, row).fetchone() is not None

    def poll(self, device: str) -> DeviceAnswer | None:
        key = _digest(device)
        with lease(self._pool) as conn, conn.transaction():
            row = conn.execute(self._look, (INTERVAL_S * 0.8, key)).fetchone()
            if row is None:
                return None
            name, answer, user, team, early = row
            conn.execute(self._gone if answer else self._polled, (key,))
        if early and not answer:
            raise RateLimited(retry_after_s=INTERVAL_S)
        return DeviceAnswer(
            name=name, waiting=not answer, allowed=answer == "allowed", user=user, team=team
        )


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
