"""What the use cases need from outside, as small protocols. Implementations are chosen in ``server/bootstrap.py``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import ClassVar, Protocol

import msgspec

from application.account_ports import Caller, SessionSeen
from application.notices import Notice
from domain.job_events import GivenSecret
from domain.notifications import Channel
from domain.telemetry import Signs, TelemetryBatch
from providers.base import ComputeProvider


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware UTC."""
        ...


class Ids(Protocol):
    def new(self, prefix: str) -> str:
        """``<prefix>_<UUIDv7>``: unique, ordered by time."""
        ...


class Vault(Protocol):
    """Seals what identifies a person, under a key of that person."""

    def seal(self, user: str, text: str) -> str: ...

    def open(self, user: str, sealed: str) -> str:
        """The text, or ``[erased]`` once the person's key is deleted."""
        ...

    def erase(self, user: str) -> None:
        """Delete the person's key: what was sealed for them is ``[erased]`` for ever. Repeatable."""
        ...

    def digest(self, text: str) -> str:
        """A keyed hash: equal for equal text after trimming and case-folding."""
        ...


class SecretStore(Protocol):
    """Encrypted values by name; a member's own go before the team's."""

    def put(self, *, team: str, user: str, name: str, number: int, value: str) -> None: ...

    def delete(self, *, team: str, user: str, name: str) -> None: ...

    def forget(self, user: str) -> None:
        """Delete a person's own values, of every team. Repeatable."""
        ...

    def names(self, *, team: str, user: str) -> frozenset[str]: ...

    def values(self, *, team: str, user: str, names: Sequence[str]) -> Mapping[str, str]:
        """The values of those of ``names`` that exist."""
        ...

    def held(self, *, team: str, user: str, names: Sequence[str]) -> tuple[GivenSecret, ...]:
        """Which versions ``values`` gives, by name."""
        ...

    def make_ssh_key(self, *, team: str, user: str, name: str, number: int) -> str:
        """Keep a new private key as that value; its public line."""
        ...


class Credentials(Protocol):
    """Password hashes, API tokens, sessions and job tokens: hashed, never in events."""

    def set_password(self, user: str, password: str) -> None: ...

    def password_is(self, user: str, password: str) -> bool:
        """Takes the same time for an unknown user."""
        ...

    def job_token(self, job: str, attempt: int, *, now: datetime) -> str:
        """The credential of one attempt's node: derived, so that asking again in a week gives the same.

        It is good for a week or two; ``Found.renew_from`` says when to hand out the next.
        """
        ...

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
        """A new secret for ``id``; only its hash is kept. ``payload`` is kept sealed."""
        ...

    def find(self, secret: str) -> Found | None:
        """Whose it is, when it is known, not revoked and not expired.

        For ``kind`` ``job`` the ``id`` is the job and the only scope the attempt.
        """
        ...

    def take(self, secret: str, kind: str) -> Found | None:
        """The same for a one-time secret of ``kind``, which is gone with that: the first one gets it."""
        ...

    def last_used(self, ids: Sequence[str]) -> Mapping[str, datetime]:
        """When each of those credentials that were used last was; right to a minute."""
        ...

    def sessions(self, user: str) -> Sequence[SessionSeen]:
        """Those that are good now, the last used first."""
        ...

    def revoke(self, id: str) -> None: ...

    def forget(self, user: str) -> None:
        """Delete a person's password, tokens and sessions. Repeatable."""
        ...

    def revoke_all(self, user: str, kind: str) -> None:
        """Every credential of that kind; repeatable."""
        ...


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A credential that is good now. ``kind``: ``api``, ``session``, ``job`` or a one-time link's."""

    id: str
    kind: str
    user: str
    team: str
    scopes: tuple[str, ...] = ()
    payload: str = ""
    renew_from: datetime | None = None
    good_until: datetime | None = None
    """Of a job's token: whoever asks compares, and knows whether its node was heard of. ``None``: of a
    version that knew no end."""


class Telemetry(Protocol):
    def offset(self, *, job: str, attempt: int, node: int, stream: str) -> int:
        """The journal offset up to which everything is applied; 0 for an unknown stream."""
        ...

    def offsets(self, *, job: str, attempt: int) -> Mapping[tuple[int, str], int]:
        """The same for every ``(node, stream)`` of an attempt."""
        ...

    def apply(self, batch: TelemetryBatch) -> bool:
        """Store and move the offset; ``False`` when the offset is not ``batch.offset`` any more."""
        ...

    def heartbeat(self, *, job: str, attempt: int, node: int, at: datetime) -> None: ...

    def active(self, *, job: str, attempt: int, node: int, at: datetime) -> None:
        """The node told of work; repeatable, the latest counts."""
        ...

    def signs(self, attempts: Mapping[str, int]) -> Mapping[str, Signs]:
        """Of each job's attempt, over all its nodes; a job nobody heard of is left out."""
        ...

    def last_heartbeat(self, *, job: str, attempt: int) -> datetime | None: ...


