"""Every fact of a job as a sentence, with the colour of its dot. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.job_events import (
    JobActiveAgain,
    JobAttemptFailed,
    JobCompleted,
    JobErrorReported,
    JobFailed,
    JobLaunching,
    JobMachineHeld,
    JobQueued,
    JobQuotaExtended,
    JobResultReported,
    JobRunning,
    JobSeenAgain,
    JobSetupStarted,
    JobStalled,
    JobStopped,
    JobStopRequested,
    JobSubmitted,
    JobUnseen,
    JobWaitExplained,
)
from domain.model import Event
from projections.rows import JobRow
from ui.text import duration, number, plural

STOP_REASONS = {
    "user": "Stop asked for",
    "run_timeout": "The time limit was reached",
    "launch_timeout": "It did not start in time",
    "idle_timeout": "It was idle for too long",
    "ttl": "Its time to live is over",
    "quota": "The quota is used up",
}
BLAME = {
    "user_code": "the code",
    "cancelled": "somebody who cancelled it",
    "setup": "the setup",
    "out_of_memory": "memory",
    "timeout": "the time limit",
    "quota": "the quota",
}


def sentence(event: Event) -> tuple[str, str]:
    """``(colour, sentence)``; the colour names a status token."""
    found = _TOLD.get(type(event))
    return (found[0], found[1](event)) if found else ("queued", type(event).__name__)


def why(job: JobRow, heard: str = "") -> str:
    """What the job is doing and why, in one sentence; empty when its status says it all."""
    if job.unseen_since and job.status in ("LAUNCHING", "RUNNING"):
        return "The provider does not list it any more; it counts as lost if that lasts."
    if job.stop_at and job.status in ("QUEUED", "LAUNCHING", "RUNNING"):
        reason = STOP_REASONS.get(job.stop_reason or "", "Stop asked for")
        return f"{reason}; waiting for the provider to confirm that it is gone."
    if job.stalled_since and job.status == "RUNNING":
        return f"It has shown no work since {job.stalled_since:%H:%M:%S} UTC."
    told: Mapping[str, str] = {
        "QUEUED": job.wait_text or "Waits to be launched.",
        "LAUNCHING": "Setup is running."
        if job.setup_at
        else job.wait_text or "The provider is preparing it.",
        "RUNNING": heard,
        "COMPLETE": job.message or "",
        "FAILED": job.reason or "",
        "STOPPED": STOP_REASONS.get(job.stop_reason or "", "") + "." if job.stop_reason else "",
    }
    return told.get(job.status, "")


def _on(host: str) -> str:
    return f" on {host}" if host else ""


def _queued(event: JobQueued) -> str:
    again = " again from a checkpoint" if event.resumed_from else ""
    again = again or (" as a re-run" if event.cloned_from else "")
    return f"Queued{again}; {plural(round(event.hold.seconds / 60), 'minute')} of quota are held."


def _submitted(event: JobSubmitted) -> str:
    price = f" at {event.price_per_hour:.2f} {event.currency}/h" if event.price_per_hour else ""
    found = "was found at the provider" if event.adopted else "was taken by the provider"
    return f"Attempt {event.attempt} {found} as {event.ref}{price}."


def _stop(event: JobStopRequested) -> str:
    reason = STOP_REASONS.get(event.reason, "Stop asked for")
    return f"{reason}; it has {duration(event.grace_s)} to end by itself."


def _attempt_failed(event: JobAttemptFailed) -> str:
    left = plural(event.retries_left, "retry", "retries")
    blame = BLAME.get(event.blame, "the platform")
    return f"Attempt {event.attempt} failed because of {blame}; {left} left. {event.reason}".strip()


def _result(event: JobResultReported) -> str:
    scores = ", ".join(f"{name} {number(value)}" for name, value in event.score.items())
    return f"Result: {'; '.join(part for part in (scores, event.message) if part) or 'reported'}"


_TOLD: Mapping[type[Event], tuple[str, Callable[[Any], str]]] = {  # each arm takes its own event
    JobQueued: ("queued", _queued),
    JobWaitExplained: ("queued", lambda e: f"Waits: {e.text}"),
    JobLaunching: ("launching", lambda e: f"Attempt {e.attempt} is launched."),
    JobSubmitted: ("launching", _submitted),
    JobMachineHeld: ("launching", lambda e: f"Has a machine{_on(e.host)}, charged from now on."),
    JobSetupStarted: ("launching", lambda e: f"Setup began{_on(e.host)}."),
    JobRunning: ("running", lambda e: f"Runs{_on(e.host)}."),
    JobUnseen: ("stopping", lambda e: "The provider does not list it any more."),
    JobSeenAgain: ("running", lambda e: "The provider lists it again."),
    JobStalled: ("stopping", lambda e: f"It has shown no work since {e.idle_since:%H:%M:%S} UTC."),
    JobActiveAgain: ("running", lambda e: "It works again."),
    JobStopRequested: ("stopping", _stop),
    JobAttemptFailed: ("failed", _attempt_failed),
    JobErrorReported: ("failed", lambda e: f"The code reported an error: {e.message}"),
    JobResultReported: ("complete", _result),
    JobCompleted: ("complete", lambda e: f"Complete after {duration(e.used_s)} of compute."),
    JobFailed: ("failed", lambda e: f"Failed: {e.reason or e.blame}"),
    JobStopped: ("stopped", lambda e: "Stopped; nothing of it is left at the provider."),
    JobQuotaExtended: ("queued", lambda e: f"{duration(e.seconds)} more of the quota are held."),
}
