"""The bench the use cases work on: the log, the ports, and the load-decide-append loop.

A command that meets another fact recorded first loads and decides again; what it decides then may
be nothing. Not here: any decision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar

from msgspec.structs import replace

from application.account_ports import DeviceLogins, Failures, IdentityProviders, Mailer
from application.actor import Actor
from application.log import EventLog
from application.ports import (
    Blobs,
    Clock,
    Courier,
    Credentials,
    Holdings,
    Hosts,
    Ids,
    Locks,
    Providers,
    SecretStore,
    Telemetry,
    Vault,
)
from application.registration import Registration
from domain.codec import topic
from domain.errors import Conflict
from domain.loss import LossPolicy
from domain.model import Event, Guard

State = TypeVar("State")
TRIES = 8


def _nothing(point: str) -> None:
    del point


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Settings the use cases read. Times in seconds, quota default in minutes (``None``: unlimited)."""

    launch_timeout_s: float = 3600.0
    stalled_after_s: float = 900.0
    stop_grace_s: float = 30.0
    default_reservation_s: int = 3600
    extension_s: int = 900
    team_quota_minutes: int | None = None
    team_budget: float | None = None
    currency: str = "USD"
    accelerator_weights: Mapping[str, float] = field(default_factory=dict)
    loss: LossPolicy = field(default_factory=LossPolicy)
    server_url: str = ""
    git_timeout_s: float = 30.0
    allow_local_git: bool = False
    registration: Registration = field(default_factory=Registration)


@dataclass(frozen=True, kw_only=True)
class Lab:
    """Everything a command may touch."""

    log: EventLog
    clock: Clock
    ids: Ids
    vault: Vault
    secrets: SecretStore
    credentials: Credentials
    failures: Failures
    device_logins: DeviceLogins
    telemetry: Telemetry
    blobs: Blobs
    holdings: Holdings
    providers: Providers
    locks: Locks
    courier: Courier
    hosts: Hosts
    mailer: Mailer
    identities: IdentityProviders
    policy: Policy
    reached: Callable[[str], None] = _nothing
    """Called at named points between two effects; tests kill the process there."""

    def append(self, events: Iterable[Event], guards: Sequence[Guard] = (), *, actor: Actor) -> int:
        """Record ``events`` with the actor's command as their cause; their last position."""
        facts = [_caused(event, actor.command) for event in events]
        names = [topic(type(fact)) for fact in facts]
        for name in names:
            self.reached(f"before {name}")
        position = self.log.append(facts, guards)
        for name in names:
            self.reached(f"after {name}")
        return position

    def change(
        self,
        stream: str,
        fold: Callable[[Iterable[Event]], State],
        decide: Callable[[State], Sequence[Event]],
        *,
        actor: Actor,
        guards: Sequence[Guard] = (),
        accompany: Callable[[State, Sequence[Event]], tuple[Sequence[Event], Sequence[Guard]]]
        | None = None,
    ) -> Change[State]:
        """Load ``stream``, decide, append; again when another fact came first.

        ``accompany`` adds events of other streams and guards to the same append, from what was decided.
        """
        for _ in range(TRIES):
            state = fold(self.log.stream(stream))
            events = list(decide(state))
            if not events:
                return Change(state, (), self.log.head)
            extra: Sequence[Event] = ()
            more: Sequence[Guard] = ()
            if accompany:
                extra, more = accompany(state, events)
            try:
                position = self.append([*events, *extra], [*guards, *more], actor=actor)
            except Conflict:
                continue
            return Change(state, tuple(events), partial(int, position))
        raise Conflict(stream=stream)


@dataclass(frozen=True)
class Change(Generic[State]):
    """What a command did: the state it decided on and the facts it added."""

    before: State
    events: tuple[Event, ...]
    _position: Callable[[], int]

    @property
    def position(self) -> int:
        """The log's position after the facts; where there are none it is looked up, which few need."""
        return self._position()


def _caused(event: Event, command: str) -> Event:
    return replace(event, cause=command) if command and not event.cause else event
