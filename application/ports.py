"""What the use cases need from outside, as small protocols. Implementations are chosen in ``server/bootstrap.py``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import ClassVar, Protocol

import msgspec

from domain.teams import Role
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


class Credentials(Protocol):
    """Password hashes, API tokens, sessions and job tokens: hashed, never in events."""

    def set_password(self, user: str, password: str) -> None: ...

    def password_is(self, user: str, password: str) -> bool:
        """Takes the same time for an unknown user."""
        ...

    def job_token(self, job: str, attempt: int) -> str:
        """The credential of one attempt's node: derived, so that asking again gives the same."""
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


class Failures(Protocol):
    """Tries at secrets, counted per key for all processes together."""

    def note(self, key: str, *, free: int) -> int:
        """Count one try and say which of the last quarter of an hour it is.

        After ``free`` tries each must wait, twice as long as the one before: ``RateLimited``.
        """
        ...

    def take_back(self, key: str) -> None:
        """The latest try was none."""
        ...

    def forget(self, key: str) -> None:
        """What was tried succeeded: count anew."""
        ...


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One plain text to one address."""

    to: str
    subject: str
    text: str

    def __repr__(self) -> str:
        return f"Mail({self.subject!r})"


class Mailer(Protocol):
    @property
    def configured(self) -> bool:
        """Whether mails reach anybody."""
        ...

    def post(self, write: Callable[[], Mail | None]) -> None:
        """Soon, in the background: call ``write`` and send its mail, if it has one. Never raises."""
        ...


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """A role in the team of that short name."""

    team: str
    role: Role


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Whom an identity provider vouches for. ``issuer`` and ``subject`` name them for ever."""

    provider: str
    issuer: str
    subject: str
    email: str
    email_verified: bool
    name: str
    memberships: tuple[Membership, ...] = ()

    def __repr__(self) -> str:
        return f"Identity({self.provider!r})"


class IdentityProvider(msgspec.Struct, frozen=True, kw_only=True):
    """As the sign-in page shows it."""

    name: str
    label: str


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """Where the browser goes, and the ``state`` it must come back with."""

    url: str
    state: str


class IdentityProviders(Protocol):
    """Services that people may sign in at. Both steps raise ``IdentityRefused`` or ``NotFound``."""

    def all(self) -> Sequence[IdentityProvider]: ...

    def begin(self, provider: str, *, redirect_uri: str, next: str, user: str = "") -> Begun:
        """``next`` and ``user`` come back at the end: where to go on, whose account to link."""
        ...

    def finish(
        self, provider: str, *, redirect_uri: str, answer: Mapping[str, str]
    ) -> tuple[Identity, str, str]:
        """From the query the browser came back with: the identity, ``next``, ``user``. Only once."""
        ...


class DeviceWaiting(msgspec.Struct, frozen=True, kw_only=True):
    """A command line that waits: what it calls itself, and the network address it asked from."""

    name: str
    address: str


class DeviceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """``waiting``: nobody has answered yet. ``user`` and ``team`` of whoever did."""

    name: str
    waiting: bool
    allowed: bool
    user: str
    team: str


class DeviceLogins(Protocol):
    """Command lines that wait for somebody to confirm their code."""

    @property
    def interval_s(self) -> int:
        """How often one may ask."""
        ...

    def begin(
        self, *, device: str, code: str, name: str, address: str, expires_at: datetime
    ) -> bool:
        """``False`` when another waits with ``code``."""
        ...

    def find(self, code: str) -> DeviceWaiting | None:
        """What waits with ``code``, unanswered and in time."""
        ...

    def decide(self, code: str, *, allowed: bool, user: str, team: str) -> bool:
        """``False`` when it was answered, or is too old."""
        ...

    def poll(self, device: str) -> DeviceAnswer | None:
        """``None`` for what is unknown or too old. An answer is told once. ``RateLimited``."""
        ...


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Where a sign-in came from. Told to its person alone and never in an event."""

    agent: str = ""
    address: str = ""


class SessionSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A session that is good now. ``used_at`` is right to a minute."""

    id: str
    opened_at: datetime
    used_at: datetime | None
    expires_at: datetime
    agent: str
    address: str


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A credential that is good now. ``kind``: ``api``, ``session``, ``job`` or a one-time link's."""

    id: str
    kind: str
    user: str
    team: str
    scopes: tuple[str, ...] = ()
    payload: str = ""


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

    def kinds(self) -> Sequence[str]: ...
