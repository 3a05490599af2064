"""Tells, where a ledger moves, that a month of a scope has used most or all of what it may.

Asked after each append that moves a guard up, and decided from the guard's level and not from the
crossing: a process that dies between the two is made good by the next move. A stream for each
scope and limit makes each threshold one fact, whoever sees it first. Not here: who is told of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from application.actor import system
from application.lab import Lab
from domain import budgets
from domain.errors import Conflict
from domain.model import Guard, GuardKind
from domain.quotas import reach_threshold, threshold_stream

LEDGER = system("quota")
MOVES = (GuardKind.QUOTA, GuardKind.CHARGE)


def note_thresholds(lab: Lab, moved: Iterable[Guard]) -> None:
    """Record the highest threshold each scope of ``moved`` has reached; repeatable."""
    up = (g for g in moved if g.kind in MOVES and (g.amount > 0 or g.limit is not None))
    for scope in dict.fromkeys(guard.scope for guard in up):
        _note(lab, scope)


def _note(lab: Lab, scope: str) -> None:
    guard = lab.log.guard(GuardKind.QUOTA, scope)
    if guard is None or guard.limit is None:
        return
    stream, reach = (
        (budgets.warning_stream, budgets.reach_threshold)
        if budgets.is_money(scope)
        else (threshold_stream, reach_threshold)
    )
    told = lab.log.stream(stream(scope, guard.limit))
    facts = reach(
        told, scope, used=guard.amount, limit=guard.limit, now=lab.clock.now(), by=LEDGER.by
    )
    if not facts:
        return
    try:
        lab.append(facts, actor=LEDGER)
    except Conflict:
        return  # another process told it first