class PutGrant(Protocol):
    """Permission to PUT one whole object without any other credential, until it expires."""

    @property
    def url(self) -> str: ...

    @property
    def headers(self) -> Mapping[str, str]: ...


class Blobs(Protocol):
    """Content-addressed bytes; ``providers/storage`` keeps the promise and says what is raised.

    ``owner`` keeps unfinished uploads apart: a job cannot spoil another's.
    """

    chunk_bytes: ClassVar[int]

    def has(self, sha256: str) -> bool: ...

    def size(self, sha256: str) -> int: ...

    def put(self, data: bytes) -> str:
        """Store and return the SHA-256. Storing twice is once."""
        ...

    def received(self, sha256: str, *, owner: str = "") -> int:
        """Where an unfinished upload goes on; 0 when there is none."""
        ...

    def write(
        self, sha256: str, *, offset: int, size: int, chunk: bytes, owner: str = ""
    ) -> tuple[int, bool]:
        """The new offset, and whether the blob is whole, verified and stored."""
        ...

    def read(self, sha256: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """``NotFound`` at once; a whole read is verified before its last piece."""
        ...

    def presign_get(self, sha256: str, *, expires_s: int, filename: str = "") -> str | None: ...

    def presign_put(
        self, sha256: str, size: int, *, expires_s: int, owner: str = ""
    ) -> PutGrant | None: ...

    def digests(self) -> Iterator[str]:
        """The SHA-256 of every whole blob."""
        ...

    def prune_uploads(self, *, before: datetime) -> int:
        """Drop unfinished uploads last touched before then; how many."""
        ...

    def confirm(self, sha256: str, size: int, *, owner: str = "") -> bool:
        """Verify what was PUT by a grant; whether the blob is there."""
        ...


class Holdings(Protocol):
    """Who possesses which bytes. A team that never uploaded them may not name them by their hash."""

    def hold(self, team: str, sha256: str) -> None:
        """``team`` has shown the bytes; repeatable."""
        ...

    def missing(self, team: str, digests: Collection[str]) -> frozenset[str]:
        """Those of ``digests`` that ``team`` has not shown."""
        ...


class Locks(Protocol):
    def hold(self, name: str) -> AbstractContextManager[bool]:
        """Try to be the only holder of ``name`` among all processes; enters with whether it was got.

        A holder that dies lets go. Not re-entrant.
        """
        ...

    def hold_all(self, names: Collection[str]) -> AbstractContextManager[frozenset[str]]:
        """The same for many at once; enters with those that were got."""
        ...


class Providers(Protocol):
    """Live adapters by provider id, made on first use."""

    def of(self, provider: str) -> ComputeProvider: ...

    def validate(self, kind: str, settings: Mapping[str, object]) -> None:
        """Nothing, or ``InvalidSettings`` that names the setting and lists what is known."""
        ...

    def tried(self, kind: str, settings: Mapping[str, object], *, team: str) -> ComputeProvider:
        """An adapter with these settings that belongs to no provider yet, for a look; kept nowhere."""
        ...

    def kinds(self) -> Sequence[str]: ...


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one try. ``status`` is the receiver's HTTP status, when there was one."""

    ok: bool
    status: int | None = None
    reason: str = ""
    final: bool = False
    """Trying again is of no use."""
    retry_after_s: float | None = None


class Hosts(Protocol):
    """Where the server lets people send it for git."""

    def admit(self, host: str, port: int) -> Sequence[str]:
        """The addresses to connect to; none: whichever the system finds. ``HostRefused``."""
        ...


class Courier(Protocol):
    def carry(self, channel: Channel, notice: Notice) -> Answer:
        """Tell ``channel`` now, within a time limit. What goes wrong outside is an answer."""
        ...

    def refuse(self, kind: str, address: str) -> str:
        """Why nothing could ever be told there, or an empty text; contacts nobody."""
        ...


class DirectMail(Protocol):
    def send(self, to: str, subject: str, text: str) -> None:
        """Hand one plain message over; ``LabError`` when that failed. May be repeated."""
        ...
