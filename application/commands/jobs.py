"""What people ask of jobs: queue, stop, run again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import msgspec

from application.actor import Actor
from application.commands import budgets
from application.commands.idempotency import once
from application.commands.job_changes import change_job
from application.commands.look_ahead import look_ahead
from application.commands.naming import experiment_id, provider_id
from application.commands.quotas import in_minutes, open_month
from application.commands.tasks import must_have, own_task
from application.commands.thresholds import note_thresholds
from application.lab import Lab
from application.permissions import Action, require_on, require_somewhere
from application.sources import resolve_git
from application.task_yaml import read_task
from domain.artifacts import ArtifactKind, ArtifactSaved
from domain.budgets import MILLIONTHS, is_money
from domain.budgets import reserve as reserve_budget
from domain.compute import fold as fold_provider
from domain.errors import InvalidInput, NotFound, QuotaExceeded
from domain.experiments import fold as fold_experiment
from domain.freeze import freeze
from domain.job_events import JobQueued, QuotaHold, StopReason
from domain.job_spec import FrozenFile, JobSpec
from domain.jobs import Job, fold
from domain.model import Guard, GuardKind
from domain.quotas import refuse, reserve, scopes
from domain.task_spec import MINUTES_AT_MOST, TaskSpec
from domain.weights import weight_of
from providers.base import (
    CredentialsRejected,
    ProviderUnavailable,
    StartEstimate,
    SubmissionRefused,
)

BATCH_LIMIT = 1_000
MAX_GRACE_S = 3600.0
HOME = "alpha"
"""The experiment of a task that names none."""


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """One wish to run: a saved ``task`` (id), or ``yaml`` with ``files``. Names or ids elsewhere.

    ``parameters`` lie over the task's defaults, ``resources`` over its resources.
    """

    task: str = ""
    revision: int = 0
    yaml: str = ""
    files: tuple[FrozenFile, ...] = ()
    experiment: str = ""
    provider: str = ""
    parameters: dict[str, object] = {}
    resources: dict[str, object] = {}
    minutes_requested: int | None = None
    resume_from: str = ""
    cloned_from: str = ""


class Queued(NamedTuple):
    """``position`` is the log's after it."""

    ids: tuple[str, ...]
    position: int


def queue_job(lab: Lab, actor: Actor, launch: Launch, *, key: str = "") -> str:
    """The new job's id. Everything is checked and frozen now; repeatable with ``key``."""
    return queue(lab, actor, [launch], key=key).ids[0]


def queue_jobs(
    lab: Lab, actor: Actor, launches: Sequence[Launch], *, key: str = ""
) -> tuple[str, ...]:
    """The ids of the new jobs; see ``queue``."""
    return queue(lab, actor, launches, key=key).ids


def queue(lab: Lab, actor: Actor, launches: Sequence[Launch], *, key: str = "") -> Queued:
    """The new jobs, all in one append: every one is queued, or none is."""
    require_somewhere(actor, Action.LAUNCH)
    if not 0 < len(launches) <= BATCH_LIMIT:
        way_out = f"Send 1 to {BATCH_LIMIT} jobs at a time."
        raise InvalidInput(field="jobs", value=len(launches), way_out=way_out)
    looking = look_ahead(
        lab,
        actor,
        experiments={launch.experiment or HOME for launch in launches if not launch.task},
        providers={launch.provider for launch in launches},
        tasks={launch.task for launch in launches if launch.task},
    )
    read = cache(read_task)
    prepared = [_prepare(looking, actor, launch, read) for launch in launches]
    made = ",".join(fact.originator_id for fact in prepared)
    positions: list[int] = []

    def record(guards: tuple[Guard, ...]) -> str:
        positions.append(_append_queued(looking, actor, prepared, guards))
        return made

    asked = ("queue_jobs", [msgspec.to_builtins(item) for item in launches])
    ids = once(actor, key, asked, made=made, record=record)
    return Queued(tuple(ids.split(",")), positions[0] if positions else lab.log.head())


class LaunchCost(msgspec.Struct, frozen=True, kw_only=True):
    """``held`` is what queueing holds of the month's budget; both are 0 where no price is known."""

    price_per_hour: float
    held: float
    currency: str


def launch_cost(lab: Lab, actor: Actor, launch: Launch) -> LaunchCost:
    """What it would cost. Everything is checked as for queueing and nothing recorded."""
    require_somewhere(actor, Action.LAUNCH)
    wish = _prepare(lab, actor, launch)
    return LaunchCost(
        price_per_hour=lab.providers.of(wish.provider).price(wish.spec),
        held=wish.budget.amount / MILLIONTHS,
        currency=lab.policy.currency,
    )


def estimate_start(lab: Lab, actor: Actor, launch: Launch) -> StartEstimate | None:
    """When it would start if it were queued now; ``None`` where its provider cannot tell.

    Everything is checked as for queueing and nothing recorded. Contacts the provider:
    ``SubmissionRefused`` in its own words, ``ProviderUnavailable``.
    """
    require_somewhere(actor, Action.LAUNCH)
    wish = _prepare(lab, actor, launch)
    return lab.providers.of(wish.provider).estimate(wish.spec, owner=wish.owner)


