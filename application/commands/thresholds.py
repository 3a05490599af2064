"""Tells, where a ledger moves, that a month of a scope has used most or all of what it may.

Asked after each append that moves a guard up, and decided from the guard's level and not from the
crossing: a process that dies between the two is made good by the next move. A stream for each
scope and limit makes each threshold one fact, whoever sees it first. Not here: who is told of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from application.actor import system
from application.lab import Lab
from domain import budgets
from domain.errors import Conflict
from domain.model import Guard, GuardKind
from domain.quotas import reach_threshold, threshold_stream

LEDGER = system("quota")
MOVES = (GuardKind.QUOTA, GuardKind.CHARGE)


def note_thresholds(lab: Lab, moved: Iterable[Guard]) -> int:
    """Record the highest threshold each scope of ``moved`` has reached; repeatable.

    The log's position after what was recorded, 0 when nothing was.
    """
    up = (g for g in moved if g.kind in MOVES and (g.amount > 0 or g.limit is not None))
    found = lab.log.guards({(GuardKind.QUOTA, g.scope): None for g in up})
    return max((_note(lab, guard) for guard in found.values()), default=0)


def _note(lab: Lab, guard: Guard) -> int:
    if guard.limit is None:
        return 0
    scope = guard.scope
    stream, reach = (
        (budgets.warning_stream, budgets.reach_threshold)
        if budgets.is_money(scope)
        else (threshold_stream, reach_threshold)
    )
    reached = partial(
        reach, scope=scope, used=guard.amount, limit=guard.limit, now=lab.clock.now(), by=LEDGER.by
    )
    if not reached(()):
        return 0  # whatever was told of it
    facts = reached(lab.log.stream(stream(scope, guard.limit)))
    if not facts:
        return 0
    try:
        return lab.append(facts, actor=LEDGER)
    except Conflict:
        return lab.log.head()  # another process told it first
