"""What signing in needs from outside: counted tries, mail, identity providers, waiting command lines.

Implementations are chosen in ``server/bootstrap.py``. Not here: credentials (``application/ports.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from domain.teams import Role


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