def stop_job(lab: Lab, actor: Actor, job: str, *, grace_s: float | None = None) -> int:
    """Ask a job to end; repeatable. It is STOPPED when its provider confirms that it is gone."""
    own_job(lab, actor, job, Action.STOP)
    grace = lab.policy.stop_grace_s if grace_s is None else grace_s
    if not 0 <= grace <= MAX_GRACE_S:
        way_out = f"Give seconds from 0 to {MAX_GRACE_S:.0f}."
        raise InvalidInput(field="grace_s", value=grace_s, way_out=way_out)
    return change_job(
        lab,
        job,
        lambda j: j.request_stop(
            reason=StopReason.USER, grace_s=grace, now=lab.clock.now(), by=actor.by
        ),
        actor=actor,
    ).position


def rerun_job(lab: Lab, actor: Actor, job: str, *, checkpoint: str = "", key: str = "") -> str:
    """A new job with the frozen spec of ``job``: same files, commit and parameters.

    ``checkpoint`` is an artifact id of a complete checkpoint to resume from.
    """
    old = own_job(lab, actor, job, Action.LAUNCH)
    if checkpoint:
        _must_be_checkpoint(lab, actor, checkpoint)
    if old.imported:
        way_out = "It was recorded offline and has no command here; make a task of its script."
        raise InvalidInput(field="job", value=job, way_out=way_out)
    first = lab.log.stream(job)[0]
    task, revision = (first.task, first.task_revision) if isinstance(first, JobQueued) else ("", 0)
    fact = _queued(
        lab, actor, old.spec, experiment=old.experiment, provider=old.provider, task=task
    )
    fact = msgspec.structs.replace(
        fact, cloned_from=job, resumed_from=checkpoint, task=task, task_revision=revision
    )

    def record(guards: tuple[Guard, ...]) -> str:
        _append_queued(lab, actor, [fact], guards)
        return fact.originator_id

    made = fact.originator_id
    return once(actor, key, ("rerun_job", job, checkpoint), made=made, record=record)


def own_job(lab: Lab, actor: Actor, job: str, action: Action) -> Job:
    """The job, when it is of the actor's team and ``action`` is allowed."""
    found = fold(lab.log.stream(job))
    of = (found.task, found.experiment)
    require_on(actor, action, *of, team=found.team, kind="job", id=job)
    return found


def _prepare(
    lab: Lab, actor: Actor, launch: Launch, read: Callable[[str], TaskSpec] = read_task
) -> JobQueued:
    yaml, files, experiment, revision = _source(lab, actor, launch)
    task = read(yaml)
    _sane(launch.minutes_requested)
    must_have(lab, actor, files)
    spec = freeze(
        task,
        overrides=launch.parameters,
        resource_overrides=launch.resources,
        files=files,
        commit=_commit(lab, task),
        minutes_requested=launch.minutes_requested,
    )
    wanted = launch.provider or spec.resources.compute_provider
    if launch.resume_from:
        _must_be_checkpoint(lab, actor, launch.resume_from)
    fact = _queued(
        lab,
        actor,
        spec,
        experiment=experiment,
        provider=provider_id(lab, actor.team, wanted),
        task="" if launch.experiment else launch.task,
    )
    return msgspec.structs.replace(
        fact,
        task=launch.task,
        task_revision=revision,
        cloned_from=launch.cloned_from,
        resumed_from=launch.resume_from,
    )


def _commit(lab: Lab, task: TaskSpec) -> str:
    if not task.git:
        return ""
    return resolve_git(
        task.git.url,
        task.git.ref,
        timeout_s=lab.policy.git_timeout_s,
        hosts=lab.hosts,
        allow_file=lab.policy.allow_local_git,
    )


def _source(lab: Lab, actor: Actor, launch: Launch) -> tuple[str, tuple[FrozenFile, ...], str, int]:
    if launch.task:
        task = own_task(lab, actor, launch.task, Action.LAUNCH)
        revision = task.revision(launch.revision)
        home = experiment_id(lab, actor.team, launch.experiment) if launch.experiment else ""
        return revision.yaml, revision.files, home or task.experiment, revision.number
    if not launch.yaml:
        way_out = "Name a saved task, or send the text of a task.yaml."
        raise InvalidInput(field="task", value="", way_out=way_out)
    home = experiment_id(lab, actor.team, launch.experiment or HOME)
    return launch.yaml, launch.files, home, 0


def _sane(minutes: int | None) -> None:
    if minutes is not None and not 1 <= minutes <= MINUTES_AT_MOST:
        way_out = f"Give 1 to {MINUTES_AT_MOST:,} minutes."
        raise InvalidInput(field="minutes_requested", value=minutes, way_out=way_out)


