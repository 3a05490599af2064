"""What a person keeps at hand for themselves: favourite jobs, and views of lists. All repeatable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from application.actor import Actor
from application.commands.jobs import own_job
from application.commands.naming import clean_name
from application.lab import Lab
from application.permissions import Action, require
from domain.desks import Desk, DeskEvent, fold, stream_of
from domain.errors import InvalidInput

PAGES = ("jobs", "audit")
"""Those whose views can be kept."""


def star_job(lab: Lab, actor: Actor, job: str) -> int:
    own_job(lab, actor, job, Action.KEEP_DESK)
    return _change(lab, actor, lambda d: d.star(job, now=lab.clock.now(), by=actor.by))


def unstar_job(lab: Lab, actor: Actor, job: str) -> int:
    own_job(lab, actor, job, Action.KEEP_DESK)
    return _change(lab, actor, lambda d: d.unstar(job, now=lab.clock.now(), by=actor.by))


def save_view(lab: Lab, actor: Actor, *, page: str, name: str, query: str) -> int:
    """Keep ``query``, the filters of an address, under a name of one's own."""
    require(actor, Action.KEEP_DESK)
    if page not in PAGES:
        raise InvalidInput(field="page", value=page, way_out=f"Choose from {', '.join(PAGES)}.")
    kept = clean_name("name", name)
    return _change(
        lab,
        actor,
        lambda d: d.save_view(page, kept, query, now=lab.clock.now(), by=actor.by),
    )


def delete_view(lab: Lab, actor: Actor, *, page: str, name: str) -> int:
    require(actor, Action.KEEP_DESK)
    return _change(
        lab, actor, lambda d: d.delete_view(page, name.strip(), now=lab.clock.now(), by=actor.by)
    )


def _change(lab: Lab, actor: Actor, decide: Callable[[Desk], Sequence[DeskEvent]]) -> int:
    whose = stream_of(team=actor.team, user=actor.user)
    own = partial(fold, team=actor.team, user=actor.user)
    return lab.change(whose, own, decide, actor=actor).position
