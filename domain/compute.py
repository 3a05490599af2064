"""ComputeProvider: a configured backend of one team. Settings are facts; credentials are references.

A person may have an account of their own there: an account is one person's at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias, get_args

import msgspec
from msgspec.structs import replace

from domain.errors import AlreadyExists, InvalidInput, NotFound
from domain.model import Envelope, Event, Guard, GuardKind

Setting = str | int | float | bool | None
ACCOUNT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,63}")
"""A login name: it becomes part of a path on the backend."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """``user``'s account ``name`` on the backend; ``key`` names a secret of theirs.

    Not ``current``: it was theirs once, and jobs of that time are still looked after with it.
    """

    user: str
    name: str
    key: str
    current: bool = True


class ProviderAdded(Event, frozen=True, kw_only=True, tag="provider.added.v1"):
    """``kind`` is the adapter (``local``, ``slurm``, …); ``secrets`` names the secrets it uses."""

    team: str
    name: str
    kind: str
    settings: dict[str, Setting] = {}
    secrets: tuple[str, ...] = ()


class ProviderReconfigured(Event, frozen=True, kw_only=True, tag="provider.reconfigured.v1"):
    settings: dict[str, Setting]


class ProviderEnabled(Event, frozen=True, kw_only=True, tag="provider.enabled.v1"):
    pass


class ProviderDisabled(Event, frozen=True, kw_only=True, tag="provider.disabled.v1"):
    pass


class ProviderMadeDefault(Event, frozen=True, kw_only=True, tag="provider.made_default.v1"):
    team: str


class ProviderUnreachable(Event, frozen=True, kw_only=True, tag="provider.unreachable.v1"):
    """We cannot see it; nothing is known of its jobs until it answers."""

    reason: str


class ProviderReachable(Event, frozen=True, kw_only=True, tag="provider.reachable.v1"):
    pass


class OrphanEnded(Event, frozen=True, kw_only=True, tag="provider.orphan_ended.v1"):
    """The sweeper found something of ours that belongs to no live job, and ended it."""

    token: str
    ref: str


class PersonMapped(Event, frozen=True, kw_only=True, tag="provider.person_mapped.v1"):
    """Jobs of ``user`` run as ``account`` from now on; ``key`` is a secret's name, never the key."""

    user: str
    account: str
    key: str


class PersonUnmapped(Event, frozen=True, kw_only=True, tag="provider.person_unmapped.v1"):
    """No new jobs of ``user`` run there; those it has are still looked after."""

    user: str


