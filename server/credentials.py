"""Passwords, API tokens, sessions and node tokens: hashed or derived, never kept in clear.

Passwords use argon2id with the library's defaults (RFC 9106 low-memory profile). Tokens are 256
random bits, so a plain SHA-256 of them is enough. A node's token is derived from the job, the
attempt and the week: nothing is stored, and asking again in that week gives the same.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.low_level import ARGON2_VERSION
from psycopg import sql

from application.account_ports import Caller, SessionSeen
from application.ports import Found
from projections.connection import Pool, lease
from server.keyring import KeyRing
from server.keys import seal, unseal

PREFIX = {"api": "lab_", "session": "labs_", "invitation": "labinv_"}
ONE_TIME_PREFIX = "labonce_"
NODE_PREFIX = "labjob_"

_SET = """
insert into {s}.passwords values (%s, %s)
on conflict (user_id) do update set hash = excluded.hash, set_at = now()
"""
_HASH = "select hash from {s}.passwords where user_id = %s"
_ISSUE = """
insert into {s}.credentials
  (id, kind, hash, user_id, team, scopes, expires_at, agent, address, payload)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_PRUNE = "delete from {s}.credentials where expires_at < now() - interval '1 day'"
_FIND = """
select id, kind, user_id, team, scopes, coalesce(used_at < now() - interval '1 minute', true)
  from {s}.credentials where hash = %s and (expires_at is null or expires_at > now())
"""
_USED = "update {s}.credentials set used_at = now() where id = %s"
_FORGET_HASH = "delete from {s}.passwords where user_id = %s"
_FORGET_ALL = "delete from {s}.credentials where user_id = %s and user_id <> ''"
_REVOKE = "delete from {s}.credentials where id = %s"
_REVOKE_ALL = "delete from {s}.credentials where user_id = %s and kind = %s"
_TAKE = """
delete from {s}.credentials where hash = %s and kind = %s
returning id, user_id, team, scopes, payload, coalesce(expires_at > now(), true)
"""
_SESSIONS = """
select id, opened_at, used_at, expires_at, agent, address from {s}.credentials
 where user_id = %s and kind = 'session' and expires_at > now()
 order by coalesce(used_at, opened_at) desc, id
"""
_LAST_USED = "select id, used_at from {s}.credentials where id = any(%s) and used_at is not null"
AGENT_LIMIT = 300
WEEK_S = 7 * 86_400
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)


def _of_nobody(hasher: PasswordHasher) -> str:
    """What no password hashes to, which takes as long to find out as for any: a PHC string, RFC 9106."""
    salt, tag = (
        b64encode(secrets.token_bytes(length)).decode().rstrip("=")
        for length in (hasher.salt_len, hasher.hash_len)
    )
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${cost}${salt}${tag}"


