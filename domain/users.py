"""User: who a person is. Never deleted; what identifies them is sealed and can be erased.

``email_sealed`` and ``name_sealed`` are ciphertext under a key of this user alone: deleting the key
erases them from every event at once. Not here: passwords and sessions (``domain/tokens.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias, get_args

import msgspec
from msgspec.structs import replace

from domain.errors import NotFound
from domain.model import Event, Guard, GuardKind


class UserRegistered(Event, frozen=True, kw_only=True, tag="user.registered.v1"):
    """``email_digest`` is a keyed hash: equal for equal addresses, useless without the key."""

    email_sealed: str
    email_digest: str
    name_sealed: str


class UserPasswordSet(Event, frozen=True, kw_only=True, tag="user.password_set.v1"):
    """The fact alone; the hash is a credential and lives outside the log."""


class UserDisabled(Event, frozen=True, kw_only=True, tag="user.disabled.v1"):
    reason: str = ""


class UserEnabled(Event, frozen=True, kw_only=True, tag="user.enabled.v1"):
    pass


class UserErased(Event, frozen=True, kw_only=True, tag="user.erased.v1"):
    """The person's key is deleted: what names them can be read nowhere any more. For good."""


UserEvent: TypeAlias = UserRegistered | UserPasswordSet | UserDisabled | UserEnabled | UserErased
EVENTS: tuple[type[Event], ...] = get_args(UserEvent)


class User(msgspec.Struct, frozen=True, kw_only=True):
    id: str = ""
    version: int = 0
    enabled: bool = True
    erased: bool = False
    email_digest: str = ""

    def evolve(self, event: Event) -> User:
        s = replace(self, id=event.originator_id, version=event.originator_version)
        match event:
            case UserRegistered():
                return replace(s, email_digest=event.email_digest)
            case UserErased():
                return replace(s, enabled=False, erased=True)
            case UserDisabled():
                return replace(s, enabled=False)
            case UserEnabled():
                return replace(s, enabled=True)
        return s

    def set_password(self, *, now: datetime, by: str) -> list[UserEvent]:
        """Record that the password changed. Each change is a fact of its own."""
        self._must_exist()
        return [self._fact(UserPasswordSet, now, by)]

    def disable(self, *, now: datetime, by: str) -> list[UserEvent]:
        self._must_exist()
        return [self._fact(UserDisabled, now, by)] if self.enabled else []

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

    def _fact(
        self,
        kind: type[UserPasswordSet | UserDisabled | UserEnabled | UserErased],
        now: datetime,
        by: str,
    ) -> UserEvent:
        return kind(originator_id=self.id, originator_version=self.version + 1, at=now, by=by)


def fold(events: Iterable[Event]) -> User:
    user = User()
    for event in events:
        user = user.evolve(event)
    return user


def unique_email(digest: str, user: str, *, take: int = 1) -> Guard:
    """The guard that keeps one account per address; ``take`` -1 frees it."""
    return Guard(GuardKind.UNIQUE, f"email:{digest}", take, ref=user)
