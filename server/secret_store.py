"""Secret values: encrypted in one table, by team, owner and name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from psycopg import sql

from domain.job_events import GivenSecret
from projections.connection import Pool, lease
from server.keyring import KeyRing
from server.keys import seal, unseal

_PUT = """
insert into {s}.secret_values values (%(team)s, %(user)s, %(name)s, %(number)s, %(sealed)s)
on conflict (team, user_id, name) do update set number = excluded.number, sealed = excluded.sealed
  where secret_values.number <= excluded.number
"""
_DELETE = "delete from {s}.secret_values where team = %s and user_id = %s and name = %s"
_FORGET = "delete from {s}.secret_values where user_id = %s and user_id <> ''"
_FIND = """
select name, user_id, sealed, number from {s}.secret_values
 where team = %s and user_id in ('', %s) order by user_id
"""


class _Kept(NamedTuple):
    name: str
    owner: str
    sealed: bytes
    number: int


class EncryptedSecrets:
    """See ``application.ports.SecretStore``. A value is bound to its place and cannot be moved."""

    def __init__(self, pool: Pool, schema: str, ring: KeyRing) -> None:
        self._pool = pool
        self._key = ring.key("secrets")
        name = sql.Identifier(schema)
        self._put, self._delete, self._find, self._forget = (
            sql.SQL(text).format(s=name) for text in (_PUT, _DELETE, _FIND, _FORGET)
        )

    def put(self, *, team: str, user: str, name: str, number: int, value: str) -> None:
        """Keep ``value`` as version ``number``; an older version never replaces a newer one."""
        sealed = seal(self._key, value.encode(), subject=_subject(team, user, name))
        where = {"team": team, "user": user, "name": name, "number": number, "sealed": sealed}
        with lease(self._pool) as conn:
            conn.execute(self._put, where)

    def delete(self, *, team: str, user: str, name: str) -> None:
        """Repeatable."""
        with lease(self._pool) as conn:
            conn.execute(self._delete, (team, user, name))

    def forget(self, user: str) -> None:
        """Delete a person's own values, of every team. Repeatable."""
        with lease(self._pool) as conn:
            conn.execute(self._forget, (user,))

    def names(self, *, team: str, user: str) -> frozenset[str]:
        """What a job of ``user`` in ``team`` may refer to."""
        return frozenset(row.name for row in self._rows(team, user))

    def values(self, *, team: str, user: str, names: Sequence[str]) -> Mapping[str, str]:
        """Those of ``names`` that exist; the user's own before the team's."""
        found: dict[str, str] = {}
        for name, owner, sealed, _ in self._rows(team, user):
            if name in names:
                opened = unseal(self._key, sealed, subject=_subject(team, owner, name))
                found[name] = opened.decode()
        return found

    def held(self, *, team: str, user: str, names: Sequence[str]) -> tuple[GivenSecret, ...]:
        """Which versions ``values`` gives, by name."""
        found = {
            row.name: GivenSecret(name=row.name, user=row.owner, number=row.number)
            for row in self._rows(team, user)
            if row.name in names
        }
        return tuple(found[name] for name in sorted(found))

    def make_ssh_key(self, *, team: str, user: str, name: str, number: int) -> str:
        """Ed25519, in OpenSSH's own format without a passphrase; the public line."""
        made = Ed25519PrivateKey.generate()
        private = made.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        self.put(team=team, user=user, name=name, number=number, value=private.decode())
        public = made.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        return f"{public.decode()} {name}@labledger"

    def only(self, team: str, user: str, name: str) -> str:
        """That member's own value, or the team's when ``user`` is empty; ``KeyError`` without one."""
        for found, owner, sealed, _ in self._rows(team, user):
            if (found, owner) == (name, user):
                return unseal(self._key, sealed, subject=_subject(team, owner, name)).decode()
        raise KeyError(name)

    def _rows(self, team: str, user: str) -> list[_Kept]:
        """The team's before the user's own, which replace them."""
        with lease(self._pool) as conn:
            rows = conn.execute(self._find, (team, user)).fetchall()
        return [_Kept(name, owner, bytes(sealed), number) for name, owner, sealed, number in rows]


def _subject(team: str, user: str, name: str) -> str:
    return f"{team}/{user}/{name}"
