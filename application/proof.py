"""Proves the guards from the log: quota balances from their ledgers, unique names from what bears them.

Read-only, and right while the log grows: what differs is looked at again with the events that came
meanwhile. Not here: mending; a difference is a bug to be understood.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from application.log import EventLog
from domain import budgets, compute, experiments, quotas, tasks
from domain.compute import ProviderAdded
from domain.experiments import ExperimentCreated, ExperimentRenamed
from domain.model import Event, Guard, GuardKind
from domain.tasks import TaskArchived, TaskCreated
from domain.teams import TeamCreated, unique_slug
from domain.users import (
    UserErased,
    UserIdentityLinked,
    UserRegistered,
    unique_email,
    unique_identity,
)

BATCH = 5_000
LOOKS = 5
Born = ExperimentCreated | TaskCreated


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A guard that is not what the log makes of it."""

    kind: str
    scope: str
    by_log: str
    by_guard: str

    def __str__(self) -> str:
        return f"{self.kind} {self.scope}: the log says {self.by_log}, the guard {self.by_guard}"


def prove_guards(log: EventLog) -> list[Difference]:
    """Every difference, by scope; empty when the guards are right. ``UnknownEvent`` for what it cannot read."""
    proof, found = _Proof(), list[Difference]()
    for _ in range(LOOKS):
        proof.read(log)
        found = proof.differences(log)
        if not found or log.head() == proof.position:
            break
    return found


class _Proof:
    def __init__(self) -> None:
        self.position = 0
        self._balances: dict[str, quotas.Balance | budgets.Balance] = {}
        self._holders: dict[str, str] = {}
        self._born: dict[str, Born] = {}

    def read(self, log: EventLog) -> None:
        head = log.head()
        while self.position < head:
            for recorded in log.read(self.position, BATCH, head):
                self._take(recorded.event)
                self.position = recorded.position

    def differences(self, log: EventLog) -> list[Difference]:
        found = []
        for scope, balance in sorted(self._balances.items()):
            guard = log.guard(GuardKind.QUOTA, scope)
            seen = (guard.amount, guard.limit) if guard else None
            if seen != (balance.used, balance.limit):
                found.append(_difference("quota", scope, (balance.used, balance.limit), seen))
        for scope, holder in sorted(self._holders.items()):
            guard = log.guard(GuardKind.UNIQUE, scope)
            ref = guard.ref if guard else None
            if ref != holder:
                found.append(_difference("unique", scope, holder, ref))
        return found

    def _take(self, event: Event) -> None:
        if isinstance(event, quotas.QuotaEvent | budgets.BudgetEvent):
            ledger = budgets if isinstance(event, budgets.BudgetEvent) else quotas
            before = self._balances.get(event.scope) or ledger.Balance()
            self._balances[event.scope] = before.evolve(event)
            return
        if isinstance(event, UserErased):
            mine = [s for s, holder in self._holders.items() if holder == event.originator_id]
            for scope in mine:
                del self._holders[scope]
            return
        name = NAMES.get(type(event))
        if name:
            self._hold(name(event))
        elif isinstance(event, ExperimentCreated | TaskCreated):
            self._born[event.originator_id] = event
            self._hold(_name_of(event))
        else:
            self._renamed(event)

    def _renamed(self, event: Event) -> None:
        born = self._born.get(event.originator_id)
        if isinstance(event, ExperimentRenamed) and isinstance(born, ExperimentCreated):
            self._holders.pop(_name_of(born).scope, None)
            self._born[event.originator_id] = msgspec.structs.replace(born, name=event.name)
            self._hold(_name_of(self._born[event.originator_id]))
        elif isinstance(event, TaskArchived) and born is not None:
            self._holders.pop(_name_of(born).scope, None)

    def _hold(self, guard: Guard) -> None:
        self._holders[guard.scope] = guard.ref


NAMES: Mapping[type[Event], Callable[[Any], Guard]] = {  # each arm takes its own event
    UserRegistered: lambda e: unique_email(e.email_digest, e.originator_id),
    UserIdentityLinked: lambda e: unique_identity(e.subject_digest, e.originator_id),
    TeamCreated: lambda e: unique_slug(e.slug, e.originator_id),
    ProviderAdded: lambda e: compute.unique_name(e.team, e.name, e.originator_id),
}


def _name_of(born: Born) -> Guard:
    if isinstance(born, TaskCreated):
        return tasks.unique_name(born.experiment, born.name, born.originator_id)
    return experiments.unique_name(born.team, born.name, born.originator_id)


def _difference(kind: str, scope: str, by_log: object, by_guard: object) -> Difference:
    return Difference(kind=kind, scope=scope, by_log=str(by_log), by_guard=str(by_guard))
