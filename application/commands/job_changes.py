"""The one way a job's stream grows: whoever ends a job settles its quota in the same append."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from application.actor import Actor
from application.commands.thresholds import note_thresholds
from application.lab import Change, Lab
from domain.budgets import move as move_budget
from domain.budgets import reserve as reserve_budget
from domain.budgets import settle as settle_budget
from domain.errors import Conflict, IllegalTransition
from domain.job_events import (
    JobBudgetHeld,
    JobCompleted,
    JobEvent,
    JobFailed,
    JobMoved,
    JobQuotaExtended,
    JobStopped,
)
from domain.jobs import Job, fold
from domain.model import Event, Guard
from domain.quotas import extend, settle


def change_job(
    lab: Lab,
    job: str,
    decide: Callable[[Job], Sequence[JobEvent]],
    *,
    actor: Actor,
    guards: Sequence[Guard] = (),
) -> Change[Job]:
    """Load, decide, append with the ledger's part; again when another fact came first."""
    change = lab.change(job, fold, decide, actor=actor, guards=guards, accompany=_ledger)
    note_thresholds(lab, _ledger(change.before, change.events)[1])
    return change


def change_jobs(
    lab: Lab, decisions: Mapping[str, Callable[[Job], Sequence[JobEvent]]], *, actor: Actor
) -> list[Job]:
    """What ``change_job`` does, for many in one append: the changed jobs, as they are after it.

    A job whose move is not allowed any more is left out. When another fact came first, each is
    changed by itself.
    """
    streams = lab.log.streams(decisions)
    moves = [_move(fold(streams[job]), decide) for job, decide in decisions.items()]
    moves = [move for move in moves if move.facts]
    facts = [fact for move in moves for fact in move.facts]
    guards = [guard for move in moves for guard in move.guards]
    if not facts:
        return []
    try:
        lab.append(facts, guards, actor=actor)
    except Conflict:
        return [job for move in moves for job in _alone(lab, move.job.id, decisions, actor=actor)]
    note_thresholds(lab, guards)
    return [move.job for move in moves]


class _Move(NamedTuple):
    job: Job
    facts: Sequence[Event] = ()
    guards: Sequence[Guard] = ()


def _move(state: Job, decide: Callable[[Job], Sequence[JobEvent]]) -> _Move:
    try:
        events = decide(state)
    except IllegalTransition:
        return _Move(state)
    extra, guards = _ledger(state, events)
    for event in events:
        state = state.evolve(event)
    return _Move(state, [*events, *extra], guards)


def _alone(
    lab: Lab,
    job: str,
    decisions: Mapping[str, Callable[[Job], Sequence[JobEvent]]],
    *,
    actor: Actor,
) -> list[Job]:
    try:
        changed = change_job(lab, job, decisions[job], actor=actor)
    except IllegalTransition:
        return []
    return [fold(lab.log.stream(job))] if changed.events else []


def _ledger(job: Job, events: Sequence[Event]) -> tuple[Sequence[Event], Sequence[Guard]]:
    facts: list[Event] = []
    guards: list[Guard] = []
    hold, budget = job.hold, job.budget
    for event in events:
        match event:
            case JobCompleted() | JobFailed() | JobStopped():
                entry = settle(hold, event)
                money = settle_budget(budget, event)
                facts += money.events
                guards += money.guards
            case JobMoved():
                moved = move_budget(
                    budget, job=job.id, amount=event.budget, now=event.at, by=event.by
                )
                facts += moved.events
                guards += moved.guards
                continue
            case JobBudgetHeld():
                held = reserve_budget(
                    budget, job=job.id, amount=event.amount, now=event.at, by=event.by
                )
                facts += held.events
                guards += held.guards
                continue
            case JobQuotaExtended():
                entry = extend(hold, job=job.id, seconds=event.seconds, now=event.at, by=event.by)
            case _:
                continue
        facts += entry.events
        guards += entry.guards
    return facts, guards
