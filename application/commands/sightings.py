"""What providers and nodes saw, turned into facts: observed, unseen, lost, timed out."""

from __future__ import annotations

from functools import partial

from application.actor import Actor, system
from application.commands.job_changes import change_job
from application.lab import Lab
from domain.errors import QuotaExceeded
from domain.job_events import JobEvent, StopReason
from domain.jobs import Job
from domain.observations import FailureClass, Observation, Phase
from domain.telemetry import Signs

OBSERVER = system("observer")
CLOCKKEEPER = system("timeouts")
UNHEARD = Signs()
EXTENSION_TRIES = 4
"""All that is asked, the rest of the narrower scope, of the other, and once more for a race."""

TIMEOUT_TEXT = {
    StopReason.LAUNCH_TIMEOUT: "The launch took longer than launch_timeout allows.",
    StopReason.RUN_TIMEOUT: "The command ran longer than timeout allows.",
    StopReason.IDLE_TIMEOUT: "It ran without a sign of work for longer than idle_timeout allows.",
    StopReason.TTL: "It was queued longer ago than its ttl allows.",
    StopReason.QUOTA: "The month's quota is used up: no more could be held for this job. "
    "It can be resumed from its last checkpoint when there is quota again.",
}


def observe_job(lab: Lab, job: str, seen: Observation, *, actor: Actor = OBSERVER) -> bool:
    """Apply one look at a job; whether it added a fact. The same look again adds none."""
    change = change_job(
        lab, job, lambda j: j.observe(seen, now=lab.clock.now(), by=actor.by), actor=actor
    )
    return bool(change.events)


def note_unseen(lab: Lab, job: str) -> None:
    """The provider answered and did not list it."""
    change_job(lab, job, lambda j: j.unseen(now=lab.clock.now(), by=OBSERVER.by), actor=OBSERVER)


def lose_job(lab: Lab, job: str, *, attempt: int, polls: int) -> None:
    """The loss policy gave it up: its machine is gone and nobody knows how it ended."""
    now = lab.clock.now()
    gone = Observation(
        attempt=attempt,
        phase=Phase.GONE,
        at=now,
        source="provider",
        blame=FailureClass.NODE_LOST,
        reason=f"The provider answered {polls} times without it; it is taken for lost.",
    )
    observe_job(lab, job, gone)


def note_signs(lab: Lab, job: str, signs: Signs) -> None:
    """Record when a running job stalls and when it works again; the same signs again add nothing."""
    change_job(
        lab,
        job,
        lambda j: j.note_signs(
            signs,
            stalled_after_s=lab.policy.stalled_after_s,
            now=lab.clock.now(),
            by=OBSERVER.by,
        ),
        actor=OBSERVER,
    )


def enforce_limits(lab: Lab, job: str, signs: Signs = UNHEARD) -> StopReason | None:
    """Ask for a stop when a timeout has passed."""
    found: list[StopReason] = []

    def decide(state: Job) -> list[JobEvent]:
        found.clear()
        now = lab.clock.now()
        due = state.due_stop(
            now=now, default_launch_timeout_s=lab.policy.launch_timeout_s, signs=signs
        )
        if due is None:
            return []
        found.append(due)
        return state.request_stop(
            reason=due,
            grace_s=lab.policy.stop_grace_s,
            text=TIMEOUT_TEXT[due],
            now=now,
            by=CLOCKKEEPER.by,
        )

    change_job(lab, job, decide, actor=CLOCKKEEPER)
    return found[0] if found else None


def keep_reserved(lab: Lab, job: str) -> None:
    """Hold more quota for a job that outlives its reservation; stop it gracefully when there is none.

    What it has used past its reservation is held too. Where less is left, the rest is held.
    """
    left: object = None
    for _ in range(EXTENSION_TRIES):
        most = left if isinstance(left, int) else None
        try:
            change_job(lab, job, partial(_extension, lab, most=most), actor=CLOCKKEEPER)
        except QuotaExceeded as error:
            left = error.values.get("left")
        else:
            return
        if not left:
            break
    _stop_for_quota(lab, job)


def _extension(lab: Lab, job: Job, *, most: int | None) -> list[JobEvent]:
    now = lab.clock.now()
    over = job.used_s(now) - job.hold.seconds
    if not job.has_machine or job.stop or over < 0:
        return []
    wanted = over + max(round(lab.policy.extension_s * job.hold.weight), 1)
    seconds = wanted if most is None else min(wanted, most)
    return job.extend_quota(seconds=seconds, now=now, by=CLOCKKEEPER.by)


def _stop_for_quota(lab: Lab, job: str) -> None:
    change_job(
        lab,
        job,
        lambda j: j.request_stop(
            reason=StopReason.QUOTA,
            grace_s=lab.policy.stop_grace_s,
            text=TIMEOUT_TEXT[StopReason.QUOTA],
            now=lab.clock.now(),
            by=CLOCKKEEPER.by,
        ),
        actor=CLOCKKEEPER,
    )
