"""Launching one attempt with exactly one effect, whatever dies in between.

    lock(token) ─ claim (JobLaunching) ─ provider.submit(token) ─ record (JobSubmitted) ─ unlock
    recover:  lock(token) ─ provider.find(token) ─ found: adopt · none: submit again · unknown: wait

The lock is held across the call, so a living launcher is never recovered from; a dead one lets go.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from application.actor import system
from application.commands.job_changes import change_job, change_jobs
from application.lab import Lab
from domain import audit
from domain.artifacts import ArtifactSaved
from domain.errors import IllegalTransition, NotFound
from domain.ids import JobId, launch_token
from domain.job_events import JobEvent, JobStatus
from domain.jobs import Job, fold
from providers.base import (
    CredentialsRejected,
    JobRequest,
    NoCapacity,
    ProviderError,
    ProviderUnavailable,
    ResumePoint,
    SubmissionRefused,
    Submitted,
    Wait,
)

LAUNCHER = system("launcher")


def launch_job(lab: Lab, job: str, *, provider: str, checkpoint: str = "") -> bool:
    """Claim and submit the next attempt of a queued job; ``False`` when it was not ours to launch.

    It is ``provider``'s to launch while it waits there. ``checkpoint`` is the artifact to resume
    from. Repeatable: what is launched already is left alone.
    """
    state = fold(lab.log.stream(job))
    token = launch_token(JobId(job), state.attempt + 1)
    with lab.locks.hold(token) as got:
        if not got:
            return False
        lab.reached("launch.locked")
        try:
            claimed = change_job(
                lab,
                job,
                lambda j: claim(lab, j, state.attempt, provider=provider, checkpoint=checkpoint),
                actor=LAUNCHER,
            )
        except IllegalTransition:
            return False  # stopped, or launched by another, since it was listed
        if not claimed.events:
            return False
        lab.reached("launch.claimed")
        _submit(lab, fold(lab.log.stream(job)))
    return True


def recover_launch(lab: Lab, job: str) -> None:
    """Find out what became of a claimed attempt that has no record of its submission."""
    state = fold(lab.log.stream(job))
    if state.status is not JobStatus.LAUNCHING or state.ref:
        return
    with lab.locks.hold(state.token) as got:
        if not got:
            return  # its launcher lives
        state = fold(lab.log.stream(job))
        if state.status is not JobStatus.LAUNCHING or state.ref:
            return
        handle = lab.providers.of(state.provider).find(state.token, owner=state.owner)
        lab.reached("recover.found")
        if handle is not None:
            _record(lab, state, Submitted(handle=handle), adopted=True)
        elif state.stop:
            change_job(
                lab,
                job,
                lambda j: j.confirm_gone(now=lab.clock.now(), by=LAUNCHER.by),
                actor=LAUNCHER,
            )
        else:
            _submit(lab, state)


def explain_waits(lab: Lab, waits: Mapping[str, Wait], *, provider: str) -> None:
    """Record why each job (its id) waits for ``provider``, where the reason is new; all in one append.

    Nothing of one that was moved away.
    """
    decisions = {job: partial(_explain, lab, provider, wait) for job, wait in waits.items()}
    change_jobs(lab, decisions, actor=LAUNCHER)


def _explain(lab: Lab, provider: str, wait: Wait, job: Job) -> list[JobEvent]:
    if job.provider != provider:
        return []
    return job.explain_wait(
        code=wait.code,
        text=wait.text,
        now=lab.clock.now(),
        by=LAUNCHER.by,
        evidence=wait.evidence,
        help=wait.help,
    )


def claim(
    lab: Lab, job: Job, attempts_before: int, *, provider: str, checkpoint: str
) -> list[JobEvent]:
    """The claim of the next attempt; nothing when another has claimed it, or it waits elsewhere now.

    ``IllegalTransition``.
    """
    if job.attempt != attempts_before or job.provider != provider:
        return []
    return job.launch(now=lab.clock.now(), by=LAUNCHER.by, checkpoint=checkpoint)


def _submit(lab: Lab, job: Job) -> None:
    provider = lab.providers.of(job.provider)
    request = request_for(lab, job)
    try:
        submitted = provider.submit(request)
    except (ProviderUnavailable, CredentialsRejected):
        return  # the outcome is unknown: recovery looks the token up
    except ProviderError as refused:
        _refused(lab, job, refused)
        return
    except NotFound as missing:  # a file it was queued with is in the store no more
        _refused(lab, job, SubmissionRefused(provider=provider.kind, reason=str(missing)))
        return
    lab.reached("launch.submitted")
    _record(lab, job, submitted, adopted=False)
    lab.reached("launch.recorded")


def _record(lab: Lab, job: Job, submitted: Submitted, *, adopted: bool) -> None:
    change_job(
        lab, job.id, lambda j: record(lab, j, job.attempt, submitted, adopted=adopted),
        actor=LAUNCHER,
    )  # fmt: skip


def record(
    lab: Lab, job: Job, attempt: int, submitted: Submitted, *, adopted: bool
) -> list[JobEvent]:
    """That the provider has the attempt; nothing when it is recorded already.

    One that tells no price, or was found again after a crash, costs what its provider knows.
    """
    now = lab.clock.now()
    price = submitted.price_per_hour or lab.providers.of(job.provider).price(job.spec)
    facts = job.submitted(
        attempt=attempt,
        ref=submitted.handle,
        adopted=adopted,
        price_per_hour=price,
        currency=submitted.currency or (lab.policy.currency if price else ""),
        now=now,
        by=LAUNCHER.by,
    )
    if facts and job.spec.secrets:
        given = lab.secrets.held(team=job.team, user=job.owner, names=job.spec.secrets)
        facts += job.evolve(facts[-1]).give_secrets(given, now=now, by=LAUNCHER.by)
    return facts


def _refused(lab: Lab, job: Job, refused: ProviderError) -> None:
    change_job(lab, job.id, lambda j: refuse(lab, j, job.attempt, refused), actor=LAUNCHER)


def refuse(lab: Lab, job: Job, attempt: int, refused: ProviderError) -> list[JobEvent]:
    """That the provider would not have the attempt, in its own words."""
    return job.launch_refused(
        attempt=attempt,
        reason=str(refused),
        transient=isinstance(refused, NoCapacity) or refused.transient,
        now=lab.clock.now(),
        by=LAUNCHER.by,
    )


def request_for(lab: Lab, job: Job) -> JobRequest:
    """What a provider needs to start the attempt: the frozen spec, the secrets, the way back to us."""
    spec = job.spec
    secrets: Mapping[str, str] = {}
    if spec.secrets:
        _note_read(lab, job)
        secrets = lab.secrets.values(team=job.team, user=job.owner, names=spec.secrets)
    return JobRequest(
        job=job.id,
        attempt=job.attempt,
        token=job.token,
        spec=spec,
        job_token=lab.credentials.job_token(job.id, job.attempt, now=lab.clock.now()),
        server_url=lab.policy.server_url,
        experiment=job.experiment,
        owner=job.owner,
        secrets=secrets,
        resume=_resume_point(lab, job),
        grace_s=lab.policy.stop_grace_s,
    )


def _note_read(lab: Lab, job: Job) -> None:
    """Recorded before the values are opened: a read without its trace cannot be."""
    about = audit.envelope(job.team, now=lab.clock.now(), by=LAUNCHER.by)
    fact = audit.SecretsRead(
        team=job.team, job=job.id, attempt=job.attempt, names=job.spec.secrets, **about
    )
    lab.append([fact], actor=LAUNCHER)


def _resume_point(lab: Lab, job: Job) -> ResumePoint | None:
    artifact = job.resume_checkpoint
    facts = lab.log.stream(artifact) if artifact else []
    saved = facts[0] if facts else None
    if not isinstance(saved, ArtifactSaved):
        return None
    files = tuple({"path": f.path, "sha256": f.sha256, "size": f.size} for f in saved.files)
    return ResumePoint(name=saved.name, step=saved.step, files=files)
