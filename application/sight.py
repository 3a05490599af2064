"""What access rules hide of a team's own things: rows, and facts of the log.

An auditor reads the whole log, whatever rules say of the things in it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeAlias

from application.actor import Actor
from application.permissions import Action, allowed
from domain.artifacts import ArtifactKind
from domain.rules import REGISTRY
from domain.teams import Role
from projections.job_lists import Sight
from projections.rows import ArtifactRow, ExperimentRow, JobRow, ProviderRow, TaskRow

Shown: TypeAlias = JobRow | ExperimentRow | TaskRow | ProviderRow | ArtifactRow
REGISTERED = frozenset({ArtifactKind.MODEL, ArtifactKind.DATASET})


def sees(actor: Actor, row: Shown) -> bool:
    """Whether a row of the actor's own team is theirs to read."""
    return all(allowed(actor, Action.READ, *chain) for chain in chains_of(row))


def sees_as(actor: Actor) -> Hashable:
    """All that decides what is an actor's to read: to whom this is equal, the same is shown."""
    return (actor.team, actor.role, actor.scopes, frozenset(actor.rules.items()))


def chains_of(row: Shown) -> tuple[tuple[str, ...], ...]:
    """The resources a row is judged by: in each chain the first with a rule decides; all must allow."""
    match row:
        case JobRow():
            return ((row.task or "", row.experiment),)
        case TaskRow():
            return ((row.id, row.experiment),)
        case ArtifactRow():
            return ((row.experiment,), *(((REGISTRY,),) if row.kind in REGISTERED else ()))
    return ((row.id,),)


def sight_of(actor: Actor) -> Sight:
    """What lists leave out, and what they show all the same."""
    seen = {r: allowed(actor, Action.READ, r) for r in actor.rules}
    return Sight(
        hidden=tuple(r for r, may in seen.items() if not may),
        shown=tuple(r for r, may in seen.items() if may and r.startswith("task_")),
    )


def may_hear(actor: Actor, chains: Sequence[Sequence[str]]) -> bool:
    """Whether facts about what is judged by ``chains`` may be told."""
    if not actor.rules or actor.role is Role.AUDITOR:
        return True
    return all(allowed(actor, Action.READ, *chain) for chain in chains)