def _queued(
    lab: Lab, actor: Actor, spec: JobSpec, *, experiment: str, provider: str, task: str = ""
) -> JobQueued:
    """The first fact of a new job, after every check that needs the outside.

    ``task`` is one of the experiment's: a rule about it goes before one about the experiment.
    """
    where = fold_experiment(lab.log.stream(experiment))
    of = (task, experiment) if task else (experiment,)
    require_on(actor, Action.LAUNCH, *of, team=where.team, kind="experiment", id=experiment)
    must_run_somewhere(lab, actor, spec, provider, owner=actor.user)
    _must_have_secrets(lab, actor, spec)
    now = lab.clock.now()
    weight = weight_of(spec.resources, lab.policy.accelerator_weights)
    seconds = reservation_s(spec, lab.policy.default_reservation_s)
    hold = QuotaHold(
        scopes=scopes(team=actor.team, user=actor.user, at=now),
        seconds=round(seconds * weight),
        weight=weight,
    )
    return JobQueued(
        originator_id=lab.ids.new("job"),
        originator_version=1,
        at=now,
        by=actor.by,
        team=actor.team,
        experiment=experiment,
        owner=actor.user,
        provider=provider,
        spec=spec,
        hold=hold,
        budget=budgets.hold_for(
            lab, actor, price_per_hour=lab.providers.of(provider).price(spec), seconds=seconds
        ),
    )


def must_run_somewhere(lab: Lab, actor: Actor, spec: JobSpec, provider: str, *, owner: str) -> None:
    """Nothing when ``provider`` is the actor's to launch on, enabled, and could ever run it for ``owner``."""
    compute = fold_provider(lab.log.stream(provider))
    act = Action.LAUNCH if provider in actor.rules else Action.READ
    require_on(actor, act, provider, team=compute.team, kind="provider", id=provider)
    if not compute.enabled:
        way_out = "It is disabled; choose another, or enable it with `lab provider enable`."
        raise InvalidInput(field="provider", value=compute.name, way_out=way_out)
    try:
        wait = lab.providers.of(provider).admit(spec, owner=owner)
    except (ProviderUnavailable, CredentialsRejected):
        return  # cannot be asked now: the job waits for it, which is what queues are for
    if wait and wait.forever:
        raise SubmissionRefused(provider=compute.name, reason=wait.text)


def _must_have_secrets(lab: Lab, actor: Actor, spec: JobSpec) -> None:
    if not spec.secrets:
        return
    known = lab.secrets.names(team=actor.team, user=actor.user)
    missing = sorted(set(spec.secrets) - known)
    if missing:
        names = ", ".join(missing)
        way_out = f"Set what is missing with `lab secret set {missing[0]}`."
        raise InvalidInput(field="secrets", value=names, way_out=way_out)


def _must_be_checkpoint(lab: Lab, actor: Actor, artifact: str) -> None:
    facts = lab.log.stream(artifact)
    saved = facts[0] if facts else None
    if not isinstance(saved, ArtifactSaved):
        raise NotFound(kind="artifact", id=artifact)
    of = (saved.experiment,)
    require_on(actor, Action.READ, *of, team=saved.team, kind="artifact", id=artifact)
    if saved.kind is not ArtifactKind.CHECKPOINT:
        way_out = "Resume from an artifact of kind checkpoint; `lab job artifacts` lists them."
        raise InvalidInput(field="checkpoint", value=artifact, way_out=way_out)


def _append_queued(
    lab: Lab, actor: Actor, jobs: Sequence[JobQueued], guards: tuple[Guard, ...]
) -> int:
    all_scopes = sorted({scope for job in jobs for scope in job.hold.scopes})
    purses = sorted({scope for job in jobs for scope in job.budget.scopes})
    events, needed = open_month(lab, actor, all_scopes)
    opened = budgets.open_month(lab, purses)
    events += opened[0]
    needed += opened[1]
    held = dict.fromkeys([*all_scopes, *purses], 0)
    for job in jobs:
        about, at, amount = job.originator_id, job.at, job.budget.amount
        entry = reserve(job.hold, job=about, now=at, by=actor.by)
        money = reserve_budget(job.budget, job=about, amount=amount, now=at, by=actor.by)
        events += [job, *entry.events, *money.events]
        for guard in (*entry.guards, *money.guards):
            held[guard.scope] += guard.amount
    needed += [Guard(GuardKind.QUOTA, scope, amount) for scope, amount in held.items() if amount]
    try:
        position = lab.append(events, [*guards, *needed], actor=actor)
    except QuotaExceeded as error:
        if is_money(str(error.values.get("scope"))):
            raise budgets.in_money(error, lab.policy.currency) from None
        _note_refusal(lab, actor, jobs, error)
        raise in_minutes(error) from None
    return max(position, note_thresholds(lab, needed))


def _note_refusal(lab: Lab, actor: Actor, jobs: Sequence[JobQueued], error: QuotaExceeded) -> None:
    """So that it can be asked later who was refused what, and what another limit would have done."""
    scope, left, limit = (error.values.get(name) for name in ("scope", "left", "limit"))
    if isinstance(scope, str) and isinstance(left, int) and isinstance(limit, int):
        fact = refuse(scope, jobs, left=left, limit=limit, now=lab.clock.now())
        lab.append([fact], actor=actor)


def reservation_s(spec: JobSpec, default_s: int) -> float:
    """Seconds for which compute and money are held when it is queued."""
    if spec.minutes_requested is not None:
        return spec.minutes_requested * 60
    return spec.timeout_s or default_s
