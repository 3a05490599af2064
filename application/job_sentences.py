"""Every fact of a job as a sentence. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from application.wording import duration, number, plural
from domain.job_events import (
    JobActiveAgain,
    JobAttemptFailed,
    JobBudgetHeld,
    JobCompleted,
    JobErrorReported,
    JobFailed,
    JobLaunching,
    JobMachineHeld,
    JobMoved,
    JobQueued,
    JobQuotaExtended,
    JobResultReported,
    JobRunning,
    JobSecretsGiven,
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


def job_sentence(event: Event) -> str:
    """Of a job's fact; empty for any other."""
    found = JOB_SENTENCES.get(type(event))
    return found(event) if found else ""


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


JOB_SENTENCES: Mapping[type[Event], Callable[[Any], str]] = {  # each arm takes its own event
    JobQueued: _queued,
    JobWaitExplained: lambda e: f"Waits: {e.text}",
    JobMoved: lambda e: "Moved: it waits for another provider now.",
    JobLaunching: lambda e: f"Attempt {e.attempt} is launched.",
    JobSubmitted: _submitted,
    JobSecretsGiven: lambda e: (
        f"Attempt {e.attempt} was handed {', '.join(f'{s.name} ({s.number})' for s in e.secrets)}."
    ),
    JobBudgetHeld: lambda e: f"{e.amount / 1_000_000:,.2f} more of its budgets are held.",
    JobMachineHeld: lambda e: f"Has a machine{_on(e.host)}, charged from now on.",
    JobSetupStarted: lambda e: f"Setup began{_on(e.host)}.",
    JobRunning: lambda e: f"Runs{_on(e.host)}.",
    JobUnseen: lambda e: "The provider does not list it any more.",
    JobSeenAgain: lambda e: "The provider lists it again.",
    JobStalled: lambda e: f"It has shown no work since {e.idle_since:%H:%M:%S} UTC.",
    JobActiveAgain: lambda e: "It works again.",
    JobStopRequested: _stop,
    JobAttemptFailed: _attempt_failed,
    JobErrorReported: lambda e: f"The code reported an error: {e.message}",
    JobResultReported: _result,
    JobCompleted: lambda e: f"Complete after {duration(e.used_s)} of compute.",
    JobFailed: lambda e: f"Failed: {e.reason or e.blame}",
    JobStopped: lambda e: "Stopped; nothing of it is left at the provider.",
    JobQuotaExtended: lambda e: f"{duration(e.seconds)} more of the quota are held.",
}