class HashedCredentials:
    """See ``application.ports.Credentials``."""

    def __init__(self, pool: Pool, schema: str, ring: KeyRing) -> None:
        self._pool = pool
        name = sql.Identifier(schema)
        texts = (_SET, _HASH, _ISSUE, _FIND, _USED, _REVOKE)
        self._set, self._hash, self._issue, self._find, self._used, self._revoke = (
            sql.SQL(text).format(s=name) for text in texts
        )
        self._forget_hash = sql.SQL(_FORGET_HASH).format(s=name)
        self._forget_all = sql.SQL(_FORGET_ALL).format(s=name)
        self.hasher = PasswordHasher()
        self._node_key = ring.key("node-tokens")
        self._prune, self._revoke_all, self._take, self._sessions = (
            sql.SQL(text).format(s=name) for text in (_PRUNE, _REVOKE_ALL, _TAKE, _SESSIONS)
        )
        self._last_used = sql.SQL(_LAST_USED).format(s=name)
        self._payload_key = ring.key("one-time-payloads")

    def set_password(self, user: str, password: str) -> None:
        with lease(self._pool) as conn:
            conn.execute(self._set, (user, self.hasher.hash(password)))

    def password_is(self, user: str, password: str) -> bool:
        """Hashes for nobody too, so that time does not tell who has an account."""
        with lease(self._pool) as conn:
            row = conn.execute(self._hash, (user,)).fetchone()
        try:
            good = self.hasher.verify(row[0] if row else _of_nobody(self.hasher), password)
        except (Argon2Error, InvalidHashError):
            return False
        return good and row is not None

    def job_token(self, job: str, attempt: int, *, now: datetime) -> str:
        return self._node_token(job, attempt, int(now.timestamp() // WEEK_S))

    def _node_token(self, job: str, attempt: int, week: int | None) -> str:
        """``week`` counts from 1970; ``None`` as the version made them that knew no end."""
        dated = "" if week is None else f".{week}"
        subject = f"{job}|{attempt}{dated.replace('.', '|')}"
        mac = hmac.new(self._node_key, subject.encode(), hashlib.sha256)
        return f"{NODE_PREFIX}{job}.{attempt}{dated}.{mac.hexdigest()}"

    def issue(
        self,
        *,
        id: str,
        kind: str,
        user: str,
        team: str,
        scopes: Sequence[str],
        expires_at: datetime | None,
        caller: Caller | None = None,
        payload: str = "",
    ) -> str:
        secret = PREFIX.get(kind, ONE_TIME_PREFIX) + secrets.token_urlsafe(32)
        came = caller or Caller()
        sealed = seal(self._payload_key, payload.encode(), subject=id) if payload else None
        row = (id, kind, _digest(secret), user, team, list(scopes), expires_at)
        with lease(self._pool) as conn:
            conn.execute(self._prune)
            conn.execute(self._issue, (*row, came.agent[:AGENT_LIMIT], came.address, sealed))
        return secret

    def find(self, secret: str) -> Found | None:
        """Node tokens answer with the job as ``id`` and the attempt as the only scope."""
        if secret.startswith(NODE_PREFIX):
            return self._find_node(secret)
        with lease(self._pool) as conn:
            row = conn.execute(self._find, (_digest(secret),)).fetchone()
            if row is None:
                return None
            id, kind, user, team, scopes, tell = row
            if tell:  # once a minute is enough to know when it was last used
                conn.execute(self._used, (id,))
        return Found(id=id, kind=kind, user=user, team=team, scopes=tuple(scopes))

    def take(self, secret: str, kind: str) -> Found | None:
        """One statement finds and deletes: of two who hold the same link one gets through."""
        with lease(self._pool) as conn:
            row = conn.execute(self._take, (_digest(secret), kind)).fetchone()
        if row is None:
            return None
        id, user, team, scopes, sealed, good = row
        if not good:
            return None
        text = unseal(self._payload_key, sealed, subject=id).decode() if sealed else ""
        return Found(id=id, kind=kind, user=user, team=team, scopes=tuple(scopes), payload=text)

    def last_used(self, ids: Sequence[str]) -> dict[str, datetime]:
        with lease(self._pool) as conn:
            return dict(conn.execute(self._last_used, (list(ids),)).fetchall())

    def sessions(self, user: str) -> list[SessionSeen]:
        with lease(self._pool) as conn:
            rows = conn.execute(self._sessions, (user,)).fetchall()
        return [
            SessionSeen(id=id, opened_at=opened, used_at=used, expires_at=until, agent=agent,
                        address=address)
            for id, opened, used, until, agent, address in rows
        ]  # fmt: skip

    def revoke(self, id: str) -> None:
        with lease(self._pool) as conn:
            conn.execute(self._revoke, (id,))

    def forget(self, user: str) -> None:
        """Delete a person's password, tokens and sessions. Repeatable."""
        with lease(self._pool) as conn, conn.transaction():
            conn.execute(self._forget_hash, (user,))
            conn.execute(self._forget_all, (user,))

    def revoke_all(self, user: str, kind: str) -> None:
        with lease(self._pool) as conn:
            conn.execute(self._revoke_all, (user, kind))

    def _find_node(self, secret: str) -> Found | None:
        job, *numbers = secret.removeprefix(NODE_PREFIX).split(".")[:-1]
        if not (1 <= len(numbers) <= 2 and all(_NUMBER.fullmatch(number) for number in numbers)):
            return None
        attempt, week = int(numbers[0]), int(numbers[1]) if numbers[1:] else None
        right = self._node_token(job, attempt, week)
        if not hmac.compare_digest(secret.encode(), right.encode()):
            return None
        return Found(
            id=job, kind="job", user="", team="", scopes=(str(attempt),),
            renew_from=_begin(week + 1) if week is not None else None,
            good_until=_begin(week + 2) if week is not None else None,
        )  # fmt: skip


def _begin(week: int) -> datetime:
    return datetime.fromtimestamp(week * WEEK_S, UTC)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
