"""What the launches of one request will ask of the log, looked up together: few statements, however many they are.

Only that it is asked early and once; what must still hold at the end is a guard of the append.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace

from application.actor import Actor
from application.commands.naming import keys_of
from application.lab import Lab
from application.one_look import OneLook, OneProviders
from domain import budgets, quotas
from domain.model import GuardKind


def look_ahead(
    lab: Lab,
    actor: Actor,
    *,
    experiments: AbstractSet[str],
    providers: AbstractSet[str],
    tasks: AbstractSet[str],
) -> Lab:
    """The bench over one look. Experiments and providers are names or ids, tasks are ids."""
    log, now = OneLook(lab.log), lab.clock.now()
    keys = keys_of(actor.team, experiments=experiments, providers=providers)
    months = (
        (GuardKind.QUOTA, scope)
        for scopes in (quotas.scopes, budgets.scopes)
        for scope in scopes(team=actor.team, user=actor.user, at=now)
    )
    log.look_up(guards=[*keys, *months])
    named = {guard.ref for guard in log.guards(keys).values()}
    log.look_up(streams=named | tasks)
    return replace(lab, log=log, providers=OneProviders(lab.providers))
