"""Seals what identifies a person under a key of that person; erasing the key erases the person."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import time
from functools import lru_cache

from psycopg import sql

from projections.connection import Pool, lease
from server.keyring import KeyRing
from server.keys import seal, unseal

ERASED = "[erased]"
CACHED_S = 5.0
_FIND = "select key from {s}.user_keys where user_id = %s"
_MAKE = "insert into {s}.user_keys values (%s, %s) on conflict do nothing"
_ERASE = "delete from {s}.user_keys where user_id = %s"


class PersonVault:
    """Keys are kept wrapped by the master key, in a table outside the log."""

    def __init__(self, pool: Pool, schema: str, ring: KeyRing) -> None:
        self._pool = pool
        name = sql.Identifier(schema)
        self._find, self._make, self._erase = (
            sql.SQL(text).format(s=name) for text in (_FIND, _MAKE, _ERASE)
        )
        self._wrap = ring.key("user-keys")
        self._digest = ring.key("digest")
        self._cached = lru_cache(maxsize=10_000)(self._open)

    def seal(self, user: str, text: str) -> str:
        """Base64 of the ciphertext; makes the person's key at first use."""
        key = self._key(user) or self._new_key(user)
        return base64.b64encode(seal(key, text.encode(), subject=user)).decode()

    def open(self, user: str, sealed: str) -> str:
        """The text, or ``[erased]``, at most ``CACHED_S`` after the person was erased anywhere."""
        return self._cached(user, sealed, int(time.monotonic() / CACHED_S))

    def digest(self, text: str) -> str:
        """Keyed hash of ``text`` trimmed and case-folded: 32 hex digits."""
        normal = text.strip().casefold().encode()
        return hmac.new(self._digest, normal, hashlib.sha256).hexdigest()[:32]

    def erase(self, user: str) -> None:
        """Delete the person's key: every sealed text of theirs is unreadable for ever. Repeatable."""
        with lease(self._pool) as conn:
            conn.execute(self._erase, (user,))
        self._cached.cache_clear()

    def _open(self, user: str, sealed: str, _: int) -> str:
        key = self._key(user)
        if key is None:
            return ERASED
        return unseal(key, base64.b64decode(sealed), subject=user).decode()

    def _key(self, user: str) -> bytes | None:
        with lease(self._pool) as conn:
            row = conn.execute(self._find, (user,)).fetchone()
        return unseal(self._wrap, row[0], subject=user) if row else None

    def _new_key(self, user: str) -> bytes:
        wrapped = seal(self._wrap, os.urandom(32), subject=user)
        with lease(self._pool) as conn:
            conn.execute(self._make, (user, wrapped))
        key = self._key(user)
        if key is None:
            message = "a key that was just made is gone"
            raise RuntimeError(message)
        return key