ProviderEvent: TypeAlias = (
    ProviderAdded
    | ProviderReconfigured
    | ProviderEnabled
    | ProviderDisabled
    | ProviderMadeDefault
    | ProviderUnreachable
    | ProviderReachable
    | OrphanEnded
    | PersonMapped
    | PersonUnmapped
)
EVENTS: tuple[type[Event], ...] = get_args(ProviderEvent)


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    id: str = ""
    version: int = 0
    team: str = ""
    name: str = ""
    kind: str = ""
    settings: dict[str, Setting] = {}
    enabled: bool = True
    unreachable: str = ""
    accounts: tuple[Account, ...] = ()

    def evolve(self, event: Event) -> Provider:
        s = replace(self, id=event.originator_id, version=event.originator_version)
        match event:
            case ProviderAdded():
                return replace(
                    s, team=event.team, name=event.name, kind=event.kind, settings=event.settings
                )
            case ProviderReconfigured():
                return replace(s, settings=event.settings)
            case ProviderEnabled() | ProviderDisabled():
                return replace(s, enabled=isinstance(event, ProviderEnabled))
            case ProviderUnreachable() | ProviderReachable():
                return replace(s, unreachable=_problem(event))
            case PersonMapped() | PersonUnmapped():
                return replace(s, accounts=_accounts(self.accounts, event))
        return s

    def reconfigure(
        self, settings: dict[str, Setting], *, now: datetime, by: str
    ) -> list[ProviderEvent]:
        self._must_exist()
        if settings == self.settings:
            return []
        return [ProviderReconfigured(settings=settings, **self._next(now, by))]

    def enable(self, *, now: datetime, by: str) -> list[ProviderEvent]:
        self._must_exist()
        return [] if self.enabled else [ProviderEnabled(**self._next(now, by))]

    def disable(self, *, now: datetime, by: str) -> list[ProviderEvent]:
        """No new jobs; those it has are still observed and can be stopped."""
        self._must_exist()
        return [ProviderDisabled(**self._next(now, by))] if self.enabled else []

    def make_default(self, *, now: datetime, by: str) -> list[ProviderEvent]:
        self._must_exist()
        return [ProviderMadeDefault(team=self.team, **self._next(now, by))]

    def seen(self, *, problem: str, now: datetime, by: str) -> list[ProviderEvent]:
        """The outcome of asking it: ``problem`` is empty when it answered. Recorded on change."""
        if problem and not self.unreachable:
            return [ProviderUnreachable(reason=problem, **self._next(now, by))]
        if not problem and self.unreachable:
            return [ProviderReachable(**self._next(now, by))]
        return []

    def ended_orphan(self, *, token: str, ref: str, now: datetime, by: str) -> list[ProviderEvent]:
        return [OrphanEnded(token=token, ref=ref, **self._next(now, by))]

    def account_of(self, user: str) -> Account | None:
        """The account that new jobs of ``user`` run as."""
        return next((a for a in self.accounts if a.current and a.user == user), None)

    def map_person(
        self, user: str, *, account: str, key: str, now: datetime, by: str
    ) -> list[ProviderEvent]:
        """``AlreadyExists`` when the account is another person's now."""
        self._must_exist()
        if not ACCOUNT.fullmatch(account):
            way_out = "Give a login name: letters, digits and _ . @ + -, at most 64 characters."
            raise InvalidInput(field="account", value=account, way_out=way_out)
        wanted = Account(user=user, name=account, key=key)
        if self.account_of(user) == wanted:
            return []
        holder = next((a.user for a in self.accounts if a.current and a.name == account), user)
        if holder != user:
            raise AlreadyExists(kind="account", name=account, holder=f"it is {holder}'s")
        return [PersonMapped(user=user, account=account, key=key, **self._next(now, by))]

    def unmap_person(self, user: str, *, now: datetime, by: str) -> list[ProviderEvent]:
        self._must_exist()
        return [PersonUnmapped(user=user, **self._next(now, by))] if self.account_of(user) else []

    def _must_exist(self) -> None:
        if not self.version:
            raise NotFound(kind="provider", id=self.id)

    def _next(self, now: datetime, by: str) -> Envelope:
        return {
            "originator_id": self.id,
            "originator_version": self.version + 1,
            "at": now,
            "by": by,
        }


def _problem(event: ProviderUnreachable | ProviderReachable) -> str:
    return (event.reason or "no answer") if isinstance(event, ProviderUnreachable) else ""


def _accounts(
    before: Iterable[Account], event: PersonMapped | PersonUnmapped
) -> tuple[Account, ...]:
    """In the order of their latest mapping; a person has one that is current, at most."""
    left = [replace(a, current=False) if a.user == event.user else a for a in before]
    if isinstance(event, PersonUnmapped):
        return tuple(left)
    made = Account(user=event.user, name=event.account, key=event.key)
    return (*(a for a in left if (a.user, a.name) != (made.user, made.name)), made)


def fold(events: Iterable[Event]) -> Provider:
    provider = Provider()
    for event in events:
        provider = provider.evolve(event)
    return provider


def unique_name(team: str, name: str, provider: str) -> Guard:
    """The guard that keeps provider names unique in a team, whatever their case."""
    return Guard(GuardKind.UNIQUE, f"provider:{team}:{name.lower()}", 1, ref=provider)
