"""Proofs over the whole log: the chain computed anew, read models folded anew, heads signed and kept.

One at a time in an installation, whoever asks. Not here: who may ask (``application/proofs.py``).
"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import sql

from application.clock import SystemClock
from application.log import EventLog
from application.ports import Locks
from application.proofs import Head, Told, Verdict
from domain.errors import RateLimited
from domain.installation import STREAM, HeadSigned, ReadModelDiffered, head_text
from domain.model import NEXT_VERSION, Envelope
from server.keyring import KeyRing
from server.postgres.chain import checking, formulas, stored
from server.twin import replayed

AGAIN_S = 30
BY = "system:proofs"
_HASH = "select encode(hash, 'hex') from {s}.events where notification_id = %s"


class WholeLog:
    """See ``application.proofs.Proofs``."""

    def __init__(
        self, dsn: str, schema: str, *, log: EventLog, locks: Locks, ring: KeyRing
    ) -> None:
        self._dsn = dsn
        self._schema = schema
        self._log = log
        self._locks = locks
        self._ring = ring

    def verify(self) -> Iterator[Verdict]:
        """The verdict so far, now and then; the last is the verdict."""
        with self._alone("verify"), psycopg.connect(self._dsn) as conn:
            yield from checking(stored(conn, self._schema), formulas(conn, self._schema))

    def replay(self, upto: int) -> Iterator[Told]:
        """Each read model folded anew and compared."""
        with self._alone("replay"), psycopg.connect(self._dsn, autocommit=True) as conn:
            yield from replayed(conn, self._schema, upto=upto)

    def heads(self) -> list[Head]:
        """Every signed head, oldest first."""
        signed = [fact for fact in self._log.stream(STREAM) if isinstance(fact, HeadSigned)]
        query = sql.SQL(_HASH).format(s=sql.Identifier(self._schema))
        with psycopg.connect(self._dsn) as conn:
            found = [conn.execute(query, (fact.position,)).fetchone() for fact in signed]
        return [
            Head(signed=fact, holds=row is not None and row[0] == fact.hash)
            for fact, row in zip(signed, found, strict=True)
        ]

    def sign(self, verdict: Verdict) -> bool:
        """Sign the head of a chain that held; ``False`` when it is signed already, or does not hold."""
        signed = [f for f in self._log.stream(STREAM) if isinstance(f, HeadSigned)]
        done = signed[-1].position if signed else 0
        if verdict.breaks or verdict.position <= done:
            return False
        private = Ed25519PrivateKey.from_private_bytes(self._ring.key("heads"))
        text = head_text(verdict.position, verdict.head)
        fact = HeadSigned(
            position=verdict.position,
            hash=verdict.head,
            rows=verdict.rows,
            key=private.public_key().public_bytes_raw().hex(),
            signature=private.sign(text).hex(),
            **_envelope(),
        )
        self._log.append([fact])
        return True

    def sign_bytes(self, data: bytes) -> tuple[str, str]:
        """The public key and a signature over ``data``, both in hex."""
        private = Ed25519PrivateKey.from_private_bytes(self._ring.key("heads"))
        return private.public_key().public_bytes_raw().hex(), private.sign(data).hex()

    def note(self, told: Told) -> None:
        """Record that a read model is not what the log makes of it; nothing for one that is."""
        if told.differences:
            fact = ReadModelDiffered(
                name=told.name,
                position=told.position,
                cells=len(told.differences),
                **_envelope(),
            )
            self._log.append([fact])

    def _alone(self, what: str) -> _Alone:
        return _Alone(self._locks, f"proofs/{what}")


class _Alone:
    """The block that only one may be in; ``RateLimited`` for the others."""

    def __init__(self, locks: Locks, name: str) -> None:
        self._hold = locks.hold(name)

    def __enter__(self) -> None:
        if not self._hold.__enter__():
            self._hold.__exit__(None, None, None)
            raise RateLimited(retry_after_s=AGAIN_S)

    def __exit__(self, *error: object) -> None:
        self._hold.__exit__(None, None, None)


def _envelope() -> Envelope:
    return {
        "originator_id": STREAM,
        "originator_version": NEXT_VERSION,
        "at": SystemClock().now(),
        "by": BY,
    }
