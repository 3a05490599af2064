"""What people put on jobs for each other: tags, and out of sight. All of it repeatable."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from application.actor import Actor
from application.commands.jobs import own_job
from application.lab import Lab
from application.permissions import Action
from domain.job_marks import MarkEvent, Marks, fold


def tag_job(lab: Lab, actor: Actor, job: str, *, label: str) -> int:
    """``InvalidInput`` for what cannot be a tag."""
    return _change(lab, actor, job, lambda m: m.tag(label, now=lab.clock.now(), by=actor.by))


def untag_job(lab: Lab, actor: Actor, job: str, *, label: str) -> int:
    return _change(lab, actor, job, lambda m: m.untag(label, now=lab.clock.now(), by=actor.by))


def hide_job(lab: Lab, actor: Actor, job: str) -> int:
    """Leave it out of lists unless they ask for what is hidden."""
    return _change(lab, actor, job, lambda m: m.hide(now=lab.clock.now(), by=actor.by))


def unhide_job(lab: Lab, actor: Actor, job: str) -> int:
    return _change(lab, actor, job, lambda m: m.unhide(now=lab.clock.now(), by=actor.by))


def _change(
    lab: Lab, actor: Actor, job: str, decide: Callable[[Marks], Sequence[MarkEvent]]
) -> int:
    own_job(lab, actor, job, Action.MARK_JOBS)
    return lab.change(job, fold, decide, actor=actor).position
