"""Takes a change of configuration back by a fact that undoes it; the log keeps both.

Shown first, applied when asked: the preview says what is now, what will be, and what stands against
it. Not here: anything that ran, was spent or was destroyed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any  # events of many aggregates, each handed to its own arm

import msgspec

from application.actor import Actor
from application.commands.compute import disable_provider, enable_provider, reconfigure_provider
from application.commands.experiments import rename_experiment
from application.commands.members import rename_team, set_role
from application.commands.quotas import set_quota
from application.commands.tasks import restore_task
from application.lab import Lab
from application.permissions import Action, require, require_on
from domain import compute, experiments, quotas, tasks, teams
from domain.errors import InvalidInput, NotFound
from domain.model import Event


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """``now`` is what stands, ``then`` what it would be again. ``against`` is empty, or why not."""

    position: int
    event: str
    what: str
    now: str
    then: str
    against: str = ""


Apply = Callable[[], int]


def preview_revert(lab: Lab, actor: Actor, position: int) -> Preview:
    """What taking the change at ``position`` back would do. Records nothing."""
    return _plan(lab, actor, position)[0]


def revert(lab: Lab, actor: Actor, position: int) -> int:
    """Take it back; the position of the fact that does. Needs the right to make the change itself."""
    require(actor, Action.WRITE_TASKS)
    shown, apply = _plan(lab, actor, position)
    if shown.against:
        way_out = f"{shown.against} Change it by hand instead."
        raise InvalidInput(field="position", value=position, way_out=way_out)
    return apply()


def _plan(lab: Lab, actor: Actor, position: int) -> tuple[Preview, Apply]:
    require(actor, Action.READ_LOG)
    found = lab.log.read(position - 1, 1) if position > 0 else []
    if not found or found[0].position != position:
        raise NotFound(kind="event", id=str(position))
    event = found[0].event
    arm = _ARMS.get(type(event))
    if arm is None:
        kinds = "roles, names of teams and experiments, quotas, providers and task revisions"
        way_out = f"Only changes of {kinds} can be taken back."
        raise InvalidInput(field="position", value=position, way_out=way_out)
    stream = lab.log.stream(event.originator_id)
    before = [e for e in stream if e.originator_version < event.originator_version]
    return arm(_Case(lab, actor, position, event.originator_id, stream, before), event)


class _Case(msgspec.Struct, frozen=True):
    """One change: its stream as it is, and as it was before it."""

    lab: Lab
    actor: Actor
    position: int
    id: str
    stream: list[Event]
    before: list[Event]

    def own(self, team: str, kind: str) -> None:
        on = (self.id, getattr(self.stream[0], "experiment", ""))
        require_on(self.actor, Action.READ, *on, team=team, kind=kind, id=self.id)

    def plan(
        self, event: Event, what: str, *, is_: str, set_: str, was: str, apply: Apply
    ) -> tuple[Preview, Apply]:
        """``is_`` is the value now, ``set_`` what the event set, ``was`` what it was before."""
        against = ""
        if is_ == was:
            against = "It is already as it was."
        elif is_ != set_:
            against = "It was changed again since."
        name = str(event.__struct_config__.tag)
        shown = Preview(
            position=self.position, event=name, what=what, now=is_, then=was, against=against
        )
        return shown, apply


def _role(case: _Case, event: teams.MemberRoleSet) -> tuple[Preview, Apply]:
    case.own(case.id, "event")
    now, was = teams.fold(case.stream).roles, teams.fold(case.before).roles
    old, user = was.get(event.user), event.user
    return case.plan(
        event,
        f"the role of {user}",
        is_=str(now.get(user, "not a member")),
        set_=str(event.role),
        was=str(old or "not a member"),
        apply=lambda: set_role(case.lab, case.actor, user=user, role=old or event.role),
    )


def _team_name(case: _Case, event: teams.TeamRenamed) -> tuple[Preview, Apply]:
    case.own(case.id, "event")
    now, was = teams.fold(case.stream).name, teams.fold(case.before).name
    apply: Apply = lambda: rename_team(case.lab, case.actor, name=was)  # noqa: E731  # one of many alike
    return case.plan(event, "the team's name", is_=now, set_=event.name, was=was, apply=apply)


def _limit(case: _Case, event: quotas.QuotaLimitSet) -> tuple[Preview, Apply]:
    scope = event.scope.split(":")
    case.own(scope[1], "event")
    user = scope[2] if scope[0] == "user" else ""
    was = quotas.fold(case.before).limit
    minutes = None if was is None else quotas.minutes(was)
    return case.plan(
        event,
        f"the quota of {user or 'the team'}",
        is_=_minutes(quotas.fold(case.stream).limit),
        set_=_minutes(None if event.seconds < 0 else event.seconds),
        was=_minutes(was),
        apply=lambda: set_quota(case.lab, case.actor, limit_minutes=minutes, user=user),
    )


def _settings(case: _Case, event: compute.ProviderReconfigured) -> tuple[Preview, Apply]:
    now, was = compute.fold(case.stream), compute.fold(case.before)
    case.own(now.team, "provider")
    old = dict(was.settings)
    return case.plan(
        event,
        f"the settings of provider {now.name}",
        is_=_json(now.settings),
        set_=_json(event.settings),
        was=_json(old),
        apply=lambda: reconfigure_provider(case.lab, case.actor, case.id, settings=old),
    )


def _enabled(
    case: _Case, event: compute.ProviderEnabled | compute.ProviderDisabled
) -> tuple[Preview, Apply]:
    now, was = compute.fold(case.stream), compute.fold(case.before)
    case.own(now.team, "provider")
    undo = enable_provider if was.enabled else disable_provider
    words = {True: "enabled", False: "disabled"}
    return case.plan(
        event,
        f"provider {now.name}",
        is_=words[now.enabled],
        set_=words[isinstance(event, compute.ProviderEnabled)],
        was=words[was.enabled],
        apply=lambda: undo(case.lab, case.actor, case.id),
    )


def _revision(case: _Case, event: tasks.TaskRevised) -> tuple[Preview, Apply]:
    now, was = tasks.fold(case.stream), tasks.fold(case.before)
    case.own(now.team, "task")
    old = was.revisions[-1].number if was.revisions else 0
    if not old:
        way_out = "It is the task's first revision; archive the task instead."
        raise InvalidInput(field="position", value=case.position, way_out=way_out)
    return case.plan(
        event,
        f"task {now.name}",
        is_=f"revision {now.revisions[-1].number}",
        set_=f"revision {event.number}",
        was=f"revision {old}",
        apply=lambda: restore_task(case.lab, case.actor, case.id, revision=old),
    )


def _experiment_name(case: _Case, event: experiments.ExperimentRenamed) -> tuple[Preview, Apply]:
    now, was = experiments.fold(case.stream), experiments.fold(case.before)
    case.own(now.team, "experiment")
    return case.plan(
        event,
        "the experiment's name",
        is_=now.name,
        set_=event.name,
        was=was.name,
        apply=lambda: rename_experiment(case.lab, case.actor, case.id, name=was.name),
    )


def _minutes(seconds: int | None) -> str:
    return "no limit" if seconds is None else f"{quotas.minutes(seconds):,} minutes"


def _json(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


_ARMS: Mapping[type[Event], Callable[[_Case, Any], tuple[Preview, Apply]]] = {
    teams.MemberRoleSet: _role,
    teams.TeamRenamed: _team_name,
    quotas.QuotaLimitSet: _limit,
    compute.ProviderReconfigured: _settings,
    compute.ProviderEnabled: _enabled,
    compute.ProviderDisabled: _enabled,
    tasks.TaskRevised: _revision,
    experiments.ExperimentRenamed: _experiment_name,
}
