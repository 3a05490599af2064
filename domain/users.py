"""User: who a person is. Never deleted; what identifies them is sealed and can be erased.

``email_sealed`` and ``name_sealed`` are ciphertext under a key of this user alone: deleting the key
erases them from every event at once. Not here: passwords and sessions (``domain/tokens.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias, TypeVar, get_args

import msgspec
from msgspec.structs import replace

from domain.errors import NotFound
from domain.model import Envelope, Event, Guard, GuardKind


class UserRegistered(Event, frozen=True, kw_only=True, tag="user.registered.v1"):
    """``email_digest`` is a keyed hash: equal for equal addresses, useless without the key."""

    email_sealed: str
    email_digest: str
    name_sealed: str


class UserPasswordSet(Event, frozen=True, kw_only=True, tag="user.password_set.v1"):
    """The fact alone; the hash is a credential and lives outside the log."""


class UserLinkIssued(Event, frozen=True, kw_only=True, tag="user.link_issued.v1"):
    """A one-time link was made. ``purpose``: ``reset``, ``sign-in`` or ``verify``; its secret is no fact."""

    purpose: str
    expires_at: datetime


class UserEmailVerified(Event, frozen=True, kw_only=True, tag="user.email_verified.v1"):
    """Whoever uses the account reads mail at its address."""


class UserIdentityLinked(Event, frozen=True, kw_only=True, tag="user.identity_linked.v1"):
    """The person may sign in at ``issuer``. The subject there is known by its keyed hash alone."""

    issuer: str
    subject_digest: str


class UserDisabled(Event, frozen=True, kw_only=True, tag="user.disabled.v1"):
    reason: str = ""


class UserEnabled(Event, frozen=True, kw_only=True, tag="user.enabled.v1"):
    pass


class UserErased(Event, frozen=True, kw_only=True, tag="user.erased.v1"):
    """The person's key is deleted: what names them can be read nowhere any more. For good."""


UserEvent: TypeAlias = (
    UserRegistered
    | UserPasswordSet
    | UserLinkIssued
    | UserEmailVerified
    | UserIdentityLinked
    | UserDisabled
    | UserEnabled
    | UserErased
)
EVENTS: tuple[type[Event], ...] = get_args(UserEvent)
Plain = TypeVar("Plain", UserPasswordSet, UserEmailVerified, UserDisabled, UserEnabled, UserErased)


class User(msgspec.Struct, frozen=True, kw_only=True):
    id: str = ""
    version: int = 0
    enabled: bool = True
    erased: bool = False
    email_sealed: str = ""
    email_digest: str = ""
    verified: bool = False
    identities: tuple[tuple[str, str], ...] = ()
    """``(issuer, subject digest)``"""

    def evolve(self, event: Event) -> User:
        s = replace(self, id=event.originator_id, version=event.originator_version)
        match event:
            case UserRegistered():
                return replace(s, email_sealed=event.email_sealed, email_digest=event.email_digest)
            case UserEmailVerified():
                return replace(s, verified=True)
            case UserErased():
                return replace(s, enabled=False, erased=True)
            case UserIdentityLinked():
                linked = (event.issuer, event.subject_digest)
                return replace(s, identities=(*s.identities, linked))
            case UserDisabled() | UserEnabled():
                return replace(s, enabled=isinstance(event, UserEnabled))
        return s

    def set_password(self, *, now: datetime, by: str) -> list[UserEvent]:
        """Record that the password changed. Each change is a fact of its own."""
        self._must_exist()
        return [self._fact(UserPasswordSet, now, by)]

    def issue_link(
        self, purpose: str, *, expires_at: datetime, now: datetime, by: str
    ) -> list[UserEvent]:
        """Record that a one-time link was made. Each is a fact of its own."""
        self._must_exist()
        fact = UserLinkIssued(purpose=purpose, expires_at=expires_at, **self._next(now, by))
        return [fact]

    def verify_email(self, *, now: datetime, by: str) -> list[UserEvent]:
        self._must_exist()
        return [] if self.verified else [self._fact(UserEmailVerified, now, by)]

    def link_identity(
        self, issuer: str, subject_digest: str, *, now: datetime, by: str
    ) -> list[UserEvent]:
        self._must_exist()
        if (issuer, subject_digest) in self.identities:
            return []
        return [
            UserIdentityLinked(issuer=issuer, subject_digest=subject_digest, **self._next(now, by))
        ]

    def disable(self, *, now: datetime, by: str, reason: str = "") -> list[UserEvent]:
        """Let nobody in with this account; repeatable."""
        self._must_exist()
        return [UserDisabled(reason=reason, **self._next(now, by))] if self.enabled else []

    def enable(self, *, now: datetime, by: str) -> list[UserEvent]:
        self._must_exist()
        if self.erased:
            raise NotFound(kind="user", id=self.id)
        return [] if self.enabled else [self._fact(UserEnabled, now, by)]

    def erase(self, *, now: datetime, by: str) -> list[UserEvent]:
        """Record that the person is erased, for good. Who is erased stays so."""
        self._must_exist()
        return [] if self.erased else [self._fact(UserErased, now, by)]

    def _must_exist(self) -> None:
        if not self.version:
            raise NotFound(kind="user", id=self.id)

    def _fact(self, kind: type[Plain], now: datetime, by: str) -> Plain:
        return kind(**self._next(now, by))

    def _next(self, now: datetime, by: str) -> Envelope:
        return {
            "originator_id": self.id,
            "originator_version": self.version + 1,
            "at": now,
            "by": by,
        }


def fold(events: Iterable[Event]) -> User:
    user = User()
    for event in events:
        user = user.evolve(event)
    return user


def unique_email(digest: str, user: str, *, take: int = 1) -> Guard:
    """The guard that keeps one account per address; ``take`` -1 frees it."""
    return Guard(GuardKind.UNIQUE, f"email:{digest}", take, ref=user)


def unique_identity(subject_digest: str, user: str) -> Guard:
    """The guard that keeps one account per identity elsewhere."""
    return Guard(GuardKind.UNIQUE, f"identity:{subject_digest}", 1, ref=user)
